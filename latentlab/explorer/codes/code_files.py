"""Answers about files of codes: opened without a model."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from latentlab.data.arrays.labels import Labels, read_attributes, read_labels
from latentlab.data.files.code_file import CodeFile, read_code_file
from latentlab.data.files.listed_images import ListedImages, find_listed
from latentlab.data.image_set import Attributes, ImageSet, ImageSpec
from latentlab.errors import DataError, RunError, listed
from latentlab.explorer.answer import answer
from latentlab.explorer.codes.anndata_file import list_embeddings, read_anndata
from latentlab.explorer.explorer import Explorer
from latentlab.explorer.model import decode_in_steps
from latentlab.explorer.unreadable import code_file_error
from latentlab.latent.codes import Codes
from latentlab.session.abilities import NOTHING, Abilities, Ability
from latentlab.session.codes import (
    KIND,
    MAX_POINTS,
    CodesForModel,
    Embeddings,
    ListEmbeddings,
    OpenCodes,
    ReadCodes,
    may_hold_several,
)
from latentlab.session.model import Opened
from latentlab.session.points import ModelCard, Point
from latentlab.session.runs import RunLog
from latentlab.work import Progress, with_progress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

NO_IMAGE = (1, 1, 1)
"""Image shape of codes without images."""
MIN_CODES = 2
MIN_PIXELS = 64
SAME_CODE = 1e-3
"""Largest distance of equal codes, relative to the spread of the codes."""
PIXELS_NOTE = (
    "All coordinates are whole numbers from 0 to 255. If they are pixels of images, choose the "
    "file in the training form instead."
)


@answer.register
def _(request: OpenCodes, explorer: Explorer) -> Generator[Progress, None, Opened]:
    try:
        card = yield from open_codes(explorer, request.path, request.obsm)
    except DataError as error:
        raise code_file_error(request.path, error) from error
    return Opened(card, explorer.codes, *explorer.start(), RunLog())


@answer.register
def _(request: ReadCodes, explorer: Explorer) -> Generator[Progress, None, CodesForModel]:
    try:
        found = yield from read_codes(request.path, explorer.model.latent_dim, request.obsm)
    except DataError:
        return CodesForModel(request.path, request.obsm)
    points = _points(explorer, found) if len(found) <= MAX_POINTS else ()
    pictures = None
    if points:
        tiles = yield from decode_in_steps(explorer, points, 1, "Decoding the codes")
        pictures = tiles.pictures
    return CodesForModel(
        request.path,
        request.obsm,
        len(found),
        matching_rows(explorer.codes, found),
        points,
        pictures,
    )


@answer.register
def _(request: ListEmbeddings, explorer: Explorer) -> Generator[Progress, None, Embeddings]:
    try:
        pieces = list_embeddings(request.path)
        names = yield from with_progress(pieces, f"Reading {request.path.name}")
    except DataError as error:
        raise code_file_error(request.path, error) from error
    return Embeddings(request.path, names)


def _points(explorer: Explorer, found: CodeFile) -> tuple[Point, ...]:
    """Return codes of the open model, with their classes if it is conditional and knows them."""
    card = explorer.card
    assert card
    known = {name: label for label, name in enumerate(card.spec.class_names)}
    words = found.labels if card.conditional and not card.spec.conditions else None
    if unknown := sorted(set(words or ()) - known.keys()):
        raise RunError(
            f"The codes are of classes that the model does not know: {listed(unknown, 8)}.",
            f"Its classes are {listed(list(known), 8)}.",
        )
    z = found.z.tolist()
    if not words:
        return tuple(map(card.point, z))
    return tuple(card.point(row, known[word]) for row, word in zip(z, words, strict=True))


def matching_rows(codes: Codes, found: CodeFile) -> NDArray[np.int64]:
    """Return the rows of codes on the map that have the file names of a file, else its codes."""
    if not len(codes):
        return np.empty(0, np.int64)
    if found.files is not None and codes.files is not None:
        names = set(found.files)
        named = [row for row, name in enumerate(codes.files.tolist()) if name in names]
        if named:
            return np.array(named, np.int64)
    distances, rows = codes.nearest.nearest(found.z, 1)
    is_same = distances[:, 0] <= SAME_CODE * np.linalg.norm(codes.spread)
    return np.unique(rows[is_same, 0]).astype(np.int64)


@dataclass(frozen=True, slots=True)
class CodeSet:
    """Codes of a file, and the images that belong to them.

    Parameters
    ----------
    codes : Codes
        The codes; sigma is NaN if the file has none.
    spec : ImageSpec
        Shape and classes of the images.
    images : ImageSet or None
        The images, if there are any.
    has_sigma : bool
        Whether the file has standard deviations.
    notes : tuple of str
        How the file was understood.
    """

    codes: Codes
    spec: ImageSpec
    images: ImageSet | None
    has_sigma: bool
    notes: tuple[str, ...]

    @property
    def abilities(self) -> Abilities:
        """What can be done with the codes."""
        known = {
            Ability.IMAGES: self.images is not None,
            Ability.POSTERIOR: self.has_sigma,
            # Nothing is known of the model, so it counts as a plain VAE.
            Ability.GAUSSIAN: True,
            Ability.STANDARD_PRIOR: True,
        }
        return NOTHING | {ability for ability, has in known.items() if has}


def open_codes(
    explorer: Explorer, path: Path, obsm: str = ""
) -> Generator[Progress, None, ModelCard]:
    """Show a file of codes instead of a model.

    Raises
    ------
    DataError
        If it holds no codes; the previous model stays open.
    """
    found = yield from read_code_set(path, obsm)
    card = ModelCard(
        name=path.name,
        source=None,
        kind=KIND,
        latent_dim=found.codes.mu.shape[1],
        conditional=False,
        spec=found.spec,
        data=path.stem,
        note=" ".join(found.notes),
        images=len(found.codes),
        abilities=found.abilities,
        file=path.absolute(),
        obsm=obsm,
    )
    return explorer.show_codes(card, found.codes, found.images)


def read_code_set(path: Path, obsm: str = "") -> Generator[Progress, None, CodeSet]:
    """Read codes with their labels, attributes and images; see `read_codes`.

    Raises
    ------
    DataError
        If the file holds no codes.
    """
    found = yield from read_codes(path, obsm=obsm)
    count = len(found)
    if count < MIN_CODES:
        raise DataError(
            f"{path.name} holds {count} code{'s' * (count != 1)}.",
            f"At least {MIN_CODES} are needed.",
        )
    labels, unused = _labels(found, path)
    pixels, image_note = _images(found, path)
    spec = ImageSpec(NO_IMAGE if pixels is None else pixels.shape[1:], labels.names)
    sigma = found.sigma
    if sigma is None:
        sigma = np.broadcast_to(np.float32(np.nan), found.z.shape)
    files = None if found.files is None else np.array(found.files, object)
    attributes = _joined(found.attributes, read_attributes(_columns(found, unused)))
    codes = Codes(found.z, sigma, labels.rows, attributes, files)
    images = None
    if pixels is not None:
        images = ImageSet(pixels, labels.rows, spec, attributes, files)
    pixels_note = PIXELS_NOTE if _are_pixels(found.z) else ""
    notes = tuple(filter(None, [*found.notes, labels.note, image_note, pixels_note]))
    return CodeSet(codes, spec, images, found.sigma is not None, notes)


def read_codes(
    path: Path, latent_dim: int | None = None, obsm: str = ""
) -> Generator[Progress, None, CodeFile]:
    """Read a file of codes as `read_code_file` does, or the embedding `obsm` of AnnData.

    Raises
    ------
    DataError
        If it holds no such codes.
    """
    yield Progress(f"Reading {path.name}")
    if may_hold_several(path):
        pieces = read_anndata(path, latent_dim, obsm)
        return (yield from with_progress(pieces, f"Reading {path.name}"))
    if obsm:
        raise DataError(f"{path.name} has no obsm: only .h5ad files do.", "Leave the name out.")
    return read_code_file(path, latent_dim)


def _are_pixels(z: NDArray[np.float32]) -> bool:
    few = z[:100]
    is_byte = few.min() >= 0 and few.max() <= 255 and few.max() > 1
    return z.shape[1] >= MIN_PIXELS and bool(is_byte and (few == np.round(few)).all())


def _labels(found: CodeFile, path: Path) -> tuple[Labels, NDArray | None]:
    """Return the classes, or none and the labels as an attribute if they are no classes."""
    if found.labels is None:
        return Labels(None, (), {}), None
    values = _numbers(found.labels)
    try:
        return read_labels(values, None, len(found), path.name), None
    except DataError as error:
        note = f"The labels are shown as an attribute. {error.message}"
        return Labels(None, (), {}, note), values


def _numbers(words: Sequence[str]) -> NDArray:
    """Return words as numbers if all are, else as they are."""
    try:
        return np.array([float(word) for word in words])
    except ValueError:
        return np.array(words, str)


def _columns(found: CodeFile, labels: NDArray | None) -> dict[str, NDArray]:
    columns = {} if labels is None else {"label": labels}
    return columns if found.parts is None else {**columns, "part": np.array(found.parts, str)}


def _joined(first: Attributes | None, second: Attributes | None) -> Attributes | None:
    if first is None or second is None:
        return first or second
    values = np.concatenate([first.values, second.values], 1)
    return Attributes((*first.names, *second.names), values, {**first.levels, **second.levels})


def _images(found: CodeFile, path: Path) -> tuple[NDArray[np.uint8] | None, str]:
    """Return the images of the file, or those that it names, and a note."""
    if found.images is not None:
        return found.images, ""
    if found.files is None:
        return None, ""
    files = find_listed(found.files, path.absolute().parent)
    if files is None and not any(Path(name).suffix for name in found.files[:MIN_PIXELS]):
        return None, ""
    if files is None:
        return None, "Not all named image files are beside the table, so that none are shown."
    try:
        # Callers only index the first axis, which ListedImages supports.
        return ListedImages(files), ""  # type: ignore[return-value]
    except DataError as error:
        return None, error.message
