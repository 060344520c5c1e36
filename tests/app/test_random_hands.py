"""Hands that do anything at random, for a while: no exception, and nothing goes wrong inside."""

import pytest
from gui_support import TINY
from random_hands import Hands, make_runs

from latentlab.paths import resources

ACTIONS = 200


@pytest.fixture
def whole():
    """What lies behind other panels counts as well."""
    return True


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Folders of models of 1 to 20 dimensions, conditional ones among them, one of one class."""
    shipped = [resources() / "models" / name for name in ("digits-2d", "digits-cvae")]
    return shipped + make_runs(tmp_path_factory.mktemp("runs"))


@pytest.mark.parametrize("seed", [8])
def test_nothing_breaks(desk, models, tmp_path, seed):
    brief = {**TINY, "training": {**TINY["training"], "epochs": 20}}
    hands = Hands(desk.window, models, [brief], tmp_path, seed)
    hands.run(ACTIONS, pause_ms=3)
    assert hands.exceptions == []
    assert hands.failures == []
