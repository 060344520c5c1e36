"""The one training loop: what it reports, what it keeps, and that it repeats."""

import threading
import time
from contextlib import closing
from itertools import pairwise

import numpy as np
import pytest
import torch
from training_support import finite, recipe_of, run, same, trained

from latentlab.data.data_set import load
from latentlab.data.image_set import ImageSet
from latentlab.data.parts import Splits
from latentlab.errors import TrainingError
from latentlab.latent.encode import decode, encode
from latentlab.learning.evaluate import VALIDATION_BATCH_SIZE, validate
from latentlab.learning.events import EpochEnd, Snapshot, Started, Step
from latentlab.learning.fast import device as devices
from latentlab.learning.fit import fit
from latentlab.learning.loss_sums import LossSums
from latentlab.learning.losses import compute_losses
from latentlab.learning.monitor import Monitor
from latentlab.learning.noise import Noise
from latentlab.learning.objectives.elbo import ELBO
from latentlab.learning.steering import Controls
from latentlab.learning.trainer import Trainer
from latentlab.work import finish

CPU = torch.device("cpu")


# What it reports


def test_one_step_each_and_one_end_an_epoch():
    events = list(fit(recipe_of(epochs=2)))
    kinds = [type(event).__name__ for event in events]
    epoch = [*["Step"] * 14, "EpochEnd", "EpochPreview"]
    assert kinds == ["Progress", "Started", *epoch * 2]
    steps = [event for event in events if isinstance(event, Step)]
    assert [step.step for step in steps] == list(range(1, 29))
    assert [step.epoch for step in steps] == [1] * 14 + [2] * 14
    ends = [event for event in events if isinstance(event, EpochEnd)]
    assert [(end.epoch, end.step) for end in ends] == [(1, 14), (2, 28)]
    assert all(end.seconds > 0 and end.validation_seconds > 0 for end in ends)


def test_started_says_what_begins():
    recipe = recipe_of(kind="cvae", epochs=1)
    (started,) = run(recipe)[Started]
    assert started.recipe == recipe.to_dict()
    assert (len(started.splits.train), len(started.splits.validation)) == (4000, 1000)
    assert (started.device, started.epochs, started.steps_per_epoch) == ("CPU", 1, 14)
    encoder = 794 * 16 + 16 + 16 * 4 + 4
    decoder = 12 * 16 + 16 + 16 * 784 + 784
    assert started.parameters == encoder + decoder


def test_nothing_is_computed_before_it_is_asked_for():
    events = fit(recipe_of(epochs=100_000))
    start = time.perf_counter()
    seen = [next(events) for _ in range(5)]
    events.close()
    assert isinstance(seen[-1], Step)
    assert time.perf_counter() - start < 5


def test_numbers_come_at_most_twenty_times_a_second():
    start = time.perf_counter()
    steps = run(recipe_of(epochs=3, batch_size=50))[Step]
    seconds = time.perf_counter() - start
    told = [step for step in steps if step.losses]
    assert len(steps) == 240
    assert 2 <= len(told) <= 20 * seconds + 1
    for step in told:
        assert list(step.losses) == ["loss", "reconstruction", "kl"]
        assert 0 < step.images_per_second < 1e8
        assert 0 <= step.seconds_left < 600
    assert all(step.images_per_second == 0 for step in steps if not step.losses)


def replayed(recipe, splits):
    """Train by hand; return the means over each epoch's images, and the trainer."""
    trainer = Trainer(recipe, splits, CPU)
    epochs = []
    for _ in range(recipe.training.epochs):
        sums, before = {}, 0
        for _ in trainer.epoch_steps():
            for name, mean in trainer.meter.means().items():
                sums[name] = sums.get(name, 0.0) + mean * trainer.meter.images
            before += trainer.meter.images
            trainer.meter = LossSums()
        epochs.append({name: value / before for name, value in sums.items()})
    return epochs, trainer


@pytest.mark.parametrize("batch_size", [300, 500, 4000, 5000])
def test_training_losses_are_means_over_the_epochs_images(digits, batch_size):
    """Also where the last batch is smaller, and where one batch holds all."""
    recipe = recipe_of(epochs=2, batch_size=batch_size)
    want, _ = replayed(recipe, digits)
    got = [end.train for end in run(recipe)[EpochEnd]]
    assert list(got[0]) == ["loss", "reconstruction", "kl"]
    for one, other in zip(got, want, strict=True):
        assert one == pytest.approx(other, rel=1e-9)


def test_training_losses_do_not_depend_on_how_often_they_are_read(monkeypatch):
    monkeypatch.setattr("latentlab.learning.monitor.REPORT_INTERVAL_S", 0.0)
    often = run(recipe_of())
    monkeypatch.setattr("latentlab.learning.monitor.REPORT_INTERVAL_S", 1e9)
    never = run(recipe_of())
    assert all(step.losses for step in often[Step])
    assert not any(step.losses for step in never[Step])
    assert often[EpochEnd][0].train == pytest.approx(never[EpochEnd][0].train, rel=1e-12)
    assert often[EpochEnd][0].validation == never[EpochEnd][0].validation
    # The reports of one epoch, each weighted by its images, are that epoch's mean.
    sizes = [300] * 13 + [100]
    reported = sum(
        step.losses["loss"] * size for step, size in zip(often[Step], sizes, strict=True)
    )
    assert reported / 4000 == pytest.approx(often[EpochEnd][0].train["loss"], rel=1e-12)


@pytest.mark.parametrize("kind", ["vae", "cvae"])
def test_validation_losses_are_those_of_a_loop_by_hand(digits, kind):
    recipe = recipe_of(kind=kind, seed=3)
    images = np.concatenate([digits.validation.images, digits.train.images[:500]])
    labels = np.concatenate([digits.validation.labels, digits.train.labels[:500]])
    held_out = ImageSet(images, labels, digits.spec)  # 1,500: a batch and a half
    _, trainer = replayed(recipe, Splits(digits.train, held_out))
    assert len(held_out) % VALIDATION_BATCH_SIZE == 500
    noise = torch.Generator().manual_seed(3)
    sums = {}
    for start in range(0, 1500, VALIDATION_BATCH_SIZE):
        x = torch.from_numpy(images[start : start + VALIDATION_BATCH_SIZE]).float() / 255
        y = torch.from_numpy(labels[start : start + VALIDATION_BATCH_SIZE])
        with torch.no_grad():
            values, _ = compute_losses(
                trainer.model, recipe.objective, (x, y, None), {"beta": 1.0}, Noise(noise)
            )
        for name, value in values.items():
            sums[name] = sums.get(name, 0.0) + value.double().sum().item()
    want = {name: value / 1500 for name, value in sums.items()}
    assert validate(trainer)[0] == pytest.approx(want, rel=1e-6)
    assert trainer.model.training, "left in evaluation mode"


def test_validation_after_an_epoch_is_of_the_weights_at_its_end(digits):
    recipe = recipe_of()
    _, trainer = replayed(recipe, digits)
    assert run(recipe)[EpochEnd][0].validation == pytest.approx(validate(trainer)[0], rel=1e-9)


def test_validating_changes_nothing(digits):
    one, other = (Trainer(recipe_of(), digits, CPU) for _ in range(2))
    steps = [trainer.epoch_steps() for trainer in (one, other)]
    for each in steps:
        next(each)
    assert validate(one)[0] == validate(one)[0]
    for each in steps:
        next(each)
    assert same(one.snapshot().weights, other.snapshot().weights)


def test_a_schedule_counts_epochs_in_fractions(known):
    seen = []

    class Watching(ELBO):
        kind: str = "watching"

        def numbers(self, epochs):
            seen.append(epochs)
            return super().numbers(epochs)

    # 7 steps of 600 images an epoch, then the validation, and by what it was judged.
    run(recipe_of(objective=known(Watching), epochs=2, batch_size=600))
    first, second = [i / 7 for i in range(7)], [1 + i / 7 for i in range(7)]
    assert seen == pytest.approx([*first, 1.0, 1.0, *second, 2.0, 2.0])


def test_every_image_is_seen_once_an_epoch_in_a_new_order(digits, monkeypatch):
    trainer = Trainer(recipe_of(), digits, CPU)
    batches, seen = trainer.train_feed.batches, []
    monkeypatch.setattr(
        trainer.train_feed, "batches", lambda rows: seen.append(torch.cat(rows)) or batches(rows)
    )
    for _ in range(2):
        assert len(list(trainer.epoch_steps())) == 14
    for order in seen:
        assert torch.equal(order.sort().values, torch.arange(4000))
    assert not torch.equal(*seen)


# What it keeps


def test_keep_is_called_at_the_start_and_at_the_end(monkeypatch):
    """In a short run; so that a run can be opened and resumed, whatever happens to it."""
    kept = []
    run(recipe_of(epochs=3), keep=kept.append)
    assert [(saved.snapshot.epoch, saved.snapshot.step) for saved in kept] == [(0, 0), (3, 42)]
    assert not same(kept[0].snapshot.weights, kept[1].snapshot.weights)
    assert [saved.position.step for saved in kept] == [0, 42]
    assert (kept[0].best, kept[1].best.epoch) == (None, 3)


def test_keep_is_called_after_an_epoch_where_the_last_time_was_long_ago(monkeypatch):
    monkeypatch.setattr("latentlab.learning.monitor.SAVE_INTERVAL_S", 0.0)
    kept = []
    run(recipe_of(epochs=3), keep=kept.append)
    assert [saved.snapshot.step for saved in kept] == [0, 14, 28, 42]
    assert [saved.best.epoch for saved in kept[1:]] == [1, 2, 3]


def test_the_best_weights_stay_in_memory_only_for_test_images(monkeypatch):
    monitors = []

    class Watched(Monitor):
        def __init__(self, *args, **options):
            super().__init__(*args, **options)
            monitors.append(self)

    monkeypatch.setattr("latentlab.learning.fit.Monitor", Watched)
    run(recipe_of(epochs=1))
    (monitor,) = monitors
    assert monitor.best_epoch == 1
    assert monitor.best_weights is None


def test_what_has_not_moved_is_not_kept_twice():
    kept = []
    with closing(fit(recipe_of(), keep=kept.append)) as events:
        while not isinstance(next(events), Started):
            pass
    assert kept == []
    with closing(fit(recipe_of(), keep=kept.append)) as events:
        while not isinstance(next(events), Step):
            pass
    assert [saved.snapshot.step for saved in kept] == [0, 1]


def test_stopping_in_the_middle_keeps_the_step_just_made(digits):
    recipe = recipe_of(epochs=5)
    kept = []
    with closing(fit(recipe, keep=kept.append)) as events:
        for event in events:
            if isinstance(event, Step) and event.step == 20:
                break
    (_, last) = kept
    assert (last.snapshot.epoch, last.snapshot.step) == (1, 20)
    assert (last.best.epoch, last.best.step) == (1, 14)
    assert (last.position.epoch, last.position.position) == (1, 6)
    assert finite(last.snapshot.weights)
    trainer = Trainer(recipe, digits, CPU)
    assert len(list(trainer.epoch_steps())) == 14
    steps = trainer.epoch_steps()
    for _ in range(6):
        next(steps)
    assert same(last.snapshot.weights, trainer.snapshot().weights)


def test_a_failing_keep_ends_the_training():
    def keep(_):
        raise OSError("no room")

    with pytest.raises(OSError, match="no room"):
        run(recipe_of(), keep=keep)


def test_snapshots_are_copies_and_end_with_the_last_weights():
    kept = []
    snapshots = run(recipe_of(epochs=2), controls=Controls(0.0), keep=kept.append)[Snapshot]
    assert [snapshot.step for snapshot in snapshots[:3]] == [1, 2, 3]
    assert len(snapshots) == 30  # after each step, and after each epoch
    for one, other in pairwise(snapshots[:14]):
        assert not same(one.weights, other.weights)
    assert same(snapshots[-1].weights, kept[-1].snapshot.weights)
    assert all(value.dtype == np.float32 for value in snapshots[0].weights.values())
    assert (snapshots[-1].epoch, snapshots[-1].step) == (2, 28)


def test_no_snapshots_unless_asked_for_and_few_when_seldom():
    assert run(recipe_of())[Snapshot] == []
    rare = run(recipe_of(epochs=2), controls=Controls(1000.0))[Snapshot]
    assert [snapshot.step for snapshot in rare] == [1, 14, 28]


def test_one_at_a_time_no_snapshot_is_made_before_the_last_was_seen():
    controls = Controls(0.0, one_at_a_time=True)
    steps = []
    for event in fit(recipe_of(epochs=2), controls=controls):
        if isinstance(event, Snapshot):
            steps.append(event.step)
        elif isinstance(event, Step) and event.step in (5, 6, 20):
            controls.seen()
    assert steps == [1, 5, 6, 20]


# That it repeats


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_the_same_seed_gives_the_same_bits(precision):
    recipe = recipe_of(seed=5, precision=precision, batch_size=500)
    assert same(trained(recipe), trained(recipe))


def test_another_seed_gives_another_model():
    assert not same(trained(recipe_of(seed=5)), trained(recipe_of(seed=6)))


def test_the_seed_is_that_of_order_and_noise_too(digits):
    """Not of the first weights alone."""
    one, other = (Trainer(recipe_of(seed=seed), digits, CPU) for seed in (5, 6))
    other.model.load_state_dict(one.model.state_dict())
    for trainer in (one, other):
        trainer._apply_schedules()
        trainer.learn_rows(torch.arange(300))
        trainer.meter.count(300)
    assert one.meter.means()["kl"] == other.meter.means()["kl"]
    assert one.meter.means()["reconstruction"] != other.meter.means()["reconstruction"]
    orders = [torch.randperm(4000, generator=trainer.order) for trainer in (one, other)]
    assert not torch.equal(*orders)


def test_it_repeats_while_another_thread_draws():
    recipe = recipe_of(seed=5, batch_size=500)
    alone = trained(recipe)
    stop, drawn = threading.Event(), []

    def draw():
        while not stop.is_set():
            drawn.append(torch.randn(8))
            time.sleep(0)

    thread = threading.Thread(target=draw)
    thread.start()
    try:
        beside = trained(recipe)
    finally:
        stop.set()
        thread.join()
    assert len(drawn) > 20
    assert same(alone, beside)


def test_training_leaves_the_global_generator_alone():
    before = torch.get_rng_state()
    run(recipe_of())
    assert torch.equal(torch.get_rng_state(), before)


# That it learns


@pytest.mark.parametrize("kind", ["vae", "cvae"])
def test_the_loss_falls_on_digits(kind):
    ends = run(recipe_of(kind=kind, epochs=4, batch_size=100, hidden=(64,)))[EpochEnd]
    falls = [end.train["loss"] for end in ends]
    assert all(later < earlier for earlier, later in pairwise(falls))
    # An even grey costs 784 ln 2 = 543 nats.
    assert falls[0] < 543
    assert ends[-1].validation["loss"] < 215
    assert abs(ends[-1].validation["loss"] - falls[-1]) < 15


def test_both_precisions_train_to_about_the_same_loss():
    ends = {
        precision: run(recipe_of(epochs=2, batch_size=100, precision=precision))[EpochEnd]
        for precision in ("fp32", "bf16")
    }
    first, last = ({name: end[i].validation["loss"] for name, end in ends.items()} for i in (0, 1))
    for precision in ends:
        assert last[precision] < first[precision] - 5
    assert last["fp32"] != last["bf16"], "bf16 was not used"
    assert last["bf16"] == pytest.approx(last["fp32"], rel=0.05)


def test_weights_are_fp32_whatever_the_products_are_in():
    weights = trained(recipe_of(precision="bf16", batch_size=1000))
    assert {value.dtype for value in weights.values()} == {np.dtype(np.float32)}


def test_the_model_that_was_trained_is_returned():
    kept = []
    model = finish(fit(recipe_of(epochs=2, average=0.9), keep=kept.append))
    weights = {name: value.numpy() for name, value in model.state_dict().items()}
    assert same(weights, kept[-1].snapshot.weights)
    codes = encode(model, load(recipe_of().data).validation)
    assert decode(model, codes.mu[:3], None).shape == (3, 28, 28)


# Where it runs


@pytest.mark.parametrize("name", ["cuda", "mps"])
def test_a_device_that_is_not_there_is_named_with_those_that_are(monkeypatch, name):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(TrainingError) as caught:
        next(fit(recipe_of(device=name)))
    assert f"no {name}" in caught.value.message
    assert caught.value.advice == "Choose auto or one of: cpu."


def test_auto_takes_the_fastest_there_is(monkeypatch):
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert devices.pick_device("auto") == CPU
    assert devices.pick_device("cpu") == CPU
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert devices.pick_device("auto") == torch.device("mps")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert devices.pick_device("auto") == torch.device("cuda")


@pytest.mark.parametrize("has", [True, False])
def test_auto_multiplies_in_bf16_where_the_processor_can(monkeypatch, has):
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: has)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: has)
    assert devices.use_bf16("auto", CPU) is has
    assert devices.use_bf16("auto", torch.device("cuda")) is has
    assert devices.use_bf16("auto", torch.device("mps")) is False
    for device in (CPU, torch.device("cuda"), torch.device("mps")):
        assert devices.use_bf16("bf16", device) is True
        assert devices.use_bf16("fp32", device) is False


def test_the_processor_really_says_whether_it_has_bf16():
    assert devices.use_bf16("auto", CPU) in (True, False)
