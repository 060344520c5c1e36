"""Metrics of the open model: requests, and the command line."""

import csv
import json
import sys

import numpy as np
import pytest

from latentlab import __main__
from latentlab.api.model import load
from latentlab.errors import DataError, LatentlabError
from latentlab.explorer.answer import Answerer
from latentlab.explorer.explorer import Explorer
from latentlab.explorer.report import write_report
from latentlab.explorer.scores.metrics import source_of
from latentlab.metrics.metric import METRICS
from latentlab.runs.measurements import FILE, read_measurements
from latentlab.session.model import Open
from latentlab.session.scores.metrics import (
    ListMetrics,
    MeasureMetrics,
    ReadMeasurements,
    SaveMeasurements,
)
from latentlab.work import finish


@pytest.fixture
def run(vae_run, tmp_path):
    """Copy of a run, to which measurements are added."""
    import shutil

    return shutil.copytree(vae_run, tmp_path / "run")


def test_the_lane_measures_and_keeps_and_reads(run, tmp_path):
    answer = Answerer()
    assert {card.kind for card in answer(ListMetrics())} == set(METRICS.kinds())
    answer(Open(run))
    cards = {card.kind: card for card in answer(ListMetrics())}
    assert cards["mig"].reason
    assert not cards["elbo"].reason
    assert [field.name for field in cards["log-likelihood"].fields] == ["k", "seed"]
    request = MeasureMetrics(("elbo", "mig"), {"elbo": {"draws": 2}}, count=20)
    found = finish(answer(request))
    assert found.saved
    elbo, mig = found.outcomes
    assert elbo.on.text == "20 images (validation), k = 2, seed 0"
    assert mig.reason.startswith("This needs at least two known factors")
    assert answer(ReadMeasurements()) == (elbo,)
    answer(SaveMeasurements((elbo,), tmp_path / "m.csv"))
    rows = list(csv.DictReader((tmp_path / "m.csv").read_text().splitlines()))
    assert [row["name"] for row in rows] == ["Negative ELBO", "Rate", "Distortion"]
    explorer = Explorer()
    explorer.open(run)
    finish(write_report(explorer, tmp_path / "r.html"))
    page = (tmp_path / "r.html").read_text()
    assert f'<td>Distortion</td><td class="number">{elbo.values[2].text}</td>' in page


def test_what_was_measured_is_shown_even_if_the_run_is_gone(run, tmp_path):
    answer = Answerer()
    answer(Open(run))
    pieces = answer(MeasureMetrics(("elbo",), {"elbo": {"draws": 2}}, count=20))
    run.rename(tmp_path / "away")
    found = finish(pieces)
    assert not found.saved
    assert found.outcomes[0].values
    assert not run.exists()


def test_held_out_images_are_those_of_the_run(run):
    explorer = Explorer()
    explorer.open(run)
    source = source_of(explorer)
    whole = explorer.run_images
    assert source.split == "validation"
    assert len(source.images) == (whole.parts == "validation").sum()
    assert len(source.training) == (whole.parts == "train").sum()
    with pytest.raises(DataError, match="no test images"):
        source_of(explorer, split="test")


def test_images_of_the_user_are_measured_and_not_kept(run):
    model = load(run)
    images = np.random.default_rng(0).random((12, 28, 28))
    found = model.metrics(["pixel-error", "linear-probe"], images)
    assert found["pixel-error"].on.text == "12 images (given images)"
    assert "classes" in found["linear-probe"].reason
    named = model.metrics(["linear-probe"], images, [str(i % 2) for i in range(12)])
    assert 0 <= named["linear-probe"].value <= 1
    assert not (run / FILE).exists()
    with pytest.raises(LatentlabError, match="no class 'nine'"):
        model.metrics(["elbo"], images, ["nine"] * 12)


def test_a_shipped_model_is_measured_and_nothing_is_written():
    found = load("digits-cvae").metrics(["elbo", "fid"], count=25)
    assert found["elbo"].on.split == "part unknown"
    assert found["fid"].on.samples == 25
    folder = load("digits-cvae").folder
    assert not (folder / FILE).exists()


def test_the_command_line(run, monkeypatch, capsys, tmp_path):
    def latentlab(*words):
        monkeypatch.setattr(sys, "argv", ["latentlab", "metrics", *map(str, words)])
        capsys.readouterr()
        status = __main__.main()
        return status, *capsys.readouterr()

    status, out, _ = latentlab("--list", "--json")
    assert status == 0
    assert {each["kind"] for each in json.loads(out)} == set(METRICS.kinds())
    few = ("--metric", "log-likelihood", "--metric", "mig", "--images", 10, "--k", 3)
    status, out, _ = latentlab(run, *few, "--json", "--csv", tmp_path / "m.csv")
    assert status == 0
    measured, refused = json.loads(out)
    assert measured["on"]["k"] == 3
    assert "factors" in refused["reason"]
    assert read_measurements(run)[0].value == measured["values"][0]["value"]
    assert (tmp_path / "m.csv").read_text().startswith("group,metric,name,value,standard_error")
    status, out, _ = latentlab(run, "--metric", "elbo", "--images", 5, "--set", "elbo.draws=2")
    assert "Negative ELBO" in out
    assert "5 images (validation), k = 2" in out
    for words in ((), (run, "--metric", "nosuch"), (run, "--set", "elbo=2"), (run, "--split", "x")):
        status, _, error = latentlab(*words)
        assert status == 2, words
        assert error.startswith("latentlab: ")
