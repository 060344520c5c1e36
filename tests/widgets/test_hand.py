"""What the window does under a hand that drags z: first the picture, and no more than needed."""

import pytest
from gui_support import handle_of
from PySide6.QtCore import QEvent, QObject, QPoint

from latentlab.session.model import Decode, MakeManifold
from latentlab.workers import watchers

BUILT = ("map", "image", "sliders", "manifold")


class Diary(QObject):
    """Writes down in which order widgets are painted and watchers told."""

    def __init__(self):
        super().__init__()
        self.lines, self.points = [], []

    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint:
            self.lines.append("painted")
        elif event.type() == QEvent.Type.LayoutRequest:
            self.lines.append("laid out")
        return False

    def told(self, state, changed):
        self.lines.append("told")
        self.points.append(state.point)


@pytest.fixture
def diary():
    return Diary()


@pytest.fixture(autouse=True)
def steady(big, monkeypatch):
    """A hand that is still moving, however slow the machine is."""
    monkeypatch.setattr(watchers, "PATIENCE_S", 60.0)
    big.controller.watchers._stay.setInterval(60_000)


def moved(desk, by):
    point = desk.state.point
    return point.along({0: point.z[0] + by})


def test_the_picture_is_painted_before_other_panels_are_told(big, diary, until):
    big.controller.watchers.add(diary.told, frozenset({"point", Decode}))
    big.panel("image").view.installEventFilter(diary)
    diary.lines.clear()
    big.controller.point.set(moved(big, 0.5), settled=False)
    until(lambda: "told" in diary.lines)
    assert diary.lines == ["painted", "told"]
    assert big.state.answer(Decode).point == big.state.point


def test_events_that_come_together_are_one_change(big, diary, until):
    big.controller.watchers.add(diary.told, frozenset({"point"}))
    big.lab.asked.clear()
    for _ in range(10):
        big.controller.point.set(moved(big, 0.1), settled=False)
    until(lambda: diary.points)
    assert diary.points == [big.state.point]
    until(lambda: big.state.answer(Decode).point == big.state.point)


def test_at_rest_everything_is_of_the_last_z(big):
    big.lab.asked.clear()
    for _ in range(10):
        big.controller.point.set(
            big.state.point.along({4: big.state.point.z[4] + 0.1}), settled=False
        )
    big.controller.point.set(big.state.point)
    sliders = big.panel("sliders")
    assert sliders.rows[4]._value.text() == f"{big.state.point.z[4]:+.2f}"
    big.settle()
    manifold = big.state.answer(MakeManifold)
    assert manifold.tiles.points[0].z[4] == pytest.approx(big.state.point.z[4], abs=1e-4)
    assert big.panel("image").view.image is not None
    assert big.state.answer(Decode).point == big.state.point


def test_a_hidden_panel_is_shown_nothing(big, until):
    panel = big.panel("manifold")
    big.window.docks["manifold"].close()
    until(lambda: not panel.isVisible())
    shown = []
    # Not by `monkeypatch`, which would hold the panel beyond the test.
    panel.show_state = lambda state, changed: shown.append(changed)
    big.controller.point.set(moved(big, 0.5), settled=False)
    big.controller.point.set(moved(big, 0.5))
    big.settle()
    assert shown == []


def test_a_drag_lays_out_the_window_only_where_a_text_needs_more_room(big, diary):
    slider = big.panel("sliders").rows[0].slider
    big.settle()
    big.window.installEventFilter(diary)
    start, steps = handle_of(slider), 12
    for _ in big.hand.drag(slider, start, start + QPoint(steps, 0), steps):
        big.settle()
    assert diary.lines.count("laid out") < steps / 3
