"""The one training loop: what it reports, what it keeps, and that it repeats."""

import math
import threading
import time
from contextlib import closing
from itertools import pairwise

import numpy as np
import pytest
import torch

from latentlab.data.base import ImageSet, ImageSpec, Splits, load
from latentlab.errors import TrainingError
from latentlab.learning import device as devices
from latentlab.learning.events import EpochEnd, Snapshot, Started, Step
from latentlab.learning.fit import fit
from latentlab.learning.objectives import ELBO, OBJECTIVES, losses
from latentlab.learning.recipe import Recipe, make_recipe
from latentlab.learning.trainer import VALIDATION_BATCH, Meter, OnDevice, Trainer

CPU = torch.device("cpu")


def recipe_of(kind="vae", objective=None, hidden=(16,), **training):
    """300 images a step make 14 steps an epoch, the last of 100 images."""
    return make_recipe(
        {
            "model": {"kind": kind, "hidden": hidden, "latent_dim": 2},
            "objective": objective or {},
            "training": {
                "epochs": 1,
                "batch_size": 300,
                "device": "cpu",
                "precision": "fp32",
                **training,
            },
        }
    )


def run(recipe, **options):
    """Return the events by type."""
    found = {kind: [] for kind in (Started, Step, EpochEnd, Snapshot)}
    for event in fit(recipe, **options):
        found.setdefault(type(event), []).append(event)
    return found


def trained(recipe):
    kept = []
    run(recipe, keep=kept.append)
    return kept[-1].weights


def same(one, other):
    assert one.keys() == other.keys()
    return all(np.array_equal(one[name], other[name]) for name in one)


def finite(weights):
    return all(np.isfinite(value).all() for value in weights.values())


@pytest.fixture
def known():
    """Register an objective for one test; recipes know it meanwhile."""
    added = []

    def register(objective):
        OBJECTIVES.register(objective)
        added.append(objective.model_fields["kind"].default)
        Recipe.model_rebuild(force=True)
        return {"kind": added[-1]}

    yield register
    for kind in added:
        del OBJECTIVES._kinds[kind]
    Recipe.model_rebuild(force=True)


@pytest.fixture(scope="module")
def digits():
    return load(make_recipe({}).data)


# What it reports


def test_one_step_each_and_one_end_an_epoch():
    events = list(fit(recipe_of(epochs=2)))
    kinds = [type(event).__name__ for event in events]
    assert kinds == ["Loading", "Started", *(["Step"] * 14 + ["EpochEnd"]) * 2]
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
    steps = run(recipe_of(epochs=6, batch_size=50))[Step]
    seconds = time.perf_counter() - start
    told = [step for step in steps if step.losses]
    assert len(steps) == 480
    assert 2 <= len(told) <= 20 * seconds + 1
    for step in told:
        assert list(step.losses) == ["loss", "reconstruction", "kl"]
        assert 0 < step.images_per_second < 1e8
        assert 0 <= step.seconds_left < 600
    assert all(step.images_per_second == 0 for step in steps if not step.losses)


def replayed(recipe, splits):
    """Train by hand; return the sums over each epoch's images, and the trainer."""
    trainer = Trainer(recipe, splits, CPU)
    epochs = []
    for _ in range(recipe.training.epochs):
        sums, count = {}, 0
        for rows in trainer.epoch_batches():
            trainer.meter = Meter()
            trainer.step(rows)
            for name, mean in trainer.meter.means().items():
                sums[name] = sums.get(name, 0.0) + mean * len(rows)
            count += len(rows)
        epochs.append({name: value / count for name, value in sums.items()})
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
    monkeypatch.setattr("latentlab.learning.fit.REPORT_EVERY", 0.0)
    often = run(recipe_of())
    monkeypatch.setattr("latentlab.learning.fit.REPORT_EVERY", 1e9)
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
    assert len(held_out) % VALIDATION_BATCH == 500
    noise = torch.Generator().manual_seed(3)
    sums = {}
    for start in range(0, 1500, VALIDATION_BATCH):
        x = torch.from_numpy(images[start : start + VALIDATION_BATCH]).float() / 255
        y = torch.from_numpy(labels[start : start + VALIDATION_BATCH])
        with torch.no_grad():
            values = losses(trainer.model, recipe.objective, x, y, 1.0, noise)
        for name, value in values.items():
            sums[name] = sums.get(name, 0.0) + value.double().sum().item()
    want = {name: value / 1500 for name, value in sums.items()}
    assert trainer.validate() == pytest.approx(want, rel=1e-6)
    assert trainer.model.training, "left in evaluation mode"


def test_validation_after_an_epoch_is_of_the_weights_at_its_end(digits):
    recipe = recipe_of()
    _, trainer = replayed(recipe, digits)
    assert run(recipe)[EpochEnd][0].validation == pytest.approx(trainer.validate(), rel=1e-9)


def test_validating_changes_nothing(digits):
    one, other = (Trainer(recipe_of(), digits, CPU) for _ in range(2))
    rows = torch.arange(300)
    one.step(rows)
    other.step(rows)
    assert one.validate() == one.validate()
    one.step(rows)
    other.step(rows)
    assert same(one.snapshot().weights, other.snapshot().weights)


def test_a_schedule_counts_epochs_in_fractions(known):
    seen = []

    class Watching(ELBO):
        kind: str = "watching"

        def weights(self, epochs):
            seen.append(epochs)
            return {"reconstruction": 1.0, "kl": 1.0}

    # 7 steps of 600 images an epoch, then the validation.
    run(recipe_of(objective=known(Watching), epochs=2, batch_size=600))
    first, second = [i / 7 for i in range(7)], [1 + i / 7 for i in range(7)]
    assert seen == pytest.approx([*first, 1.0, *second, 2.0])


def test_every_image_is_seen_once_an_epoch_in_a_new_order(digits):
    trainer = Trainer(recipe_of(), digits, CPU)
    first, second = (torch.cat(list(trainer.epoch_batches())) for _ in range(2))
    for order in (first, second):
        assert torch.equal(order.sort().values, torch.arange(4000))
    assert not torch.equal(first, second)


def test_images_are_kept_as_bytes_without_a_copy(digits):
    images = np.array(digits.train.images[:10])
    on_device = OnDevice(ImageSet(images, None, digits.spec), CPU)
    assert on_device._images.dtype == torch.uint8
    x, y = on_device.batch(torch.tensor([3, 1]))
    assert y is None
    np.testing.assert_allclose(x.numpy(), images[[3, 1]] / 255.0, rtol=1e-6)
    images[3] = 255
    assert (on_device.batch(torch.tensor([3]))[0] == 1).all(), "a copy"


def test_read_only_images_are_taken_too(digits):
    images = np.zeros((4, 1, 2, 2), np.uint8)
    images.flags.writeable = False
    on_device = OnDevice(ImageSet(images, None, ImageSpec((1, 2, 2))), CPU)
    assert len(on_device) == 4


# What it keeps


def test_keep_is_called_after_every_epoch_and_at_the_end():
    kept = []
    run(recipe_of(epochs=3), keep=kept.append)
    assert [snapshot.epoch for snapshot in kept] == [1, 2, 3]
    assert [snapshot.step for snapshot in kept] == [14, 28, 42]
    assert not same(kept[0].weights, kept[1].weights)


def test_stopping_in_the_middle_keeps_the_step_just_made(digits):
    recipe = recipe_of(epochs=5)
    kept, seen = [], []
    with closing(fit(recipe, keep=kept.append)) as events:
        for event in events:
            if isinstance(event, Step):
                seen.append(event.step)
                if event.step == 20:
                    break
    (first, last) = kept
    assert (first.epoch, first.step) == (1, 14)
    assert (last.epoch, last.step) == (1, 20)
    assert finite(last.weights)
    trainer = Trainer(recipe, digits, CPU)
    for epoch in range(2):
        for rows in list(trainer.epoch_batches())[: 14 if epoch == 0 else 6]:
            trainer.step(rows)
    assert same(last.weights, trainer.snapshot().weights)


def test_a_failing_keep_ends_the_training():
    def keep(_):
        raise OSError("no room")

    with pytest.raises(OSError, match="no room"):
        run(recipe_of(), keep=keep)


def test_snapshots_are_copies_and_end_with_the_last_weights():
    kept = []
    snapshots = run(recipe_of(epochs=2), snapshot_every=0.0, keep=kept.append)[Snapshot]
    assert [snapshot.step for snapshot in snapshots[:3]] == [1, 2, 3]
    assert len(snapshots) == 30  # after each step, and after each epoch
    for one, other in pairwise(snapshots[:14]):
        assert not same(one.weights, other.weights)
    assert same(snapshots[-1].weights, kept[-1].weights)
    assert all(value.dtype == np.float32 for value in snapshots[0].weights.values())
    assert (snapshots[-1].epoch, snapshots[-1].step) == (2, 28)


def test_no_snapshots_unless_asked_for_and_few_when_seldom():
    assert run(recipe_of())[Snapshot] == []
    rare = run(recipe_of(epochs=2), snapshot_every=1000.0)[Snapshot]
    assert [snapshot.step for snapshot in rare] == [1, 14, 28]


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
    assert not torch.equal(next(one.epoch_batches()), next(other.epoch_batches()))
    for trainer in (one, other):
        trainer.step(torch.arange(300))
    assert one.meter.means()["kl"] == other.meter.means()["kl"]
    assert one.meter.means()["reconstruction"] != other.meter.means()["reconstruction"]


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
        precision: run(recipe_of(epochs=3, batch_size=100, precision=precision))[EpochEnd]
        for precision in ("fp32", "bf16")
    }
    first, last = ({name: end[i].validation["loss"] for name, end in ends.items()} for i in (0, 2))
    for precision in ends:
        assert last[precision] < first[precision] - 5
    assert last["fp32"] != last["bf16"], "bf16 was not used"
    assert last["bf16"] == pytest.approx(last["fp32"], rel=0.05)


def test_weights_are_fp32_whatever_the_products_are_in():
    weights = trained(recipe_of(precision="bf16", batch_size=1000))
    assert {value.dtype for value in weights.values()} == {np.dtype(np.float32)}


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
    assert devices.pick("auto") == CPU
    assert devices.pick("cpu") == CPU
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert devices.pick("auto") == torch.device("mps")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert devices.pick("auto") == torch.device("cuda")


@pytest.mark.parametrize("has", [True, False])
def test_auto_multiplies_in_bf16_where_the_processor_can(monkeypatch, has):
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: has)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: has)
    assert devices.wants_bf16("auto", CPU) is has
    assert devices.wants_bf16("auto", torch.device("cuda")) is has
    assert devices.wants_bf16("auto", torch.device("mps")) is False
    for device in (CPU, torch.device("cuda"), torch.device("mps")):
        assert devices.wants_bf16("bf16", device) is True
        assert devices.wants_bf16("fp32", device) is False


def test_the_processor_really_says_whether_it_has_bf16():
    assert devices.wants_bf16("auto", CPU) in (True, False)


# Where it diverges


def spoiling(at, term="kl", gradient_only=False):
    """An ELBO one term of which is no number from call `at` on, counted from 1."""

    class Spoiling(ELBO):
        kind: str = "spoiling"

        def terms(self, batch):
            calls.append(1)
            terms = dict(super().terms(batch))
            if len(calls) >= at:
                spoilt = terms[term]
                zero = (spoilt - spoilt).square().sqrt()  # whose slope at 0 is 0 · inf
                terms[term] = spoilt + zero if gradient_only else spoilt * math.nan
            return terms

    calls = []
    return Spoiling


@pytest.mark.parametrize("term", ["reconstruction", "kl"])
def test_a_loss_that_is_no_number_names_the_term_and_keeps_the_last_good(known, monkeypatch, term):
    """14 steps and a validation make an epoch of 15 calls; the second epoch goes wrong."""
    monkeypatch.setattr("latentlab.learning.fit.REPORT_EVERY", 0.0)
    recipe = recipe_of(objective=known(spoiling(20, term)), epochs=3)
    kept = []
    with pytest.raises(TrainingError) as caught:
        run(recipe, keep=kept.append)
    assert f"At step 19 {term} was no longer a number" in caught.value.message
    assert "the weights of epoch 1 were kept" in caught.value.message
    assert "training.learning_rate" in caught.value.advice
    assert [snapshot.epoch for snapshot in kept] == [1, 1]
    assert finite(kept[-1].weights)
    assert same(kept[0].weights, kept[1].weights)


def test_diverging_in_the_first_epoch_keeps_the_first_weights(known):
    recipe = recipe_of(objective=known(spoiling(2)))
    kept = []
    with pytest.raises(TrainingError, match="epoch 0"):
        run(recipe, keep=kept.append)
    (only,) = kept
    assert (only.epoch, only.step) == (0, 0)
    assert finite(only.weights)


def test_stopping_before_a_divergence_was_noticed_keeps_the_last_good(known, monkeypatch):
    monkeypatch.setattr("latentlab.learning.fit.REPORT_EVERY", 1e9)
    recipe = recipe_of(objective=known(spoiling(18)), epochs=3)
    kept = []
    with closing(fit(recipe, keep=kept.append)) as events:
        for event in events:
            if isinstance(event, Step) and event.step == 20:
                break
    assert [snapshot.epoch for snapshot in kept] == [1, 1]
    assert finite(kept[-1].weights)


def test_weights_lost_in_the_last_step_of_an_epoch_are_not_kept(known):
    """The losses of that step are sound still; only the validation shows it."""
    recipe = recipe_of(objective=known(spoiling(14, gradient_only=True)))
    kept = []
    with pytest.raises(TrainingError, match="no longer a number"):
        run(recipe, keep=kept.append)
    (only,) = kept
    assert finite(only.weights)


def test_the_objectives_of_tests_are_gone():
    assert set(OBJECTIVES.kinds()) == {"elbo"}
    assert "spoiling" not in str(Recipe.model_json_schema())
