"""The Gaussian prior given the label, against closed forms."""

import math

import pytest
import torch
from torch.distributions import MultivariateNormal, kl_divergence

from latentlab.config import parse
from latentlab.data.condition import Condition
from latentlab.data.image_set import ImageSpec
from latentlab.errors import RecipeError
from latentlab.learning.batch import Batch
from latentlab.learning.losses import compute_losses
from latentlab.learning.noise import Noise
from latentlab.learning.objectives.elbo import ELBO
from latentlab.learning.objectives.iwae import IWAE
from latentlab.learning.terms.posteriors import prior_samples
from latentlab.models.base import MODELS
from latentlab.models.kl import kl
from latentlab.models.thread_rng import SeededRng

SPEC = ImageSpec((1, 6, 5), ("ant", "bee", "cat"))
CONDITIONED = ImageSpec(
    (1, 6, 5),
    (),
    (Condition("sex", ("female", "male")), Condition("age", high=90.0, mean=40.0, scale=20.0)),
)
LABELS = {
    SPEC: torch.tensor([2, 0, 1, 2]),
    CONDITIONED: torch.tensor([[0.0, 20], [1, 40], [1, 85], [0, 85]]),
}
VECTORS = {
    SPEC: [[0, 0, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1]],
    CONDITIONED: [[1, 0, -1], [0, 1, 0], [0, 1, 2.25], [1, 0, 2.25]],
}
"""Labels, and what they are as vectors: classes one-hot, numbers standardised."""


def model(spec, prior="conditional", kind="cvae"):
    values = {"kind": kind, "latent_dim": 2, "prior": prior}
    with SeededRng(0):
        return parse(MODELS.kinds()[kind], values).build(spec).eval()


def bent(spec):
    """Return a model whose prior has random weights, and means and sigmas of `LABELS`."""
    network, rng = model(spec), torch.Generator().manual_seed(5)
    heads = network.prior_network.heads
    with torch.no_grad():
        for weight in heads.parameters():
            weight.copy_(torch.randn(weight.shape, generator=rng) / 2)
    outputs = torch.tensor(VECTORS[spec]).float() @ heads.weight.T + heads.bias
    return network, outputs[:, :2].detach(), outputs[:, 2:].exp().detach()


def images(spec, count=4):
    return torch.rand(count, *spec.shape, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("spec", [SPEC, CONDITIONED], ids=["classes", "conditions"])
def test_mean_and_log_sigma_are_affine_in_the_vector_of_the_label(spec):
    network, mean, sigma = bent(spec)
    z = torch.randn(4, 2, generator=torch.Generator().manual_seed(0))
    p = network.prior(LABELS[spec])
    wanted = -0.5 * ((z - mean) / sigma) ** 2 - sigma.log() - 0.5 * math.log(2 * math.pi)
    torch.testing.assert_close(p.log_prob(z), wanted.sum(1))
    torch.testing.assert_close(p.mean, mean)
    torch.testing.assert_close(p.stddev, sigma)


@pytest.mark.parametrize("spec", [SPEC, CONDITIONED], ids=["classes", "conditions"])
@pytest.mark.parametrize("objective", [ELBO(), IWAE(samples=1)], ids=["elbo", "iwae"])
def test_the_kl_is_that_to_the_prior_of_the_label_of_each_image(spec, objective):
    network, mean, sigma = bent(spec)
    x, y = images(spec), LABELS[spec]
    noise = Noise(torch.Generator().manual_seed(2))
    values, batch = compute_losses(network, objective, (x, y, None), {"beta": 1.0}, noise)
    q = network.encode(x, y)
    matrix = [MultivariateNormal(m, torch.diag(s**2)) for m, s in zip(mean, sigma, strict=True)]
    if objective.kind == "elbo":
        each = [
            kl_divergence(MultivariateNormal(m, torch.diag(s**2)), p)
            for m, s, p in zip(q.mean, q.stddev, matrix, strict=True)
        ]
    else:
        log_q = q.log_prob(batch.z)
        each = [log_q[i] - p.log_prob(batch.z[i]) for i, p in enumerate(matrix)]
    torch.testing.assert_close(values["kl"], torch.stack(each))
    torch.testing.assert_close(values["loss"], values["reconstruction"] + torch.stack(each))


@pytest.mark.parametrize("spec", [SPEC, CONDITIONED], ids=["classes", "conditions"])
def test_it_starts_as_the_standard_normal(spec):
    x, y = images(spec), LABELS[spec]
    found = []
    for prior in ("conditional", "standard"):
        network, noise = model(spec, prior), Noise(torch.Generator().manual_seed(2))
        values, batch = compute_losses(network, ELBO(), (x, y, None), {"beta": 1.0}, noise)
        values["loss"].mean().backward()
        with SeededRng(3):
            drawn = network.draw_prior(4, y)
        slopes = [weight.grad for weight in network.decoder.parameters()]
        found.append([values["loss"], drawn, kl(batch.q, batch.prior, batch.z), *slopes])
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-6)


def test_without_a_label_it_is_the_mixture_of_the_classes_with_equal_weights():
    network, _, _ = bent(SPEC)
    z = torch.randn(7, 2, generator=torch.Generator().manual_seed(0))
    each = [network.prior(torch.full((7,), label)).log_prob(z).exp() for label in range(3)]
    torch.testing.assert_close(network.prior().log_prob(z), torch.stack(each).mean(0).log())


def test_without_a_label_numbers_have_their_mean():
    network, _, _ = bent(CONDITIONED)
    z = torch.randn(7, 2, generator=torch.Generator().manual_seed(0))
    labels = (torch.tensor([[sex, 40.0]] * 7) for sex in (0.0, 1.0))
    each = [network.prior(y).log_prob(z).exp() for y in labels]
    torch.testing.assert_close(network.prior().log_prob(z), torch.stack(each).mean(0).log())


@pytest.mark.parametrize("spec", [SPEC, CONDITIONED], ids=["classes", "conditions"])
def test_points_are_those_of_their_labels(spec):
    network, mean, sigma = bent(spec)
    y = LABELS[spec].repeat(5000, *[1] * (LABELS[spec].dim() - 1))
    with torch.no_grad(), SeededRng(0):
        z = network.draw_prior(len(y), y).view(5000, 4, 2)
    torch.testing.assert_close(z.mean(0), mean, atol=0.08, rtol=0)
    torch.testing.assert_close(z.std(0), sigma, atol=0.02, rtol=0.03)


def test_terms_compare_codes_with_points_of_the_same_labels_without_training_the_prior():
    network, mean, sigma = bent(SPEC)
    x, y, noise = images(SPEC), LABELS[SPEC], Noise(torch.Generator().manual_seed(2))
    q = network.encode(x, y)
    p = network.decode(q.mean, y)
    drawn = prior_samples(Batch(x, y, None, q.mean, q, p, network.prior(y), network, noise))
    assert not drawn.requires_grad
    epsilon = torch.empty(4, 2).normal_(generator=torch.Generator().manual_seed(2))
    torch.testing.assert_close(drawn, mean + sigma * epsilon)


def test_in_bf16_it_is_that_of_full_precision():
    network, mean, sigma = bent(CONDITIONED)
    with torch.autocast("cpu", torch.bfloat16):
        p = network.prior(LABELS[CONDITIONED])
    assert p.mean.dtype == torch.float32
    torch.testing.assert_close(p.mean, mean)
    torch.testing.assert_close(p.stddev, sigma)


@pytest.mark.parametrize("kind", ["vae", "conv-vae"])
def test_models_without_labels_are_refused_with_advice(kind):
    with pytest.raises(RecipeError, match=r"needs labels.* choose cvae or conv-cvae") as error:
        model(SPEC, kind=kind)
    assert [*error.value.problems] == ["model.prior"]
