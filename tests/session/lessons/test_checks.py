"""Checks tell from the state what was done, and what they see."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from latentlab.data.image_set import ImageSpec
from latentlab.data.parts import VALIDATION
from latentlab.directories import resources
from latentlab.latent.codes import Codes
from latentlab.latent.ranking import Scores
from latentlab.metrics.measurement import Refusal
from latentlab.session.diagnosis.finding import Finding
from latentlab.session.lessons.calls import Call
from latentlab.session.lessons.checks import CHECKS
from latentlab.session.lessons.lesson import Lesson, OpenedLesson, ReadLesson, Step
from latentlab.session.points import LatentPath, ModelCard, Original
from latentlab.session.runs import Run, RunLog, TrainingStatus
from latentlab.session.scores.anomalies import ScoreImages
from latentlab.session.scores.metrics import MeasuredMetrics, MeasureMetrics
from latentlab.session.state import State

CARD = ModelCard("mine", Path("/runs/mine"), "vae", 2, False, ImageSpec((1, 4, 4), ("a", "b")))
CODES = Codes(np.array([[0, 0], [3, 3]], np.float32), np.ones((2, 2), np.float32), np.array([0, 1]))
LESSON = Lesson(Path("/a.md"), "T", "A", 5, (Step("S"),))


def run(state, check, /, **arguments):
    call = Call(check, arguments)
    CHECKS.validate(call)
    return CHECKS.run(call, state)


@pytest.fixture
def state():
    point = CARD.point((0.0, 0.0))
    answers = {ReadLesson: OpenedLesson(LESSON, began=point)}
    return State(model=CARD, codes=CODES, point=point, answers=answers)


def moved(state, *z):
    return replace(state, point=CARD.point(z))


def test_every_check_answers_without_a_model():
    needed = {
        "key": "training.epochs",
        "value": 1,
        "term": "kl",
        "by": 1.0,
        "runs": 2,
        "dimension": 1,
        "name": "x",
        "start": "a",
        "end": "b",
        "layout": "PCA",
        "n": 20,
        "what": "holes",
        "kinds": ["straight"],
        "classes": ["a"],
        "metric": "elbo",
        "among": 3,
    }
    for name in CHECKS.names:
        takes = {each for each in needed if each in CHECKS.arguments(name)}
        found = run(State(), name, **{each: needed[each] for each in takes})
        assert not found.is_done, name
        assert found.seen, name


def test_z_counts_from_the_beginning_of_the_step(state):
    assert not run(state, "z_moved", distance=1.0).is_done
    assert run(moved(state, 0.0, 1.5), "z_moved", distance=1.0).is_done
    assert run(moved(state, 0.0, 0.5), "z_moved", distance=1.0).seen == "z has moved by 0.5 of 1"
    answers = {ReadLesson: replace(state.lesson, began=None)}
    assert not run(replace(moved(state, 0.0, 9.0), answers=answers), "z_moved").is_done


def test_a_coordinate_lies_in_a_range(state):
    there = moved(state, 0.2, 1.6)
    assert run(there, "z_value", dimension=2, at_least=1.5).is_done
    assert not run(there, "z_value", dimension=2, at_least=1.5, at_most=1.55).is_done
    assert run(there, "z_value", dimension=1, at_most=1.0).seen == "z1 is 0.20"
    assert not run(there, "z_value", dimension=3).is_done


def test_the_nearest_image_and_the_ends_of_the_path_have_classes(state):
    assert run(state, "near", name="a").is_done
    assert run(moved(state, 2.0, 2.0), "near", name="b").is_done
    ends = LatentPath(CARD.point((0, 0)), CARD.point((3, 3)), 12)
    on_path = replace(state, ends=ends)
    assert run(on_path, "path", start="a", end="b", steps=12).is_done
    assert not run(on_path, "path", start="a", end="b", steps=13).is_done
    assert not run(on_path, "path", start="b", end="a").is_done
    original = Original("x", ends.b, None, None, row=1)
    picked = replace(state, original=original, point=ends.b)
    assert run(picked, "image_at_z", name="b").is_done
    assert run(picked, "image_at_z").seen == "z is the code of image 1 of class b"
    assert not run(picked, "image_at_z", name="a").is_done
    # An image that was at z when the step began was not chosen in it.
    assert not run(
        replace(state, original=replace(original, point=state.point)), "image_at_z"
    ).is_done


def test_only_a_finished_run_of_the_user_is_trained(state):
    card = replace(CARD, epoch=10, recipe={"objective": {"beta": 4.0}, "model": {"kind": "vae"}})
    mine = replace(state, model=card)
    assert run(mine, "trained", key="objective.beta", value=4, epochs=10).is_done
    assert not run(mine, "trained", key="objective.beta", value=1, epochs=10).is_done
    assert not run(mine, "trained", epochs=11).is_done
    # The kind of a table stands for the table.
    assert run(mine, "trained", key="model", value="vae").is_done
    busy = replace(mine, training=TrainingStatus(run=Run()))
    assert not run(busy, "trained", epochs=10).is_done
    shipped = replace(mine, model=replace(card, source=resources() / "models" / "digits-2d"))
    assert not run(shipped, "trained", epochs=10).is_done


def test_losses_are_those_of_held_out_images(state):
    x = np.arange(1.0, 5.0)
    curves = {("validation", "kl"): (x, np.array([2.0, 40.0, 20.0, 15.0]))}
    shown = replace(state, log=RunLog(curves=curves))
    assert run(shown, "loss", term="kl", at_least=10, at_most=20, epochs=4).is_done
    assert not run(shown, "loss", term="kl", at_most=14).is_done
    assert not run(shown, "loss", term="kl", epochs=5).is_done
    assert run(shown, "loss_turned", term="kl", by=25).is_done
    assert not run(shown, "loss_turned", term="kl", by=26).is_done
    assert not run(shown, "loss", term="reconstruction").is_done


def test_a_finding_is_named_exactly(state):
    log = RunLog(findings=(Finding("partial collapse", "watch", "t", "e"),))
    assert run(replace(state, log=log), "finding", key="partial collapse").is_done
    assert not run(replace(state, log=log), "finding", key="collapse").is_done


def test_another_class_of_the_same_z_was_chosen_in_the_step(state):
    def labelled(label, z=(0.0, 0.0)):
        return replace(CARD.point(z), label=label)

    answers = {ReadLesson: OpenedLesson(LESSON, began=labelled(0))}
    begun = replace(state, point=labelled(0), answers=answers)
    assert run(begun, "label_is", name="a").is_done
    assert not run(begun, "label_is", name="a", keeps_z=True).is_done
    assert run(replace(begun, point=labelled(1)), "label_is", name="b", keeps_z=True).is_done
    away = run(replace(begun, point=labelled(1, (1.0, 0.0))), "label_is", name="b", keeps_z=True)
    assert not away.is_done
    assert "z has moved" in away.seen


def test_any_other_class_will_do_if_none_is_named(state):
    begun = replace(state, point=replace(CARD.point((0.0, 0.0)), label=1))
    begun = replace(begun, answers={ReadLesson: OpenedLesson(LESSON, began=begun.point)})
    same = run(begun, "label_is", keeps_z=True)
    assert not same.is_done
    assert same.seen == "the class is b, as when the step began"
    other = replace(begun, point=replace(begun.point, label=0))
    assert run(other, "label_is", keeps_z=True).is_done


@pytest.mark.parametrize(("epochs", "seen"), [(1, "1 epoch is"), (2, "2 epochs are")])
def test_one_epoch_is_trained_and_two_are(state, epochs, seen):
    mine = replace(state, model=replace(CARD, epoch=epochs))
    assert run(mine, "training").seen == f"{seen} trained"


def with_answer(state, request, found):
    return replace(state, answers={**state.answers, request: found})


def test_exactly_these_classes_were_left_out_of_a_finished_run(state):
    run_card = replace(CARD, epoch=3, recipe={"data": {"kind": "digits", "leave_out": ["b"]}})
    left_out = replace(state, model=run_card)
    assert run(left_out, "left_out", classes=["b"]).is_done
    assert not run(left_out, "left_out", classes=["a"]).is_done
    assert not run(left_out, "left_out", classes=["a", "b"]).is_done
    assert not run(left_out, "left_out", classes=["b"], epochs=4).is_done
    assert run(left_out, "left_out", classes=["b"]).seen == "3 epochs are trained, left out: b"
    assert not run(state, "left_out", classes=["b"]).is_done


def test_the_area_of_the_classes_left_out_lies_in_a_range(state):
    card = replace(CARD, epoch=3, recipe={"data": {"kind": "digits", "leave_out": ["b"]}})
    held_out = replace(CODES, parts=np.array([VALIDATION] * 2, object))
    values = np.array([1.0, 2.0])
    scored = with_answer(
        replace(state, model=card, codes=held_out), ScoreImages, Scores(values, values, values, 1)
    )
    assert run(scored, "auroc", at_least=0.9).is_done
    assert run(scored, "auroc").seen == "AUROC 1.00"
    assert not run(scored, "auroc", at_most=0.9).is_done
    assert run(replace(scored, model=CARD), "auroc").seen.endswith(
        "left no class out of its training"
    )


def test_a_metric_that_was_refused_is_not_measured(state):
    refused = MeasuredMetrics((Refusal("elbo", "ELBO", "No images."),), saved=False)
    assert not run(with_answer(state, MeasureMetrics, refused), "measured", metric="elbo").is_done
