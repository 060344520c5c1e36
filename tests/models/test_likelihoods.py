"""Decoder distributions against the formulas by hand, in nats."""

import copy
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from torch import nn
from torch.distributions import Independent

from latentlab.models.likelihoods import (
    LIKELIHOODS,
    BernoulliLikelihood,
    ContinuousBernoulliLikelihood,
    GaussianLikelihood,
    LaplaceLikelihood,
    LearnedGaussianLikelihood,
    LearnedLaplaceLikelihood,
    PerPixelGaussianLikelihood,
)

BATCH, SHAPE = 5, (3, 4, 6)
EVERY = pytest.mark.parametrize("kind", sorted(LIKELIHOODS.kinds()))


@pytest.fixture
def h():
    return 3 * torch.randn((BATCH, *SHAPE), generator=torch.Generator().manual_seed(0))


@pytest.fixture
def x():
    """Grey pixels, pure black and white among them."""
    x = torch.rand((BATCH, *SHAPE), generator=torch.Generator().manual_seed(1))
    x[:, :, 0, 0], x[:, :, 1, 1] = 0, 1
    return x


def wide(likelihood, h):
    """Repeat the numbers until the likelihood has as many as it needs."""
    return torch.cat([h] * likelihood.outputs, 1)


def normal(x, mean, sigma):
    """Minus log of the normal density, by hand."""
    return 0.5 * ((x - mean) / sigma) ** 2 + sigma.log() + 0.5 * math.log(2 * math.pi)


def bounded(raw, low):
    """A deviation whose logarithm is `raw`'s share of the way from `low` to 1."""
    return low ** (1 - torch.sigmoid(raw.double()))


def test_bernoulli_is_the_cross_entropy_of_grey_pixels(h, x):
    p = BernoulliLikelihood().build()(h)
    share = 1 / (1 + (-h.double()).exp())
    by_hand = -(x * share.log() + (1 - x) * (1 - share).log()).sum((1, 2, 3))
    torch.testing.assert_close(-p.log_prob(x).double(), by_hand, rtol=1e-5, atol=1e-4)
    torch.testing.assert_close(p.mean.double(), share, rtol=1e-5, atol=1e-6)


def test_bernoulli_of_one_pixel_by_pencil():
    p = BernoulliLikelihood().build()(torch.full((1, 1, 1, 1), math.log(3)))  # 3/4 on
    nll = -p.log_prob(torch.full((1, 1, 1, 1), 0.25)).item()
    assert nll == pytest.approx(-(0.25 * math.log(3 / 4) + 0.75 * math.log(1 / 4)))


def test_bernoulli_stays_finite_where_the_network_is_sure_and_wrong():
    h = torch.tensor([200.0, -200.0]).reshape(2, 1, 1, 1)
    x = torch.tensor([0.0, 1.0]).reshape(2, 1, 1, 1)
    nll = -BernoulliLikelihood().build()(h).log_prob(x)
    torch.testing.assert_close(nll, torch.tensor([200.0, 200.0]))


def test_continuous_bernoulli_is_the_papers_formula(h, x):
    """Equations 6 and 7 of the paper, in terms of lambda and with twice the digits."""
    p = ContinuousBernoulliLikelihood().build()(h)
    share = torch.sigmoid(h.double())
    norm = torch.log(2 * torch.atanh(1 - 2 * share) / (1 - 2 * share))
    by_hand = -(x * share.log() + (1 - x) * (1 - share).log() + norm).sum((1, 2, 3))
    torch.testing.assert_close(-p.log_prob(x).double(), by_hand, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("sigma", [0.1, 0.5, 2.0])
def test_gaussian_is_the_squared_error_and_the_normalisation(h, x, sigma):
    p = GaussianLikelihood(sigma=sigma).build()(h)
    mean = 1 / (1 + (-h.double()).exp())
    pixels = math.prod(SHAPE)
    by_hand = 0.5 * ((x - mean) ** 2).sum((1, 2, 3)) / sigma**2 + pixels * (
        math.log(sigma) + 0.5 * math.log(2 * math.pi)
    )
    torch.testing.assert_close(-p.log_prob(x).double(), by_hand, rtol=1e-5, atol=1e-3)
    torch.testing.assert_close(p.mean.double(), mean, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(p.stddev, torch.full_like(h, sigma))


@pytest.mark.parametrize("raw", [-3.0, 0.0, 2.0])
def test_one_learned_sigma_is_shared_by_all_pixels(h, x, raw):
    head = LearnedGaussianLikelihood(min_sigma=0.04).build()
    nn.init.constant_(head.raw_sigma, raw)
    p = head(h)
    sigma = bounded(torch.tensor(raw), 0.04)
    by_hand = normal(x, torch.sigmoid(h.double()), sigma).sum((1, 2, 3))
    torch.testing.assert_close(-p.log_prob(x).double(), by_hand, rtol=1e-5, atol=1e-3)
    torch.testing.assert_close(p.stddev.double(), sigma.expand_as(h), rtol=1e-5, atol=1e-6)


def test_the_learned_sigma_ends_at_the_deviation_that_there_is(h):
    """The best sigma of a Gaussian is the root of the mean squared error."""
    mean = torch.sigmoid(h)
    noise = torch.empty_like(h).normal_(generator=torch.Generator().manual_seed(2))
    x = mean + 0.03 * noise
    head = LearnedGaussianLikelihood().build()
    assert head(h).stddev.unique().item() == pytest.approx(0.1)  # where it starts
    optimizer = torch.optim.LBFGS(head.parameters(), line_search_fn="strong_wolfe")

    def loss():
        optimizer.zero_grad()
        value = -head(h).log_prob(x).mean()
        value.backward()
        return value

    for _ in range(5):
        optimizer.step(loss)
    best = (x - mean).square().mean().sqrt().item()
    assert head(h).stddev.unique().item() == pytest.approx(best, rel=1e-3)


def test_each_pixel_may_have_a_sigma_of_its_own(h, x):
    raw = h.flip(0)
    p = PerPixelGaussianLikelihood(min_sigma=0.02).build()(torch.cat([h, raw], 1))
    sigma = bounded(raw, 0.02)
    by_hand = normal(x, torch.sigmoid(h.double()), sigma).sum((1, 2, 3))
    torch.testing.assert_close(-p.log_prob(x).double(), by_hand, rtol=1e-5, atol=1e-3)
    torch.testing.assert_close(p.stddev.double(), sigma, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(p.mean, torch.sigmoid(h))


def test_a_sigma_of_its_own_stays_within_bounds(h):
    """However sure or unsure the network is, so that no pixel earns endless nats."""
    for raw in (-1e4, 1e4):
        p = PerPixelGaussianLikelihood(min_sigma=0.02).build()(
            torch.cat([h, torch.full_like(h, raw)], 1)
        )
        want = 0.02 if raw < 0 else 1.0
        torch.testing.assert_close(p.stddev, torch.full_like(h, want))


@pytest.mark.parametrize("scale", [0.1, 0.5, 2.0])
def test_laplace_is_the_absolute_error_and_the_normalisation(h, x, scale):
    p = LaplaceLikelihood(scale=scale).build()(h)
    mean = 1 / (1 + (-h.double()).exp())
    by_hand = (x - mean).abs().sum((1, 2, 3)) / scale + math.prod(SHAPE) * math.log(2 * scale)
    torch.testing.assert_close(-p.log_prob(x).double(), by_hand, rtol=1e-5, atol=1e-3)
    torch.testing.assert_close(p.mean.double(), mean, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(p.stddev, torch.full_like(h, scale * math.sqrt(2)))


def test_the_learned_scale_ends_at_the_error_that_there_is(h):
    """The best scale of a Laplace distribution is the mean absolute error."""
    mean = torch.sigmoid(h)
    noise = torch.rand(h.shape, generator=torch.Generator().manual_seed(2)) - 0.5
    x = mean + 0.1 * noise
    head = LearnedLaplaceLikelihood().build()
    assert head(h).stddev.unique().item() == pytest.approx(0.1)  # where it starts
    optimizer = torch.optim.LBFGS(head.parameters(), line_search_fn="strong_wolfe")

    def loss():
        optimizer.zero_grad()
        value = -head(h).log_prob(x).mean()
        value.backward()
        return value

    for _ in range(5):
        optimizer.step(loss)
    best = (x - mean).abs().mean().item()
    assert head(h).scale.item() == pytest.approx(best, rel=1e-3)


@pytest.mark.parametrize("likelihood", [GaussianLikelihood(), LaplaceLikelihood()])
def test_the_quick_slope_is_that_of_what_each_pixel_costs(likelihood, h, x):
    quick, slow = (h.clone().requires_grad_() for _ in range(2))
    read = likelihood.build()
    share = torch.arange(1.0, BATCH + 1)
    (share * read(quick).log_prob(x)).sum().backward()
    (share[:, None, None, None] * read(slow).base_dist.log_prob(x)).sum().backward()
    torch.testing.assert_close(quick.grad, slow.grad)


@pytest.mark.parametrize("kind", ["gaussian-learned", "gaussian-per-pixel", "laplace-learned"])
@pytest.mark.parametrize("bad", [0, -1, 1, 2])
def test_the_smallest_sigma_is_above_0_and_below_the_largest(kind, bad):
    with pytest.raises(ValidationError, match="min_sigma"):
        LIKELIHOODS.kinds()[kind](min_sigma=bad)


@EVERY
def test_pixels_are_summed_not_averaged(kind, h, x):
    """The same pixels twice, one below the other, cost twice as much."""
    likelihood = LIKELIHOODS.kinds()[kind]()
    read, h = likelihood.build(), wide(likelihood, h)
    once = -read(h).log_prob(x)
    twice = -read(torch.cat([h, h], 2)).log_prob(torch.cat([x, x], 2))
    assert once.shape == twice.shape == (BATCH,)
    torch.testing.assert_close(twice, 2 * once)


@EVERY
def test_what_each_pixel_costs_is_known_so_that_missing_ones_can_be_left_out(kind, h, x):
    likelihood = LIKELIHOODS.kinds()[kind]()
    p = likelihood.build()(wide(likelihood, h))
    assert isinstance(p, Independent)
    pixels = p.base_dist.log_prob(x)
    assert pixels.shape == x.shape
    torch.testing.assert_close(pixels.sum((1, 2, 3)), p.log_prob(x))
    other = x.clone()
    other[1, 2, 3, 4] = 1 - other[1, 2, 3, 4]
    changed = p.base_dist.log_prob(other) != pixels
    assert changed.nonzero().tolist() == [[1, 2, 3, 4]]


@EVERY
@pytest.mark.parametrize("size", [1e-6, 1e-3, 50.0, 1e4])
def test_numbers_stay_finite_and_means_stay_pixels_for_any_logits(kind, h, x, size):
    likelihood = LIKELIHOODS.kinds()[kind]()
    h = (size * wide(likelihood, h)).requires_grad_()
    p = likelihood.build()(h)
    p.log_prob(x).sum().backward()
    assert p.log_prob(x).isfinite().all()
    assert h.grad.isfinite().all()
    assert 0 <= p.mean.min() <= p.mean.max() <= 1


@EVERY
def test_the_gradient_towards_the_truth_makes_the_loss_smaller(kind, h, x):
    likelihood = LIKELIHOODS.kinds()[kind]()
    read, h = likelihood.build(), wide(likelihood, h).requires_grad_()
    before = -read(h).log_prob(x).sum()
    before.backward()
    with torch.no_grad():
        after = -read(h - 1e-4 * h.grad).log_prob(x).sum()
    assert after < before


@EVERY
def test_a_copy_reads_the_same(kind, h, x):
    """As an average of weights over time is kept in a copy."""
    likelihood = LIKELIHOODS.kinds()[kind]()
    read, h = likelihood.build(), wide(likelihood, h)
    torch.testing.assert_close(copy.deepcopy(read)(h).log_prob(x), read(h).log_prob(x))


# Of 8-bit pixels

DISCRETE = ("discretized-gaussian", "discretized-logistic")
GREYS = torch.arange(256.0).view(256, 1, 1, 1) / 255


@pytest.mark.parametrize("kind", DISCRETE)
@pytest.mark.parametrize("min_sigma", [1e-4, 1e-2, 0.5])
@pytest.mark.parametrize("raw", [-30.0, 0.0, 30.0])
@pytest.mark.parametrize("h", [-1e4, -5.0, 0.0, 0.3, 4.0, 1e4])
def test_the_probabilities_of_all_256_values_have_the_sum_1(kind, min_sigma, raw, h):
    read = LIKELIHOODS.kinds()[kind](min_sigma=min_sigma).build()
    read.raw_sigma.data.fill_(raw)
    log_p = read(torch.full((256, 1, 1, 1), h)).log_prob(GREYS)
    assert log_p.double().exp().sum().item() == pytest.approx(1, abs=2e-4)
    assert log_p.max() <= 1e-6


def test_a_discretized_logistic_is_the_papers_formula(h, x):
    read = LIKELIHOODS.kinds()["discretized-logistic"]().build()
    x = (255 * x).round() / 255
    mean, scale = h.double().sigmoid(), bounded(read.raw_sigma, 0.01) * math.sqrt(3) / math.pi
    above = ((x + 1 / 510 - mean) / scale).sigmoid()
    below = ((x - 1 / 510 - mean) / scale).sigmoid()
    above[x == 1], below[x == 0] = 1, 0
    exact = above - below > 1e-9
    got = read(h).base_dist.log_prob(x).double()
    torch.testing.assert_close(got[exact], (above - below).log()[exact], rtol=1e-4, atol=1e-4)


def test_a_discretized_gaussian_is_a_density_times_the_width_of_a_value(h, x):
    """Where sigma is many values wide and black and white are far away."""
    read = LIKELIHOODS.kinds()["discretized-gaussian"]().build()
    x = (255 * x).round() / 255
    inside = (x > 0) & (x < 1)
    expected = -normal(x, h.sigmoid(), torch.tensor(0.1)) - math.log(255)
    got = read(h).base_dist.log_prob(x)
    torch.testing.assert_close(got[inside], expected[inside], rtol=2e-3, atol=2e-3)


@pytest.mark.parametrize("kind", DISCRETE)
def test_samples_are_8_bit_values_with_the_mean_and_the_deviation_that_it_says(kind):
    p = LIKELIHOODS.kinds()[kind]().build()(torch.zeros(1, 1, 2, 2))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        samples = p.sample((5000,))
    torch.testing.assert_close(samples * 255, (samples * 255).round(), rtol=0, atol=1e-4)
    torch.testing.assert_close(samples.mean(0), p.mean, rtol=0, atol=0.01)
    torch.testing.assert_close(samples.std(0), p.stddev, rtol=0.1, atol=0)


@pytest.mark.parametrize("kind", DISCRETE)
def test_values_between_those_of_8_bits_count_as_the_nearest(kind):
    read = LIKELIHOODS.kinds()[kind]().build()
    h = torch.full((1, 1, 1, 1), 0.2)
    near, exact = (read(h).log_prob(torch.full((1, 1, 1, 1), grey / 255)) for grey in (99.6, 100))
    assert torch.equal(near, exact)


# Of any output of the network

OUTPUTS = st.floats(-12, 12)
DISCRETE = ("discretized-gaussian", "discretized-logistic")
RAW = st.floats(-5, 5)


def pixel(kind, outputs, raw, values):
    """Return log p of values, (N,), of one pixel with any output and any learned parameter."""
    likelihood = LIKELIHOODS.kinds()[kind]
    reader = likelihood().build()
    if isinstance(reader, nn.Module):
        reader = reader.double()
        with torch.no_grad():
            for parameter in reader.parameters():
                parameter.fill_(raw)
    h = torch.tensor(outputs[: likelihood.outputs], dtype=torch.float64)
    h = h.view(1, -1, 1, 1).expand(len(values), -1, 1, 1)
    with torch.no_grad():
        return reader(h).log_prob(values.double().view(-1, 1, 1, 1))


@pytest.mark.parametrize("kind", sorted(LIKELIHOODS.kinds()))
@settings(max_examples=25)
@given(st.tuples(OUTPUTS, OUTPUTS), RAW)
def test_the_probabilities_of_any_pixel_have_the_sum_one(kind, outputs, raw):
    if kind == "bernoulli":
        total = pixel(kind, outputs, raw, torch.tensor([0, 1])).exp().sum()
    elif kind in DISCRETE:
        total = pixel(kind, outputs, raw, torch.arange(256) / 255).exp().sum()
    else:
        low, high = (0, 1) if kind == "continuous-bernoulli" else (-9, 10)
        # Steps of a fifth of the smallest sigma, 0.01.
        values = torch.linspace(low, high, 500 * (high - low) + 1, dtype=torch.float64)
        total = torch.trapezoid(pixel(kind, outputs, raw, values).exp(), values)
    assert total.item() == pytest.approx(1, abs=5e-3)


@pytest.mark.parametrize("kind", sorted(LIKELIHOODS.kinds()))
@settings(max_examples=15)
@given(st.integers(0, 999), st.floats(0.1, 8))
def test_any_image_has_the_sum_of_its_pixels_whatever_their_order_and_batch(kind, seed, scale):
    likelihood, noise = LIKELIHOODS.kinds()[kind], torch.Generator().manual_seed(seed)
    reader = likelihood().build()
    h = scale * torch.randn(4, likelihood.outputs, 3, 5, generator=noise)
    x = torch.rand(4, 1, 3, 5, generator=noise)
    with torch.no_grad():
        whole, each = reader(h).log_prob(x), reader(h).base_dist.log_prob(x)
        torch.testing.assert_close(each.sum((1, 2, 3)), whole, rtol=1e-4, atol=1e-3)
        order = torch.randperm(4, generator=noise)
        turned = reader(h[order].flip(-1)).log_prob(x[order].flip(-1))
        torch.testing.assert_close(turned, whole[order], rtol=1e-4, atol=1e-3)
        torch.testing.assert_close(reader(h[:1]).log_prob(x[:1]), whole[:1], rtol=1e-4, atol=1e-3)
