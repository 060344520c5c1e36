"""Widgets are tested on toys: the real window and panels, a model that answers at once."""

from contextlib import contextmanager
from pathlib import Path

import pytest
import toy
from gui_support import Desk, application, built, frozen, no_leaks, until
from stub_controller import StubController, discard

from latentlab.session.map import axes_view
from latentlab.widgets.window.main_window import MainWindow
from latentlab.workers.controller import Controller
from latentlab.workers.lane import Lane
from latentlab.workers.training import Training

__all__ = ["application", "built", "frozen", "no_leaks", "until"]


@contextmanager
def desks(built):
    """Give a function that opens windows on toys, and close them at the end."""
    opened = []

    def make(model="toy", train=lambda order, controls: toy.training(), built=built):
        lab = toy.ToyLab()
        window = MainWindow(Controller(Lane(lambda: lab), Training(train)))
        desk = Desk(window)
        opened.append(desk)
        desk.lab = lab
        desk.show(built)
        window.controller.start(Path("/toys") / model)
        desk.settle()
        desk.to_front()
        return desk

    yield make
    for desk in opened:
        desk.clear()


def on_dimensions(desk):
    """Show z1 and z2 as if the model had been opened so: tests reckon with them."""
    desk.controller.store.set(view=axes_view(0, 1, desk.state.model.latent_dim))
    desk.controller.undo.begin()
    desk.settle()
    return desk


@pytest.fixture
def make_desk(application, own_place, built):
    """Open windows; all windows of a test share one home folder."""
    with desks(built) as make:
        yield make


@pytest.fixture
def desk(make_desk):
    """A window with the two-dimensional toy model open."""
    return make_desk()


@pytest.fixture
def big(make_desk):
    """A window with the five-dimensional, conditional toy model open, on its first two."""
    return on_dimensions(make_desk("big"))


@pytest.fixture(scope="module")
def old_desk(application, tmp_path_factory):
    """A window with all panels, shared by the tests of a module that leave it as it was."""
    with pytest.MonkeyPatch.context() as patch, desks(built=None) as make:
        patch.setenv("LATENTLAB_HOME", str(tmp_path_factory.mktemp("home")))
        yield make().toured()


@pytest.fixture(scope="module")
def old_big(application, tmp_path_factory):
    """As `old_desk`, with the five-dimensional, conditional toy model open."""
    with pytest.MonkeyPatch.context() as patch, desks(built=None) as make:
        patch.setenv("LATENTLAB_HOME", str(tmp_path_factory.mktemp("home")))
        yield on_dimensions(make("big")).toured()


@pytest.fixture
def show_panel(application):
    """Show a panel alone, at the size it has in the window."""
    shown = []

    def show(kind, size=(480, 250), **state):
        panel = kind(StubController(**state))
        panel.resize(*size)
        panel.show()
        shown.append(panel)
        return panel

    yield show
    for panel in shown:
        discard(panel)
