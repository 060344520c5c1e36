"""The terms that keep a decoder smooth without noise, against their definitions."""

import pytest
import torch
from linear_gaussian import LinearGaussian

from latentlab.data.image_set import ImageSpec
from latentlab.errors import RecipeError
from latentlab.learning.losses import compute_losses
from latentlab.learning.noise import Noise
from latentlab.learning.objectives.elbo import ELBO
from latentlab.learning.objectives.rae import RegularizedAutoencoder
from latentlab.learning.terms.decoder_norm import DecoderNorm
from latentlab.learning.terms.gradient_penalty import GradientPenalty
from latentlab.models.base import MODELS

SPEC = ImageSpec((1, 4, 5))


def autoencoder():
    torch.manual_seed(1)
    config = MODELS.kinds()["vae"](
        hidden=(8,), latent_dim=3, posterior={"kind": "deterministic"}, likelihood="gaussian"
    )
    return config.build(SPEC)


def losses(model, objective, count=6):
    x = torch.rand(count, *model.decode(torch.zeros(1, 3)).event_shape)
    noise = Noise(torch.Generator().manual_seed(0))
    return compute_losses(model, objective, (x, None, None), objective.numbers(0.0), noise)[0]


def test_a_regularized_autoencoder_is_reconstruction_codes_and_a_term():
    model = autoencoder()
    objective = RegularizedAutoencoder(beta=0.5, extra=DecoderNorm(weight=0.25))
    values = losses(model, objective)
    assert list(values) == ["loss", "reconstruction", "decoder-norm", "code_norm"]
    wanted = values["reconstruction"] + 0.5 * values["code_norm"] + 0.25 * values["decoder-norm"]
    torch.testing.assert_close(values["loss"], wanted)
    by_hand = sum(w.square().sum() for w in model.decoder.parameters() if w.dim() == 2)
    torch.testing.assert_close(values["decoder-norm"], by_hand.expand(6))


def test_the_code_norm_is_half_the_squared_code():
    model = autoencoder()
    x = torch.rand(6, *SPEC.shape)
    objective = RegularizedAutoencoder()
    noise = Noise(torch.Generator())
    values, batch = compute_losses(model, objective, (x, None, None), {"beta": 1.0}, noise)
    torch.testing.assert_close(values["code_norm"], 0.5 * model.encode(x).mean.square().sum(1))
    assert torch.equal(batch.z, model.encode(x).mean)


@pytest.mark.parametrize("with_gradient", [True, False])
def test_the_gradient_penalty_is_on_average_the_squared_jacobian(with_gradient):
    model = LinearGaussian()
    with torch.set_grad_enabled(with_gradient):
        values = losses(model, ELBO(extra=GradientPenalty()), count=4000)["gradient-penalty"]
    assert values.requires_grad == with_gradient
    wanted = model.weight.square().sum()
    error = values.std() / len(values) ** 0.5
    assert abs(values.mean() - wanted) < 4 * error
    if with_gradient:
        (slope,) = torch.autograd.grad(values.mean(), model.weight)
        torch.testing.assert_close(slope, 2 * model.weight, atol=0.2, rtol=0)


def test_what_does_not_fit_is_refused_with_a_reason():
    with pytest.raises(RecipeError, match="no decoder of its own"):
        ELBO(extra=DecoderNorm()).check(LinearGaussian())
    with pytest.raises(RecipeError, match="deterministic posterior"):
        RegularizedAutoencoder().check(LinearGaussian())
    RegularizedAutoencoder(extra=GradientPenalty()).check(autoencoder())
    fixed = LinearGaussian()
    fixed.has_gradient = False
    with pytest.raises(RecipeError, match="has no gradient"):
        ELBO(extra=GradientPenalty()).check(fixed)
