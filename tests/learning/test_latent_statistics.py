"""What the latents carry, against closed forms."""

import math
import time

import pytest
import torch

from latentlab.learning.events import is_active
from latentlab.learning.latent_statistics import latent_statistics


def noise(seed=0):
    return torch.Generator().manual_seed(seed)


def bell(count):
    """Points spread over the standard normal as evenly as can be, shape (N,)."""
    return torch.special.ndtri((torch.arange(count, dtype=torch.float64) + 0.5) / count)


def linear_gaussian(count, slope, sigma, dim, seed=1):
    """Posteriors N(slope · x, sigma²) of x ~ N(0, 1): the aggregate is N(0, slope² + sigma²)."""
    x = torch.stack(
        [bell(count)[torch.randperm(count, generator=noise(seed + d))] for d in range(dim)], 1
    )
    return slope * x, torch.full_like(x, sigma)


def test_posteriors_that_equal_the_prior_carry_nothing():
    found = latent_statistics(torch.zeros(500, 3), torch.ones(500, 3), noise())
    assert found.kl.tolist() == [0, 0, 0]
    assert not is_active(found.kl).any()
    assert found.mutual_information == pytest.approx(0, abs=1e-9)
    assert found.marginal_kl == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("count", [16, 1000, 3000])
def test_codes_far_apart_tell_every_image(count):
    """Then z names its image: I = log N, the most that N images can show."""
    mu = 50 * torch.arange(count, dtype=torch.float32)[:, None].repeat(1, 2)
    found = latent_statistics(mu, torch.ones_like(mu), noise())
    assert found.images == count
    assert found.mutual_information == pytest.approx(math.log(count), abs=1e-6)
    assert found.marginal_kl == pytest.approx(found.kl.sum() - math.log(count))


@pytest.mark.parametrize(("slope", "sigma"), [(0.8, 0.6), (1.0, 0.1), (0.5, 1.0), (2.0, 0.5)])
@pytest.mark.parametrize("dim", [1, 2])
def test_linear_gaussian_encoder(slope, sigma, dim):
    """I = D/2 log(1 + slope²/sigma²), and the aggregate is a Gaussian."""
    found = latent_statistics(*linear_gaussian(10_000, slope, sigma, dim), noise())
    variance = slope**2 + sigma**2
    information = dim / 2 * math.log(variance / sigma**2)
    marginal = dim / 2 * (variance - 1 - math.log(variance))
    kl = 0.5 * (variance - 1) - math.log(sigma)
    assert found.kl == pytest.approx([kl] * dim, abs=2e-3)
    assert found.mutual_information == pytest.approx(information, abs=0.04)
    assert found.marginal_kl == pytest.approx(marginal, abs=0.04)


def test_both_parts_sum_to_the_mean_kl():
    mu, sigma = linear_gaussian(700, 1.3, 0.4, 5)
    found = latent_statistics(mu, sigma, noise())
    assert found.mutual_information + found.marginal_kl == pytest.approx(found.kl.sum(), abs=1e-12)
    assert 0 < found.mutual_information < math.log(700) + 1e-9


def test_a_shifted_aggregate_is_all_marginal():
    """Every image has the same posterior, far from the prior: a hole, and no information."""
    found = latent_statistics(torch.full((300, 2), 3.0), torch.full((300, 2), 0.5), noise())
    assert found.mutual_information == pytest.approx(0, abs=1e-9)
    assert found.marginal_kl == pytest.approx(2 * (0.5 * (9 + 0.25 - 1) - math.log(0.5)))


def test_a_part_of_the_images_would_find_too_little():
    """The mixture over all images is what makes the estimate right: a batch's is too small."""
    mu, sigma = linear_gaussian(10_000, 1.0, 0.01, 2)
    truth = math.log(1 + 1e4)
    whole = latent_statistics(mu, sigma, noise()).mutual_information
    batch = latent_statistics(mu[:100], sigma[:100], noise()).mutual_information
    assert batch <= math.log(100) + 1e-9
    assert batch < whole - 3 < truth


def test_active_dimensions_are_those_that_carry_something():
    mu, sigma = torch.zeros(1000, 4), torch.ones(1000, 4)
    mu[:, 1] = 0.05 * bell(1000)
    mu[:, 2] = 0.2 * bell(1000)
    sigma[:, 3] = 0.5
    found = latent_statistics(mu, sigma, noise())
    assert is_active(found.kl).tolist() == [False, False, True, True]


def test_tiny_deviations_are_no_trouble():
    """An autoencoder's codes: widely spread and nearly points."""
    mu, sigma = linear_gaussian(2000, 300.0, 1e-3, 20)
    found = latent_statistics(mu.float(), sigma.float(), noise())
    assert found.mutual_information == pytest.approx(math.log(2000), abs=1e-2)


@pytest.mark.parametrize("tiniest", [1e-6, 1e-11, 1e-30])
def test_deviations_beyond_all_precision_are_no_trouble(tiniest):
    """Without a weight of KL some posteriors shrink to points: 1e-11 was seen on the digits."""
    mu, sigma = linear_gaussian(1000, 7.0, 1e-3, 2)
    sigma[::3] = tiniest
    found = latent_statistics(mu, sigma, noise())
    assert found.mutual_information == pytest.approx(math.log(1000), abs=1e-2)
    assert found.mutual_information + found.marginal_kl == pytest.approx(found.kl.sum())


def test_same_noise_same_numbers():
    mu, sigma = linear_gaussian(1000, 1.0, 0.5, 3)
    first, second = (latent_statistics(mu, sigma, noise(7)) for _ in range(2))
    assert first.marginal_kl == second.marginal_kl


def test_leaves_torchs_global_noise_alone():
    state = torch.get_rng_state()
    latent_statistics(*linear_gaussian(100, 1.0, 0.5, 2), noise())
    assert torch.equal(state, torch.get_rng_state())


def test_ten_thousand_images_cost_little():
    mu, sigma = linear_gaussian(10_000, 0.9, 0.3, 20)
    times = []
    for _ in range(5):
        start = time.perf_counter()
        latent_statistics(mu, sigma, noise())
        times.append(time.perf_counter() - start)
    # 25 ms on two cores that have nothing else to do.
    assert min(times) < 0.25
