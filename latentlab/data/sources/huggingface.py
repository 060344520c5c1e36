"""Data sets saved by ``save_to_disk`` of Hugging Face's ``datasets``."""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any, Literal, override

import numpy as np
from pydantic import Field

from latentlab.data.files.archive import Entry, Source
from latentlab.data.files.image_file import Crop, ImageFormat
from latentlab.data.image_set import DATA, DataConfig, ImageSpec, Outline, Splits
from latentlab.data.sources.folder import ANY_CLASSES, CROPS, MOST_PIXELS, Known, open_split
from latentlab.data.split import Split
from latentlab.data.tables.attribute_table import AttributeTable
from latentlab.errors import DataError
from latentlab.work import Progress

if TYPE_CHECKING:
    from collections.abc import Generator

    from latentlab.data.image_set import ImageSet

PACKAGE = "datasets"
HELD_OUT = ("test", "validation")
SHARE = 0.1
"""Fraction of images held out without a part of these names."""


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
        train, *held_out = (len(part) for part in _used(_open(self.root)).values())
        return Outline(spec, train, *held_out) if held_out else Outline.of(spec, train, SHARE)

    @override
    def load(self) -> Generator[Progress, None, Splits]:
        """See `DataConfig.load`; holds out test, else validation, else a random tenth."""
        yield Progress(f"Opening {self.root.name}")
        used = _used(_open(self.root))
        name, *others = used
        held_out = others[0] if others else None
        source = _Saved(self.root, used)
        frame = ImageFormat(self.size, self.size, self.crop, self.colour)
        labels, names = source.classes()
        judged = np.arange(len(source.entries)) >= len(used[name]) if held_out else None
        known = Known(
            np.arange(len(source.entries)), labels, names, AttributeTable(), all_occur=False
        )
        splits = yield from open_split(source, known, frame, Split(validation=SHARE), judged)
        judged_by = splits.validation
        if held_out and (_is_part(splits.train, held_out) or not _is_part(judged_by, held_out)):
            raise DataError(f"data.root: one part of {self.root} has no readable image.")
        return splits


def _is_part(images: ImageSet, name: str) -> bool:
    return images.files is not None and all(file.startswith(f"{name}#") for file in images.files)


def _used(parts: dict[str, Any]) -> dict[str, Any]:
    """Return the part to train on, and the held-out part if there is one."""
    name = "train" if "train" in parts else next(iter(parts))
    held_out = next((part for part in HELD_OUT if part in parts and part != name), None)
    return {part: parts[part] for part in (name, held_out) if part}


class _Saved(Source):
    """Rows of the parts of a data set, in sequence; entries have names such as ``train#1``."""

    def __init__(self, root: Path, parts: dict[str, Any]) -> None:
        import datasets

        self.column = _column(next(iter(parts.values())), datasets.Image, root)
        undecoded = datasets.Image(decode=False)
        self._parts = [part.cast_column(self.column, undecoded) for part in parts.values()]
        entries: list[Entry] = []
        for name, part in parts.items():
            stamp = int(hashlib.sha256(part._fingerprint.encode()).hexdigest()[:12], 16)
            first, rows = len(entries), range(len(part))
            entries += [Entry(f"{name}#{row + 1}", 0, stamp, first + row) for row in rows]
        super().__init__(root, entries)

    @override
    def open(self, entry: Entry) -> IO[bytes]:
        row = int(str(entry.place))
        part = self._parts[0]
        if row >= len(part):
            row, part = row - len(part), self._parts[1]
        image = part[row][self.column]
        return BytesIO(image["bytes"]) if image["bytes"] else Path(image["path"]).open("rb")

    def classes(self) -> tuple[np.ndarray | None, tuple[str, ...]]:
        """Return the labels and class names of the first column that has both."""
        for name, feature in self._parts[0].features.items():
            known = getattr(feature, "names", None)
            if known and all(name in part.features for part in self._parts):
                labels = np.concatenate([np.asarray(part[name]) for part in self._parts])
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
