"""Linear Gaussian model x = W z + b + noise, with closed-form distributions."""

import torch
from torch.distributions import Independent, Normal

from latentlab.models.base import Model


class LinearGaussian(Model):
    """W has orthogonal columns, so that `encode` can return the exact, diagonal posterior."""

    def __init__(self, shape=(1, 4, 5), latent_dim=3, sigma=0.2, seed=0):
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.shape, self.latent_dim, self.sigma = shape, latent_dim, sigma
        pixels = shape[0] * shape[1] * shape[2]
        basis = torch.linalg.qr(torch.randn(pixels, latent_dim, generator=generator))[0]
        self.weight = torch.nn.Parameter(basis * torch.linspace(0.4, 0.8, latent_dim))
        self.bias = torch.nn.Parameter(torch.rand(pixels, generator=generator))
        self.eval()

    def encode(self, x, y=None):
        precision = 1 + self.weight.square().sum(0) / self.sigma**2
        mean = (x.flatten(1) - self.bias) @ self.weight / self.sigma**2 / precision
        return Independent(Normal(mean, precision.rsqrt().expand_as(mean)), 1)

    def decode(self, z, y=None):
        mean = (z @ self.weight.T + self.bias).unflatten(-1, self.shape)
        return Independent(Normal(mean, torch.full_like(mean, self.sigma)), 3)
