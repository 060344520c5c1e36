"""Binarized images: each pixel is white with the probability of its grey value."""

import numpy as np
import pytest

from latentlab.config import parse
from latentlab.data.binarize import Binarized, binarize, binarize_like, grey, read_binarized
from latentlab.data.data_set import DATA, load
from latentlab.data.image_set import ImageSet, ImageSpec
from latentlab.errors import DataError, RecipeError
from latentlab.work import finish


@pytest.fixture(scope="module")
def images():
    return load(parse(DATA.kinds()["digits"], {})).validation.images


def read(config):
    return finish(read_binarized(config))


def digits(**values):
    return parse(DATA.kinds()["digits"], values)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_pixels_are_black_or_white_with_the_probability_of_their_grey(dtype):
    white = 255 if dtype == np.uint8 else 1
    levels = np.array([0, 0.2, 0.5, 0.8, 1])
    ramp = np.tile(levels * white, (4000, 1, 1, 1)).astype(dtype)
    # Equal images would have equal draws.
    noise = np.random.default_rng(0).integers(0, 256, (4000, 1, 1, 5)) / 255 * white
    drawn = binarize(np.concatenate([ramp, noise.astype(dtype)], 2), 0)
    assert drawn.dtype == dtype
    assert set(np.unique(drawn)) == {0, white}
    share = (drawn[:, 0, 0] == white).mean(0)
    assert share[0] == 0
    assert share[-1] == 1
    np.testing.assert_allclose(share, levels, atol=0.03)


def test_draws_of_pixels_and_images_are_independent():
    grey_images = np.random.default_rng(0).integers(100, 156, (3000, 1, 4, 4)).astype(np.uint8)
    drawn = (binarize(grey_images, 0) / 255.0).reshape(3000, -1)
    correlation = np.corrcoef(drawn.T) - np.eye(16)
    assert np.abs(correlation).max() < 0.1


def test_a_draw_depends_on_the_image_and_the_seed_only(images):
    whole = binarize(images, 3)
    order = np.random.default_rng(0).permutation(len(images))
    np.testing.assert_array_equal(binarize(images[order], 3), whole[order])
    np.testing.assert_array_equal(binarize(images[7:8], 3), whole[7:8])
    assert (binarize(images, 4) != whole).any((1, 2, 3)).mean() > 0.99
    np.testing.assert_array_equal(binarize(whole, 5), whole)


def test_a_view_gives_the_draw_of_any_rows(images):
    view, whole = Binarized(images, 1), binarize(images, 1)
    assert (len(view), view.shape, view.dtype) == (len(images), images.shape, images.dtype)
    assert view.nbytes == images.nbytes
    for rows in (3, slice(2, 9), [5, 1], np.arange(len(images)) % 2 == 0, slice(0, 0)):
        np.testing.assert_array_equal(view[rows], whole[rows])
    np.testing.assert_array_equal(np.asarray(view), whole)
    np.testing.assert_array_equal(next(iter(view)), whole[0])


@pytest.mark.parametrize("how", ["static", "dynamic"])
def test_all_parts_of_a_data_set_are_binarized_and_nothing_else_changes(how):
    plain, drawn = load(digits()), read(digits(binarize=how, binarize_seed=2))
    for part, other in ((plain.train, drawn.train), (plain.validation, drawn.validation)):
        np.testing.assert_array_equal(other.images[:50], binarize(part.images[:50], 2))
        np.testing.assert_array_equal(part.labels, other.labels)
    assert set(np.unique(drawn.whole().images[:200])) == {0, 255}
    np.testing.assert_array_equal(grey(drawn).train.images, plain.train.images)


def test_without_it_the_images_are_the_same_arrays():
    assert isinstance(read(digits()).train.images, np.ndarray)


def test_colour_is_refused_with_advice():
    config = parse(DATA.kinds()["synthetic-faces"], {"count": 10, "size": 32, "binarize": "static"})
    with pytest.raises(DataError, match=r"only grey images .* Set data\.binarize to none"):
        read(config)


def test_an_unknown_way_is_refused():
    with pytest.raises(RecipeError, match="binarize"):
        digits(binarize="sometimes")


def test_other_images_get_the_draw_of_the_data_of_a_model(images):
    few = ImageSet(images[:5], None, ImageSpec((1, 28, 28)))
    for recipe in ({}, {"data": "digits"}, {"data": {"binarize": "none"}}):
        assert binarize_like(few, recipe) is few
    data = {"binarize": "dynamic", "binarize_seed": 9}
    drawn = binarize_like(few, {"data": data})[:].images
    np.testing.assert_array_equal(drawn, binarize(images[:5], 9))
