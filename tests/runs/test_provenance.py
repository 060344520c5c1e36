"""What a run was made with, and the writers that copy its losses."""

import platform
from contextlib import closing

import pytest
import torch

from latentlab import __version__
from latentlab.errors import RecipeError, RunError
from latentlab.learning.events import EpochEnd, FinalTest, Started
from latentlab.learning.recipe import make_recipe
from latentlab.runs.library import read_entry
from latentlab.runs.provenance import FILE, read_provenance
from latentlab.runs.recorder import record, resume
from latentlab.runs.writers import mlflow, tensorboard
from latentlab.runs.writers.writer import writer_names


def recipe_with(**training):
    return make_recipe(
        {
            "model": {"kind": "vae", "hidden": [4]},
            "training": {"epochs": 2, "batch_size": 2000, "device": "cpu", **training},
        }
    )


def test_each_session_of_a_run_is_recorded(tmp_path):
    run = tmp_path / "run"
    with closing(record(recipe_with(), run)) as events:
        next(event for event in events if isinstance(event, EpochEnd))
    (first,) = read_provenance(run).sessions
    assert (first.latentlab, first.torch, first.python) == (
        __version__,
        torch.__version__,
        platform.python_version(),
    )
    assert (first.device, first.outcome, len(first.data)) == ("CPU", "stopped", 16)
    assert first.images == "4,000 training images, 1,000 held out"
    assert first.began <= first.ended
    list(resume(run))
    _, second = read_provenance(run).sessions
    assert (second.outcome, second.data) == ("finished", first.data)
    entry, _ = read_entry(run)
    assert f"torch {torch.__version__}" in entry.provenance
    assert "resumed" in entry.provenance
    (run / FILE).write_text("{")
    assert read_entry(run)[0].provenance == ""


def test_tensorboard_reads_what_its_writer_wrote(tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    run = tmp_path / "run"
    events = list(record(recipe_with(writers=["tensorboard"]), run))
    ends = [event for event in events if isinstance(event, EpochEnd)]
    assert not any(isinstance(event, FinalTest) for event in events)
    found = EventAccumulator(str(run / tensorboard.FOLDER)).Reload()
    scalars = found.Scalars("loss/validation")
    assert [each.step for each in scalars] == [1, 2]
    expected = [end.validation["loss"] for end in ends]
    assert [each.value for each in scalars] == pytest.approx(expected, rel=1e-6)
    assert {"kl/train", "reconstruction/validation"} <= {*found.Tags()["scalars"]}


# MLflow uses what its database library has deprecated.
@pytest.mark.filterwarnings("ignore")
def test_mlflow_reads_what_its_writer_wrote_before_and_after_resuming(tmp_path, monkeypatch):
    client = pytest.importorskip("mlflow", reason="MLflow is an extra of its own").MlflowClient
    monkeypatch.delenv(mlflow.TRACKING_URI, raising=False)
    run = tmp_path / "run"
    with closing(record(recipe_with(writers=["mlflow"]), run)) as events:
        ends = [next(event for event in events if isinstance(event, EpochEnd))]
    ends += [event for event in resume(run) if isinstance(event, EpochEnd)]
    found = client(f"sqlite:///{run / mlflow.FOLDER / mlflow.DATABASE}")
    experiment = found.get_experiment_by_name(mlflow.EXPERIMENT)
    (written,) = found.search_runs([experiment.experiment_id])
    assert (written.info.run_name, written.info.status) == ("run", "FINISHED")
    history = found.get_metric_history(written.info.run_id, "loss/validation")
    assert [each.step for each in history] == [1, 2]
    expected = [end.validation["loss"] for end in ends]
    assert [each.value for each in history] == pytest.approx(expected, rel=1e-6)


@pytest.mark.filterwarnings("ignore")
def test_mlflow_that_cannot_be_reached_is_told(tmp_path, monkeypatch):
    pytest.importorskip("mlflow", reason="MLflow is an extra of its own")
    (tmp_path / "file").touch()
    monkeypatch.setenv(mlflow.TRACKING_URI, f"sqlite:///{tmp_path}/file/all.db")
    with pytest.raises(RunError, match="MLflow cannot write"):
        list(record(recipe_with(writers=["mlflow"]), tmp_path / "run"))


def test_unknown_or_missing_writer_is_refused_before_anything_is_written(tmp_path, monkeypatch):
    assert "tensorboard" in writer_names()
    with pytest.raises(RecipeError, match="no writer 'nobody'"):
        list(record(recipe_with(writers=["nobody"]), tmp_path / "run"))
    monkeypatch.setattr(tensorboard.RunWriter, "package", "no_such_package")
    with pytest.raises(RunError, match="not installed") as error:
        list(record(recipe_with(writers=["tensorboard"]), tmp_path / "run"))
    assert 'pip install "latentlab[tensorboard]"' in error.value.advice
    assert not (tmp_path / "run").exists()


def test_a_run_stopped_before_its_first_save_leaves_no_files_of_writers(tmp_path):
    pytest.importorskip("tensorboard")
    run = tmp_path / "run"
    events = record(recipe_with(writers=["tensorboard"]), run)
    next(event for event in events if isinstance(event, Started))
    events.close()
    assert not run.exists()


def test_a_missing_writer_is_told_before_a_run_is_resumed(tmp_path, monkeypatch):
    pytest.importorskip("tensorboard")
    run = tmp_path / "run"
    list(record(recipe_with(writers=["tensorboard"]), run))
    monkeypatch.setattr(tensorboard.RunWriter, "package", "no_such_package")
    with pytest.raises(RunError, match="not installed"):
        next(resume(run, epochs=9))
