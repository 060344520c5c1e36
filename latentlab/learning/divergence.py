"""The Kullback-Leibler divergence, closed where it can be and sampled where it cannot."""

from torch import Tensor
from torch.distributions import Distribution, kl_divergence


def kl(q: Distribution, p: Distribution, z: Tensor) -> Tensor:
    """Return KL(q || p) per image.

    Parameters
    ----------
    q, p : Distribution
        Posterior, with batch shape (B,), and prior.
    z : Tensor
        Samples of `q`, with shape (B, D), for the estimate log q(z) - log p(z) where no
        closed form is known.

    Returns
    -------
    Tensor
        Nats per image, with shape (B,).

    References
    ----------
    Auto-Encoding Variational Bayes, Kingma & Welling, 2013, eq. 10 (closed form for
    Gaussians) and eq. 6 (sampled).
    """
    try:
        return kl_divergence(q, p)
    except NotImplementedError:
        return q.log_prob(z) - p.log_prob(z)
