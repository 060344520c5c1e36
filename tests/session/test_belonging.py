"""What belongs to the open model, and what does not."""

from dataclasses import fields, replace

import numpy as np
import pytest
import toy

from latentlab.latent.interpolation.curves import PathKind
from latentlab.latent.planes import axes_plane
from latentlab.session.belonging import belongs_to_model
from latentlab.session.interpolation import (
    Blend,
    Bookmark,
    DecodedPath,
    DecodedPaths,
    PointSupport,
    Traversal,
)
from latentlab.session.map import axes_view
from latentlab.session.points import Key, LatentPath, Manifold, Original, Picture, Tiles
from latentlab.session.selection import Selection
from latentlab.session.state import OF_CODES, OF_MODEL, State

PLAIN = toy.card(number=3)
TOLD = toy.card(conditional=True, number=3)
PIXELS = np.zeros((4, 4), np.uint8)
HERE = PLAIN.point((0.5, 1.0))


def state(card=PLAIN):
    return State(model=card, codes=toy.codes())


@pytest.mark.parametrize(
    "point",
    [
        replace(HERE, model=2),
        replace(HERE, z=(0.5,)),
        replace(HERE, z=(0.5, 1.0, 1.5)),
        replace(HERE, z=()),
        replace(HERE, label=0),
    ],
)
def test_a_point_of_another_model_is_found_wherever_it_hides(point):
    tiles = Tiles((HERE, point), np.zeros((2, 4, 4), np.uint8), 2)
    holders = [
        point,
        Picture(point, PIXELS),
        Original("", point, PIXELS, PIXELS),
        LatentPath(HERE, point),
        LatentPath(HERE, HERE, keys=(Key(0.5, point),)),
        tiles,
        Manifold(tiles, axes_plane(0, 1, 2), np.zeros(2)),
        DecodedPaths(LatentPath(HERE, HERE), (DecodedPath(PathKind.STRAIGHT, tiles, None, 1.0),)),
        Traversal(tiles, (0,), (1.0,), np.zeros((1, 2)), 2),
        PointSupport(point, 0.5, 1.0, 1.0, 1.0, 1.0),
        Blend((HERE, HERE, HERE, point), np.zeros((4, 4, 4), np.uint8)),
        (Bookmark(HERE, "", PIXELS), Bookmark(point, "", PIXELS)),
        {"z1": tiles},
    ]
    assert belongs_to_model(HERE, state())
    assert [belongs_to_model(each, state()) for each in holders] == [False] * len(holders)


@pytest.mark.parametrize("label", [None, -1, 3, 7])
def test_a_label_that_a_conditional_model_does_not_know_is_found(label):
    assert belongs_to_model(TOLD.point((0.0, 0.0), 2), state(TOLD))
    assert not belongs_to_model(replace(TOLD.point((0.0, 0.0)), label=label), state(TOLD))


def test_planes_directions_and_rows_are_told_apart():
    assert belongs_to_model(axes_view(0, 1, 2), state())
    assert not belongs_to_model(axes_view(0, 1, 3), state())
    original = Original("", HERE, PIXELS, PIXELS, row=89)
    assert belongs_to_model(original, state())
    assert not belongs_to_model(replace(original, row=90), state())
    assert belongs_to_model(Selection(np.array([0, 89])), state())
    assert not belongs_to_model(Selection(np.array([0, 90])), state())


def test_nothing_belongs_to_no_model():
    assert not belongs_to_model(HERE, State())
    assert belongs_to_model(None, State())


def test_whatever_may_hold_a_point_or_a_row_goes_with_its_model():
    holders = ("Point", "LatentPath", "Original", "Preview", "MapView", "Selection", "Groups")
    holders += ("Codes",)
    typed = {each.name for each in fields(State) if any(name in each.type for name in holders)}
    assert typed == (OF_MODEL | OF_CODES) - {"model"}
