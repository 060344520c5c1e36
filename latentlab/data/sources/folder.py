"""User images in a folder or ZIP."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, override

import numpy as np
from pydantic import Field

from latentlab.config import Options
from latentlab.data.attributes import classes_from
from latentlab.data.files.archive import find_pictures, shown
from latentlab.data.files.decoded_cache import open_pictures
from latentlab.data.files.image_file import Crop, ImageFormat
from latentlab.data.files.pages import find_pages
from latentlab.data.files.parts import find_parts
from latentlab.data.holdout import choose_held_out, divide, file_keys, split
from latentlab.data.image_set import DATA, DataConfig, ImageSet, ImageSpec, Outline, Splits
from latentlab.data.sources.arrays import MAX_CLASSES
from latentlab.data.tables.attribute_table import read_beside
from latentlab.data.tables.joining import quoted
from latentlab.work import Progress, in_thread, with_progress

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence

    from numpy.typing import NDArray

    from latentlab.data.files.archive import Source
    from latentlab.data.files.parts import Parts
    from latentlab.data.tables.attribute_table import AttributeTable

ELSEWHERE = "other"
"""Class of images outside the class folders."""
MOST_PIXELS = 2048
"""Maximum width and height in pixels."""
MOST_ATTRIBUTES = 5
ANY_CLASSES = ("a", "b")
"""Classes of an outline, which does not know them."""
CROPS = Options({"centre": "Centre", "face": "Face", "none": "None"})
CLASSES_TOLD = 12
"""Maximum number of classes listed in the note."""


@DATA.register
class FolderConfig(DataConfig, title="Folder of images"):
    """Your own images of any size and format, in a folder or ZIP; its folders are classes."""

    kind: Literal["folder"] = "folder"
    root: Path = Field(
        title="Folder or ZIP",
        description="Folder or ZIP with images of any format and size. If two or more folders in "
        "it contain images, each is a class. Folders such as train and test are parts; images "
        "that are not for training are held out.",
    )
    width: int = Field(
        64,
        ge=1,
        le=MOST_PIXELS,
        title="Image width",
        json_schema_extra={"unit": "pixels"},
        description="Width to which every image is scaled. Training time grows with its square.",
    )
    height: int = Field(
        0,
        ge=0,
        le=MOST_PIXELS,
        title="Image height",
        json_schema_extra={"unit": "pixels"},
        description="Height to which every image is scaled; 0 is the width.",
    )
    crop: Annotated[Crop, CROPS] = Field(
        "centre",
        description="Centre crops the largest centred part of the chosen proportions. Face crops "
        "the face of a portrait that is aligned as in CelebA. None scales the whole image.",
    )
    colour: bool = Field(
        True, description="Three channels: red, green, blue. Off: one grey channel."
    )
    attributes: Path | None = Field(
        None,
        title="Attribute table",
        description="CSV with attributes of each image: numbers, yes and no, or names. Empty: the "
        "table beside the images that names most of them, if there is one.",
        json_schema_extra={"file": True},
    )
    classes_from: tuple[str, ...] = Field(
        (),
        max_length=MOST_ATTRIBUTES,
        title="Classes from",
        description="Attributes whose combinations become the classes instead of the folders, such "
        "as smiling, eyeglasses. At most five.",
    )
    held_out: float = Field(
        0.1,
        gt=0,
        lt=1,
        title="Held out",
        description="Share of the images that is held out for validation if no folders define it: "
        "a random choice by file name, which does not change when images are added.",
    )

    @property
    def frame(self) -> ImageFormat:
        """Format of the images."""
        return ImageFormat(self.width, self.height or self.width, self.crop, self.colour)

    @override
    def available(self) -> bool:
        return self.root.exists()

    @override
    def outline(self) -> Generator[Progress, None, Outline | None]:
        with closing((yield from find_pictures(self.root))) as source:
            spec = ImageSpec(self.frame.shape, ANY_CLASSES)
            return Outline.of(spec, len(source.entries), self.held_out)

    @override
    def load(self) -> Generator[Progress, None, Splits]:
        """See `DataConfig.load`; decoded images are cached on disk."""
        with closing((yield from find_pictures(self.root))) as source:
            yield from find_pages(source)
            known = yield from describe_pictures(source, self.attributes, self.classes_from)
            splits = yield from open_split(source, known, self.frame, self.held_out)
        return splits


@dataclass(frozen=True, slots=True)
class Known:
    """Metadata of images before they are decoded.

    Parameters
    ----------
    rows : ndarray of int64, shape (M,)
        Indices of the entries that are used.
    labels, class_names : ndarray of int64, shape (M,), or None, and tuple of str
        Classes of the used entries.
    beside : AttributeTable
        Attribute table of all entries.
    parts : Parts or None
        Parts and class folders of all entries.
    notes, counted : tuple of str, and str
        Notes for the user, and one on the number of images of each class (may be empty).
    all_occur : bool
        Whether to drop classes without readable images.
    """

    rows: NDArray[np.int64]
    labels: NDArray[np.int64] | None
    class_names: tuple[str, ...]
    beside: AttributeTable
    parts: Parts | None = None
    notes: tuple[str, ...] = ()
    counted: str = ""
    all_occur: bool = True

    def classes(self, kept: NDArray[np.int64]) -> tuple[NDArray[np.int64] | None, tuple[str, ...]]:
        """Return the labels and class names of the readable images."""
        if self.labels is None or not self.all_occur:
            return None if self.labels is None else self.labels[kept], self.class_names
        occurring, labels = np.unique(self.labels[kept], return_inverse=True)
        if len(occurring) < min(2, len(self.class_names)):
            return None, ()
        return labels.astype(np.int64), tuple(self.class_names[i] for i in occurring)

    @property
    def held_out(self) -> NDArray[np.bool_] | None:
        """Mask of images in held-out folders, with shape (M,); None if folders do not decide."""
        if self.parts is None:
            return None
        held_out = np.array(self.parts.held_out, bool)[self.rows]
        return held_out if 0 < held_out.sum() < len(held_out) else None


def describe_pictures(
    source: Source, table: Path | None, chosen: Sequence[str]
) -> Generator[Progress, None, Known]:
    """Read parts, classes and attributes of images from folders and tables.

    Parameters
    ----------
    source : Source
        Folder or archive of the images.
    table : Path or None
        Attribute table; None to search for one.
    chosen : sequence of str
        Attributes to make classes of, instead of folders.

    Raises
    ------
    DataError
        If the table or a chosen attribute cannot be used.
    """
    beside = yield from with_progress(
        in_thread(lambda: read_beside(source, table)), "Reading what is known of them"
    )
    parts = find_parts([entry.name for entry in source.entries])
    unclassed = np.array(parts.unclassed, bool) & (not chosen)
    rows = np.flatnonzero(~unclassed)
    labels: NDArray[np.int64] | None
    if chosen:
        labels, names = classes_from(beside.attributes, chosen)
    else:
        labels, names = classes_of(parts.folders[row] for row in rows.tolist())
    notes = [*source.notes, parts.note, _left_out(source, unclassed), *beside.notes]
    if len(names) > MAX_CLASSES:
        notes.append(f"{len(names):,} classes are too many; they are not distinguished.")
        labels, names = None, ()
    counted = _counted(labels, names) if labels is not None and (chosen or parts.note) else ""
    return Known(rows, labels, names, beside, parts, tuple(filter(None, notes)), counted)


def _left_out(source: Source, unclassed: NDArray[np.bool_]) -> str:
    if not unclassed.any():
        return ""
    first = quoted(source.entries[int(unclassed.argmax())].name)
    count = int(unclassed.sum())
    return f"Images left out because they are in no class folder: {count:,}, such as {first}."


def _counted(labels: NDArray[np.int64], names: Sequence[str]) -> str:
    """Return a note with the number of images of the first classes."""
    counts = np.bincount(labels, minlength=len(names)).tolist()
    parts = [f"{name[:40]} ({n:,})" for name, n in zip(names, counts, strict=True)][:CLASSES_TOLD]
    more = len(names) - len(parts)
    return f"Classes: {', '.join(parts)}{f' and {more:,} more' if more else ''}."


def open_split(
    source: Source, known: Known, frame: ImageFormat, share: float, held_out: NDArray | None = None
) -> Generator[Progress, None, Splits]:
    """Decode and split images; each part is usually a slice of the memory-mapped array.

    Parameters
    ----------
    source : Source
        Folder or archive of the images.
    known : Known
        Metadata of the images.
    frame : ImageFormat
        Format of the decoded images.
    share : float
        Fraction held out by file name if neither folders nor `held_out` decide.
    held_out : ndarray of bool, shape (M,), or None
        Mask of the used entries to hold out.

    Raises
    ------
    DataError
        If fewer than two images can be read.
    """
    files = np.array([source.entries[row].name for row in known.rows.tolist()], object)
    keys = file_keys(files)
    wanted = known.held_out if held_out is None else held_out
    chosen = wanted is None and len(files) > 1
    if chosen:
        wanted = choose_held_out(keys, known.labels, share)
    wanted = np.zeros(len(files), bool) if wanted is None else wanted
    # Order by hash: random, and the same for most shares, so that the cache can be reused.
    order = np.lexsort((~keys, wanted)) if held_out is None else np.argsort(wanted, kind="stable")
    entries = [source.entries[row] for row in known.rows[order].tolist()]
    pictures = yield from open_pictures(source, entries, frame)
    kept = order[pictures.rows]
    attributes = known.beside.attributes
    labels, names = known.classes(kept)
    about = attributes[known.rows[kept]] if attributes else None
    spec, decided_by = ImageSpec(frame.shape, names), keys[kept] if chosen else None
    whole = ImageSet(pictures.images, labels, spec, about, files[kept], keys=decided_by)
    note = " ".join(filter(None, (pictures.note, *known.notes, known.counted)))
    if 0 < wanted[kept].sum() < len(whole):
        return divide(whole, wanted[kept], note)
    return split(whole, share, note)


def classes_of(folders: Iterable[str]) -> tuple[NDArray[np.int64] | None, tuple[str, ...]]:
    """Return the class index of each folder name, and the class names; none for fewer than two."""
    known = [shown(folder) for folder in folders]
    names = sorted({*known} - {""})
    if len(names) < 2:
        return None, ()
    if "" in known:
        names.append(ELSEWHERE if ELSEWHERE not in names else f"{ELSEWHERE} images")
    rows = {name: i for i, name in enumerate(names)} | ({"": len(names) - 1} if "" in known else {})
    return np.array([rows[name] for name in known], np.int64), tuple(names)
