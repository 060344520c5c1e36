"""Errors as records that may cross threads."""

import pytest

from latentlab.errors import DataError, LatentlabError, RecipeError, RunError, TrainingError
from latentlab.session.failure import Failure


@pytest.mark.parametrize("kind", [LatentlabError, DataError, RunError, TrainingError])
def test_what_the_user_can_put_right_is_shown_as_it_stands(kind):
    failure = Failure.of(kind("It is broken.", "Mend it."))
    assert failure == Failure("It is broken.", "Mend it.", "", ())


def test_a_recipe_error_names_its_keys():
    problems = {"model.latent_dim": "must be more", "training.epoch": "unknown key"}
    failure = Failure.of(RecipeError(problems))
    assert failure.problems == tuple(problems.items())
    assert failure.title == "model.latent_dim: must be more\ntraining.epoch: unknown key"
    assert failure.details == ""


def test_too_little_memory_is_no_bug():
    failure = Failure.of(MemoryError())
    assert "memory" in failure.title
    assert failure.advice
    assert failure.details == ""


def test_what_nobody_foresaw_carries_its_traceback():
    def fail():
        raise KeyError("lost")

    try:
        fail()
    except KeyError as error:
        failure = Failure.of(error)
    assert "'lost'" in failure.title
    assert "report" in failure.advice
    assert "in fail" in failure.details
    assert failure.details.rstrip().endswith("KeyError: 'lost'")
    assert "Traceback" not in failure.title + failure.advice


def test_causes_are_told_too():
    try:
        try:
            raise OSError("disk gone")
        except OSError as error:
            raise ValueError("no value") from error
    except ValueError as error:
        details = Failure.of(error).details
    assert "disk gone" in details
    assert "no value" in details


def test_failures_hold_nothing_that_lives():
    assert hash(Failure.of(RunError("x"))) == hash(Failure.of(RunError("x")))
