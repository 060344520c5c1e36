"""Directions on disk: JSON that people can read and share."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from latentlab.errors import DataError
from latentlab.files import write_atomically
from latentlab.session.directions import Direction
from latentlab.session.keeping import place_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from latentlab.session.scene import ModelCard

FORMAT = "latentlab directions"
VERSION = 1
WHAT = "directions"
LENGTH_OFF = 1e-3


_READER = TypeAdapter(tuple[Direction, ...])


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
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read.", "Choose a file of directions.") from error
    try:
        book = json.loads(text)
    except (ValueError, RecursionError):
        book = None
    if not isinstance(book, dict) or book.get("format") != FORMAT:
        raise DataError(
            f"{path} is not a file of directions.", "Choose one that latentlab has saved."
        )
    if book.get("version") != VERSION:
        raise DataError(f"{path} was written by another latentlab.", "Update this one.")
    try:
        directions = _READER.validate_python(book.get("directions"))
    except ValidationError as error:
        where = ".".join(["directions", *map(str, error.errors()[0]["loc"])])
        raise DataError(
            f"{path} is damaged: {where} is wrong.", "Use another copy, or move it away."
        ) from error
    return tuple(_checked(direction, path, latent_dim) for direction in directions)


def _checked(direction: Direction, path: Path, latent_dim: int) -> Direction:
    """Return a direction as it may be used: finite, of length 1, of this latent space."""
    own = direction.origin
    if len(direction.vector) != latent_dim:
        raise DataError(
            f"{path} is of another latent space: {direction.name} was learned in {own.name}, "
            f"which has {len(direction.vector)} dimensions, and this model has {latent_dim}.",
            "Open that model first, or learn the direction anew.",
        )
    length = math.sqrt(sum(value * value for value in direction.vector))
    numbers = (*direction.vector, direction.scale, direction.d or 0, direction.accuracy or 0)
    if not (all(map(math.isfinite, numbers)) and length > 0 and direction.scale > 0):
        raise DataError(
            f"{path} is damaged: {direction.name} is no direction.",
            "Use another copy, or move it away.",
        )
    if abs(length - 1) < LENGTH_OFF:
        return direction
    return replace(direction, vector=tuple(value / length for value in direction.vector))
