"""Colourings of the map's points and their values. No torch, no Qt."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from latentlab.latent.ranking import Score
from latentlab.session.abilities import KL, why_not
from latentlab.session.classifier.requests import (
    CONFIDENCE,
    DECISION,
    OpenClassifier,
    values_of_decisions,
)
from latentlab.session.map import ComputeMeasure
from latentlab.session.scores.anomalies import ScoreImages

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from latentlab.data.image_set import Attributes
    from latentlab.session.state import State


class Measure(StrEnum):
    """Colourings that must be computed first."""

    KL = "kl"
    DENSITY = "density"
    K_MEANS = "k-means"
    HDBSCAN = "HDBSCAN"


@dataclass(frozen=True, eq=False)
class MeasuredValues:
    """Computed value or cluster of each image on the map.

    Parameters
    ----------
    measure : Measure
        The computed quantity.
    count : int
        Number of clusters (k-means) or minimum cluster size (HDBSCAN).
    values : ndarray, shape (N,)
        Values of float32, or cluster indices of int64 with -1 for none.
    """

    measure: Measure
    count: int
    values: NDArray = field(repr=False)


@dataclass(frozen=True, slots=True)
class Colouring:
    """Quantity that can colour the points of the map.

    Parameters
    ----------
    key : str
        Unique key; see `values_of`.
    title : str
        Name on screen.
    unit : str
        Unit of the values; empty if dimensionless.
    names : tuple of str
        Names of the categories, if they have any.
    """

    key: str
    title: str
    unit: str = ""
    names: tuple[str, ...] = ()

    @property
    def measure(self) -> Measure | None:
        """Measure that must be computed first; None if there is none."""
        return Measure(self.key) if self.key in set(Measure) else None


def colourings(state: State) -> tuple[Colouring, ...]:
    """Return all colourings available for the images on the map."""
    return tuple(_colourings(state))


def _colourings(state: State) -> Iterator[Colouring]:
    codes = state.codes
    if codes is None or not len(codes):
        return
    if codes.labels is not None:
        yield Colouring("class", "Class")
    if codes.attributes:
        for name in codes.attributes.names:
            yield attribute_colouring(codes.attributes, name)
    if state.answer(ScoreImages) is not None:
        for score in Score:
            yield Colouring(f"score:{score}", f"{score[0].upper()}{score[1:]}", score.unit)
    if card := state.answer(OpenClassifier):
        yield Colouring(DECISION, "Decision", names=card.class_names)
        yield Colouring(CONFIDENCE, "Confidence")
    if not why_not(KL, state.model):
        yield Colouring(Measure.KL, "KL", "nats")
    yield Colouring(Measure.DENSITY, "Density", "nats")
    yield Colouring(Measure.K_MEANS, "k-means")
    yield Colouring(Measure.HDBSCAN, "HDBSCAN")
    for d in range(codes.mu.shape[1]):
        yield Colouring(f"z:{d}", f"z{d + 1}")


def attribute_colouring(attributes: Attributes, name: str) -> Colouring:
    """Return the colouring of an attribute."""
    title = name.replace("_", " ").capitalize()
    return Colouring(f"attribute:{name}", title, names=tuple(attributes.levels.get(name, ())))


def values_of(key: str, state: State) -> NDArray | None:
    """Return the values of a colouring: float32 values or int64 categories; None if unavailable.

    Returns
    -------
    ndarray, shape (N,), or None
    """
    codes = state.codes
    if codes is None:
        return None
    family, _, name = key.partition(":")
    if family == "class":
        return codes.labels
    if family == "attribute" and codes.attributes and name in codes.attributes.names:
        values = codes.attributes.column(name)
        if name in codes.attributes.levels:
            return np.nan_to_num(values, nan=-1).astype(np.int64)
        return values
    if key in (DECISION, CONFIDENCE):
        return values_of_decisions(key, state)
    scores = state.answer(ScoreImages)
    if family == "score" and scores is not None and len(scores) == len(codes):
        return scores.by(Score(name)).astype(np.float32)
    if family == "z" and int(name) < codes.mu.shape[1]:
        return codes.mu[:, int(name)]
    measured = state.answer(ComputeMeasure)
    if measured and measured.measure == key and len(measured.values) == len(codes):
        return measured.values
    return None
