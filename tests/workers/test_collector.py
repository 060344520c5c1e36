import gc
import threading
import weakref

import pytest
from PySide6.QtCore import QObject, QTimer
from shiboken6 import delete

from latentlab.workers.collector import BEATS_PER_GENERATION, Collector


class Knot(QObject):
    """Qt's object with a timer of its own, kept by nothing but itself."""

    def __init__(self):
        super().__init__()
        self.itself = self
        self.timer = QTimer(self, interval=1)
        self.timer.start()


@pytest.fixture
def window(qapp, refrozen):
    window = QObject()
    yield window
    delete(window)


def test_what_belongs_to_the_gui_thread_ends_on_it(window, until):
    Collector(window)
    ended = []
    knot = Knot()
    weakref.finalize(knot, lambda: ended.append(threading.current_thread()))
    del knot
    keep = []
    worker = threading.Thread(target=lambda: keep.extend([{i: []} for i in range(50_000)]))
    worker.start()
    worker.join()
    assert not ended
    until(lambda: ended)
    assert ended == [threading.main_thread()]


def test_every_generation_has_its_turn(window, monkeypatch):
    collector, turns = Collector(window), []
    with monkeypatch.context() as patch:
        patch.setattr(gc, "collect", turns.append)
        for _ in range(60):
            collector.beat()
    assert turns[:11] == [0] * 9 + [1, 0]
    assert turns.count(1) == 5
    assert turns[-1] == 2
    assert set(turns) == set(BEATS_PER_GENERATION)


def test_what_modules_hold_is_not_looked_at_again(window, monkeypatch):
    collector = Collector(window)
    collector.beat()
    kept = [[] for _ in range(1000)]
    before = gc.get_freeze_count()
    collector.beat()
    assert gc.get_freeze_count() <= before, "nothing was loaded since"
    monkeypatch.setattr("sys.modules", {str(i): None for i in range(10_000)})
    collector.beat()
    assert gc.get_freeze_count() >= before + len(kept)


def test_the_automatic_collector_comes_back(qapp, refrozen):
    window = QObject()
    Collector(window)
    gc.freeze()
    assert not gc.isenabled()
    delete(window)
    assert gc.isenabled()
    assert not gc.get_freeze_count()
