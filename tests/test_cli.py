"""Command line, in this process or, to test signals and streams, in a child process."""

import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from latentlab import cli
from latentlab.directories import resources, runs
from latentlab.learning.checkpoint import load_model

TINY = """
[model]
kind = "vae"
hidden = [16]
latent_dim = 2
[data]
kind = "digits"
[training]
epochs = 50
batch_size = 500
device = "cpu"
"""
BRIEF = ("--set", "training.epochs=1")


@pytest.fixture
def recipe(tmp_path):
    file = tmp_path / "tiny.toml"
    file.write_text(TINY)
    return file


@pytest.fixture
def latentlab(monkeypatch, capsys):
    """Run a command line in this process; return exit status, standard output and error."""

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["latentlab", *map(str, words)])
        status = cli.run()
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


def size_of(path):
    with Image.open(path) as file:
        return file.size


def info_of(path):
    with Image.open(path) as file:
        return json.loads(file.text["latentlab"])


# train


def test_train(latentlab, recipe, tmp_path):
    out = tmp_path / "run"
    status, said, errors = latentlab(
        "train", recipe, "--out", out, *BRIEF, "--set", "model.latent_dim=3"
    )
    assert status == 0
    assert errors == ""
    assert f"Trained: {out}" in said
    assert "validation loss" in said
    # If an epoch takes long, losses within it are written as well.
    assert {path.name for path in out.iterdir()} - {"steps.jsonl"} == {
        "recipe.toml",
        "metrics.jsonl",
        "checkpoint.json",
        "data.json",
        "checkpoint.safetensors",
        "best.json",
        "provenance.json",
        "best.safetensors",
        "resume.safetensors",
        "latents.jsonl",
        "replay",
        "preview.png",
    }
    model, checkpoint = load_model(out)
    assert model.latent_dim == 3
    assert checkpoint.epoch == 1
    lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    assert [line["split"] for line in lines] == ["train", "validation"]
    for line in lines:
        assert set(line) == {"epoch", "split", "loss", "reconstruction", "kl", "seconds"}
        assert line["loss"] == pytest.approx(line["reconstruction"] + line["kl"], rel=1e-4)


def test_train_without_out_makes_a_run_of_its_own(latentlab, recipe):
    status, said, _ = latentlab("train", recipe, *BRIEF)
    assert status == 0
    (folder,) = runs().iterdir()
    assert str(folder) in said.replace("\n", "")
    assert folder.name.endswith("-vae-digits")
    assert load_model(folder)[1].epoch == 1


def test_set_changes_kinds_lists_and_words(latentlab, recipe, tmp_path):
    changes = ("model=cvae", "model.hidden=[8, 4]", "objective.beta=2.5", "training.seed=7")
    flags = [word for change in changes[1:] for word in ("--set", change)]
    status, _, errors = latentlab(
        "train", recipe, "--out", tmp_path / "run", *BRIEF, "--set", "model.kind=cvae", *flags
    )
    assert (status, errors) == (0, "")
    made = load_model(tmp_path / "run")[1].recipe
    assert (made.model.kind, made.model.hidden) == ("cvae", (8, 4))
    assert (made.objective.beta, made.training.seed) == (2.5, 7)


def test_out_that_holds_a_run_is_not_overwritten(latentlab, recipe, vae_run):
    before = (vae_run / "checkpoint.safetensors").read_bytes()
    status, _, errors = latentlab("train", recipe, "--out", vae_run, *BRIEF)
    assert status == 2
    assert "already holds a run" in errors
    assert (vae_run / "checkpoint.safetensors").read_bytes() == before


def test_out_that_cannot_be_written(latentlab, recipe, tmp_path):
    (tmp_path / "file").write_text("in the way")
    status, _, errors = latentlab("train", recipe, "--out", tmp_path / "file" / "run")
    assert status == 2
    assert "cannot be written" in errors


# Several runs


def test_several_recipes_are_trained_one_after_another(latentlab, recipe, tmp_path):
    other = tmp_path / "other.toml"
    other.write_text(TINY.replace("latent_dim = 2", "latent_dim = 3"))
    out = tmp_path / "runs"
    status, said, errors = latentlab("train", recipe, other, "--out", out, *BRIEF)
    assert (status, errors) == (0, "")
    assert {path.name for path in out.iterdir()} == {
        "tiny",
        "other",
        "comparison.png",
        "comparison.csv",
    }
    assert load_model(out / "tiny")[0].latent_dim == 2
    assert load_model(out / "other")[0].latent_dim == 3
    assert said.startswith("2 runs, one at a time, because there is one core for them\n")
    assert said.index("Trained: ") < said.index("other:")
    assert "latent dim 2" in said
    assert "latent dim 3" in said
    assert min(size_of(out / "comparison.png")) > 300


def test_a_sweep_trains_once_with_each_value(latentlab, recipe, tmp_path):
    out = tmp_path / "runs"
    status, said, errors = latentlab(
        "train", recipe, "--out", out, *BRIEF, "--sweep", "objective.beta=0.5, 4"
    )
    assert (status, errors) == (0, "")
    assert {path.name for path in out.iterdir()} == {
        "tiny-beta-0.5",
        "tiny-beta-4",
        "comparison.png",
        "comparison.csv",
    }
    for name, beta in (("tiny-beta-0.5", 0.5), ("tiny-beta-4", 4.0)):
        assert load_model(out / name)[1].recipe.objective.beta == beta
    lines = [line for line in said.splitlines() if "validation loss" in line]
    assert [line.split()[:2] for line in lines if line.startswith("beta")] == [
        ["beta", "0.5"],
        ["beta", "4"],
    ]
    assert f"Compared: {out / 'comparison.png'}" in said
    assert min(size_of(out / "comparison.png")) > 300


def test_a_sweep_without_out_makes_runs_of_its_own(latentlab, recipe):
    status, _, errors = latentlab("train", recipe, *BRIEF, "--sweep", "model.kind=vae,cvae")
    assert (status, errors) == (0, "")
    folders = [path for path in runs().iterdir() if path.is_dir()]
    assert sorted(load_model(path)[1].recipe.model.kind for path in folders) == ["cvae", "vae"]


@pytest.mark.parametrize(
    ("sweep", "words"),
    [
        ("objective.beta=1,-4", ["objective.beta", "greater than or equal to 0"]),
        ("objective.betta=1,4", ["objective.betta", 'did you mean "beta"']),
        ("objective.beta", ["TABLE.KEY=VALUE,VALUE"]),
        ("beta=1,2", ["TABLE.KEY=VALUE,VALUE"]),
        ("objective.beta=1,,2", ["objective.beta"]),
        ("training.epochs.more=1,2", ["is a value, not a table"]),
    ],
)
def test_a_sweep_that_cannot_be_is_told_before_anything_is_trained(
    latentlab, recipe, tmp_path, sweep, words
):
    status, _, errors = latentlab("train", recipe, "--out", tmp_path / "runs", "--sweep", sweep)
    assert status == 2
    assert errors.startswith("latentlab: ")
    for word in words:
        assert word in errors
    assert not (tmp_path / "runs").exists()


def test_two_recipes_of_one_name_do_not_get_in_each_others_way(latentlab, recipe, tmp_path):
    (tmp_path / "deep").mkdir()
    other = tmp_path / "deep" / recipe.name
    other.write_text(TINY)
    out = tmp_path / "runs"
    status, _, errors = latentlab("train", recipe, other, "--out", out, *BRIEF)
    assert (status, errors) == (0, "")
    assert {path.name for path in out.iterdir()} == {
        "tiny",
        "tiny-2",
        "comparison.png",
        "comparison.csv",
        "comparison-over-seeds.csv",
    }


# Resuming


def test_resume_with_more_epochs(latentlab, recipe, tmp_path):
    out = tmp_path / "run"
    assert latentlab("train", recipe, "--out", out, *BRIEF)[0] == 0
    status, _, errors = latentlab("train", "--resume", out)
    assert status == 2
    assert "has finished all its 1 epochs" in errors
    status, said, errors = latentlab("train", "--resume", out, "--epochs", 3)
    assert (status, errors) == (0, "")
    assert "epoch 3/3" in said
    assert f"Trained: {out}" in said
    assert load_model(out)[1].epoch == 3
    lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in lines] == [1, 1, 2, 2, 3, 3]


def test_resume_of_what_is_none(latentlab, tmp_path):
    for folder in (tmp_path, tmp_path / "nowhere", resources() / "models" / "digits-2d"):
        status, _, errors = latentlab("train", "--resume", folder, "--epochs", 99)
        assert status == 2
        assert "cannot be resumed" in errors
        assert "Traceback" not in errors


def test_resume_of_a_damaged_run(latentlab, recipe, tmp_path):
    out = tmp_path / "run"
    latentlab("train", recipe, "--out", out, *BRIEF)
    file = out / "resume.safetensors"
    file.write_bytes(file.read_bytes()[:1000])
    status, _, errors = latentlab("train", "--resume", out, "--epochs", 2)
    assert status == 2
    assert f"{file} is damaged" in errors
    assert load_model(out)[1].epoch == 1


# Bad recipes and arguments


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--set", "model.latentdim=3"), ["model.latentdim", 'did you mean "latent_dim"']),
        (
            ("--set", "model.kind=gan"),
            [
                "model.kind",
                "unknown kind 'gan'",
                "known: vae, conv-cvae, conv-ladder-vae, conv-vae, cvae, ladder-vae",
            ],
        ),
        (("--set", "training.epochs=0"), ["training.epochs", "greater than or equal to 1"]),
        (("--set", "training.epochs=many"), ["training.epochs", "many"]),
        (("--set", "epochs=3"), ["TABLE.KEY=VALUE"]),
        (("--set", "training.epochs"), ["TABLE.KEY=VALUE"]),
        (("--set", "data.kind=mnist", "--set", "data.root=/no/where"), ["/no/where"]),
    ],
)
def test_bad_recipe_is_told_plainly(latentlab, recipe, tmp_path, flags, words):
    status, said, errors = latentlab("train", recipe, "--out", tmp_path / "run", *flags)
    assert status == 2
    assert errors.startswith("latentlab: ")
    for word in words:
        assert word in errors
    assert "Traceback" not in said + errors
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read"),
        ("model: vae", "is not TOML"),
        ("[modle]\n", 'did you mean "model"'),
    ],
)
def test_bad_recipe_file_is_told_plainly(latentlab, tmp_path, content, words):
    file = tmp_path / "recipe.toml"
    if content:
        file.write_text(content)
    status, _, errors = latentlab("train", file, "--out", tmp_path / "run")
    assert status == 2
    assert words in errors


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("fly",), "No such command 'fly'"),
        (("train",), "either recipes to train, or --resume"),
        (("train", "--epochs", "3"), "either recipes to train, or --resume"),
        (("train", "a.toml", "--resume", "run"), "either recipes to train, or --resume"),
        (("train", "a.toml", "--epochs", "3"), "--epochs goes with --resume"),
        (("train", "--resume", "run", "--set", "training.epochs=3"), "--set"),
        (("train", "--resume", "run", "--sweep", "objective.beta=3"), "--sweep"),
        (("train", "--resume", "run", "--out", "elsewhere"), "--out"),
        (("sample", "digits-2d"), "Missing option '--out'"),
        (("sample", "digits-2d", "--out", "x.png", "--count", "0"), "--count"),
        (("sample", "digits-2d", "--out", "x.png", "--colour"), "--colour"),
        (("manifold", "digits-2d", "--out", "x.png", "--n", "1"), "--n"),
        (("manifold", "digits-2d", "--out", "x.png", "--plane", "1"), "--plane"),
    ],
)
def test_bad_arguments_are_told_plainly(latentlab, words, told):
    status, said, errors = latentlab(*words)
    assert status == 2
    assert said == ""
    assert told in errors
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("sample", "digits-2d", "--label", "3"), "takes no label"),
        (("sample", "digits-cvae", "--label", "10"), "Choose 0 to 9"),
        (("manifold", "digits-2d", "--plane", "1", "3"), "dimensions 1 to 2"),
        (("interpolate", "digits-2d", "--from", "eleven"), "'eleven' is neither a class"),
        (("interpolate", "digits-2d", "--to", "5000"), "row below 5,000"),
        (("interpolate", "digits-2d", "--way", "up"), "straight, spherical, data or geodesic"),
        (("sample", "no-such-model"), "no-such-model"),
    ],
)
def test_wishes_that_no_model_can_grant(latentlab, tmp_path, words, told):
    out = tmp_path / "x.png"
    status, _, errors = latentlab(*words, "--out", out)
    assert status == 2
    assert told in errors
    assert not out.exists()


def test_damaged_run_is_told_plainly(latentlab, tmp_path):
    (tmp_path / "run").mkdir()
    status, _, errors = latentlab("sample", tmp_path / "run", "--out", tmp_path / "x.png")
    assert status == 2
    assert "is not a run" in errors


def test_errors_are_told_on_standard_error_alone(latentlab, tmp_path):
    """The exit status of a process is tested in test_kill.py."""
    file = tmp_path / "recipe.toml"
    file.write_text("[model]\nlatentdim = 2\n")
    status, said, errors = latentlab("train", file, "--out", tmp_path / "run")
    assert (status, said) == (2, "")
    assert 'did you mean "latent_dim"' in errors
    assert "Traceback" not in errors


# Pictures


def test_sample(latentlab, tmp_path):
    pictures = {}
    for name, flags in {
        "a": (),
        "again": (),
        "other": ("--seed", "5"),
    }.items():
        out = tmp_path / f"{name}.png"
        assert latentlab("sample", "digits-2d", "--out", out, "--count", "16", *flags)[0] == 0
        assert info_of(out)["count"] == 16
        with Image.open(out) as file:
            pictures[name] = np.asarray(file)
    assert size_of(tmp_path / "a.png") == ((8 * 29 - 1) * 2, (2 * 29 - 1) * 2)
    np.testing.assert_array_equal(pictures["a"], pictures["again"])
    assert not np.array_equal(pictures["a"], pictures["other"])


def test_sample_of_one_digit(latentlab, tmp_path):
    out = tmp_path / "seven.png"
    status, said, _ = latentlab("sample", "digits-cvae", "--out", out, "--label", "7")
    assert status == 0
    assert said.strip() == str(out)
    info = info_of(out)
    assert (info["model"], info["label"]) == ("digits-cvae", 7)


def test_manifold(latentlab, tmp_path):
    out = tmp_path / "deep" / "grid.png"
    status, _, _ = latentlab(
        "manifold", "digits-2d", "--out", out, "--n", "5", "--span", "2", "--quantiles"
    )
    assert status == 0
    assert size_of(out) == (5 * 28 * 2, 5 * 28 * 2)
    info = info_of(out)
    assert (info["span"], info["spacing"], info["plane"]) == (2.0, "quantile", [1, 2])


def test_manifold_over_another_plane(latentlab, vae_run, cvae_run, tmp_path):
    sheets = []
    for plane in (("1", "2"), ("2", "1")):
        out = tmp_path / f"{plane[0]}.png"
        assert latentlab("manifold", vae_run, "--out", out, "--n", "4", "--plane", *plane)[0] == 0
        with Image.open(out) as file:
            sheets.append(np.asarray(file)[::2, ::2].reshape(4, 28, 4, 28).swapaxes(1, 2))
    # Swapping the axes mirrors the grid along its rising diagonal.
    mirrored = sheets[1].swapaxes(0, 1)[::-1, ::-1]
    np.testing.assert_allclose(sheets[0].astype(int), mirrored, atol=1)
    out = tmp_path / "cvae.png"
    assert (
        latentlab("manifold", cvae_run, "--out", out, "--plane", "1", "3", "--label", "2")[0] == 0
    )
    assert info_of(out)["label"] == 2


def test_interpolate(latentlab, tmp_path):
    png, gif = tmp_path / "way.png", tmp_path / "way.gif"
    flags = ("--from", "0", "--to", "17", "--steps", "6")
    assert latentlab("interpolate", "digits-2d", "--out", png, *flags)[0] == 0
    assert size_of(png) == ((6 * 29 - 1) * 2, 28 * 2)
    assert latentlab("interpolate", "digits-2d", "--out", gif, *flags)[0] == 0
    with Image.open(gif) as file:
        assert file.n_frames == 10
        assert file.size == (112, 112)
    assert info_of(png)["route"]["steps"] == 6
    assert latentlab("interpolate", "digits-2d", "--out", png, *flags, "--way", "data")[0] == 0
    assert info_of(png)["way"] == "data"


def test_encode(latentlab, tmp_path):
    """The printed code equals that of the map for the same image."""
    from latentlab.explorer.explorer import Explorer

    explorer = Explorer()
    explorer.open(resources() / "models" / "digits-2d")
    image = explorer.original(12)
    Image.fromarray(image.picture).save(tmp_path / "mine.png")
    status, said, _ = latentlab("encode", "digits-2d", tmp_path / "mine.png")
    assert status == 0
    assert [float(word) for word in said.split()] == pytest.approx(image.point.z, abs=1e-3)
    (tmp_path / "note.png").write_text("no picture")
    status, _, errors = latentlab("encode", "digits-2d", tmp_path / "note.png")
    assert status == 2
    assert "not an image" in errors


def test_score(latentlab, vae_run, tmp_path):
    out = tmp_path / "scores.csv"
    words = ("score", vae_run, "--out", out, "--samples", 3, "--count", 20, "--seed", 1)
    status, said, errors = latentlab(*words)
    assert (status, errors) == (0, "")
    assert "Scoring 20 images" in said
    assert said.replace("\n", "").endswith(str(out))
    head, *lines = out.read_text().splitlines()
    assert head.startswith("row,file,part,label,negative_elbo")
    rows = [line.split(",") for line in lines]
    assert sorted(int(row[0]) for row in rows) == list(range(20))
    elbos = [float(row[4]) for row in rows]
    assert elbos == sorted(elbos, reverse=True)
    before = out.read_bytes()
    assert latentlab(*words)[0] == 0
    assert out.read_bytes() == before


def test_score_against_other_images(latentlab, vae_run, tmp_path):
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "noise.npz", images=rng.integers(0, 256, (30, 28, 28), np.uint8))
    out = tmp_path / "scores.csv"
    words = ("score", vae_run, "--out", out, "--samples", 2, "--against", tmp_path / "noise.npz")
    status, said, errors = latentlab(*words)
    assert (status, errors) == (0, "")
    assert "Shown: run and arrays noise.npz." in said
    for score in ("negative ELBO in nats", "reconstruction error in MSE", "KL in nats"):
        assert f"The {score}: run" in said
    assert "AUROC 1.000." in said, "noise is told from digits"
    head, *lines = out.read_text().splitlines()
    column = head.split(",").index("image set")
    assert [line.split(",")[column] for line in lines].count("arrays noise.npz") == 30
    status, _, errors = latentlab(*words, "--count", 3)
    assert status == 2
    assert "--count" in errors


def test_score_that_cannot_be(latentlab, vae_run, tmp_path):
    assert latentlab("score", vae_run, "--samples", 0)[0] == 2
    (tmp_path / "file").touch()
    status, _, errors = latentlab(
        "score", vae_run, "--out", tmp_path / "file" / "x.csv", "--count", 2
    )
    assert status == 2
    assert "cannot be written" in errors


def test_list(latentlab, recipe):
    latentlab("train", recipe, *BRIEF)
    (folder,) = runs().iterdir()
    status, said, errors = latentlab("list")
    assert (status, errors) == (0, "")
    lines = said.splitlines()
    assert [line.split()[0] for line in lines[:3]] == ["digits-2d", "digits-cvae", "faces"]
    assert len(lines) == 4
    assert lines[3].endswith(str(folder))
    assert "VAE 2-D" in lines[3]
    assert "digits" in lines[3]


def test_demo(latentlab, tmp_path):
    out = tmp_path / "demo"
    status, said, errors = latentlab("demo", "--out", out, "--epochs", "1")
    assert (status, errors) == (0, "")
    names = ("curves.png", "map.png", "manifold.png", "samples.png", "interpolation.gif")
    for name in names:
        assert name in said
        assert min(size_of(out / name)) >= 100
    assert load_model(out / "run")[1].epoch == 1
    assert str(out) in said


def test_help_needs_no_torch():
    """``--help`` is fast: it imports neither torch nor Qt."""
    code = (
        "import sys; sys.argv = ['latentlab', '--help']; from latentlab.__main__ import main; "
        "status = main(); assert 'torch' not in sys.modules; assert 'PySide6' not in sys.modules; "
        "sys.exit(status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    for name in ("train", "sample", "manifold", "interpolate", "encode", "list", "demo"):
        assert name in done.stdout


def test_output_goes_into_a_pipe(latentlab, monkeypatch):
    """Lines of ``latentlab list | head`` are not wrapped at the width of the terminal."""
    monkeypatch.setenv("COLUMNS", "40")
    status, said, errors = latentlab("list")
    assert (status, errors) == (0, "")
    assert len(said.splitlines()) == 3
    assert str(resources() / "models" / "digits-2d") in said
