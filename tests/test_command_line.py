"""Command line with ambiguous arguments, streams of any encoding and own images."""

import csv
import io
import json
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps

from latentlab import __main__, __version__, cli
from latentlab.data.sources.arrays import ArraysConfig
from latentlab.directories import runs
from latentlab.explorer.explorer import Explorer
from latentlab.learning.checkpoint import load_model
from latentlab.learning.events import EpochEnd
from latentlab.runs import batch_training
from latentlab.runs.library import library
from latentlab.runs.side_by_side import Cores
from latentlab.runs.terminal import ProgressPrinter

TINY = {"hidden": [16], "latent_dim": 2}
RECIPE = """
model = {{kind = "vae", hidden = [16], latent_dim = 2}}
data = {{kind = "folder", root = '{root}', width = 8, colour = false}}
training = {{epochs = 1, batch_size = 8, device = "cpu"}}
"""
BRIEF = {"epochs": 1, "batch_size": 8, "device": "cpu"}


@pytest.fixture
def latentlab(monkeypatch, capsys):
    """Run a command line in this process; return exit status, standard output and error."""

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["latentlab", *map(str, words)])
        capsys.readouterr()
        status = __main__.main()
        return status, *capsys.readouterr()

    return run


@pytest.fixture
def train(tmp_path):
    """Train on a folder of images or on arrays; return the run folder."""

    def run(data, name="run", **model):
        from latentlab.learning.recipe import make_recipe
        from latentlab.runs.recorder import record

        folder = tmp_path / name
        recipe = make_recipe({"model": {**TINY, **model}, "data": data, "training": BRIEF})
        for _ in record(recipe, folder):
            pass
        return folder

    return run


def pictures(root, names, shade=20):
    for i, name in enumerate(names):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (8, 8), shade * (i % 12)).save(root / name)
    return {"kind": "folder", "root": str(root), "width": 8, "colour": False}


def arrays(path, count=40, **others):
    images = np.random.default_rng(0).integers(0, 256, (count, 8, 8), np.uint8)
    np.savez(path, images=images, **others)
    return {"kind": "arrays", "images": str(path)}


def table(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


# Ambiguous arguments


@pytest.mark.parametrize("name", ["list", "demo", "train", "encode"])
@pytest.mark.parametrize("folder", [True, False])
def test_a_command_comes_before_a_path_of_its_name(monkeypatch, tmp_path, latentlab, name, folder):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).mkdir() if folder else (tmp_path / name).touch()
    opened, ran = [], []
    app = pytest.importorskip("latentlab.app", exc_type=ImportError)
    monkeypatch.setattr(app, "main", lambda path=None: opened.append(path) or 0)
    monkeypatch.setattr(cli, "run", lambda: ran.append(True) or 0)
    latentlab(name)
    assert (opened, ran) == ([], [True])
    latentlab(f"./{name}")
    assert [path.name for path in opened] == [name]
    assert latentlab() == (0, "", "")
    assert opened[1:] == [None]


def test_two_files_are_not_opened_at_once(latentlab, tmp_path):
    status, _, errors = latentlab(tmp_path, tmp_path)
    assert status == 2
    assert "one file or folder at a time" in errors


def test_version(latentlab):
    assert latentlab("--version") == (0, f"latentlab {__version__}\n", "")


# Streams


@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
def test_whatever_is_said_is_printed_on_any_stream(monkeypatch, tmp_path, encoding):
    """Help with a sigma, a list with dots, and file names that no stream can encode."""
    data = pictures(tmp_path / "łąka", [f"{name}.png" for name in "σęb\udcffef"])
    (tmp_path / "r.toml").write_text(RECIPE.format(**data), encoding="utf-8")
    out = tmp_path / "σ \udcff"
    for words in (["manifold", "--help"], ["list"], ["train", tmp_path / "r.toml", "--out", out]):
        streams = [io.TextIOWrapper(io.BytesIO(), encoding) for _ in range(2)]
        monkeypatch.setattr(sys, "stdout", streams[0])
        monkeypatch.setattr(sys, "stderr", streams[1])
        monkeypatch.setattr(sys, "argv", ["latentlab", *map(str, words)])
        assert __main__.main() == 0, words
        for stream in streams:
            stream.flush()
        said, errors = (stream.buffer.getvalue().decode(encoding) for stream in streams)
        assert said
        assert "Traceback" not in errors
    assert load_model(out)[1].epoch == 1


@pytest.mark.parametrize("name", ["train", "sample", "encode", "list"])
def test_an_empty_argument_is_refused(latentlab, monkeypatch, tmp_path, name):
    """Otherwise an unset shell variable would mean the current folder."""
    monkeypatch.chdir(tmp_path)
    status, said, errors = latentlab(name, "digits-2d", "--out", "")
    assert (status, said) == (2, "")
    assert "An argument is empty" in errors
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "words",
    [
        ("sample", "--seed", 10**20),
        ("score", "--seed", -(10**20)),
        ("manifold", "--span", "inf"),
        ("manifold", "--span", "nan"),
        ("manifold", "--span", 40, "--quantiles"),
        ("manifold", "--plane", 2, 2),
        ("train", "--epochs", 0, "--resume", "x"),
        ("train", "--epochs", 10**9, "--resume", "x"),
    ],
)
def test_numbers_out_of_range_are_refused_in_words(latentlab, tmp_path, words):
    model = () if words[0] == "train" else ("digits-2d", "--out", tmp_path / "o.png")
    model = (*model[:2], tmp_path / "o.csv") if words[0] == "score" else model
    status, said, errors = latentlab(words[0], *model, *words[1:])
    assert (status, said) == (2, "")
    assert words[1].removeprefix("--") in errors
    assert list(tmp_path.iterdir()) == []


# One dimension, one class, two images


def test_a_model_of_one_dimension_answers_every_command(latentlab, tmp_path, train):
    run = train(arrays(tmp_path / "d.npz"), latent_dim=1)
    out = tmp_path / "o.png"
    assert latentlab("manifold", run, "--out", out, "--n", 5)[0] == 0
    with Image.open(out) as file:
        assert file.size == (5 * 8 * 2, 8 * 2)
        first = np.asarray(file)
    assert latentlab("manifold", run, "--out", out, "--n", 5, "--plane", 1, 1)[0] == 0
    with Image.open(out) as file:
        np.testing.assert_array_equal(np.asarray(file), first)
    for words in (
        ("sample", "--out", out),
        ("interpolate", "--out", out),
        *(("interpolate", "--out", out, "--way", way) for way in ("spherical", "data", "geodesic")),
        ("score", "--out", tmp_path / "s.csv", "--samples", 1),
        ("encode", out),
    ):
        status, _, errors = latentlab(words[0], run, *words[1:])
        assert (status, errors) == (0, ""), words


@pytest.mark.parametrize("kind", ["vae", "cvae"])
def test_one_class_and_two_pictures_do(latentlab, tmp_path, train, kind):
    labels = np.zeros(2, int)
    data = arrays(tmp_path / "d.npz", 2, labels=labels)
    Image.new("L", (8, 8)).save(tmp_path / "a.png")
    run = train(data, kind=kind)
    label = ("--label", "0") if kind == "cvae" else ()
    for words in (
        ("sample", "--out", tmp_path / "o.png", *label),
        ("manifold", "--out", tmp_path / "o.png", "--n", 3, *label),
        ("interpolate", "--out", tmp_path / "o.png"),
        ("score", "--out", tmp_path / "s.csv", "--samples", 1),
        ("encode", tmp_path / "a.png", *label),
    ):
        status, _, errors = latentlab(words[0], run, *words[1:])
        assert (status, errors) == (0, ""), words
    assert len(table(tmp_path / "s.csv")) == 2


def test_a_run_is_pointed_to_its_moved_images_by_its_name(latentlab, tmp_path, train):
    data = arrays(tmp_path / "d.npz")
    train(data, name=runs() / "mine")
    (tmp_path / "new").mkdir()
    (tmp_path / "d.npz").rename(tmp_path / "new" / "d.npz")
    np.savez(tmp_path / "other.npz", images=np.zeros((40, 8, 8), np.uint8))
    status, _, errors = latentlab("relink", "mine", tmp_path / "other.npz")
    assert status == 2
    assert "other.npz" in errors
    for place in (tmp_path / "new" / "d.npz", tmp_path / "new"):
        status, said, _ = latentlab("relink", "mine", place)
        assert (status, "36 training images, 4 held out" in said) == (0, True)
    assert latentlab("encode", "mine", "--out", tmp_path / "codes.csv")[0] == 0
    assert len(table(tmp_path / "codes.csv")) == 40


# Images and classes by name


@pytest.fixture
def named(monkeypatch):
    """Give the images of arrays file names, some of which look like formulas."""
    load = ArraysConfig.load

    def named(self):
        splits = yield from load(self)
        names = np.array(["=1+1.png", "-2.png", "ü.png", *map("photo_{}.png".format, range(97))])
        names, held_out = names.astype(object), len(splits.validation)
        validation = replace(splits.validation, files=names[:held_out])
        train = replace(splits.train, files=names[held_out : len(splits)])
        return replace(splits, validation=validation, train=train)

    monkeypatch.setattr(ArraysConfig, "load", named)


def test_scores_name_the_file_and_the_part_of_every_image(latentlab, tmp_path, train, named):
    run = train(arrays(tmp_path / "d.npz"))
    out = tmp_path / "s.csv"
    status, said, _ = latentlab("score", run, "--out", out, "--samples", 2)
    assert status == 0
    assert "Scored 40 of 40 images: 4 held out, 36 learned from." in said
    rows = {row["file"]: row for row in table(out)}
    photos = {f"photo_{i}.png" for i in range(37)}
    assert set(rows) == {"'=1+1.png", "'-2.png", "ü.png", *photos}
    assert rows["ü.png"]["part"] == "validation"
    assert sum(row["part"] == "train" for row in rows.values()) == 36
    assert rows["photo_30.png"]["row"] == "33"
    way = ("--from", "photo_30.png", "--to", rows["ü.png"]["row"])
    assert latentlab("interpolate", run, "--out", tmp_path / "w.png", *way)[0] == 0
    assert (
        "image file or image row"
        in latentlab("interpolate", run, "--out", tmp_path / "w.png", "--to", "photo_99.png")[2]
    )
    path = tmp_path / "in" / "ü.png"
    refused = latentlab("interpolate", run, "--out", tmp_path / "w.png", "--to", path)[2]
    assert "path within the data set, such as" in refused


def test_an_image_is_called_by_its_file(tmp_path, train, named):
    explorer = Explorer()
    explorer.open(train(arrays(tmp_path / "d.npz")))
    assert explorer.original(33).name == "photo_30.png"


def test_all_images_are_scored_also_those_that_the_map_does_not_show(
    latentlab, tmp_path, train, monkeypatch
):
    monkeypatch.setattr("latentlab.data.image_set.TO_EXPLORE", 10)
    run = train(arrays(tmp_path / "d.npz"))
    out = tmp_path / "s.csv"
    assert "Scored 40 of 40 images" in latentlab("score", run, "--out", out, "--samples", 1)[1]
    assert {int(row["row"]) for row in table(out)} == set(range(40))
    told = latentlab("score", run, "--out", out, "--samples", 1, "--count", 12)[1]
    assert "Scored 12 of 40 images" in told
    told = latentlab("score", run, "--out", out, "--samples", 1, "--count", 99)[1]
    assert "Scored 40 of 40 images" in told
    way = ("--from", "0", "--to", "39")
    assert latentlab("interpolate", run, "--out", tmp_path / "w.png", *way)[0] == 0


def test_a_way_without_ends_given_is_between_two_different_images(latentlab, tmp_path, train):
    run = train(arrays(tmp_path / "d.npz"))
    for words in ((), ("--from", "7"), ("--to", "7"), ("--to", "0"), ("--from", "0")):
        out = tmp_path / "w.png"
        assert latentlab("interpolate", run, "--out", out, "--steps", 2, *words)[0] == 0
        with Image.open(out) as file:
            info = json.loads(file.text["latentlab"])["route"]
        assert info["a"] != info["b"], words
    status, _, errors = latentlab("interpolate", run, "--out", out, "--from", "3", "--to", "3")
    assert status == 2
    assert "the same image" in errors


@pytest.mark.parametrize("label", ["dog", "DOG", "1"])
def test_a_class_is_named_or_numbered(latentlab, tmp_path, train, label):
    names = [f"{kind}/{i}.png" for kind in ("cat", "dog") for i in range(4)]
    run = train(pictures(tmp_path / "in", names), kind="cvae")
    out = tmp_path / "o.png"
    for words in (("sample",), ("manifold", "--n", 3)):
        assert latentlab(words[0], run, *words[1:], "--out", out, "--label", label)[0] == 0
        with Image.open(out) as file:
            assert json.loads(file.text["latentlab"])["label"] == 1
    picture = tmp_path / "in" / "dog" / "1.png"
    told = latentlab("encode", run, picture, "--label", label)
    assert told[0] == 0
    assert told != latentlab("encode", run, picture, "--label", "cat")
    for words in (("encode", run, picture), ("manifold", run, "--out", out)):
        status, said, errors = latentlab(*words)
        assert (status, said) == (2, "")
        assert "needs a class label" in errors
        assert "cat, dog, or a number, 0 to 1" in errors
        assert "Choose cat, dog, or" in latentlab(*words, "--label", "cow")[2]


# Codes


def test_codes_of_all_images_are_written_and_decoded_again(latentlab, tmp_path, train, named):
    run = train(arrays(tmp_path / "d.npz", labels=np.arange(40) % 3), kind="cvae")
    out = tmp_path / "codes.csv"
    status, said, _ = latentlab("encode", run, "--out", out)
    assert status == 0
    assert "Encoded 40 images" in said
    rows = table(out)
    assert sorted(row["part"] for row in rows).count("validation") == 4
    assert {row["file"] for row in rows} >= {"ü.png", "photo_36.png"}
    assert latentlab("decode", run, out, "--out", tmp_path / "o.npz")[0] == 0
    decoded = np.load(tmp_path / "o.npz")
    assert decoded["images"].shape == (40, 8, 8)
    z = [[float(row["z1"]), float(row["z2"])] for row in rows]
    np.testing.assert_allclose(decoded["z"], z, rtol=1e-5)
    assert latentlab("decode", run, out, "--out", tmp_path / "all")[0] == 0
    assert len([*(tmp_path / "all").glob("*.png")]) == 40
    with Image.open(tmp_path / "all" / "07.png") as file:
        np.testing.assert_array_equal(np.asarray(file)[::2, ::2], decoded["images"][7])
    np.save(tmp_path / "z.npy", np.zeros((3, 5)))
    status, _, errors = latentlab("decode", run, tmp_path / "z.npy", "--out", tmp_path / "x.png")
    assert status == 2
    assert "5 dimensions; the model has 2" in errors


def test_codes_of_other_images_are_written(latentlab, tmp_path):
    pictures(tmp_path / "in", ["a/1.png", "a/2.png", "b/1.png", "b/2.png"])
    out = tmp_path / "codes.csv"
    assert latentlab("encode", "digits-2d", tmp_path / "in", "--out", out)[0] == 0
    assert sorted(row["file"] for row in table(out)) == ["a/1.png", "a/2.png", "b/1.png", "b/2.png"]
    for words in (("--label", "1"), ("--invert",)):
        assert latentlab("encode", "digits-2d", tmp_path / "in", "--out", out, *words)[0] == 2
    assert "--out" in latentlab("encode", "digits-2d")[2]


def test_what_a_program_reads_is_json(latentlab, tmp_path, train):
    run = train(arrays(tmp_path / "d.npz"))
    found = json.loads(latentlab("info", run, "--json")[1])
    assert (found["kind"], found["latent_dim"], found["opens"]) == ("run", 2, True)
    status, said, _ = latentlab("info", tmp_path / "gone", "--json")
    assert status == 1
    assert json.loads(said)["opens"] is False
    listed = json.loads(latentlab("list", "--json")[1])
    assert [entry["name"] for entry in listed] == ["digits-2d", "digits-cvae", "faces"]


def test_json_has_no_numbers_that_json_does_not_know(capsys):
    from latentlab.cli.app import print_json

    print_json({"loss": float("nan"), "path": Path("a"), "rate": [float("inf"), 1.5]})
    assert json.loads(capsys.readouterr().out, parse_constant=pytest.fail) == {
        "loss": None,
        "path": "a",
        "rate": [None, 1.5],
    }


@pytest.mark.usefixtures("same_process")
def test_how_a_model_of_another_program_is_understood_is_said(latentlab, tmp_path):
    import torch
    from torch import nn

    sizes = {"fc1": (784, 32), "fc21": (32, 4), "fc22": (32, 4), "fc3": (4, 32), "fc4": (32, 784)}
    torch.manual_seed(0)
    network = nn.ModuleDict({name: nn.Linear(*size) for name, size in sizes.items()})
    torch.save(network.state_dict(), tmp_path / "vae.pt")
    status, _, errors = latentlab("sample", tmp_path / "vae.pt", "--out", tmp_path / "o.png")
    assert status == 0
    assert "is assumed" in errors


# Own images


@pytest.fixture
def drawings(tmp_path):
    """Return files of a seven in the style of MNIST, and of the same in dark ink on white paper."""
    large = Image.new("L", (280, 280))
    line = [(80, 70), (200, 70), (130, 220)]
    ImageDraw.Draw(large).line(line, fill=255, width=24, joint="curve")
    large.resize((28, 28), Image.Resampling.BOX).save(tmp_path / "light.png")
    paper = Image.new("L", (420, 420), 250)
    paper.paste(ImageOps.invert(large), (120, 20))
    paper.save(tmp_path / "paper.png")
    return tmp_path / "light.png", tmp_path / "paper.png"


def test_ink_on_paper_is_encoded_as_the_window_does(latentlab, drawings):
    light, paper = drawings

    def code(picture, *words):
        status, said, errors = latentlab("encode", "digits-2d", picture, *words)
        assert status == 0
        return np.array(said.split(), float), errors

    wanted, errors = code(light, "--center")
    assert not errors
    found, errors = code(paper, "--invert", "--center")
    assert not errors
    assert np.abs(found - wanted).max() < 0.3
    _, errors = code(paper)
    assert "background of this image is light" in errors
    assert "with --invert" in errors
    _, errors = code(paper, "--center")
    assert "with --invert" in errors
    _, errors = code(light, "--invert")
    assert "without --invert" in errors


# Notes and early errors


def test_the_notes_of_the_window_are_told_on_standard_error(latentlab, tmp_path, train):
    data = pictures(tmp_path / "in", [f"{i}.png" for i in range(6)])
    (tmp_path / "in" / "broken.png").write_text("no picture")
    run = train(data)
    for words in (
        ("interpolate", "--out", tmp_path / "o.png"),
        ("encode", "--out", tmp_path / "c.csv"),
    ):
        assert "1 of 7 images could not be read" in latentlab(words[0], run, *words[1:])[2]
    (tmp_path / "in").rename(tmp_path / "elsewhere")
    status, _, errors = latentlab("score", run, "--out", tmp_path / "s.csv")
    assert status == 2
    assert str(tmp_path / "in") in errors


@pytest.mark.parametrize("name", ["sample", "manifold", "interpolate", "score"])
@pytest.mark.parametrize("out", ["a.avi", "a.npy", "a", "file/a.png", "folder.png"])
def test_an_output_that_cannot_be_is_told_before_any_work(latentlab, tmp_path, name, out):
    (tmp_path / "file").touch()
    (tmp_path / "folder.png").mkdir()
    status, said, errors = latentlab(name, tmp_path / "no run", "--out", tmp_path / out)
    assert (status, said) == (2, "")
    assert "cannot be written" in errors
    assert "no run" not in errors


def test_a_sweep_compares_in_a_picture_and_a_table(latentlab, tmp_path):
    arrays(tmp_path / "d.npz")
    (tmp_path / "tiny.toml").write_text(
        f"data = {{kind = 'arrays', images = '{tmp_path / 'd.npz'}'}}\n"
        "training = {epochs = 1, batch_size = 8, device = 'cpu'}\n"
    )
    words = ("--sweep", "model.hidden=[8],[8, 4]", "--sweep", "objective.beta=1,2")
    status, said, _ = latentlab("train", tmp_path / "tiny.toml", *words)
    assert status == 0
    assert "comparison.csv" in said
    runs = {entry.name: entry.path for entry in library() if not entry.shipped}
    assert len(runs) == 4
    rows = table(next(iter(runs.values())).parent / "comparison.csv")
    assert [row["model.hidden"] for row in rows] == ["[8]", "[8]", "[8, 4]", "[8, 4]"]
    assert [row["objective.beta"] for row in rows] == ["1.0", "2.0"] * 2
    assert {row["run"] for row in rows} == {str(path) for path in runs.values()}
    assert float(rows[0]["validation_loss"]) > 0
    assert "tiny-hidden-8_4-beta-2" in runs
    latentlab("train", tmp_path / "tiny.toml", *words[2:])
    assert (next(iter(runs.values())).parent / "comparison-2.csv").exists()


def test_a_run_that_fails_does_not_take_the_others_of_a_sweep_with_it(latentlab, tmp_path):
    data = f"data.images={arrays(tmp_path / 'd.npz')['images']}"
    (tmp_path / "tiny.toml").write_text(
        "data = {kind = 'arrays'}\ntraining = {epochs = 3, batch_size = 8, device = 'cpu'}\n"
        "model = {likelihood = 'gaussian'}"
    )
    out = tmp_path / "runs"
    words = ("--set", data, "--sweep", "training.learning_rate=1e-3,1", "--set")
    status, said, errors = latentlab(
        "train", tmp_path / "tiny.toml", "--out", out, *words, "training.optimizer=sgd"
    )
    assert "Failed: At step" in said
    assert f"Trained: {out / 'tiny-learning_rate-1e-3'}" in said
    assert status == 2
    assert "1 of 2 runs failed: tiny-learning_rate-1" in errors


def test_folders_that_are_taken_are_told_before_the_first_run(latentlab, tmp_path, vae_run):
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "tiny-beta-4").symlink_to(vae_run)
    (tmp_path / "tiny.toml").write_text("data = 'digits'")
    words = ("--out", tmp_path / "runs", "--sweep", "objective.beta=1,4")
    status, said, errors = latentlab("train", tmp_path / "tiny.toml", *words)
    assert (status, said) == (2, "")
    assert "already holds a run" in errors


def test_two_programs_that_begin_in_the_same_second_do_not_share_a_folder(
    latentlab, tmp_path, monkeypatch
):
    """The other program makes the folder between the check and the creation."""
    arrays(tmp_path / "d.npz")
    words = ("--set", "data.kind=arrays", "--set", f"data.images={tmp_path / 'd.npz'}")
    (tmp_path / "t.toml").write_text("training = {epochs = 1, device = 'cpu'}")
    monkeypatch.setattr(time, "strftime", lambda *_: "20260102-030405")
    mkdir, others = Path.mkdir, []

    def late(path, *args, **options):
        if path.parent == runs() and not others:
            others.append(path)
            mkdir(path, *args, **options)
        mkdir(path, *args, **options)

    monkeypatch.setattr(Path, "mkdir", late)
    status, said, _ = latentlab("train", tmp_path / "t.toml", *words)
    assert status == 0
    assert f"Trained: {others[0]}-2" in said.replace("\n", "")
    assert list(others[0].iterdir()) == []


# Paths and exit statuses


def test_a_tilde_is_the_home_for_every_path(latentlab, monkeypatch, tmp_path):
    home = tmp_path / "home"
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    monkeypatch.chdir(tmp_path)
    pictures(home / "in", [f"{i}.png" for i in range(4)])
    (home / "r.toml").write_text(RECIPE.format(root="~/in"), "utf-8")
    assert latentlab("train", "~/r.toml", "--out", "~/run")[0] == 0
    assert latentlab("train", "--resume", "~/run", "--epochs", 2)[0] == 0
    assert latentlab("sample", "~/run", "--out=~/s.png", "--count", 2)[0] == 0
    assert latentlab("score", "~/run", "--out", "~/s.csv", "--samples", 1)[0] == 0
    assert latentlab("encode", "~/run", "~/in/1.png")[0] == 0
    assert {"run", "s.png", "s.csv"} <= {path.name for path in home.iterdir()}
    assert not (tmp_path / "~").exists()
    opened = []
    app = pytest.importorskip("latentlab.app", exc_type=ImportError)
    monkeypatch.setattr(app, "main", lambda path=None: opened.append(path) or 0)
    latentlab("~/run")
    assert opened == [home / "run"]


@pytest.mark.parametrize(
    "words", [("train", "r.toml"), ("train", "r.toml", "--sweep", "objective.beta=1,2"), ("demo",)]
)
def test_what_ctrl_c_has_ended_is_kept_and_not_called_done(latentlab, monkeypatch, tmp_path, words):
    from latentlab.runs import terminal as progress

    def interrupted(self, event):
        if isinstance(event, EpochEnd):
            raise KeyboardInterrupt

    monkeypatch.setattr(progress.ProgressPrinter, "tell", interrupted)
    monkeypatch.chdir(tmp_path)
    pictures(tmp_path / "in", [f"{i}.png" for i in range(4)])
    (tmp_path / "r.toml").write_text(RECIPE.format(root="in"), "utf-8")
    status, said, _ = latentlab(*words, "--out", "out")
    assert status == 130
    assert said.count("Stopped and kept") == 1


def test_help_is_given_by_its_short_name(latentlab):
    assert latentlab("train", "-h") == latentlab("train", "--help")


def test_a_model_leaves_as_weights_and_not_under_another_name(latentlab, tmp_path):
    file = tmp_path / "weights.safetensors"
    assert latentlab("export", "digits-2d", "--out", file, "--half")[:2] == (0, f"{file}\n")
    assert file.stat().st_size > 1_000_000
    status, _, error = latentlab("export", "digits-2d", "--out", tmp_path / "model.pt")
    assert status == 2
    assert ".pt is not a format for a model" in error


def test_a_sweep_trains_side_by_side_where_there_are_cores(latentlab, tmp_path, monkeypatch):
    monkeypatch.setattr(batch_training, "divide_cores", lambda recipes: Cores(2, 1))
    arrays(tmp_path / "d.npz")
    (tmp_path / "tiny.toml").write_text(
        f"data = {{kind = 'arrays', images = '{tmp_path / 'd.npz'}'}}\n"
        "training = {epochs = 2, batch_size = 8, device = 'cpu'}\n"
        "model = {likelihood = 'gaussian'}"
    )
    words = ("train", tmp_path / "tiny.toml", "--set", "training.optimizer=sgd", "--sweep")
    rates = "training.learning_rate=1e-4,1e-3,1"
    status, said, errors = latentlab(*words, rates, "--out", tmp_path / "runs")
    assert said.startswith("3 runs, 2 at a time with 1 thread each\n")
    for name in ("tiny-learning_rate-1e-4", "tiny-learning_rate-1e-3"):
        assert f"{name}: epoch 2/2  train" in said
        assert f"Trained: {tmp_path / 'runs' / name}" in said
    assert "tiny-learning_rate-1 failed: At step" in said
    assert (tmp_path / "runs" / "comparison.png").exists()
    assert status == 2
    assert "1 of 3 runs failed: tiny-learning_rate-1" in errors
    (tmp_path / "d.npz").unlink()
    status, _, errors = latentlab(*words, rates, "--out", tmp_path / "more")
    assert status == 2
    assert "d.npz" in errors
    assert "internal" not in errors


def test_what_ctrl_c_has_ended_side_by_side_is_kept(latentlab, tmp_path, monkeypatch):
    monkeypatch.setattr(batch_training, "divide_cores", lambda recipes: Cores(2, 1))

    def interrupted(self, event):
        if isinstance(event, EpochEnd):
            raise KeyboardInterrupt

    monkeypatch.setattr(ProgressPrinter, "tell", interrupted)
    data = f"data.images={arrays(tmp_path / 'd.npz')['images']}"
    (tmp_path / "tiny.toml").write_text("data = {kind = 'arrays'}\ntraining = {device = 'cpu'}")
    words = ("--set", data, "--set", "training.epochs=100000", "--seeds", 3)
    status, said, _ = latentlab("train", tmp_path / "tiny.toml", *words)
    assert status == 130
    kept = [entry for entry in library() if not entry.shipped]
    assert said.count("Stopped and kept") == len(kept) > 0
    assert all(entry.name.startswith("tiny-seed-") for entry in kept)
