"""Requests about a classifier of images: decisions on the map, on a plane, and nearby."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from latentlab.session.abilities import DECODER, IMAGES, Abilities
from latentlab.session.request import Lifetime, Priority, Request

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from latentlab.latent.planes import Plane
    from latentlab.session.classifier.records import (
        ClassifierCard,
        Counterfactual,
        Decisions,
        PlaneDecisions,
    )
    from latentlab.session.points import GridSettings, Point
    from latentlab.session.state import State

DECISION, CONFIDENCE = "decision:class", "decision:confidence"
"""Keys of the colourings by a classifier."""


@dataclass(frozen=True, slots=True)
class OpenClassifier(Request["ClassifierCard"]):
    """Read a classifier for the images of the open model."""

    priority: ClassVar[Priority] = Priority.INTERACTIVE
    path: Path


@dataclass(frozen=True, slots=True)
class ClassifyImages(Request["Decisions"]):
    """Classify the images on the map."""

    needs: ClassVar[Abilities] = IMAGES
    modest: ClassVar[bool] = True
    classifier: ClassifierCard


@dataclass(frozen=True, slots=True)
class ClassifyPlane(Request["PlaneDecisions"]):
    """Classify the decoded images of a plane through a point, at the places of the codes."""

    needs: ClassVar[Abilities] = DECODER
    lifetime: ClassVar[Lifetime] = Lifetime.CODES
    modest: ClassVar[bool] = True
    classifier: ClassifierCard
    point: Point
    frame: Plane


@dataclass(frozen=True, slots=True)
class ClassifyManifold(Request["Decisions"]):
    """Classify the tiles of the manifold; the settings are those of `MakeManifold`."""

    needs: ClassVar[Abilities] = DECODER
    lifetime: ClassVar[Lifetime] = Lifetime.CODES
    modest: ClassVar[bool] = True
    classifier: ClassifierCard
    point: Point
    frame: Plane
    grid: GridSettings


@dataclass(frozen=True, slots=True)
class FindCounterfactual(Request["Counterfactual"]):
    """Search the nearest point whose decoded image gets another decision.

    Parameters
    ----------
    classifier : ClassifierCard
        The classifier.
    point : Point
        Start of the search.
    target : int or None
        Wanted class; None for any other.
    """

    needs: ClassVar[Abilities] = DECODER
    priority: ClassVar[Priority] = Priority.INTERACTIVE
    classifier: ClassifierCard
    point: Point
    target: int | None = None


def decisions(state: State) -> Iterator[ClassifyImages]:
    """Yield the request for the decisions on the images of the map."""
    if (card := state.answer(OpenClassifier)) and state.codes is not None and len(state.codes):
        yield ClassifyImages(card)


def values_of_decisions(key: str, state: State) -> NDArray | None:
    """Return the values of a colouring by the classifier; None if they are not computed."""
    found = state.answer(ClassifyImages)
    if found is None or state.codes is None or len(found) != len(state.codes):
        return None
    return found.labels if key == DECISION else found.confidence
