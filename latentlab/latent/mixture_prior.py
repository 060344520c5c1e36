"""A mixture of Gaussians fitted to codes after training, to sample from instead of the prior."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from latentlab.latent.codes import Codes

COMPONENTS = 10
MAX_IMAGES = 20_000
"""Maximum number of codes that the mixture is fitted to."""


@dataclass(frozen=True)
class MixturePrior:
    """Mixture of Gaussians with full covariances; ``fitted`` is scikit-learn's."""

    fitted: Any

    def sample(self, count: int, seed: int) -> NDArray[np.float32]:
        """Draw points of shape (count, D); equal seeds give equal points."""
        self.fitted.random_state = seed
        z, component = self.fitted.sample(count)
        # scikit-learn returns one component after another.
        order = np.random.default_rng(seed).permutation(len(component))
        return z[order].astype(np.float32)


def fit_mixture(codes: Codes, components: int = COMPONENTS, seed: int = 0) -> MixturePrior:
    """Fit a mixture to samples of the aggregate posterior, one for each image.

    Parameters
    ----------
    codes : Codes
        Posteriors of the images; at most `MAX_IMAGES` are used.
    components : int
        Number of Gaussians, at most the number of images.
    seed : int
        Seed of the samples and of the initial components.

    References
    ----------
    From Variational to Deterministic Autoencoders, Ghosh et al., 2020, section 4.
    """
    from sklearn.mixture import GaussianMixture

    mu, sigma = codes.mu[:MAX_IMAGES], codes.sigma[:MAX_IMAGES]
    z = mu + sigma * np.random.default_rng(seed).standard_normal(mu.shape)
    mixture = GaussianMixture(min(components, len(z)), random_state=seed, reg_covar=1e-5)
    return MixturePrior(mixture.fit(z.astype(np.float64)))
