"""Checkpoints: what comes back, and what is said of files that are not whole or not ours."""

import ast
import errno
import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from mutation_support import Memory
from safetensors.numpy import load_file, save_file
from safetensors.torch import save_file as save_torch

import latentlab
from latentlab.atomic_write import write_atomically
from latentlab.data.image_set import ImageSpec
from latentlab.errors import LatentlabError, RunError
from latentlab.learning import checkpoint as checkpoint_module
from latentlab.learning.checkpoint import (
    BEST_STEM,
    DESCRIPTION_FILE,
    WEIGHTS_FILE,
    Checkpoint,
    hash_of_weights,
    load_model,
    read_checkpoint,
    run_folder,
    save_checkpoint,
)
from latentlab.learning.recipe import make_recipe

SPEC = ImageSpec((1, 4, 5), ("ant", "bee", "cat"))
RECIPE = make_recipe({"model": {"kind": "cvae", "hidden": [8], "latent_dim": 3}})
METRICS = {"train": {"loss": 5.0, "kl": 1.0}, "validation": {"loss": 6.5, "kl": 1.25}}
CHECKPOINT = Checkpoint(RECIPE, SPEC, 30, 2, METRICS)


def weights_of(recipe=RECIPE, spec=SPEC, seed=0):
    torch.manual_seed(seed)
    return {name: w.numpy() for name, w in recipe.model.build(spec).state_dict().items()}


@pytest.fixture
def run(tmp_path):
    save_checkpoint(tmp_path / "run", CHECKPOINT, weights_of())
    return tmp_path / "run"


def refused(path):
    with pytest.raises(RunError) as caught:
        load_model(path)
    return str(caught.value)


def edit(run, **values):
    file = run / DESCRIPTION_FILE
    file.write_text(json.dumps({**json.loads(file.read_text("utf-8")), **values}), "utf-8")


def test_everything_comes_back(run):
    model, checkpoint = load_model(run)
    assert checkpoint == CHECKPOINT
    assert checkpoint.version == latentlab.__version__
    for name, value in weights_of().items():
        np.testing.assert_array_equal(model.state_dict()[name].numpy(), value)


def test_a_loaded_model_makes_what_the_saved_one_made(run):
    torch.manual_seed(0)
    original = RECIPE.model.build(SPEC)
    model, _ = load_model(run)
    z, y = torch.randn(4, 3), torch.tensor([0, 1, 2, 0])
    assert torch.equal(model.decode(z, y).mean, original.decode(z, y).mean)
    assert not model.training
    assert not any(p.requires_grad for p in model.parameters())


def test_half_precision_halves_the_file_and_keeps_three_digits(run, tmp_path):
    save_checkpoint(tmp_path / "half", CHECKPOINT, weights_of(), half=True)
    stored = load_file(tmp_path / "half" / WEIGHTS_FILE)
    assert {value.dtype for value in stored.values()} == {np.dtype(np.float16)}
    model, _ = load_model(tmp_path / "half")
    for name, value in weights_of().items():
        tensor = model.state_dict()[name]
        assert tensor.dtype == torch.float32
        np.testing.assert_allclose(tensor.numpy(), value, rtol=1e-3, atol=1e-4)
    bulk = sum(value.nbytes for value in weights_of().values())
    saved = (run / WEIGHTS_FILE).stat().st_size - (tmp_path / "half" / WEIGHTS_FILE).stat().st_size
    assert saved == pytest.approx(bulk / 2, abs=256)


def test_the_description_is_readable_json(run):
    values = json.loads((run / DESCRIPTION_FILE).read_text("utf-8"))
    assert values["format"] == 1
    assert values["latentlab"] == latentlab.__version__
    assert values["images"] == {"shape": [1, 4, 5], "class_names": ["ant", "bee", "cat"]}
    assert (values["step"], values["epoch"], values["metrics"]) == (30, 2, METRICS)
    assert values["recipe"] == RECIPE.to_dict()
    assert len((run / DESCRIPTION_FILE).read_text("utf-8").splitlines()) > 20, "on one line"


@pytest.mark.parametrize("name", [WEIGHTS_FILE, DESCRIPTION_FILE])
def test_the_path_may_name_either_file(run, name):
    assert run_folder(run / name) == run
    assert load_model(run / name)[1] == CHECKPOINT


@pytest.mark.parametrize("suffix", [".safetensors", ".json"])
def test_the_best_weights_open_by_their_name(run, suffix):
    best = replace(CHECKPOINT, epoch=1, step=15)
    save_checkpoint(run, best, weights_of(seed=1), stem=BEST_STEM)
    model, checkpoint = load_model(run / f"{BEST_STEM}{suffix}")
    assert checkpoint == best
    name = "decoder.head.bias"
    np.testing.assert_array_equal(model.state_dict()[name].numpy(), weights_of(seed=1)[name])
    assert load_model(run)[1] == CHECKPOINT


def test_the_hash_of_weights_is_read_again_only_after_a_change(run):
    first = hash_of_weights(run)
    before = checkpoint_module._hash.cache_info().misses
    assert hash_of_weights(run) == first
    assert checkpoint_module._hash.cache_info().misses == before
    save_checkpoint(run, CHECKPOINT, weights_of(seed=1))
    assert hash_of_weights(run) != first


def test_best_weights_that_are_not_there_are_named(run):
    with pytest.raises(RunError) as caught:
        load_model(run / f"{BEST_STEM}.safetensors")
    assert str(run) in str(caught.value)


def test_a_folder_may_have_a_dot_in_its_name(tmp_path):
    save_checkpoint(tmp_path / "beta0.5", CHECKPOINT, weights_of())
    assert load_model(tmp_path / "beta0.5")[1] == CHECKPOINT


def test_a_file_that_lacks_is_named(run):
    (run / WEIGHTS_FILE).unlink()
    assert f"no {WEIGHTS_FILE}" in refused(run)
    (run / DESCRIPTION_FILE).unlink()
    assert f"no {DESCRIPTION_FILE}" in refused(run)
    assert "is not a run" in refused(run.parent / "nowhere")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("vae.pt", "vae.pt is not a checkpoint of latentlab: it is another kind of file"),
        ("recipe.toml", "recipe.toml is not a checkpoint of latentlab: it is another kind of file"),
        ("a.safetensors", "a.safetensors is not a checkpoint of latentlab: there is no a.json"),
    ],
)
def test_a_file_that_is_no_checkpoint_is_named_and_not_its_folder(tmp_path, name, words):
    assert "does not exist" in refused(tmp_path / name)
    (tmp_path / name).write_bytes(b"PK")
    assert words in refused(tmp_path / name)


def test_a_path_below_a_file_cannot_be_read(tmp_path):
    (tmp_path / "file").write_text("x", "utf-8")
    assert "cannot be read" in refused(tmp_path / "file" / "run")


@pytest.mark.parametrize("keep", [0, 4, 100, -1])
def test_truncated_weights_are_damaged(run, keep):
    file = run / WEIGHTS_FILE
    file.write_bytes(file.read_bytes()[:keep])
    message = refused(run)
    assert str(file) in message
    assert "damaged" in message


@pytest.mark.parametrize("content", [b"these are no tensors\n" * 20, b"\x89PNG\r\n\x1a\n" * 9])
def test_another_file_under_the_name_of_the_weights_is_refused(run, content):
    (run / WEIGHTS_FILE).write_bytes(content)
    assert "no safetensors file" in refused(run)


@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float16, torch.float64])
def test_weights_of_another_precision_are_taken(run, kind):
    weights = {name: torch.from_numpy(value) for name, value in weights_of().items()}
    save_torch({name: value.to(kind) for name, value in weights.items()}, run / WEIGHTS_FILE)
    for name, tensor in load_model(run)[0].state_dict().items():
        assert tensor.dtype == torch.float32
        assert torch.equal(tensor, weights[name].to(kind).float())


@pytest.mark.parametrize("kind", [torch.int64, torch.uint8, torch.bool, torch.float8_e4m3fn])
def test_weights_that_are_no_floats_are_refused_in_words(run, kind):
    weights = {name: torch.from_numpy(value).to(kind) for name, value in weights_of().items()}
    save_torch(weights, run / WEIGHTS_FILE)
    assert "Save them as float32" in refused(run)


@pytest.mark.parametrize("value", [np.nan, np.inf, -1e30])
def test_values_that_no_weight_has_are_refused(run, value):
    weights = weights_of()
    weights["decoder.head.bias"][0] = value
    save_file(weights, run / WEIGHTS_FILE)
    assert "decoder.head.bias has values that no weight has" in refused(run)


@pytest.mark.parametrize("length", [2**20, 2**30, 2**63])
def test_a_head_longer_than_the_file_is_refused(run, length):
    file = run / WEIGHTS_FILE
    file.write_bytes(length.to_bytes(8, "little") + file.read_bytes()[8:])
    assert f"its head cannot be {length} bytes long" in refused(run)


HUGE = [
    {"model": {"kind": "cvae", "hidden": [8192] * 8, "latent_dim": 512}},
    {"model": {"kind": "cvae", "hidden": [10**9], "latent_dim": 3}},
    {"model": {"kind": "cvae", "hidden": [8], "latent_dim": 10**9}},
    {"model": {"kind": "conv-vae", "width": 1024, "latent_dim": 4096}},
]


@pytest.mark.parametrize("recipe", HUGE, ids=repr)
def test_a_model_that_is_not_in_the_file_is_refused_before_it_takes_memory(run, recipe):
    memory = Memory()
    edit(run, recipe={**RECIPE.to_dict(), **recipe})
    refused(run)
    edit(run, images={"shape": [3, 8192, 8192], "class_names": ["a"] * 50_000})
    refused(run)
    assert memory.grown() < 50 << 20


@pytest.mark.parametrize("shape", [[1, -4, 5], [1, 0, 5], [1, 10**12, 5], [17, 4, 5], [1, 4.0, 5]])
def test_images_that_cannot_be_are_refused(run, shape):
    edit(run, images={"shape": shape, "class_names": []})
    assert f"{run / DESCRIPTION_FILE} is damaged: images.shape" in refused(run)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 10_000,
        '{"format": 1, "recipe": ' + '{"a": ' * 10_000,
        '{"format": ' + "1" * 5000 + "}",
        '{"format": NaN}',
        '{"format": Infinity}',
        '{"format": "' + "x" * 300_000 + '"}',
        '{"format": 1}' + " " * (9 << 20),
    ],
    ids=["nested", "nested tables", "digits", "NaN", "Infinity", "long", "large"],
)
def test_a_description_no_program_would_write_is_damaged_in_short(run, text):
    (run / DESCRIPTION_FILE).write_text(text)
    message = refused(run)
    assert "is damaged" in message
    assert len(message) < 600


def test_tensors_of_another_program_are_refused_by_name(run):
    save_file({"layer.0.weight": np.zeros((2, 2), np.float32)}, run / WEIGHTS_FILE)
    message = refused(run)
    assert "does not fit" in message
    assert "encoder.trunk.0.weight is nothing" in message


def test_a_tensor_too_many_is_refused_by_name(run):
    save_file({**weights_of(), "extra": np.zeros(3, np.float32)}, run / WEIGHTS_FILE)
    assert "extra is (3,) where the model has nothing" in refused(run)


def test_shapes_that_do_not_fit_are_refused_by_name(run):
    edit(run, recipe={**RECIPE.to_dict(), "model": {"kind": "cvae", "hidden": [9]}})
    message = refused(run)
    assert "encoder.trunk.0.weight is (8, 23) where the model has (9, 23)" in message


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"7",
        b'"text"',
        b"null",
        b"{}",
        b'{"format": 1}',
        b'{"format": "one"}',
        b"\xff\xfe\x00",
        b"\x89PNG\r\n\x1a\n",
    ],
)
def test_a_damaged_description_is_named(run, content):
    (run / DESCRIPTION_FILE).write_bytes(content)
    message = refused(run)
    assert f"{run / DESCRIPTION_FILE} is damaged" in message


@pytest.mark.parametrize(
    "values",
    [
        {"images": None},
        {"images": {"shape": [28, 28], "class_names": []}},
        {"images": {"shape": "abc", "class_names": []}},
        {"images": {"shape": [1, 4, 5], "class_names": 3}},
        {"metrics": "none"},
        {"metrics": {"validation": 3}},
        {"metrics": {"validation": {"loss": "low"}}},
        {"recipe": []},
        {"step": "x"},
        {"epoch": None},
    ],
)
def test_a_description_with_damaged_values_is_named(run, values):
    edit(run, **values)
    with pytest.raises(RunError, match="is damaged"):
        read_checkpoint(run)


@pytest.mark.parametrize(
    ("recipe", "word"),
    [
        ({"model": {"kind": "flow"}, "data": {"kind": "digits"}}, "flow"),
        ({"model": {"kind": "vae", "latent_dim": 0}}, "latent_dim"),
    ],
)
def test_a_recipe_that_cannot_be_used_is_said_of_the_file(run, recipe, word):
    """Such as that of a plug-in which is no longer installed."""
    edit(run, recipe=recipe)
    with pytest.raises(RunError) as caught:
        read_checkpoint(run)
    assert str(run / DESCRIPTION_FILE) in str(caught.value)
    assert word in str(caught.value)


def test_a_newer_format_asks_for_an_update(run):
    edit(run, format=2, latentlab="99.1")
    with pytest.raises(RunError, match=r"99\.1, newer than this one") as caught:
        read_checkpoint(run)
    assert caught.value.advice == "Update latentlab."


def full_disk(*_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def deny_rename(run, monkeypatch):
    def denied(*_):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(os, "replace", denied)


def fill_disk(run, monkeypatch):
    monkeypatch.setattr(os, "fsync", full_disk)


@pytest.mark.parametrize("break_it", [deny_rename, fill_disk])
def test_a_failed_write_leaves_the_old_checkpoint_whole(run, monkeypatch, break_it):
    before = {name: (run / name).read_bytes() for name in (WEIGHTS_FILE, DESCRIPTION_FILE)}
    break_it(run, monkeypatch)
    with pytest.raises(RunError, match="cannot be written") as caught:
        save_checkpoint(run, replace(CHECKPOINT, epoch=3), weights_of(seed=1))
    assert str(run / WEIGHTS_FILE) in str(caught.value)
    assert caught.value.advice
    assert {name: (run / name).read_bytes() for name in before} == before
    assert load_model(run)[1].epoch == 2


def test_a_write_that_failed_leaves_no_part_behind(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(RunError, match="No space left"):
        write_atomically(tmp_path / "file", b"content")
    assert list(tmp_path.iterdir()) == []


def test_a_second_save_replaces_the_first(run):
    save_checkpoint(run, replace(CHECKPOINT, epoch=3), weights_of(seed=1))
    model, checkpoint = load_model(run)
    assert checkpoint.epoch == 3
    name = "decoder.head.bias"
    np.testing.assert_array_equal(model.state_dict()[name].numpy(), weights_of(seed=1)[name])
    assert {path.name for path in run.iterdir()} == {WEIGHTS_FILE, DESCRIPTION_FILE}


def test_a_folder_below_a_file_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("x", "utf-8")
    with pytest.raises(RunError, match="cannot be written"):
        save_checkpoint(tmp_path / "file" / "run", CHECKPOINT, weights_of())
    assert (tmp_path / "file").read_text("utf-8") == "x"


def test_loading_draws_nothing_from_the_global_generator(run):
    before = torch.get_rng_state()
    load_model(run)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_conditional_model_without_classes_is_refused_in_words(run):
    edit(run, images={"shape": [1, 4, 5], "class_names": []})
    with pytest.raises(LatentlabError, match="labels"):
        load_model(run)


def is_safe_load(node, file):
    """Return whether a node loads only weights, in the program that has a process of its own."""
    return (
        file.name == "torch_child.py"
        and isinstance(node, ast.Call)
        and ast.unparse(node.func) == "torch.load"
        and any(ast.unparse(keyword) == "weights_only=True" for keyword in node.keywords)
    )


def test_nothing_in_the_package_imports_pickle():
    """Nor opens the doors behind which it stands."""
    forbidden = {"pickle", "cPickle", "dill", "joblib", "shelve", "marshal", "cloudpickle"}
    files = sorted(Path(latentlab.__file__).parent.rglob("*.py"))
    assert len(files) > 50
    for file in files:
        tree = ast.parse(file.read_text("utf-8"))
        safe = [node.func for node in ast.walk(tree) if is_safe_load(node, file)]
        for node in ast.walk(tree):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                is_torch = (node.value.id, node.attr) in {("torch", "load"), ("torch", "save")}
                assert not is_torch or node in safe, file
            elif isinstance(node, ast.keyword) and node.arg == "allow_pickle":
                assert isinstance(node.value, ast.Constant), file
                assert node.value.value is False, file
            assert not forbidden & {name.split(".")[0] for name in names}, file
