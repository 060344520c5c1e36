"""Panels, docks and menus of the main window, on toys."""

import itertools
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import toy
from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QToolButton, QWhatsThis

from latentlab.session.library.entries import ListLibrary
from latentlab.session.model import Decode
from latentlab.session.runs import Run, TrainingStatus
from latentlab.widgets.kit.theme import colours
from latentlab.widgets.window import main_window

ALT = Qt.KeyboardModifier.AltModifier
KEYS = ("library", "map", "manifold", "image", "sliders", "interpolate", "samples")

BUILT = ("map", "image", "library", "sliders")


def title_buttons(dock):
    return dock.titleBarWidget().findChildren(QToolButton)


def test_a_first_window_fits_its_screen(make_desk, monkeypatch):
    """Of a laptop with 1280 by 720 pixels, say."""
    monkeypatch.setattr(main_window, "SIZE", QSize(10**6, 10**6))
    window = make_desk().window
    assert window.size() == window.screen().availableSize()


def test_runs_are_listed_anew_when_the_program_becomes_active(desk):
    """Another window, or the command line, may have trained one meanwhile."""
    application = QGuiApplication.instance()
    application.applicationStateChanged.emit(Qt.ApplicationState.ApplicationInactive)
    assert ListLibrary not in desk.state.awaited
    application.applicationStateChanged.emit(Qt.ApplicationState.ApplicationActive)
    assert ListLibrary in desk.state.awaited
    desk.settle()


def test_panels_show_the_toy(old_desk):
    """One glance at each panel: it shows this model and no other."""
    state = old_desk.state
    image = old_desk.panel("image").view.image
    assert image.pixelColor(0, 0).red() == state.answer(Decode).pixels[0, 0]
    assert len(old_desk.panel("sliders").rows) == 2
    assert len(old_desk.panel("map").legend.buttons) == 3
    library = old_desk.panel("library").list
    names = [library.entry(row).name for row in range(library.count())]
    assert names == ["toy", "big"]
    assert library.currentIndex().row() == 0
    assert list(old_desk.panel("curves").plots) == ["loss", "reconstruction", "kl"]
    assert old_desk.panel("train").form.values()["model"]["kind"] == "vae"
    assert "toy · VAE 2-D · epoch 3" in old_desk.window.model_label.text()
    assert old_desk.window.windowTitle().startswith("toy")


def test_its_action_hides_and_shows_each_panel(old_desk):
    for key, dock in old_desk.window.docks.items():
        old_desk.panel(key)
        dock.raise_()  # of a panel behind a tab, the action brings it to the front
        old_desk.until(lambda dock=dock: dock.is_seen)
        action = dock.toggleViewAction()
        action.trigger()
        assert not dock.isVisible(), key
        assert not action.isChecked()
        action.trigger()
        assert dock.isVisible(), key


def test_help_explains_each_panel(old_desk, monkeypatch):
    told = []
    monkeypatch.setattr(QWhatsThis, "showText", lambda *args: told.append(args[1]))
    for keys in old_desk.tour():
        for dock in (old_desk.window.docks[key] for key in keys):
            dock.raise_()
            old_desk.until(lambda dock=dock: dock.is_seen)
            old_desk.hand.click(title_buttons(dock)[0])
            assert told.pop().startswith(f"<p>{dock.panel.help}</p>")
    assert not told


def test_escape_quits_nothing(old_desk):
    for keys in old_desk.tour():
        for key in keys:
            old_desk.panel(key).setFocus()
            old_desk.hand.key(Qt.Key.Key_Escape)
        assert old_desk.window.workspaces.contents() == keys
    assert old_desk.window.isVisible()


def test_window_needs_no_torch():
    """The whole window builds and renders where torch is never imported."""
    code = """
import sys, time
import toy
from PySide6.QtCore import QTimer
from latentlab.session.export import DescribeForm
from latentlab.session.model import MakeSamples
from latentlab.app import make_application
from latentlab.widgets.window.main_window import MainWindow
from latentlab.workers.controller import Controller
from latentlab.workers.lane import Lane
from latentlab.workers.training import Training

app = make_application()
window = MainWindow(Controller(Lane(toy.ToyLab), Training(lambda order, controls: toy.training())))
window.show()
window.controller.start(toy.LIBRARY[0].path)
def look():
    state = window.controller.state
    if state.answer(MakeSamples) and state.answer(DescribeForm) and not window.unbuilt():
        assert window.docks["image"].build().view.image is not None
        assert len(window.docks["sliders"].build().rows) == 2
        window.close()
        app.quit()
timer = QTimer(interval=10)
timer.timeout.connect(look)
timer.start()
QTimer.singleShot(20_000, lambda: app.exit(1))
status = app.exec()
heavy = {"torch", "torchvision", "safetensors", "matplotlib"} & set(sys.modules)
print("heavy:", sorted(heavy))
sys.exit(status)
"""
    tests = Path(__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tests.parent,
        env={**os.environ, "PYTHONPATH": str(tests)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "heavy: []"


# Showing and hiding panels


def test_hidden_panel_catches_up(desk):
    image = desk.panel("image")
    before = image.view.image.pixelColor(0, 0)
    desk.window.docks["image"].toggleViewAction().trigger()
    desk.controller.point.set(desk.state.point.along({0: 5.0}))
    desk.settle()
    assert image.view.image.pixelColor(0, 0) == before
    desk.window.docks["image"].toggleViewAction().trigger()
    desk.settle()
    assert image.view.image.pixelColor(0, 0).red() == 128 + 20 * 5
    assert "+5.00" in image.place.text()


def test_panels_hidden_while_the_model_changes_catch_up(desk):
    """A hidden panel that missed a change of size must not show the old one's."""
    desk.panel("samples")
    for key in KEYS:
        desk.window.docks[key].toggleViewAction().trigger()
    desk.controller.runs.open(Path("/toys/big"))
    desk.settle()
    for key in KEYS:
        desk.window.docks[key].toggleViewAction().trigger()
    assert len(desk.panel("sliders").rows) == 5
    desk.controller.map.set_plane((0, 1))
    desk.settle()
    assert desk.panel("map").across.count() == 5
    assert desk.panel("map").across.isVisible()
    assert desk.panel("samples").label.isVisible()
    assert desk.panel("library").list.currentIndex().row() == 1


def test_close_button_hides_and_float_button_floats(desk):
    dock = desk.window.docks["image"]
    buttons = {b.toolTip().split()[0]: b for b in title_buttons(dock)}
    desk.hand.click(buttons["Hide"])
    assert not dock.isVisible()
    dock.toggleViewAction().trigger()
    desk.hand.click(buttons["Show"])
    assert dock.isFloating()
    dock.setFloating(False)


def test_a_panel_that_floats_looks_so_and_comes_back_to_the_front(desk):
    for key in ("curves", "anomalies", "map"):
        dock = desk.window.docks[key]
        desk.panel(key)
        desk.until(lambda dock=dock: not dock.visibleRegion().isEmpty())
        place = dock.mapToGlobal(dock.rect().topLeft())
        button = title_buttons(dock)[1]
        icon = button.icon().pixmap(24).toImage()
        desk.hand.click(button)
        desk.until(dock.isFloating)
        assert dock.mapToGlobal(dock.rect().topLeft()) != place, key
        assert button.icon().pixmap(24).toImage() != icon, key
        assert button.toolTip().startswith("Dock")
        image = dock.grab().toImage()
        edge = {image.pixelColor(x, dock.height() // 2).name() for x in range(12)}
        assert colours().accent in edge, key
        button.click()
        desk.until(lambda dock=dock: not dock.isFloating())
        desk.until(lambda dock=dock: not dock.visibleRegion().isEmpty() and dock._in_front)
        assert button.toolTip().startswith("Show")


def test_reset_puts_everything_back(make_desk):
    desk = make_desk(built=None)
    docks, size = desk.window.docks, desk.window.size()
    shown = [key for key, dock in docks.items() if dock.isVisible()]
    before = {key: docks[key].geometry().getRect() for key in shown}
    docks["map"].setFloating(True)
    docks["library"].hide()
    desk.window.tabifyDockWidget(docks["image"], docks["sliders"])
    desk.window.reset_workspace()
    desk.until(lambda: all(docks[key].isVisible() for key in shown))
    assert not any(dock.isFloating() for dock in docks.values())
    assert not [
        dock for dock in desk.window.tabifiedDockWidgets(docks["image"]) if dock.isVisible()
    ]
    assert desk.window.size() == size

    def back():
        after = {key: docks[key].geometry().getRect() for key in shown}
        return all(after[key] == pytest.approx(before[key], abs=2) for key in shown)

    desk.until(back)


def test_no_column_jumps_when_training_starts(make_desk):
    """Buttons that take turns must not push the panels about."""
    go_on = threading.Event()

    def train(order, controls):
        yield toy.started()
        go_on.wait(20)

    desk = make_desk(train=train, built=None)
    desk.panel("train")
    before = desk.window.docks["train"].width()
    desk.controller.training.start()
    desk.until(lambda: desk.panel("train").stop.isVisible())
    during = desk.window.docks["train"].width()
    go_on.set()
    desk.until(lambda: desk.panel("train").start.isVisible())
    assert during == pytest.approx(before, abs=10)
    assert desk.window.docks["train"].width() == pytest.approx(before, abs=10)


def test_no_column_jumps_whatever_is_trained(make_desk):
    """Long titles are cut off; how far the run is can be read still."""
    desk = make_desk(built=None)
    desk.panel("train")
    before = {key: desk.window.docks[key].geometry() for key in ("train", "map", "curves")}
    names = ("vae", "conv-cvae-with-a-very-long-name")
    for name, epoch in itertools.product(names, (1, 10_000)):
        recipe = {"model": {"kind": name, "latent_dim": 32}, "data": {"kind": "synthetic-faces-64"}}
        run = Run(phase="training", epoch=epoch, epochs=10_000, fraction=0.1, recipe=recipe)
        desk.controller.store.set(training=TrainingStatus(run=run))
        desk.settle()
        label = desk.panel("train").card._epoch
        assert label.text() == f"· epoch {epoch}/10000"
        desk.until(lambda label=label: label.width() >= label.sizeHint().width())
        assert {key: desk.window.docks[key].geometry() for key in before} == before


def test_a_failure_takes_two_lines_and_ends_where_the_panels_end(desk):
    window, bar, image = desk.window, desk.window.failure_bar, desk.window.docks["image"]

    def top():
        return window.docks["map"].mapTo(window, QPoint()).y()

    for width, words in itertools.product((1280, 1600), (5, 400)):
        window.resize(width, 800)
        desk.until(lambda width=width: window.width() == width)
        before = top()
        desk.controller.store.refuse("It cannot be " + "done " * words + ".", "Try something else.")
        desk.until(lambda before=before: bar.isVisible() and top() > before)
        assert bar.height() <= 48
        assert top() - before <= 56
        ends = [w.mapTo(window, w.rect().topRight()).x() for w in (bar, image)]
        assert ends[0] == pytest.approx(ends[1], abs=2)
        assert len(bar.text.shown_lines()) == (1 if words == 5 else 2)
        assert bar.text.toolTip().endswith("Try something else.")
        desk.controller.store.set(failure=None)
        desk.until(lambda before=before: not bar.isVisible() and top() == before)


# Opening from the library


def test_click_in_the_library_opens(desk):
    library = desk.panel("library").list
    desk.hand.click(library.viewport(), library.visualRect(library.model().index(1, 0)).center())
    desk.settle()
    assert desk.state.model.name == "big"
    assert library.currentIndex().row() == 1
    assert len(desk.panel("sliders").rows) == 5


def test_enter_in_the_library_opens(desk):
    library = desk.panel("library").list
    library.setFocus()
    desk.hand.key(Qt.Key.Key_Down)
    desk.hand.key(Qt.Key.Key_Return)
    desk.settle()
    assert desk.state.model.name == "big"


def test_click_on_the_open_model_changes_nothing(desk):
    desk.controller.point.set(desk.state.point.along({0: 1.25}))
    desk.settle()
    library = desk.panel("library").list
    desk.hand.click(library.viewport(), library.visualRect(library.model().index(0, 0)).center())
    desk.settle()
    assert desk.state.point.z[0] == 1.25
    assert not any(type(r).__name__ == "Open" for r in desk.lab.asked[1:])


def test_sliders_come_and_go_with_the_model(desk):
    for name, count in (("big", 5), ("toy", 2), ("big", 5)):
        desk.controller.runs.open(Path("/toys") / name)
        desk.settle()
        rows = desk.panel("sliders").rows
        assert [row.dimension for row in rows] == list(range(count))
        assert desk.panel("sliders").label.isVisible() is (name == "big")


def test_model_without_a_map(desk):
    """No images on this machine: the map is empty, and all else works."""
    desk.lab.models["bare"] = toy.card(name="bare", note="gone is not on this machine")
    none = toy.codes(count=90)
    empty = type(none)(none.mu[:0], none.sigma[:0], None)
    open_toy = desk.lab.Open

    def open_bare(request):
        opened = open_toy(request)
        return type(opened)(opened.card, empty, opened.start, opened.ends, None, opened.past)

    desk.lab.Open = open_bare
    desk.controller.runs.open(Path("/toys/bare"))
    desk.settle()
    panel = desk.panel("map")
    assert not panel.legend.isVisible()
    desk.hand.click(panel.plot.viewport(), desk.pixel_of(1.0, 1.0))
    desk.settle()
    assert desk.state.point.z == pytest.approx((1.0, 1.0), abs=0.1)
    assert desk.panel("sliders").rows[0].slider.isEnabled()


def test_a_panel_that_floats_is_painted_after_a_change_of_workspace(desk):
    desk.window.docks["library"].setFloating(True)
    desk.controller.workspaces.go("train")
    desk.controller.workspaces.go("explore")
    desk.settle()
    panel = desk.panel("library")
    assert panel.isVisible()
    assert panel.window() is desk.window.docks["library"]
    assert panel.updatesEnabled()
