"""Further terms of the loss: what they measure, and what they leave alone."""

import pytest
import torch
from torch.distributions import Independent, Normal

from latentlab.config import parse
from latentlab.data.data_set import load
from latentlab.data.image_set import ImageSpec
from latentlab.data.sources.digits import DigitsConfig
from latentlab.errors import TrainingError
from latentlab.learning import feature_network as features
from latentlab.learning.batch import Batch
from latentlab.learning.feature_network import feature_network
from latentlab.learning.losses import compute_losses
from latentlab.learning.noise import Noise
from latentlab.learning.objectives.elbo import ELBO
from latentlab.learning.terms.perceptual import Perceptual
from latentlab.learning.terms.term import TERMS, NoTerm
from latentlab.models.mlp_vae import VAEConfig

CPU = torch.device("cpu")


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def batch(x, mean, known=None):
    """A batch whose reconstructions are `mean`; terms look at nothing else."""
    p = Independent(Normal(mean, torch.ones_like(mean)), 3)
    return Batch(x=x, y=None, known=known, z=None, q=None, p=p, prior=None, model=None, noise=None)


@pytest.fixture(scope="module")
def digits():
    return torch.from_numpy(load(DigitsConfig()).validation.images[:64]) / 255


def test_no_term_is_none_and_has_nothing_to_choose():
    assert NoTerm().value(batch(*torch.rand(2, 4, 1, 8, 8, generator=rng()))) is None
    assert (NoTerm().kind, NoTerm().weight) == ("none", 0.0)
    assert NoTerm().model_dump() == {"kind": "none"}
    assert next(iter(TERMS.kinds())) == "none"


def test_it_is_half_the_squared_distance_of_all_features():
    x, mean = torch.rand(2, 4, 1, 28, 28, generator=rng())
    network = feature_network(CPU)
    by_hand = sum(
        0.5 * (seen - want).double().square().sum((1, 2, 3))
        for seen, want in zip(network(x), network(mean), strict=True)
    )
    value = Perceptual().value(batch(x, mean))
    torch.testing.assert_close(value.double(), by_hand, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 64, 64), (3, 5, 7), (1, 1, 1)])
def test_images_of_any_size_and_colour_have_features(shape):
    x, mean = torch.rand(2, 3, *shape, generator=rng())
    value = Perceptual().value(batch(x, mean))
    assert (value > 0).all()
    assert (Perceptual().value(batch(x, x)) == 0).all()
    grey = [each.mean(1, keepdim=True) for each in (x, mean)]
    torch.testing.assert_close(Perceptual().value(batch(*grey)), value)


def test_it_minds_blur_more_than_pixels_do(digits):
    """A blurred digit is nearer than one moved by a pixel, and looks further away."""
    blurred = torch.nn.functional.avg_pool2d(digits, 5, stride=1, padding=2)
    moved = digits.roll(1, 3)
    assert (blurred - digits).square().sum() < (moved - digits).square().sum()
    of_blurred, of_moved = (
        Perceptual().value(batch(digits, each)).mean() for each in (blurred, moved)
    )
    assert of_blurred > 1.5 * of_moved


def test_another_digit_is_further_away_than_a_faint_one(digits):
    other = Perceptual().value(batch(digits, digits.roll(1, 0)))
    faint = Perceptual().value(batch(digits, 0.8 * digits))
    assert (other > 3 * faint).float().mean() > 0.9


def test_its_gradient_leads_to_the_image_and_not_to_the_network(digits):
    mean = torch.full_like(digits, 0.3, requires_grad=True)
    before = Perceptual().value(batch(digits, mean)).sum()
    before.backward()
    after = Perceptual().value(batch(digits, (mean - 1e-4 * mean.grad).detach())).sum()
    assert after < before
    assert not any(weight.requires_grad for weight in feature_network(CPU).parameters())


def test_a_pixel_that_is_not_known_says_nothing(digits):
    known = torch.rand(64, 1, 28, 28, generator=rng()) < 0.5
    mean = torch.rand(digits.shape, generator=rng(1))
    noise = torch.rand(digits.shape, generator=rng(2))
    one, other = (
        Perceptual().value(batch(torch.where(known, digits, hidden), mean, known))
        for hidden in (noise, torch.zeros_like(digits))
    )
    assert torch.equal(one, other)
    nothing = torch.zeros_like(known)
    assert (Perceptual().value(batch(digits, mean, nothing)) == 0).all()


def test_the_network_is_made_once_and_draws_no_random_numbers():
    feature_network.cache_clear()
    before = torch.get_rng_state()
    assert feature_network(CPU) is feature_network(torch.device("cpu"))
    assert torch.equal(torch.get_rng_state(), before)


def test_a_feature_has_a_deviation_of_about_1(digits):
    both = torch.cat([digits, 1 - digits])
    for seen in feature_network(CPU)(both):
        assert 0.5 < seen.std() < 2


@pytest.mark.parametrize("content", [None, b"", b"version https://git-lfs.github.com/spec/v1\n"])
def test_a_network_that_is_missing_or_damaged_is_missed_by_name(tmp_path, monkeypatch, content):
    file = tmp_path / "features" / "perceptual.safetensors"
    file.parent.mkdir()
    if content is not None:
        file.write_bytes(content)
    monkeypatch.setattr(features, "resources", lambda: tmp_path)
    feature_network.cache_clear()
    with pytest.raises(TrainingError) as caught:
        feature_network(CPU)
    assert str(file) in caught.value.message
    assert caught.value.advice


@pytest.mark.parametrize("bf16", [False, True])
def test_the_objective_weighs_it_and_the_model_holds_none_of_it(digits, bf16):
    objective = parse(ELBO, {"extra": {"kind": "perceptual", "weight": 0.25}})
    torch.manual_seed(0)
    model = VAEConfig(hidden=(16,)).build(ImageSpec((1, 28, 28)))
    names = [*model.state_dict()]
    with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        values, _ = compute_losses(
            model, objective, (digits, None, None), objective.numbers(0.0), Noise(rng())
        )
    values["loss"].mean().backward()
    assert values["perceptual"].dtype == torch.float32
    plain = values["reconstruction"] + values["kl"]
    torch.testing.assert_close(values["loss"], plain + 0.25 * values["perceptual"])
    assert [*model.state_dict()] == names
    assert all(weight.grad.any() for weight in model.parameters())
