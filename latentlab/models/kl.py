"""Kullback-Leibler divergence, in closed form if there is one, else estimated from samples."""

import torch
from torch import Tensor
from torch.distributions import Distribution, Independent, kl_divergence

from latentlab.models.posteriors.deterministic import Delta
from latentlab.models.posteriors.posterior import Layered


def kl(q: Distribution, p: Distribution, z: Tensor) -> Tensor:
    """Return KL(q || p) per image.

    Parameters
    ----------
    q, p : Distribution
        Posterior, with batch shape (B,), and prior.
    z : Tensor
        Samples of `q`, with shape (B, D), for the estimate log q(z) - log p(z) if no closed
        form is known.

    Returns
    -------
    Tensor
        Nats per image, with shape (B,); 0 for deterministic codes, whose loss has no KL.

    References
    ----------
    Auto-Encoding Variational Bayes, Kingma & Welling, 2013, eq. 10 (closed form for
    Gaussians) and eq. 6 (sampled).
    """
    if isinstance(q, Delta):
        return torch.zeros_like(q.code[:, 0])
    if isinstance(q, Layered):
        return torch.stack([*q.kl_of_layers(z).values()]).sum(0)
    try:
        return kl_divergence(q, p)
    except NotImplementedError:
        return q.log_prob(z) - p.log_prob(z)


def kl_per_dimension(q: Distribution, p: Distribution) -> Tensor:
    """Return KL(q_d || p_d) per image and latent dimension, for diagonal distributions.

    Returns
    -------
    Tensor
        Nats, with shape (B, D).

    Raises
    ------
    NotImplementedError
        If the dimensions of `q` or `p` are not independent.
    """
    if not isinstance(q, Independent) or not isinstance(p, Independent):
        raise NotImplementedError("free bits need a posterior of independent dimensions")
    return kl_divergence(q.base_dist, p.base_dist)
