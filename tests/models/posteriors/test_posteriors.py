"""The density and the moments of the posteriors that are no Gaussian."""

import math

import pytest
import torch
from torch.distributions import Normal

from latentlab.learning.noise import Noise, draw, draw_more
from latentlab.models.base import StandardNormal
from latentlab.models.kl import kl
from latentlab.models.posteriors.deterministic import Delta
from latentlab.models.posteriors.flow import FlowPosterior
from latentlab.models.posteriors.posterior import FromNoise


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def flowed(dim=3, images=4, strength=0.5, layers=2):
    """Return q for random outputs of an encoder, and a flow that bends a lot."""
    torch.manual_seed(7)
    reader = FlowPosterior(layers=layers, units=16).build(dim)
    with torch.no_grad():
        for weight in reader.parameters():
            weight.add_(strength * torch.randn(weight.shape, generator=rng(1)))
        return reader, 0.5 * torch.randn(images, 3 * dim, generator=rng(2))


@pytest.mark.parametrize("dim", [1, 2, 5])
def test_the_density_of_a_sample_is_that_of_its_noise_over_the_jacobian(dim):
    reader, h = flowed(dim, images=1)
    noise = torch.randn(1, dim, generator=rng(3))
    q = reader(h)
    jacobian = torch.autograd.functional.jacobian(lambda e: reader(h).from_noise(e)[0], noise)
    log_start = Normal(0, 1).log_prob(noise).sum()
    wanted = log_start - torch.linalg.slogdet(jacobian[:, 0])[1]
    torch.testing.assert_close(q.log_prob(q.from_noise(noise))[0], wanted)


def test_the_density_of_any_point_is_found_by_inversion():
    reader, h = flowed()
    q = reader(h)
    z = q.from_noise(torch.randn(5, 4, 3, generator=rng(3)))
    known = q.log_prob(z)
    assert known.shape == (5, 4)
    torch.testing.assert_close(q.log_prob(z.clone()), known, rtol=1e-3, atol=1e-3)


def test_mean_and_deviation_are_close_to_those_of_many_samples():
    reader, h = flowed(strength=0.1)
    q = reader(h)
    with torch.no_grad():
        z = q.from_noise(torch.randn(20_000, 4, 3, generator=rng(4)))
        scale = z.std(0)
        assert ((q.mean - z.mean(0)).abs() < 0.1 * scale).all()
        assert ((q.stddev / scale - 1).abs() < 0.15).all()
        assert torch.equal(q.mean, reader(h).mean)


def test_moments_do_not_disturb_the_density_of_the_last_sample():
    reader, h = flowed()
    q = reader(h)
    z = q.from_noise(torch.randn(4, 3, generator=rng(3)))
    before = q.log_prob(z)
    assert q.mean.shape == q.stddev.shape == (4, 3)
    assert q.log_prob(z) is before


def test_samples_come_from_the_noise_of_the_run():
    reader, h = flowed()
    q = reader(h)
    assert isinstance(q, FromNoise)
    z = draw(q, Noise(rng(9)))
    assert torch.equal(z, q.from_noise(torch.empty(4, 3).normal_(generator=rng(9))))
    assert draw_more(q, Noise(rng(9)), 6).shape == (6, 4, 3)


def test_more_samples_share_their_noise_between_processes():
    """Each process draws the noise of the full batch, and uses its own rows."""
    q = Normal(torch.zeros(4, 3), torch.ones(4, 3))
    whole = draw_more(q, Noise(rng(1)), 5)
    halves = []
    for first in (0, 2):
        noise = Noise(rng(1))
        noise.share(first, 4)
        halves.append(draw_more(Normal(torch.zeros(2, 3), torch.ones(2, 3)), noise, 5))
    assert torch.equal(torch.cat(halves, 1), whole)


def test_a_deterministic_code_is_its_only_sample_and_has_no_kl():
    code = torch.randn(4, 3, generator=rng())
    q = Delta(code)
    assert torch.equal(draw(q, Noise(rng())), code)
    assert q.sample((2,)).shape == (2, 4, 3)
    assert torch.equal(q.mean, code)
    assert not q.stddev.any()
    assert kl(q, StandardNormal(torch.zeros(3)), code).tolist() == [0.0] * 4
    with pytest.raises(NotImplementedError, match="no density"):
        q.log_prob(code)


def test_the_flow_starts_as_nearly_a_gaussian():
    reader, h = flowed(strength=0.0)
    q = reader(h)
    mu, log_var, _ = h.chunk(3, dim=-1)
    z = q.from_noise(torch.zeros(4, 3))
    with torch.no_grad():
        assert (z - mu).abs().max() < 1
        assert math.isfinite(float(q.log_prob(z).sum()))
        assert (q.stddev / (0.5 * log_var).exp()).log().abs().max() < 0.7
