"""A picture brought to a frame: crops, modes, directions."""

import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from latentlab.data.files import image_file as decode
from latentlab.data.files.image_file import (
    ImageFormat,
    check_head,
    in_bytes,
    notes_of,
    picture_suffixes,
    read_pages,
)
from latentlab.data.own_image.preprocess import read_source
from latentlab.errors import DataError


def saved(picture, kind="PNG", **options):
    file = BytesIO()
    picture.save(file, kind, **options)
    file.seek(0)
    return file


def read_frame(file, frame):
    """Read one picture in bytes; raise where it cannot be read."""
    (found,) = read_pages(file, frame)
    if isinstance(found, DataError):
        raise found
    return in_bytes([found])[0]


def read(picture, frame, kind="PNG", **options):
    return read_frame(saved(picture, kind, **options), frame)


def stripes(width, height, across=True):
    """A picture whose value is the column, or the row, of each pixel."""
    line = np.arange(width if across else height, dtype=np.uint8)
    pixels = np.broadcast_to(line[None] if across else line[:, None], (height, width))
    return Image.fromarray(np.ascontiguousarray(pixels))


def test_the_centre_of_a_wide_and_of_a_tall_picture():
    frame = ImageFormat(20, 20, "centre", colour=False)
    wide = read(stripes(100, 20), frame)[0]
    np.testing.assert_array_equal(wide[5], np.arange(40, 60))
    tall = read(stripes(20, 100, across=False), frame)[0]
    np.testing.assert_array_equal(tall[:, 5], np.arange(40, 60))


def test_none_squeezes_the_whole_picture():
    squeezed = read(stripes(200, 20), ImageFormat(20, 20, "none", colour=False))[0, 10]
    assert squeezed[0] < 10
    assert squeezed[-1] > 189
    np.testing.assert_allclose(np.diff(squeezed.astype(int)), 10, atol=1)


def test_the_face_of_an_aligned_portrait():
    """148 of 178 pixels across, of 218 down, centred at row 114."""
    assert ImageFormat(64, 64, "face").box(178, 218) == pytest.approx((15, 40, 163, 188))
    left, top, right, bottom = ImageFormat(32, 64, "face").box(178, 218)
    assert (left + right) / 2 == pytest.approx(89)
    assert (right - left) / (bottom - top) == pytest.approx(0.5)


@pytest.mark.parametrize("crop", ["centre", "face", "none"])
@pytest.mark.parametrize("size", [(1, 1), (500, 3), (3, 500), (178, 218), (64, 64)])
@pytest.mark.parametrize("frame", [(64, 64), (10, 70), (70, 10)])
def test_the_box_lies_within_the_picture(crop, size, frame):
    left, top, right, bottom = ImageFormat(*frame, crop).box(*size)
    assert 0 <= left < right <= size[0] + 1e-9
    assert 0 <= top < bottom <= size[1] + 1e-9
    assert left >= 0
    assert right <= size[0]
    assert bottom <= size[1]
    if crop != "none":
        assert (right - left) / (bottom - top) == pytest.approx(frame[0] / frame[1])


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_are_put_upright(orientation, kind, tmp_path):
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
    exact = {"lossless": True} if kind == "WEBP" else {}
    found = read(stored, ImageFormat(16, 24), kind, exif=exif, **exact)
    np.testing.assert_array_equal(found.transpose(1, 2, 0), upright)
    (tmp_path / "own").write_bytes(saved(stored, kind, exif=exif, **exact).read())
    np.testing.assert_array_equal(read_source(tmp_path / "own").pixels, upright)


def test_clear_parts_are_white():
    clear = Image.new("RGBA", (8, 8), (200, 0, 0, 0))
    indexed = Image.new("P", (8, 8), 0)
    indexed.putpalette([10, 20, 30, 250, 0, 0])
    half = Image.new("LA", (8, 8), (0, 128))
    frame = ImageFormat(4, 4)
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
    found = read(picture, ImageFormat(3, 3, "none", colour=False), "TIFF")
    np.testing.assert_allclose(found[0, 1], expected, atol=1)


@pytest.mark.parametrize("top", [255, 1000, 4095, 16_383, 65_535])
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_one_scale_for_all_pictures_of_more_than_8_bits(top, kind):
    """The bits that the brightest of them needs; another one may be dark."""
    levels = [np.full((4, 4), value, np.uint16) for value in (0, top // 3, top)]
    frame = ImageFormat(4, 4, colour=False)
    decoded = [read_pages(saved(Image.fromarray(one), kind), frame)[0] for one in levels]
    white = 2 ** top.bit_length() - 1
    found = [int(one[0, 0, 0]) for one in in_bytes(decoded)]
    assert found == pytest.approx([0, 255 * (top // 3) / white, 255 * top / white], abs=0.51)
    assert bool(notes_of(decoded)) == (top < 65_535)
    assert all(f"{white:,} is white" in note for note in notes_of(decoded))


@pytest.mark.parametrize(
    ("low", "high", "black", "white"),
    [(0, 20.5, 0, 20.5), (0, 0.5, 0, 1), (-1000, 3000, -1000, 3000), (0, 200, 0, 255)],
)
def test_one_scale_for_all_pictures_of_fractions(low, high, black, white):
    frame = ImageFormat(4, 4, colour=True)
    decoded = [
        read_pages(saved(Image.fromarray(np.full((4, 4), value, np.float32)), "TIFF"), frame)[0]
        for value in (low, (low + high) / 2, high)
    ]
    found = [float(one[2, 1, 1]) for one in in_bytes(decoded)]
    expected = [255 * (v - black) / (white - black) for v in (low, (low + high) / 2, high)]
    assert found == pytest.approx(expected, abs=0.51)
    assert bool(notes_of(decoded)) == (white != 1)


def test_colours_of_16_bits_that_fill_few_of_them_are_not_black():
    """A PNG of 48 bits with values of 12: Pillow keeps the upper 8 of 16."""
    values = np.zeros((8, 8, 3), ">u2")
    values[:4], values[4:, :, 0] = 4095, 2048
    found = read_frame(BytesIO(png_of_48_bits(values)), ImageFormat(8, 8))
    assert found[:, 0, 0].min() > 220
    assert found[0, 7, 0] == pytest.approx(128, abs=16)
    assert found[1:, 7, 0].max() == 0


def png_of_48_bits(values):
    """Write what Pillow can only read."""

    def chunk(kind, content):
        check = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)

    height, width, _ = values.shape
    lines = b"".join(b"\0" + line.tobytes() for line in values)
    head = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    parts = [(b"IHDR", head), (b"IDAT", zlib.compress(lines)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


def test_cmyk_is_shown_in_its_colours():
    """Full cyan absorbs red."""
    found = read(Image.new("CMYK", (16, 16), (255, 0, 0, 0)), ImageFormat(4, 4), "JPEG", quality=95)
    red, green, blue = found[:, 2, 2]
    assert red < 60
    assert green > 100
    assert blue > 100


def test_a_large_jpeg_read_in_part_is_like_one_read_whole():
    """The decoder's own reduction saves time, and nothing that can be seen."""
    rng = np.random.default_rng(0)
    coarse = Image.fromarray(rng.integers(0, 256, (12, 16, 3), np.uint8))
    photo = coarse.resize((1600, 1200), Image.Resampling.BICUBIC)
    frame = ImageFormat(64, 48)
    quick = read(photo, frame, "JPEG", quality=95).astype(int)
    whole = read(photo, frame, "PNG").astype(int)
    assert np.abs(quick - whole).mean() < 2


@pytest.mark.parametrize("content", [b"", b"hello", b"\x89PNG\r\n\x1a\n", b"GIF89a"])
def test_what_is_no_picture_says_so(content):
    for look in (lambda file: read_frame(file, ImageFormat(4, 4)), check_head):
        with pytest.raises(DataError) as caught:
            look(BytesIO(content))
        assert caught.value.message


def test_the_endings_of_pictures():
    known = picture_suffixes()
    assert {".png", ".jpg", ".jpeg", ".gif", ".webp", ".tif", ".bmp"} <= known
    assert not {".pdf", ".eps", ".txt", ".npz", ".zip", ".csv"} & known


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "TIFF", "WEBP", "BMP", "AVIF"])
def test_whatever_a_damaged_picture_raises_is_told_in_short(kind, tmp_path):
    """And the same wherever somebody gives a file."""
    rng = np.random.default_rng(7)
    whole = saved(Image.fromarray(rng.integers(0, 256, (24, 24, 3), np.uint8)), kind).read()
    raised = []
    for _ in range(60):
        content = bytearray(whole)
        for place in rng.integers(0, min(len(content), 400), 3):
            content[place] = rng.integers(0, 256)
        path = tmp_path / "own"
        path.write_bytes(content)
        for look in (lambda path: read_frame(path, ImageFormat(4, 4)), read_source):
            try:
                look(path)
            except DataError as error:
                raised.append(error.message)
    assert all(0 < len(message) < 400 and "\n" not in message for message in raised)
    assert raised or kind in ("BMP", "GIF")


def test_pictures_have_a_limit(monkeypatch, tmp_path):
    monkeypatch.setattr(decode, "MAX_PIXELS", 2_000_000)
    Image.new("L", (2000, 1500)).save(tmp_path / "large.png")
    for look in (check_head, read_source, lambda path: read_frame(path, ImageFormat(4, 4))):
        with pytest.raises(DataError, match="3 megapixels; the maximum is 2"):
            look(tmp_path / "large.png")


def test_a_page_that_cannot_be_read_costs_itself_only():
    file = saved(stripes(8, 8), "TIFF", save_all=True, append_images=[stripes(8, 8)])
    good, bad = read_pages(file, ImageFormat(4, 4), (0, 7))
    assert good.pixels.shape == (3, 4, 4)
    assert isinstance(bad, DataError)
