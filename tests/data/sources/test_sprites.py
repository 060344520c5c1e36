"""Sprites: binary, the same from the same seed, and where and as large as their factors say."""

import numpy as np
import pytest

from latentlab.config import parse
from latentlab.data.data_set import load
from latentlab.data.sources.sprites import (
    MARGIN,
    RANGES,
    SHAPES,
    SpritesConfig,
    draw_sprites,
    random_sprites,
)
from latentlab.errors import DataError, RecipeError


def sprites(**values):
    return load(SpritesConfig(**{"count": 40, **values}))


def whole(splits):
    return np.concatenate([splits.train.images, splits.validation.images])


def drawn(size=64, **values):
    """Return sprites, without channels, of which all but some factors are the same."""
    neutral = {"shape": 0, "scale": 1, "rotation": 0, "x": 0.5, "y": 0.5} | values
    columns = np.broadcast_arrays(*(np.atleast_1d(value) for value in neutral.values()))
    return draw_sprites(np.stack(columns, 1).astype(np.float32), size)[:, 0]


def area(images):
    """Return the white share of each image's pixels."""
    return (images > 0).mean((1, 2))


def middle(images):
    """Return x and y of each white shape's centre of mass, in shares of the picture."""
    axis = (np.arange(images.shape[-1]) + 0.5) / images.shape[-1]
    weight = images / images.sum((1, 2), keepdims=True)
    return (weight * axis).sum((1, 2)), (weight * axis[:, None]).sum((1, 2))


def test_pixels_are_black_or_white_and_labels_are_shapes():
    splits = sprites(count=300)
    assert splits.spec.shape == (1, 64, 64)
    assert splits.spec.class_names == SHAPES
    assert np.unique(splits.train.images).tolist() == [0, 255]
    assert len(splits.validation) == 30
    known = splits.train.attributes
    assert known.names == tuple(RANGES)
    np.testing.assert_array_equal(known.column("shape"), splits.train.labels)
    np.testing.assert_array_equal(draw_sprites(known.values), splits.train.images)


def test_the_same_seed_gives_the_same_sprites_and_more_begin_with_them():
    few, many = sprites(count=150, seed=2), sprites(count=300, seed=2)
    np.testing.assert_array_equal(whole(few), whole(many)[:150])
    assert (whole(few) != whole(sprites(count=150, seed=3))).any((1, 2, 3)).all()


def test_factors_are_spread_evenly_and_independent():
    values = random_sprites(20_000, 0)
    for column, (low, high) in zip(values.T[1:], list(RANGES.values())[1:], strict=True):
        assert (column.min() >= low) & (column.max() <= high)
        assert column.mean() == pytest.approx((low + high) / 2, abs=0.02 * (high - low))
    assert (np.abs(np.bincount(values[:, 0].astype(int)) / 20_000 - 1 / 3) < 0.02).all()
    assert np.abs(np.corrcoef(values.T) - np.eye(5)).max() < 0.03


@pytest.mark.parametrize("shape", range(3))
def test_place_moves_the_middle(shape):
    at = np.linspace(0, 1, 9)
    for name, axis in (("x", 0), ("y", 1)):
        centres = middle(drawn(shape=shape, **{name: at}))
        np.testing.assert_allclose(np.diff(centres[axis]), (1 - 2 * MARGIN) / 8, atol=0.012)
        np.testing.assert_allclose(centres[1 - axis], centres[1 - axis][0], atol=0.003)


@pytest.mark.parametrize("shape", range(3))
def test_scale_grows_the_area_with_its_square(shape):
    scale = np.array([0.5, 0.75, 1])
    areas = area(drawn(256, shape=shape, scale=scale, rotation=0.3))
    np.testing.assert_allclose(areas / scale**2, areas[-1], rtol=0.02)


@pytest.mark.parametrize("shape", range(3))
def test_every_shape_is_whole_wherever_it_is(shape):
    """Turned and pushed into any corner, it has the area that it has in the middle."""
    turns = np.linspace(0, 2 * np.pi, 40) + 0.3  # level squares have edges along whole pixel rows
    inside = area(drawn(256, shape=shape, rotation=0.3))[0]
    for x, y in ((0, 0), (1, 0), (0, 1), (1, 1)):
        corner = area(drawn(256, shape=shape, rotation=turns, x=x, y=y))
        np.testing.assert_allclose(corner, inside, rtol=0.02)


def test_rotation_turns_clockwise_by_radians():
    quarter = np.pi / 2
    heart, turned = drawn(shape=2, rotation=[0, quarter])
    assert (np.rot90(heart, -1) != turned).mean() < 0.002
    square, diamond, again = drawn(rotation=[0, quarter / 2, quarter])
    assert (square != again).mean() < 0.002
    assert (square != diamond).mean() > 0.01
    wide, tall = drawn(shape=1, rotation=[0, quarter])
    assert (wide.any(0).sum(), wide.any(1).sum()) == (tall.any(1).sum(), tall.any(0).sum())
    assert wide.any(0).sum() > 1.8 * wide.any(1).sum()


def test_a_heart_stands_on_its_tip():
    heart = drawn(256, shape=2)[0]
    rows = np.flatnonzero(heart.any(1))
    np.testing.assert_array_equal(heart, heart[:, ::-1])
    widths = (heart > 0).sum(1)[rows]
    assert widths[-3] < 0.2 * widths.max()
    assert heart[rows[0], 127] == 0


@pytest.mark.parametrize("size", [32, 50, 256])
def test_other_sizes_show_the_same_sprites(size):
    images = whole(sprites(size=size))
    assert images.shape == (40, 1, size, size)
    np.testing.assert_allclose(area(images[:, 0]), area(whole(sprites(size=256))[:, 0]), atol=0.02)


@pytest.mark.parametrize(("name", "value"), [("count", 1), ("size", 15), ("held_out", 1)])
def test_values_out_of_range_are_refused_by_name(name, value):
    with pytest.raises(RecipeError) as caught:
        parse(SpritesConfig, {name: value})
    assert name in caught.value.message


def test_more_than_memory_is_refused_before_anything_is_drawn():
    with pytest.raises(DataError, match=r"655\.4 GB"):
        load(SpritesConfig(count=10_000_000, size=256))
