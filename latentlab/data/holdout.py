"""Held-out images, chosen by a hash of each image instead of by position.

Each image has a key: a hash of its file name or, without files, of its pixels. The images with the
lowest keys of each class are held out. The choice is random but reproducible, stratified by class,
and stable when images are added, removed or reordered.
"""

from __future__ import annotations

from dataclasses import replace
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from latentlab.data.parts import PARTS, Splits
from latentlab.data.pixels import as_bytes
from latentlab.data.row_view import RowView

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from numpy.typing import NDArray

    from latentlab.data.image_set import ImageSet

    Keys = NDArray[np.uint64]
    PartCodes = NDArray[np.int8]

MAX_HASHED_BYTES = 1 << 28
"""Maximum size in bytes of a memory-mapped set whose pixels are hashed (half a second)."""


def image_keys(images: ImageSet, seed: int = 0) -> Keys:
    """Return the key of each image, with shape (N,): a hash of its file name, pixels or row."""
    if images.keys is not None:
        return images.keys
    if images.files is not None:
        return file_keys(images.files, seed)
    contents: Iterable[bytes]
    if not isinstance(images.images, np.memmap) or images.images.nbytes <= MAX_HASHED_BYTES:
        contents = map(_content, images.images)
    else:
        contents = (b"%d" % row for row in range(len(images)))
    return _hashed(contents, seed)


def file_keys(files: Iterable[str], seed: int = 0) -> Keys:
    """Return the key of each file by its name, with shape (N,)."""
    return _hashed((file.encode("utf-8", "surrogatepass") for file in files), seed)


def content_keys(images: Iterable[NDArray[np.uint8]], seed: int = 0) -> Keys:
    """Return the key of each image by its pixels, with shape (N,)."""
    return _hashed(map(_content, images), seed)


def _content(image: NDArray[Any]) -> bytes:
    """Return the pixels of an image as bytes: the key does not depend on their precision."""
    return np.ascontiguousarray(as_bytes(image)).tobytes()


def _hashed(contents: Iterable[bytes], seed: int) -> Keys:
    prefix = f"{seed}\0".encode()
    digests = b"".join(blake2b(prefix + content, digest_size=8).digest() for content in contents)
    return np.frombuffer(digests, "<u8").astype(np.uint64)


def choose_held_out(
    keys: Keys, labels: NDArray[np.int64] | None, share: float
) -> NDArray[np.bool_]:
    """Choose the images to hold out: the same share of each class, by lowest key.

    Parameters
    ----------
    keys : ndarray of uint64, shape (N,)
        See `image_keys`.
    labels : ndarray of int64, shape (N,), or None
        Class of each image.
    share : float
        Fraction held out, in (0, 1); each part gets at least one image.

    Returns
    -------
    ndarray of bool, shape (N,)
    """
    total = min(max(1, round(share * len(keys))), len(keys) - 1)
    classes = np.zeros(len(keys), np.int64) if labels is None else labels
    _, classes, sizes = np.unique(classes, return_inverse=True, return_counts=True)
    quotas = sizes * (total / len(keys))
    counts = np.floor(quotas + 1e-9).astype(int)
    # Largest remainder method.
    by_remainder = np.argsort(counts - quotas, kind="stable")
    counts[by_remainder[: total - counts.sum()]] += 1
    held_out = np.zeros(len(keys), bool)
    for each, count in enumerate(counts):
        members = np.flatnonzero(classes == each)
        held_out[members[np.argsort(keys[members], kind="stable")[:count]]] = True
    return held_out


def split(
    images: ImageSet, share: float, note: str = "", seed: int = 0, *, in_place: bool = False
) -> Splits:
    """Hold out a share of the images by key; see the module docstring.

    Parameters
    ----------
    images : ImageSet
        All images.
    share : float
        Fraction held out, in (0, 1).
    note : str
        Note for the user.
    seed : int
        Seed of the hash.
    in_place : bool
        Reorder the pixels within their array instead of copying them.
    """
    keyed = replace(images, keys=image_keys(images, seed))
    held_out = choose_held_out(image_keys(keyed), images.labels, share)
    return divide(keyed, held_out, note, in_place=in_place)


def restore(
    images: ImageSet,
    held_out: Collection[int],
    note: str = "",
    seed: int = 0,
    *,
    tested: Collection[int] = (),
    grouped: bool = False,
) -> Splits:
    """Hold out exactly the images whose keys are in `held_out`, and test on those in `tested`.

    Of identical images, which share a key, as many are held out as the key occurs. If the images
    are grouped, new images of a held-out group are held out as well.
    """
    keyed = replace(images, keys=image_keys(images, seed), parts=None)
    keys = image_keys(keyed)
    parts = np.zeros(len(keys), np.int8)
    for code, wanted in ((1, held_out), (2, tested)):
        chosen = np.fromiter(wanted, np.uint64, len(wanted))
        parts[_in_groups(keys, chosen) if grouped else _with_keys(keys, chosen)] = code
    return divide(keyed, parts, note, grouped=grouped)


def _in_groups(keys: Keys, wanted: Keys) -> NDArray[np.bool_]:
    """Return the mask of the images in the groups of the wanted keys."""
    return np.isin(keys >> np.uint64(32), wanted >> np.uint64(32))


def _with_keys(keys: Keys, wanted: Keys) -> NDArray[np.bool_]:
    """Return the mask of the images with the wanted keys, each as often as it is wanted."""
    wanted = np.sort(wanted)
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    # Rank of each image among those of the same key, and how many of these to hold out.
    nth = np.arange(len(ordered)) - np.searchsorted(ordered, ordered)
    counts = np.searchsorted(wanted, ordered, "right") - np.searchsorted(wanted, ordered)
    chosen = np.zeros(len(ordered), bool)
    chosen[order] = nth < counts
    return chosen


def divide(
    images: ImageSet,
    parts: NDArray[np.bool_] | PartCodes,
    note: str = "",
    *,
    grouped: bool = False,
    in_place: bool = False,
) -> Splits:
    """Divide images by their parts; memory-mapped images are not copied.

    Parameters
    ----------
    images : ImageSet
        All images.
    parts : ndarray of bool or int8, shape (N,)
        Position in `PARTS` of the part of each image: 0 training, 1 validation, 2 test.
    note : str
        Note for the user.
    grouped : bool
        See `Splits`.
    in_place : bool
        Reorder the pixels within their array instead of copying them.
    """
    codes = parts.astype(np.int8)
    if in_place:
        images, codes = _moved_last(images, codes, codes > 0)
        images, codes = _moved_last(images, codes, codes > 1)
    train, validation, test = (
        rows_of(images, np.flatnonzero(codes == code)) for code in range(len(PARTS))
    )
    return Splits(train, validation, note, test if len(test) else None, grouped)


def _moved_last(
    images: ImageSet, codes: PartCodes, last: NDArray[np.bool_]
) -> tuple[ImageSet, PartCodes]:
    """Move some images to the end, in place and with as few swaps as possible."""
    first = len(last) - int(last.sum())
    early = np.flatnonzero(last[:first])
    late = first + np.flatnonzero(~last[first:])
    rows = np.arange(len(last))
    rows[early], rows[late] = late, early
    pixels = images.images
    pixels[early], pixels[late] = pixels[late], pixels[early]
    return images.with_pixels(pixels, rows), codes[rows]


def rows_of(images: ImageSet, rows: NDArray[np.intp]) -> ImageSet:
    """Return ascending rows of images; those on disk are not copied."""
    if len(rows) and rows[-1] - rows[0] + 1 == len(rows):
        return images[rows[0] : rows[-1] + 1]
    pixels = images.images
    if isinstance(pixels, np.ndarray) and not isinstance(pixels, np.memmap):
        return images[rows]
    # Callers only index the first axis, which RowView supports.
    return images.with_pixels(cast("NDArray[np.uint8]", RowView(pixels, rows)), rows)
