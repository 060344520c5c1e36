"""The first lesson says of three sliders what the shipped model does."""

import numpy as np
import pytest

import latentlab
from latentlab.directories import resources

DIGITS = [str(digit) for digit in range(10)]
ROWS, COLUMNS = np.mgrid[:28, :28]


@pytest.fixture(scope="module")
def model():
    return latentlab.load(resources() / "models" / "digits-cvae")


@pytest.fixture(scope="module")
def text():
    lesson = resources() / "lessons" / "01-latent-space.md"
    return " ".join(lesson.read_text("utf-8").split())


def ends(model, dimension):
    """Decode all digits with one dimension at -2 and at 2, and all others at 0."""
    z = np.zeros((2, 10, model.latent_dim), np.float32)
    z[:, :, dimension - 1] = [[-2.0], [2.0]]
    return (shape_of(model.decode(each, DIGITS).reshape(10, 28, 28)) for each in z)


def shape_of(images):
    """Return the slant in degrees, ink, width and height of each image, by its moments."""
    ink = images.sum((1, 2))
    centre = ((images * each).sum((1, 2)) / ink for each in (COLUMNS, ROWS))
    x, y = (each - at[:, None, None] for each, at in zip((COLUMNS, ROWS), centre, strict=True))
    wide, both, high = ((images * each).sum((1, 2)) / ink for each in (x * x, x * y, y * y))
    return np.degrees(np.arctan(both / high)), ink, np.sqrt(wide), np.sqrt(high)


def test_slant(model, text):
    left, right = ends(model, 10)
    turned = left[0] - right[0]
    assert f"turn by {turned.min():.0f} to {turned.max():.0f} degrees" in text


def test_weight(model, text):
    thin, bold = ends(model, 17)
    assert "it doubles the ink on the image or more, and changes neither slant" in text
    assert (bold[1] > 2 * thin[1]).all()
    assert np.abs(bold[0] - thin[0]).max() < 4


def test_width(model, text):
    narrow, wide = ends(model, 18)
    wider = np.delete(wide[2] / narrow[2], 1)
    assert f"it becomes {wider.min():.1f} to {wider.max():.1f} times as wide" in text
    assert "a 1 only 1.25 times" in text
    assert wide[2][1] / narrow[2][1] == pytest.approx(1.25, abs=0.02)
    lower = np.abs(wide[3] / narrow[3] - 1)
    assert f"by {100 * lower.max():.0f} % at most, for the {lower.argmax()}" in text
