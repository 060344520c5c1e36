"""A person's own image: records and requests."""

from __future__ import annotations

from dataclasses import dataclass, field
from dataclasses import field as part
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from latentlab.latent import ranking
from latentlab.session.request import Lifetime, Priority, Request

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from latentlab.data.own_image.crop import OwnImage
    from latentlab.latent.codes import Codes
    from latentlab.session.points import Original, Tiles

CENTERED = frozenset({"digits", "mnist"})
"""Kinds of data whose images were centred by their mass, so that drawings should be too."""
DARK, LIGHT = 64, 128
"""Byte below which an image's edge is dark, and above which it is light."""
LEVELS = (
    (0.5, "fine", "As usual"),
    (0.9, "fine", "Still usual"),
    (0.99, "watch", "Unusual"),
    (np.inf, "trouble", "Unlike the data"),
)


@dataclass(frozen=True, slots=True)
class ImageElbo:
    """How well the model knows a picture.

    Parameters
    ----------
    original : Original
        Which.
    reconstruction, rate : float
        The two parts of the negative ELBO, nats.
    """

    original: Original
    reconstruction: float
    rate: float

    @property
    def bound(self) -> float:
        """The negative ELBO, nats."""
        return self.reconstruction + self.rate


@dataclass(frozen=True, slots=True)
class ReferenceElbo:
    """How well the model knows the images on the map, of which a part was drawn at random.

    Parameters
    ----------
    bounds : ndarray of float64, shape (N,)
        Negative ELBO of each, nats, ascending.
    codes : Codes
        The map's, to which this belongs.
    """

    bounds: NDArray[np.float64] = field(repr=False)
    codes: Codes = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Inpaintings:
    """Ways to complete a picture, the most probable first.

    Parameters
    ----------
    original : Original
        The picture.
    hidden : ndarray of bool, shape (H, W)
        What of it was hidden.
    tiles : Tiles
        The completed pictures, and their z.
    log_joint : tuple of float
        log p(x_known|z) + log p(z) of each, nats.
    """

    original: Original
    hidden: NDArray[np.bool_] = field(repr=False, compare=False)
    tiles: Tiles
    log_joint: tuple[float, ...]


def unlikeness(judged: ImageElbo, usual: ReferenceElbo) -> tuple[str, str]:
    """Say how unlike the images on the map a picture is: a level and a sentence.

    The level is ``"fine"``, ``"watch"`` or ``"trouble"``. A grey picture on light ground, to
    which a model of light on black is blind, is told what to try.
    """
    count = len(usual.bounds)
    if not count:
        return "fine", "No images on the map to compare it with"
    share = ranking.unlikeness(judged.bound, usual.bounds) / 100
    level, words = next((level, words) for top, level, words in LEVELS if share < top)
    if ground_differs(judged.original):
        return level, f"Stranger than {100 * share:.0f} % of {count} images: try Crop, Invert"
    return level, f"{words}: stranger than {100 * share:.0f} % of {count} images"


def error_map(original: Original) -> NDArray[np.float64]:
    """Return how far off each pixel is, from 0 to 1, with shape (H, W); colours are averaged."""
    away = np.abs(original.picture.astype(np.float64) - original.reconstruction) / 255
    return away if away.ndim == 2 else away.mean(-1)


def pixel_rmse(original: Original) -> float:
    """Return the root of the mean squared difference of all values, where white is 1."""
    away = (original.picture.astype(np.float64) - original.reconstruction) / 255
    return float(np.sqrt(np.mean(away**2)))


def ground_differs(original: Original) -> bool:
    """Say whether a grey picture is light at its edges where the model makes them dark."""
    picture, made = original.picture, original.reconstruction
    return picture.ndim == 2 and _edge(picture) > LIGHT and _edge(made) < DARK


def _edge(picture: NDArray[np.uint8]) -> float:
    rim = (picture[0], picture[-1], picture[:, 0], picture[:, -1])
    return float(np.median(np.concatenate(rim)))


def channels_first(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return (H, W) or (H, W, 3) as (C, H, W)."""
    return picture[None] if picture.ndim == 2 else np.moveaxis(picture, -1, 0)


@dataclass(frozen=True, slots=True)
class EncodeOwnImage(Request["Original"]):
    """Encode a picture that is at hand, such as a drawing or another part of a photo."""

    priority: ClassVar[Priority] = Priority.INTERACTIVE
    lifetime: ClassVar[Lifetime] = Lifetime.SESSION
    own: OwnImage
    label: int | None = None
    settled: bool = True
    """False while a hand still draws, so that undo takes it as one step."""


@dataclass(frozen=True, slots=True)
class RenewOwnImage(Request["Original"]):
    """Encode the picture at hand once more, after the model has changed under it."""

    priority: ClassVar[Priority] = Priority.INTERACTIVE
    lifetime: ClassVar[Lifetime] = Lifetime.SESSION
    own: OwnImage
    label: int | None = None
    moves_z: bool = False
    """Whether z is its code, and stays so."""


@dataclass(frozen=True, slots=True)
class EstimateElbo(Request["ImageElbo"]):
    """Estimate how well the model knows a picture."""

    original: Original


@dataclass(frozen=True, slots=True)
class EstimateReferenceElbo(Request["ReferenceElbo"]):
    """Estimate how well the model knows some of the images on the map."""

    priority: ClassVar[Priority] = Priority.BACKGROUND


@dataclass(frozen=True, slots=True)
class Inpaint(Request["Inpaintings"]):
    """Fill in what is hidden of a picture by the most probable z."""

    original: Original
    hidden: NDArray[np.bool_] = part(repr=False, compare=False)
    seed: int = 0


@dataclass(frozen=True, slots=True)
class InpaintSamples(Request["Inpaintings"]):
    """Fill in what is hidden of a picture in several ways."""

    updates: ClassVar[type[Request[Any]] | None] = Inpaint
    original: Original
    hidden: NDArray[np.bool_] = part(repr=False, compare=False)
    seed: int = 0
