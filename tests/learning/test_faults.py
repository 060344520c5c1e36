"""What becomes of a run whose loss is lost, or that does not fit into memory."""

import math
from contextlib import closing

import pytest
import torch
from training_support import finite, recipe_of, run, same, trained

from latentlab.data.data_set import load
from latentlab.errors import RecipeError, TrainingError
from latentlab.learning.advice import advice_on
from latentlab.learning.batch_loss import LossModule
from latentlab.learning.events import Step
from latentlab.learning.fit import fit
from latentlab.learning.objectives.elbo import ELBO
from latentlab.learning.objectives.objective import OBJECTIVES
from latentlab.learning.recipe import Recipe
from latentlab.learning.trainer import Trainer


def spoiling(at, term="kl", gradient_only=False, value=math.nan):
    """An ELBO one term of which is no number from call `at` on, counted from 1.

    14 steps and a validation make an epoch of 15 calls.
    """

    class Spoiling(ELBO):
        kind: str = "spoiling"

        def terms(self, batch):
            calls.append(1)
            terms = dict(super().terms(batch))
            if len(calls) >= at:
                spoilt = terms[term]
                zero = (spoilt - spoilt).square().sqrt()  # whose slope at 0 is 0 · inf
                terms[term] = spoilt + zero if gradient_only else spoilt * value
            return terms

    calls = []
    return Spoiling


def failed(recipe):
    """Train until it fails; return the error and what was kept."""
    kept = []
    with pytest.raises(TrainingError) as caught:
        run(recipe, keep=kept.append)
    return caught.value, kept


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize("term", ["reconstruction", "kl"])
def test_a_loss_that_is_no_number_names_step_and_term_and_keeps_the_last_good(known, term, value):
    """The second epoch goes wrong."""
    error, kept = failed(recipe_of(objective=known(spoiling(20, term, value=value)), epochs=3))
    assert f"At step 19 {term} was no longer a finite number" in error.message
    assert "the weights of epoch 1 were kept" in error.message
    assert "training.learning_rate" in error.advice
    assert [saved.snapshot.epoch for saved in kept] == [0, 1]
    assert finite(kept[-1].snapshot.weights)
    assert same(kept[-1].snapshot.weights, kept[-1].best.weights)
    assert kept[-1].position is None


@pytest.mark.parametrize(
    ("at", "term", "model", "named", "not_named"),
    [
        (1, "reconstruction", {"kind": "gaussian", "sigma": 1e-3}, "likelihood.sigma", "rate"),
        (1, "reconstruction", {"kind": "laplace", "scale": 2e-4}, "likelihood.scale", "rate"),
        (1, "reconstruction", "gaussian-learned", "training.precision", "sigma"),
        (1, "kl", {"kind": "gaussian", "sigma": 1e-3}, "training.precision", "sigma"),
        (9, "reconstruction", {"kind": "gaussian", "sigma": 1e-3}, "likelihood.sigma", "beta"),
        (9, "reconstruction", {"kind": "gaussian", "sigma": 0.1}, "learning_rate", "sigma"),
        (9, "kl", "bernoulli", "training.learning_rate", "sigma"),
    ],
)
def test_advice_follows_from_the_term_and_the_step(known, at, term, model, named, not_named):
    """At the first step no learning rate is to blame."""
    objective = known(spoiling(at, term))
    error, _ = failed(recipe_of(objective=objective, model={"likelihood": model}))
    assert f"At step {at} {term}" in error.message
    assert named in error.advice
    assert not_named not in error.advice
    assert ("learning_rate" in error.advice) == (at > 1)


def test_a_sum_that_is_no_number_is_blamed_on_its_weights():
    recipe = recipe_of()
    assert "objective.beta" in advice_on(recipe, ["loss"], first=True)
    assert "objective.extra" in advice_on(recipe, ["none"], first=True)


def test_a_discriminator_that_diverges_stops_the_run_and_is_named():
    """Its loss is no part of the model's, which stays finite in this step."""
    objective = {"kind": "elbo", "extra": {"kind": "factor", "units": 4}}
    trainer = Trainer(recipe_of(objective=objective), load(recipe_of().data), torch.device("cpu"))
    assert trainer.network_is_finite
    with torch.no_grad():
        trainer.network[-1].bias.fill_(math.nan)
    assert not trainer.network_is_finite
    x, y = trainer.train_feed.batch(torch.arange(8))
    trainer.begin_step(8)
    before = [weight.clone() for weight in trainer.weights]
    with pytest.raises(TrainingError, match="no longer a finite number"):
        trainer.gradients((x, y, None), 8)
    pairs = zip(before, trainer.weights, strict=True)
    assert all(torch.equal(one, other) for one, other in list(pairs)[:-1])
    assert "objective.extra" in advice_on(trainer.recipe, ["discriminator"], first=False)


@pytest.mark.parametrize("kind", ["gaussian", "laplace", "gaussian-learned", "laplace-learned"])
def test_a_deviation_far_below_a_shade_is_refused_with_the_recipe(kind):
    """And the smallest that is not refused can be learned with."""
    name = {"gaussian": "sigma", "laplace": "scale"}.get(kind, "min_sigma")
    with pytest.raises(RecipeError, match=rf"likelihood\.{name}: must be .* 0\.0001"):
        recipe_of(model={"likelihood": {"kind": kind, name: 1e-30}})
    recipe = recipe_of(model={"likelihood": {"kind": kind, name: 1e-4}})
    assert finite(trained(recipe))


def test_diverging_in_the_first_epoch_keeps_the_first_weights(known):
    error, kept = failed(recipe_of(objective=known(spoiling(2))))
    assert "no epoch was complete" in error.message
    assert [(saved.snapshot.epoch, saved.snapshot.step) for saved in kept] == [(0, 0), (0, 0)]
    assert same(kept[0].snapshot.weights, kept[1].snapshot.weights)
    assert finite(kept[1].snapshot.weights)


def test_stopping_before_a_divergence_was_noticed_keeps_the_last_good(known):
    """The loss of step 17 is sound, the weights after it are not."""
    recipe = recipe_of(objective=known(spoiling(18, gradient_only=True)), epochs=3)
    kept = []
    with closing(fit(recipe, keep=kept.append)) as events:
        for event in events:
            if isinstance(event, Step) and event.step == 17:
                break
    assert [saved.snapshot.epoch for saved in kept] == [0, 1]
    assert finite(kept[-1].snapshot.weights)
    assert kept[-1].position is None


def test_weights_lost_in_the_last_step_of_an_epoch_are_not_kept(known):
    """The losses of that step are sound still; only the validation shows it."""
    error, kept = failed(recipe_of(objective=known(spoiling(14, gradient_only=True))))
    assert "no longer a finite number" in error.message
    assert all(finite(saved.snapshot.weights) for saved in kept)


def test_a_step_that_fails_has_changed_no_weight(known, digits):
    recipe = recipe_of(objective=known(spoiling(3)))
    trainer = Trainer(recipe, digits, torch.device("cpu"))
    steps = trainer.epoch_steps()
    next(steps), next(steps)
    before = trainer.snapshot().weights
    with pytest.raises(TrainingError):
        next(steps)
    assert same(before, trainer.snapshot().weights)


def test_the_objectives_of_tests_are_gone():
    assert set(OBJECTIVES.kinds()) == {"elbo", "capacity", "iwae", "rae"}
    assert "spoiling" not in str(Recipe.model_json_schema())


# Memory


@pytest.fixture
def room(monkeypatch):
    """Give batches room for so many images only."""

    def make(images, error):
        forward = LossModule.forward

        def limited(self, objective, inputs, numbers):
            if len(inputs[0]) > images:
                raise error
            return forward(self, objective, inputs, numbers)

        monkeypatch.setattr(LossModule, "forward", limited)

    return make


WORDS = (
    "[enforce fail at alloc_cpu.cpp:121] . DefaultCPUAllocator: can't allocate memory: you tried"
)


@pytest.mark.parametrize(
    "error", [RuntimeError(WORDS), MemoryError(), torch.OutOfMemoryError("CUDA out of memory.")]
)
@pytest.mark.parametrize(("images", "fits"), [(1000, 750), (937, 750), (936, 375), (40, 23)])
def test_a_batch_too_large_is_told_with_one_that_fits(room, images, fits, error):
    room(images, error)
    kept = []
    with pytest.raises(RecipeError) as caught:
        run(recipe_of(batch_size=3000), keep=kept.append)
    (text,) = caught.value.problems.values()
    assert list(caught.value.problems) == ["training.batch_size"]
    assert "3000 images" in text
    assert f"{fits} would fit" in text
    assert [saved.snapshot.step for saved in kept] == [0]


def test_one_that_fits_does(room):
    room(937, MemoryError())
    run(recipe_of(batch_size=750))


def test_a_machine_without_room_for_a_single_image_ends_too(room):
    room(0, MemoryError())
    with pytest.raises(TrainingError, match="Not even a step with one image fits") as caught:
        run(recipe_of(batch_size=8))
    assert "smaller model" in caught.value.advice


def test_a_machine_with_room_for_a_single_image_is_told_so(room):
    room(1, MemoryError())
    with pytest.raises(RecipeError, match="1 would fit"):
        run(recipe_of(batch_size=8))


def test_other_errors_are_not_taken_for_a_lack_of_memory(room):
    room(0, RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    with pytest.raises(RuntimeError, match="mat1"):
        run(recipe_of())
