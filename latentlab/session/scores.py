"""Scores of images on their way: how long they take, what is seen of them, and their file."""

from __future__ import annotations

import csv
import io
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from latentlab.data.base import told
from latentlab.files import write_atomically
from latentlab.latent.ranking import Score, Scores, strangest_first

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from latentlab.data.base import Loading

FIRST_ESTIMATE = 0.02
"""Share that must be done before the time left can be told."""
COLUMNS = ("row", "label", "negative_elbo_nats", "reconstruction_mse", "rate_nats")


@dataclass(frozen=True, slots=True)
class Thumbnails:
    """Some images of the map, and what the model makes of them.

    Parameters
    ----------
    rows : tuple of int, length R
        Which.
    pictures, reconstructions : ndarray of uint8, shape (R, H, W) or (R, H, W, 3)
        The images, and the decoded means of their posteriors.
    """

    rows: tuple[int, ...]
    pictures: NDArray[np.uint8] = field(repr=False, compare=False)
    reconstructions: NDArray[np.uint8] = field(repr=False, compare=False)


def timed[T](
    pieces: Generator[float, None, T], count: int, clock: Callable[[], float] = time.monotonic
) -> Generator[Loading, None, T]:
    """Tell of scoring `count` images how far it is and how long it will take."""
    began = clock()

    def message(share: float | None) -> str:
        text = f"Scoring {count:,} image{'' if count == 1 else 's'}"
        if share is None or not FIRST_ESTIMATE < share < 1:
            return text
        left = (clock() - began) * (1 - share) / share
        return f"{text} · {_duration(left)} left"

    return told(pieces, message)


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 99.5 else f"{seconds / 60:.0f} min"


def save_scores(
    scores: Scores,
    path: Path,
    by: Score = Score.ELBO,
    labels: NDArray[np.int64] | None = None,
    class_names: tuple[str, ...] = (),
) -> None:
    """Write one line per image as CSV, the strangest by one of the scores first.

    Parameters
    ----------
    scores : Scores
        Of N images.
    path : Path
        Where to.
    by : Score
        What they are sorted by.
    labels : ndarray of int64, shape (N,), or None
        Index into `class_names`.
    class_names : tuple of str
        Written as the label.

    Raises
    ------
    RunError
        Where the file cannot be written.
    """
    text = io.StringIO(newline="")
    lines = csv.writer(text)
    lines.writerow(COLUMNS)
    for row in strangest_first(scores.by(by)).tolist():
        label = "" if labels is None else class_names[labels[row]]
        values = (f"{each[row]:.6g}" for each in (scores.elbo, scores.error, scores.rate))
        lines.writerow((row, label, *values))
    write_atomically(path, text.getvalue().encode())
