"""Several runs at once: each as if it trained alone."""

from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import torch
from training_support import recipe_of, same

from latentlab.learning.checkpoint import load_model
from latentlab.learning.events import Started, Step
from latentlab.learning.fast.precision import kept_precision
from latentlab.learning.training_state import read_training_state
from latentlab.runs import batch_training, side_by_side
from latentlab.runs.recorder import record, resume
from latentlab.runs.side_by_side import Cores, Ended, SideBySide, divide_cores
from latentlab.session import cores
from latentlab.session.curves.curves import last_losses
from latentlab.session.runs import TrainingJob
from latentlab.work import finish

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def home(own_place):
    """Keep runs in a folder of the test's own: the processes have the environment of this one."""


@pytest.fixture(autouse=True)
def one_thread():
    """Compute here with as many threads as there: another number may round otherwise."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def jobs_of(folder, *recipes):
    places = (folder / str(i) for i in range(len(recipes)))
    return [
        TrainingJob(recipe.to_dict(), into=place, threads=1)
        for recipe, place in zip(recipes, places, strict=True)
    ]


def trained(folder, *recipes, at_once=2):
    runs = SideBySide(jobs_of(folder, *recipes), at_once)
    return list(runs.events()), runs.ended


def weights_of(folder):
    return read_training_state(folder).arrays


def test_runs_are_equal_to_those_that_train_alone(tmp_path):
    recipes = [
        recipe_of(epochs=2, objective={"beta": 4.0}),
        recipe_of(epochs=2, objective={"beta": 1.0, "free_bits": 0.5}),
        recipe_of(epochs=2, seed=7, learning_rate=0.01),
        recipe_of("cvae", epochs=2, hidden=(8, 4)),  # of other shapes
    ]
    events, ended = trained(tmp_path / "beside", *recipes)
    assert [ended[i].outcome for i in range(4)] == ["finished"] * 4
    assert sum(isinstance(event, Ended) for _, event in events) == 4
    for i, recipe in enumerate(recipes):
        alone = tmp_path / f"alone-{i}"
        list(record(recipe, alone))
        beside = ended[i].folder
        assert beside == tmp_path / "beside" / str(i)
        assert same(weights_of(alone), weights_of(beside))
        assert last_losses(alone) == last_losses(beside)
        assert {file.name for file in alone.iterdir()} == {file.name for file in beside.iterdir()}


@pytest.mark.parametrize("at_once", [1, 2])
def test_runs_on_the_same_images_compute_in_the_precision_of_the_first(tmp_path, at_once):
    """Alone, such a short run computes in fp32."""
    first = recipe_of(precision="bf16")
    recipes = (first, recipe_of(precision="auto"), recipe_of(precision="fp32", seed=1))
    _, ended = trained(tmp_path, *recipes, at_once=at_once)
    precisions = [read_training_state(ended[i].folder).precision for i in range(3)]
    assert precisions == ["bf16", kept_precision(recipes[1], "bf16", CPU), "fp32"]


def test_runs_one_after_another_do_so_too(tmp_path, monkeypatch):
    monkeypatch.setattr(batch_training, "divide_cores", lambda _: Cores(1, 1, "one is told to"))
    files = []
    for precision in ("bf16", "auto"):
        files.append(tmp_path / f"{precision}.toml")
        files[-1].write_text(recipe_of(precision=precision).to_toml())
    assert finish(batch_training.train_all(tuple(files), tmp_path / "runs", (), ()))
    second = read_training_state(tmp_path / "runs" / "auto").precision
    assert second == kept_precision(recipe_of(precision="auto"), "bf16", CPU)


def test_a_stopped_run_goes_on_as_a_single_run(tmp_path):
    endless = recipe_of(epochs=100_000)
    runs = SideBySide(jobs_of(tmp_path, endless, endless), 2)
    with closing(runs.events()) as events:
        next(event for index, event in events if index == 0 and isinstance(event, Step))
    assert runs.ended[0].outcome == "stopped"
    epochs = load_model(tmp_path / "0")[1].epoch + 2
    list(resume(tmp_path / "0", epochs))
    list(record(recipe_of(epochs=epochs), tmp_path / "alone"))
    assert same(weights_of(tmp_path / "alone"), weights_of(tmp_path / "0"))


def test_closing_stops_and_keeps_all_and_starts_no_more(tmp_path):
    endless = recipe_of(epochs=100_000)
    runs = SideBySide(jobs_of(tmp_path, endless, endless, endless), 2)
    with closing(runs.events()) as events:
        begun = set()
        while len(begun) < 2:
            index, event = next(events)
            begun |= {index} if isinstance(event, Step) else set()
    assert [runs.ended[i].outcome for i in range(3)] == ["stopped"] * 3
    assert all(load_model(tmp_path / str(i))[1].step > 0 for i in begun)
    assert runs.ended[2] == Ended("stopped")
    assert not (tmp_path / "2").exists()


def test_a_run_that_fails_leaves_the_others_alone(tmp_path):
    wild = recipe_of(
        model={"likelihood": "gaussian"}, optimizer={"kind": "sgd"}, learning_rate=1.0, epochs=3
    )
    _, ended = trained(tmp_path, wild, recipe_of(epochs=2), recipe_of(seed=1))
    assert ended[0].outcome == "failed"
    assert "no longer a finite number" in ended[0].failure.title
    assert [ended[i].outcome for i in (1, 2)] == ["finished"] * 2


def test_what_keeps_one_from_its_first_step_keeps_the_others_too(tmp_path):
    without = recipe_of(data={"kind": "folder", "root": str(tmp_path / "none")})
    _, ended = trained(tmp_path, without, recipe_of(epochs=100_000), recipe_of())
    assert ended[0].folder is None
    assert "none" in ended[0].failure.title
    assert {ended[i].outcome for i in (1, 2)} == {"stopped"}


def test_paths_are_relative_to_where_the_program_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    images = np.random.default_rng(0).integers(0, 255, (40, 8, 8), np.uint8)
    np.savez("own.npz", images=images)
    recipe = recipe_of(data={"kind": "arrays", "images": "own.npz"})
    events, ended = trained(Path("runs"), recipe, recipe)
    assert [ended[i].outcome for i in (0, 1)] == ["finished"] * 2
    assert (tmp_path / "runs" / "1" / "recipe.toml").exists()
    assert all(event.device == "CPU" for _, event in events if isinstance(event, Started))


@pytest.mark.parametrize(
    ("threads", "runs", "expected"), [(2, 8, (2, 1)), (8, 3, (3, 2)), (4, 4, (4, 1))]
)
def test_cores_are_divided(monkeypatch, threads, runs, expected):
    monkeypatch.setattr(cores, "MEMORY_PER_RUN", 1)
    torch.set_num_threads(threads)
    divided = divide_cores([recipe_of()] * runs)
    assert (divided.runs, divided.threads, divided.reason) == (*expected, "")


def test_why_runs_train_one_after_another_is_said(monkeypatch):
    recipes = [recipe_of()] * 3
    assert divide_cores(recipes).reason == "there is one core for them"
    torch.set_num_threads(2)
    monkeypatch.setattr(cores, "MEMORY_PER_RUN", 1 << 50)
    assert divide_cores(recipes).reason == "memory is short"
    monkeypatch.setattr(side_by_side, "pick_device", lambda name: torch.device("meta"))
    assert divide_cores(recipes).reason == "they share a GPU, and their steps are not the same"
    for name, value in {"RANK": 1, "WORLD_SIZE": 2, "MASTER_PORT": 1, "MASTER_ADDR": "x"}.items():
        monkeypatch.setenv(name, str(value))
    assert divide_cores(recipes) == side_by_side.Cores(
        1, 2, "all processes train each run together"
    )


def test_ctrl_c_before_the_first_run_began_is_a_stop(tmp_path, monkeypatch):
    recipe = tmp_path / "tiny.toml"
    recipe.write_text(recipe_of().to_toml())
    monkeypatch.setattr(batch_training, "divide_cores", lambda recipes: Cores(2, 1))
    monkeypatch.setattr(batch_training, "show_several", lambda events, names: events.close())
    training = batch_training.train_all((recipe,), tmp_path, (), ("objective.beta=1,2",))
    assert next(training) == "2 runs, 2 at a time with 1 thread each"
    with pytest.raises(StopIteration) as ended:
        next(training)
    assert ended.value.value is False
