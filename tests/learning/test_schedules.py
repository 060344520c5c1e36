"""How weights and the learning rate change over the epochs."""

import pytest
import torch
from training_support import recipe_of

from latentlab.errors import RecipeError
from latentlab.learning.schedules import (
    SCHEDULES,
    Constant,
    Cosine,
    Cyclical,
    Linear,
    MultiStep,
    OneCycle,
)
from latentlab.learning.trainer import Trainer

FACTORS = [
    *[(Constant(), epochs, 1.0) for epochs in (0.0, 0.5, 1.0, 1e6)],
    *[(Linear(epochs=4), e, f) for e, f in ((0, 0.0), (1, 0.25), (2, 0.5), (4, 1.0), (40, 1.0))],
    *[(Linear(epochs=4, start=1, end=0.2), e, f) for e, f in ((0, 1.0), (2, 0.6), (4, 0.2))],
    *[(Linear(epochs=4, start=0.5, end=0.5), e, 0.5) for e in (0, 3, 9)],
    *[(Cosine(epochs=4), e, f) for e, f in ((0, 0.0), (1, 0.1464466), (2, 0.5), (4, 1.0), (9, 1))],
    *[(Cosine(epochs=4, start=1, end=0), e, f) for e, f in ((0, 1.0), (3, 0.1464466), (4, 0.0))],
    *[(Cyclical(period=4), e, f) for e, f in ((0, 0.0), (1, 0.5), (2, 1.0), (3.99, 1.0))],
    *[(Cyclical(period=4), e, f) for e, f in ((4, 0.0), (5, 0.5), (6.5, 1.0), (8, 0.0))],
    *[(Cyclical(period=4, rise=1), e, f) for e, f in ((1, 0.25), (2, 0.5), (3, 0.75), (4, 0.0))],
    *[(Cyclical(period=4, rise=0.25), e, f) for e, f in ((0.5, 0.5), (1, 1.0), (3, 1.0))],
    *[(OneCycle(epochs=20), e, f) for e, f in ((0, 0.0), (1, 0.5), (2, 1.0), (11, 0.5), (20, 0.0))],
    (OneCycle(epochs=20), 25, 0.0),
    *[(OneCycle(epochs=4, warm_up=0.5), e, f) for e, f in ((1, 0.5), (2, 1.0), (3, 0.5))],
    *[
        (MultiStep(milestones=(9, 2)), e, f)
        for e, f in ((1.9, 1.0), (2, 0.5), (8.9, 0.5), (9, 0.25))
    ],
]


@pytest.mark.parametrize(("schedule", "epochs", "factor"), FACTORS)
def test_factors(schedule, epochs, factor):
    assert schedule.factor(float(epochs)) == pytest.approx(factor, abs=1e-6)


@pytest.mark.parametrize("kind", SCHEDULES.kinds())
def test_every_factor_is_from_0_to_1_and_the_same_each_time(kind):
    schedule = SCHEDULES.kinds()[kind]()
    factors = [schedule.factor(i / 7) for i in range(500)]
    assert all(0 <= factor <= 1 for factor in factors)
    assert factors == [schedule.factor(i / 7) for i in range(500)]


@pytest.mark.parametrize(
    "values",
    [
        {"kind": "linear", "epochs": 0},
        {"kind": "linear", "start": -0.1},
        {"kind": "cosine", "end": 1.1},
        {"kind": "cyclical", "period": 0},
        {"kind": "cyclical", "rise": 0},
        {"kind": "one-cycle", "epochs": 0},
        {"kind": "one-cycle", "warm_up": 0},
        {"kind": "one-cycle", "warm_up": 1},
        {"kind": "multi-step", "milestones": []},
        {"kind": "multi-step", "milestones": [0]},
        {"kind": "multi-step", "gamma": 0},
        {"kind": "constant", "epochs": 3},
    ],
)
def test_a_schedule_that_cannot_be_is_refused(values):
    with pytest.raises(RecipeError, match=r"objective\.schedule"):
        recipe_of(objective={"schedule": values})


DECAYS = [OneCycle(epochs=4), Linear(epochs=4, start=1, end=0), Cosine(epochs=4, start=1, end=0)]


@pytest.mark.parametrize("schedule", DECAYS, ids=lambda schedule: schedule.kind)
def test_a_run_that_is_made_longer_ends_at_a_rate_of_0_and_not_before(schedule):
    values = schedule.model_dump()
    longer = recipe_of(epochs=4, schedule=values).changed("training.epochs", 6)
    assert longer == recipe_of(epochs=6, schedule=values), "as if it had been longer from its start"
    rates = [longer.training.schedule.factor(epoch) for epoch in range(7)]
    assert rates[-1] == 0 < min(rates[1:-1])
    assert longer.training.schedule == schedule.model_copy(update={"epochs": 6.0})


@pytest.mark.parametrize(
    ("schedule", "epochs"),
    [
        (OneCycle(epochs=4), 3),
        (OneCycle(epochs=9), 6),
        (Linear(epochs=4), 6),
        (Cosine(epochs=4, start=1, end=0.1), 6),
        (MultiStep(), 6),
        (Constant(), 6),
    ],
)
def test_a_schedule_that_still_learns_stays_as_it_is(schedule, epochs):
    recipe = recipe_of(epochs=4, schedule=schedule.model_dump()).changed("training.epochs", epochs)
    assert (recipe.training.epochs, recipe.training.schedule) == (epochs, schedule)


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "sgd"])
def test_the_learning_rate_follows_its_schedule_at_every_step(digits, optimizer):
    schedule = {"kind": "cosine", "epochs": 1, "start": 1, "end": 0.1}
    recipe = recipe_of(learning_rate=0.01, schedule=schedule, optimizer=optimizer, epochs=2)
    trainer = Trainer(recipe, digits, torch.device("cpu"))
    rates = []
    for _ in range(2):
        for _ in trainer.epoch_steps():
            rates += [group["lr"] for group in trainer.optimizer.param_groups]
    want = [0.01 * recipe.training.schedule.factor(step / 14) for step in range(28)]
    assert rates == pytest.approx(want)
    assert (rates[0], rates[14:]) == (0.01, pytest.approx([0.001] * 14))


def test_the_event_of_a_step_has_the_present_values(digits):
    """Beta 4 of a warm-up over two epochs is 2 after the first."""
    objective = {"beta": 4.0, "schedule": {"kind": "linear", "epochs": 2}}
    schedule = {"kind": "linear", "epochs": 1, "start": 1, "end": 0.5}
    recipe = recipe_of(objective=objective, schedule=schedule, learning_rate=0.01, epochs=1)
    trainer = Trainer(recipe, digits, torch.device("cpu"))
    for _ in trainer.epoch_steps():
        pass
    last = (trainer.steps_per_epoch - 1) / trainer.steps_per_epoch
    assert trainer.scheduled == {
        "training.learning_rate": pytest.approx(0.01 * (1 - 0.5 * last)),
        "objective.beta": pytest.approx(4.0 * last / 2),
    }


def test_a_learning_rate_of_nothing_moves_nothing(digits):
    schedule = {"kind": "linear", "epochs": 1, "start": 0, "end": 0}
    trainer = Trainer(recipe_of(schedule=schedule), digits, torch.device("cpu"))
    before = trainer.snapshot().weights
    next(trainer.epoch_steps())
    assert all((before[name] == w).all() for name, w in trainer.snapshot().weights.items())
