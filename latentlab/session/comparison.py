"""Model A beside model B: records and requests."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from latentlab.session.request import Lifetime, Priority, Request

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from latentlab.latent.paired import Paired
    from latentlab.session.points import ModelCard, Original, Point
    from latentlab.session.state import State


UNNORMALIZED = "bernoulli"
"""The likelihood that is no density of grey values, whose nats compare with its own alone."""


@dataclass(frozen=True, slots=True)
class DecodedPair:
    """One z, decoded by both.

    Parameters
    ----------
    point : Point
        Which, as A takes it.
    label : int or None
        The class that B was asked for.
    first, second : ndarray of uint8, shape (H, W) or (H, W, 3)
        The pictures of A and B.
    difference : float or None
        Mean squared difference of all values, black 0 and white 1; None for other shapes.
    """

    point: Point
    label: int | None
    first: NDArray[np.uint8] = field(repr=False, compare=False)
    second: NDArray[np.uint8] = field(repr=False, compare=False)
    difference: float | None = None


@dataclass(frozen=True, slots=True)
class Reconstruction:
    """What one model makes of an image.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (H, W) or (H, W, 3)
        The decoded mean of the posterior.
    distortion, rate : float
        The two parts of the negative ELBO: E[-log p(x|z)] and KL(q(z|x) || p(z)), nats.
    error : float
        Mean squared error of `pixels`.
    """

    pixels: NDArray[np.uint8] = field(repr=False, compare=False)
    distortion: float
    rate: float
    error: float


@dataclass(frozen=True, slots=True)
class ImageComparison:
    """One image, rebuilt by both; B was told `label` of a picture that has none."""

    original: Original
    label: int | None
    first: Reconstruction
    second: Reconstruction


@dataclass(frozen=True, slots=True)
class SeveralImages:
    """A handful of images, rebuilt by both.

    Parameters
    ----------
    rows : tuple of int, length R
        Which of the map's.
    pictures, first, second : ndarray of uint8, shape (R, H, W) or (R, H, W, 3)
        The images, and what A and B make of them.
    errors : ndarray of float64, shape (2, R)
        Mean squared error of each, of A and of B.
    """

    rows: tuple[int, ...]
    pictures: NDArray[np.uint8] = field(repr=False, compare=False)
    first: NDArray[np.uint8] = field(repr=False, compare=False)
    second: NDArray[np.uint8] = field(repr=False, compare=False)
    errors: NDArray[np.float64] = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Summary:
    """Both models on the same images; nats are means per image.

    Parameters
    ----------
    images, samples : int
        How many, and how many draws of z for each.
    elbo, distortion, rate : Paired
        The negative ELBO and its two parts, nats.
    error : Paired
        Mean squared error of the decoded mean.
    active : pair of int
        Latent dimensions that are active on these images, see `is_active`.
    dimensions : pair of int
        Of how many.
    """

    images: int
    samples: int
    elbo: Paired
    distortion: Paired
    rate: Paired
    error: Paired
    active: tuple[int, int]
    dimensions: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Comparison:
    """All that is known of A beside B.

    Parameters
    ----------
    path : Path
        What was chosen as B.
    card : ModelCard or None
        What it is; None where it could not be opened.
    problem : str
        Why it could not.
    held_out : int
        Images on the map, from the first on, that A did not learn from as far as is known.
    twins, judgement, columns, summary
        What was asked for so far.
    """

    path: Path
    card: ModelCard | None = None
    problem: str = ""
    held_out: int = 0
    twins: DecodedPair | None = None
    judgement: ImageComparison | None = None
    columns: SeveralImages | None = None
    summary: Summary | None = None


def images_of(state: State) -> object:
    """Return what tells whether rows mean the same images to two models."""
    model, codes = state.model, state.codes
    if model is None or codes is None:
        return None
    return model.data, model.spec, len(codes)


def same_classes(a: ModelCard, b: ModelCard) -> bool:
    """Say whether a label means the same to both."""
    return a.spec.class_names == b.spec.class_names


def needs_class(a: ModelCard, b: ModelCard) -> bool:
    """Say whether B must be told a class that z does not bear."""
    return b.conditional and not (a.conditional and same_classes(a, b))


def why_no_point(a: ModelCard, b: ModelCard) -> str:
    """Return why one z cannot be decoded by both; empty where it can."""
    if a.latent_dim == b.latent_dim:
        return ""
    return f"No z in common: A has {_dimensions(a)}, B {b.latent_dim}."


def why_no_image(a: ModelCard, b: ModelCard) -> str:
    """Return why one image cannot be encoded by both; empty where it can."""
    if a.spec.shape != b.spec.shape:
        return f"No image in common: those of A are {a.spec}, those of B {b.spec}."
    if b.conditional and not same_classes(a, b):
        return "No image in common: B must be told a class, and those of A are none that it knows."
    return ""


def in_nats(a: ModelCard, b: ModelCard) -> bool:
    """Say whether the nats of both compare: both likelihoods are densities, or neither is."""
    return (_likelihood(a) == UNNORMALIZED) == (_likelihood(b) == UNNORMALIZED)


def caution(a: ModelCard, b: ModelCard) -> str:
    """Return what to bear in mind before comparing nats; empty where nothing is amiss."""
    if not in_nats(a, b):
        kinds = f"{_likelihood(a)}, {_likelihood(b)}"
        return f"Their likelihoods ({kinds}) count nats differently: compare the squared error."
    if a.conditional != b.conditional:
        told = a if a.conditional else b
        return f"{told.name} is told the class, which saves it up to ln(classes) nats."
    return ""


def seen(a: ModelCard, b: ModelCard, held_out: int) -> str:
    """Return what is known of whether the models have learned from the held-out images."""
    data = a.recipe.get("data", {})
    if a.data != data.get("kind") or not held_out:
        return "One or both may have learned from them."
    if data != b.recipe.get("data"):
        return f"{a.name} did not learn from them; {b.name} may have."
    return "Neither learned from them."


def _likelihood(card: ModelCard) -> str:
    likelihood = card.recipe.get("model", {}).get("likelihood", {})
    return str(likelihood.get("kind", ""))


def _dimensions(card: ModelCard) -> str:
    return f"{card.latent_dim} latent dimension{'' if card.latent_dim == 1 else 's'}"


SAMPLES = 50
"""Draws of z per image, where it is one image."""


@dataclass(frozen=True, slots=True)
class OpenModelB(Request["Comparison"]):
    """Load B, or with no path let it go; where it cannot be had, the answer says why."""

    lifetime: ClassVar[Lifetime] = Lifetime.CODES
    priority: ClassVar[Priority] = Priority.INTERACTIVE
    path: Path | None


@dataclass(frozen=True, slots=True)
class LinkPoint(Request["Comparison"]):
    """Decode one z with both; B is asked for a class of its own where it needs one."""

    lifetime: ClassVar[Lifetime] = Lifetime.CODES
    updates: ClassVar[type[Request[Any]] | None] = OpenModelB
    point: Point
    label: int | None = None


@dataclass(frozen=True, slots=True)
class LinkImage(Request["Comparison"]):
    """Encode and rebuild one image with both; long work."""

    lifetime: ClassVar[Lifetime] = Lifetime.CODES
    updates: ClassVar[type[Request[Any]] | None] = OpenModelB
    original: Original
    label: int | None = None
    """The class that B is told of a picture that has none."""
    samples: int = SAMPLES


@dataclass(frozen=True, slots=True)
class ShowColumns(Request["Comparison"]):
    """Rebuild some images of the map with both."""

    lifetime: ClassVar[Lifetime] = Lifetime.CODES
    updates: ClassVar[type[Request[Any]] | None] = OpenModelB
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Summarise(Request["Comparison"]):
    """Measure both on the same held-out images; long work."""

    lifetime: ClassVar[Lifetime] = Lifetime.CODES
    updates: ClassVar[type[Request[Any]] | None] = OpenModelB
    priority: ClassVar[Priority] = Priority.BACKGROUND
    images: int = 500
    samples: int = 10
    seed: int = 0
