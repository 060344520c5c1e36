"""Weights of PyTorch models open as runs that compute the same."""

import io
import os
import pickle
import time
import zipfile

import numpy as np
import pytest
import torch
from foreign_models import (
    Conditional,
    DeepFaces,
    DeepHeads,
    Faces,
    Joint,
    PyTorchExample,
    SmallConv,
    digits,
    seeded,
    train,
)
from safetensors.torch import save_file
from torch import nn

import latentlab
from latentlab.data.image_set import ImageSpec
from latentlab.errors import LatentlabError, RunError
from latentlab.explorer.explorer import Explorer
from latentlab.explorer.import_ import describe, is_foreign, open_foreign
from latentlab.explorer.import_.reader import formats
from latentlab.explorer.import_.state_dict import geometry, tensors, torch_child
from latentlab.explorer.import_.state_dict.chain import CONV, Step
from latentlab.explorer.import_.state_dict.modules import Module
from latentlab.explorer.import_.state_dict.tensors import MAX_VALUES
from latentlab.learning.checkpoint import load_model
from latentlab.runs.imported import read_import_record
from latentlab.runs.library import library

SMALL = {"hidden": 64, "latent": 8}
FACES = {
    kind: {
        "output": "tanh",
        "encoder-activation": encoder,
        "decoder-activation": decoder,
        "first-activation": "no",
    }
    for kind, encoder, decoder in (
        (Faces, "leaky-relu 0.2", "relu"),
        (DeepFaces, "leaky-relu 0.01", "leaky-relu 0.01"),
    )
}
"""What the code of models of faces says."""


@pytest.fixture(scope="module")
def images():
    return digits()


@pytest.fixture(scope="module")
def example(images):
    """PyTorch's example, trained briefly."""
    return train(seeded(PyTorchExample, **SMALL), images[0])


def save(model, path):
    """Save weights as scripts do."""
    if path.suffix == ".safetensors":
        save_file(model.state_dict(), path)
    else:
        torch.save(model.state_dict(), path)
    return path


def assert_same(folder, model, x, y=None):
    """Compare mean and deviation of the posterior, and decoded images, to 1e-4."""
    labels = () if y is None else (y,)
    found, checkpoint = load_model(folder)
    with torch.no_grad():
        mu, log_var = model.encode(x, *labels)
        pixels = model.decode(mu, *labels).reshape(x.shape)
        q, p = found.encode(x, y), found.decode(mu, y)
    assert (q.mean - mu).abs().max() < 1e-4
    assert (q.stddev - (0.5 * log_var).exp()).abs().max() < 1e-4
    assert (p.mean - pixels).abs().max() < 1e-4
    return checkpoint


def test_the_example_of_pytorch_is_a_vae_of_digits(example, images, tmp_path):
    file = tmp_path / "vae.pt"
    torch.save({"epoch": 3, "model_state_dict": example.state_dict()}, file)
    folder = open_foreign(file)
    checkpoint = assert_same(folder, example, images[0][:20])
    assert checkpoint.recipe.model.kind == "vae"
    assert checkpoint.recipe.data.kind == "digits"
    remarks = " ".join(read_import_record(folder).remarks)
    assert "Reconstructs Digits with a squared error of 0.0" in remarks
    assert "Output: sigmoid (0 to 1), with a squared error of 0.0" in remarks
    assert "Order of the heads: mean, then variance, with a squared error" in remarks
    # It is one of the user's runs, with a full map.
    explorer = Explorer()
    card = explorer.open(folder)
    assert (card.name, card.note, card.images) == ("vae", "", 5000)
    assert explorer.codes.parts is None, "nobody knows which images it learned from"
    assert [entry.name for entry in library()][-1] == "vae"
    assert open_foreign(file) == folder, "the same file is the same run"
    same = save(example, tmp_path / "vae.safetensors")
    corrected = open_foreign(same, {"output": "none"})
    assert corrected != folder
    assert load_model(corrected)[1].recipe.model.kind == "sequential"
    assert "as you chose" in " ".join(read_import_record(corrected).remarks)


def test_a_conditional_model_tells_where_the_label_goes(images, tmp_path):
    model = train(seeded(Conditional, **SMALL, label_first=True), *images)
    folder = open_foreign(save(model, tmp_path / "cvae.safetensors"))
    checkpoint = assert_same(folder, model, images[0][:20], images[1][:20])
    assert checkpoint.recipe.model.kind == "cvae"
    assert checkpoint.spec.class_names == tuple("0123456789")
    remarks = " ".join(read_import_record(folder).remarks)
    assert "Label inputs: before the values" in remarks
    assert "The heads are called log_var and mu." in remarks


def test_activation_and_order_of_one_head_are_found_by_the_error(images, tmp_path):
    model = train(seeded(Joint), images[0])
    folder = open_foreign(save(model, tmp_path / "joint.safetensors"))
    assert_same(folder, model, images[0][:20])
    provenance = read_import_record(folder)
    assert provenance.choices["encoder-activation"] == "elu"
    assert provenance.choices["heads"] == "mean last"


def test_strides_of_convolutions_are_found_by_the_sizes_and_the_error(images, tmp_path):
    model = train(seeded(SmallConv), images[0])
    folder = open_foreign(save(model, tmp_path / "conv.safetensors"))
    assert_same(folder, model, images[0][:20])
    assert "Encoder activation: ELU, with a squared error" in " ".join(
        read_import_record(folder).remarks
    )


@pytest.mark.usefixtures("same_process")
@pytest.mark.parametrize("convolutions", [False, True])
def test_heads_with_hidden_layers_of_their_own(images, tmp_path, convolutions):
    model = train(seeded(DeepHeads, convolutions=convolutions), images[0], steps=200, rate=5e-3)
    file = save(model, tmp_path / ("deep.pt" if convolutions else "deep.safetensors"))
    folder = open_foreign(file)
    checkpoint = assert_same(folder, model, images[0][:20])
    assert checkpoint.recipe.model.mean_head == ("linear 32", "elu")
    assert checkpoint.recipe.model.variance_head == ("linear 24", "elu")
    remarks = " ".join(read_import_record(folder).remarks)
    assert "Head activation: ELU, with a squared error" in remarks
    assert "The heads are called logvar_head.2 and mu_head.2." in remarks


def test_one_head_may_have_more_layers_than_the_other(tmp_path):
    model = seeded(DeepHeads, middle=nn.ReLU)
    model.logvar_head = nn.Linear(64, 6)
    for module in (model.mu_head[0], model.decoder[0]):
        module.bias.data += 0.1
    chosen = {"output": "sigmoid", "heads": "mean last"}
    chosen |= {f"{part}-activation": "relu" for part in ("encoder", "head", "decoder")}
    folder = open_foreign(save(model, tmp_path / "one.safetensors"), chosen)
    checkpoint = assert_same(folder, model, torch.rand(5, 1, 28, 28))
    assert checkpoint.recipe.model.variance_head == ()


def test_a_file_with_too_many_layers_or_weights_is_refused(tmp_path, monkeypatch):
    layers = {f"net.{i}.weight": torch.zeros(2, 2) for i in range(300)}
    save_file(layers, tmp_path / "many.safetensors")
    with pytest.raises(RunError, match="300 layers; latentlab opens at most 256"):
        open_foreign(tmp_path / "many.safetensors")
    monkeypatch.setattr(tensors, "MAX_VALUES", 1000)
    with pytest.raises(RunError, match="300 tensors with 1,200 values") as caught:
        open_foreign(tmp_path / "many.safetensors")
    assert "(1 GB)" in caught.value.advice
    assert 4 * MAX_VALUES == 1 << 30


def test_the_strides_of_many_convolutions_are_found_soon():
    layer = Module("conv", 0, {"weight": np.zeros((4, 4, 3, 3), np.float32)})
    began = time.perf_counter()
    found = geometry._closings([Step(layer, CONV)] * 40, 32, decoding=False)
    assert time.perf_counter() - began < 5
    keeps = found[32][0][0]
    assert {(rule.stride, rule.padding) for rule in keeps} == {(1, 1)}


@pytest.mark.parametrize("kind", [Faces, DeepFaces])
def test_batch_norms_are_placed_by_their_names(tmp_path, kind):
    model = seeded(kind).train()
    x = torch.rand((8, 3, 64, 64), generator=torch.Generator().manual_seed(0))
    for _ in range(3):  # statistics other than 0 and 1
        model.decode(model.encode(x)[0])
    weights = {f"module.{name}": array for name, array in model.state_dict().items()}
    save_file(weights, tmp_path / "faces.safetensors")
    folder = open_foreign(tmp_path / "faces.safetensors", FACES[kind])
    checkpoint = assert_same(folder, model.eval(), x)
    assert checkpoint.spec == ImageSpec((3, 64, 64))
    assert Explorer().open(folder).note == (
        "The data set of this imported model is unknown: the map is empty."
    )


def test_what_nothing_decides_is_said(tmp_path):
    untrained = seeded(PyTorchExample, **SMALL)
    lines = describe(save(untrained, tmp_path / "new.safetensors"))
    assert lines[1].startswith("No images on this machine are reconstructed well")
    assert any(line.startswith("Open: output = sigmoid of sigmoid, tanh") for line in lines)


# Files that cannot be opened


class Bomb:
    """Creates a file when it is unpickled."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return os.mkdir, (self.path,)


def hostile_zip(path, mark):
    """Write a file of torch.save whose pickle runs code."""
    content = io.BytesIO()
    torch.save({"a.weight": torch.zeros(2, 2)}, content)
    with zipfile.ZipFile(content) as source, zipfile.ZipFile(path, "w") as target:
        for entry in source.infolist():
            is_pickle = entry.filename.endswith("data.pkl")
            data = pickle.dumps(Bomb(mark), 2) if is_pickle else source.read(entry)
            target.writestr(entry.filename, data)


def test_a_pickle_that_runs_code_does_not(tmp_path):
    mark, file = tmp_path / "mark", tmp_path / "model.pt"
    hostile_zip(file, mark)
    with pytest.raises(RunError, match=r"model.pt is a pickle of Python objects \(") as caught:
        open_foreign(file)
    assert 'save_file(state, "model.safetensors")' in caught.value.advice
    for name in ("model.pkl", "model.pt2"):
        with pytest.raises(RunError, match="could run code, so nothing of it was read"):
            open_foreign(file.rename(tmp_path / name))
        (tmp_path / name).rename(file)
    assert not mark.exists()


def problem_of(file):
    """Return what the process that reads a file reports; here without its limits."""
    with pytest.raises(torch_child.Problem) as caught:
        torch_child.convert(file, file.with_suffix(".out"))
    return caught.value.args


def test_what_is_wrong_with_a_file_of_torch_is_told(example, tmp_path):
    mark, file = tmp_path / "mark", tmp_path / "model.pt"
    file.write_bytes(pickle.dumps({"state_dict": Bomb(mark)}, 2))  # without an archive
    assert problem_of(file)[0] == torch_child.OBJECTS
    assert not mark.exists()
    torch.save(nn.Linear(2, 2), file)
    assert problem_of(file) == (torch_child.OBJECTS, "torch.nn.modules.linear.Linear")
    torch.save({"optimizer": {"state": torch.zeros(3)}, "epoch": 3}, file)
    assert problem_of(file)[0] == torch_child.NO_WEIGHTS
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model/data.pkl", bytes(3 << 20))
    assert problem_of(file)[0] == torch_child.PACKED
    content = save(example, file).read_bytes()
    for damaged in (content[: len(content) // 2], b"no weights", b""):
        file.write_bytes(damaged)
        assert problem_of(file)[0] == torch_child.DAMAGED


def test_other_programs_are_refused_with_advice(tmp_path):
    with pytest.warns(FutureWarning, match="deprecated"):
        torch.jit.script(nn.Linear(2, 2)).save(str(tmp_path / "script.pt"))
    (tmp_path / "decoder.keras").write_bytes(b"PK\x03\x04")
    (tmp_path / "decoder.h5").write_bytes(b"\x89HDF\r\n\x1a\n")
    for name, reason, advice in (
        ("script.pt", "TorchScript program", "torch.jit.load"),
        ("decoder.keras", "model of Keras", "tf2onnx"),
        ("decoder.h5", "model of Keras", "tf2onnx"),
    ):
        with pytest.raises(RunError, match=reason) as caught:
            open_foreign(tmp_path / name)
        assert advice in caught.value.advice
    refused = {suffix for each in formats() if each.is_refused for suffix in each.suffixes}
    assert {".pt2", ".pkl", ".keras", ".h5"} <= refused
    assert not is_foreign(tmp_path / "image.png")


def test_damaged_and_foreign_weights_are_refused(example, tmp_path):
    content = save(example, tmp_path / "good.safetensors").read_bytes()
    rng = np.random.default_rng(0)
    for i, cut in enumerate((10, 1000, 100_000)):
        (tmp_path / f"cut{i}.safetensors").write_bytes(content[:cut])
        noisy = bytearray(content)
        for place in rng.integers(0, 2000, 20):
            noisy[place] = rng.integers(256)
        (tmp_path / f"noisy{i}.safetensors").write_bytes(noisy)
    for file in sorted(tmp_path.glob("*.*")):
        if file.stem != "good":
            with pytest.raises(LatentlabError):
                open_foreign(file)


@pytest.mark.parametrize(
    ("tensors", "problem"),
    [
        ({"layer.weight": torch.zeros(3, 4)}, "not those of a VAE"),
        ({"a": torch.zeros(3), "b": torch.zeros(3)}, "no linear layer"),
        ({"fc1.weight": torch.full((4, 4), float("nan"))}, "values that no weight has"),
        (
            {**seeded(PyTorchExample).state_dict(), "attention.weight": torch.zeros(7, 9)},
            "not those of a VAE",
        ),
    ],
)
def test_models_that_are_not_understood_are_refused(tmp_path, tensors, problem):
    save_file(tensors, tmp_path / "model.safetensors")
    with pytest.raises(RunError, match=problem) as caught:
        open_foreign(tmp_path / "model.safetensors")
    assert caught.value.advice


@pytest.mark.usefixtures("same_process")
def test_choices_that_a_file_does_not_leave_are_refused(example, tmp_path):
    path = save(example, tmp_path / "vae.pth")
    with pytest.raises(RunError, match=r"no choice 'outpt'.*output"):
        latentlab.load(path, {"outpt": "tanh"})
    with pytest.raises(RunError, match=r"cannot be 'tan'.*tanh"):
        latentlab.load(path, {"output": "tan"})
    assert latentlab.load(path, {"output": "tanh"}).recipe["model"]["kind"] == "sequential"


class Block(nn.Module):
    """Residual block, whose sum the weights do not show."""

    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = (nn.Conv2d(8, 8, 3, padding=1) for _ in range(2))


@pytest.mark.usefixtures("same_process")
@pytest.mark.parametrize("block", [Block, nn.Identity])
def test_blocks_that_may_be_residual_are_refused_where_no_image_decides(tmp_path, block):
    model = nn.Module()
    model.encoder = nn.Sequential(nn.Conv2d(1, 8, 4, 2, 1), block())
    model.fc_mu, model.fc_var = nn.Linear(8 * 14 * 14, 4), nn.Linear(8 * 14 * 14, 4)
    model.decoder_input = nn.Linear(4, 8 * 14 * 14)
    model.decoder = nn.Sequential(block(), nn.ConvTranspose2d(8, 1, 4, 2, 1))
    path = save(model, tmp_path / "vae.pth")
    if block is Block:
        with pytest.raises(RunError, match=r"encoder\.1, decoder\.0 could be residual") as told:
            describe(path)
        assert "torch.onnx.export(decoder, (torch.zeros(1, 4),)" in told.value.advice
    else:
        assert describe(path)
