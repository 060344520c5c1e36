"""Comparison of model A and model B: records and requests."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from latentlab.errors import counted, listed
from latentlab.metrics.measurement import Value
from latentlab.session.abilities import ENCODER_DECODER, MODEL_ON_IMAGES, Abilities
from latentlab.session.library.comparable import likelihood_of, measure_of
from latentlab.session.request import Lifetime, Priority, Request

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from latentlab.data.condition import Label
    from latentlab.latent.paired import PairedComparison
    from latentlab.metrics.measurement import Measurement
    from latentlab.session.points import ModelCard, Original, Point
    from latentlab.session.state import State


COMPARED_METRICS = ("elbo", "pixel-error", "aggregate-posterior", "marginal-kl")
"""Metrics that are measured for a comparison; others are shown if both were measured before."""


@dataclass(frozen=True, slots=True)
class DecodedPair:
    """One z, decoded by both models.

    Parameters
    ----------
    point : Point
        The point, with the label for A.
    label : int, tuple of float, or None
        Class passed to B.
    first, second : ndarray of uint8, shape (H, W) or (H, W, 3)
        Images decoded by A and B.
    difference : float or None
        Mean squared difference, pixel range [0, 1]; None if the shapes differ.
    """

    point: Point
    label: Label | None
    first: NDArray[np.uint8] = field(repr=False, compare=False)
    second: NDArray[np.uint8] = field(repr=False, compare=False)
    difference: float | None = None


@dataclass(frozen=True, slots=True)
class Reconstruction:
    """Reconstruction of an image by one model.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (H, W) or (H, W, 3)
        The decoded mean of the posterior.
    distortion, rate : float
        The terms of the negative ELBO, E[-log p(x|z)] and KL(q(z|x) || p(z)), in nats.
    error : float
        Mean squared error of `pixels`.
    """

    pixels: NDArray[np.uint8] = field(repr=False, compare=False)
    distortion: float
    rate: float
    error: float


@dataclass(frozen=True, slots=True)
class ImageComparison:
    """Image reconstructed by both models; `label` is what B gets for an image without a class."""

    original: Original
    label: Label | None
    first: Reconstruction
    second: Reconstruction


@dataclass(frozen=True, slots=True)
class ImageComparisons:
    """Several images reconstructed by both models.

    Parameters
    ----------
    rows : tuple of int, length R
        Rows of the images on the map.
    pictures, first, second : ndarray of uint8, shape (R, H, W) or (R, H, W, 3)
        The images, and their reconstructions by A and B.
    errors : ndarray of float64, shape (2, R)
        Mean squared error of each reconstruction by A and B.
    """

    rows: tuple[int, ...]
    pictures: NDArray[np.uint8] = field(repr=False, compare=False)
    first: NDArray[np.uint8] = field(repr=False, compare=False)
    second: NDArray[np.uint8] = field(repr=False, compare=False)
    errors: NDArray[np.float64] = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Summary:
    """Metrics of both models on the same images; nats are means per image.

    Parameters
    ----------
    images, samples : int
        Number of images, and number of draws of z per image.
    elbo, distortion, rate : PairedComparison
        The negative ELBO and its two terms, nats.
    error : PairedComparison
        Mean squared error of the decoded mean.
    active : pair of int or None
        Number of latent dimensions active on these images, see `is_active`; None if unknown.
    dimensions : pair of int
        Number of latent dimensions.
    """

    images: int
    samples: int
    elbo: PairedComparison
    distortion: PairedComparison
    rate: PairedComparison
    error: PairedComparison
    active: tuple[int | None, int | None]
    dimensions: tuple[int, int]


@dataclass(frozen=True, slots=True)
class CodesMap:
    """Codes of the images of the map, by one model.

    Parameters
    ----------
    xy : ndarray of float32, shape (N, 2)
        Position of each image.
    names : pair of str
        Titles of the axes.
    is_plane : bool
        Whether it is a plane of the latent space.
    has_prior : bool
        Whether the prior of the model is N(0, I).
    """

    xy: NDArray[np.float32] = field(repr=False, compare=False)
    names: tuple[str, str]
    is_plane: bool = True
    has_prior: bool = True

    @property
    def axes(self) -> str:
        """Titles of both axes in one line."""
        if not self.is_plane:
            return "embedding"
        return ", ".join(name.removesuffix(" of variance") for name in self.names)


@dataclass(frozen=True, slots=True)
class ComparedMetrics:
    """Metrics of both models on the same images.

    Parameters
    ----------
    pairs : tuple of (Measurement, Measurement)
        Measurements of A and B with equal settings on as many images.
    reasons : tuple of str
        Why a metric of `COMPARED_METRICS` was not measured.
    note : str
        Why the numbers that B has already are not shown; may be empty.
    """

    pairs: tuple[tuple[Measurement, Measurement], ...]
    reasons: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Results of the comparison of A and B.

    Parameters
    ----------
    path : Path
        Path of B.
    card : ModelCard or None
        Description of B; None if it could not be opened.
    problem : str
        Reason why B could not be opened.
    held_out : int
        Number of leading images on the map that A did not train on, as far as is known.
    twins, judgement, columns, summary, map, metrics
        Results so far; None if not requested.
    """

    path: Path
    card: ModelCard | None = None
    problem: str = ""
    held_out: int = 0
    twins: DecodedPair | None = None
    judgement: ImageComparison | None = None
    columns: ImageComparisons | None = None
    summary: Summary | None = None
    map: CodesMap | None = None
    metrics: ComparedMetrics | None = None


def difference_of(a: Value, b: Value) -> str:
    """Return B minus A; its error is that of the difference of independent numbers."""
    errors = (a.error, b.error)
    error = None if None in errors else sum(each**2 for each in errors if each) ** 0.5
    return Value(name=a.name, value=b.value - a.value, error=error).signed


def image_set_key(state: State) -> object:
    """Return a key that is equal for two states whose rows denote the same images."""
    model, codes = state.model, state.codes
    if model is None or codes is None:
        return None
    return model.data, model.spec, len(codes)


def same_classes(a: ModelCard, b: ModelCard) -> bool:
    """Return whether both models have the same class names."""
    names = [[(c.name, c.classes, c.limits) for c in card.spec.conditions] for card in (a, b)]
    return names[0] == names[1] and (bool(names[0]) or a.spec.class_names == b.spec.class_names)


def needs_class(a: ModelCard, b: ModelCard) -> bool:
    """Return whether B needs a class label that a point of A does not provide."""
    return b.conditional and not b.spec.conditions and not (a.conditional and same_classes(a, b))


def point_incompatibility(a: ModelCard, b: ModelCard) -> str:
    """Return why the models cannot decode the same z; empty if they can."""
    if b.conditional and b.spec.conditions and not (a.conditional and same_classes(a, b)):
        names = listed([each.name for each in b.spec.conditions])
        return f"B is given {names}, which a point of A does not have."
    if a.latent_dim == b.latent_dim:
        return ""
    return (
        "The latent spaces differ in size, so no z can be decoded by both: A has "
        f"{_dimensions(a)}, B {b.latent_dim}."
    )


def image_incompatibility(a: ModelCard, b: ModelCard) -> str:
    """Return why the models cannot encode the same image; empty if they can."""
    if a.spec.shape != b.spec.shape:
        return f"The models need different images: A {a.spec}, B {b.spec}."
    if b.conditional and not same_classes(a, b):
        what = "conditions" if a.spec.conditions or b.spec.conditions else "classes"
        return (
            f"B is conditional, and its {what} are not those of A: no image can be encoded by both."
        )
    return ""


def are_nats_comparable(a: ModelCard, b: ModelCard) -> bool:
    """Return whether nats are comparable: both likelihoods are densities, or probabilities."""
    return measure_of(likelihood_of(a.recipe)) == measure_of(likelihood_of(b.recipe))


def nats_warning(a: ModelCard, b: ModelCard) -> str:
    """Return a warning about comparing the nats of both models; empty if there is none."""
    if not are_nats_comparable(a, b):
        kinds = f"{likelihood_of(a.recipe)}, {likelihood_of(b.recipe)}"
        return (
            f"The likelihoods differ ({kinds}), so nats cannot be compared. Compare the squared "
            "error."
        )
    if a.conditional != b.conditional:
        conditional = a if a.conditional else b
        if conditions := conditional.spec.conditions:
            names = listed([each.name for each in conditions])
            return f"{conditional.name} is given {names}, which lowers its loss."
        return (
            f"{conditional.name} is given the class, which lowers its loss by up to ln(classes) "
            "nats."
        )
    return ""


def training_data_note(a: ModelCard, b: ModelCard, held_out: int) -> str:
    """Return a sentence on whether the models were trained on the held-out images."""
    data = a.recipe.get("data", {})
    if a.data != data.get("kind") or not held_out:
        return "One or both models may have been trained on these images."
    if data != b.recipe.get("data"):
        return f"{a.name} was not trained on these images; {b.name} may have been."
    return "Neither model was trained on these images."


def _dimensions(card: ModelCard) -> str:
    return counted(card.latent_dim, "latent dimension")


SAMPLES = 50
"""Draws of z for the comparison of a single image."""


@dataclass(frozen=True, slots=True)
class OpenModelB(Request["Comparison"]):
    """Load B, or close it if `path` is None; if it fails to load, the answer gives the reason."""

    needs: ClassVar[Abilities] = ENCODER_DECODER
    lifetime: ClassVar[Lifetime] = Lifetime.CODES
    priority: ClassVar[Priority] = Priority.INTERACTIVE
    path: Path | None


@dataclass(frozen=True, slots=True)
class ComparePoint(Request["Comparison"]):
    """Decode one z with both models; `label` is the class for B if it needs one."""

    needs: ClassVar[Abilities] = ENCODER_DECODER
    lifetime: ClassVar[Lifetime] = Lifetime.CODES
    updates: ClassVar[type[Request[Any]] | None] = OpenModelB
    point: Point
    label: Label | None = None


@dataclass(frozen=True, slots=True)
class CompareImage(Request["Comparison"]):
    """Encode and reconstruct one image with both models (slow)."""

    needs: ClassVar[Abilities] = ENCODER_DECODER
    lifetime: ClassVar[Lifetime] = Lifetime.CODES
    updates: ClassVar[type[Request[Any]] | None] = OpenModelB
    original: Original
    label: Label | None = None
    """Class for B if the image has none."""
    samples: int = SAMPLES


@dataclass(frozen=True, slots=True)
class CompareImages(Request["Comparison"]):
    """Reconstruct several images of the map with both models."""

    needs: ClassVar[Abilities] = MODEL_ON_IMAGES
    lifetime: ClassVar[Lifetime] = Lifetime.CODES
    updates: ClassVar[type[Request[Any]] | None] = OpenModelB
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CompareMaps(Request["Comparison"]):
    """Encode the first `count` images of the map with B, and project the codes on a plane."""

    lifetime: ClassVar[Lifetime] = Lifetime.CODES
    updates: ClassVar[type[Request[Any]] | None] = OpenModelB
    modest: ClassVar[bool] = True
    priority: ClassVar[Priority] = Priority.BACKGROUND
    count: int


@dataclass(frozen=True, slots=True)
class CompareSummary(Request["Comparison"]):
    """Measure both models on the same held-out images (slow)."""

    needs: ClassVar[Abilities] = ENCODER_DECODER
    lifetime: ClassVar[Lifetime] = Lifetime.CODES
    updates: ClassVar[type[Request[Any]] | None] = OpenModelB
    priority: ClassVar[Priority] = Priority.BACKGROUND
    images: int = 500
    samples: int = 10
    seed: int = 0


@dataclass(frozen=True, slots=True)
class CompareMetrics(Request["Comparison"]):
    """Read the measurements of both models, and measure `COMPARED_METRICS` (slow) if wanted."""

    needs: ClassVar[Abilities] = ENCODER_DECODER
    lifetime: ClassVar[Lifetime] = Lifetime.CODES
    updates: ClassVar[type[Request[Any]] | None] = OpenModelB
    priority: ClassVar[Priority] = Priority.BACKGROUND
    measure: bool = False
    images: int = 1000
