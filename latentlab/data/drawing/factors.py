"""Generative factors of drawn faces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from latentlab.data.drawing.procedural import endless_noise

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

HAIR = ("cropped", "short", "curly", "bob", "long", "bun")


@dataclass(frozen=True, slots=True)
class Factor:
    """Generative factor.

    Parameters
    ----------
    low, high : float
        Range of the uniform distribution; factors are independent of each other.
    neutral : float
        Default value.
    meaning : str
        Description.
    discrete : bool
        Whether only integers occur.
    """

    low: float
    high: float
    neutral: float
    meaning: str
    discrete: bool = False


FACTORS = {
    "skin": Factor(0, 1, 0.3, "from light to deep"),
    "hair": Factor(0, len(HAIR) - 1, 1, "style, a row of HAIR", discrete=True),
    "hair_light": Factor(0, 1, 0.3, "hair from black over brown, copper and blond to silver"),
    "face_width": Factor(0, 1, 0.5, "from narrow to wide"),
    "eye_size": Factor(0, 1, 0.5, "from small to large"),
    "eye_open": Factor(0, 1, 0.8, "from nearly closed to wide open"),
    "brow_raise": Factor(-1, 1, 0, "brows from low to high"),
    "brow_tilt": Factor(-1, 1, 0, "brows from worried to stern"),
    "smile": Factor(-1, 1, 0.6, "corners of the mouth from down to up"),
    "mouth_open": Factor(0, 1, 0.1, "from closed to open"),
    "glasses": Factor(0, 1, 0, "without or with", discrete=True),
    "turn": Factor(-1, 1, 0, "head turned to the left or right of the image"),
    "light": Factor(-1, 1, -0.5, "light from the left or right of the image"),
    "background": Factor(0, 1, 0.75, "colour from peach over green to lilac"),
    "clothes": Factor(0, 1, 0.1, "colour from red over green to plum"),
}


def random_factors(first: int, count: int, seed: int) -> NDArray[np.float32]:
    """Return the factors of faces `first` to `first + count` of a seed's endless sequence.

    Returns
    -------
    ndarray of float32, shape (count, len(FACTORS))
        In the order of `FACTORS`.
    """
    drawn = endless_noise(first, count, len(FACTORS), seed)
    for column, factor in zip(drawn.T, FACTORS.values(), strict=True):
        wide = factor.high - factor.low
        steps = np.floor(column * (wide + 1)) if factor.discrete else column * wide
        column[:] = factor.low + steps
    return drawn.astype(np.float32)


def complete(factors: Mapping[str, ArrayLike]) -> dict[str, NDArray[np.float32]]:
    """Return every factor with shape (N,); missing factors get their neutral value.

    Raises
    ------
    ValueError
        For an unknown factor, or if the lengths differ.
    """
    unknown = factors.keys() - FACTORS.keys()
    if unknown:
        raise ValueError(f"no factors of a face: {', '.join(sorted(unknown))}")
    given = {name: factors.get(name, factor.neutral) for name, factor in FACTORS.items()}
    columns = np.broadcast_arrays(*(np.atleast_1d(value) for value in given.values()))
    return {name: column.astype(np.float32) for name, column in zip(given, columns, strict=True)}
