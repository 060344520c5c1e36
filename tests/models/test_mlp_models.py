"""The fully connected VAE and CVAE."""

import pytest
import torch
from torch import nn

from latentlab.data.image_set import ImageSpec
from latentlab.errors import RecipeError
from latentlab.models.likelihoods import LIKELIHOODS, GaussianLikelihood
from latentlab.models.mlp import hidden_layers
from latentlab.models.mlp_vae import CVAEConfig, VAEConfig
from latentlab.models.thread_rng import SeededRng

SPEC = ImageSpec((1, 4, 6), ("ant", "bee", "cat"))


def shapes(layers):
    return [(layer.in_features, layer.out_features) for layer in layers[::2]]


def test_the_decoder_mirrors_the_encoder():
    model = VAEConfig(hidden=(9, 7), latent_dim=2).build(SPEC)
    assert shapes(model.encoder.trunk) == [(24, 9), (9, 7)]
    assert shapes(model.decoder.trunk) == [(2, 7), (7, 9)]
    assert (model.encoder.heads.in_features, model.encoder.heads.out_features) == (7, 4)
    assert (model.decoder.head.in_features, model.decoder.head.out_features) == (9, 24)


def test_the_label_stands_beside_the_image_and_beside_z():
    model = CVAEConfig(hidden=(9, 7), latent_dim=2).build(SPEC)
    assert shapes(model.encoder.trunk) == [(24 + 3, 9), (9, 7)]
    assert shapes(model.decoder.trunk) == [(2 + 3, 7), (7, 9)]


def test_a_relu_follows_each_layer():
    layers = hidden_layers((3, 4, 5))
    assert [type(layer).__name__ for layer in layers] == ["Linear", "ReLU", "Linear", "ReLU"]
    assert len(hidden_layers((3,))) == 0


def test_a_tanh_may_take_the_place_of_the_relu():
    model = VAEConfig(hidden=(5, 4), activation="tanh").build(SPEC)
    for trunk in (model.encoder.trunk, model.decoder.trunk):
        assert [type(layer).__name__ for layer in trunk] == ["Linear", "Tanh"] * 2


def test_normalisation_and_dropout_stand_around_the_relu():
    layers = hidden_layers((3, 4, 5), norm="batch", dropout=0.2)
    names = [type(layer).__name__ for layer in layers]
    assert names == ["Linear", "BatchNorm", "ReLU", "Dropout"] * 2
    assert layers[3].rate == 0.2
    model = VAEConfig(hidden=(9, 7), norm="batch", dropout=0.2).build(SPEC)
    for trunk in (model.encoder.trunk, model.decoder.trunk):
        assert [type(layer).__name__ for layer in trunk] == names


def test_a_default_network_is_the_one_that_older_checkpoints_and_seeds_mean():
    with SeededRng(3):
        model = VAEConfig(hidden=(9, 7), latent_dim=2).build(SPEC)
    with SeededRng(3):
        sizes = ((24, 9), (9, 7), (7, 4), (2, 7), (7, 9), (9, 24))
        layers = [nn.Linear(*size) for size in sizes]
    trunks = [f"{part}.trunk.{i}" for part in ("encoder", "decoder") for i in (0, 2)]
    names = [*trunks[:2], "encoder.heads", *trunks[2:], "decoder.head"]
    wanted = {
        f"{name}.{key}": value
        for name, layer in zip(names, layers, strict=True)
        for key, value in layer.state_dict().items()
    }
    assert [*model.state_dict()] == [*wanted]
    assert all(torch.equal(model.state_dict()[name], value) for name, value in wanted.items())


def test_only_a_likelihood_that_learns_adds_weights():
    names = {
        kind: {*VAEConfig(hidden=(4,), likelihood=config()).build(SPEC).state_dict()}
        for kind, config in LIKELIHOODS.kinds().items()
    }
    added = {kind: own - names["bernoulli"] for kind, own in names.items() if kind != "bernoulli"}
    learned = (
        "gaussian-learned",
        "laplace-learned",
        "discretized-gaussian",
        "discretized-logistic",
    )
    for kind in learned:
        assert added.pop(kind) == {"decoder.likelihood.raw_sigma"}
    assert not any(added.values())


def test_the_heads_say_mean_and_logarithm_of_the_variance():
    model = VAEConfig(hidden=(), latent_dim=2).build(SPEC)
    with torch.no_grad():
        model.encoder.heads.weight.zero_()
        model.encoder.heads.bias.copy_(torch.tensor([5.0, -6.0, 0.0, 2.0]))
        q = model.encode(torch.rand(1, *SPEC.shape))
    torch.testing.assert_close(q.mean, torch.tensor([[5.0, -6.0]]))
    torch.testing.assert_close(q.variance, torch.tensor([[0.0, 2.0]]).exp())


def test_a_label_moves_the_output_by_its_own_column():
    """One-hot: without hidden layers label 2 adds the last column of the decoder's weights."""
    model = CVAEConfig(hidden=(), latent_dim=2, likelihood=GaussianLikelihood(sigma=1.0)).build(
        SPEC
    )
    z = torch.zeros(2, 2)
    with torch.no_grad():
        pictures = model.decode(z, torch.tensor([0, 2])).mean.logit().flatten(1)
    weights = model.decoder.head
    for picture, column in zip(pictures, (2, 4), strict=True):
        expected = weights.weight[:, column].detach() + weights.bias.detach()
        torch.testing.assert_close(picture, expected, atol=1e-5, rtol=1e-4)


def test_pixels_come_out_in_the_order_they_go_in():
    """A linear model made an identity gives each pixel back in its place."""
    spec = ImageSpec((3, 2, 5))
    model = VAEConfig(hidden=(), latent_dim=spec.pixels).build(spec)
    x = torch.rand(4, *spec.shape) * 0.8 + 0.1
    with torch.no_grad():
        for weights in model.parameters():
            weights.zero_()
        model.encoder.heads.weight[: spec.pixels] = torch.eye(spec.pixels)
        model.decoder.head.weight.copy_(torch.eye(spec.pixels))
        z = model.encode(x).mean
        torch.testing.assert_close(model.decode(z).mean, x.sigmoid())


def test_a_cvae_refuses_images_without_labels():
    with pytest.raises(RecipeError) as caught:
        CVAEConfig().build(ImageSpec((1, 4, 6)))
    assert "labels" in caught.value.problems["model.kind"]
    assert VAEConfig().build(ImageSpec((1, 4, 6))).latent_dim == 2


def test_a_cvae_wants_to_be_told_the_label():
    model = CVAEConfig(hidden=(4,)).build(SPEC)
    with pytest.raises(ValueError, match="needs labels y"):
        model.encode(torch.zeros(1, *SPEC.shape))
    with pytest.raises(ValueError, match="needs labels y"):
        model.decode(torch.zeros(1, 2))


def test_losses_stay_exact_where_layers_compute_in_bf16():
    model = VAEConfig(hidden=(8,)).build(SPEC)
    with torch.autocast("cpu", torch.bfloat16):
        q = model.encode(torch.rand(2, *SPEC.shape))
        p = model.decode(q.mean)
    assert q.mean.dtype == q.stddev.dtype == p.mean.dtype == torch.float32
