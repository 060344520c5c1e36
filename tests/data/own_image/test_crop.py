"""Frames around the part of a picture that is taken, and MNIST's centring."""

import numpy as np
import pytest
from PIL import Image

from latentlab.data.data_set import load
from latentlab.data.image_set import ImageSpec
from latentlab.data.own_image.crop import (
    SMALLEST,
    CropBox,
    Preprocessing,
    SourceImage,
    largest_frame,
)
from latentlab.data.own_image.preprocess import (
    INK,
    LARGEST,
    bounded,
    centered,
    fit_picture,
    leveled,
    read_source,
)
from latentlab.data.sources.digits import DigitsConfig

GREY, COLOUR, TALL = ImageSpec((1, 28, 28)), ImageSpec((3, 8, 12)), ImageSpec((1, 28, 20))
SIZE = (90, 40)


@pytest.mark.parametrize("spec", [GREY, COLOUR, TALL])
@pytest.mark.parametrize("size", [(90, 40), (40, 90), (28, 28), (3, 200), (1, 1)])
def test_the_largest_frame_fits_and_touches_two_sides(spec, size):
    frame = largest_frame(size, spec)
    assert frame.fits(spec, size)
    assert frame.width == pytest.approx(size[0]) or frame.height == pytest.approx(size[1])


def test_a_frame_never_leaves_the_picture():
    rng = np.random.default_rng(0)
    frame = largest_frame(SIZE, GREY)
    for _ in range(300):
        dx, dy = rng.normal(0, 30, 2)
        frame = frame.moved(dx, dy, SIZE).scaled(float(rng.uniform(0.3, 3)), SIZE)
        assert frame.fits(GREY, SIZE)
        assert frame.left >= 0
        assert frame.top >= 0
        assert frame.width >= SMALLEST - 1e-9


def test_a_frame_grows_about_its_middle():
    frame = CropBox(30, 10, 10, 10).scaled(2, SIZE)
    assert frame == CropBox(25, 5, 20, 20)
    assert frame.scaled(100, SIZE) == CropBox(15, 0, 40, 40)


def test_a_frame_of_other_proportions_or_of_a_larger_picture_does_not_fit():
    assert not CropBox(0, 0, 40, 40).fits(TALL, SIZE)
    assert not CropBox(60, 0, 40, 40).fits(GREY, SIZE)


def test_the_frame_is_what_is_taken():
    """Four patches of a picture, taken one by one."""
    pixels = np.kron(np.array([[10, 60], [120, 250]], np.uint8), np.ones((30, 30), np.uint8))
    for left, top, value in ((0, 0, 10), (30, 0, 60), (0, 30, 120), (30, 30, 250)):
        fitting = Preprocessing(CropBox(left, top, 30, 30))
        taken = fit_picture(SourceImage("four", pixels), fitting, GREY)[0]
        # Pillow blends in what lies just outside.
        assert (taken[3:-3, 3:-3] == value).all()
        assert np.abs(taken.astype(int) - value).max() < 20


def test_invert_turns_dark_and_light_round():
    pixels = np.random.default_rng(0).integers(0, 256, (28, 28), np.uint8)
    turned = fit_picture(SourceImage("noise", pixels), Preprocessing(invert=True), GREY)
    np.testing.assert_array_equal(turned[0], 255 - pixels)


def test_a_face_is_sought_a_little_above_the_middle():
    frame = largest_frame((60, 100), ImageSpec((3, 64, 64)))
    assert 0 < frame.top < (100 - 60) / 2
    assert largest_frame((60, 100), GREY).top == 20


def test_large_pictures_are_kept_smaller():
    source = bounded(SourceImage("wide", np.zeros((700, 3 * LARGEST, 3), np.uint8)))
    assert source.size == (LARGEST, round(700 / 3))
    small = SourceImage("small", np.zeros((5, 5), np.uint8))
    assert bounded(small) is small


def test_a_file_is_read_grey_or_in_colour(tmp_path):
    for mode, dims in (("L", 2), ("1", 2), ("RGB", 3), ("RGBA", 3), ("P", 3)):
        Image.new(mode, (6, 4)).save(tmp_path / "picture.png")
        source = read_source(tmp_path / "picture.png")
        assert (source.size, source.pixels.ndim, source.name) == ((6, 4), dims, "picture.png")


def middle_of_mass(image):
    mass = image.astype(float)
    y, x = np.indices(mass.shape)
    return (mass * y).sum() / mass.sum(), (mass * x).sum() / mass.sum()


@pytest.mark.parametrize("place", [(0, 0), (200, 40), (310, 390)])
@pytest.mark.parametrize("size", [(90, 30), (40, 80), (5, 5)])
def test_a_drawing_is_centred_as_mnist_is(place, size):
    """Wherever and however large it is drawn: 20 pixels long, its mass in the middle."""
    canvas = np.zeros((480, 480), np.uint8)
    canvas[place[0] : place[0] + size[0], place[1] : place[1] + size[1]] = 255
    image = centered(canvas, GREY)[0]
    assert image.shape == (28, 28)
    rows, columns = np.nonzero(image > 127)
    assert max(np.ptp(rows), np.ptp(columns)) + 1 == 20
    assert middle_of_mass(image) == pytest.approx((14, 14), abs=0.51)


def test_mnist_is_already_so():
    """Digits of the data set hardly move: the rule is the one they were made by."""
    images = load(DigitsConfig()).validation.images[:200, 0]
    moved = [centered(image, GREY)[0] for image in images]
    away = [
        np.abs(np.subtract(middle_of_mass(a), middle_of_mass(b))).max()
        for a, b in zip(images, moved, strict=True)
    ]
    assert np.median(away) < 0.6
    size = [np.ptp(np.nonzero(image > INK)[0]) + 1 for image in images]
    after = [np.ptp(np.nonzero(image > INK)[0]) + 1 for image in moved]
    assert np.median(np.abs(np.subtract(size, after))) <= 1


def test_nothing_drawn_stays_nothing():
    assert (centered(np.zeros((100, 100), np.uint8), GREY) == 0).all()
    assert centered(np.zeros((9, 9, 3), np.uint8), COLOUR).shape == (3, 8, 12)


def test_grey_paper_becomes_black_ground():
    paper = np.full((50, 60), 40, np.uint8)
    paper[20:30, 20:25] = 210
    paper[5, 5] = 10
    assert set(leveled(paper).ravel().tolist()) == {0, 255}
    drawn = np.zeros((50, 60), np.uint8)
    drawn[20:30, 20:25] = np.linspace(0, 255, 50).reshape(10, 5)
    np.testing.assert_array_equal(leveled(drawn), drawn)
    assert not leveled(np.full((5, 5), 99, np.uint8)).any()


def test_dark_ink_on_paper_becomes_a_digit_as_mnist_has_them():
    paper = np.full((100, 150), 230, np.uint8)
    paper[20:80, 70:76] = 30
    image = fit_picture(SourceImage("one", paper), Preprocessing(invert=True, center=True), GREY)[0]
    rows, columns = np.nonzero(image > 127)
    assert np.ptp(rows) + 1 == 20
    assert np.ptp(columns) + 1 == 2
    assert image[0, 0] == 0
    assert image.max() > 240


@pytest.mark.parametrize("spec", [GREY, COLOUR, TALL, ImageSpec((3, 64, 64))])
@pytest.mark.parametrize("center", [False, True])
def test_pictures_of_a_few_pixels_are_fitted(spec, center):
    """As somebody may paste or drop them, and such as rounding makes a frame too large for."""
    for width in (*range(1, 12), 33, 101, 1024):
        for height in (*range(1, 12), 33, 101):
            pixels = np.full((height, width), 200, np.uint8)
            fitted = fit_picture(
                SourceImage("tiny", pixels), Preprocessing(center=center, invert=True), spec
            )
            assert fitted.shape == spec.shape
            assert center or (fitted == 55).all()
            frame = largest_frame((width, height), spec)
            assert min(frame.left, frame.top) >= 0
            smallest = frame.scaled(0.001, (width, height)).moved(0.4, 0.4, (width, height))
            fit_picture(SourceImage("tiny", pixels), Preprocessing(smallest, center=center), spec)
