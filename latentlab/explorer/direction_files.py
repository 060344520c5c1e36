"""Directions on disk: JSON that people can read and share."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import FailFast, TypeAdapter

from latentlab.atomic_write import write_atomically
from latentlab.errors import DataError, shown
from latentlab.explorer.user_files import place_of
from latentlab.json_files import LARGE, Record, read_json
from latentlab.session.directions import Direction

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from latentlab.session.points import ModelCard

FORMAT = "latentlab directions"
VERSION = 1
WHAT = "directions"
LENGTH_OFF = 1e-3
FARTHEST = 1e6
"""Length and scale of a direction stay below it."""
LONGEST_TEXT = 1000


class _Head(Record):
    """What tells whether the rest can be understood."""

    format: Literal["latentlab directions"]
    version: int


class _Book(Record):
    directions: Annotated[tuple[Direction, ...], FailFast()]


_HEAD, _BOOK = TypeAdapter(_Head), TypeAdapter(_Book)


def kept(card: ModelCard) -> tuple[Direction, ...]:
    """Return the directions kept for a model; none where there are none yet.

    Raises
    ------
    DataError
        Where the file cannot be read; it is left as it is.
    """
    path = place_of(card, WHAT)
    return read_directions(path, card.latent_dim) if path.exists() else ()


def keep(card: ModelCard, directions: Sequence[Direction]) -> tuple[Direction, ...]:
    """Keep the directions of a model in place of those before, and return them."""
    write_directions(place_of(card, WHAT), directions)
    return tuple(directions)


def write_directions(path: Path, directions: Sequence[Direction]) -> None:
    """Write directions to a file.

    Raises
    ------
    RunError
        Where it cannot be written.
    """
    entries = [asdict(direction) for direction in directions]
    book = {"format": FORMAT, "version": VERSION, "directions": entries}
    write_atomically(path, json.dumps(book, indent=1, ensure_ascii=False).encode())


def read_directions(path: Path, latent_dim: int) -> tuple[Direction, ...]:
    """Read directions for a model of `latent_dim` dimensions.

    Raises
    ------
    DataError
        Where it is no file of directions, is damaged, or is for another latent space.
    """
    advice = "Choose one that latentlab has saved."
    head = read_json(path, _HEAD, DataError, advice, "is not a file of directions", LARGE)
    if head.version != VERSION:
        raise DataError(f"{path} was written by another latentlab.", "Update this one.")
    advice = "Use another copy, or move it away."
    book = read_json(path, _BOOK, DataError, advice, most=LARGE)
    return tuple(_checked(direction, path, latent_dim) for direction in book.directions)


def _checked(direction: Direction, path: Path, latent_dim: int) -> Direction:
    """Return a direction as it may be used: finite, of length 1, of this latent space."""
    own, name = direction.origin, shown(direction.name, 80)
    if len(direction.vector) != latent_dim:
        raise DataError(
            f"{path} is of another latent space: {name} was learned in {shown(own.name, 80)}, "
            f"which has {len(direction.vector)} dimensions, and this model has {latent_dim}.",
            "Open that model first, or learn the direction anew.",
        )
    length = math.sqrt(sum(value * value for value in direction.vector))
    texts = (direction.name, direction.method, direction.source, own.name, own.data, own.kind)
    sound = 0 < length < FARTHEST and 0 < direction.scale < FARTHEST
    if not sound or max(map(len, texts)) > LONGEST_TEXT:
        raise DataError(
            f"{path} is damaged: {name} is no direction.",
            "Use another copy, or move it away.",
        )
    if abs(length - 1) < LENGTH_OFF:
        return direction
    return replace(direction, vector=tuple(value / length for value in direction.vector))
