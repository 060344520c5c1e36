"""CelebA: portraits of celebrities with forty attributes, from a local folder or ZIP."""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, override

import numpy as np
from pydantic import Field

from latentlab.data.data_set import DATA, DataConfig
from latentlab.data.files.archive import find_pictures
from latentlab.data.files.image_file import ALIGNED, ImageFormat
from latentlab.data.image_set import ImageSpec
from latentlab.data.parts import Outline, Splits
from latentlab.data.sources.folder import (
    ANY_CLASSES,
    MOST_ATTRIBUTES,
    MOST_PIXELS,
    describe_pictures,
    open_split,
)
from latentlab.data.split import Split
from latentlab.data.tables.attribute_table import attribute_names
from latentlab.directories import downloads
from latentlab.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Generator

    from latentlab.data.files.archive import Source
    from latentlab.data.holdout import PartCodes
    from latentlab.work import Progress

NAME = "celeba"
IMAGES = ("img_align_celeba", "img_align_celeba.zip")
PARTITION = "list_eval_partition"
CODES = {"0": 0, "1": 1, "2": 2}
"""Position in `PARTS` of each number of the partition file."""
SHARE = 0.1
"""Fraction of images held out without the official partition file."""
ADVICE = (
    "Download img_align_celeba.zip, list_attr_celeba.txt and list_eval_partition.txt from the "
    "CelebA project of the Chinese University of Hong Kong, for research only, into one folder, "
    "and choose that as data.root."
)


@DATA.register
class CelebAConfig(DataConfig, title="CelebA"):
    """Portraits of celebrities with forty attributes, from a folder or ZIP on this machine."""

    kind: Literal["celeba"] = "celeba"
    root: Path | None = Field(
        None,
        title="Folder",
        description="Folder or ZIP with the images of CelebA, and list_attr_celeba.txt or a CSV in "
        "it or beside it. Empty: the folder in LATENTLAB_DATA, then the download folder.",
    )
    size: int = Field(
        64,
        ge=1,
        le=MOST_PIXELS,
        title="Image size",
        json_schema_extra={"unit": "pixels"},
        description="Width and height. Aligned portraits are cropped to the face first.",
    )
    classes_from: tuple[str, ...] = Field(
        (),
        max_length=MOST_ATTRIBUTES,
        title="Classes from",
        description="Attributes whose combinations become the classes, such as smiling, "
        "eyeglasses. Empty: no classes.",
    )

    @override
    def available(self) -> bool:
        return _find(self.root) is not None

    @override
    def outline(self) -> Generator[Progress, None, Outline | None]:
        found = _find(self.root)
        if found is None:
            return None
        with closing((yield from find_pictures(found))) as source:
            spec = ImageSpec((3, self.size, self.size), ANY_CLASSES)
            own = _official(source)
            if own is not None:
                outline = Outline.of_parts(spec, own)
            else:
                outline = Outline.of(spec, len(source.entries), SHARE)
            return replace(outline, attributes=(yield from attribute_names(source)))

    @override
    def load(self) -> Generator[Progress, None, Splits]:
        """See `DataConfig.load`; uses the official parts, else holds out a random tenth."""
        found = _find(self.root)
        if found is None:
            where = self.root or "LATENTLAB_DATA or the download folder"
            raise DataError(f"data.root: CelebA is not in {where}.", ADVICE)
        with closing((yield from find_pictures(found))) as source:
            frame = ImageFormat(self.size, self.size, _crop(source))
            known = yield from describe_pictures(source, None, self.classes_from)
            if not self.classes_from:
                every = np.arange(len(source.entries))
                known = replace(known, rows=every, labels=None, class_names=())
            table = known.beside
            lacking = f"No attributes were found with the images in {found}."
            notes = (*source.notes, *(() if table.attributes else (lacking, *table.notes)))
            known = replace(known, notes=notes)
            return (
                yield from open_split(
                    source, known, frame, Split(validation=SHARE), _official(source)
                )
            )


def _find(root: Path | None) -> Path | None:
    """Return the folder or ZIP of the images; None if there is none."""
    if root is not None:
        return _images_in(root) or (root if root.exists() else None)
    chosen = os.environ.get("LATENTLAB_DATA")
    places = [Path(chosen) / NAME, Path(chosen)] if chosen else []
    found = (_images_in(place) for place in (*places, downloads() / NAME))
    return next((path for path in found if path), None)


def _images_in(folder: Path) -> Path | None:
    """Return the images in a folder: torchvision's layout, else the first ``celeba*.zip``."""
    for place in (folder, folder / NAME):
        for name in IMAGES:
            if (place / name).exists():
                return place / name
    zips = sorted(folder.glob(f"{NAME}*.zip")) if folder.is_dir() else []
    return zips[0] if zips else None


def _crop(source: Source) -> Literal["face", "centre"]:
    """Return ``face`` for portraits of the aligned size, ``centre`` for cropped ones."""
    from PIL import Image

    for entry in source.entries[:100]:
        try:
            with source.open(entry) as file, Image.open(file) as picture:
                return "face" if picture.size == ALIGNED else "centre"
        except Exception:  # unreadable images are reported when they are decoded
            continue
    return "centre"


def _official(source: Source) -> PartCodes | None:
    """Return the official part of each image; None without the file, or if a part is missing.

    Without validation images, those for the test are for validation.
    """
    names = [entry.name.rpartition("/")[2] for entry in source.entries]
    for path in _partitions(source.root):
        try:
            lines = path.read_text(encoding="utf-8").replace(",", " ").splitlines()
        except (OSError, UnicodeDecodeError):
            continue
        pairs = [line.split() for line in lines]
        part = {pair[0]: CODES[pair[1]] for pair in pairs if len(pair) == 2 and pair[1] in CODES}
        own = np.array([part.get(name, 0) for name in names], np.int8)
        if not (own == 1).any():
            own[own == 2] = 1
        if {0, 1} <= {*own.tolist()}:
            return own
    return None


def _partitions(root: Path) -> list[Path]:
    folders = [root, root.absolute().parent] if root.is_dir() else [root.absolute().parent]
    names = [f"{PARTITION}.txt", f"{PARTITION}.csv"]
    return [path for folder in folders for name in names if (path := folder / name).is_file()]
