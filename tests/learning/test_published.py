"""The script that measures what papers have published."""

import runpy
import shutil
from pathlib import Path

import pytest

import latentlab
from latentlab.runs.provenance import end_session

SCRIPT = Path(__file__).parents[2] / "training" / "published.py"


def test_a_run_that_was_stopped_or_trained_otherwise_is_not_measured(vae_run, tmp_path):
    check = runpy.run_path(str(SCRIPT))["check_trained"]
    run = shutil.copytree(vae_run, tmp_path / "run")
    recipe = latentlab.load(run).recipe
    check(run, recipe, recipe)
    other = {"training": {"epochs": recipe["training"]["epochs"] + 1}}
    with pytest.raises(SystemExit, match="trained for 2 epochs, not 3"):
        check(run, recipe, other)
    end_session(run, "stopped")
    with pytest.raises(SystemExit, match="--resume"):
        check(run, recipe, recipe)
