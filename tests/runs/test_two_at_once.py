"""Two processes on one folder, and one that is taken away: told, and nothing is lost."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from training_support import recipe_of, same

from latentlab.errors import DataError, RunError
from latentlab.learning.checkpoint import load_model
from latentlab.learning.events import EpochEnd
from latentlab.runs.library import discard, rename, trash
from latentlab.runs.measurements import add_measurements
from latentlab.runs.notes import write_notes
from latentlab.runs.recorder import record, resume
from latentlab.runs.run_lock import LOCK, is_in_training, training_in
from latentlab.session.library.notes import Notes


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


@pytest.fixture
def disk(tmp_path):
    """A folder that is a disk of its own, and a function that takes it away while it is in use."""
    place = tmp_path / "disk"
    place.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64m", "latentlab-test", place],
        capture_output=True,
        check=False,
    )
    if done.returncode:
        pytest.skip("only root can mount a disk here")
    unmount = ["umount", "-l", place]
    yield place, lambda: subprocess.run(unmount, check=True)
    subprocess.run(unmount, capture_output=True, check=False)


@pytest.mark.skipif(not shutil.which("mount"), reason="disks are mounted otherwise here")
def test_a_disk_that_is_taken_away_ends_the_run_and_leaves_nothing_in_its_place(disk):
    place, take_away = disk
    events = record(recipe_of(epochs=9), place / "runs" / "run")
    until_saved(events, place / "runs" / "run")
    take_away()
    with pytest.raises(RunError, match="its disk is gone") as caught:
        finish(events)
    assert "resume the run" in caught.value.advice
    assert not list(place.iterdir())


@pytest.mark.skipif(not shutil.which("mount"), reason="disks are mounted otherwise here")
@pytest.mark.parametrize("resident_mb", [4096, 1])
def test_a_run_goes_on_without_the_disk_of_its_images_and_is_resumed_with_it(
    disk, tmp_path, resident_mb
):
    place, take_away = disk
    pixels = np.random.default_rng(0).integers(0, 256, (2000, 28, 28), np.uint8)
    np.save(tmp_path / "images.npy", pixels)
    shutil.copy(tmp_path / "images.npy", place / "images.npy")
    data = {"kind": "arrays", "images": str(place / "images.npy")}
    recipe, folder = recipe_of(epochs=2, data=data, resident_mb=resident_mb), tmp_path / "run"
    events = record(recipe, folder)
    until_saved(events, folder)
    take_away()
    finish(events)
    with pytest.raises(DataError, match="not on this machine"):
        finish(resume(folder, 3))
    shutil.copy(tmp_path / "images.npy", place / "images.npy")
    finish(resume(folder, 3))
    assert load_model(folder)[1].epoch == 3


@pytest.mark.parametrize(
    "write",
    [
        lambda folder: rename(folder, "best"),
        lambda folder: write_notes(folder, Notes("sharp", ())),
        lambda folder: add_measurements(folder, []),
        discard,
    ],
    ids=["name", "notes", "measurements", "discard"],
)
def test_nothing_is_written_into_a_run_that_is_gone(tmp_path, write):
    with pytest.raises(RunError) as caught:
        write(tmp_path / "run")
    assert "moved or deleted" in str(caught.value) or "No such file" in str(caught.value)
    assert "still" not in caught.value.advice
    assert not (tmp_path / "run").exists()
