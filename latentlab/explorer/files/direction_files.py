"""JSON files of directions."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import FailFast, TypeAdapter

from latentlab.atomic_write import write_atomically
from latentlab.errors import DataError, shown
from latentlab.explorer.files.user_files import path_for
from latentlab.json_files import LARGE, Record, read_json
from latentlab.session.directions import Direction

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from latentlab.session.points import ModelCard

FORMAT = "latentlab directions"
VERSION = 1
FILE_STEM = "directions"
NORM_TOLERANCE = 1e-3
MAX_NORM = 1e6
"""Upper bound of the length and scale of a direction in a file."""
MAX_TEXT_LENGTH = 1000


class _Head(Record):
    """Format and version of a file of directions."""

    format: Literal["latentlab directions"]
    version: int


class _Book(Record):
    directions: Annotated[tuple[Direction, ...], FailFast()]


_HEAD, _BOOK = TypeAdapter(_Head), TypeAdapter(_Book)


def load_directions(card: ModelCard) -> tuple[Direction, ...]:
    """Return the saved directions of a model; empty if there are none.

    Raises
    ------
    DataError
        If the file cannot be read; it is left unchanged.
    """
    path = path_for(card, FILE_STEM)
    return read_directions(path, card.latent_dim) if path.exists() else ()


def save_directions(card: ModelCard, directions: Sequence[Direction]) -> tuple[Direction, ...]:
    """Save the directions of a model, replacing earlier ones, and return them."""
    write_directions(path_for(card, FILE_STEM), directions)
    return tuple(directions)


def write_directions(path: Path, directions: Sequence[Direction]) -> None:
    """Write directions to a file.

    Raises
    ------
    RunError
        If the file cannot be written.
    """
    entries = [asdict(direction) for direction in directions]
    content = {"format": FORMAT, "version": VERSION, "directions": entries}
    write_atomically(path, json.dumps(content, indent=1, ensure_ascii=False).encode())


def read_directions(path: Path, latent_dim: int) -> tuple[Direction, ...]:
    """Read directions for a model of `latent_dim` dimensions.

    Raises
    ------
    DataError
        If it is not a file of directions, is damaged, or is for another latent space.
    """
    advice = "Choose one that latentlab has saved."
    head = read_json(path, _HEAD, DataError, advice, "is not a file of directions", LARGE)
    if head.version != VERSION:
        raise DataError(f"{path} was written by another version of latentlab.", "Update it.")
    advice = "Use another copy, or move it to another folder."
    book = read_json(path, _BOOK, DataError, advice, most=LARGE)
    return tuple(_checked(direction, path, latent_dim) for direction in book.directions)


def _checked(direction: Direction, path: Path, latent_dim: int) -> Direction:
    """Return a validated direction: finite, normalized, with `latent_dim` coordinates."""
    own, name = direction.origin, shown(direction.name, 80)
    if len(direction.vector) != latent_dim:
        raise DataError(
            f"{path} belongs to another latent space: {name} was learned in "
            f"{shown(own.name, 80)}, which has {len(direction.vector)} dimensions; this model has "
            f"{latent_dim}.",
            "Open that model first, or learn the direction again.",
        )
    length = math.sqrt(sum(value * value for value in direction.vector))
    texts = (direction.name, direction.method, direction.source, own.name, own.data, own.kind)
    is_valid = 0 < length < MAX_NORM and 0 < direction.scale < MAX_NORM
    if not is_valid or max(map(len, texts)) > MAX_TEXT_LENGTH:
        raise DataError(
            f"{path} is damaged: {name} is not a direction.",
            "Use another copy, or move it to another folder.",
        )
    if abs(length - 1) < NORM_TOLERANCE:
        return direction
    return replace(direction, vector=tuple(value / length for value in direction.vector))
