"""Tables with one image per row, such as Kaggle's MNIST, Fashion-MNIST and FER2013."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self, override

import numpy as np
from pydantic import Field

from latentlab.config import Options
from latentlab.data.arrays.labels import read_labels
from latentlab.data.arrays.pixels import convert, measure, usual_scale
from latentlab.data.data_set import DATA, DataConfig
from latentlab.data.holdout import divide, image_keys
from latentlab.data.image_set import ImageSet, ImageSpec
from latentlab.data.split import PART_CODES, Split, divide_images
from latentlab.data.tables.pixel_rows import PARTS, find_layout, is_pixel_table, read_rows
from latentlab.errors import DataError, one_of

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from numpy.typing import NDArray

    from latentlab.data.parts import Splits
    from latentlab.data.tables.pixel_rows import PixelRows, PixelTable
    from latentlab.work import Progress

ORDERS = {"interleaved": "Red, green, blue of each pixel", "planes": "All red, all green, all blue"}

FER_PARTS = {"publictest": "validation", "privatetest": "test"}
"""Parts of FER2013, by their names in the table."""


@DATA.register
class PixelTableConfig(DataConfig, title="Table of pixels"):
    """Your own images in a CSV with one image per row, as Kaggle has MNIST and others."""

    kind: Literal["pixel-table"] = "pixel-table"
    table: Path = Field(
        title="Table file",
        description="CSV with a number per pixel, or all pixels in a column named pixels, and an "
        "optional column named label.",
        json_schema_extra={"file": True},
    )
    width: int = Field(
        0,
        ge=0,
        le=1024,
        title="Image width",
        description="Width of the images in pixels; 0 for square images.",
    )
    order: Annotated[Literal["interleaved", "planes"], Options(ORDERS)] = Field(
        "interleaved",
        title="Colour order",
        description="Order of the numbers of a colour image; the table does not say it.",
    )
    split: Split = Field(
        Split(),
        title="Split",
        description="Which images are for training, for validation and for the test.",
    )

    @classmethod
    @override
    def from_path(cls, path: Path, spec: ImageSpec) -> Self | None:
        is_table = path.is_file() and path.suffix.lower() in (".csv", ".tsv", ".txt")
        return cls(table=path) if is_table and is_pixel_table(path) else None

    @override
    def available(self) -> bool:
        return self.table.is_file()

    @override
    def load(self) -> Generator[Progress, None, Splits]:
        """See `DataConfig.load`."""
        if not self.table.is_file():
            raise DataError(f"data.table: there is no file {self.table}.", "Check the path.")
        layout = find_layout(self.table)
        if layout is None:
            raise DataError(
                f"data.table: {self.table} is not a table of pixels.",
                "It needs a number per pixel in each row, or a column named pixels.",
            )
        self._check_split(layout)
        rows = yield from read_rows(self.table, layout)
        pixels, notes = self._pixels(rows.values)
        where = f"data.table: {self.table}"
        names: tuple[str, ...] = ()
        labels = None
        if rows.labels:
            found = read_labels(_words_or_numbers(rows.labels), None, len(pixels), where)
            labels, names = found.rows, found.names
            notes.append(found.note)
        whole = ImageSet(pixels, labels, ImageSpec(pixels.shape[1:], names))
        return self._divided(whole, rows, " ".join(filter(None, notes)))

    def _pixels(self, values: NDArray[np.float32]) -> tuple[NDArray[np.uint8], list[str]]:
        """Return images of shape (N, C, H, W), and notes."""
        channels, height, width = self._shape(values.shape[1])
        extent = measure([values])
        scale = None if extent.strange else usual_scale(extent)
        if scale is None:
            raise DataError(
                f"data.table: {self.table} has pixels from {extent.low:.6g} to {extent.high:.6g}.",
                "Expected are 0 to 255, or 0 to 1.",
            )
        (images,) = convert([values], scale)
        notes = [scale.note]
        if channels == 1:
            return images.reshape(-1, 1, height, width), notes
        notes.append(f"Colours are read as: {ORDERS[self.order].lower()} (data.order).")
        if self.order == "planes":
            return images.reshape(-1, channels, height, width), notes
        interleaved = images.reshape(-1, height, width, channels)
        return np.ascontiguousarray(np.moveaxis(interleaved, -1, 1)), notes

    def _shape(self, count: int) -> tuple[int, int, int]:
        """Return channels, height and width of images of `count` values."""
        for channels in (1, 3):
            width = self.width or round((count / channels) ** 0.5)
            height = count // (channels * width)
            is_whole = channels * width * height == count
            if is_whole and (self.width or width == height):
                return channels, height, width
        raise DataError(
            f"data.table: {count} pixels per row of {self.table} are not a square image.",
            "Set data.width to the width of the images in pixels.",
        )

    def _check_split(self, layout: PixelTable) -> None:
        """Raise an error if the table cannot decide the split as the user asks."""
        if self.split.by == "group":
            raise DataError(
                f"data.split: of {self.table} only class, parts and pixels are read, no groups.",
                "Save an NPZ with the images and an array of the groups, or set data.split.by to "
                "random.",
            )
        if self.split.by != "column":
            return
        if not layout.part_name:
            raise DataError(
                f"data.split.column: {self.table} has no column of parts.",
                f"Name it {one_of(PARTS)}, or set data.split.by to random.",
            )
        if self.split.column.strip().casefold() != layout.part_name.casefold():
            raise DataError(
                f"data.split.column: {self.split.column} is not the column of parts of "
                f"{self.table}.",
                f"Set data.split.column to {layout.part_name}.",
            )

    def _divided(self, whole: ImageSet, rows: PixelRows, note: str) -> Splits:
        words = rows.parts and tuple(_usual_part(word) for word in rows.parts)
        own = _parts(words) if words and self.split.by == "auto" else None
        keys = image_keys(whole, self.split.seed)
        division = divide_images(self.split, keys, whole.labels, own, words)
        keyed = replace(whole, keys=division.keys)
        note = " ".join(filter(None, [note, division.note]))
        return divide(keyed, division.parts, note, grouped=division.grouped, in_place=True)


def _words_or_numbers(words: tuple[str, ...]) -> NDArray:
    """Return whole numbers if all words are, else the words."""
    try:
        return np.array(words, np.int64)
    except ValueError:
        return np.array(words)


def _usual_part(word: str) -> str:
    """Return the usual name of a part of FER2013; other words as they are."""
    return FER_PARTS.get(word.strip().lower(), word)


def _parts(words: Sequence[str]) -> NDArray[np.int8] | None:
    """Return the part of each image; None for unknown words."""
    found = [PART_CODES.get(word.strip().lower(), -1) for word in words]
    return None if -1 in found else np.array(found, np.int8)
