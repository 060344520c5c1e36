"""Hands that do anything at random, for a while: no exception, and nothing goes wrong inside."""

import pytest
from gui_support import TINY
from random_files import break_run, make_runs
from random_hands import Hands

from latentlab.directories import resources

ACTIONS = 80

BUILT = None
"""All panels are built, also those behind others."""


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Folders of models of 1 to 20 dimensions: labelled or not, convolutional, and broken."""
    folder = tmp_path_factory.mktemp("runs")
    shipped = [resources() / "models" / name for name in ("digits-2d", "digits-cvae")]
    made = make_runs(folder)
    return shipped + made + break_run(made[0], folder)


@pytest.mark.parametrize("seed", [8])
def test_nothing_breaks(desk, models, tmp_path, seed):
    brief = {**TINY, "training": {**TINY["training"], "epochs": 20}}
    hands = Hands(desk.window, models, [brief], tmp_path, seed)
    hands.run(ACTIONS, pause_ms=3)
    assert hands.watch.faults == []
