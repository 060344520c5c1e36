"""Anomaly scores of images: records, requests, CSV export and estimated time left."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from latentlab.data.leave_out import named_classes
from latentlab.data.parts import TRAIN
from latentlab.errors import counted, listed
from latentlab.latent.ranking import Score, Scores, auroc, auroc_error, rank_descending
from latentlab.session.abilities import DECODER_ON_IMAGES, SCORES, Abilities
from latentlab.session.files.tables import file_and_part, write_table
from latentlab.session.model import SET_ATTRIBUTE
from latentlab.session.points import Original, Preview
from latentlab.session.recipes import value_of
from latentlab.session.request import Lifetime, Priority, Request, SaveFile
from latentlab.work import with_progress

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from latentlab.latent.codes import Codes
    from latentlab.session.points import ModelCard
    from latentlab.session.state import State
    from latentlab.work import Progress

MIN_FRACTION_FOR_ETA = 0.02
"""Fraction done above which the time left is estimated."""
COLUMNS = (
    "row",
    "file",
    "part",
    "label",
    "negative_elbo_nats",
    "reconstruction_mse",
    "rate_nats",
)


@dataclass(frozen=True, slots=True)
class Thumbnails:
    """Images of the map and their reconstructions.

    Parameters
    ----------
    rows : tuple of int, length R
        Rows of the images on the map.
    pictures, reconstructions : ndarray of uint8, shape (R, H, W) or (R, H, W, 3)
        The images and the decoded means of their posteriors.
    """

    rows: tuple[int, ...]
    pictures: NDArray[np.uint8] = field(repr=False, compare=False)
    reconstructions: NDArray[np.uint8] = field(repr=False, compare=False)


def with_eta[T](
    pieces: Generator[float, None, T], count: int, clock: Callable[[], float] = time.monotonic
) -> Generator[Progress, None, T]:
    """Report the progress and the estimated time left of scoring `count` images."""
    began = clock()

    def message(share: float | None) -> str:
        text = f"Scoring {counted(count, 'image')}"
        if share is None or not MIN_FRACTION_FOR_ETA < share < 1:
            return text
        left = (clock() - began) * (1 - share) / share
        return f"{text} · {_duration(left)} left"

    return with_progress(pieces, message)


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 99.5 else f"{seconds / 60:.0f} min"


def compare_sets(scores: Scores, by: Score, codes: Codes, model: ModelCard) -> str:
    """Say how far a score tells two sets of images apart, in one sentence.

    The sets are the images of the run and the other ones on the map; or, among the held-out images,
    those of the classes that the model was trained on and those of the classes left out.

    Returns
    -------
    str
        Mean and deviation of each set and the AUROC; empty without two sets of scored images.
    """
    known = codes.attributes
    if known is not None and SET_ATTRIBUTE in known.names:
        sets = known.column(SET_ATTRIBUTE)[: len(scores)]
        masks = {name: sets == i for i, name in enumerate(known.levels[SET_ATTRIBUTE][:2])}
        return _separation(scores, by, masks)
    masks = _learned_and_left_out(codes, model)
    return _separation(scores, by, masks, " of held-out images")


def left_out_auroc(scores: Scores, by: Score, codes: Codes, model: ModelCard) -> float | None:
    """Return the AUROC of the classes left out of the training; None if none is left out."""
    found = _known_scores(scores, by, _learned_and_left_out(codes, model))
    return auroc(*found) if found else None


def _learned_and_left_out(codes: Codes, model: ModelCard) -> dict[str, NDArray[np.bool_]]:
    """Return the held-out images of both kinds of classes, as masks; none if none is left out."""
    given = value_of(model.recipe, "data.leave_out")
    if not given or model.other or codes.labels is None or codes.parts is None:
        return {}
    names = model.spec.class_names
    left_out = named_classes(given, names)
    unseen = np.isin(codes.labels, [names.index(name) for name in left_out])
    held_out = np.asarray(codes.parts != TRAIN)
    return {
        "classes of the training": held_out & ~unseen,
        f"left out ({listed(left_out)})": held_out & unseen,
    }


def _separation(
    scores: Scores, by: Score, masks: Mapping[str, NDArray[np.bool_]], of: str = ""
) -> str:
    found = _known_scores(scores, by, masks)
    if not found:
        return ""
    parts = (
        f"{name} {by.text(float(each.mean()))} ± {by.text(float(each.std()))}"
        for name, each in zip(masks, found, strict=True)
    )
    area, error = auroc(*found), auroc_error(*found)
    near = f" ± {error:.3f}" if error and error >= 0.0005 else ""
    return f"The {by.value} in {by.unit}{of}: {', '.join(parts)}. AUROC {area:.3f}{near}."


def _known_scores(
    scores: Scores, by: Score, masks: Mapping[str, NDArray[np.bool_]]
) -> list[NDArray[np.float64]]:
    """Return the scores of both sets without NaN; empty if a set has none."""
    values = scores.by(by)
    found = [values[mask[: len(scores)] & ~np.isnan(values)] for mask in masks.values()]
    return found if len(found) == 2 and all(map(len, found)) else []


def save_scores(
    scores: Scores,
    path: Path,
    by: Score = Score.ELBO,
    codes: Codes | None = None,
    class_names: tuple[str, ...] = (),
) -> None:
    """Write one line per image, in descending order of a score.

    Parameters
    ----------
    scores : Scores
        Scores of N images.
    path : Path
        Table to write; its ending sets the format.
    by : Score
        Sort key.
    codes : Codes or None
        Codes whose first N rows are the same images; source of file, part, label and attributes.
    class_names : tuple of str
        Names written as labels.

    Raises
    ------
    RunError
        If the file cannot be written.
    """
    rows = rank_descending(scores.by(by)).tolist()
    known = codes.attributes if codes else None
    head = (*COLUMNS, *(known.names if known else ()))
    write_table(path, head, (_line(scores, row, codes, class_names) for row in rows))


def _line(
    scores: Scores, row: int, codes: Codes | None, class_names: tuple[str, ...]
) -> tuple[object, ...]:
    file, part = ("", "") if codes is None else file_and_part(codes, row)
    labels = None if codes is None else codes.labels
    label = "" if labels is None else class_names[labels[row]]
    values = (float(f"{each[row]:.6g}") for each in (scores.elbo, scores.error, scores.rate))
    known = codes.attributes if codes else None
    return row, file, part, label, *values, *(known.values_of(row) if known else ())


def preview_of(
    state: State, row: int, picture: NDArray[np.uint8], reconstruction: NDArray[np.uint8]
) -> Preview | None:
    """Return the preview of an image of the map from its decoded reconstruction.

    Parameters
    ----------
    state : State
        Provides the code and the name of the image.
    row : int
        Row of the image on the map.
    picture, reconstruction : ndarray of uint8, shape (H, W) or (H, W, 3)
        The image and the decoded mean of its posterior.

    Returns
    -------
    Preview or None
        None if the image is no longer on the map.
    """
    card, codes = state.model, state.codes
    if card is None or codes is None or not 0 <= row < len(codes):
        return None
    point, sigma = card.point_of(codes, row), tuple(codes.sigma[row].tolist())
    original = Original(card.name_of(codes, row), point, picture, reconstruction, row, sigma)
    return Preview(point, reconstruction, original)


MAX_DRAWS = 1000
"""Maximum number of draws of z per image."""


@dataclass(frozen=True, slots=True)
class ScoreImages(Request["Scores"]):
    """Score every image on the map (slow)."""

    needs: ClassVar[Abilities] = SCORES
    lifetime: ClassVar[Lifetime] = Lifetime.CODES
    priority: ClassVar[Priority] = Priority.BACKGROUND
    samples: int = 50
    seed: int = 0


@dataclass(frozen=True, slots=True)
class DecodeThumbnails(Request["Thumbnails"]):
    """Get images of the map and their reconstructions as thumbnails."""

    needs: ClassVar[Abilities] = DECODER_ON_IMAGES
    lifetime: ClassVar[Lifetime] = Lifetime.CODES
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SaveScores(SaveFile):
    """Write the scores of every image as CSV, in descending order of a score."""

    scores: Scores
    path: Path
    by: Score = Score.ELBO
    codes: Codes | None = field(repr=False, compare=False, default=None)
    class_names: tuple[str, ...] = ()
