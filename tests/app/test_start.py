"""Starting: what a newcomer sees, and how soon."""

import gc
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from gui_support import run_until
from PySide6.QtCore import QTimer

from latentlab import __main__ as entry
from latentlab import app as program
from latentlab.directories import resources
from latentlab.learning.checkpoint import load_model
from latentlab.learning.training_state import read_training_state
from latentlab.runs import training_process
from latentlab.session.export import DescribeForm, Export
from latentlab.session.library.entries import ListLibrary
from latentlab.session.model import Decode, DecodePath, MakeManifold, MakeSamples
from latentlab.session.points import Tiles
from latentlab.widgets.window.welcome import WelcomePage

DIGITS_2D = resources() / "models" / "digits-2d"


def test_first_start_is_never_empty(old_desk):
    state = old_desk.state
    assert state.model.name == "digits-2d"
    assert state.model.title == "VAE 2-D"
    assert state.codes.mu.shape == (5000, 2)
    assert state.model.data == "digits"
    assert state.failure is None
    assert [entry.name for entry in state.answer(ListLibrary)] == [
        "digits-2d",
        "digits-cvae",
        "faces",
    ]
    assert {field.name for field in state.answer(DescribeForm)} >= {
        "model",
        "data",
        "objective",
        "training",
    }


def test_first_start_shows_a_digit_and_what_it_came_from(old_desk):
    state = old_desk.state
    assert state.answer(Decode).pixels.shape == (28, 28)
    assert state.answer(Decode).pixels.max() > 150
    assert state.original.row is not None
    assert state.codes.labels[state.original.row] == 2
    assert state.point.z == pytest.approx(state.codes.mu[state.original.row], abs=1e-5)
    panel = old_desk.panel("image")
    shown = panel.view.image.pixelColor(14, 14).red()
    assert shown == state.answer(Decode).pixels[14, 14]
    pair = [view.image for view in panel._pair._views]
    assert pair[0].pixelColor(14, 14).red() == state.original.picture[14, 14]
    assert pair[1] == panel.view.image


def test_first_start_fills_every_panel(old_desk):
    state = old_desk.state
    assert len(state.answer(MakeManifold).tiles.points) == 400
    assert len(state.answer(DecodePath).points) == 12
    assert state.answer(DecodePath).points[0].z == pytest.approx(state.ends.a.z, abs=1e-6)
    assert len(state.answer(MakeSamples).points) == 30
    assert len(np.unique(state.answer(MakeSamples).pictures.reshape(30, -1), axis=0)) == 30
    assert ("validation", "loss") in state.log.curves
    assert old_desk.panel("map").legend.isVisible()
    assert len(old_desk.map.cloud._xy) == 5000
    assert len(old_desk.panel("curves").plots) == 3
    assert old_desk.panel("library").list.currentIndex().row() == 0
    assert old_desk.panel("train").start.isEnabled()
    assert old_desk.panel("interpolate").view._image is not None
    assert old_desk.panel("samples").view._image is not None


def test_window_stands_before_the_model_and_stays_awake(application, make_desk):
    """Opening happens elsewhere: the window answers while it goes on."""
    ticks = []
    timer = QTimer(interval=5)
    timer.timeout.connect(lambda: ticks.append(time.perf_counter()))
    timer.start()
    desk = make_desk(built=None)
    timer.stop()
    assert desk.state.answer(MakeSamples) is not None
    assert len(ticks) > 5
    assert max(np.diff(ticks)) < 1.0


def test_window_is_shown_before_anything_is_open(application):
    window = program.open_window(DIGITS_2D)
    assert window.isVisible()
    assert window.controller.state.model is None
    assert "Opening" in window.docks["image"].build().view._caption
    menus = window.menuBar().actions()
    actions = {action.text(): action for menu in menus for action in menu.menu().actions()}
    titles = ("Save report…", "Show the images of the run", "Save generated data set…")
    assert not any(actions[title].isEnabled() for title in titles)
    run_until(lambda: window.controller.state.model is not None)
    assert actions["Save generated data set…"].isEnabled()
    window.close()
    window.deleteLater()


def test_opens_the_run_that_was_asked_for(make_desk):
    """On a small screen too; a conditional model needs the most room: it has classes."""
    desk = make_desk(resources() / "models" / "digits-cvae", built=None)
    assert desk.state.model.title == "Conditional VAE 20-D"
    assert desk.state.point.label is not None
    assert len(desk.panel("sliders").rows) == 20
    least = desk.window.minimumSizeHint()
    assert least.width() <= 1280
    assert least.height() <= 680


def test_missing_run_is_told_and_another_shown(make_desk, tmp_path):
    desk = make_desk(tmp_path / "gone")
    assert "gone" in desk.state.failure.title
    assert desk.window.failure_bar.isVisible()
    assert desk.state.model.name == "digits-2d"


def test_last_model_that_is_damaged_is_told_and_another_shown(make_desk, own_place, tmp_path):
    from latentlab.widgets.kit.settings import remember

    (tmp_path / "broken").mkdir()
    remember(str(tmp_path / "broken"))
    desk = make_desk()
    assert "broken" in desk.state.failure.title
    assert desk.state.model.name == "digits-2d"


# The entry point


def test_main_opens_a_run_given_as_path(monkeypatch, tmp_path):
    opened = []
    monkeypatch.setattr(program, "main", lambda path=None: opened.append(path) or 0)
    monkeypatch.setattr(sys, "argv", ["latentlab", str(tmp_path)])
    assert entry.main() == 0
    monkeypatch.setattr(sys, "argv", ["latentlab"])
    assert entry.main() == 0
    assert opened == [tmp_path, None]


@pytest.fixture
def run_main(application, own_place, refrozen, monkeypatch):
    """Run the program with `use(window)` in place of a person, and return the result of that."""
    before = signal.getsignal(signal.SIGINT)

    def run(path, use):
        windows, results = [], []

        def open_window(path, opened=program.open_window):
            windows.append(opened(path))
            return windows[0]

        def execute(_):
            results.append(use(windows[0]))
            windows[0].close()
            return 0

        with monkeypatch.context() as patch:
            patch.setattr(program, "open_window", open_window)
            patch.setattr(type(application), "exec", execute)
            assert program.main(path) == 0
        windows.pop().deleteLater()
        return results[0]

    gc.enable()
    yield run
    signal.signal(signal.SIGINT, before)


def test_in_the_program_the_gui_thread_collects(run_main):
    assert run_main(DIGITS_2D, lambda window: gc.isenabled()) is False


def is_welcomed(window):
    run_until(lambda: window.controller.state.model is not None)
    return window.findChild(WelcomePage) is not None


def test_only_the_first_start_welcomes(run_main):
    assert run_main(None, is_welcomed)
    assert not run_main(None, is_welcomed)


def test_a_run_that_is_asked_for_is_shown_without_a_welcome(run_main):
    assert not run_main(DIGITS_2D, is_welcomed)


def test_a_window_at_rest_makes_ready_for_the_first_run(desk, monkeypatch):
    ready = threading.Event()
    monkeypatch.setattr(program, "PREPARE_MS", 1)
    monkeypatch.setattr(training_process, "start_fork_server", ready.set)
    program.prepare_training_soon(desk.window)
    run_until(ready.is_set)


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="there is always a display")
def test_without_a_display_one_plain_sentence():
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    bare = {key: value for key, value in os.environ.items() if key not in hidden}
    done = subprocess.run(
        [sys.executable, "-m", "latentlab"],
        env=bare,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert "needs a display" in done.stderr
    assert "latentlab demo --out demo" in done.stderr


SIGNALS = [name for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


@pytest.fixture
def handlers():
    """Restore the handlers of the signals that end the program."""
    before = {name: signal.getsignal(getattr(signal, name)) for name in SIGNALS}
    yield
    for name, handler in before.items():
        signal.signal(getattr(signal, name), handler)


@pytest.mark.parametrize("name", SIGNALS)
def test_a_signal_waits_until_what_is_going_on_is_over_and_files_are_written(
    desk, handlers, tmp_path, name
):
    """Closing in the middle of an import would wait for the lane, and the lane for the import."""
    program.close_when_interrupted(desk.window)
    tiles = Tiles((), np.zeros((4, 28, 28), np.uint8), 2)
    picture = Export(tiles, tmp_path / "tiles.gif", {})
    desk.controller.files.save(picture)
    signal.raise_signal(getattr(signal, name))
    assert desk.window.isVisible()
    run_until(lambda: not desk.window.isVisible())
    assert picture.path.stat().st_size > 0


@pytest.mark.parametrize("name", SIGNALS)
def test_a_signal_in_training_keeps_the_run_without_a_question(
    training, handlers, monkeypatch, name
):
    """The system ends the program: nobody may be there to answer."""
    asked = []
    monkeypatch.setattr(type(training.window), "_confirm_stop", lambda _: asked.append(1))
    program.close_when_interrupted(training.window)
    run_until(lambda: training.state.training.run.folder is not None)
    folder = training.state.training.run.folder
    signal.raise_signal(getattr(signal, name))
    run_until(lambda: not training.window.isVisible())
    assert asked == []
    assert read_training_state(folder).step > 0
    assert load_model(folder)[1].step == read_training_state(folder).step


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
def test_ctrl_c_closes_the_window(own_place):
    process = subprocess.Popen(
        [sys.executable, "-m", "latentlab"], stderr=subprocess.PIPE, text=True
    )
    settings = own_place / "settings.json"
    end = time.monotonic() + 60
    # The first model is remembered once it is open.
    while not (settings.exists() and "recent" in settings.read_text()):
        assert time.monotonic() < end
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    try:
        _, errors = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 0
    assert "Traceback" not in errors
    assert "layout" in settings.read_text()
