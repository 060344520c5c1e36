"""A picture brought to a frame: crops, modes, directions."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from latentlab.data.decode import Frame, check_head, picture_suffixes, read_frame
from latentlab.errors import DataError


def saved(picture, kind="PNG", **options):
    file = BytesIO()
    picture.save(file, kind, **options)
    file.seek(0)
    return file


def read(picture, frame, kind="PNG", **options):
    return read_frame(saved(picture, kind, **options), frame)


def stripes(width, height, across=True):
    """A picture whose value is the column, or the row, of each pixel."""
    line = np.arange(width if across else height, dtype=np.uint8)
    pixels = np.broadcast_to(line[None] if across else line[:, None], (height, width))
    return Image.fromarray(np.ascontiguousarray(pixels))


def test_the_centre_of_a_wide_and_of_a_tall_picture():
    frame = Frame(20, 20, "centre", colour=False)
    wide = read(stripes(100, 20), frame)[0]
    np.testing.assert_array_equal(wide[5], np.arange(40, 60))
    tall = read(stripes(20, 100, across=False), frame)[0]
    np.testing.assert_array_equal(tall[:, 5], np.arange(40, 60))


def test_none_squeezes_the_whole_picture():
    squeezed = read(stripes(200, 20), Frame(20, 20, "none", colour=False))[0, 10]
    assert squeezed[0] < 10
    assert squeezed[-1] > 189
    np.testing.assert_allclose(np.diff(squeezed.astype(int)), 10, atol=1)


def test_the_face_of_an_aligned_portrait():
    """148 of 178 pixels across, of 218 down, centred at row 114."""
    assert Frame(64, 64, "face").box(178, 218) == pytest.approx((15, 40, 163, 188))
    left, top, right, bottom = Frame(32, 64, "face").box(178, 218)
    assert (left + right) / 2 == pytest.approx(89)
    assert (right - left) / (bottom - top) == pytest.approx(0.5)


@pytest.mark.parametrize("crop", ["centre", "face", "none"])
@pytest.mark.parametrize("size", [(1, 1), (500, 3), (3, 500), (178, 218), (64, 64)])
@pytest.mark.parametrize("frame", [(64, 64), (10, 70), (70, 10)])
def test_the_box_lies_within_the_picture(crop, size, frame):
    left, top, right, bottom = Frame(*frame, crop).box(*size)
    assert 0 <= left < right <= size[0] + 1e-9
    assert 0 <= top < bottom <= size[1] + 1e-9
    if crop != "none":
        assert (right - left) / (bottom - top) == pytest.approx(frame[0] / frame[1])


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_are_put_upright(orientation):
    """What is stored turned comes out as what it was before."""
    upright = np.zeros((24, 16, 3), np.uint8)
    upright[:12, :8] = (250, 0, 0)
    upright[12:, :8] = (0, 250, 0)
    undo = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright),
        7: upright.transpose(1, 0, 2)[::-1, ::-1],
        8: np.rot90(upright, -1),
    }
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = Image.fromarray(np.ascontiguousarray(undo[orientation]))
    found = read(stored, Frame(16, 24), exif=exif)
    np.testing.assert_array_equal(found.transpose(1, 2, 0), upright)


def test_clear_parts_are_white():
    clear = Image.new("RGBA", (8, 8), (200, 0, 0, 0))
    indexed = Image.new("P", (8, 8), 0)
    indexed.putpalette([10, 20, 30, 250, 0, 0])
    half = Image.new("LA", (8, 8), (0, 128))
    frame = Frame(4, 4)
    assert (read(clear, frame) == 255).all()
    assert (read(indexed, frame, transparency=0) == 255).all()
    np.testing.assert_allclose(read(half, frame), 127, atol=1)
    np.testing.assert_array_equal(read(indexed, frame)[:, 0, 0], (10, 20, 30))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([0, 32_896, 65_535], np.uint16), (0, 128, 255)),
        (np.array([0, 128, 255], np.int32), (0, 128, 255)),
        (np.array([0, 0.5, 1], np.float32), (0, 128, 255)),
        (np.array([0, 128, 255], np.float32), (0, 128, 255)),
        (np.array([-100, 0, 100], np.float32), (0, 128, 255)),
        (np.array([np.nan, 0.5, 1], np.float32), (0, 128, 255)),
    ],
)
def test_wide_numbers_become_bytes(values, expected):
    picture = Image.fromarray(np.repeat(values[None], 3, axis=0))
    found = read(picture, Frame(3, 3, "none", colour=False), "TIFF")
    np.testing.assert_allclose(found[0, 1], expected, atol=1)


def test_cmyk_is_shown_in_its_colours():
    """Full cyan absorbs red."""
    found = read(Image.new("CMYK", (16, 16), (255, 0, 0, 0)), Frame(4, 4), "JPEG", quality=95)
    red, green, blue = found[:, 2, 2]
    assert red < 60
    assert green > 100
    assert blue > 100


def test_a_large_jpeg_read_in_part_is_like_one_read_whole():
    """The decoder's own reduction saves time, and nothing that can be seen."""
    rng = np.random.default_rng(0)
    coarse = Image.fromarray(rng.integers(0, 256, (12, 16, 3), np.uint8))
    photo = coarse.resize((1600, 1200), Image.Resampling.BICUBIC)
    frame = Frame(64, 48)
    quick = read(photo, frame, "JPEG", quality=95).astype(int)
    whole = read(photo, frame, "PNG").astype(int)
    assert np.abs(quick - whole).mean() < 2


@pytest.mark.parametrize("content", [b"", b"hello", b"\x89PNG\r\n\x1a\n", b"GIF89a"])
def test_what_is_no_picture_says_so(content):
    for look in (lambda file: read_frame(file, Frame(4, 4)), check_head):
        with pytest.raises(DataError) as caught:
            look(BytesIO(content))
        assert caught.value.message


def test_the_endings_of_pictures():
    known = picture_suffixes()
    assert {".png", ".jpg", ".jpeg", ".gif", ".webp", ".tif", ".bmp"} <= known
    assert not {".pdf", ".eps", ".txt", ".npz", ".zip", ".csv"} & known
