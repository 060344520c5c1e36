"""A data set that Hugging Face's ``datasets`` has saved to disk."""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import Field

from latentlab.data.arrays import SEED
from latentlab.data.base import DATA, DataConfig, ImageSet, ImageSpec, Loading, Splits
from latentlab.data.cache import open_pictures
from latentlab.data.decode import Crop, Frame
from latentlab.data.folder import MOST_PIXELS
from latentlab.data.sources import Entry, Source
from latentlab.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Generator

PACKAGE = "datasets"


@DATA.register
class HuggingFaceConfig(DataConfig):
    """A Hugging Face data set saved with save_to_disk; needs the package datasets."""

    kind: Literal["huggingface"] = "huggingface"
    root: Path = Field(description="A folder written by save_to_disk.")
    size: int = Field(
        64,
        ge=1,
        le=MOST_PIXELS,
        json_schema_extra={"unit": "pixels"},
        description="Width and height that every picture is brought to.",
    )
    crop: Crop = Field("centre", description="See the kind folder.")
    colour: bool = Field(True, description="Three channels: red, green and blue. Else one: grey.")

    def available(self) -> bool:
        """See `DataConfig.available`."""
        return self.root.is_dir() and find_spec(PACKAGE) is not None

    def load(self) -> Generator[Loading, None, Splits]:
        """See `DataConfig.load`; the part called test is held out, else a random tenth."""
        yield Loading(f"Opening {self.root.name}")
        parts = _open(self.root)
        train = parts.get("train", next(iter(parts.values())))
        test = parts.get("test", parts.get("validation"))
        if test is None or test is train:
            halves = train.train_test_split(test_size=0.1, seed=SEED)
            train, test = halves["train"], halves["test"]
        source = _Saved(self.root, (train, test))
        frame = Frame(self.size, self.size, self.crop, self.colour)
        pictures = yield from open_pictures(source, source.entries, frame)
        labels, names = source.classes()
        kept = None if labels is None else labels[pictures.rows]
        whole = ImageSet(pictures.images, kept, ImageSpec(frame.shape, names))
        held_out = int((pictures.rows >= len(train)).sum())
        if not 0 < held_out < len(whole):
            raise DataError(f"data.root: one part of {self.root} has no readable picture.")
        return Splits(whole[:-held_out], whole[-held_out:], pictures.note)


class _Saved(Source):
    """The rows of the parts of a data set, one after another."""

    def __init__(self, root: Path, parts: tuple[Any, ...]) -> None:
        import datasets

        self.column = _column(parts[0], datasets.Image, root)
        undecoded = datasets.Image(decode=False)
        self._parts = [part.cast_column(self.column, undecoded) for part in parts]
        entries: list[Entry] = []
        for i, part in enumerate(parts):
            stamp = int(hashlib.sha256(part._fingerprint.encode()).hexdigest()[:12], 16)
            first = len(entries)
            entries += [Entry(f"{i}/{row:08d}", 0, stamp, first + row) for row in range(len(part))]
        super().__init__(root, entries)

    def open(self, entry: Entry) -> IO[bytes]:
        """See `Source.open`."""
        row = int(str(entry.place))
        part = self._parts[0]
        if row >= len(part):
            row, part = row - len(part), self._parts[1]
        image = part[row][self.column]
        return BytesIO(image["bytes"]) if image["bytes"] else Path(image["path"]).open("rb")

    def classes(self) -> tuple[np.ndarray | None, tuple[str, ...]]:
        """Return labels and class names, where a column has both."""
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
    """Return the parts of a saved data set by name."""
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
    except Exception as error:  # whatever that package raises at a folder that is none of its own
        raise DataError(
            f"data.root: {root} is no data set written by save_to_disk ({error}).",
            "Save it with dataset.save_to_disk(folder).",
        ) from error
    return dict(found) if isinstance(found, dict) else {"train": found}
