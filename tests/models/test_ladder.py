"""The two stochastic layers of ladder VAEs."""

import pytest
import torch
from torch.distributions import Normal

from latentlab.config import parse
from latentlab.data.image_set import ImageSpec
from latentlab.learning.losses import compute_losses
from latentlab.learning.noise import Noise, draw
from latentlab.learning.objectives.elbo import ELBO
from latentlab.learning.objectives.iwae import IWAE
from latentlab.models.kl import kl
from latentlab.models.ladder_vae import LadderVAEConfig
from latentlab.models.thread_rng import SeededRng

SPEC = ImageSpec((1, 4, 5))
VALUES = {"hidden": [6], "z1_dim": 3, "z2_dim": 2, "upper_hidden": [5], "likelihood": "bernoulli"}


@pytest.fixture
def model():
    with SeededRng(1):
        made = parse(LadderVAEConfig, VALUES).build(SPEC).eval()
        # Random weights of this size make both layers matter.
        for weights in made.ladder.parameters():
            weights.data = 0.7 * torch.randn_like(weights)
    return made


@pytest.fixture
def x():
    return torch.rand(4, *SPEC.shape, generator=torch.Generator().manual_seed(0))


def test_z_is_both_layers_and_their_names_say_which(model):
    assert model.latent_dim == 5
    assert model.layers == {"z1": slice(0, 3), "z2": slice(3, 5)}
    assert not model.has_standard_prior
    assert not model.has_gaussian_posterior


def test_the_posterior_merges_image_and_prior_by_their_precisions(model, x):
    """Sønderby et al., 2016, eq. 17 and 18, with precisions bounded as in the model."""
    q = model.encode(x)
    features = model.trunk(x.flatten(1))
    mu2, log_var2 = model.ladder.upper(features).chunk(2, 1)
    mu_d, log_var_d = model.ladder.lower(features).chunk(2, 1)
    mu_p, log_var_p = model.ladder.down(mu2).chunk(2, 1)
    by_image = torch.exp(-10 * torch.tanh(log_var_d / 10))
    by_prior = torch.exp(-10 * torch.tanh(log_var_p / 10))
    variance = 1 / (by_image + by_prior)
    mean = (mu_d * by_image + mu_p * by_prior) * variance
    torch.testing.assert_close(q.mean, torch.cat([mean, mu2], 1))
    torch.testing.assert_close(q.stddev, torch.cat([variance.sqrt(), (0.5 * log_var2).exp()], 1))


def test_the_kl_is_that_of_many_samples(model, x):
    q, p = model.encode(x), model.prior()
    noise = torch.randn(200_000, 4, 5, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        z = q.from_noise(noise)
        by_samples = (q.log_prob(z) - p.log_prob(z)).mean(0)
        layers = q.kl_of_layers(z)
        # The estimate given z2 has the same mean.
        torch.testing.assert_close(kl(q, p, z).mean(0), by_samples, rtol=0.01, atol=0.01)
    z2 = z[..., 3:]
    upper = q._upper.log_prob(z2) - Normal(0, 1).log_prob(z2).sum(-1)
    torch.testing.assert_close(layers["kl_z2"][0], upper.mean(0), rtol=0.01, atol=0.01)
    assert layers["kl_z1"].shape == layers["kl_z2"].shape == (200_000, 4)


def test_densities_do_not_depend_on_what_was_sampled_before(model, x):
    q = model.encode(x)
    z = draw(q, Noise(torch.Generator().manual_seed(0)))
    kept, fresh = q.log_prob(z), model.encode(x).log_prob(z.clone())
    torch.testing.assert_close(kept, fresh)
    torch.testing.assert_close(q.kl_of_layers(z)["kl_z1"], q.kl_of_layers(z.clone())["kl_z1"])
    other = z + 1
    torch.testing.assert_close(q.log_prob(other), model.encode(x).log_prob(other))


def test_samples_of_the_prior_go_down_the_hierarchy(model):
    p = model.prior()
    with SeededRng(0):
        z = p.sample((50_000,))
    z1, z2 = z.split([3, 2], 1)
    assert z2.mean(0).abs().max() < 0.02
    torch.testing.assert_close(z2.std(0), torch.ones(2), atol=0.02, rtol=0)
    given = model.ladder.lower_prior(z2)
    residual = (z1 - given.mean) / given.stddev
    torch.testing.assert_close(residual.std(0), torch.ones(3), atol=0.02, rtol=0)
    by_hand = Normal(0, 1).log_prob(z2).sum(1) + Normal(given.mean, given.stddev).log_prob(z1).sum(
        1
    )
    torch.testing.assert_close(p.log_prob(z), by_hand)


def test_the_curves_of_the_layers_sum_to_the_kl(model, x):
    noise = Noise(torch.Generator().manual_seed(0))
    values, _ = compute_losses(model, ELBO(beta=2.0), (x, None, None), {"beta": 2.0}, noise)
    assert [*values] == ["loss", "reconstruction", "kl", "kl_z1", "kl_z2"]
    torch.testing.assert_close(values["kl"], values["kl_z1"] + values["kl_z2"])
    torch.testing.assert_close(values["loss"], values["reconstruction"] + 2 * values["kl"])


def test_more_samples_tighten_the_bound(model, x):
    bounds = []
    for samples in (1, 50):
        objective, noise = IWAE(samples=samples), Noise(torch.Generator().manual_seed(0))
        objective.check(model)
        values = [
            compute_losses(model, objective, (x, None, None), objective.numbers(0), noise)[0][
                "loss"
            ]
            for _ in range(20)
        ]
        bounds.append(torch.stack(values).mean().item())
    assert bounds[1] < bounds[0] - 0.05


def test_the_decoder_gets_both_layers(model, x):
    z = model.encode(x).mean
    for dimensions in model.layers.values():
        moved = z.clone()
        moved[:, dimensions] += 1
        assert (model.decode(moved).mean - model.decode(z).mean).abs().max() > 1e-3
