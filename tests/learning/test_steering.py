"""Changing a run while it goes on, and ending it where it stands still."""

import math
from contextlib import closing

import pytest
import torch
from training_support import STEPS, recipe_of, run, same, trained

from latentlab.learning.events import Change, EpochEnd, Step
from latentlab.learning.fit import fit
from latentlab.learning.steering import Controls
from latentlab.learning.trainer import Trainer

CPU = torch.device("cpu")


def steered(recipe, wishes, **options):
    """Train, asking for changes after given steps; return the events, and what was kept last."""
    controls, kept, events = Controls(), [], []
    for event in fit(recipe, controls=controls, keep=kept.append, **options):
        events.append(event)
        if isinstance(event, Step):
            for key, value in wishes.get(event.step, ()):
                controls.steer(key, value)
    return events, kept[-1]


def of(kind, events):
    return [event for event in events if isinstance(event, kind)]


def test_a_change_comes_between_two_steps_and_says_when():
    events, _ = steered(recipe_of(epochs=2), {16: [("objective.beta", 4.0)]})
    (change,) = of(Change, events)
    assert change == Change(16, 16 / STEPS, "objective.beta", 4.0)
    around = events[events.index(change) - 1], events[events.index(change) + 1]
    assert [event.step for event in around] == [16, 17]


def test_what_was_asked_before_it_began_comes_first():
    controls = Controls()
    controls.steer("objective.beta", 0.0)
    events = list(fit(recipe_of(), controls=controls))
    assert of(Change, events) == [Change(0, 0.0, "objective.beta", 0.0)]
    assert events.index(of(Change, events)[0]) < events.index(of(Step, events)[0])
    (end,) = of(EpochEnd, events)
    assert end.train["loss"] == pytest.approx(end.train["reconstruction"])


@pytest.mark.parametrize(
    ("key", "value"),
    [("objective.beta", 4.0), ("objective.free_bits", 0.5), ("training.learning_rate", 0.01)],
)
def test_steps_after_a_change_are_those_of_the_changed_recipe(digits, key, value):
    recipe = recipe_of()
    _, saved = steered(recipe, {5: [(key, value)]})
    trainer = Trainer(recipe, digits, CPU)
    for _ in trainer.epoch_steps():
        if trainer.step_count == 5:
            trainer.change(recipe.changed(key, value))
    assert same(saved.snapshot.weights, trainer.snapshot().weights)
    assert not same(saved.snapshot.weights, trained(recipe))


def test_beta_weighs_from_the_next_step_on():
    events, _ = steered(recipe_of(epochs=2), {STEPS: [("objective.beta", 3.0)]})
    # Asked for after the last step, it comes before the validation.
    first, second = of(EpochEnd, events)
    for losses, beta in ((first.train, 1), (first.validation, 3), (second.train, 3)):
        assert losses["loss"] == pytest.approx(losses["reconstruction"] + beta * losses["kl"])


REFUSED = [
    ("objective.beta", -1.0, "greater than or equal to 0"),
    ("objective.beta", math.nan, "nan"),
    ("objective.betta", 1.0, 'did you mean "beta"'),
    ("objective.beta.more", 1.0, "is a value, not a table"),
    ("objective.kind", 3.0, "objective"),
    ("objective.schedule.epochs", 3.0, "unknown key"),
    ("training.learning_rate", 0.0, "greater than 0"),
    ("training.epochs", 2.5, "whole number"),
    ("training.batch_size", 10, "cannot be changed while a run goes on"),
    ("model.latent_dim", 3, "cannot be changed while a run goes on"),
    ("training", 3, "cannot be changed while a run goes on"),
    ("", 3, "cannot be changed while a run goes on"),
]


@pytest.mark.parametrize(("key", "value", "words"), REFUSED)
def test_a_change_that_cannot_be_is_told_and_leaves_the_run_as_it_was(key, value, words):
    events, saved = steered(recipe_of(), {5: [(key, value)]})
    (change,) = of(Change, events)
    assert (change.step, change.key) == (5, key)
    assert words in change.problem
    assert same(saved.snapshot.weights, trained(recipe_of()))


def test_changes_are_made_in_the_order_they_were_asked_for():
    wishes = [("objective.beta", value) for value in (4.0, -1.0, 2.0)]
    events, _ = steered(recipe_of(), {5: wishes, 9: [("training.epochs", 1)]})
    changes = of(Change, events)
    assert [(change.step, change.value) for change in changes] == [
        (5, 4.0),
        (5, -1.0),
        (5, 2.0),
        (9, 1),
    ]
    assert [bool(change.problem) for change in changes] == [False, True, False, False]


# Length


def test_epochs_can_be_added_and_taken_away():
    events, _ = steered(recipe_of(epochs=1), {5: [("training.epochs", 3)]})
    assert [end.epoch for end in of(EpochEnd, events)] == [1, 2, 3]
    events, _ = steered(recipe_of(epochs=9), {20: [("training.epochs", 1)]})
    assert [end.epoch for end in of(EpochEnd, events)] == [1, 2], "the epoch under way is finished"


def test_time_left_counts_the_epochs_added(monkeypatch):
    monkeypatch.setattr("latentlab.learning.monitor.REPORT_INTERVAL_S", 0.0)
    controls, left = Controls(), {}
    with closing(fit(recipe_of(epochs=2), controls=controls)) as events:
        for event in events:
            if isinstance(event, Step):
                left[event.step] = event.seconds_left
                if event.step == 10:
                    controls.steer("training.epochs", 2000)
                if event.step == 11:
                    break
    assert left[11] > 100 * left[10] > 0


# Made again


def test_changes_of_an_earlier_run_are_made_again_each_at_its_step():
    wishes = {5: [("objective.beta", 4.0)], 20: [("training.learning_rate", 0.01)]}
    events, saved = steered(recipe_of(epochs=2), wishes)
    again, kept = [], []
    for event in fit(recipe_of(epochs=2), changes=reversed(of(Change, events)), keep=kept.append):
        again.append(event)
    assert of(Change, again) == of(Change, events)
    assert same(saved.snapshot.weights, kept[-1].snapshot.weights)
    assert same(saved.position.arrays, kept[-1].position.arrays)


@pytest.mark.parametrize("stop", [3, 5, 6, 17, 25])
def test_resuming_makes_those_again_that_came_after_it_was_saved(stop):
    """And keeps to those that came before."""
    recipe = recipe_of(epochs=2)
    wishes = {5: [("objective.beta", 4.0)], 20: [("training.learning_rate", 0.01)]}
    events, saved = steered(recipe, wishes)
    changes = of(Change, events)
    kept = []
    with closing(fit(recipe, changes=changes, keep=kept.append)) as running:
        for event in running:
            if isinstance(event, Step) and event.step == stop:
                break
    rest = []
    position = kept[-1].position
    after = list(fit(recipe, changes=changes, resume=position, keep=rest.append))
    assert of(Change, after) == [change for change in changes if change.step > stop]
    assert same(saved.snapshot.weights, rest[-1].snapshot.weights)
    assert same(saved.position.arrays, rest[-1].position.arrays)


# Standing still


def test_patience_ends_a_run_so_many_epochs_after_its_best(known):
    from latentlab.learning.objectives.elbo import ELBO

    seen = []

    class Rising(ELBO):
        """Its validation losses are 5, 3, 4, 3.5, 6 and so on."""

        kind: str = "rising"

        def total(self, terms, numbers):
            loss = super().total(terms, numbers)
            if loss.requires_grad:
                return loss
            seen.append(0)
            wanted = [5.0, 3.0, 4.0, 3.5, 6.0, 2.0, 1.0][len(seen) - 1]
            return loss * 0 + wanted

    recipe = recipe_of(objective=known(Rising), epochs=7, patience=3)
    kept = []
    ends = run(recipe, keep=kept.append)[EpochEnd]
    assert [end.epoch for end in ends] == [1, 2, 3, 4, 5]
    assert [end.best_epoch for end in ends] == [1, 2, 2, 2, 2]
    assert [end.best_loss for end in ends] == [5.0, 3.0, 3.0, 3.0, 3.0]
    assert kept[-1].best.epoch == 2
    assert kept[-1].snapshot.epoch == 5


def test_without_patience_a_run_goes_on_to_its_end():
    recipe = recipe_of(epochs=4, learning_rate=1e-12)
    assert len(run(recipe)[EpochEnd]) == 4


def test_losses_of_another_objective_are_not_compared():
    """Beta 0 gives a lower loss than any that comes after it."""
    recipe = recipe_of(epochs=3, objective={"beta": 0.0})
    events, saved = steered(recipe, {STEPS + 3: [("objective.beta", 1000.0)]})
    ends = of(EpochEnd, events)
    assert ends[1].best_epoch == 2
    assert ends[1].best_loss == ends[1].validation["loss"] > ends[0].best_loss
    assert saved.best.epoch >= 2
