"""The user's own image: records and requests."""

from __future__ import annotations

from dataclasses import dataclass, field
from dataclasses import field as part
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from latentlab.latent import ranking
from latentlab.session.abilities import (
    ENCODER_DECODER,
    ENCODER_DECODER_GRADIENT,
    MODEL_WITH_POSTERIORS,
    Abilities,
)
from latentlab.session.request import Lifetime, Priority, Request

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from latentlab.data.condition import Label
    from latentlab.data.own_image.crop import OwnImage
    from latentlab.latent.codes import Codes
    from latentlab.session.points import Original, Tiles

CENTRED_KINDS = frozenset({"digits", "mnist"})
"""Data kinds whose images are centred by mass, so that drawings are centred as well."""
DARK, LIGHT = 64, 128
"""Pixel values below which an image border is dark, and above which it is light."""
ELBO_LEVELS = (
    (0.5, "fine", "Typical"),
    (0.9, "fine", "Fairly typical"),
    (0.99, "watch", "Unusual"),
    (np.inf, "trouble", "Unlike the data"),
)


@dataclass(frozen=True, slots=True)
class ImageElbo:
    """Negative ELBO of an image.

    Parameters
    ----------
    original : Original
        The image.
    reconstruction, rate : float
        The two terms of the negative ELBO, nats.
    """

    original: Original
    reconstruction: float
    rate: float

    @property
    def bound(self) -> float:
        """Negative ELBO, nats."""
        return self.reconstruction + self.rate


@dataclass(frozen=True, slots=True)
class ReferenceElbo:
    """Negative ELBOs of a random sample of the images on the map.

    Parameters
    ----------
    bounds : ndarray of float64, shape (N,)
        Negative ELBO of each image, nats, ascending.
    codes : Codes
        Codes of the map that the sample is from.
    """

    bounds: NDArray[np.float64] = field(repr=False)
    codes: Codes = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Inpaintings:
    """Inpaintings of an image, the most probable first.

    Parameters
    ----------
    original : Original
        The image.
    hidden : ndarray of bool, shape (H, W)
        Mask of the hidden pixels.
    tiles : Tiles
        The inpainted images and their z.
    log_joint : tuple of float
        log p(x_known|z) + log p(z) of each, nats.
    """

    original: Original
    hidden: NDArray[np.bool_] = field(repr=False, compare=False)
    tiles: Tiles
    log_joint: tuple[float, ...]


def unlikeness(judged: ImageElbo, usual: ReferenceElbo) -> tuple[str, str]:
    """Return a level and a sentence on how unusual an image is among those on the map.

    The level is ``"fine"``, ``"watch"`` or ``"trouble"``. For a grey image with a light background
    and a model of light on black, the sentence suggests inverting the image.
    """
    count = len(usual.bounds)
    if not count:
        return "fine", "There are no images on the map to compare it with"
    share = ranking.percentile(judged.bound, usual.bounds) / 100
    level, words = next((level, words) for top, level, words in ELBO_LEVELS if share < top)
    if background_differs(judged.original):
        return level, f"Less likely than {100 * share:.0f} % of {count} images: try Crop, Invert"
    return level, f"{words}: less likely than {100 * share:.0f} % of {count} images"


def error_map(original: Original) -> NDArray[np.float64]:
    """Return the absolute error of each pixel in [0, 1], shape (H, W), averaged over channels."""
    picture, made = original.pair
    error = np.abs(picture.astype(np.float64) - made) / 255
    return error if error.ndim == 2 else error.mean(-1)


def pixel_rmse(original: Original) -> float:
    """Return the root mean squared error of the reconstruction, pixel range [0, 1]."""
    picture, made = original.pair
    error = (picture.astype(np.float64) - made) / 255
    return float(np.sqrt(np.mean(error**2)))


def background_differs(original: Original) -> bool:
    """Return whether a grey image has a light border and its reconstruction a dark one."""
    picture, made = original.pair
    return picture.ndim == 2 and _border_level(picture) > LIGHT and _border_level(made) < DARK


def _border_level(picture: NDArray[np.uint8]) -> float:
    border = (picture[0], picture[-1], picture[:, 0], picture[:, -1])
    return float(np.median(np.concatenate(border)))


def channels_first(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Convert an image of shape (H, W) or (H, W, 3) to (C, H, W)."""
    return picture[None] if picture.ndim == 2 else np.moveaxis(picture, -1, 0)


@dataclass(frozen=True, slots=True)
class EncodeOwnImage(Request["Original"]):
    """Encode an image in memory, such as a drawing or a crop of a photo."""

    needs: ClassVar[Abilities] = ENCODER_DECODER
    priority: ClassVar[Priority] = Priority.INTERACTIVE
    lifetime: ClassVar[Lifetime] = Lifetime.SESSION
    own: OwnImage
    label: Label | None = None
    settled: bool = True
    """False during a stroke, so that undo treats the stroke as one step."""


@dataclass(frozen=True, slots=True)
class EncodeOwnImageAgain(Request["Original"]):
    """Encode the current image again after the weights changed."""

    needs: ClassVar[Abilities] = ENCODER_DECODER
    priority: ClassVar[Priority] = Priority.INTERACTIVE
    lifetime: ClassVar[Lifetime] = Lifetime.SESSION
    own: OwnImage
    label: Label | None = None
    moves_z: bool = False
    """Whether z is its code and follows it."""


@dataclass(frozen=True, slots=True)
class EstimateElbo(Request["ImageElbo"]):
    """Estimate the ELBO of an image."""

    needs: ClassVar[Abilities] = MODEL_WITH_POSTERIORS
    original: Original


@dataclass(frozen=True, slots=True)
class EstimateReferenceElbo(Request["ReferenceElbo"]):
    """Estimate the ELBO of a sample of the images on the map."""

    needs: ClassVar[Abilities] = MODEL_WITH_POSTERIORS
    priority: ClassVar[Priority] = Priority.BACKGROUND


@dataclass(frozen=True, slots=True)
class Inpaint(Request["Inpaintings"]):
    """Inpaint the hidden pixels of an image with the most probable z."""

    needs: ClassVar[Abilities] = ENCODER_DECODER_GRADIENT
    original: Original
    hidden: NDArray[np.bool_] = part(repr=False, compare=False)
    seed: int = 0


@dataclass(frozen=True, slots=True)
class InpaintSamples(Request["Inpaintings"]):
    """Inpaint the hidden pixels of an image with several samples of z."""

    needs: ClassVar[Abilities] = ENCODER_DECODER
    updates: ClassVar[type[Request[Any]] | None] = Inpaint
    original: Original
    hidden: NDArray[np.bool_] = part(repr=False, compare=False)
    seed: int = 0
