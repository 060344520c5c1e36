"""Rate and distortion of probabilistic PCA, the linear baseline of a rate-distortion plot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from latentlab.data.sample import sample_rows
from latentlab.errors import DataError
from latentlab.latent.encode import to_model_input
from latentlab.metrics.source import in_background
from latentlab.work import Progress

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

    from latentlab.data.image_set import ImageSet
    from latentlab.models.base import Model
    from latentlab.models.likelihoods import Reader

MAX_TRAINING = 5000
"""Training images that the components are fitted to at most."""
BATCH = 64
DARKEST = 1 / 256
"""Decoded pixels are clipped to this distance from black and white: log 0 would be infinite."""
TOLERANCE = 1e-3
HOW = (
    f"PCA: probabilistic PCA of up to {MAX_TRAINING:,} training images (Tipping & Bishop, 1999), "
    "with as many components as the model has latent dimensions. Its rate is the KL of its "
    "posteriors from N(0, I); its distortion is that of its posteriors decoded under the "
    "likelihood of the run, with pixels clipped to 1/256 and 255/256."
)


@dataclass(frozen=True)
class LinearModel:
    """Probabilistic PCA, x = mean + W z + noise with z ~ N(0, I).

    Parameters
    ----------
    mean : ndarray of float64, shape (P,)
        Mean image.
    components : ndarray of float64, shape (D, P)
        Orthonormal principal components u.
    variances : ndarray of float64, shape (D,)
        Variances λ along the components.
    noise : float
        Variance σ² of the noise, the mean of the other variances.
    """

    mean: NDArray[np.float64]
    components: NDArray[np.float64]
    variances: NDArray[np.float64]
    noise: float

    @property
    def scales(self) -> NDArray[np.float64]:
        """Length of each column of W, √(λ - σ²), shape (D,)."""
        return np.sqrt((self.variances - self.noise).clip(0))

    def posterior(self, x: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return mean (B, D) and variance (D,) of q(z|x) for images x of shape (B, P).

        References
        ----------
        Probabilistic Principal Component Analysis, Tipping & Bishop, 1999, section 3.2: WᵀW + σ²I
        is the diagonal matrix of the λ.
        """
        mean: NDArray[np.float64] = (x - self.mean) @ self.components.T * self.scales
        return mean / self.variances, self.noise / self.variances

    def rates(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return KL(q(z|x) ‖ N(0, I)) of each image in nats, shape (B,)."""
        mean, variance = self.posterior(x)
        constant = (variance - 1 - np.log(variance)).sum()
        found: NDArray[np.float64] = (np.square(mean).sum(1) + constant) / 2
        return found

    def decode(self, z: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return decoded means, (B, P)."""
        means: NDArray[np.float64] = self.mean + (z * self.scales) @ self.components
        return means


def fit_linear(images: NDArray[Any], latent_dim: int) -> LinearModel:
    """Fit probabilistic PCA to images of shape (N, P) with pixels in [0, 1].

    References
    ----------
    Probabilistic Principal Component Analysis, Tipping & Bishop, 1999, eq. 8: σ² is the mean of
    the P - D other variances.

    Raises
    ------
    DataError
        If there are not more images and pixels than components.
    """
    from sklearn.decomposition import PCA

    if latent_dim >= min(images.shape[0] - 1, images.shape[1]):
        raise DataError(f"PCA with {latent_dim} components needs more images than components.")
    pca = PCA(latent_dim, random_state=0).fit(images)
    # scikit-learn averages only the variances that it estimates, of which few images have few.
    count, pixels = images.shape
    share = (min(count, pixels) - latent_dim) / (pixels - latent_dim)
    # Constant images have no variance, and a variance of 0 no logarithm.
    noise = max(float(pca.noise_variance_) * share, 1e-8)
    return LinearModel(
        np.asarray(pca.mean_, np.float64),
        np.asarray(pca.components_, np.float64),
        np.asarray(pca.explained_variance_, np.float64).clip(noise),
        noise,
    )


def linear_rate_distortion(
    model: Model, images: ImageSet, training: ImageSet, draws: int, seed: int
) -> Generator[Progress, None, tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Return rate and distortion of probabilistic PCA for each image, in nats, shapes (N,).

    Parameters
    ----------
    model : Model
        Its likelihood measures the distortion, and its number of dimensions is that of PCA.
    images, training : ImageSet
        Images to measure on, and those that the components are fitted to.
    draws, seed : int
        Draws of z per image, and their seed.

    Raises
    ------
    DataError
        If the likelihood is not given by the decoded image, or there are too few images.
    """
    reader, shape = _reader_of(model), images.spec.shape
    rows = sample_rows(len(training), MAX_TRAINING)
    few = to_model_input(training.images[rows]).flatten(1).double().numpy()
    linear = yield from in_background(lambda: fit_linear(few, model.latent_dim), "PCA")
    rng = np.random.default_rng(seed)
    rates, distortions = [], []
    for start in range(0, len(images), BATCH):
        x = to_model_input(images.images[start : start + BATCH])
        flat = x.flatten(1).double().numpy()
        mean, variance = linear.posterior(flat)
        total = np.zeros(len(flat))
        for _ in range(draws):
            z = mean + np.sqrt(variance) * rng.standard_normal(mean.shape)
            pixels = torch.from_numpy(linear.decode(z)).float().unflatten(1, shape)
            with torch.inference_mode():
                p = reader(pixels.clamp(DARKEST, 1 - DARKEST).logit())
                total -= p.log_prob(x).double().numpy()
            yield Progress("PCA", start / len(images))
        rates.append(linear.rates(flat))
        distortions.append(total / draws)
    return np.concatenate(rates), np.concatenate(distortions)


def _reader_of(model: Model) -> Reader:
    """Return the function from logits of the mean to p(x|z).

    Raises
    ------
    DataError
        If the likelihood has other parameters per pixel than its mean.
    """
    reader: Reader | None = None
    for part in model.modules():
        found: Any = getattr(part, "likelihood", None)
        if callable(found):
            reader = found
            break
    middle = torch.full((1, 2, 1, 1), 0.25)
    if reader is not None:
        with torch.inference_mode():
            mean = reader(middle.logit()).mean
        if mean.shape == middle.shape and (mean - middle).abs().max() < TOLERANCE:
            return reader
    raise DataError("The likelihood of the run does not follow from a decoded image alone.")
