"""A person's own pictures."""

import numpy as np
import pytest
from PIL import Image

from latentlab.data.image_set import ImageSpec
from latentlab.data.own_image.crop import Preprocessing
from latentlab.data.own_image.preprocess import fit_picture, read_source
from latentlab.errors import DataError

GREY = ImageSpec((1, 28, 28))
COLOUR = ImageSpec((3, 8, 12))
ORANGE = (200, 100, 40)
LUMA_OF_ORANGE = round(0.299 * 200 + 0.587 * 100 + 0.114 * 40)


@pytest.fixture
def saved(tmp_path):
    """Save a picture and return its path."""

    def save(picture, name="picture.png", **options):
        path = tmp_path / name
        picture.save(path, **options)
        return path

    return save


def read_picture(path, spec):
    return fit_picture(read_source(path), Preprocessing(), spec)


def halves(size=(56, 56), mode="L", left=0, right=255):
    """A picture whose right half differs from its left."""
    picture = Image.new(mode, size, left)
    picture.paste(right, (size[0] // 2, 0, *size))
    return picture


def test_colours_become_grey_by_their_brightness(saved):
    pixels = read_picture(saved(Image.new("RGB", (40, 40), ORANGE)), GREY)
    assert pixels.shape == (1, 28, 28)
    assert pixels.dtype == np.uint8
    assert np.abs(pixels.astype(int) - LUMA_OF_ORANGE).max() <= 1


def test_colours_stay_where_the_data_set_has_them(saved):
    pixels = read_picture(saved(Image.new("RGB", (40, 40), ORANGE)), COLOUR)
    assert pixels.shape == (3, 8, 12)
    assert (pixels == np.array(ORANGE)[:, None, None]).all()


def test_grey_becomes_colour_where_the_data_set_has_it(saved):
    pixels = read_picture(saved(Image.new("L", (9, 9), 77)), COLOUR)
    assert pixels.shape == (3, 8, 12)
    assert (pixels == 77).all()


def test_left_stays_left_and_top_stays_top(saved):
    pixels = read_picture(saved(halves()), GREY)[0]
    assert pixels[:, :12].max() < 20
    assert pixels[:, 16:].min() > 235
    turned = read_picture(saved(halves().transpose(Image.Transpose.ROTATE_90)), GREY)[0]
    assert turned[:12].min() > 235
    assert turned[16:].max() < 20


def test_a_picture_of_the_right_size_is_not_touched(saved):
    exact = np.random.default_rng(0).integers(0, 256, (28, 28), np.uint8)
    np.testing.assert_array_equal(read_picture(saved(Image.fromarray(exact)), GREY)[0], exact)


def test_a_palette_is_looked_up(saved):
    picture = halves(mode="RGB", left=(0, 0, 0), right=ORANGE).quantize(2)
    assert picture.mode == "P"
    path = saved(picture)
    grey = read_picture(path, GREY)[0]
    assert grey[:, :12].max() < 20
    assert np.abs(grey[:, 16:].astype(int) - LUMA_OF_ORANGE).max() < 12
    assert read_picture(path, COLOUR)[:, 4, 11].tolist() == pytest.approx(ORANGE, abs=12)


def test_transparency_is_dropped_without_a_warning(saved):
    picture = Image.new("RGBA", (30, 30), (*ORANGE, 255))
    assert np.abs(read_picture(saved(picture), GREY).astype(int) - LUMA_OF_ORANGE).max() <= 1


@pytest.mark.parametrize("spec", [GREY, COLOUR])
def test_sixteen_bits_are_scaled_not_cut(saved, spec):
    """Half of 65,535 is mid grey."""
    ramp = np.linspace(0, 65535, 256 * 256).reshape(256, 256).T.astype(np.uint16)
    path = saved(Image.fromarray(np.ascontiguousarray(ramp)))
    with Image.open(path) as file:
        assert file.mode.startswith("I;16")
    row = read_picture(path, spec)[0, 4].astype(float)
    wide = spec.shape[2]
    expected = 255 * (np.arange(wide) + 0.5) / wide
    assert np.abs(row - expected).max() < 8


def test_a_camera_held_sideways_is_put_right(saved):
    """Orientation 6: the camera was turned, so that row 0 of the file is the right side."""
    exif = Image.Exif()
    exif[0x0112] = 6
    upright = halves()
    lying = upright.transpose(Image.Transpose.ROTATE_90)
    pixels = read_picture(saved(lying, "photo.jpg", exif=exif, quality=95), GREY)[0]
    assert pixels[:, :12].max() < 30
    assert pixels[:, 16:].min() > 225


@pytest.mark.parametrize("size", [(90, 30), (30, 90)])
def test_the_middle_of_a_long_picture_is_taken_undistorted(saved, size):
    """Ends of the long side are cut: only the black middle remains, with its white square."""
    width, height = size
    picture = Image.new("L", size, 200)
    left, top = (width - 30) // 2, (height - 30) // 2
    picture.paste(0, (left, top, left + 30, top + 30))
    picture.paste(255, (left + 10, top + 10, left + 20, top + 20))
    pixels = read_picture(saved(picture), GREY)[0]
    assert pixels[0].max() < 60
    assert pixels[:, -1].max() < 60
    rows, columns = np.nonzero(pixels > 127)
    assert abs(np.ptp(rows) - np.ptp(columns)) <= 1
    assert np.ptp(rows) == pytest.approx(28 / 3, abs=1.5)
    assert (rows.mean(), columns.mean()) == pytest.approx((13.5, 13.5), abs=0.6)


def test_a_text_called_png_is_refused(tmp_path):
    path = tmp_path / "letter.png"
    path.write_text("Dear model,\n")
    with pytest.raises(DataError) as caught:
        read_picture(path, GREY)
    assert caught.value.message == f"{path} is not an image that can be read."
    assert "PNG" in caught.value.advice


def test_a_missing_picture_is_named(tmp_path):
    path = tmp_path / "nowhere.png"
    with pytest.raises(DataError) as caught:
        read_picture(path, GREY)
    assert str(path) in caught.value.message


def test_half_a_picture_is_refused(saved):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8)
    path = saved(Image.fromarray(noise))
    path.write_bytes(path.read_bytes()[:1500])
    with pytest.raises(DataError, match="cannot be read"):
        read_picture(path, GREY)


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        read_picture(tmp_path, GREY)


@pytest.mark.parametrize(
    ("name", "content", "advice"),
    [
        ("notes.txt", b"Dear model,\n", "It holds text."),
        ("labels.csv", b"a,b\n1,2\n", "It holds text."),
        ("photo.HEIC", b"\0\0\0\x18ftypheic" + bytes(50), "HEIC files are not read: save it as"),
        ("film.mp4", b"\0\0\0\x18ftypmp42" + bytes(50), "Video files are not read: save its fr"),
        ("data.bin", bytes(100), "Try a PNG or JPEG."),
    ],
)
def test_a_file_of_another_kind_is_told_what_it_is(tmp_path, name, content, advice):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match="is not an image that can be read") as caught:
        read_picture(tmp_path / name, GREY)
    assert caught.value.advice.startswith(advice)
