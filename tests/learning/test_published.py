"""The script that measures what papers have published."""

import argparse
import runpy
import shutil
from pathlib import Path

import pytest

import latentlab
from latentlab.learning.recipe import make_recipe
from latentlab.metrics.metric import METRICS
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


def test_every_protocol_is_a_recipe_and_its_metrics_have_a_figure():
    script = runpy.run_path(str(SCRIPT))
    options = argparse.Namespace(epochs=3, mnist="", larochelle="")
    for name, protocol in script["PROTOCOLS"].items():
        recipe = make_recipe(script["values_of"](protocol, options, seed=7))
        assert (recipe.training.epochs, recipe.training.seed) == (3, 7), name
        assert {*protocol.metrics} <= {*METRICS.kinds()} & {*script["FIGURES"]}, name


def test_the_table_has_a_line_for_each_metric_with_the_figure_of_each_seed(vae_run, tmp_path):
    rows = runpy.run_path(str(SCRIPT))["rows"]
    model = latentlab.load(shutil.copytree(vae_run, tmp_path / "run"))
    seeds = [[*model.metrics(["marginal-kl", "elbo"], count=20).values()]] * 2
    marginal, distortion = rows("matching-aae", seeds)
    kl, nats = seeds[0][0].values[0].text, seeds[0][1].values[2].text
    assert f"| Marginal KL | {kl}, {kl} nats | 20 images" in marginal
    assert f"| Distortion | {nats}, {nats} nats per image | 20 images" in distortion
