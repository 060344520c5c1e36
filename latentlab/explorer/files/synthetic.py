"""A data set of generated images: a folder per class, and a manifest of files, labels and z."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from latentlab.data.condition import combinations
from latentlab.errors import RunError
from latentlab.explorer.answer import answer
from latentlab.explorer.explorer import Explorer
from latentlab.runs.image_files import save_image
from latentlab.session.files.dataset import MANIFEST, SaveDataset
from latentlab.session.files.tables import write_table
from latentlab.session.points import SampleSettings
from latentlab.session.request import Exported
from latentlab.work import Progress

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from latentlab.data.condition import Label
    from latentlab.session.points import ModelCard

BATCH = 64
NOT_IN_NAMES = '<>:"/\\|?*'


@answer.register
def _(request: SaveDataset, explorer: Explorer) -> Generator[Progress, None, Exported]:
    card = explorer.card
    if card is None:
        raise RunError("No model is open yet.", "Open one from the library.")
    _check_empty(request.folder)
    rows: list[list[object]] = []
    labels = _labels(card)
    total = len(labels) * request.count
    for number, label in enumerate(labels):
        settings = SampleSettings(request.seed + number, label, request.count)
        points = explorer.draw(settings)
        for start in range(0, request.count, BATCH):
            tiles = explorer.tiles(points[start : start + BATCH], 1)
            for point, pixels in zip(tiles.points, tiles.pictures, strict=True):
                name = _name(card, label, number, len(rows))
                info = _info(card, point.z, label)
                save_image(pixels, request.folder / name, info, durable=False)
                rows.append([name, *_class(card, label, number), *point.z])
            yield Progress("Writing images", len(rows) / total)
    head = ["file", "label", "class", *(f"z{d + 1}" for d in range(card.latent_dim))]
    write_table(request.folder / MANIFEST, head, rows)
    return Exported(request.folder)


def _check_empty(folder: Path) -> None:
    advice = "Choose a new or an empty folder."
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise RunError(f"{folder} is not an empty folder.", advice)
    except OSError as error:
        raise RunError(f"{folder} cannot be read: {error.strerror}.", advice) from error


def _labels(card: ModelCard) -> Sequence[Label | None]:
    """Return each class, or combination of conditions; None for an unconditional model."""
    if not card.conditional:
        return [None]
    return combinations(card.spec.conditions) if card.spec.conditions else range(card.spec.classes)


def _class(card: ModelCard, label: Label | None, number: int) -> tuple[object, str]:
    return ("", "") if label is None else (number, card.spec.label_text(label))


def _name(card: ModelCard, label: Label | None, class_number: int, number: int) -> str:
    """Return the path of an image in the data set; folders have the names of the classes."""
    file = f"{number:06d}.png"
    if label is None:
        return file
    title = card.spec.label_text(label)
    # Two classes may have the same name without the characters that no file name may contain.
    safe = "".join("_" if letter in NOT_IN_NAMES else letter for letter in title).strip(". ")
    return f"{safe if safe == title else f'{class_number} {safe}'.strip()}/{file}"


def _info(card: ModelCard, z: tuple[float, ...], label: Label | None) -> dict[str, Any]:
    return {"scene": 1, "model": card.name, "weights": card.weights, "z": z, "label": label}
