"""Fingerprints of data sets, by which a run detects that its data has changed.

A fingerprint holds the keys of the images, if they have any (see `latentlab.data.holdout`), and
the mean brightness of a sample of images. Brightness hardly depends on the JPEG decoder, and is
hardly ever the same for other images.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import Field

from latentlab.data.holdout import MAX_HASHED_BYTES, content_keys, divide, image_keys, restore
from latentlab.data.image_set import ImageSpec
from latentlab.data.parts import TEST, TRAIN, VALIDATION, describe_counts
from latentlab.data.pixels import as_bytes
from latentlab.errors import MAX_LISTED, listed
from latentlab.json_files import Count, Record

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from latentlab.data.image_set import ImageSet
    from latentlab.data.parts import Splits

    Keys = NDArray[np.uint64]

MAX_KEYS = 300_000
"""Maximum number of training keys to store (5 MB); held-out keys are always stored."""
SAMPLED = 64
"""Number of images whose brightness is stored."""
TOLERANCE = 2.0
"""Tolerated difference of mean pixel value (0 to 255), since JPEG decoders differ."""

HELD_OUT_TEST_NOTE = "This run was made without a test part: its images are held out."
PackedKeys = Annotated[str, Field(pattern=r"^([0-9a-f]{16})*$")]


class Fingerprint(Record):
    """Record by which a data set is recognised.

    Parameters
    ----------
    shape, class_names
        See `ImageSpec`.
    train, validation, test : int
        Number of images of each part.
    held_out, trained, tested : str or None
        Keys of the images, 16 hexadecimal digits each. None if the data set defines its own
        parts and its images have no file names; `trained` also above `MAX_KEYS` images. `tested`
        is None without a test part, as in runs of earlier versions, which held its images out.
    grouped : bool
        Whether the first 32 bits of a key are those of a group, which is in one part only.
    contents : str or None
        Keys of the pixels of the held-out images, in the order of `held_out`, if their keys are
        those of file names: a renamed file is recognised by them. None for large sets.
    tested_contents : str or None
        The same of the test images.
    brightness : dict of str to float
        Mean pixel value of a sample of images, 0 to 255, by key or row.
    """

    shape: tuple[Count, Count, Count]
    class_names: tuple[str, ...]
    train: Count
    validation: Count
    test: Count = 0
    held_out: PackedKeys | None = None
    trained: PackedKeys | None = None
    tested: PackedKeys | None = None
    grouped: bool = False
    contents: PackedKeys | None = None
    tested_contents: PackedKeys | None = None
    brightness: dict[str, float] = Field(default_factory=dict)

    @property
    def spec(self) -> ImageSpec:
        """Shape and classes."""
        return ImageSpec(self.shape, self.class_names)


def take(splits: Splits) -> Fingerprint:
    """Return the fingerprint of a data set; reads the pixels of a small part of it."""
    held_out, trained = _keys_of(splits.validation), _keys_of(splits.train)
    tested = _keys_of(splits.test) if splits.test else None
    return Fingerprint(
        shape=splits.spec.shape,
        class_names=splits.spec.class_names,
        train=len(splits.train),
        validation=len(splits.validation),
        test=len(splits.test or ()),
        held_out=None if held_out is None else pack(held_out),
        trained=None if trained is None or len(trained) > MAX_KEYS else pack(trained),
        tested=None if tested is None else pack(tested),
        grouped=splits.grouped,
        contents=_contents_of(splits.validation),
        tested_contents=_contents_of(splits.test) if splits.test else None,
        brightness=_brightness(splits),
    )


def joined(before: Fingerprint, now: Fingerprint) -> Fingerprint:
    """Return the fingerprint of a run trained on a data set before and after a change.

    Images held out once stay held out; images trained on once stay training images.
    """
    if before.held_out is None or now.held_out is None:
        return now
    trained = None
    if before.trained is not None and now.trained is not None:
        trained = _with(before.trained, now.trained)
    held_out, contents = _joined_keys(before.held_out, before.contents, now.held_out, now.contents)
    found = {"held_out": held_out, "trained": trained, "contents": contents}
    if before.tested is not None and now.tested is not None:
        found["tested"], found["tested_contents"] = _joined_keys(
            before.tested, before.tested_contents, now.tested, now.tested_contents
        )
    return now.model_copy(update=found)


def _joined_keys(
    before: str, contents: str | None, now: str, now_contents: str | None
) -> tuple[str, str | None]:
    """Return the packed keys of a part before and after a change, and those of its pixels."""
    if contents is not None and now_contents is not None:
        added = ~np.isin(unpack(now), unpack(before))
        contents = contents + pack(unpack(now_contents)[added])
    else:
        contents = None
    return _with(before, now), contents


def _with(before: str, now: str) -> str:
    """Return the packed keys of `before` and those new in `now`."""
    old, new = unpack(before), unpack(now)
    return before + pack(new[~np.isin(new, old)])


def _contents_of(held_out: ImageSet) -> str | None:
    if held_out.keys is None or held_out.files is None:
        return None
    size = len(held_out) * held_out.spec.pixels
    return pack(content_keys(held_out.images)) if size <= MAX_HASHED_BYTES else None


def _renamed(before: Fingerprint, part: str, contents: str, whole: ImageSet, keys: Keys) -> Keys:
    """Return the current keys of the renamed images of a part, with shape (M,).

    `part` and `contents` are the packed keys of the part and of its pixels.
    """
    names, pixels = unpack(part), unpack(contents)
    if before.trained is None or len(pixels) != len(names):
        return keys[:0]
    gone = pixels[~np.isin(names, keys)]
    known = unpack(before.trained + (before.held_out or "") + (before.tested or ""))
    new = np.flatnonzero(~np.isin(keys, known))
    if not len(gone) or not len(new):
        return keys[:0]
    found = content_keys(whole.images[int(row)] for row in new)
    return keys[new[np.isin(found, gone)]]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Changes of a data set since a fingerprint was taken.

    Parameters
    ----------
    splits : Splits
        The data, with the same images held out as before.
    problem : str
        Reason why the data cannot be used for the run; empty if it can.
    change : str
        Changes in one or two sentences; empty without changes.
    """

    splits: Splits
    problem: str = ""
    change: str = ""


def compare(before: Fingerprint, splits: Splits) -> Comparison:
    """Compare a data set with a fingerprint and hold out the same images as before."""
    if problem := misfit(before.spec, splits.spec):
        return Comparison(splits, problem)
    if splits.test and not before.test:
        splits = _without_test(splits)
    looks, compared = _differing(before.brightness, _brightness(splits))
    if looks > compared / 2:
        return Comparison(
            splits, "the data holds other images than those that this run was made with"
        )
    changed = f"{looks} of {compared} images that were compared look different." if looks else ""
    keys = _keys_of(splits.whole())
    if before.held_out is None or keys is None:
        return Comparison(splits, change=_sentences(_counted(before, splits), changed))
    whole = splits.whole()
    renamed = _renamed(before, before.held_out, before.contents or "", whole, keys)
    held_out = np.concatenate([unpack(before.held_out), renamed])
    was_tested = before.tested or ""
    moved = _renamed(before, was_tested, before.tested_contents or "", whole, keys)
    tested = np.concatenate([unpack(was_tested), moved])
    if len(held_out) and not np.isin(held_out, keys).any():
        return Comparison(splits, "the data holds none of the images that this run held out")
    stay = f"{len(renamed):,} that were held out under another name stay held out."
    change = _sentences(_changed(before, splits, keys), stay if len(renamed) else "", changed)
    if splits.validation.keys is None or (
        _same(splits.validation, held_out) and _same(splits.test, tested)
    ):
        return Comparison(splits, change=change)
    restored = restore(
        whole,
        held_out.tolist(),
        splits.note,
        tested=tested.tolist(),
        grouped=before.grouped,
    )
    if not len(restored.train):
        return Comparison(splits, "the data holds only images that this run held out")
    return Comparison(restored, change=change)


def _same(part: ImageSet | None, keys: Keys) -> bool:
    """Return whether a part consists of the images with the given keys."""
    found = part.keys if part is not None and part.keys is not None else keys[:0]
    return np.array_equal(np.sort(found), np.sort(keys))


def _without_test(splits: Splits) -> Splits:
    """Return a data set whose test images are held out, as earlier versions did."""
    whole = splits.whole()
    held_out = np.asarray(whole.parts != TRAIN)
    note = _sentences(splits.note, HELD_OUT_TEST_NOTE)
    return divide(replace(whole, parts=None), held_out, note, grouped=splits.grouped)


def misfit(made_for: ImageSpec, found: ImageSpec) -> str:
    """Return why images do not match the spec of a model; empty if they match."""
    if made_for.shape != found.shape:
        return f"this run was made for {made_for} images; the data now has {found} ones"
    then, now = made_for.class_names, found.class_names
    if then == now:
        return ""
    if max(len(then), len(now)) <= MAX_LISTED:
        both = (listed(names) or "no classes" for names in (then, now))
        return "this run was made for {}; the data now has {}".format(*both)
    gone, new = ([name for name in a if name not in b] for a, b in ((then, now), (now, then)))
    changes = [f"{listed(names)} {word}" for names, word in ((gone, "gone"), (new, "new")) if names]
    return (
        f"this run was made for {len(then):,} classes; the data now has {len(now):,}: "
        f"{' and '.join(changes) or 'in another order'}"
    )


def pack(keys: Keys) -> str:
    """Encode keys as hexadecimal text."""
    return keys.astype(">u8").tobytes().hex()


def unpack(text: str) -> Keys:
    """Decode the keys of a hexadecimal text, with shape (N,)."""
    return np.frombuffer(bytes.fromhex(text), ">u8").astype(np.uint64)


def _keys_of(part: ImageSet) -> Keys | None:
    return image_keys(part) if part.keys is not None or part.files is not None else None


def _sentences(*parts: str) -> str:
    return " ".join(filter(None, parts))


def _changed(before: Fingerprint, splits: Splits, now: Keys) -> str:
    """Return a sentence on removed and added images, compared by key."""
    if before.trained is None:
        return _counted(before, splits)
    packed = (before.held_out, before.trained, before.tested)
    then = np.concatenate([unpack(keys or "") for keys in packed])
    gone, new = (int((~np.isin(a, b)).sum()) for a, b in ((then, now), (now, then)))
    changes = [f"{_images(gone)} gone"] if gone else []
    changes += [f"{_images(new)} new"] if new else []
    if not changes:
        return ""
    joins = "; new ones join the training images" if new and splits.train.keys is not None else ""
    renamed = " (a renamed one counts as both)" if gone and new else ""
    return f"Since this run was made, {' and '.join(changes)}{renamed}{joins}."


def _images(count: int) -> str:
    return "1 image is" if count == 1 else f"{count:,} images are"


def _counted(before: Fingerprint, splits: Splits) -> str:
    test = len(splits.test or ())
    then = (before.train, before.validation, before.test)
    now = (len(splits.train), len(splits.validation), test)
    if then == now:
        return ""
    if before.test or test:
        return f"This run was made with {describe_counts(*then)}; now: {splits.counts}."
    return (
        f"This run was made with {then[0]:,} training images and {then[1]:,} held-out ones; "
        f"there are {now[0]:,} and {now[1]:,} now."
    )


def _brightness(splits: Splits) -> dict[str, float]:
    """Return the mean pixel values of the images with the lowest keys; without keys, the first."""
    whole = splits.whole()
    keys = _keys_of(whole)
    if keys is None:
        parts = [(VALIDATION, splits.validation), (TRAIN, splits.train)]
        parts += [(TEST, splits.test)] if splits.test else []
        return {
            f"{name} {row}": _mean(part, row)
            for name, part in parts
            for row in range(min(SAMPLED // 2, len(part)))
        }
    rows = np.argsort(keys, kind="stable")[:SAMPLED]
    return {pack(keys[row : row + 1]): _mean(whole, int(row)) for row in rows}


def _mean(images: ImageSet, row: int) -> float:
    return round(float(as_bytes(images.images[row]).mean()), 1)


def _differing(then: dict[str, float], now: dict[str, float]) -> tuple[int, int]:
    """Return the number of images that differ in brightness and the number compared."""
    both = then.keys() & now.keys()
    return sum(abs(then[key] - now[key]) > TOLERANCE for key in both), len(both)
