"""Encoding and decoding in batches, from and to arrays."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from latentlab.data.image_set import ImageSpec
from latentlab.data.pixels import displayed
from latentlab.latent.codes import Codes
from latentlab.models.thread_rng import SeededRng

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from numpy.typing import NDArray
    from torch.distributions import Distribution

    from latentlab.data.condition import LabelArray
    from latentlab.data.image_set import ImageSet
    from latentlab.models.base import Model

BATCH = 2048
PIECE_S = 0.008
"""Target seconds of thread time per piece of encoding; time without a core does not count."""
FIRST_PIECE_IMAGES = 16
"""Images in the first piece, before the time per image is known."""
MIN_ENCODED_IMAGES = 256
"""Images that are always encoded, even if this takes longer than the limit."""
FIRST_DECODED_POINTS = 64
"""Points in the first batch, before the size of their images is known."""


@torch.inference_mode()
def encode(model: Model, images: ImageSet) -> Codes:
    """Return the codes of a set of images; sigma is NaN without a posterior."""
    mu, sigma = [], []
    size = images.spec.at_once(BATCH)
    for start in range(0, len(images), size):
        part = images[start : start + size]
        q = model.encode(to_model_input(part.images), label_tensor(model, part.y))
        mu.append(q.mean.numpy())
        known = q.stddev if model.has_posterior else torch.full_like(q.mean, torch.nan)
        sigma.append(known.numpy())
    empty = np.empty((0, model.latent_dim), np.float32)
    return Codes.of(
        images,
        np.concatenate(mu) if mu else empty,
        np.concatenate(sigma) if sigma else empty,
    )


def encode_pieces(model: Model, images: ImageSet, had: Codes) -> Generator[float, None, Codes]:
    """Encode the images after the first ones, whose codes are `had`, in pieces of `PIECE_S`.

    Yields
    ------
    float
        Share of all images that is done, 0 to 1.

    Returns
    -------
    Codes
        Codes of all images, those in `had` included.
    """
    done, size = len(had), FIRST_PIECE_IMAGES
    mu, sigma = (np.empty((len(images), model.latent_dim), np.float32) for _ in range(2))
    mu[:done], sigma[:done] = had.mu, had.sigma
    while done < len(images):
        rows = slice(done, done + size)
        start = time.thread_time()
        found = encode(model, images[rows])
        mu[rows], sigma[rows] = found.mu, found.sigma
        done += len(found)
        speedup = PIECE_S / max(1e-6, time.thread_time() - start)
        size = int(np.clip(size * min(2.0, speedup), 1, BATCH))
        yield done / len(images)
    return Codes.of(images, mu, sigma)


def encode_within(model: Model, images: ImageSet, seconds: float) -> Generator[float, None, Codes]:
    """Encode all images if that takes at most `seconds` of thread time, else only the first ones.

    Their number is then `FEW`, doubled as often as there is time for. It does not depend on the
    load of the machine.

    Yields
    ------
    float
        Share done, 0 to 1, after each piece of `PIECE_S`.
    """
    needed, none = 0.0, empty_codes(model.latent_dim)
    pieces = encode_pieces(model, images[:MIN_ENCODED_IMAGES], none)
    while True:
        began = time.thread_time()
        try:
            share = next(pieces)
        except StopIteration as done:
            few: Codes = done.value
            break
        needed += time.thread_time() - began
        yield share
    count, fits = len(few), len(images) * needed <= seconds * len(few)
    while not fits and 2 * count * needed <= seconds * len(few):
        count *= 2
    return (yield from encode_pieces(model, images if fits else images[:count], few))


def empty_codes(latent_dim: int) -> Codes:
    """Return the codes of an empty set of images."""
    empty = np.empty((0, latent_dim), np.float32)
    return Codes(empty, empty, None)


def decode(model: Model, z: NDArray[np.float32], labels: LabelArray | None) -> NDArray[np.uint8]:
    """Decode points to images, the means of p(x|z).

    Parameters
    ----------
    model : Model
        Model that decodes.
    z : ndarray of float32, shape (N, D)
        Latent points.
    labels : ndarray, shape (N,) of int64 or (N, K) of float32, or None
        Required by a conditional model, ignored by others.

    Returns
    -------
    ndarray of uint8, shape (N, H, W) for grey or (N, H, W, 3) for colour
    """
    means = _decoded(model, z, labels, _mean)
    return to_hwc(np.concatenate([to_bytes(mean).numpy() for mean in means]))


def decode_means(
    model: Model, z: NDArray[np.float32], labels: LabelArray | None
) -> NDArray[np.float32]:
    """Decode points like `decode`, to float32 in [0, 1] of shape (N, C, H, W)."""
    means = _decoded(model, z, labels, _mean)
    return np.concatenate([mean.clamp(0, 1).numpy() for mean in means])


def decode_samples(
    model: Model, z: NDArray[np.float32], labels: LabelArray | None, seed: int
) -> NDArray[np.float32]:
    """Decode points to one sample of p(x|z) each, limited to [0, 1].

    Each batch continues the random numbers of `seed`, which do not depend on `z`: where z moves a
    little, the noise stays.

    Returns
    -------
    ndarray of float32, shape (N, C, H, W)
    """
    rng = torch.Generator().manual_seed(seed)

    def draw(p: Distribution) -> torch.Tensor:
        with SeededRng.of(rng):
            drawn: torch.Tensor = p.sample()
        return drawn

    samples = _decoded(model, z, labels, draw)
    return np.concatenate([sample.clamp(0, 1).numpy() for sample in samples])


def to_bytes(images: torch.Tensor) -> torch.Tensor:
    """Return images in [0, 1] as bytes 0 to 255, rounded."""
    return images.mul(255).round_().clamp_(0, 255).to(torch.uint8)


def _mean(p: Distribution) -> torch.Tensor:
    mean: torch.Tensor = p.mean
    return mean


@torch.inference_mode()
def _decoded(
    model: Model,
    z: NDArray[np.float32],
    labels: LabelArray | None,
    read: Callable[[Distribution], torch.Tensor],
) -> Generator[torch.Tensor]:
    """Yield what `read` takes from p(x|z) in batches; one empty batch for no points."""
    start, size = 0, FIRST_DECODED_POINTS
    while start == 0 or start < len(z):
        rows = slice(start, start + size)
        points = torch.from_numpy(np.ascontiguousarray(z[rows], np.float32))
        p = model.decode(points, label_tensor(model, None if labels is None else labels[rows]))
        images = read(p)
        yield images
        channels, height, width = images.shape[1:]
        start, size = rows.stop, ImageSpec((channels, height, width)).at_once(BATCH)


def to_model_input(images: NDArray[Any]) -> torch.Tensor:
    """Return images as the input of a model: float32 in [0, 1], shape (N, C, H, W).

    Bytes are divided by 255; floats are in [0, 1] already.
    """
    pixels = torch.from_numpy(np.array(images)).to(torch.float32)
    return pixels.div_(255) if images.dtype == np.uint8 else pixels


def to_hwc(images: NDArray[Any]) -> NDArray[np.uint8]:
    """Return (..., C, H, W) as bytes (..., H, W) for grey or (..., H, W, 3) for colour.

    See `displayed` for other numbers of channels.
    """
    shown = displayed(images)
    if shown.shape[-3] == 1:
        return np.ascontiguousarray(shown[..., 0, :, :])
    return np.ascontiguousarray(np.moveaxis(shown, -3, -1))


def label_tensor(model: Model, labels: LabelArray | None) -> torch.Tensor | None:
    """Return labels as a tensor for a conditional model; None for other models."""
    if not model.conditional:
        return None
    if labels is None:
        raise ValueError("a conditional model needs labels")
    return torch.from_numpy(np.array(labels))
