"""The convolutional VAE and its conditional twin: sizes, and architecture E as its text has it."""

from itertools import pairwise

import pytest
import torch
from torch import nn

from latentlab.data.image_set import ImageSpec
from latentlab.errors import RecipeError
from latentlab.models.conv import channels, feature_sizes
from latentlab.models.conv_vae import ConvCVAEConfig, ConvVAEConfig
from latentlab.models.likelihoods import GaussianLikelihood
from latentlab.models.thread_rng import SeededRng

SIZES = [(1, 1), (4, 4), (5, 7), (28, 20), (28, 28), (50, 70), (96, 96), (128, 128), (3, 40)]
ARCHITECTURES = pytest.mark.parametrize("architecture", ["residual", "reference"])
E = {"architecture": "reference", "width": 32, "latent_dim": 128}


@pytest.mark.parametrize(
    ("size", "smallest", "count"),
    [
        ((64, 64), (4, 4), 4),
        ((28, 28), (4, 4), 3),
        ((128, 128), (4, 4), 5),
        ((96, 96), (6, 6), 4),
        ((50, 70), (4, 5), 4),
        ((5, 7), (3, 4), 1),
        ((1, 1), (1, 1), 1),
    ],
)
def test_depth_follows_from_the_size(size, smallest, count):
    sizes = feature_sizes(size)
    assert (sizes[0], sizes[-1], len(sizes) - 1) == (size, smallest, count)


def test_channels_double_up_to_eight_times():
    assert channels(32, 4) == [32, 64, 128, 256]
    assert channels(3, 6) == [3, 6, 12, 24, 24, 24]


@ARCHITECTURES
@pytest.mark.parametrize("colours", [1, 3])
@pytest.mark.parametrize("size", SIZES)
def test_any_size_goes_in_and_comes_out(architecture, colours, size):
    config = ConvVAEConfig(architecture=architecture, width=8, latent_dim=3)
    with SeededRng(0):
        model = config.build(ImageSpec((colours, *size)))
        x = torch.rand(2, colours, *size)
    p = model.decode(model.encode(x).mean)
    assert p.mean.shape == x.shape
    assert p.mean.is_contiguous()
    p.log_prob(x).sum().backward()
    first = model.encoder.stem.weight.grad
    assert first.isfinite().all()
    assert first.any()


@ARCHITECTURES
@pytest.mark.parametrize("size", [(9, 11), (16, 12)])
def test_every_pixel_counts_and_can_be_made(architecture, size):
    """Also those at the edges of odd sizes, which a half rounded down would lose."""
    config = ConvVAEConfig(architecture=architecture, width=8, latent_dim=5)
    with SeededRng(0):
        model = config.build(ImageSpec((1, *size)))
        x = torch.rand(1, 1, *size).requires_grad_()
    model.encode(x).mean.sum().backward()
    assert (x.grad != 0).all()
    z = torch.zeros(1, 5, requires_grad=True)
    p = model.decode(z).mean
    edges = [p[0, 0, -1, -1], p[0, 0, 0, -1], p[0, 0, -1, 0]]
    assert all(torch.autograd.grad(e, z, retain_graph=True)[0].any() for e in edges)


class BareE(nn.Module):
    """Architecture E as its text writes it: pixels from -1 to 1, tanh, squared error."""

    def __init__(self):
        super().__init__()
        sides = (3, 32, 64, 128, 256)
        down = [nn.Conv2d(a, b, 4, 2, 1) for a, b in pairwise(sides)]
        self.down = nn.ModuleList(down)
        self.heads = nn.Linear(256 * 16, 256)
        self.first = nn.Linear(128, 256 * 16)
        back = sides[::-1]
        up = [nn.ConvTranspose2d(a, b, 4, 2, 1) for a, b in pairwise(back)]
        self.up = nn.ModuleList(up)

    def encode(self, x):
        for layer in self.down:
            x = layer(x).relu()
        return self.heads(x.flatten(1)).chunk(2, 1)

    def decode(self, z):
        h = self.first(z).view(-1, 256, 4, 4)
        for layer in self.up[:-1]:
            h = layer(h).relu()
        return self.up[-1](h).tanh()


def test_the_reference_is_architecture_e_to_the_digit():
    model = ConvVAEConfig(**E, likelihood=GaussianLikelihood(sigma=8**-0.5)).build(
        ImageSpec((3, 64, 64))
    )
    bare = BareE()
    weights = [*model.encoder.parameters(), *model.decoder.parameters()]
    assert [w.shape for w in weights] == [w.shape for w in bare.parameters()]
    with torch.no_grad():
        for one, other in zip(bare.parameters(), weights, strict=True):
            one.copy_(other)
        with SeededRng(1):
            x, z = torch.rand(4, 3, 64, 64), torch.randn(4, 128)
        q, (mu, log_var) = model.encode(x), bare.encode(2 * x - 1)
        torch.testing.assert_close(q.mean, mu, atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(q.stddev, (0.5 * log_var).exp(), atol=1e-5, rtol=1e-4)
        p, made = model.decode(z), bare.decode(z)
        torch.testing.assert_close(p.mean, (made + 1) / 2, atol=1e-5, rtol=1e-4)
        squares = (made - (2 * x - 1)).square().sum((1, 2, 3))
        # What training/README.md says to add for the reference's own figure.
        torch.testing.assert_close(squares, 1484.2 - p.log_prob(x), atol=0.5, rtol=1e-4)


def test_the_better_default_has_no_transposed_convolutions_and_no_buffers():
    model = ConvVAEConfig().build(ImageSpec((3, 64, 64)))
    kinds = {type(module) for module in model.modules()}
    assert nn.GroupNorm in kinds
    assert nn.SiLU in kinds
    assert not any(issubclass(kind, nn.ConvTranspose2d) for kind in kinds)
    assert not list(model.buffers())


def test_the_twin_refuses_images_without_labels():
    with pytest.raises(RecipeError, match="needs labels"):
        ConvCVAEConfig().build(ImageSpec((3, 8, 8)))


@ARCHITECTURES
def test_the_label_is_told_at_both_ends(architecture):
    config = ConvCVAEConfig(architecture=architecture, width=2, latent_dim=3)
    model = config.build(ImageSpec((1, 8, 8), ("ant", "bee", "cat")))
    assert model.encoder.label.weight.shape == (3, 2)
    assert model.decoder.label.weight.shape == (3, model.decoder.first.out_features)
