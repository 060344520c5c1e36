"""User images in a folder or ZIP."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self, override

import numpy as np
from pydantic import Field

from latentlab.config import Options
from latentlab.data.attributes import classes_from
from latentlab.data.data_set import DATA, DataConfig
from latentlab.data.files.archive import find_pictures, holds_pictures, shown
from latentlab.data.files.decoded_cache import open_pictures
from latentlab.data.files.image_file import Crop, ImageFormat
from latentlab.data.files.pages import find_pages
from latentlab.data.files.parts import find_parts
from latentlab.data.holdout import divide, file_keys
from latentlab.data.holdout import split as split_by_key
from latentlab.data.image_set import ImageSet, ImageSpec
from latentlab.data.parts import PARTS, TRAIN, VALIDATION, Outline, Splits
from latentlab.data.sources.arrays import MAX_CLASSES
from latentlab.data.split import Division, Split, divide_images
from latentlab.data.tables.attribute_table import AttributeTable, attribute_names, read_beside
from latentlab.data.tables.joining import quoted
from latentlab.data.tables.pixel_rows import find_layout, names_codes
from latentlab.errors import DataError
from latentlab.work import Progress, in_thread, with_progress

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence

    from numpy.typing import NDArray

    from latentlab.data.files.archive import Source
    from latentlab.data.files.parts import Parts
    from latentlab.data.holdout import PartCodes

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
        "as smiling, eyeglasses. age: 18 65 cuts age at 18 and at 65. At most five.",
    )

    split: Split = Field(
        Split(),
        title="Split",
        description="Which images are for training, for validation and for the test.",
    )

    @property
    def frame(self) -> ImageFormat:
        """Format of the images."""
        return ImageFormat(self.width, self.height or self.width, self.crop, self.colour)

    @classmethod
    @override
    def from_path(cls, path: Path, spec: ImageSpec) -> Self | None:
        channels, height, width = spec.shape
        is_table = path.is_file() and path.suffix.lower() in (".csv", ".tsv", ".txt", ".parquet")
        if is_table and (find_layout(path) or names_codes(path)):
            return None
        if not holds_pictures(path.parent if is_table else path):
            return None
        table = path if is_table else None
        root, colour = (path.parent if is_table else path), channels == 3
        return cls(root=root, width=width, height=height, colour=colour, attributes=table)

    @override
    def available(self) -> bool:
        return self.root.exists()

    @override
    def outline(self) -> Generator[Progress, None, Outline | None]:
        with closing((yield from find_pictures(self.root))) as source:
            spec = ImageSpec(self.frame.shape, ANY_CLASSES)
            if self.split.reads_column:
                known = yield from self._describe(source)
            else:
                known = _known_of_folders(source)
            work = in_thread(lambda: known.divide(source, self.split))
            division = yield from with_progress(work, "Counting images")
            names = yield from attribute_names(source, self.attributes)
            return replace(Outline.of_parts(spec, division.parts), attributes=names)

    def _describe(self, source: Source) -> Generator[Progress, None, Known]:
        return describe_pictures(source, self.attributes, self.classes_from, self.split)

    @override
    def load(self) -> Generator[Progress, None, Splits]:
        """See `DataConfig.load`; decoded images are cached on disk."""
        with closing((yield from find_pictures(self.root))) as source:
            yield from find_pages(source)
            known = yield from self._describe(source)
            splits = yield from open_split(source, known, self.frame, self.split)
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

    def divide(self, source: Source, split: Split) -> Division:
        """Return the part of each used image.

        Raises
        ------
        DataError
            If the split column does not exist, or does not name parts.
        """
        files = [source.entries[row].name for row in self.rows.tolist()]
        own = None
        if self.parts and {TRAIN, VALIDATION} <= {
            self.parts.kinds[row] for row in self.rows.tolist()
        }:
            own = np.array(
                [PARTS.index(self.parts.kinds[row]) for row in self.rows.tolist()], np.int8
            )
        words: list[str] | None = None
        if split.reads_column:
            column = self.beside.column(split.column)
            words = [column[row] for row in self.rows.tolist()]
        elif split.by == "group":
            words = [file.rpartition("/")[0] for file in files]
        return divide_images(split, file_keys(files, split.seed), self.labels, own, words)


def _known_of_folders(source: Source) -> Known:
    """Return what folders alone tell of images."""
    parts = find_parts([entry.name for entry in source.entries])
    rows = np.flatnonzero(~np.array(parts.unclassed, bool))
    return Known(rows, None, (), AttributeTable(), parts)


def describe_pictures(
    source: Source, table: Path | None, chosen: Sequence[str], split: Split | None = None
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
    split : Split, optional
        Names the column of the table whose words decide the split, if any.

    Raises
    ------
    DataError
        If the table or a chosen attribute cannot be used.
    """
    column = split.column if split and split.reads_column else ""
    beside = yield from with_progress(
        in_thread(lambda: read_beside(source, table, column)), "Reading what is known of them"
    )
    parts = find_parts([entry.name for entry in source.entries])
    unclassed = np.array(parts.unclassed, bool) & (not chosen)
    rows = np.flatnonzero(~unclassed)
    labels: NDArray[np.int64] | None
    if chosen:
        labels, names = classes_from(beside.attributes, chosen)
    else:
        labels, names = classes_of(parts.folders[row] for row in rows.tolist())
    parts_note = parts.note if split is None or split.by == "auto" else ""
    notes = [*source.notes, parts_note, _left_out(source, unclassed), *beside.notes]
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
    source: Source,
    known: Known,
    frame: ImageFormat,
    split: Split,
    own: PartCodes | None = None,
) -> Generator[Progress, None, Splits]:
    """Decode and divide images; each part is usually a slice of the memory-mapped array.

    Parameters
    ----------
    source : Source
        Folder or archive of the images.
    known : Known
        Metadata of the images.
    frame : ImageFormat
        Format of the decoded images.
    split : Split
        Which images are for training, for validation and for the test.
    own : ndarray of int8, shape (M,), or None
        Parts of the used entries that the data set defines, which replace the decision of `split`.

    Raises
    ------
    DataError
        If fewer than two images can be read, or they cannot be divided.
    """
    files = np.array([source.entries[row].name for row in known.rows.tolist()], object)
    division = known.divide(source, split) if own is None else Division(own)
    # Order by hash: random, and the same for most shares, so that the cache can be reused.
    hashes = file_keys(files, split.seed) if division.keys is None else division.keys
    chosen = (division.parts,) if own is not None else (~hashes, division.parts)
    order = np.lexsort(chosen)
    entries = [source.entries[row] for row in known.rows[order].tolist()]
    pictures = yield from open_pictures(source, entries, frame)
    kept = order[pictures.rows]
    attributes = known.beside.attributes
    labels, names = known.classes(kept)
    about = attributes[known.rows[kept]] if attributes else None
    keys = None if division.keys is None else division.keys[kept]
    whole = ImageSet(
        pictures.images, labels, ImageSpec(frame.shape, names), about, files[kept], keys=keys
    )
    notes = (pictures.note, *known.notes, division.note, known.counted)
    note, parts = " ".join(filter(None, notes)), division.parts[kept]
    if {0, 1} <= {*parts.tolist()}:
        return divide(whole, parts, note, grouped=division.grouped)
    if split.reads_column or split.by == "group":
        raise DataError(
            "data.split: no readable image is left for training or for validation.",
            "Choose another column, or split at random.",
        )
    return split_by_key(whole, split.validation, note, split.seed)


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
