"""The whole program: the real window on the shipped models, training on the bundled digits."""

import pytest
from gui_support import TINY, Desk, application, built, freeze, no_leaks, refrozen, until

from latentlab import app as program
from latentlab.directories import resources
from latentlab.workers import looks
from latentlab.workers.intents import training as training_intents

__all__ = ["application", "built", "no_leaks", "refrozen", "until"]


@pytest.fixture(scope="session")
def frozen():
    """Load torch and all it loads at first use, and take that out of the collector's sight."""
    from latentlab.explorer.explorer import Explorer
    from latentlab.session.points import SampleSettings

    explorer = Explorer()
    explorer.open(resources() / "models" / "digits-2d")
    explorer.samples(SampleSettings())
    freeze()


def start(path=None, built=None):
    """Start the program on a desk."""
    desk = Desk(program.open_window(path))
    desk.show(built)
    desk.settle()
    desk.to_front()
    return desk


@pytest.fixture(scope="module")
def share_desk(application, tmp_path_factory):
    """Start the program for all tests of a module, which must find it as good as new."""
    desks = []

    def share(path=None, built=None):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("LATENTLAB_HOME", str(tmp_path_factory.mktemp("home")))
            desks.append(start(path, built))
        return desks[-1]

    yield share
    for desk in desks:
        desk.clear()


@pytest.fixture(scope="module")
def old_desk(share_desk):
    """One and the same window with all panels for all tests of a module."""
    return share_desk().toured()


@pytest.fixture
def make_desk(application, own_place, built):
    """Start the program on desks; all of a test share one home."""
    desks = []

    def make(path=None, built=built):
        desks.append(start(path, built))
        return desks[-1]

    yield make
    for desk in desks:
        desk.clear()


@pytest.fixture
def desk(make_desk):
    """The program as it starts for the first time: digits-2d is open."""
    return make_desk()


@pytest.fixture
def cvae(make_desk):
    """The program with the conditional, 20-dimensional digits-cvae open."""
    return make_desk(resources() / "models" / "digits-cvae")


@pytest.fixture
def often(monkeypatch):
    """Update the shown model ten times as often as the program does while a run trains."""
    monkeypatch.setattr(looks, "MAX_CPU_FRACTION", 0.5)
    monkeypatch.setattr(training_intents, "MODEST_TIME_FRACTION", 0.9)


@pytest.fixture
def training(often, desk):
    """The program in the middle of training a tiny model; the desk it is on."""
    desk.controller.training.set_draft(TINY)
    desk.controller.training.set_rhythm(0.1)
    desk.controller.training.start()
    desk.until(lambda: desk.state.model.source != resources() / "models" / "digits-2d")
    desk.until(lambda: ("running", "loss") in desk.state.log.curves)
    return desk
