"""Clicks, drags, drops and snapshots of one model that come once another is open."""

from pathlib import Path

import numpy as np
import pytest
import toy
from controller_support import bare, bench, moved

from latentlab.latent.interpolation.curves import PathKind
from latentlab.session.belonging import belongs_to_model
from latentlab.session.directions import MakeSliderStrips
from latentlab.session.failure import Failure
from latentlab.session.interpolation import (
    Bookmark,
    DecodePaths,
    MakeBlend,
    MakeTraversal,
    MeasureSupport,
    TraversalSettings,
)
from latentlab.session.map import Layout, MakeView, axes_view
from latentlab.session.model import Adopt, Decode, DecodePath, Hover, MakeManifold, Open
from latentlab.session.neighbours import FindNeighbours
from latentlab.session.own_image import EstimateElbo
from latentlab.session.points import Picture
from latentlab.session.state import OF_CODES, OF_MODEL

__all__ = ["bare", "bench"]

PIXELS = np.zeros((4, 4), np.uint8)
ONE_MODEL = sorted(OF_CODES | OF_MODEL)


def mark(state):
    return (Bookmark(state.point, "", PIXELS),)


INTENTS = {
    "click": lambda c, old: c.point.set(old.point),
    "drag": lambda c, old: c.point.set(moved(old, 2.0), settled=False),
    "other label": lambda c, old: c.point.set_label(7),
    "handle": lambda c, old: c.path.set(old.ends.moved("a", moved(old, 2.0))),
    "hover": lambda c, old: c.preview.point(old.point, 3),
    "preview": lambda c, old: c.preview.picture(Picture(old.point, PIXELS)),
    "bookmark": lambda c, old: c.bookmarks.keep(mark(old)),
    "plane": lambda c, old: c.map.set_view(axes_view(0, 1, 9)),
    "undo": lambda c, old: c.undo.undo(),
    "row": lambda c, old: c.point.pick(5_000),
    "traversal": lambda c, old: c.ask(MakeTraversal(old.point, TraversalSettings())),
    "neighbours": lambda c, old: c.ask(FindNeighbours(old.point)),
    "ways": lambda c, old: c.ask(DecodePaths(old.ends, (PathKind.STRAIGHT,))),
    "footing": lambda c, old: c.ask(MeasureSupport(old.point)),
    "slots": lambda c, old: c.ask(MakeBlend((old.point, old.point, 3))),
    "slider": lambda c, old: c.ask(MakeSliderStrips(old.point, ())),
    "judgement": lambda c, old: c.ask(EstimateElbo(old.original)),
}


@pytest.mark.parametrize("model", ["big", "part"], ids=["another size", "the same size"])
@pytest.mark.parametrize("intent", INTENTS)
def test_what_comes_too_late_changes_nothing(bench, intent, model):
    bench.controller.point.pick(5)
    bench.lane.answer_all()
    old = bench.state
    bench.controller.runs.open(Path("/toys") / model)
    bench.lane.answer_all()
    bench.lane.asked.clear()
    before = bench.state
    INTENTS[intent](bench.controller, old)
    bench.lane.answer_all()
    after = bench.state
    assert [name for name in ONE_MODEL if getattr(before, name) is not getattr(after, name)] == []
    assert {kind for kind, answer in after.answers.items() if answer} == set(before.answers)
    assert all(belongs_to_model(request, after) for request in bench.lane.asked)
    assert after.failure is None
    assert not after.can_undo


def test_nothing_of_the_old_model_outlives_it(bench):
    bench.controller.runs.open(Path("/toys/part"))
    old = bench.state
    bench.lane.answer(bench.lane.waiting(Open)[0])
    new = bench.state
    kept = [name for name in ONE_MODEL if getattr(old, name) is getattr(new, name) is not None]
    assert [name for name in kept if getattr(new, name) not in ((), old.groups)] == []


def test_snapshots_of_a_run_are_one_model(bench):
    bench.controller.training.start()
    bench.adopt(1)
    bench.lane.answer_all()
    bench.controller.point.set(moved(bench.state, 1.0))
    bench.lane.answer_all()
    old = bench.state
    bench.adopt(2)
    bench.lane.answer_all()
    assert bench.state.codes is not old.codes
    bench.controller.point.set(old.answer(MakeManifold).tiles.points[3])
    assert bench.state.point == old.answer(MakeManifold).tiles.points[3]


# What an image is previewed as


@pytest.mark.parametrize("row", range(3))
def test_an_image_is_previewed_under_its_own_label(bench, row):
    bench.controller.runs.open(Path("/toys/big"))
    bench.lane.answer_all()
    bench.controller.point.set_label(2)
    bench.controller.preview.row(row)
    bench.lane.answer_all()
    codes = bench.state.codes
    assert bench.state.preview.point == bench.state.model.point(
        codes.mu[row].tolist(), codes.labels[row]
    )
    assert bench.state.preview.original.row == row


@pytest.mark.parametrize("row", [-1, 90])
def test_no_image_is_no_preview(bench, row):
    bench.controller.preview.row(1)
    bench.lane.answer_all()
    bench.controller.preview.row(row)
    bench.lane.answer_all()
    assert bench.state.preview is None


# What is out of date


def test_a_kind_is_awaited_until_the_last_of_it_is_answered(bench):
    for x in (1.0, 2.0):
        bench.controller.point.set(moved(bench.state, x))
    older, newer = bench.lane.waiting(Decode)
    assert Decode in bench.state.awaited
    bench.lane.answer(older)
    assert Decode in bench.state.awaited
    bench.lane.answer(newer)
    assert Decode not in bench.state.awaited


def test_what_failed_or_was_given_up(bench):
    """After a failure the former answer still does not fit; who gives up keeps it."""
    bench.controller.path.set(bench.state.ends.moved("a", moved(bench.state, 1.0)))
    bench.lane.answer(bench.lane.waiting(DecodePath)[0], Failure("no memory"))
    assert DecodePath in bench.state.awaited
    bench.controller.preview.point(bench.state.point)
    bench.controller.demand.withdraw(Hover)
    assert Hover not in bench.state.awaited


def test_opening_is_awaited_until_it_is_done_or_failed(bench):
    bench.controller.runs.open(Path("/toys/no such"))
    assert Open in bench.state.awaited
    bench.lane.answer(bench.lane.waiting(Open)[0], Failure("It is not a run."))
    assert Open not in bench.state.awaited
    bench.controller.runs.open(Path("/toys/big"))
    bench.lane.answer_all()
    assert bench.state.awaited == frozenset()


def test_the_state_knows_the_model_that_answers(bench):
    """Another one was to be opened, which failed; meanwhile the run's model had moved on."""
    bench.controller.training.start()
    bench.adopt(1)
    bench.lane.answer_all()
    bench.adopt(2)
    adopting = bench.lane.waiting(Adopt)[0]
    bench.controller.runs.open(Path("/toys/no such"))
    bench.lane.answer(adopting)
    assert bench.state.opening == "no such"
    bench.lane.answer(bench.lane.waiting(Open)[0], Failure("It is not a run."))
    bench.lane.answer_all()
    assert bench.state.model == bench.lane.lab.card
    assert bench.state.model.epoch == 2
    assert bench.state.opening == ""


# What must not send one thing after another for ever


def test_slots_that_are_filled_faster_than_answered_end_with_the_last(bench):
    """Each answer would send its own slots once more, and fill undo with them."""
    bench.controller.demand.show("Arithmetic", bench.controller.arithmetic.wants)
    bench.lane.answer_all()
    for index, x in enumerate((1.0, 2.0)):
        bench.controller.arithmetic.fill(index, moved(bench.state, x))
    first, second = bench.lane.waiting(MakeBlend)
    bench.lane.answer(first)
    bench.lane.answer(second)
    bench.lane.answer_all()
    slots = bench.state.answer(MakeBlend).slots
    assert [point.z[0] for point in slots[:2]] == [1.0, 2.0]
    bench.controller.undo.undo()
    bench.lane.answer_all()
    assert not bench.state.can_undo, "one step for both: only the last was shown"


def test_a_view_that_was_left_does_not_come_back(bench):
    """Codes move in training, and the layout of the former ones is on its way."""
    bench.controller.map.lay_out(Layout.PCA)
    bench.lane.answer_all()
    bench.controller.training.start()
    bench.adopt(1)
    bench.lane.answer(bench.lane.waiting(Adopt)[0])
    (late,) = bench.lane.waiting(MakeView)
    bench.controller.map.set_plane((0, 1))
    bench.lane.answer(late)
    bench.lane.answer_all()
    assert bench.state.view.layout is Layout.AXES
    assert not bench.lane.waiting(MakeView)


def test_undo_lays_out_anew_what_is_not_of_the_present_codes(bench):
    bench.controller.map.lay_out(Layout.PCA)
    bench.lane.answer_all()
    bench.controller.map.set_plane((0, 1))
    bench.controller.store.set(codes=toy.codes(seed=4))
    bench.lane.lab.codes = bench.state.codes
    bench.lane.answer_all()
    bench.controller.undo.undo()
    assert bench.state.view.layout is Layout.PCA
    assert not bench.state.view.is_made_of(bench.state.codes)
    bench.lane.answer_all()
    assert bench.state.view.is_made_of(bench.state.codes)


# Who hears of it


def test_everybody_hears_of_changes_in_their_order(bench):
    """One who hears of a change makes another: the others must not end up with the first."""
    heard = []

    def answer_back(state, changed):
        if "point" in changed and state.point.z[0] == 1.0:
            bench.controller.point.set(moved(state, 2.0))

    bench.controller.changed.connect(answer_back)
    bench.controller.changed.connect(lambda state, changed: heard.append((state, changed)))
    bench.controller.point.set(moved(bench.state, 1.0))
    assert [state.point.z[0] for state, changed in heard if "point" in changed] == [1.0, 2.0]
    assert heard[-1][0] is bench.state
