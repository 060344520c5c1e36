"""Model folders of pythae, as pythae writes them."""

import json

import pytest
import torch

from latentlab.errors import RunError
from latentlab.explorer.import_ import open_foreign
from latentlab.learning.checkpoint import load_model

pythae = pytest.importorskip("pythae.models")
networks = pytest.importorskip("pythae.models.nn.benchmarks.mnist")

SIZES = {"input_dim": (1, 28, 28), "latent_dim": 4}
pytestmark = pytest.mark.usefixtures("same_process")
X = torch.rand((5, 1, 28, 28), generator=torch.Generator().manual_seed(0))


def assert_same(folder, model):
    found, checkpoint = load_model(folder)
    with torch.no_grad():
        code = model.eval().encoder(X)
        pixels = model.decoder(code.embedding).reconstruction
        q, p = found.encode(X), found.decode(code.embedding)
    assert (q.mean - code.embedding).abs().max() < 1e-4
    assert (q.stddev - (0.5 * code.log_covariance).exp()).abs().max() < 1e-4
    assert (p.mean - pixels).abs().max() < 1e-4
    return checkpoint


def test_the_default_networks_are_a_vae(tmp_path):
    torch.manual_seed(0)
    model = pythae.BetaVAE(pythae.BetaVAEConfig(**SIZES, beta=2.0))
    model.save(str(tmp_path / "beta"))
    checkpoint = assert_same(open_foreign(tmp_path / "beta"), model)
    assert checkpoint.recipe.model.kind == "vae"
    assert checkpoint.recipe.model.hidden == (512,)


def test_pickled_networks_are_not_read_and_their_weights_are(tmp_path):
    config = pythae.VAEConfig(**SIZES)
    torch.manual_seed(0)
    networks_of = networks.Encoder_Conv_VAE_MNIST(config), networks.Decoder_Conv_AE_MNIST(config)
    model = pythae.VAE(config, *networks_of)
    folder = tmp_path / "conv"
    model.save(str(folder))
    with pytest.raises(RunError, match=r"pickles \(encoder.pkl, decoder.pkl\)") as caught:
        open_foreign(folder)
    assert "save_file(state" in caught.value.advice
    for name in ("encoder.pkl", "decoder.pkl"):
        (folder / name).unlink()
    assert assert_same(open_foreign(folder), model).recipe.model.kind == "sequential"


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"name": "VAMPConfig"}, "prior or posterior is not that of a plain VAE"),
        ({"name": "AEConfig"}, "gives no variance"),
        ({"latent_dim": "four"}, "no configuration of pythae"),
        ({"input_dim": [1, 10**9, 28]}, "no configuration of pythae"),
    ],
)
def test_other_models_are_refused(tmp_path, changes, problem):
    values = {"name": "VAEConfig", **SIZES, **changes}
    (tmp_path / "model_config.json").write_text(json.dumps(values))
    with pytest.raises(RunError, match=problem):
        open_foreign(tmp_path)
