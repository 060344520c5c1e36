"""What panels want of a state, and which change makes that other."""

from dataclasses import replace

import numpy as np
import pytest

from latentlab.data.image_set import ImageSpec
from latentlab.latent.codes import Codes
from latentlab.latent.planes import plane_through
from latentlab.session import wants
from latentlab.session.map import Layout, MakeView, MapView, axes_view
from latentlab.session.model import Decode, DecodePath, MakeManifold, MakeSamples
from latentlab.session.points import GridSettings, LatentPath, ModelCard, Point, SampleSettings
from latentlab.session.state import State
from latentlab.session.undo.history import Steps

A, B, Z = Point((-1.0, 0.0, 0.0), 3), Point((1.0, 0.0, 0.0), 8), Point((0.5, -0.5, 2.0), 2)
ENDS = LatentPath(A, B)
VIEW = axes_view(0, 1, 3)
FRAME = VIEW.frame


def codes():
    empty = np.empty((0, 3), np.float32)
    return Codes(empty, empty, None)


CARD = ModelCard("toy", None, "cvae", 3, True, ImageSpec((1, 2, 2), ("a", "b")))
STATE = State(model=CARD, codes=codes(), point=Z, ends=ENDS, view=VIEW)


def kinds(state):
    """Return what all viewers together want."""
    wanted = (wants.picture, wants.path, wants.manifold, wants.samples, wants.view)
    return {type(request): request for viewer in wanted for request in viewer(state)}


ALL = kinds(STATE)


def after(**changes):
    """Return what is wanted otherwise after a change."""
    now = kinds(replace(STATE, **changes))
    return {kind: request for kind, request in now.items() if request != ALL.get(kind)}


def test_nothing_is_wanted_of_nothing():
    assert kinds(State()) == {}


def test_what_is_wanted_of_a_model():
    beside = Z.at((0.0, 0.0, 2.0))
    assert {
        Decode: Decode(Z),
        DecodePath: DecodePath(ENDS),
        MakeManifold: MakeManifold(beside, FRAME, GridSettings()),
        MakeSamples: MakeSamples(SampleSettings()),
    } == ALL


def test_moving_within_the_plane_changes_the_picture_only():
    moved = Z.along({0: 2.0, 1: -2.0})
    assert after(point=moved) == {Decode: Decode(moved)}


def test_moving_within_a_plane_that_lies_aslant_changes_the_picture_only():
    frame = plane_through(*np.random.default_rng(0).normal(size=(3, 3)).tolist())
    view = MapView(Layout.PLANE, frame)
    points = [Z.at(tuple(frame.lift(np.array([[x, x / 3]]), Z.z)[0].tolist())) for x in range(9)]
    wanted = [kinds(replace(STATE, view=view, point=point))[MakeManifold] for point in points]
    assert set(wanted) == {wanted[0]}


def test_moving_out_of_the_plane_changes_the_manifold():
    moved = Z.along({2: -1.0})
    manifold = MakeManifold(moved.at((0.0, 0.0, moved.z[2])), FRAME, GridSettings())
    assert after(point=moved) == {Decode: Decode(moved), MakeManifold: manifold}


def test_another_label_changes_the_manifold():
    assert after(point=replace(Z, label=5)).keys() == {Decode, MakeManifold}


def test_another_plane_or_grid_changes_the_manifold_only():
    assert after(view=axes_view(0, 2, 3)).keys() == {MakeManifold}
    assert after(grid=GridSettings(n=5)).keys() == {MakeManifold}


def test_an_end_that_moves_changes_the_path_only():
    ends = ENDS.moved("a", Z)
    assert after(ends=ends) == {DecodePath: DecodePath(ends)}
    assert after(ends=None) == {}
    longer = replace(ENDS, steps=30)
    assert after(ends=longer) == {DecodePath: DecodePath(longer)}


def test_other_samples_change_samples_only():
    settings = SampleSettings(seed=1)
    assert after(sampling=settings) == {MakeSamples: MakeSamples(settings)}


@pytest.mark.parametrize(
    "change",
    [
        {"message": "hello"},
        {"preview": None},
        {"opening": "toy"},
        {"steps": Steps(can_undo=True)},
        {"moment": 3},
        {"point": Point(Z.z, Z.label)},
    ],
)
def test_what_needs_no_answer_changes_nothing(change):
    assert after(**change) == {}


def test_a_layout_is_wanted_of_codes_that_moved_but_not_while_it_is_made():
    made = replace(STATE, view=replace(VIEW, layout=Layout.PCA))
    assert kinds(made)[MakeView] == MakeView(Layout.PCA, made.view)
    working = replace(made, awaited=frozenset({MakeView}))
    assert MakeView not in kinds(working)


def test_no_manifold_before_the_plane_is_known():
    pending = replace(VIEW, layout=Layout.PCA)
    assert MakeManifold not in kinds(replace(STATE, view=pending))
    assert not pending.suits(STATE.codes)
