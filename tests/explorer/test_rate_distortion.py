"""Rate and distortion of several runs: API, command line, and the metrics of a comparison."""

import csv
import json
import shutil
import sys

import pytest

import latentlab
from latentlab import __main__
from latentlab.api.rate_distortion import lines_of, plain, write
from latentlab.explorer.answer import Answerer
from latentlab.learning.checkpoint import DESCRIPTION_FILE
from latentlab.runs.library import rename
from latentlab.runs.measurements import FILE, read_measurements
from latentlab.runs.run_data import FILE as DATA_FILE
from latentlab.runs.run_data import read_run_data
from latentlab.session.comparison import (
    COMPARED_METRICS,
    CompareMetrics,
    OpenModelB,
)
from latentlab.session.model import Open
from latentlab.session.scores.rate_distortion import MeasureRateDistortion, SaveRateDistortion
from latentlab.work import finish


@pytest.fixture
def runs(vae_run, cvae_run, tmp_path):
    """Copies of two runs, to which measurements are added."""
    return [
        shutil.copytree(each, tmp_path / name)
        for each, name in ((vae_run, "two"), (cvae_run, "three"))
    ]


def test_measures_both_and_pca_and_keeps_the_numbers(runs, tmp_path):
    found = latentlab.rate_distortion(runs, images=40, draws=2)
    assert [point.latent_dim for point in found.baseline] == [2, 3]
    assert {point.name for point in found.points} == {"two", "three"}
    assert found.on == "40 images (validation), k = 2, seed 0"
    assert not found.problems
    assert any(note.startswith("PCA: probabilistic PCA") for note in found.notes)
    elbo = latentlab.load(runs[0]).metrics(
        ["elbo"], settings={"elbo": {"draws": 2}}, count=40, split="validation"
    )["elbo"]
    (two,) = (each for each in found.points if each.name == "two")
    assert two.rate.value == pytest.approx(elbo.named("Rate").value)
    assert two.distortion.value == pytest.approx(elbo.named("Distortion").value)
    # A second plot reads what is known: a changed file shows that it was read.
    text = (runs[0] / FILE).read_text().replace(str(two.rate.value), "12.5")
    (runs[0] / FILE).write_text(text)
    again = latentlab.rate_distortion(runs[:1], images=40, draws=2)
    assert again.points[0].rate.value == 12.5
    assert len(read_measurements(runs[0])) == 1
    assert len(list(lines_of(found))) >= 5
    assert len(plain(found)["points"]) == 2


def test_the_runs_of_a_sweep_are_named_after_what_differs(vae_run, tmp_path):
    """Not all after their common default name, in the plot and in the table."""
    runs = [shutil.copytree(vae_run, tmp_path / f"20260101-12000{i}-vae-digits") for i in range(3)]
    for beta, run in zip((1.0, 4.0), runs, strict=False):
        description = run / DESCRIPTION_FILE
        values = json.loads(description.read_text("utf-8"))
        values["recipe"]["objective"]["beta"] = beta
        description.write_text(json.dumps(values), "utf-8")
    rename(runs[2], "mine")
    found = latentlab.rate_distortion(runs, images=20, draws=1)
    assert sorted(point.name for point in found.points) == ["beta 1", "beta 4", "mine"]
    write(tmp_path / "points.csv", found)
    with (tmp_path / "points.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["folder"]: row["run"] for row in csv.DictReader(file)}
    assert rows[runs[1].name] == "beta 4"
    assert rows[""].startswith("PCA")


def test_says_which_run_is_missing_and_why(runs, tmp_path):
    found = finish(
        Answerer()(MeasureRateDistortion((tmp_path / "nowhere", runs[0]), images=20, draws=1))
    )
    assert len(found.points) == 1
    (problem,) = found.problems
    assert problem.startswith("nowhere: ")


def test_the_command_writes_a_plot_and_a_table(runs, tmp_path, monkeypatch, capsys):
    names = [str(each) for each in runs]
    for ending in ("svg", "csv"):
        out = tmp_path / f"plot.{ending}"
        arguments = ["rate-distortion", *names, "--images", "20", "--out", str(out)]
        monkeypatch.setattr(sys, "argv", ["latentlab", *arguments])
        assert __main__.main() in (None, 0)
    assert "PCA" in capsys.readouterr().out
    assert "Distortion" in (tmp_path / "plot.svg").read_text()
    rows = list(csv.DictReader((tmp_path / "plot.csv").read_text().splitlines()))
    assert len(rows) == 4
    assert float(rows[0]["negative_elbo"]) == pytest.approx(
        float(rows[0]["rate"]) + float(rows[0]["distortion"])
    )


def test_the_window_saves_a_table(runs, tmp_path):
    answer = Answerer()
    found = finish(answer(MeasureRateDistortion(tuple(runs), images=20, draws=1)))
    answer(SaveRateDistortion(found, tmp_path / "points.npz"))
    write(tmp_path / "points.pdf", found)
    assert (tmp_path / "points.npz").stat().st_size > 100
    assert (tmp_path / "points.pdf").read_bytes().startswith(b"%PDF")


def test_metrics_of_both_models_are_paired(runs):
    answer = Answerer()
    answer(Open(runs[0]))
    answer(OpenModelB(shutil.copytree(runs[0], runs[0].parent / "twin")))
    assert finish(answer(CompareMetrics())).metrics.pairs == ()
    found = finish(answer(CompareMetrics(measure=True, images=60))).metrics
    assert {a.metric for a, _ in found.pairs} == {*COMPARED_METRICS}
    for a, b in found.pairs:
        assert a.on == b.on
        assert a.value == pytest.approx(b.value)
    assert not found.reasons


def test_kept_numbers_of_other_images_are_not_paired(runs):
    twin = shutil.copytree(runs[0], runs[0].parent / "twin")
    for each in (runs[0], twin):
        latentlab.load(each).metrics(["pixel-error"], count=60)

    def compared():
        answer = Answerer()
        answer(Open(runs[0]))
        answer(OpenModelB(twin))
        return finish(answer(CompareMetrics())).metrics

    found = compared()
    assert [a.metric for a, _ in found.pairs] == ["pixel-error"]
    assert not found.note
    stored = read_run_data(twin)
    other = stored.model_copy(
        update={"images": stored.images.model_copy(update={"brightness": {"0": 1.0}})}
    )
    (twin / DATA_FILE).write_text(other.model_dump_json(), "utf-8")
    found = compared()
    assert found.pairs == ()
    assert "other images" in found.note
