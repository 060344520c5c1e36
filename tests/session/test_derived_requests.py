"""Which requests follow from which change."""

from dataclasses import replace

import numpy as np
import pytest

from latentlab.data.image_set import ImageSpec
from latentlab.latent.codes import Codes
from latentlab.session.derived_requests import follow
from latentlab.session.map import axes_view
from latentlab.session.model import Decode, DecodePath, MakeManifold, MakeSamples
from latentlab.session.points import (
    GridSettings,
    LatentPath,
    ModelCard,
    Picture,
    Point,
    SampleSettings,
)
from latentlab.session.state import State

A, B, Z = Point((-1.0, 0.0, 0.0), 3), Point((1.0, 0.0, 0.0), 8), Point((0.5, -0.5, 2.0), 2)
ENDS = LatentPath(A, B)
VIEW = axes_view(0, 1, 3)
FRAME = VIEW.frame


def codes():
    empty = np.empty((0, 3), np.float32)
    return Codes(empty, empty, None)


CARD = ModelCard("toy", None, "cvae", 3, True, ImageSpec((1, 2, 2), ("a", "b")))
STATE = State(model=CARD, codes=codes(), point=Z, ends=ENDS, view=VIEW)


def after(**changes):
    return follow(STATE, replace(STATE, **changes))


def kinds(requests):
    return [type(request) for request in requests]


def test_nothing_follows_from_nothing():
    assert after() == []
    assert follow(State(), State()) == []


def test_a_model_just_opened_asks_for_everything():
    assert follow(State(), STATE) == [
        Decode(Z),
        DecodePath(ENDS),
        MakeManifold(Z, FRAME, GridSettings()),
        MakeSamples(SampleSettings()),
    ]


def test_new_weights_ask_for_everything_again():
    assert kinds(after(codes=codes())) == [Decode, DecodePath, MakeManifold, MakeSamples]


def test_moving_within_the_plane_asks_for_the_picture_only():
    moved = Z.along({0: 2.0, 1: -2.0})
    assert after(point=moved) == [Decode(moved)]


def test_moving_out_of_the_plane_asks_for_a_new_manifold():
    moved = Z.along({2: -1.0})
    assert after(point=moved) == [Decode(moved), MakeManifold(moved, FRAME, GridSettings())]


def test_another_label_asks_for_a_new_manifold():
    assert kinds(after(point=replace(Z, label=5))) == [Decode, MakeManifold]


def test_another_plane_or_grid_asks_for_the_manifold_only():
    other = axes_view(0, 2, 3)
    assert after(view=other) == [MakeManifold(Z, other.frame, GridSettings())]
    grid = GridSettings(n=5)
    assert after(grid=grid) == [MakeManifold(Z, FRAME, grid)]


def test_an_end_that_moves_asks_for_the_strip_only():
    ends = ENDS.moved("a", Z)
    assert after(ends=ends) == [DecodePath(ends)]
    assert after(ends=None) == []
    longer = replace(ENDS, steps=30)
    assert after(ends=longer) == [DecodePath(longer)]


def test_other_samples_ask_for_samples_only():
    settings = SampleSettings(seed=1)
    assert after(sampling=settings) == [MakeSamples(settings)]


@pytest.mark.parametrize(
    "change",
    [
        {"message": "hello"},
        {"picture": Picture(Z, np.zeros((2, 2), np.uint8))},
        {"preview": Picture(A, np.zeros((2, 2), np.uint8))},
        {"opening": "toy"},
        {"can_undo": True},
        {"following": False},
        {"point": None},
        {"model": None},
        {"point": Point(Z.z, Z.label)},
    ],
)
def test_nothing_follows_from_what_needs_no_answer(change):
    assert after(**change) == []
