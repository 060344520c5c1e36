"""Filling in what is hidden: against a closed form, and on digits."""

import numpy as np
import pytest
import torch
from linear_gaussian import LinearGaussian

from latentlab.data.data_set import load
from latentlab.data.image_set import ImageSpec
from latentlab.data.sources.digits import DigitsConfig
from latentlab.directories import resources
from latentlab.latent.inpaint import MaskedImage, map_inpaint, sample_inpaintings
from latentlab.learning.checkpoint import load_model
from latentlab.models.mlp_vae import CVAEConfig

WAYS = {"most probable": map_inpaint, "resampled": sample_inpaintings}


def finish(steps):
    shares = []
    while True:
        try:
            shares.append(next(steps))
        except StopIteration as done:
            assert shares == sorted(shares)
            assert shares[-1] == 1
            return done.value


def damaged(shape=(1, 4, 5), label=None, seed=0):
    rng = np.random.default_rng(seed)
    known = rng.random(shape[1:]) < 0.6
    return MaskedImage(rng.integers(0, 256, shape, np.uint8), known, label)


@pytest.fixture(scope="module")
def digits_2d():
    return load_model(resources() / "models" / "digits-2d")[0]


def half_a_digit(row=4):
    image = load(DigitsConfig()).validation.images[row]
    known = np.ones((28, 28), bool)
    known[16:] = False
    return MaskedImage(image, known)


@pytest.mark.parametrize("seed", range(3))
def test_the_most_probable_z_has_a_closed_form(seed):
    """(W'W / s² + I)⁻¹ W'(x - b) / s², over what is known alone."""
    model, damage = LinearGaussian(seed=seed), damaged(seed=seed)
    seen = damage.known.ravel()
    weight = model.weight.detach().double().numpy()[seen]
    rest = damage.image.ravel()[seen] / 255 - model.bias.detach().double().numpy()[seen]
    precision = weight.T @ weight / model.sigma**2 + np.eye(model.latent_dim)
    expected = np.linalg.solve(precision, weight.T @ rest / model.sigma**2)
    filled = finish(map_inpaint(model, damage))
    for z in filled.z:
        np.testing.assert_allclose(z, expected, atol=1e-4)


def test_log_joint_is_the_likelihood_of_what_is_known_and_the_prior():
    model, damage = LinearGaussian(), damaged()
    filled = finish(map_inpaint(model, damage, steps=5, restarts=3))
    assert (np.diff(filled.log_joint) <= 0).all()
    with torch.no_grad():
        for z, nats in zip(torch.from_numpy(filled.z), filled.log_joint, strict=True):
            p = model.decode(z[None]).base_dist
            x = torch.from_numpy(damage.image)[None] / 255
            each = p.log_prob(x)[0, 0][torch.from_numpy(damage.known)]
            expected = each.sum() - 0.5 * (z.square() + np.log(2 * np.pi)).sum()
            assert nats == pytest.approx(float(expected), rel=1e-4)


@pytest.mark.parametrize("way", WAYS)
def test_what_is_known_is_never_altered(way, digits_2d):
    damage = half_a_digit()
    filled = finish(WAYS[way](digits_2d, damage))
    for image in filled.images:
        np.testing.assert_array_equal(image[:, damage.known], damage.image[:, damage.known])
        assert (image[:, ~damage.known] != damage.image[:, ~damage.known]).any()


@pytest.mark.parametrize("way", WAYS)
def test_what_is_hidden_is_never_looked_at(way, digits_2d):
    damage = half_a_digit()
    other = np.where(damage.known, damage.image, 255 - damage.image)
    first = finish(WAYS[way](digits_2d, damage))
    again = finish(WAYS[way](digits_2d, MaskedImage(other, damage.known)))
    np.testing.assert_array_equal(first.z, again.z)
    np.testing.assert_array_equal(first.images, again.images)


@pytest.mark.parametrize("way", WAYS)
def test_the_seed_decides(way, digits_2d):
    torch.manual_seed(1)
    first = finish(WAYS[way](digits_2d, half_a_digit(), seed=3))
    torch.manual_seed(2)
    again = finish(WAYS[way](digits_2d, half_a_digit(), seed=3))
    other = finish(WAYS[way](digits_2d, half_a_digit(), seed=4))
    np.testing.assert_array_equal(first.z, again.z)
    assert not np.array_equal(first.z, other.z)


@pytest.mark.parametrize("way", WAYS)
def test_the_model_is_left_as_it_was(way):
    model, before = LinearGaussian(), torch.random.get_rng_state()
    weights = {name: value.clone() for name, value in model.state_dict().items()}
    finish(WAYS[way](model, damaged()))
    assert all(torch.equal(value, weights[name]) for name, value in model.state_dict().items())
    assert all(value.grad is None for value in model.parameters())
    assert all(value.requires_grad for value in model.parameters())
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.parametrize("way", WAYS)
def test_the_label_is_kept(way):
    """A conditional model fills in otherwise when told another class."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = CVAEConfig(hidden=(8,)).build(ImageSpec((1, 4, 5), ("ant", "bee"))).eval()
    ant, bee = (finish(WAYS[way](model, damaged(label=label))) for label in (0, 1))
    again = finish(WAYS[way](model, damaged(label=1)))
    assert not np.array_equal(ant.z, bee.z)
    np.testing.assert_array_equal(bee.z, again.z)


def test_a_half_hidden_digit_is_explained_better_than_by_its_own_code(digits_2d):
    """The z found gives what is seen at least the joint probability that other places do."""
    damage = half_a_digit()
    filled = finish(map_inpaint(digits_2d, damage))
    axis = torch.linspace(-3, 3, 41)
    grid = torch.cartesian_prod(axis, axis)
    x, known = torch.from_numpy(damage.image)[None] / 255, torch.from_numpy(damage.known)
    with torch.no_grad():
        each = digits_2d.decode(grid).base_dist.log_prob(x.expand(len(grid), 1, 28, 28))
        joint = (each * known).flatten(1).sum(1) + digits_2d.prior().log_prob(grid)
    assert filled.log_joint[0] >= float(joint.max()) - 0.5


def test_other_fills_differ(digits_2d):
    filled = finish(sample_inpaintings(digits_2d, half_a_digit()))
    assert len(filled.z) == 6
    assert len(np.unique(filled.z, axis=0)) == 6


def test_two_colours_of_mean_fill_each_its_own_channel():
    model = LinearGaussian(shape=(3, 4, 5))
    damage = damaged((3, 4, 5))
    filled = finish(map_inpaint(model, damage, steps=10))
    assert filled.images.shape == (8, 3, 4, 5)
    np.testing.assert_array_equal(filled.images[0][:, damage.known], damage.image[:, damage.known])
