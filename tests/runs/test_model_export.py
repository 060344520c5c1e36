"""Models as ONNX and safetensors, read back by onnx, onnxruntime and torch."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from latentlab.api.model import load
from latentlab.data.image_set import ImageSpec
from latentlab.errors import RunError
from latentlab.explorer.import_ import open_foreign
from latentlab.learning.recipe import make_recipe
from latentlab.models.onnx_model import OnnxConfig
from latentlab.runs import model_export
from latentlab.runs.onnx_manifest import MANIFEST, Manifest, read_manifest
from latentlab.session.files.model_export import ModelPart, model_format
from latentlab.work import finish

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")


@pytest.fixture(scope="module")
def exported(cvae_run, tmp_path_factory):
    """A conditional model, and the folder with its encoder and decoder in half precision."""
    folder = tmp_path_factory.mktemp("export") / "model"
    return load(cvae_run), load(cvae_run).export(folder, half=True)


def rounded(model):
    """Return the network with weights in half precision."""
    network = load(model.folder).network
    for tensor in network.state_dict().values():
        tensor.copy_(tensor.half().float())
    return network


def test_another_runtime_encodes_and_decodes_the_same(exported):
    model, folder = exported
    network, x, y = rounded(model), torch.rand(5, 1, 28, 28), torch.arange(5)
    encoder = onnxruntime.InferenceSession(folder / "encoder.onnx")
    mu, sigma = encoder.run(["mu", "sigma"], {"x": x.numpy(), "y": y.numpy()})
    decoder = onnxruntime.InferenceSession(folder / "decoder.onnx")
    (image,) = decoder.run(["image"], {"z": mu, "y": y.numpy()})
    q = network.encode(x, y)
    np.testing.assert_allclose(mu, q.mean, atol=1e-4)
    np.testing.assert_allclose(sigma, q.stddev, atol=1e-4)
    np.testing.assert_allclose(image, network.decode(q.mean, y).mean, atol=1e-4)


def test_the_files_tell_what_they_are_and_nothing_of_this_machine(exported):
    model, folder = exported
    proto = onnx.load(folder / "decoder.onnx")
    onnx.checker.check_model(proto, full_check=True)
    props = {each.key: each.value for each in proto.metadata_props}
    assert (props["model"], props["latent_dim"]) == (model.name, "3")
    assert json.loads(props["class_names"]) == list(model.spec.class_names)
    assert props["pixel_range"] == "0 to 1"
    assert b".py" not in (folder / "decoder.onnx").read_bytes()
    weights = [each for each in proto.graph.initializer if len(each.dims) == 2]
    assert {each.data_type for each in weights} == {onnx.TensorProto.FLOAT16}


@pytest.mark.parametrize(
    ("values", "size"),
    [
        (
            {
                **{"kind": "vq-vae", "width": 2, "codes": 9, "code_channels": 2, "halvings": 1},
                **{"prior_width": 4, "prior_layers": 1},
            },
            24,
        ),
        ({"kind": "ladder-vae", "hidden": [6], "z1_dim": 3, "z2_dim": 2}, 5),
    ],
    ids=["vq-vae", "ladder-vae"],
)
def test_models_without_a_choice_of_latent_dimensions_are_exported_too(tmp_path, values, size):
    recipe, spec = make_recipe({"model": values}), ImageSpec((1, 6, 8))
    model = recipe.model.build(spec).eval()
    source = model_export.ModelSource.of("small", recipe.to_dict(), spec, model)
    finish(model_export.export_model(source, tmp_path / "decoder.onnx"))
    decoder = onnxruntime.InferenceSession(tmp_path / "decoder.onnx")
    assert decoder.get_modelmeta().custom_metadata_map["latent_dim"] == str(size)
    z = torch.randn(3, size)
    (image,) = decoder.run(["image"], {"z": z.numpy()})
    with torch.no_grad():
        np.testing.assert_allclose(image, model.decode(z).mean, atol=1e-4)


def test_weights_keep_their_names_in_torch(vae_run, tmp_path):
    model, file = load(vae_run), tmp_path / "weights.safetensors"
    model.export(file)
    expected = model.network.state_dict()
    found = load_file(file)
    assert list(found) == sorted(expected)
    assert all(torch.equal(found[name], expected[name]) for name in expected)
    with safe_open(file, "pt") as content:
        assert json.loads(content.metadata()["recipe"])["hidden"] == [16]


def test_what_differs_from_the_model_is_not_written(vae_run, tmp_path, monkeypatch):
    monkeypatch.setattr(model_export, "TOLERANCE", 0.0)
    with pytest.raises(RunError, match="differs from the model"):
        load(vae_run).export(tmp_path / "decoder.onnx")
    assert not list(tmp_path.iterdir())


def test_weights_too_large_for_half_precision_are_refused(vae_run, tmp_path):
    model = load(vae_run)
    next(model.network.parameters()).detach().fill_(1e5)
    with pytest.raises(RunError, match="half precision cannot store"):
        model.export(tmp_path / "a.safetensors", half=True)


def test_other_endings_are_refused(tmp_path):
    with pytest.raises(RunError, match=r"\.pt is not a format for a model"):
        model_format(tmp_path / "model.pt")
    assert ModelPart("encoder") is ModelPart.ENCODER


def test_what_was_exported_opens_again_and_computes_the_same(exported):
    model, folder = exported
    back, network = load(open_foreign(folder)), rounded(model)
    x, y = np.random.default_rng(0).random((4, 28, 28), np.float32), [0, 3, 5, 9]
    q = network.encode(torch.from_numpy(x)[:, None], torch.tensor(y))
    mu, sigma = back.encode(x, y)
    np.testing.assert_allclose(mu, q.mean, atol=1e-4)
    np.testing.assert_allclose(sigma, q.stddev, atol=1e-4)
    images = network.decode(q.mean, torch.tensor(y)).mean[:, 0]
    np.testing.assert_allclose(back.decode(mu, y), images, atol=1e-4)
    assert back.spec == model.spec
    assert back.export(folder.with_name("again")).joinpath("model.toml").exists()


def test_the_manifest_says_whether_there_are_deviations(exported):
    network, spec = exported[0].network, exported[0].spec
    assert Manifest.of_export(network, spec).config.deviation == "sigma"
    plain = SimpleNamespace(latent_dim=3, conditional=False, has_posterior=False)
    assert Manifest.of_export(plain, spec).config.deviation == ""


@pytest.mark.parametrize("channels", [1, 2, 3, 16])
def test_manifests_of_any_number_of_channels_are_read(tmp_path, channels):
    manifest = Manifest(OnnxConfig(latent_dim=3), ImageSpec((channels, 8, 9)))
    path = tmp_path / MANIFEST
    path.write_text(manifest.to_toml(), encoding="utf-8")
    assert read_manifest(path) == manifest
    path.write_text(path.read_text("utf-8").replace(f" {channels},", " 17,"), encoding="utf-8")
    with pytest.raises(RunError, match="invalid values"):
        read_manifest(path)
