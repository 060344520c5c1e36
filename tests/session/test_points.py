"""The manifold has tiles that can be recognised."""

import pytest

from latentlab.data.image_set import ImageSpec
from latentlab.session.points import grid_side


@pytest.mark.parametrize(
    ("shape", "side"),
    [((1, 28, 28), 20), ((3, 64, 64), 8), ((1, 8, 8), 20), ((3, 512, 300), 6), ((1, 20, 56), 10)],
)
def test_tiles_of_large_images_are_fewer(shape, side):
    assert grid_side(ImageSpec(shape)) == side
