"""The VQ-VAE: straight-through gradients, terms of the loss, and samples."""

import copy

import pytest
import torch

from latentlab.config import parse
from latentlab.data.image_set import ImageSpec
from latentlab.errors import RecipeError
from latentlab.learning.losses import compute_losses
from latentlab.learning.noise import Noise
from latentlab.learning.objectives.elbo import ELBO
from latentlab.models.thread_rng import SeededRng
from latentlab.models.vq_vae import VQVAEConfig

SPEC = ImageSpec((1, 12, 8))
SMALL = {"width": 4, "codes": 7, "code_channels": 3, "prior_width": 8, "prior_layers": 1}


def model_of(spec=SPEC, **values):
    with SeededRng(0):
        return parse(VQVAEConfig, {"likelihood": "bernoulli", **SMALL, **values}).build(spec)


@pytest.fixture
def model():
    made = model_of().eval()
    # As after training: codes are outputs of the encoder.
    made.codebook.vectors.copy_(
        made.encode(images(2)).mean.reshape(2, 3, 6).mT.flatten(0, 1)[:7].detach()
    )
    return made


def images(count, seed=1):
    return torch.rand(count, *SPEC.shape, generator=torch.Generator().manual_seed(seed))


def losses(model, x):
    objective = ELBO()
    objective.check(model)
    noise = Noise(torch.Generator().manual_seed(0))
    return compute_losses(model, objective, (x, None, None), objective.numbers(0), noise)[0]


def test_the_code_is_that_of_the_encoder_and_is_quantized_by_the_decoder(model):
    x = images(5)
    q = model.encode(x)
    assert model.latent_shape == (3, 3, 2)
    assert model.latent_dim == 18
    assert torch.equal(q.mean, model.encoder(x))
    maps = q.mean.reshape(5, 3, 3, 2).permute(0, 2, 3, 1)
    codes = model.codebook(model.codebook.nearest(maps)).permute(0, 3, 1, 2).flatten(1)
    assert not torch.allclose(q.mean, codes, atol=1e-3)
    torch.testing.assert_close(model.decode(q.mean).mean, model.decode(codes).mean)


def test_gradients_go_straight_through_the_quantization(model):
    """That of z before quantization is that of the decoder at the codes, unchanged."""
    z = model.encode(images(4)).mean.detach().requires_grad_()
    picture = images(4, seed=2)
    (model.decode(z).mean * picture).sum().backward()
    maps = z.detach().reshape(4, 3, 3, 2).permute(0, 2, 3, 1)
    codes = model.codebook(model.codebook.nearest(maps)).permute(0, 3, 1, 2).requires_grad_()
    (model.decoder(codes).mean * picture).sum().backward()
    assert z.grad.any()
    torch.testing.assert_close(z.grad, codes.grad.flatten(1))


def test_the_loss_is_the_negative_elbo_of_the_codes_and_the_commitment(model):
    x = images(6)
    values = losses(model, x)
    assert [*values] == ["loss", "reconstruction", "kl", "commitment", "perplexity"]
    z = model.encode(x).mean
    maps = z.reshape(6, 3, 3, 2).permute(0, 2, 3, 1)
    indices = model.codebook.nearest(maps)
    distance = (maps - model.codebook(indices)).square().flatten(1).sum(1)
    torch.testing.assert_close(values["commitment"], 0.25 * distance)
    torch.testing.assert_close(values["kl"], -model.code_prior(indices))
    torch.testing.assert_close(values["kl"], -model.prior().log_prob(z))
    whole = values["reconstruction"] + values["kl"] + values["commitment"]
    torch.testing.assert_close(values["loss"], whole)


def test_the_prior_learns_from_codes_without_teaching_the_encoder(model):
    values = losses(model, images(6))
    values["kl"].sum().backward(retain_graph=True)
    reached = {name.partition(".")[0] for name, w in model.named_parameters() if w.grad is not None}
    assert reached == {"code_prior"}
    model.zero_grad()
    values["commitment"].sum().backward()
    reached = {name.partition(".")[0] for name, w in model.named_parameters() if w.grad is not None}
    assert reached == {"encoder"}


def test_the_codebook_learns_in_training_mode_only(model):
    before = copy.deepcopy(model.codebook.state_dict())
    losses(model, images(6))
    model.decode(model.train().encode(images(6)).mean)
    model.eval()
    assert all(
        torch.equal(value, before[name]) for name, value in model.codebook.state_dict().items()
    )
    losses(model.train(), images(6))
    assert not torch.equal(model.codebook.vectors, before["vectors"])


def test_codes_are_learned_so_that_the_quantization_error_falls():
    model = model_of(codes=16)
    # Bright and dark squares, of which something can be learned.
    x = images(40).gt(0.5)[:, :, ::4, ::4].float().repeat_interleave(4, 2).repeat_interleave(4, 3)
    optimizer = torch.optim.Adam(model.parameters(), 1e-2)
    model.codebook.generator = torch.Generator().manual_seed(0)
    errors = []
    for _ in range(40):
        values = losses(model, x)
        optimizer.zero_grad()
        values["loss"].mean().backward()
        optimizer.step()
        errors.append(values["reconstruction"].mean().item())
    assert errors[-1] < 0.6 * errors[0]
    assert values["perplexity"][0] > 2


def test_samples_of_the_prior_are_codes_that_the_decoder_knows(model):
    with SeededRng(0):
        z = model.prior().sample((9,))
    maps = z.reshape(9, 3, 3, 2).permute(0, 2, 3, 1)
    assert torch.equal(model.codebook(model.codebook.nearest(maps)), maps)
    assert len(z.unique(dim=0)) > 1
    with SeededRng(0):
        assert torch.equal(model.prior().sample((9,)), z)


def test_the_codebook_lists_its_codes_by_use(model):
    model.codebook.use.copy_(torch.tensor([1.0, 5, 0, 2, 8, 3, 1]))
    z, shares = model.codebook_points()
    assert shares.tolist() == pytest.approx([0.4, 0.25, 0.15, 0.1, 0.05, 0.05, 0])
    order = [4, 1, 5, 3, 0, 6, 2]
    for row, code in enumerate(order):
        wanted = model.codebook.vectors[code][:, None, None].expand(3, 3, 2)
        assert torch.equal(z[row].reshape(3, 3, 2), wanted)


def test_maps_that_are_too_large_are_refused():
    with pytest.raises(RecipeError, match="more halvings") as error:
        model_of(ImageSpec((1, 256, 256)), halvings=1, code_channels=64)
    assert [*error.value.problems] == ["model.halvings"]
