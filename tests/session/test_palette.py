"""Colours of the classes can be told apart, and from the curves."""

import numpy as np
import pytest

from latentlab.session.palette import (
    MAX_CLASS_COLOURS,
    MIN_CHROMA,
    TRAIN_COLOUR,
    VALIDATION_COLOUR,
    class_colour,
    class_colours,
    perceived,
)


def least_distance(names):
    """Return the distance of the two most similar colours, by any kind of vision."""
    seen = perceived(names)
    distances = np.linalg.norm(seen[:, :, None] - seen[:, None], axis=-1)
    distances[:, np.eye(len(names), dtype=bool)] = np.inf
    return distances.min()


def test_perceived_is_oklab():
    """White and the red of sRGB, from "A perceptual color space for image processing"."""
    white, red = perceived(["#ffffff", "#ff0000"])[0]
    np.testing.assert_allclose(white, [1, 0, 0], atol=1e-3)
    np.testing.assert_allclose(red, [0.628, 0.225, 0.126], atol=1e-3)


@pytest.mark.parametrize(("count", "least"), [(10, 0.075), (40, 0.035), (100, 0.015)])
def test_classes_can_be_told_apart_also_by_colour_blind_people(count, least):
    names = class_colours(count)
    assert len(set(names)) == count
    assert least_distance(names) > least


def test_a_class_has_one_colour_however_many_there_are():
    assert class_colours(100)[:40] == class_colours(40)
    assert [class_colour(label) for label in range(100)] == list(class_colours(100))
    assert len(set(class_colours(MAX_CLASS_COLOURS))) == MAX_CLASS_COLOURS
    assert class_colour(MAX_CLASS_COLOURS + 3) == class_colour(3)


def test_curves_are_grey_and_no_class_is():
    chroma = np.hypot(*perceived(class_colours(MAX_CLASS_COLOURS))[0].T[1:])
    assert chroma.min() > MIN_CHROMA
    curves = perceived([TRAIN_COLOUR, VALIDATION_COLOUR])[0]
    assert np.hypot(*curves.T[1:]).max() < MIN_CHROMA
    assert abs(curves[0, 0] - curves[1, 0]) > 0.3
