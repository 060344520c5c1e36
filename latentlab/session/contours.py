"""Contours on the map: of a learned prior, of a likelihood, and of a true posterior."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from latentlab.session.abilities import DECODER, MODEL_WITH_POSTERIORS, Abilities
from latentlab.session.request import Lifetime, Priority, Request

if TYPE_CHECKING:
    from latentlab.data.condition import Label
    from latentlab.latent.contours import Lines
    from latentlab.latent.planes import Plane
    from latentlab.session.points import Original, Point
    from latentlab.session.state import State

NATS_BELOW = (5, 20, 50, 100, 200, 400)
"""Levels of log p(x|z) below its maximum on the plane, in nats."""


@dataclass(frozen=True, slots=True)
class Contours:
    """Contour lines on a plane.

    Parameters
    ----------
    frame : Plane
        The plane.
    lines : tuple of Lines
        Lines of each level, in map coordinates.
    image : Original or None
        The image that they belong to.
    note : str
        What the window says of them.
    label : int, tuple of float, or None
        Label that the prior is given, if it depends on one.
    """

    frame: Plane
    lines: tuple[Lines, ...] = field(repr=False, compare=False)
    image: Original | None = None
    note: str = ""
    label: Label | None = None


@dataclass(frozen=True, slots=True)
class FindPriorContours(Request["Contours"]):
    """Draw the contours of a learned prior within which as much of it lies as within the rings.

    A prior that depends on the label is that of `label`.
    """

    needs: ClassVar[Abilities] = DECODER
    lifetime: ClassVar[Lifetime] = Lifetime.CODES
    modest: ClassVar[bool] = True
    frame: Plane
    label: Label | None = None


@dataclass(frozen=True, slots=True)
class FindLikelihoodContours(Request["Contours"]):
    """Draw isocontours of log p(x|z) of an image over the plane through `point`."""

    needs: ClassVar[Abilities] = DECODER
    lifetime: ClassVar[Lifetime] = Lifetime.CODES
    priority: ClassVar[Priority] = Priority.BACKGROUND
    image: Original
    point: Point
    frame: Plane


@dataclass(frozen=True, slots=True)
class FindTruePosterior(Request["Contours"]):
    """Draw the contours of p(z|x) of an image, for a model of two dimensions."""

    needs: ClassVar[Abilities] = MODEL_WITH_POSTERIORS
    lifetime: ClassVar[Lifetime] = Lifetime.CODES
    priority: ClassVar[Priority] = Priority.BACKGROUND
    image: Original
    frame: Plane


def label_of_prior(state: State) -> Label | None:
    """Return the label of z if the prior depends on it; else None."""
    if state.model is None or state.point is None or not state.model.prior_given_label:
        return None
    return state.point.label


def studied_image(state: State) -> Original | None:
    """Return the image at z, otherwise the own image; None without one that has pixels."""
    image = state.original or state.own
    return image if image is not None and image.picture is not None else None
