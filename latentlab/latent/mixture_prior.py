"""A mixture of Gaussians fitted to codes after training, to sample from instead of the prior."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from latentlab.data.sample import sample_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from latentlab.latent.codes import Codes

COMPONENTS = 10
MAX_IMAGES = 20_000
"""Maximum number of codes that the mixture is fitted to."""


def sample_mixture(
    codes: Codes, count: int, seed: int, components: int = COMPONENTS
) -> NDArray[np.float32]:
    """Fit a mixture to samples of the aggregate posterior, and draw points from it.

    Parameters
    ----------
    codes : Codes
        Posteriors of the images; at most `MAX_IMAGES` random ones are used. A deviation that is
        NaN counts as 0.
    count : int
        Number of points.
    seed : int
        Seed of the points, of either sign; the mixture is the same for all seeds.
    components : int
        Number of Gaussians, at most the number of images.

    Returns
    -------
    ndarray of float32, shape (count, D)

    References
    ----------
    From Variational to Deterministic Autoencoders, Ghosh et al., 2020, section 4.
    """
    from sklearn.mixture import GaussianMixture

    rows = sample_rows(len(codes), MAX_IMAGES)
    mu, sigma = codes.mu[rows], np.nan_to_num(codes.sigma[rows])
    posterior = mu + sigma * np.random.default_rng(0).standard_normal(mu.shape)
    mixture = GaussianMixture(min(components, len(mu)), random_state=0, reg_covar=1e-5)
    mixture.fit(posterior.astype(np.float64))
    mixture.random_state = seed % 2**32
    z, component = mixture.sample(count)
    # scikit-learn returns one component after another.
    order = np.random.default_rng(seed % 2**32).permutation(len(component))
    found: NDArray[np.float32] = z[order].astype(np.float32)
    return found
