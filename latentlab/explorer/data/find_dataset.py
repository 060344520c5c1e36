"""Answers about data sets in files that are opened or dropped."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

from latentlab.data.arrays.layouts import find_layout
from latentlab.data.data_set import config_for
from latentlab.data.files.code_file import CODE_ARRAYS
from latentlab.data.files.numpy_file import NumpyFile
from latentlab.data.image_set import ImageSpec
from latentlab.data.sources.arrays import ArraysConfig
from latentlab.errors import DataError
from latentlab.explorer.answer import answer
from latentlab.explorer.codes.code_files import NO_IMAGE
from latentlab.explorer.explorer import Explorer
from latentlab.learning.checkpoint import DESCRIPTION_FILE
from latentlab.session.import_.dataset import FindDataset, FoundDataset
from latentlab.session.recipes import data_title
from latentlab.work import Progress

if TYPE_CHECKING:
    from pathlib import Path

ANY_SPEC = ImageSpec((3, 64, 64))


@answer.register
def _(request: FindDataset, explorer: Explorer) -> Generator[Progress, None, FoundDataset | None]:
    spec = explorer.card.spec if explorer.card else ANY_SPEC
    if spec.shape == NO_IMAGE:  # codes without images are open
        spec = ANY_SPEC
    yield Progress(f"Reading {request.path.name}")
    if next(request.path.glob(f"*/{DESCRIPTION_FILE}"), None):
        # The images in a folder of runs are their previews.
        return None
    config = config_for(request.path, spec)
    if config is None or (isinstance(config, ArraysConfig) and not holds_images(request.path)):
        return None
    try:
        outline = yield from config.outline()
    except DataError:
        return None
    count = f", {outline.train + outline.validation:,} images of {outline.spec}" if outline else ""
    return FoundDataset(config.model_dump(mode="json"), f"{data_title(config.kind)}{count}")


def holds_images(path: Path) -> bool:
    """Return whether a NumPy file holds images, and no codes.

    A matrix alone can be either: it is taken for codes.
    """
    try:
        file = NumpyFile(path, "data.images")
        layout = find_layout(file)
    except DataError:
        return False
    has_codes = any(name in file and len(file.arrays[name].shape) == 2 for name in CODE_ARRAYS)
    return not has_codes and all(len(file.arrays[name].shape) > 2 for name in layout.images)
