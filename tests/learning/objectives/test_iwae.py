"""The importance-weighted bound against the exact likelihood of a linear Gaussian model."""

import math

import pytest
import torch
from linear_gaussian import LinearGaussian
from torch.distributions import Independent, MultivariateNormal, Normal

from latentlab.data.image_set import ImageSpec
from latentlab.errors import RecipeError
from latentlab.learning.losses import compute_losses
from latentlab.learning.noise import Noise
from latentlab.learning.objectives.elbo import ELBO
from latentlab.learning.objectives.iwae import DOUBLY, IWAE, PLAIN
from latentlab.learning.terms.perceptual import Perceptual
from latentlab.models.base import MODELS

SPEC = ImageSpec((1, 4, 5), ("ant", "bee", "cat"))


class Wide(LinearGaussian):
    """Its posterior is not the exact one, so that the bounds are loose.

    Only `shift` and `stretch` are weights of the encoder.
    """

    def __init__(self):
        super().__init__()
        self.stretch = torch.nn.Parameter(torch.tensor([1.6, 0.7, 1.3]))
        self.shift = torch.nn.Parameter(torch.tensor([0.1, -0.1, 0.05]))

    def encode(self, x, y=None):
        q = super().encode(x, y)
        mu, sigma = q.mean.detach(), q.stddev.detach()
        return Independent(Normal(mu + self.shift, sigma * self.stretch), 1)


def images(model, count):
    rng = torch.Generator().manual_seed(3)
    z = torch.randn(count, model.latent_dim, generator=rng)
    mean = model.decode(z).mean
    return (mean + model.sigma * torch.randn(mean.shape, generator=rng)).detach()


def exact(model, x):
    """-log p(x), of which the mean is b and the covariance W Wᵀ + sigma² I."""
    covariance = model.weight @ model.weight.T + model.sigma**2 * torch.eye(len(model.weight))
    return -MultivariateNormal(model.bias, covariance).log_prob(x.flatten(1))


def losses(model, objective, x, y=None, known=None, seed=0):
    noise = Noise(torch.Generator().manual_seed(seed))
    return compute_losses(model, objective, (x, y, known), objective.numbers(0.0), noise)[0]


def network(kind="vae", **values):
    torch.manual_seed(1)
    return MODELS.kinds()[kind](hidden=(8,), latent_dim=3, **values).build(SPEC)


def some():
    return torch.rand(6, *SPEC.shape, generator=torch.Generator().manual_seed(2)), torch.arange(
        6
    ) % 3


@pytest.mark.parametrize("samples", [1, 2, 7])
def test_with_the_exact_posterior_every_bound_is_the_likelihood(samples):
    model = LinearGaussian()
    x = images(model, 5)
    with torch.no_grad():
        bound = losses(model, IWAE(samples=samples), x)["loss"]
    torch.testing.assert_close(bound, exact(model, x), rtol=1e-4, atol=1e-3)


def test_with_one_sample_it_is_the_elbo():
    model = Wide()
    x = images(model, 1).expand(4000, -1, -1, -1)
    with torch.no_grad():
        one, elbo = losses(model, IWAE(samples=1), x), losses(model, ELBO(), x)
    torch.testing.assert_close(one["reconstruction"], elbo["reconstruction"])
    torch.testing.assert_close(one["loss"], one["reconstruction"] + one["kl"])
    error = one["kl"].std() / math.sqrt(len(x))
    assert abs(one["kl"].mean() - elbo["kl"].mean()) < 4 * error


def test_more_samples_are_a_tighter_bound_that_never_passes_the_likelihood():
    model = Wide()
    x = images(model, 8)
    many = x.repeat(500, 1, 1, 1)
    with torch.no_grad():
        means = [losses(model, IWAE(samples=k), many)["loss"].mean() for k in (1, 2, 5, 50)]
        limit = exact(model, x).mean()
    assert means == sorted(means, reverse=True)
    assert means[0] - limit > 0.3
    assert 0 < means[-1] - limit < 0.03


def gradients(model, objective, x, seed):
    weights = dict(model.named_parameters())
    loss = losses(model, objective, x, seed=seed)["loss"].mean()
    return dict(zip(weights, torch.autograd.grad(loss, [*weights.values()]), strict=True))


def test_the_doubly_reparameterized_gradient_is_the_same_on_average_with_less_noise():
    model, objective = Wide(), IWAE(samples=20)
    doubly = objective.model_copy(update={"gradient": DOUBLY})
    x = images(model, 4).repeat(10, 1, 1, 1)
    found = {PLAIN: [], DOUBLY: []}
    for seed in range(300):
        plain, other = (gradients(model, each, x, seed) for each in (objective, doubly))
        # The decoder learns from exactly the same gradient; the encoder has no bias.
        torch.testing.assert_close(plain["bias"], other["bias"], rtol=1e-4, atol=1e-4)
        found[PLAIN].append(torch.cat([plain["shift"], plain["stretch"]]))
        found[DOUBLY].append(torch.cat([other["shift"], other["stretch"]]))
    one, two = (torch.stack(each) for each in found.values())
    error = ((one.var(0) + two.var(0)) / len(one)).sqrt()
    assert ((one.mean(0) - two.mean(0)).abs() < 4 * error).all()
    assert two.var(0).sum() < 0.5 * one.var(0).sum()


def test_a_further_term_has_the_same_gradient_with_both():
    model, (x, _) = network(), some()

    def slopes(gradient, weight):
        extra = Perceptual(weight=weight)
        objective = IWAE(samples=3, gradient=gradient, extra=extra)
        return gradients(model, objective, x, 0)["encoder.heads.weight"]

    plain, doubly = (slopes(each, 5.0) - slopes(each, 0.0) for each in (PLAIN, DOUBLY))
    assert plain.abs().max() > 1e-3
    torch.testing.assert_close(plain, doubly, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("kind", ["vae", "cvae"])
def test_validation_reports_the_same_bound_also_with_hidden_pixels_and_labels(kind):
    model, (x, y) = network(kind), some()
    known = torch.rand(6, 1, 4, 5, generator=torch.Generator().manual_seed(1)) < 0.7
    values = [
        losses(model, IWAE(samples=4, gradient=gradient), x, y, known)["loss"]
        for gradient in (PLAIN, DOUBLY)
    ]
    with torch.no_grad():
        values.append(losses(model, IWAE(samples=4), x, y, known)["loss"])
    for value in values[1:]:
        torch.testing.assert_close(value, values[0])
    # By hand, sample by sample, where all are the decoded codes of the same images.
    assert values[0].shape == (6,)
    other = losses(model, IWAE(samples=4), 1 - x, y, known)["loss"]
    assert (other != values[0]).all()


def test_what_has_no_density_is_refused_with_a_reason():
    with pytest.raises(RecipeError, match="deterministic posterior"):
        IWAE().check(network(posterior={"kind": "deterministic"}))
    flow = network(posterior={"kind": "flow"})
    IWAE().check(flow)
    with pytest.raises(RecipeError, match="choose plain") as error:
        IWAE(gradient=DOUBLY).check(flow)
    assert [*error.value.problems] == ["objective.gradient"]
    IWAE(gradient=DOUBLY).check(network(prior={"kind": "vamp"}))
