"""Films and generated data sets by the public API and by the command line, read back by Pillow."""

import csv
import json
import sys
from zipfile import ZipFile

import numpy as np
import pytest
from PIL import Image

import latentlab
from latentlab import __main__
from latentlab.errors import LatentlabError
from latentlab.runs.scene_files import read_picture_scene


@pytest.fixture
def command(monkeypatch, capsys):
    """Run a command line in this process; return exit status, standard output and error."""

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["latentlab", *map(str, words)])
        capsys.readouterr()
        status = __main__.main()
        return status, *capsys.readouterr()

    return run


@pytest.fixture(scope="module")
def digits():
    return latentlab.load("digits-2d")


def about(path):
    with Image.open(path) as file:
        file.load()
        return file.size, file.n_frames, file.info["duration"], file.info.get("loop", 1)


@pytest.mark.parametrize("ending", ["gif", "webp"])
def test_a_film_of_a_path_has_its_size_rate_and_loop(command, tmp_path, ending):
    out = tmp_path / f"a.{ending}"
    words = ("--from", "3", "--to", "8", "--steps", 5, "--scale", 2, "--fps", 20, "--loop", "back")
    status, said, errors = command("film", "digits-2d", "--out", out, *words)
    assert (status, said.splitlines()[-1], errors) == (0, str(out), "")
    assert about(out) == ((56, 56), 8, 50, 0)
    scene = read_picture_scene(out)
    assert scene.model == "digits-2d"
    assert scene.route.steps == 5
    status, said, _ = command("info", out, "--json")
    found = json.loads(said)
    assert (status, found["model"]) == (0, "digits-2d")


def test_a_film_of_a_traversal_shows_all_dimensions(digits, tmp_path):
    out = digits.save_film(tmp_path / "t.gif", "traversal", start="7", steps=4, loop="once")
    (width, height), frames, _, loop = about(out)
    assert (width, height, frames, loop) == (4 * 57, 4 * 28, 4, 1)
    z, _ = digits.find("7")
    assert read_picture_scene(out).z == pytest.approx(z)


def test_a_film_of_the_training_has_an_image_per_epoch(command, tmp_path, vae_run):
    out = tmp_path / "t.webp"
    status, _, errors = command("film", vae_run, "--of", "training", "--out", out, "--fps", 4)
    assert status == 0, errors
    epochs = len(list((vae_run / "replay").glob("epoch-*.npz")))
    assert about(out)[1:] == (epochs, 250, 1)


def test_an_mp4_carries_its_recipe(digits, tmp_path):
    pytest.importorskip("imageio_ffmpeg")
    out = digits.save_film(tmp_path / "a.mp4", steps=3)
    assert read_picture_scene(out).route.steps == 3


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("--of", "samples"), "interpolation, traversal or training"),
        (("--loop", "twice"), "back, round or once"),
        (("--fps", 0.5), "from 1 to 60"),
        (("--scale", 100), "from 1 to 32"),
        (("--steps", 1), "from 2 to 1000"),
        (("--of", "training"), "no saved epochs"),
    ],
)
def test_a_film_that_cannot_be_made_says_why(command, tmp_path, words, problem):
    status, _, errors = command("film", "digits-2d", "--out", tmp_path / "a.gif", *words)
    assert status == 2
    assert problem in errors
    assert command("film", "digits-2d", "--out", tmp_path / "a.avi")[0] == 2
    assert list(tmp_path.iterdir()) == []


def test_a_generated_data_set_is_the_same_as_a_folder_an_archive_and_arrays(command, tmp_path):
    folder, archive, arrays = (tmp_path / name for name in ("set", "set.zip", "set.npz"))
    for out in (folder, archive, arrays):
        words = ("--per-class", 2, "--seed", 5, "--out", out)
        status, said, _ = command("dataset", "digits-cvae", *words)
        assert (status, said.splitlines()[-1]) == (0, str(out))
    with (folder / "manifest.csv").open() as file:
        rows = list(csv.DictReader(file))
    with np.load(arrays) as found, ZipFile(archive) as packed:
        assert found["images"].shape == (20, 28, 28)
        assert packed.read("manifest.csv") == (folder / "manifest.csv").read_bytes()
        for i, row in enumerate(rows):
            assert packed.read(row["file"]) == (folder / row["file"]).read_bytes()
            with Image.open(folder / row["file"]) as image:
                np.testing.assert_array_equal(np.asarray(image), found["images"][i])
            z = [float(row[f"z{d + 1}"]) for d in range(20)]
            np.testing.assert_allclose(found["z"][i], z, rtol=1e-6)
            assert found["class_names"][found["labels"][i]] == row["class"]
    for path in (folder, archive, arrays):
        images = latentlab.read_images(path, size=28, colour=False)
        assert images.class_names == tuple(map(str, range(10)))
        assert len(images.images) == 20


def test_a_data_set_is_refused_where_it_cannot_be_written(command, digits, tmp_path):
    (tmp_path / "mine.txt").touch()
    for out in (tmp_path, tmp_path / "set.h5"):
        status, _, errors = command("dataset", "digits-2d", "--per-class", 1, "--out", out)
        assert status == 2
        assert "empty folder" in errors or ".npz or .zip" in errors
    with pytest.raises(LatentlabError, match="not an empty folder"):
        digits.save_dataset(tmp_path, 3)
    assert [each.name for each in tmp_path.iterdir()] == ["mine.txt"]
