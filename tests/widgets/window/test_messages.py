"""Messages of what was done: seen at all times, each for a while, and some can be taken back."""

import pytest
from PySide6.QtWidgets import QWidget

from latentlab.session.request import Exported
from latentlab.session.runs import Message, Run, TrainingStatus
from latentlab.widgets.window import messages
from latentlab.widgets.window.messages import MAX_MESSAGES, MessageBar

GOING = Run(
    phase="training", epoch=3, epochs=30, fraction=0.1, device="cpu", recipe={"model": "vae"}
)
RUNS = {
    "idle": None,
    "training": GOING,
    "telling much": Run(
        "training", device="cuda", epoch=3, epochs=30, fraction=0.1, seconds_per_epoch=2.0,
        seconds_left=3600, images_per_second=1e4, validation_loss=98.1, best_loss=97.0,
        best_epoch=2, plateau=1, memory=2**30,
    ),
}  # fmt: skip


def is_seen(widget: QWidget) -> bool:
    """Say whether a widget lies in view with nothing above it."""
    window, place = widget.window(), widget.mapTo(widget.window(), widget.rect().center())
    above = window.childAt(place)
    return widget.isVisible() and (above is widget or widget.isAncestorOf(above))


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
@pytest.mark.parametrize("width", [1280, 1440])
def test_two_exports_are_told_whatever_goes_on(desk, run, width, tmp_path):
    desk.window.resize(width, 800)
    desk.controller.store.set(training=TrainingStatus(run=run))
    for name in ("samples", "manifold"):
        desk.controller.files._on_saved(None, Exported(tmp_path / f"{name}.png"))
    lines = desk.window.messages.lines
    assert [line.text.text() for line in lines] == [
        f"Saved {tmp_path / name}" for name in ("manifold.png", "samples.png")
    ]
    for line in lines:
        desk.until(lambda line=line: is_seen(line.text))
        assert is_seen(line.text)
        assert line.text.shown_text.startswith("Saved")
        assert line.text.shown_text.endswith("png")
    assert desk.window.run_bar.isVisible() is (run is not None)
    if run:
        assert "epoch 3/30" in desk.window.run_bar.text.text()


@pytest.fixture
def bar(application):
    bar = MessageBar()
    bar.resize(900, 24)
    bar.show()
    yield bar
    bar.hide()
    bar.deleteLater()


def test_messages_go_after_a_while(bar, until, monkeypatch):
    monkeypatch.setattr(messages, "SECONDS", 0.05)
    monkeypatch.setattr(messages, "SECONDS_TO_UNDO", 60)
    bar.tell(Message("Discarded a run", lambda: None))
    bar.tell(Message("Saved a picture"))
    assert len(bar.lines) == 2
    until(lambda: len(bar.lines) == 1)
    assert bar.lines[0].text.text() == "Discarded a run"
    assert bar.isVisible()


def test_the_latest_messages_stay(bar):
    for i in range(MAX_MESSAGES + 4):
        bar.tell(Message(f"Saved {i}.png"))
    assert [line.text.text() for line in bar.lines] == ["Saved 6.png", "Saved 5.png", "Saved 4.png"]


def test_what_was_done_is_taken_back_once(bar, until):
    taken = []
    bar.tell(Message("Discarded a run", lambda: taken.append(True)))
    (line,) = bar.lines
    until(line.undo.isVisible)
    line.undo.click()
    assert (taken, bar.lines) == ([True], [])
    bar.tell(Message("Saved a picture"))
    assert not bar.lines[0].undo.isVisible()


def test_an_equal_message_replaces_the_earlier_one(bar):
    taken = []
    for turn in (1, 2):
        bar.tell(Message("The form shows the recipe", lambda turn=turn: taken.append(turn)))
        bar.tell(Message("Saved a picture"))
    assert [line.text.text() for line in bar.lines] == [
        "Saved a picture",
        "The form shows the recipe",
    ]
    bar.lines[1].undo.click()
    assert taken == [2]


def test_tips_of_menus_are_seen_while_training(desk):
    desk.controller.store.set(training=TrainingStatus(run=GOING))
    desk.window.statusBar().showMessage("Encode an image of your own")
    assert is_seen(desk.window.messages._tip)
    desk.window.statusBar().clearMessage()
    assert not desk.window.messages.isVisible()
