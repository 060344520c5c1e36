"""Data sets saved by ``save_to_disk`` of Hugging Face's ``datasets``."""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any, Literal, override

import numpy as np
from pydantic import Field

from latentlab.data.data_set import DATA, DataConfig
from latentlab.data.files.archive import Entry, Source
from latentlab.data.files.image_file import Crop, ImageFormat
from latentlab.data.files.parts import WORDS
from latentlab.data.image_set import ImageSpec
from latentlab.data.parts import PARTS, TEST, TRAIN, VALIDATION, Outline, Splits
from latentlab.data.sources.folder import ANY_CLASSES, CROPS, MOST_PIXELS, Known, open_split
from latentlab.data.split import Split
from latentlab.data.tables.attribute_table import AttributeTable
from latentlab.errors import DataError
from latentlab.work import Progress

if TYPE_CHECKING:
    from collections.abc import Generator

    from latentlab.data.holdout import PartCodes
    from latentlab.data.image_set import ImageSet

PACKAGE = "datasets"
SHARE = 0.1
"""Fraction of images held out if there is one part only."""


@DATA.register
class HuggingFaceConfig(DataConfig, title="Hugging Face"):
    """Data set saved with save_to_disk of the package datasets."""

    kind: Literal["huggingface"] = "huggingface"
    root: Path = Field(title="Folder", description="Folder written by save_to_disk.")
    size: int = Field(
        64,
        ge=1,
        le=MOST_PIXELS,
        title="Image size",
        json_schema_extra={"unit": "pixels"},
        description="Width and height to which every image is scaled.",
    )
    crop: Annotated[Crop, CROPS] = Field(
        "centre", description="Part of the image that is used, as for a folder of images."
    )
    colour: bool = Field(
        True, description="Three channels: red, green, blue. Off: one grey channel."
    )

    @classmethod
    @override
    def unavailable(cls) -> str:
        is_missing = find_spec(PACKAGE) is None
        return "Needs the Python package datasets (pip install datasets)." if is_missing else ""

    @override
    def available(self) -> bool:
        return self.root.is_dir() and find_spec(PACKAGE) is not None

    @override
    def outline(self) -> Generator[Progress, None, Outline | None]:
        yield Progress(f"Opening {self.root.name}")
        spec = ImageSpec((3 if self.colour else 1, self.size, self.size), ANY_CLASSES)
        used = _used(_open(self.root))
        own = _own_parts(used)
        if own is None:
            return Outline.of(spec, sum(map(len, used.values())), SHARE)
        return Outline.of_parts(spec, own)

    @override
    def load(self) -> Generator[Progress, None, Splits]:
        """See `DataConfig.load`; uses the parts of the set, else holds out a random tenth."""
        yield Progress(f"Opening {self.root.name}")
        used = _used(_open(self.root))
        source = _Saved(self.root, used)
        frame = ImageFormat(self.size, self.size, self.crop, self.colour)
        labels, names = source.classes()
        own = _own_parts(used)
        known = Known(
            np.arange(len(source.entries)), labels, names, AttributeTable(), all_occur=False
        )
        splits = yield from open_split(source, known, frame, Split(validation=SHARE), own)
        if own is not None:
            parts = zip(used, (splits.train, splits.validation, splits.test), strict=False)
            if missing := [name for name, images in parts if not _is_part(images, name)]:
                raise DataError(f"data.root: no image of {missing[0]} in {self.root} is readable.")
        return splits


def _is_part(images: ImageSet | None, name: str) -> bool:
    files = None if images is None else images.files
    return files is not None and all(file.startswith(f"{name}#") for file in files)


def _own_parts(used: dict[str, Any]) -> PartCodes | None:
    """Return the part of each row, one part after another; None if there is one only."""
    sizes = [len(part) for part in used.values()]
    return np.repeat(np.arange(len(sizes), dtype=np.int8), sizes) if len(sizes) > 1 else None


def _used(parts: dict[str, Any]) -> dict[str, Any]:
    """Return the parts for training, validation and test, as far as there are any.

    Without a part for validation, that for the test is for validation.
    """
    named = {kind: next((name for name in parts if name in WORDS[kind]), None) for kind in PARTS}
    first = named[TRAIN] or next(iter(parts))
    others = (named[kind] for kind in (VALIDATION, TEST))
    return {name: parts[name] for name in (first, *others) if name}


class _Saved(Source):
    """Rows of the parts of a data set, in sequence; entries have names such as ``train#1``."""

    def __init__(self, root: Path, parts: dict[str, Any]) -> None:
        import datasets

        self.column = _column(next(iter(parts.values())), datasets.Image, root)
        undecoded = datasets.Image(decode=False)
        self._parts = {
            name: part.cast_column(self.column, undecoded) for name, part in parts.items()
        }
        entries: list[Entry] = []
        for name, part in parts.items():
            stamp = int(hashlib.sha256(part._fingerprint.encode()).hexdigest()[:12], 16)
            first, rows = len(entries), range(len(part))
            entries += [Entry(f"{name}#{row + 1}", 0, stamp, first + row) for row in rows]
        super().__init__(root, entries)

    @override
    def open(self, entry: Entry) -> IO[bytes]:
        name, _, number = entry.name.rpartition("#")
        image = self._parts[name][int(number) - 1][self.column]
        return BytesIO(image["bytes"]) if image["bytes"] else Path(image["path"]).open("rb")

    def classes(self) -> tuple[np.ndarray | None, tuple[str, ...]]:
        """Return the labels and class names of the first column that has both."""
        columns = list(self._parts.values())
        for name, feature in columns[0].features.items():
            known = getattr(feature, "names", None)
            if known and all(name in part.features for part in columns):
                labels = np.concatenate([np.asarray(part[name]) for part in columns])
                if labels.min() >= 0:
                    return labels.astype(np.int64), tuple(known)
        return None, ()


def _column(part: Any, image: type, root: Path) -> str:
    found = [name for name, feature in part.features.items() if isinstance(feature, image)]
    if not found:
        raise DataError(
            f"data.root: no column of {root} holds images; there are {', '.join(part.features)}.",
            "Cast the column to datasets.Image() before saving.",
        )
    return str(found[0])


def _open(root: Path) -> dict[str, Any]:
    """Return the parts of a saved data set, by name."""
    if not root.is_dir():
        raise DataError(f"data.root: there is no folder {root}.", "Check the path.")
    if find_spec(PACKAGE) is None:
        raise DataError(
            "Hugging Face data sets need the package datasets, which is not installed.",
            "Install it with: pip install datasets.",
        )
    import datasets

    try:
        found = datasets.load_from_disk(str(root))
    except Exception as error:  # datasets raises various types for other folders
        raise DataError(
            f"data.root: {root} is not a data set written by save_to_disk ({error}).",
            "Save it with dataset.save_to_disk(folder).",
        ) from error
    return dict(found) if isinstance(found, dict) else {"train": found}
