"""Terms, their weights, schedules, and the noise of the latent samples."""

import pytest
import torch
from torch.distributions import Independent, Laplace, Normal

from latentlab.data.base import ImageSpec
from latentlab.learning.objectives import ELBO, draw, losses
from latentlab.learning.schedules import Constant, Linear
from latentlab.models.base import MODELS

SPEC = ImageSpec((1, 4, 5), ("ant", "bee", "cat"))


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def model(kind="vae", **values):
    torch.manual_seed(1)
    return MODELS.kinds()[kind](hidden=(8,), latent_dim=3, **values).build(SPEC)


def batch(count=6):
    return torch.rand(count, *SPEC.shape, generator=rng(2)), torch.arange(count) % 3


@pytest.mark.parametrize("kind", ["vae", "cvae"])
@pytest.mark.parametrize(
    ("beta", "schedule", "epochs", "weight"),
    [
        (1.0, Constant(), 0.0, 1.0),
        (4.0, Constant(), 3.0, 4.0),
        (0.0, Constant(), 3.0, 0.0),
        (4.0, Linear(epochs=10), 0.0, 0.0),
        (4.0, Linear(epochs=10), 5.0, 2.0),
        (4.0, Linear(epochs=10), 10.0, 4.0),
        (4.0, Linear(epochs=10), 99.0, 4.0),
    ],
)
def test_loss_is_reconstruction_plus_weighted_kl_of_each_image(
    kind, beta, schedule, epochs, weight
):
    x, y = batch()
    values = losses(model(kind), ELBO(beta=beta, schedule=schedule), x, y, epochs, rng())
    assert list(values) == ["loss", "reconstruction", "kl"]
    assert {value.shape for value in values.values()} == {(6,)}
    torch.testing.assert_close(values["loss"], values["reconstruction"] + weight * values["kl"])
    assert (values["kl"] > 0).all()


def test_terms_are_those_of_the_model():
    x, y = batch()
    network = model("cvae")
    values = losses(network, ELBO(), x, y, 0.0, rng(7))
    q = network.encode(x, y)
    z = q.mean + q.stddev * torch.empty(6, 3).normal_(generator=rng(7))
    torch.testing.assert_close(
        values["reconstruction"], -network.decode(z, y).log_prob(x), rtol=1e-5, atol=1e-5
    )
    mu, sigma = q.mean, q.stddev
    want = 0.5 * (sigma**2 + mu**2 - 1 - 2 * sigma.log()).sum(1)
    torch.testing.assert_close(values["kl"], want)


def test_an_image_does_not_change_the_loss_of_another():
    x, y = batch()
    network = model()
    whole = losses(network, ELBO(), x, y, 0.0, rng())["loss"]
    other = x.clone()
    other[3] = 1 - other[3]
    changed = losses(network, ELBO(), other, y, 0.0, rng())["loss"]
    same = [i for i in range(6) if i != 3]
    torch.testing.assert_close(whole[same], changed[same])
    assert abs(whole[3] - changed[3]) > 0.1


def test_beta_zero_leaves_the_prior_without_a_say():
    x, y = batch()
    free, bound = model(), model()
    for network, beta in ((free, 0.0), (bound, 1.0)):
        losses(network, ELBO(beta=beta), x, y, 0.0, rng())["loss"].mean().backward()
    plain = model()
    losses(plain, ELBO(), x, y, 0.0, rng())["reconstruction"].mean().backward()
    want = plain.encoder.heads.weight.grad
    torch.testing.assert_close(free.encoder.heads.weight.grad, want)
    assert not torch.allclose(bound.encoder.heads.weight.grad, want)


@pytest.mark.parametrize("epochs", [0.0, 0.5, 1.0, 1e6])
def test_the_constant_schedule_is_always_full(epochs):
    assert Constant().factor(epochs) == 1.0


@pytest.mark.parametrize(
    ("epochs", "factor"), [(0.0, 0.0), (1.0, 0.25), (2.0, 0.5), (4.0, 1.0), (40.0, 1.0)]
)
def test_the_linear_schedule_rises_and_stays(epochs, factor):
    assert Linear(epochs=4).factor(epochs) == factor


def test_draws_pass_gradients_to_mean_and_deviation():
    mu = torch.zeros(4, 3, requires_grad=True)
    sigma = torch.full((4, 3), 0.5, requires_grad=True)
    z = draw(Independent(Normal(mu, sigma), 1), rng())
    z.sum().backward()
    assert torch.equal(mu.grad, torch.ones(4, 3))
    torch.testing.assert_close(sigma.grad, (z / 0.5).detach())  # dz/dsigma is the noise


def test_draws_repeat_from_their_generator_and_leave_the_global_one_alone():
    q = Independent(Normal(torch.ones(5, 2), torch.ones(5, 2)), 1)
    before = torch.get_rng_state()
    first, again, other = draw(q, rng(1)), draw(q, rng(1)), draw(q, rng(2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), before)


def test_draws_have_the_posteriors_mean_and_deviation():
    q = Independent(Normal(torch.full((40_000, 1), 2.0), torch.full((40_000, 1), 0.25)), 1)
    z = draw(q, rng())
    assert abs(z.mean().item() - 2.0) < 4 * 0.25 / 200
    assert abs(z.std().item() - 0.25) < 0.005


def test_another_posterior_than_a_gaussian_is_drawn_with_gradients_too():
    mu = torch.zeros(4, 3, requires_grad=True)
    z = draw(Independent(Laplace(mu, torch.ones(4, 3)), 1), rng())
    z.sum().backward()
    assert z.shape == (4, 3)
    assert torch.equal(mu.grad, torch.ones(4, 3))
