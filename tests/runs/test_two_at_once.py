"""Two processes on one folder, and a folder that is taken away: told, and nothing is lost."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from training_support import recipe_of, same

from latentlab.errors import RunError
from latentlab.learning.checkpoint import load_model
from latentlab.learning.events import EpochEnd
from latentlab.runs.library import trash
from latentlab.runs.recorder import record, resume
from latentlab.runs.run_lock import LOCK, is_in_training, training_in


def finish(events):
    for _ in events:
        pass


def until_saved(events, folder):
    """Advance a run until its first save, and one epoch more."""
    for event in events:
        if isinstance(event, EpochEnd) and (folder / "checkpoint.json").exists():
            return


@pytest.fixture(autouse=True)
def saved_often(monkeypatch):
    monkeypatch.setattr("latentlab.learning.monitor.SAVE_INTERVAL_S", 0.0)


def test_a_folder_in_training_is_refused_and_the_run_is_as_if_alone(tmp_path):
    folder, alone = tmp_path / "run", tmp_path / "alone"
    events = record(recipe_of(epochs=3), folder)
    next(events)
    with pytest.raises(RunError, match="in training in another") as caught:
        finish(record(recipe_of(epochs=1), folder))
    assert caught.value.advice
    until_saved(events, folder)
    with pytest.raises(RunError, match="in training in another"):
        finish(resume(folder))
    with pytest.raises(RunError, match="is in training"):
        trash(folder)
    finish(events)
    finish(record(recipe_of(epochs=3), alone))
    one, other = (load_model(each)[0].state_dict() for each in (folder, alone))
    assert all((one[name] == other[name]).all() for name in one)
    assert not (folder / LOCK).exists()
    assert not is_in_training(folder)


def test_another_process_holds_the_lock_until_it_is_killed(tmp_path):
    code = (
        "import sys, time; from pathlib import Path\n"
        "from latentlab.runs.run_lock import training_in\n"
        "with training_in(Path(sys.argv[1])): print('locked', flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    root = str(Path(__file__).parents[2])
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=root) as process:
        assert process.stdout.readline().strip() == b"locked"
        assert is_in_training(tmp_path)
        process.kill()
        process.wait()
    assert not is_in_training(tmp_path)
    with training_in(tmp_path):
        pass


@pytest.mark.parametrize("is_moved", [True, False], ids=["moved", "deleted"])
def test_a_folder_that_is_taken_away_ends_the_run_and_is_not_made_again(tmp_path, is_moved):
    folder, away = tmp_path / "run", tmp_path / "away"
    events = record(recipe_of(epochs=9), folder)
    until_saved(events, folder)
    if is_moved:
        folder.rename(away)
    else:
        shutil.rmtree(folder)
    with pytest.raises(RunError, match="was moved or deleted"):
        finish(events)
    assert not folder.exists()
    if is_moved:
        finish(resume(away))
        finish(record(recipe_of(epochs=9), folder))
        one, other = (
            {name: value.numpy() for name, value in load_model(each)[0].state_dict().items()}
            for each in (folder, away)
        )
        assert same(one, other)
