"""A data set of generated images with labels and z: a folder or ZIP with a manifest, or an NPZ."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

import numpy as np

from latentlab.atomic_write import write_atomically
from latentlab.data.condition import combinations
from latentlab.errors import RunError
from latentlab.explorer.answer import answer
from latentlab.explorer.explorer import Explorer
from latentlab.runs.image_files import encoded_png, save_image
from latentlab.session.export import check_suffix
from latentlab.session.files.dataset import DATASETS, MANIFEST, SaveDataset
from latentlab.session.files.provenance import FORMAT
from latentlab.session.files.tables import write_table
from latentlab.session.points import SampleSettings
from latentlab.session.request import Exported
from latentlab.work import Progress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from latentlab.data.condition import Label
    from latentlab.session.points import ModelCard, Point

BATCH = 64
NOT_IN_NAMES = '<>:"/\\|?*'


@answer.register
def _(request: SaveDataset, explorer: Explorer) -> Generator[Progress, None, Exported]:
    yield from write_dataset(explorer, request.path, request.count, request.seed)
    return Exported(request.path)


def write_dataset(
    explorer: Explorer, path: Path, count: int, seed: int
) -> Generator[Progress, None, None]:
    """Write samples of the prior; see `latentlab.api.model.Model.save_dataset`.

    Raises
    ------
    RunError
        If the folder is not empty, the ending is another one, or a file cannot be written.
    """
    if explorer.card is None:
        raise RunError("No model is open yet.", "Open one from the library.")
    samples = _Samples(explorer, explorer.card, count, seed)
    if not path.suffix or path.is_dir():
        yield from _write_folder(samples, path)
    elif check_suffix(path, DATASETS) == "zip":
        yield from _write_archive(samples, path)
    else:
        yield from _write_arrays(samples, path)


@dataclass(frozen=True, slots=True)
class _Sample:
    """A generated image, and its path in the data set."""

    name: str
    point: Point
    number: int
    """Of the class, or of the combination of conditions."""
    label: Label | None
    pixels: NDArray[np.uint8] = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Samples:
    """The images of each class: `count` of each, with a seed of its own."""

    explorer: Explorer
    card: ModelCard
    count: int
    seed: int

    @property
    def labels(self) -> Sequence[Label | None]:
        """Each class, or combination of conditions; None for an unconditional model."""
        spec = self.card.spec
        if not self.card.conditional:
            return [None]
        return combinations(spec.conditions) if spec.conditions else range(spec.classes)

    def __iter__(self) -> Iterator[_Sample]:
        image = 0
        for number, label in enumerate(self.labels):
            settings = SampleSettings(self.seed + number, label, self.count)
            points = self.explorer.draw(settings)
            for start in range(0, self.count, BATCH):
                shown = points[start : start + BATCH]
                tiles = self.explorer.tiles(shown, 1)
                for point, pixels in zip(shown, tiles.pictures, strict=True):
                    name = _name(self.card, label, number, image)
                    yield _Sample(name, point, number, label, pixels)
                    image += 1

    def progress(self, done: int) -> Progress:
        return Progress("Writing images", done / (self.count * len(self.labels)))

    def recipe(self, sample: _Sample) -> dict[str, Any]:
        """Return the metadata of an image."""
        model, weights = self.card.name, self.card.weights
        about = {"scene": FORMAT, "model": model, "weights": weights}
        return {**about, "z": sample.point.z, "label": sample.label}

    def write_manifest(self, path: Path, rows: list[list[object]]) -> None:
        """Write the table of files, labels and z; see `row`."""
        head = ["file", "label", "class", *(f"z{d + 1}" for d in range(self.card.latent_dim))]
        write_table(path, head, rows)

    def row(self, sample: _Sample) -> list[object]:
        """Return the line of an image in the manifest."""
        text = self.card.spec.label_text(sample.label)
        known = ("", "") if sample.label is None else (sample.number, text)
        return [sample.name, *known, *sample.point.z]


def _write_folder(samples: _Samples, folder: Path) -> Generator[Progress, None, None]:
    _check_empty(folder)
    rows = []
    for sample in samples:
        path, recipe = folder / sample.name, samples.recipe(sample)
        save_image(sample.pixels, path, recipe, durable=False)
        rows.append(samples.row(sample))
        yield samples.progress(len(rows))
    samples.write_manifest(folder / MANIFEST, rows)


def _write_archive(samples: _Samples, path: Path) -> Generator[Progress, None, None]:
    rows = []
    with tempfile.TemporaryDirectory(prefix="latentlab-") as folder:
        archive, manifest = Path(folder) / "images.zip", Path(folder) / MANIFEST
        with ZipFile(archive, "w") as file:
            for sample in samples:
                file.writestr(sample.name, encoded_png(sample.pixels, samples.recipe(sample)))
                rows.append(samples.row(sample))
                yield samples.progress(len(rows))
            samples.write_manifest(manifest, rows)
            file.write(manifest, MANIFEST)
        write_atomically(path, archive.read_bytes())


def _write_arrays(samples: _Samples, path: Path) -> Generator[Progress, None, None]:
    """Write ``images``, ``z`` and, of a conditional model, ``labels`` with ``class_names``."""
    found = []
    for sample in samples:
        found.append(sample)
        yield samples.progress(len(found))
    arrays: dict[str, NDArray[Any]] = {
        "images": np.stack([sample.pixels for sample in found]),
        "z": np.array([sample.point.z for sample in found], np.float32),
    }
    if samples.card.conditional:
        spec = samples.card.spec
        arrays["labels"] = np.array([sample.number for sample in found])
        arrays["class_names"] = np.array([spec.label_text(label) for label in samples.labels])
    content = io.BytesIO()
    np.savez_compressed(content, allow_pickle=False, **arrays)
    write_atomically(path, content.getvalue())


def _check_empty(folder: Path) -> None:
    advice = "Choose a new or an empty folder."
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise RunError(f"{folder} is not an empty folder.", advice)
    except OSError as error:
        raise RunError(f"{folder} cannot be read: {error.strerror}.", advice) from error


def _name(card: ModelCard, label: Label | None, number: int, image: int) -> str:
    """Return the path of an image in the data set; folders have the names of the classes."""
    file = f"{image:06d}.png"
    if label is None:
        return file
    title = card.spec.label_text(label)
    # Two classes may have the same name without the characters that no file name may contain.
    safe = "".join("_" if letter in NOT_IN_NAMES else letter for letter in title).strip(". ")
    return f"{safe if safe == title else f'{number} {safe}'.strip()}/{file}"
