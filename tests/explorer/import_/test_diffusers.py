"""Autoencoders of diffusers, as diffusers writes them."""

import json

import pytest
import torch

from latentlab.errors import RunError
from latentlab.explorer.import_ import describe, open_foreign
from latentlab.learning.checkpoint import load_model

diffusers = pytest.importorskip("diffusers")
pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")

X = torch.rand((3, 3, 64, 64), generator=torch.Generator().manual_seed(0))
KL = {
    "down_block_types": ("DownEncoderBlock2D",) * 3,
    "up_block_types": ("UpDecoderBlock2D",) * 3,
    "block_out_channels": (8, 8, 16),
    "norm_num_groups": 4,
    "layers_per_block": 1,
    "sample_size": 64,
}
TINY = {
    "encoder_block_out_channels": (8, 8, 8),
    "decoder_block_out_channels": (8, 8, 8),
    "num_encoder_blocks": (1, 2, 1),
    "num_decoder_blocks": (2, 1, 1),
}


def saved(kind, settings, folder):
    torch.manual_seed(0)
    model = getattr(diffusers, kind)(**settings).eval()
    model.save_pretrained(folder)
    return model


@pytest.fixture
def small_map(monkeypatch):
    monkeypatch.setattr("latentlab.explorer.import_.fitting.FACES_ON_MAP", 24)


@pytest.mark.parametrize("attention", [True, False])
def test_autoencoder_kl_computes_the_same(tmp_path, small_map, attention):
    settings = {**KL, "mid_block_add_attention": attention, "use_quant_conv": attention}
    model = saved("AutoencoderKL", settings, tmp_path / "kl")
    found, checkpoint = load_model(open_foreign(tmp_path / "kl"))
    assert checkpoint.spec.shape == (3, 64, 64)
    assert found.latent_shape == (4, 16, 16)
    with torch.no_grad():
        theirs = model.encode(2 * X - 1).latent_dist
        pixels = (model.decode(theirs.mean).sample / 2 + 0.5).clamp(0, 1)
        q = found.encode(X)
        p = found.decode(theirs.mean.flatten(1))
    assert (q.mean - theirs.mean.flatten(1)).abs().max() < 1e-4
    assert (q.stddev - theirs.std.flatten(1)).abs().max() < 1e-4
    assert (p.mean - pixels).abs().max() < 1e-4


def test_autoencoder_tiny_computes_the_same_and_has_no_posterior(tmp_path, small_map):
    model = saved("AutoencoderTiny", TINY, tmp_path / "tiny")
    found, checkpoint = load_model(open_foreign(tmp_path / "tiny", {"side": "96"}))
    assert checkpoint.spec.shape == (3, 96, 96)
    assert not found.has_posterior
    x = torch.nn.functional.interpolate(X, 96)
    with torch.no_grad():
        latents = model.encode(2 * x - 1).latents
        pixels = (model.decode(latents).sample / 2 + 0.5).clamp(0, 1)
        code = found.encode(x).mean
        mean = found.decode(code).mean
    assert (code - latents.flatten(1)).abs().max() < 1e-4
    assert (mean - pixels).abs().max() < 1e-4
    told = "\n".join(describe(tmp_path / "tiny"))
    assert "4 channels of 16×16 values, flattened to 1,024 dimensions" in told


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"_class_name": "UNet2DModel"}, "is a model of class UNet2DModel"),
        ({"down_block_types": ["AttnDownEncoderBlock2D"]}, "down_block_types"),
        ({"act_fn": "gelu"}, "act_fn = gelu"),
        ({"block_out_channels": "wide"}, "block_out_channels"),
        ({"layers_per_block": 2}, "does not fit"),
        ({"in_channels": 4}, "maps 4 channels to 3"),
    ],
)
def test_what_is_not_computed_is_refused(kl_folder, changes, problem):
    config = kl_folder / "config.json"
    text = config.read_text()
    try:
        config.write_text(json.dumps(json.loads(text) | changes))
        with pytest.raises(RunError, match=problem):
            open_foreign(kl_folder)
    finally:
        config.write_text(text)


@pytest.fixture(scope="module")
def kl_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "kl"
    saved("AutoencoderKL", KL, folder)
    return folder
