"""Closing: nothing lost, nothing left running."""

import threading

import numpy as np
import pytest
from gui_support import wait
from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox

from latentlab.directories import runs
from latentlab.learning.checkpoint import load_model
from latentlab.session.export import Export
from latentlab.session.library.entries import ListLibrary
from latentlab.session.model import Decode, DecodePath

BUILT = ("map", "image", "interpolate")


@pytest.fixture
def answer():
    """Press a button of the next question, by how its text begins; tells what was asked."""
    timers, asked = [], []

    def prepare(desk, begin):
        def press():
            box = desk.window.findChild(QMessageBox)
            if box and box.isVisible():
                timers.pop().stop()
                asked.append((box.text(), box.informativeText(), box.defaultButton().text()))
                if begin is None:
                    QTest.keyClick(box, Qt.Key.Key_Escape)
                else:
                    next(b for b in box.buttons() if b.text().startswith(begin)).click()

        timers.append(QTimer(interval=10))
        timers[0].timeout.connect(press)
        timers[0].start()
        return asked

    return prepare


def test_closes_at_once_where_nothing_can_be_lost(desk):
    assert desk.window.close()
    assert not desk.window.isVisible()
    assert "lane" not in {thread.name for thread in threading.enumerate()}


def test_close_while_training_keeps_the_run(training, answer):
    asked = answer(training, "Stop")
    (folder,) = runs().iterdir()
    assert training.window.close()
    assert len(asked) == 1
    text, more, default = asked[0]
    assert "in training" in text
    assert "Its weights and its log are kept" in more
    assert default == "Continue training"
    assert not training.window.isVisible()
    model, checkpoint = load_model(folder)
    assert checkpoint.step > 0
    assert all(np.isfinite(value.numpy()).all() for value in model.state_dict().values())


@pytest.mark.parametrize("begin", ["Continue", None])
def test_close_can_be_thought_better_of(training, answer, begin):
    """The other button, and Escape: the run goes on as if nothing had been asked."""
    asked = answer(training, begin)
    assert not training.window.close()
    assert len(asked) == 1
    assert training.window.isVisible()
    steps = len(training.state.log.curves["running", "loss"][0])
    training.until(lambda: len(training.state.log.curves["running", "loss"][0]) > steps)
    training.controller.workspaces.go("explore")
    training.until(lambda: training.state.answer(Decode))
    training.hand.key(Qt.Key.Key_R)
    training.until(lambda: training.state.answer(Decode).point == training.state.point)


def test_run_kept_on_closing_opens_at_the_next_start(training, answer, make_desk):
    (folder,) = runs().iterdir()
    answer(training, "Stop")
    assert training.window.close()
    training.clear()
    again = make_desk()
    library = again.panel("library").list
    paths = [str(library.entry(row).path) for row in range(library.count())]
    assert str(folder) in paths
    again.controller.open_path(folder)
    again.settle()
    assert again.state.model.source == folder
    assert again.state.failure is None


def test_quit_asks_as_closing_does(training, answer):
    asked = answer(training, "Continue")
    training.hand.key(Qt.Key.Key_Q, Qt.KeyboardModifier.ControlModifier)
    assert len(asked) == 1
    assert training.window.isVisible()


def test_close_while_a_model_is_still_opening(desk):
    desk.controller.open_path(desk.state.answer(ListLibrary)[1].path)
    assert desk.window.close()


@pytest.mark.parametrize("wait", [True, False])
def test_close_after_cancel_leaves_no_run(training, wait):
    """Cancelled is cancelled, and not asked again, also for whoever closes the window at once."""
    (folder,) = runs().iterdir()
    training.controller.training.cancel()
    if wait:
        training.until(lambda: training.state.training.run is None)
    assert training.window.close()
    assert not folder.exists()


def test_picture_saved_just_before_closing_is_written(desk, tmp_path):
    for name in ("a.gif", "b.png"):
        desk.controller.files.save(Export(desk.state.answer(DecodePath), tmp_path / name, {}))
    assert desk.window.close()
    assert {path.name for path in tmp_path.glob("?.*")} == {"a.gif", "b.png"}


def test_no_thread_outlives_the_window(training):
    job, lane = training.controller._worker._job, training.controller._lane._thread
    assert job.isRunning()
    assert lane.isRunning()
    training.controller.close()
    assert job.isFinished()
    assert lane.isFinished()
    # What was on its way when it closed is delivered to nobody, and harms nobody.
    wait(50)
    training.window.event(QEvent(QEvent.Type.User))
