"""A person's own pictures: any folder or ZIP of them."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from latentlab.data.arrays import MAX_CLASSES, SEED
from latentlab.data.base import DATA, DataConfig, ImageSet, ImageSpec, Loading, Splits
from latentlab.data.beside import read_beside
from latentlab.data.cache import open_pictures
from latentlab.data.decode import Crop, Frame
from latentlab.data.sources import find_pictures, folders_of, shown
from latentlab.data.table import classes_from
from latentlab.kinds import ADVANCED

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence

    from numpy.typing import NDArray

    from latentlab.data.base import Attributes
    from latentlab.data.sources import Entry, Source

ELSEWHERE = "other"
"""The class of pictures that lie beside the folders of the others."""
MOST_PIXELS = 2048
MOST_ATTRIBUTES = 5


@DATA.register
class FolderConfig(DataConfig):
    """Your own pictures: a folder or ZIP of images of any size and kind; folders are classes."""

    kind: Literal["folder"] = "folder"
    root: Path = Field(
        description="A folder, or a ZIP, of pictures in any format and size. Where two or more "
        "folders in it hold pictures, each is a class."
    )
    width: int = Field(
        64,
        ge=1,
        le=MOST_PIXELS,
        json_schema_extra={"unit": "pixels"},
        description="What every picture is brought to. Training time grows with its square.",
    )
    height: int = Field(
        0,
        ge=0,
        le=MOST_PIXELS,
        json_schema_extra={"unit": "pixels"},
        description="0 is as high as wide: pictures are square.",
    )
    crop: Crop = Field(
        "centre",
        description="centre cuts the largest piece of these proportions out of the middle; face "
        "the face of a portrait aligned as CelebA's are; none squeezes the whole picture.",
    )
    colour: bool = Field(True, description="Three channels: red, green and blue. Else one: grey.")
    attributes: Path | None = Field(
        None,
        description="A CSV that says more of each picture, with numbers or yes and no. Empty: "
        "the one that lies with them, if there is one.",
        json_schema_extra={"file": True},
    )
    classes_from: tuple[str, ...] = Field(
        (),
        max_length=MOST_ATTRIBUTES,
        description="Attributes whose combinations become the classes, instead of the folders: "
        "smiling, eyeglasses. At most five.",
    )
    held_out: float = Field(
        0.1,
        gt=0,
        lt=1,
        description="Share of the pictures to judge by: a random choice, always the same.",
        json_schema_extra=ADVANCED,
    )

    @property
    def frame(self) -> Frame:
        """What every picture is brought to."""
        return Frame(self.width, self.height or self.width, self.crop, self.colour)

    def available(self) -> bool:
        """See `DataConfig.available`."""
        return self.root.exists()

    def load(self) -> Generator[Loading, None, Splits]:
        """See `DataConfig.load`; decoded pictures stay on disk, for the next time."""
        with closing((yield from find_pictures(self.root))) as source:
            order = np.random.default_rng(SEED).permutation(len(source.entries))
            pictures = yield from open_pictures(
                source, [source.entries[i] for i in order], self.frame
            )
            yield Loading("Reading what is known of them", 1.0)
            whole, notes = describe_pictures(
                source, pictures.images, order[pictures.rows], self.attributes, self.classes_from
            )
        notes = [note for note in (pictures.note, *notes) if note]
        return Splits.of(whole, self.held_out, " ".join(notes))


def describe_pictures(
    source: Source,
    images: NDArray[np.uint8],
    rows: NDArray[np.int64],
    table: Path | None,
    chosen: Sequence[str],
) -> tuple[ImageSet, list[str]]:
    """Return images with all that is known of them, and notes.

    Parameters
    ----------
    source : Source
        Where they lay.
    images : ndarray of uint8, shape (N, C, H, W)
        Those that could be read.
    rows : ndarray of int64, shape (N,)
        Which of the source's entries each of them is.
    table : Path or None
        The table of attributes, where one was chosen.
    chosen : sequence of str
        Attributes to make classes of, instead of folders.

    Raises
    ------
    DataError
        Where the table or the attributes that were chosen are of no use.
    """
    beside = read_beside(source, table)
    attributes = beside.attributes[rows] if beside.attributes else None
    labels, names, note = labels_of([source.entries[row] for row in rows], attributes, chosen)
    spec = ImageSpec(images.shape[1:], names)
    return ImageSet(images, labels, spec, attributes), [beside.note, note]


def labels_of(
    entries: Sequence[Entry], attributes: Attributes | None, chosen: Sequence[str]
) -> tuple[NDArray[np.int64] | None, tuple[str, ...], str]:
    """Return a row of the class names for each picture, the names, and a note.

    Raises
    ------
    DataError
        Where an attribute that was chosen is not there.
    """
    labels: NDArray[np.int64] | None
    if chosen:
        labels, names = classes_from(attributes, chosen)
    else:
        labels, names = classes_of(folders_of(entries))
    if len(names) > MAX_CLASSES:
        return None, (), f"{len(names):,} classes are too many; they are not told apart."
    return labels, names, ""


def classes_of(folders: Iterable[str]) -> tuple[NDArray[np.int64] | None, tuple[str, ...]]:
    """Return a row of the class names for each folder, and the names; none for fewer than two."""
    known = [shown(folder) for folder in folders]
    names = sorted({*known} - {""})
    if len(names) < 2:
        return None, ()
    if "" in known:
        names.append(ELSEWHERE if ELSEWHERE not in names else f"{ELSEWHERE} pictures")
    rows = {name: i for i, name in enumerate(names)} | ({"": len(names) - 1} if "" in known else {})
    return np.array([rows[name] for name in known], np.int64), tuple(names)
