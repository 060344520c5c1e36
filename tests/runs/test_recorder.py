"""Training that leaves a run folder behind, and that goes on from one."""

import json
import shutil
from contextlib import closing
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
import torch
from PIL import Image
from training_support import STEPS, finite, lines_of, recipe_of, same

from latentlab.atomic_write import write_atomically
from latentlab.directories import runs
from latentlab.errors import DataError, RecipeError, RunError, TrainingError
from latentlab.learning.checkpoint import (
    DESCRIPTION_FILE,
    WEIGHTS_FILE,
    load_model,
    read_checkpoint,
)
from latentlab.learning.events import (
    Change,
    EpochEnd,
    EpochPreview,
    Progress,
    Snapshot,
    Started,
    Step,
)
from latentlab.learning.recipe import read_recipe
from latentlab.learning.steering import Controls
from latentlab.learning.training_state import read_training_state
from latentlab.runs.library import PREVIEW, RECIPE, library
from latentlab.runs.portraits import FOLDER, preview_epochs, read_epoch_preview
from latentlab.runs.provenance import FILE as PROVENANCE
from latentlab.runs.recorder import record, resume
from latentlab.runs.run_data import FILE as DATA
from latentlab.runs.run_log import CHANGES, read_changes, read_run_log
from latentlab.session.curves.curves import FILE as STEPS_FILE
from latentlab.session.curves.curves import (
    MAX_STEP_POINTS,
    METRICS,
    StepLog,
    read_curves,
    read_steps,
)
from latentlab.session.curves.latent_curves import FILE as LATENTS
from latentlab.session.curves.latent_curves import read_latent_lines
from latentlab.session.runs import RunLog

KEYS = ["epoch", "split", "loss", "reconstruction", "kl", "seconds"]
FILES = {
    PROVENANCE,
    DATA,
    RECIPE,
    METRICS,
    LATENTS,
    WEIGHTS_FILE,
    DESCRIPTION_FILE,
    PREVIEW,
    "best.safetensors",
    "best.json",
    "resume.safetensors",
    FOLDER,
    STEPS_FILE,
}


def finish(events):
    return list(events)


def of(kind, events):
    return [event for event in events if isinstance(event, kind)]


def stop_at(events, step, wishes=(), controls=None):
    """Stop after a step; ask for changes after others on the way."""
    with closing(events):
        for event in events:
            if isinstance(event, Step):
                for key, value in dict(wishes).get(event.step, ()):
                    controls.steer(key, value)
                if event.step == step:
                    return


def raw_lines_of(folder):
    return [json.loads(line) for line in (folder / METRICS).read_text("utf-8").splitlines()]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Return the folder and the events of a run of two epochs, for tests that only read them."""
    folder, before = tmp_path_factory.mktemp("runs") / "deep" / "run", torch.get_rng_state()
    events = finish(record(recipe_of(epochs=2), folder, Controls(1000.0)))
    assert torch.equal(torch.get_rng_state(), before), "the global generator was used"
    return folder, events


def test_a_run_leaves_these_files_and_no_other(finished):
    assert {path.name for path in finished[0].iterdir()} == FILES


def test_losses_within_epochs_are_kept_through_stop_resume_and_reopening(tmp_path, monkeypatch):
    """What was measured after the last saving is measured again, and not twice."""
    monkeypatch.setattr("latentlab.learning.monitor.REPORT_INTERVAL_S", 0.0)
    whole = tmp_path / "whole"
    finish(record(recipe_of(epochs=4), whole))
    stop_at(record(recipe_of(epochs=4), tmp_path / "run"), 2 * STEPS + 3)
    stopped = read_curves(tmp_path / "run")["running", "loss"][0]
    assert stopped[-1] == pytest.approx((2 * STEPS + 3) / STEPS, abs=2 / STEPS)
    with (tmp_path / "run" / STEPS_FILE).open("a") as file:
        file.write('{"epoch": 3.9, "loss": 1}\nnonsense\n[]\n{"epoch": "x"}\n')
    events = finish(resume(tmp_path / "run"))
    (past,) = of(RunLog, events)
    assert past.curves["running", "loss"][0].tolist() == stopped.tolist()
    epochs, losses = read_curves(tmp_path / "run")["running", "loss"]
    assert (np.diff(epochs) > 0).all()
    expected = read_curves(whole)["running", "loss"]
    assert len(epochs) == pytest.approx(len(expected[0]), abs=4)
    assert epochs[-1] > 3.8
    assert np.isfinite(losses).all()
    assert "running" not in read_checkpoint(tmp_path / "run").metrics


def test_losses_within_epochs_take_little_room(tmp_path):
    """However long a run is, from its beginning to its end."""
    log = StepLog(tmp_path)
    for step in range(20_000):
        log.add(step / 100, {"loss": 100.0 + step / 7})
    log.write()
    points = [(step.epoch, step.losses) for step in read_steps(tmp_path).records]
    assert MAX_STEP_POINTS / 2 <= len(points) <= MAX_STEP_POINTS
    assert points[0][0] == 0
    assert points[-1][0] == pytest.approx(200, abs=0.5)
    assert points[-1][1]["loss"] == pytest.approx(100 + points[-1][0] * 100 / 7, rel=1e-4)
    gaps = np.diff([epochs for epochs, _ in points])
    assert gaps.max() <= 2.1 * np.median(gaps)
    assert (tmp_path / STEPS_FILE).stat().st_size < 200_000


def test_the_events_are_those_of_fit_and_started_names_the_folder(finished):
    folder, events = finished
    kinds = [type(event) for event in events]
    assert kinds[:2] == [Progress, Started]
    assert [kinds.count(kind) for kind in (Step, EpochEnd, Snapshot)] == [28, 2, 3]
    assert events[1].folder == folder


def test_metrics_have_one_line_for_each_epoch_and_split(finished):
    folder, events = finished
    lines = raw_lines_of(folder)
    assert [list(line) for line in lines] == [KEYS] * 4
    places = [(line["epoch"], line["split"]) for line in lines]
    assert places == [(1, "train"), (1, "validation"), (2, "train"), (2, "validation")]
    ends = of(EpochEnd, events)
    for line, end, split in zip(
        lines, [end for end in ends for _ in "tv"], ["train", "validation"] * 2, strict=True
    ):
        losses = getattr(end, split)
        assert {name: line[name] for name in losses} == losses
        assert line["loss"] == pytest.approx(line["reconstruction"] + line["kl"])
    assert lines[2]["seconds"] == pytest.approx(ends[1].seconds, abs=1e-4)
    assert lines[3]["seconds"] == pytest.approx(ends[1].validation_seconds, abs=1e-4)


def test_the_checkpoint_holds_the_last_weights_and_losses(finished):
    folder, events = finished
    model, checkpoint = load_model(folder)
    assert (checkpoint.epoch, checkpoint.step) == (2, 28)
    assert checkpoint.recipe == recipe_of(epochs=2) == read_recipe(folder / RECIPE)
    last = of(EpochEnd, events)[-1]
    assert checkpoint.metrics == {"train": last.train, "validation": last.validation}
    for name, value in events[-1].weights.items():
        assert np.array_equal(model.state_dict()[name].numpy(), value)


def test_the_preview_is_sixteen_samples(finished):
    with Image.open(finished[0] / PREVIEW) as picture:
        assert (picture.size, picture.mode) == ((4 * 28, 4 * 28), "L")
        assert json.loads(picture.text["latentlab"]) == {"samples": 16, "seed": 0}
        pixels = np.asarray(picture)
    assert np.ptp(pixels) > 20
    assert not np.array_equal(pixels[:28, :28], pixels[:28, 28:56])


def test_the_same_recipe_leaves_the_same_run(finished, tmp_path):
    finish(record(recipe_of(epochs=2), tmp_path))
    assert (tmp_path / WEIGHTS_FILE).read_bytes() == (finished[0] / WEIGHTS_FILE).read_bytes()


def test_a_folder_that_holds_a_run_is_refused_and_left_as_it_is(finished):
    folder = finished[0]
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with pytest.raises(RunError, match="already holds a run") as caught:
        finish(record(recipe_of(seed=1, epochs=2), folder))
    assert str(folder) in str(caught.value)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_a_folder_that_cannot_be_written_is_named_before_anything_is_loaded(tmp_path):
    (tmp_path / "file").write_text("mine", "utf-8")
    events = record(recipe_of(epochs=2), tmp_path / "file" / "run")
    with pytest.raises(RunError, match="cannot be written") as caught:
        next(events)
    assert str(tmp_path / "file" / "run") in str(caught.value)
    assert (tmp_path / "file").read_text("utf-8") == "mine"


def test_metrics_that_cannot_be_written_end_the_run_with_its_weights_kept(tmp_path):
    events = record(recipe_of(epochs=2), tmp_path)
    assert any(isinstance(event, Started) for event in events)
    (tmp_path / METRICS).mkdir()
    with pytest.raises(RunError, match="cannot be written"):
        finish(events)
    assert load_model(tmp_path)[1].epoch == 1


def test_a_run_that_is_stopped_before_it_learned_anything_leaves_nothing(tmp_path):
    """As where somebody cancels while its images are still being loaded."""
    events = record(recipe_of(epochs=2), tmp_path / "run")
    for event in events:
        if isinstance(event, Started):
            break
    events.close()
    assert not (tmp_path / "run").exists()


def test_stopping_in_the_first_epoch_keeps_a_model(tmp_path):
    stop_at(record(recipe_of(epochs=2), tmp_path), 3)
    checkpoint = load_model(tmp_path)[1]
    assert (checkpoint.epoch, checkpoint.step, checkpoint.metrics) == (0, 3, {})
    assert (tmp_path / PREVIEW).exists()
    assert {split for split, _ in read_curves(tmp_path)} <= {"running"}


def test_stopping_later_keeps_the_last_step_and_the_last_losses(tmp_path):
    stop_at(record(recipe_of(epochs=9), tmp_path), 17)
    checkpoint = load_model(tmp_path)[1]
    assert (checkpoint.epoch, checkpoint.step) == (1, 17)
    assert checkpoint.metrics["train"]["loss"] == raw_lines_of(tmp_path)[0]["loss"]
    assert len(raw_lines_of(tmp_path)) == 2


def test_a_run_that_finds_no_data_leaves_nothing_in_the_way(own_place, tmp_path):
    folder = runs() / "20260102-030405-vae-mnist"
    lost = recipe_of(data={"kind": "mnist", "root": str(tmp_path / "nowhere")})
    with pytest.raises(DataError):
        finish(record(lost, folder))
    assert all(entry.shipped for entry in library())
    finish(record(recipe_of(epochs=2), folder))
    assert [entry.path for entry in library() if not entry.shipped] == [folder]
    assert read_recipe(folder / RECIPE).data.kind == "digits"


def test_a_run_on_a_device_that_is_not_there_leaves_nothing_in_the_way(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(TrainingError, match="cuda"):
        finish(record(recipe_of(device="cuda"), runs() / "run"))
    assert all(entry.shipped for entry in library())


# The best weights


def test_the_best_weights_are_those_of_the_lowest_validation_loss(tmp_path, monkeypatch):
    """However seldom the run is saved: its losses stand beside them."""
    # The rate grows until what was learned is lost again.
    schedule = {"kind": "linear", "epochs": 4}
    recipe = recipe_of(epochs=4, learning_rate=1.0, schedule=schedule)
    events = finish(record(recipe, tmp_path, Controls(1000.0)))
    ends = of(EpochEnd, events)
    best = min(ends, key=lambda end: end.validation["loss"])
    assert 1 < best.epoch < 4, "it would prove nothing"
    model, checkpoint = load_model(tmp_path / "best.safetensors")
    assert (checkpoint.epoch, checkpoint.step) == (best.epoch, best.step)
    assert checkpoint.metrics == {"train": best.train, "validation": best.validation}
    (then,) = (shot for shot in of(Snapshot, events) if shot.step == best.step)
    for name, value in then.weights.items():
        assert np.array_equal(model.state_dict()[name].numpy(), value)
    last = read_checkpoint(tmp_path)
    assert (last.epoch, last.metrics["validation"]) == (4, ends[-1].validation)


def test_no_best_weights_before_there_is_a_validation(tmp_path):
    stop_at(record(recipe_of(), tmp_path), 3)
    assert not (tmp_path / "best.safetensors").exists()


@pytest.fixture
def writes(monkeypatch):
    """Save after each epoch; count what is written, and die before the write of that number."""
    monkeypatch.setattr("latentlab.learning.monitor.SAVE_INTERVAL_S", 0.0)
    real, made = write_atomically, []

    def write(path, content):
        made.append(path.name)
        if len(made) == write.last:
            raise KeyboardInterrupt
        real(path, content)

    write.last, write.made = 0, made
    for module in ("checkpoint", "training_state"):
        monkeypatch.setattr(f"latentlab.learning.{module}.write_atomically", write)
    return write


def test_a_run_killed_while_saving_never_loses_its_best(tmp_path, writes):
    """Wherever among the files it was: what is resumed ends as one that was not killed."""
    schedule = {"kind": "linear", "epochs": 4}
    recipe = recipe_of(epochs=4, learning_rate=1.0, schedule=schedule)
    finish(record(recipe, tmp_path / "whole"))
    best = read_checkpoint(tmp_path / "whole" / "best.json")
    assert 1 < best.epoch < 4, "a better one afterwards would hide that it was lost"
    names = list(writes.made)
    last = len(names) - names[::-1].index("best.safetensors")
    for number in range(last, last + 5):
        folder = tmp_path / f"killed before {number}"
        writes.made.clear()
        writes.last = number
        with pytest.raises(KeyboardInterrupt):
            finish(record(recipe, folder))
        writes.last = 0
        finish(resume(folder))
        for name in ("best.safetensors", WEIGHTS_FILE):
            one, other = (tmp_path / "whole" / name, folder / name)
            assert one.read_bytes() == other.read_bytes(), (name, names[number - 1])
        again = read_checkpoint(folder / "best.json")
        assert (again.epoch, again.metrics) == (best.epoch, best.metrics)


# Going on


def without_times(folder):
    """Return what a run has left, but for how long anything took."""
    position = read_training_state(folder)
    weights = {name: w.numpy() for name, w in load_model(folder)[0].state_dict().items()}
    best = {name: w.numpy() for name, w in load_model(folder / "best.json")[0].state_dict().items()}
    lines = {name: lines_of(folder / name) for name in (METRICS, LATENTS)}
    place = (position.step, position.epoch, position.position, position.best_epoch)
    return weights, best, dict(position.arrays), lines, place, read_changes(folder)


def alike(one, other):
    for mine, yours in zip(without_times(one)[:3], without_times(other)[:3], strict=True):
        assert same(mine, yours)
    assert without_times(one)[3:] == without_times(other)[3:]


WISHES = {5: [("objective.beta", 4.0)], 20: [("training.learning_rate", 0.01)]}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """Return the folder of a run that stopped after a step, or at its end; each is run once."""
    home, recipe = (
        tmp_path_factory.mktemp("runs"),
        recipe_of(epochs=3, average=0.9, augment={"shift": 0.1}),
    )

    @cache
    def folder_of(stop):
        controls = Controls()
        stop_at(record(recipe, home / str(stop), controls), stop, WISHES, controls)
        return home / str(stop)

    return folder_of


@pytest.fixture
def whole_and_stopped(recorded, tmp_path):
    """Return a run of one go, only to be read, and a copy of one that stopped after a step."""
    return lambda stop: (recorded(None), shutil.copytree(recorded(stop), tmp_path / "stopped"))


@pytest.mark.parametrize("stop", [1, 5, STEPS, 25])
def test_a_resumed_run_is_that_of_one_go(whole_and_stopped, stop):
    whole, stopped = whole_and_stopped(stop)
    controls = Controls()
    rest = {step: wish for step, wish in WISHES.items() if step >= stop}
    # The wish that came with the last step had not been granted.
    stop_at(resume(stopped, controls=controls), None, rest, controls) if stop not in rest else (
        controls.steer(*rest.pop(stop)[0]),
        stop_at(resume(stopped, controls=controls), None, rest, controls),
    )
    alike(whole, stopped)
    assert read_checkpoint(whole).recipe == read_checkpoint(stopped).recipe


def test_it_says_where_it_goes_on_and_what_was_before(whole_and_stopped):
    _, stopped = whole_and_stopped(25)
    started, past, *_ = (e for e in finish(resume(stopped)) if not isinstance(e, Progress))
    assert (started.folder, started.step) == (stopped, 25)
    assert started.recipe["objective"]["beta"] == 4.0
    assert isinstance(past, RunLog)
    assert past.curves["validation", "loss"][0].tolist() == [1]
    assert [change.step for change in past.changes] == [5, 20]
    assert past.latents.epochs.tolist() == [1]
    assert past.moments == (1,)
    assert past.portrait.epoch == 1


def test_what_was_measured_after_it_was_saved_is_measured_again_and_not_twice(whole_and_stopped):
    """As where it was killed long after it had last been saved."""
    whole, stopped = whole_and_stopped(25)
    for name in (METRICS, LATENTS):
        (stopped / name).write_bytes((whole / name).read_bytes())
    for file in (whole / FOLDER).iterdir():
        (stopped / FOLDER / file.name).write_bytes(file.read_bytes())
    finish(resume(stopped))
    alike(whole, stopped)
    assert preview_epochs(stopped)[-1] == 3


def test_changes_made_after_it_was_saved_are_made_again(whole_and_stopped):
    """And stay written down, even if it is killed once more before."""
    whole, stopped = whole_and_stopped(3)
    (stopped / CHANGES).write_bytes((whole / CHANGES).read_bytes())
    stop_at(resume(stopped), 12)
    assert [change.step for change in read_changes(stopped)] == [5, 20]
    events = finish(resume(stopped))
    assert [change.step for change in of(Change, events)] == [20]
    alike(whole, stopped)
    assert read_checkpoint(stopped).recipe.objective.beta == 4.0
    assert read_recipe(stopped / RECIPE).objective.beta == 1.0, "the recipe it began with"


def test_changes_refused_are_not_written_down(tmp_path):
    controls = Controls()
    for key, value in (("objective.beta", -1), ("training.batch_size", 3), ("objective.beta", 2)):
        controls.steer(key, value)
    events = finish(record(recipe_of(), tmp_path, controls))
    assert [bool(change.problem) for change in of(Change, events)] == [True, True, False]
    (line,) = lines_of(tmp_path / CHANGES)
    assert line == {"step": 0, "epochs": 0.0, "key": "objective.beta", "value": 2}


def test_stopped_again_within_the_epoch_it_keeps_the_losses_before(whole_and_stopped):
    _, stopped = whole_and_stopped(17)
    before = read_checkpoint(stopped).metrics
    assert set(before) == {"train", "validation"}
    stop_at(resume(stopped), 20)
    checkpoint = read_checkpoint(stopped)
    assert (checkpoint.step, checkpoint.metrics) == (20, before)


def test_more_epochs_are_those_of_a_longer_run(tmp_path):
    finish(record(recipe_of(epochs=3), tmp_path / "long"))
    finish(record(recipe_of(epochs=1), tmp_path / "short"))
    finish(resume(tmp_path / "short", epochs=2))
    finish(resume(tmp_path / "short", epochs=3))
    long, short = (without_times(tmp_path / name) for name in ("long", "short"))
    for one, other in zip(long[:3], short[:3], strict=True):
        assert same(one, other)
    assert long[3:5] == short[3:5]
    assert [(change.step, change.value) for change in short[5]] == [(STEPS, 2), (2 * STEPS, 3)]
    assert read_checkpoint(tmp_path / "short").recipe.training.epochs == 3


def test_a_run_trained_further_after_its_one_cycle_learns_until_its_new_end(tmp_path):
    recipe = recipe_of(learning_rate=0.01, schedule={"kind": "one-cycle", "epochs": 1})
    finish(record(recipe, tmp_path / "whole"))
    shutil.copytree(tmp_path / "whole", tmp_path / "parts")
    before = read_training_state(tmp_path / "whole").arrays
    finish(resume(tmp_path / "whole", epochs=3))
    stop_at(resume(tmp_path / "parts", epochs=3), STEPS + 5)
    finish(resume(tmp_path / "parts"))
    whole, parts = (read_training_state(tmp_path / name).arrays for name in ("whole", "parts"))
    assert same(whole, parts)
    weights = [name for name in whole if name.startswith("model.")]
    assert not any(np.array_equal(whole[name], before[name]) for name in weights)
    training = read_checkpoint(tmp_path / "parts").recipe.training
    assert training.schedule.epochs == training.epochs == 3


@pytest.mark.parametrize("epochs", [None, 1])
def test_a_run_that_has_had_all_its_epochs_is_told_so(tmp_path, epochs):
    finish(record(recipe_of(), tmp_path))
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(RunError, match="has finished all its 1 epochs") as caught:
        finish(resume(tmp_path, epochs))
    assert "larger number" in caught.value.advice
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_run_killed_before_it_first_saved_begins_anew(tmp_path):
    (tmp_path / RECIPE).write_text(recipe_of().to_toml())
    finish(resume(tmp_path))
    finish(record(recipe_of(), tmp_path / "whole"))
    alike(tmp_path / "whole", tmp_path)


def test_a_folder_that_is_none_of_a_run_cannot_be_resumed(tmp_path):
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(RunError, match=r"it has no recipe\.toml"):
            finish(resume(folder))


def test_a_run_of_an_older_latentlab_cannot_be_resumed_and_stays_as_it_is(tmp_path):
    """It has weights, but nothing to go on from."""
    finish(record(recipe_of(), tmp_path))
    (tmp_path / "resume.safetensors").unlink()
    before = (tmp_path / METRICS).read_bytes()
    with pytest.raises(RunError, match=r"it has no resume\.safetensors"):
        finish(resume(tmp_path, 3))
    assert (tmp_path / METRICS).read_bytes() == before
    assert load_model(tmp_path)[1].epoch == 1


def test_where_the_data_is_gone_it_is_named_and_nothing_is_lost(tmp_path, write_idx_folder):
    """As where a run was moved to another machine."""
    data = {"kind": "mnist", "root": str(tmp_path / "images")}
    write_idx_folder(tmp_path / "images", train=60, held_out=20, shape=(28, 28))
    recipe = recipe_of(data=data, batch_size=20, epochs=2)
    stop_at(record(recipe, tmp_path / "run"), 4)
    for file in (tmp_path / "images").iterdir():
        file.unlink()
    with (tmp_path / "run" / METRICS).open("a") as file:
        file.write('{"epoch": 2, "split": "train", "loss": 1.0}\n')
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(DataError) as caught:
        finish(resume(tmp_path / "run"))
    assert str(tmp_path / "images") in str(caught.value)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    assert load_model(tmp_path / "run")[1].epoch == 1


def test_a_recipe_of_a_newer_version_says_so(tmp_path):
    stop_at(record(recipe_of(), tmp_path), 3)
    text = (tmp_path / RECIPE).read_text().replace("[training]", "[training]\nwings = 2")
    (tmp_path / RECIPE).write_text('latentlab = "99.0"\n' + text.partition("\n")[2])
    with pytest.raises(RecipeError, match=r"made by latentlab 99\.0, newer"):
        finish(resume(tmp_path))


def test_an_error_while_a_resumed_run_is_saved_is_told(tmp_path, monkeypatch):
    stop_at(record(recipe_of(), tmp_path), 3)
    events = resume(tmp_path)
    while not isinstance(next(events), Step):
        pass

    def full_disk(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(RunError, match="No space left"):
        events.close()
    monkeypatch.undo()
    assert load_model(tmp_path)[1].step == 3


def test_a_run_that_diverged_can_be_opened_and_shows_what_came_before(tmp_path):
    recipe = recipe_of(epochs=3, optimizer="sgd")
    controls = Controls()
    with pytest.raises(TrainingError, match="weights of epoch 1 were kept"):
        stop_at(
            record(recipe, tmp_path, controls),
            None,
            {20: [("training.learning_rate", 1.0)]},
            controls,
        )
    model, checkpoint = load_model(tmp_path)
    assert checkpoint.epoch == 1
    assert finite({name: w.numpy() for name, w in model.state_dict().items()})
    assert load_model(tmp_path / "best.json")[1].epoch == 1
    assert [line["epoch"] for line in lines_of(tmp_path / METRICS)] == [1, 1]


def test_a_run_that_diverged_is_marked_and_goes_on_without_what_made_it(own_place):
    folder, controls = runs() / "run", Controls()
    events = record(recipe_of(epochs=3, optimizer="sgd"), folder, controls)
    wishes = {
        5: [("training.learning_rate", 1e-4)],
        20: [("training.learning_rate", 1.0)],
    }
    with pytest.raises(TrainingError):
        stop_at(events, None, wishes, controls)

    def entry():
        return next(entry for entry in library() if entry.path == folder)

    assert "no longer a finite number" in entry().failure
    assert [change.value for change in read_changes(folder)] == [1e-4]
    finish(resume(folder))
    assert (entry().epoch, entry().failure) == (3, "")


def test_a_run_that_diverges_in_its_first_epoch_leaves_no_folder(own_place):
    folder, controls = runs() / "run", Controls()
    events = record(recipe_of(epochs=3, optimizer="sgd", learning_rate=1.0), folder, controls)
    with pytest.raises(TrainingError, match="no epoch was complete"):
        finish(events)
    assert not folder.exists()
    full = runs() / "full"
    full.mkdir()
    (full / "thesis.txt").write_text("mine")
    with pytest.raises(TrainingError):
        finish(record(recipe_of(epochs=3, optimizer="sgd", learning_rate=1.0), full))
    assert (full / "thesis.txt").read_text() == "mine", "files of others stay"


def test_a_run_that_was_stopped_has_not_failed(own_place):
    stop_at(record(recipe_of(epochs=3), runs() / "run"), 20)
    assert not library()[-1].failure


def test_portraits_of_a_run_stay_few(tmp_path, monkeypatch):
    monkeypatch.setattr("latentlab.learning.monitor.PREVIEW_INTERVAL_S", 0.0)
    monkeypatch.setattr("latentlab.session.curves.curves.MAX_PREVIEWS", 12)
    recipe = recipe_of(epochs=14, batch_size=4000, hidden=(4,))
    finish(record(recipe, tmp_path))
    kept = preview_epochs(tmp_path)
    assert (kept[0], kept[-1]) == (1, 14)
    assert 6 <= len(kept) <= 12
    assert all(later - earlier <= 2 for earlier, later in pairwise(kept))
    size = sum(file.stat().st_size for file in (tmp_path / FOLDER).iterdir())
    assert size < 12 * 60_000
    first, last = (read_epoch_preview(tmp_path, epoch) for epoch in (1, 14))
    assert np.array_equal(first.originals, last.originals)
    assert not np.array_equal(first.reconstructions, last.reconstructions)
    past = read_run_log(tmp_path, recipe.to_dict())
    assert past.portrait.epoch == 14
    assert len(past.latents.epochs) == 14
    assert past.curves.keys() == read_curves(tmp_path).keys()
    assert past.latents.kl.shape == (len(read_latent_lines(tmp_path).records), 2) == (14, 2)
    assert isinstance(of(EpochPreview, finish(resume(tmp_path, 15)))[-1], EpochPreview)
