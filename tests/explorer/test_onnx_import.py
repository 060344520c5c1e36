"""Models in ONNX of other programs become runs, and compute the same there."""
# ruff: noqa: E402

import gc
import weakref

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

import onnx_files
from onnx.reference import ReferenceEvaluator

from latentlab.api.model import load
from latentlab.data.data_set import load as load_images
from latentlab.data.sources.digits import DigitsConfig
from latentlab.errors import RunError, TrainingError
from latentlab.explorer.comparison import ModelB
from latentlab.explorer.explorer import Explorer
from latentlab.explorer.import_ import describe, open_foreign
from latentlab.explorer.import_.fitting import fitting_images
from latentlab.runs.onnx_manifest import MANIFEST, read_manifest
from latentlab.session.abilities import Ability


@pytest.fixture
def folder(tmp_path):
    """A folder with a decoder from -1 to 1, and an encoder."""
    onnx_files.save(onnx_files.decoder(low=-1), tmp_path / "vae" / "decoder.onnx")
    onnx_files.save(onnx_files.encoder(), tmp_path / "vae" / "encoder.onnx")
    return tmp_path / "vae"


def test_encoder_and_decoder_compute_what_the_files_compute(folder):
    model = load(open_foreign(folder))
    x = np.random.default_rng(0).random((4, 1, 28, 28), np.float32)
    log_variance, mean = ReferenceEvaluator(onnx_files.encoder()).run(None, {"pixels": x})
    mu, sigma = model.encode(x)
    np.testing.assert_allclose(mu, mean, atol=1e-4)
    np.testing.assert_allclose(sigma, np.exp(0.5 * log_variance), atol=1e-4)
    (image,) = ReferenceEvaluator(onnx_files.decoder(low=-1)).run(None, {"z": mean})
    np.testing.assert_allclose(model.decode(mean), (image[:, 0] + 1) / 2, atol=1e-4)


def test_an_encoder_may_return_mean_and_variance_together(folder):
    x = np.random.default_rng(0).random((4, 1, 28, 28), np.float32)
    apart = load(open_foreign(folder)).encode(x)
    onnx_files.save(onnx_files.joint_encoder(), folder / "encoder.onnx")
    together = load(open_foreign(folder, {"spread": "log-variance"})).encode(x)
    np.testing.assert_allclose(together, apart, atol=1e-5)


def test_it_says_how_it_was_understood(folder):
    text = "\n".join(describe(folder))
    assert "Decoder output: -1 to 1. Values for random z lie between -0." in text
    assert "Mean and spread: mean z_mean, spread z_log_var." in text
    assert "Spread is: Log variance." in text


def test_the_manifest_of_the_run_is_what_was_chosen(folder):
    run = open_foreign(folder, {"output": "logits"})
    manifest = read_manifest(run / MANIFEST)
    assert (manifest.config.activation, manifest.config.mean) == ("sigmoid", "z_mean")
    (folder / MANIFEST).write_bytes((run / MANIFEST).read_bytes())
    assert "those of the manifest model.toml" in describe(folder)[1]


def test_a_decoder_alone_decodes_and_says_what_it_lacks(folder):
    (folder / "encoder.onnx").unlink()
    run = open_foreign(folder / "decoder.onnx")
    model = load(run)
    lacking = {Ability.ENCODE, Ability.GRADIENT, Ability.POSTERIOR, Ability.IMAGES}
    assert Ability.DECODE in model.card.abilities
    assert not model.card.abilities & lacking
    assert model.manifold(n=3).shape == (3, 3, 28, 28)
    with pytest.raises(RunError, match="no encoder"):
        model.encode(np.zeros((1, 28, 28)))
    explorer = Explorer()
    assert explorer.open(run).note.endswith("the map is empty.")
    assert not len(explorer.codes)


def test_a_changed_file_beside_is_noticed(folder):
    file = folder / "decoder.onnx"
    (folder / "gone").symlink_to(folder / "nothing")
    assert "encoder" in "\n".join(describe(file))
    assert describe(folder)
    (folder / "encoder.onnx").unlink()
    assert "There is no encoder" in "\n".join(describe(file))


def test_images_are_known_by_what_they_are_and_are_let_go():
    config = DigitsConfig()
    first, second = (load_images(config).train.to_explore()[:40] for _ in range(2))
    (a, *_), (again, *_), (b, *_) = (
        fitting_images(config, each) for each in (first, first, second)
    )
    assert a is again
    assert a is not b
    a.of_shape((1, 14, 14))
    kept = weakref.ref(first.images)
    del a, again, first, _
    gc.collect()
    assert kept() is None


def test_it_cannot_be_trained_or_differentiated(folder):
    network = load(open_foreign(folder)).network
    with pytest.raises(TrainingError, match="cannot be trained"):
        network.train()
    z = network.prior().sample((1,)).requires_grad_()
    with pytest.raises(RunError, match="no gradients"):
        network.decode(z)


@pytest.mark.parametrize(
    ("manifest", "reason"),
    [
        ("not toml", "is not a manifest"),
        ("[model]\nkind = 'vae'\n[images]\nshape = [1, 28, 28]", "invalid values"),
        ("[model]\nkind = 'onnx'\n[images]\nshape = [1, 28, 29]", "does not fit the decoder"),
    ],
)
def test_a_wrong_manifest_is_refused(folder, manifest, reason):
    (folder / MANIFEST).write_text(manifest)
    with pytest.raises(RunError, match=reason):
        open_foreign(folder)


def test_an_encoder_of_another_model_is_refused(folder):
    nodes = [onnx.helper.make_node("Flatten", ["pixels"], ["code"])]
    inputs = {"pixels": (onnx.TensorProto.FLOAT, ["N", 1, 28, 28])}
    other = onnx_files.graph(nodes, inputs, {"code": ["N", 784]}, {})
    onnx_files.save(other, folder / "encoder.onnx")
    with pytest.raises(RunError, match="another model"):
        open_foreign(folder)


@pytest.mark.parametrize("open_run", [load, Explorer().open, ModelB])
def test_a_run_whose_file_needs_too_much_memory_is_refused(folder, open_run):
    run = open_foreign(folder)
    onnx_files.save(greedy_decoder(600_000_000), run / "decoder.onnx")
    with pytest.raises(RunError, match="cannot be computed"):
        open_run(run)


def test_what_needs_too_much_memory_is_refused(folder):
    onnx_files.save(greedy_decoder(1 << 40), folder / "decoder.onnx")
    with pytest.raises(RunError, match="cannot be computed"):
        open_foreign(folder)


def greedy_decoder(values):
    """Return a small file that needs memory for many values."""
    nodes = [
        onnx.helper.make_node("Expand", ["z", "shape"], ["wide"]),
        onnx.helper.make_node("ReduceSum", ["wide", "axes"], ["picture"]),
    ]
    tensors = {
        "shape": np.array([values // onnx_files.LATENT, 1, onnx_files.LATENT]),
        "axes": np.array([0]),
    }
    inputs = {"z": (onnx.TensorProto.FLOAT, ["N", onnx_files.LATENT])}
    return onnx_files.graph(nodes, inputs, {"picture": ["N", onnx_files.LATENT]}, tensors)
