"""The density of each prior, and its samples."""

import math

import pytest
import torch
from torch.distributions import kl_divergence

from latentlab.config import parse
from latentlab.data.condition import Condition
from latentlab.data.image_set import ImageSpec
from latentlab.learning.checkpoint import Checkpoint, load_model, save_checkpoint
from latentlab.learning.recipe import make_recipe
from latentlab.models.base import MODELS
from latentlab.models.kl import kl
from latentlab.models.priors.prior import PRIORS
from latentlab.models.thread_rng import SeededRng

SPEC = ImageSpec((1, 6, 5), ("ant", "bee", "cat"))
CONDITIONED = ImageSpec(
    (1, 6, 5), (), (Condition("sex", ("female", "male")), Condition("age", high=90.0))
)


def model(prior, kind=None, dim=2):
    kind = kind or ("cvae" if PRIORS.kinds()[prior["kind"]].depends_on_label else "vae")
    values = {"kind": kind, "hidden": (8,), "latent_dim": dim, "prior": prior}
    with SeededRng(0):
        return parse(MODELS.kinds()[kind], values).build(SPEC).eval()


def bend(network, strength=0.1):
    """Move all weights of a prior away from their start."""
    rng = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for weight in network.parameters():
            weight.add_(strength * torch.randn(weight.shape, generator=rng))


@pytest.mark.parametrize("prior", sorted(PRIORS.kinds()))
def test_its_density_integrates_to_one_and_is_that_of_its_samples(prior):
    network = model({"kind": prior})
    if network.prior_network is not None:
        bend(network.prior_network)
    axis = torch.linspace(-12, 12, 481)
    grid = torch.cartesian_prod(axis, axis)
    with torch.no_grad(), SeededRng(1):
        p = network.prior()
        mass = p.log_prob(grid).exp() * float(axis[1] - axis[0]) ** 2
        z = p.sample((20_000,))
    assert mass.sum().item() == pytest.approx(1, abs=0.01)
    mean = (mass[:, None] * grid).sum(0)
    deviation = (mass[:, None] * (grid - mean) ** 2).sum(0).sqrt()
    assert z.shape == (20_000, 2)
    torch.testing.assert_close(z.mean(0), mean, atol=0.05, rtol=0)
    torch.testing.assert_close(z.std(0), deviation, atol=0.05, rtol=0)


@pytest.mark.parametrize("prior", sorted(PRIORS.kinds()))
@pytest.mark.parametrize("kind", ["vae", "cvae"])
def test_equal_seeds_give_equal_samples_and_the_global_generator_rests(prior, kind):
    if PRIORS.kinds()[prior].depends_on_label and kind == "vae":
        return
    network = model({"kind": prior}, kind, dim=1)
    before = torch.get_rng_state()
    with torch.no_grad():
        each = []
        for seed in (4, 4, 5):
            with SeededRng(seed):
                each.append(network.prior().sample((7,)))
    assert torch.equal(each[0], each[1])
    assert not torch.equal(each[0], each[2])
    assert torch.equal(before, torch.get_rng_state())
    assert network.prior(torch.arange(3)).event_shape == (1,)


def test_the_estimated_kl_to_one_gaussian_is_the_closed_form():
    network = model({"kind": "mixture", "components": 1}, dim=3)
    bend(network.prior_network)
    x = torch.rand(1, *SPEC.shape, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        q, p = network.encode(x), network.prior()
        one = p.component_distribution
        wanted = kl_divergence(q.expand((1,)), one).item()
        many = q.expand((20_000,))
        with SeededRng(0):
            z = many.sample()
        draws = kl(many, p, z)
    assert abs(draws.mean().item() - wanted) < 4 * draws.std().item() / math.sqrt(len(draws))


def test_a_vamp_prior_is_the_mean_of_the_posteriors_of_its_pseudo_inputs():
    network = model({"kind": "vamp", "pseudo_inputs": 5})
    u, labels = network.pseudo_inputs()
    assert labels is None
    assert u.shape == (5, *SPEC.shape)
    assert 0 <= u.min() < u.max() <= 1
    z = torch.randn(9, 2, generator=torch.Generator().manual_seed(0))
    each = torch.stack([network.encode(one[None]).log_prob(z).exp() for one in u])
    torch.testing.assert_close(network.prior().log_prob(z), each.mean(0).log())


def test_pseudo_inputs_of_a_conditional_model_have_the_classes_in_turn():
    network = model({"kind": "vamp", "pseudo_inputs": 5}, "cvae")
    u, labels = network.pseudo_inputs()
    assert labels.tolist() == [0, 1, 2, 0, 1]
    z = torch.zeros(1, 2)
    by_label = network.encode(u, labels).log_prob(z).exp().mean().log()
    torch.testing.assert_close(network.prior().log_prob(z)[0], by_label)


@pytest.mark.parametrize("spec", [SPEC, CONDITIONED], ids=["classes", "conditions"])
def test_a_conditional_vamp_prior_is_the_same_from_its_checkpoint(spec, tmp_path):
    values = {"kind": "cvae", "hidden": [8], "latent_dim": 2}
    recipe = make_recipe({"model": {**values, "prior": {"kind": "vamp", "pseudo_inputs": 5}}})
    built = recipe.model.build(spec).eval()
    weights = {name: value.numpy() for name, value in built.state_dict().items()}
    save_checkpoint(tmp_path, Checkpoint(recipe, spec), weights)
    loaded, _ = load_model(tmp_path)
    z = torch.randn(4, 2, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        assert torch.equal(built.prior().log_prob(z), loaded.prior().log_prob(z))
        first, second = (each.pseudo_inputs()[1] for each in (built, loaded))
    assert torch.equal(first, second)


def test_other_priors_have_no_pseudo_inputs_and_only_one_is_standard():
    for prior in PRIORS.kinds():
        network = model({"kind": prior})
        assert (network.pseudo_inputs() is None) == (prior != "vamp")
        assert network.has_standard_prior == (prior == "standard")


def test_initial_weights_of_encoder_and_decoder_do_not_depend_on_the_prior():
    plain = model({"kind": "standard"}, "cvae").state_dict()
    for prior in PRIORS.kinds():
        other = model({"kind": prior}, "cvae").state_dict()
        assert all(torch.equal(other[name], weight) for name, weight in plain.items())


@pytest.mark.parametrize("prior", sorted(PRIORS.kinds()))
def test_samples_in_bf16_are_those_in_full_precision(prior):
    """A discriminator and the MMD compare codes with them."""
    network = model({"kind": prior})
    if network.prior_network is not None:
        bend(network.prior_network)
    with torch.no_grad():
        p = network.prior()
    found = []
    for enabled in (False, True):
        with SeededRng(2), torch.autocast("cpu", torch.bfloat16, enabled=enabled):
            found.append(p.sample((50,)))
    assert found[1].dtype == torch.float32
    torch.testing.assert_close(*found, rtol=0, atol=0)
