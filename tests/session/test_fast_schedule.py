"""The fast schedule: what it changes in a recipe, and which recipes it leaves alone."""

import pytest

from latentlab.session.recipes import describe_fast, fast_schedule


def recipe_of(objective=None, **training):
    training = {"epochs": 100, "learning_rate": 1e-3, "average": 0.0, **training}
    return {
        "model": {"kind": "vae"},
        "objective": objective or {"kind": "elbo"},
        "training": training,
    }


def test_run_is_a_fifth_as_long_with_a_higher_rate_that_falls_to_0():
    before = recipe_of(batch_size=16, average=0.99, schedule={"kind": "constant"})
    made = fast_schedule(before)
    assert made["training"] == {
        "epochs": 20,
        "learning_rate": 4e-3,
        "schedule": {"kind": "one-cycle", "epochs": 20.0},
        "average": 0.0,
        "batch_size": 16,
    }
    assert made["model"] == before["model"]
    assert before["training"]["epochs"] == 100
    words = describe_fast(made)
    assert "20 epochs" in words
    assert "0.004" in words


@pytest.mark.parametrize(("epochs", "after"), [(30, 6), (24, 5), (6, 3), (4, 3)])
def test_a_fraction_of_an_epoch_is_rounded_up_to_three_at_least(epochs, after):
    made = fast_schedule(recipe_of(epochs=epochs))
    assert made["training"]["epochs"] == made["training"]["schedule"]["epochs"] == after


@pytest.mark.parametrize("name", ["epochs", "period"])
def test_schedule_of_the_kl_becomes_shorter_in_proportion(name):
    objective = {"kind": "elbo", "schedule": {"kind": "any", name: 10.0, "start": 0.1}}
    made = fast_schedule(recipe_of(objective, epochs=30))
    assert made["objective"]["schedule"] == {"kind": "any", name: 2.0, "start": 0.1}


def test_steps_of_the_kl_come_sooner_in_proportion():
    objective = {"kind": "elbo", "schedule": {"kind": "multi-step", "milestones": [1, 20, 50]}}
    made = fast_schedule(recipe_of(objective))
    assert made["objective"]["schedule"]["milestones"] == [1, 4, 10]


def test_adam_forgets_sooner_and_other_optimizers_stay_as_they_are():
    adam = {"kind": "adam", "beta1": 0.9, "beta2": 0.999}
    made = fast_schedule(recipe_of(optimizer=adam))
    assert made["training"]["optimizer"] == {"kind": "adam", "beta1": 0.9, "beta2": 0.99}
    sgd = {"kind": "sgd", "momentum": 0.9}
    assert fast_schedule(recipe_of(optimizer=sgd))["training"]["optimizer"] == sgd


def test_rate_stays_in_its_limits():
    assert fast_schedule(recipe_of(learning_rate=0.5))["training"]["learning_rate"] == 1.0


@pytest.mark.parametrize("epochs", [1, 3])
def test_short_run_stays_as_it_is(epochs):
    assert fast_schedule(recipe_of(epochs=epochs)) is None


def test_fast_schedule_is_applied_once():
    assert fast_schedule(fast_schedule(recipe_of())) is None


@pytest.mark.parametrize("values", [{}, {"training": {}}, {"training": {"epochs": 9}}])
def test_incomplete_recipe_stays_as_it_is(values):
    assert fast_schedule(values) is None
