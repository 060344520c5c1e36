"""Inpainting: what a model predicts for the hidden pixels of an image, given the others.

The model does not change: gradients are taken with respect to z only.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import numpy as np
import torch

from latentlab.latent.encode import to_model_input
from latentlab.latent.optimizing import load_optimizers
from latentlab.models.thread_rng import SeededRng
from latentlab.work import in_thread

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray
    from torch import Tensor
    from torch.distributions import Independent

    from latentlab.data.condition import Label
    from latentlab.models.base import Model

ADAM_BETAS = (0.8, 0.9)
LEARNING_RATE = 0.2
"""Learning rate: the length of a first step in z, where the prior has deviation 1."""

PRIOR_SAMPLES, SCREENED_AT_ONCE = 512, 32
"""Samples of the prior that are screened as starting points, and how many at a time."""
SCREENING_SHARE = 0.1
"""Share of the progress that the screening counts for."""


@dataclass(frozen=True, slots=True)
class Inpainting:
    """Completions of an image, the most probable first.

    Parameters
    ----------
    z : ndarray of float32, shape (N, D)
        Their codes.
    images : ndarray of uint8, shape (N, C, H, W)
        Observed pixels as in the image, hidden pixels as decoded from z.
    log_joint : ndarray of float64, shape (N,)
        log p(x_known|z) + log p(z) of each, nats, given the label.
    """

    z: NDArray[np.float32]
    images: NDArray[np.uint8] = field(repr=False)
    log_joint: NDArray[np.float64] = field(repr=False)


@dataclass(frozen=True, slots=True)
class MaskedImage:
    """An image with hidden pixels.

    Parameters
    ----------
    image : ndarray of uint8, shape (C, H, W)
        Pixels; values of hidden ones are ignored.
    known : ndarray of bool, shape (H, W)
        Observation mask, True where a pixel is observed.
    label : int, tuple of float, or None
        Class, for a conditional model.
    """

    image: NDArray[np.uint8] = field(repr=False)
    known: NDArray[np.bool_] = field(repr=False)
    label: Label | None = None

    def pixels(self) -> Tensor:
        """Return the image as the input of a model, with shape (1, C, H, W)."""
        return to_model_input(self.image[None])

    def mask(self) -> Tensor:
        """Return the observation mask, with shape (1, 1, H, W)."""
        return torch.from_numpy(np.array(self.known))[None, None]


def map_inpaint(
    model: Model, damaged: MaskedImage, steps: int = 150, restarts: int = 8, seed: int = 0
) -> Generator[float, None, Inpainting]:
    """Find the z that explains the observed pixels best, yielding the share done.

    log p(x_known|z) + log p(z) is maximised by Adam, with a cosine decay of the learning rate,
    from several points at once: the code of the image whose hidden pixels are the mean of the
    observed ones, and the best of many samples of the prior, because there may be several
    plausible completions. The first result is the best.

    Parameters
    ----------
    model : Model
        Not changed.
    damaged : MaskedImage
        Image to complete.
    steps, restarts : int
        Number of steps, and of starting points.
    seed : int
        Equal seeds give equal results.

    Returns
    -------
    Inpainting
        One completion per restart.
    """
    x, known = damaged.pixels(), damaged.mask()
    z = yield from _starts(model, damaged, restarts, seed)
    y = _labels(model, damaged, restarts)
    for _ in in_thread(load_optimizers):
        yield SCREENING_SHARE
    z.requires_grad_(True)
    optimizer = torch.optim.Adam([z], LEARNING_RATE, ADAM_BETAS, maximize=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for step in range(1, steps + 1):
        (z.grad,) = torch.autograd.grad(_log_joint(model, z, x, known, y).sum(), z)
        optimizer.step()
        schedule.step()
        yield SCREENING_SHARE + (1 - SCREENING_SHARE) * step / steps
    return _inpainting(model, damaged, z)


def _starts(
    model: Model, damaged: MaskedImage, count: int, seed: int
) -> Generator[float, None, Tensor]:
    """Return the code of the mean-filled image and the best samples of the prior, (count, D)."""
    x, known = damaged.pixels(), damaged.mask()
    y = _labels(model, damaged, SCREENED_AT_ONCE)
    with torch.no_grad(), SeededRng(seed):
        drawn = model.draw_prior(PRIOR_SAMPLES, _labels(model, damaged, PRIOR_SAMPLES))
        code = model.encode(_mean_filled(x, known), _labels(model, damaged, 1)).mean
    joint = []
    for start in range(0, PRIOR_SAMPLES, SCREENED_AT_ONCE):
        with torch.no_grad():
            joint.append(_log_joint(model, drawn[start : start + SCREENED_AT_ONCE], x, known, y))
        yield SCREENING_SHARE * (start + SCREENED_AT_ONCE) / PRIOR_SAMPLES
    best = torch.cat(joint).topk(count - 1).indices
    return torch.cat([code, drawn[best]])


def sample_inpaintings(
    model: Model, damaged: MaskedImage, count: int = 6, sweeps: int = 30, seed: int = 0
) -> Generator[float, None, Inpainting]:
    """Draw different completions of an image, yielding the share done.

    Each chain starts from a decoded sample of the prior. It alternates between a draw of z from
    q(z|x) and replacing the hidden pixels by the mean of p(x|z); the observed ones stay. The
    reference also draws the pixels, but independent noise per pixel is unlike the training
    images of the encoder.

    Parameters
    ----------
    model : Model
        Not changed.
    damaged : MaskedImage
        Image to complete.
    count, sweeps : int
        Number of chains, and their length.
    seed : int
        Equal seeds give equal results.

    Returns
    -------
    Inpainting
        One completion per chain.

    References
    ----------
    Stochastic Backpropagation and Approximate Inference in Deep Generative Models, Rezende,
    Mohamed & Wierstra, 2014, appendix F.
    """
    x, known, noise = damaged.pixels(), damaged.mask(), SeededRng(seed)
    y = _labels(model, damaged, count)
    with torch.inference_mode(), noise:
        z = model.draw_prior(count, y)
    for sweep in range(sweeps):
        with torch.inference_mode(), noise:
            filled = torch.where(known, x, model.decode(z, y).mean)
            z = model.encode(filled, y).sample()
        yield (sweep + 1) / sweeps
    return _inpainting(model, damaged, z)


def _inpainting(model: Model, damaged: MaskedImage, z: Tensor) -> Inpainting:
    """Return the completions of codes of shape (N, D), the most probable first."""
    x, known = damaged.pixels(), damaged.mask()
    with torch.inference_mode():
        y = _labels(model, damaged, len(z))
        log_joint = _log_joint(model, z.detach(), x, known, y).double().numpy()
        decoded = model.decode(z.detach(), y).mean
    pixels = decoded.mul(255).round_().clamp_(0, 255).to(torch.uint8).numpy()
    order = np.argsort(-log_joint, kind="stable")
    images = np.where(damaged.known, damaged.image, pixels)
    return Inpainting(z.detach().numpy()[order], images[order], log_joint[order])


def _log_joint(model: Model, z: Tensor, x: Tensor, known: Tensor, y: Tensor | None) -> Tensor:
    """Return log p(x_known|z) + log p(z) of each z, with shape (N,)."""
    p = cast("Independent", model.decode(z, y))
    each = p.base_dist.log_prob(x.expand(len(z), *x.shape[1:]))
    return each.mul(known).flatten(1).sum(1) + model.prior(y).log_prob(z)


def _mean_filled(x: Tensor, known: Tensor) -> Tensor:
    """Return the image with hidden pixels set to the mean of the observed ones, by channel."""
    count = known.sum().clamp(min=1)
    mean = (x * known).sum((-2, -1), keepdim=True) / count
    return torch.where(known, x, mean)


def _labels(model: Model, damaged: MaskedImage, count: int) -> Tensor | None:
    return torch.tensor([damaged.label or 0] * count) if model.conditional else None
