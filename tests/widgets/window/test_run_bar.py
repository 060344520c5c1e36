"""What the run bar says of the losses of a run."""

from latentlab.learning.events import Change
from latentlab.session.runs import Run
from latentlab.widgets.window.run_bar import notes


def test_nothing_is_said_before_the_first_loss():
    assert not [*notes(Run(), ())]


def test_the_weights_that_are_kept_are_named():
    (kept,) = notes(Run(validation_loss=160.0, best_loss=155.0, best_epoch=2), ())
    assert kept == "The run keeps the weights of its last epoch and of its best one."


def test_the_best_epoch_counts_from_the_last_change_of_the_objective():
    changes = (
        Change(100, 1.25, "objective.beta", 2.0),
        Change(200, 2.5, "objective.beta", 4.0),
        Change(300, 3.75, "training.learning_rate", 1e-4),
        Change(400, 5.0, "objective.beta", -1.0, problem="must be at least 0"),
    )
    (kept,) = notes(Run(validation_loss=165.0, best_loss=165.0, best_epoch=3), changes)
    assert "since the change of objective.beta at epoch 2.5" in kept


def test_a_negative_loss_is_explained():
    _, why = notes(Run(validation_loss=-11490.8, best_loss=-11490.8, best_epoch=1), ())
    assert "a density can exceed 1" in why
