"""Results as files: samples, manifolds, paths, codes and figures."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from latentlab.api.demo import demonstrate
from latentlab.api.files import encode_file, write_manifold, write_path, write_samples
from latentlab.api.model import load
from latentlab.data import data_set
from latentlab.errors import DataError, RunError
from latentlab.latent.interpolation.curves import PathKind
from latentlab.learning.recipe import make_recipe
from latentlab.runs.figures import draw_map, save_curves
from latentlab.runs.library import compare
from latentlab.session.curves.curves import METRICS


@pytest.fixture
def vae(vae_run):
    return load(vae_run)


@pytest.fixture
def cvae(cvae_run):
    return load(cvae_run)


def info_of(path):
    with Image.open(path) as file:
        return json.loads(file.text["latentlab"])


def size_of(path):
    with Image.open(path) as file:
        return file.size


# Lab


def test_a_shipped_model_opens_by_its_name():
    assert load(Path("digits-cvae")).card.title == "Conditional VAE 20-D"


def test_a_folder_of_that_name_comes_first(vae_run, tmp_path, monkeypatch):
    (tmp_path / "digits-cvae").symlink_to(vae_run)
    monkeypatch.chdir(tmp_path)
    assert load(Path("digits-cvae")).card.title == "VAE 2-D"


def test_what_is_neither_is_refused():
    with pytest.raises(RunError, match="nosuch is not a run"):
        load(Path("nosuch"))


def test_samples_are_written_with_their_seed(cvae, tmp_path):
    write_samples(cvae, tmp_path / "out.png", 20, 7, 5, "standard")
    info = info_of(tmp_path / "out.png")
    assert (info["seed"], info["label"], info["count"]) == (5, 7, 20)
    assert info["model"] == "run"
    assert info["recipe"]["model"]["kind"] == "cvae"
    assert size_of(tmp_path / "out.png") == (2 * (8 * 29 - 1), 2 * (3 * 29 - 1))


def test_the_same_seed_writes_the_same_file(vae, tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write_samples(vae, tmp_path / f"{name}.png", 4, None, seed, "standard")
    a, b, c = ((tmp_path / f"{name}.png").read_bytes() for name in "abc")
    assert a == b != c


def test_few_samples_leave_no_empty_places(vae, tmp_path):
    write_samples(vae, tmp_path / "out.png", 3, None, 0, "standard")
    assert size_of(tmp_path / "out.png") == (2 * (3 * 29 - 1), 2 * 28)


@pytest.mark.parametrize("spacing", ["uniform", "quantile"])
def test_a_manifold_is_written(cvae, tmp_path, spacing):
    write_manifold(cvae, tmp_path / "out.png", 5, 2.0, spacing, (3, 1), 4)
    info = info_of(tmp_path / "out.png")
    assert (info["plane"], info["span"], info["label"]) == ([3, 1], 2.0, 4)
    assert info["spacing"] == spacing
    assert size_of(tmp_path / "out.png") == (280, 280)


def test_a_manifold_depends_on_what_was_asked(cvae, tmp_path):
    ways = {
        "plain": (5, 2.0, "uniform", (1, 2), 4),
        "wide": (5, 3.0, "uniform", (1, 2), 4),
        "quantile": (5, 2.0, "quantile", (1, 2), 4),
        "plane": (5, 2.0, "uniform", (1, 3), 4),
        "label": (5, 2.0, "uniform", (1, 2), 5),
    }
    seen = set()
    for name, way in ways.items():
        write_manifold(cvae, tmp_path / f"{name}.png", *way)
        with Image.open(tmp_path / f"{name}.png") as picture:
            seen.add(np.asarray(picture).tobytes())
    assert len(seen) == len(ways)


def test_interpolation_by_class_and_by_row(cvae, tmp_path):
    write_path(cvae, tmp_path / "out.png", "3", "4321", 6, "straight")
    info = info_of(tmp_path / "out.png")
    codes, card = cvae.explorer.codes, cvae.card
    typical = codes.typical(card.spec.class_names.index("3"))
    np.testing.assert_allclose(info["route"]["a"]["z"], codes.mu[typical], atol=1e-5)
    np.testing.assert_allclose(info["route"]["b"]["z"], codes.mu[4321], atol=1e-5)
    assert size_of(tmp_path / "out.png") == (2 * (6 * 29 - 1), 2 * 28)


def test_interpolation_without_names_goes_from_a_3_to_an_8(vae, tmp_path):
    write_path(vae, tmp_path / "out.gif", "", "", 4, "straight")
    with Image.open(tmp_path / "out.gif") as film:
        info = json.loads(film.info["comment"])
        assert film.n_frames <= 6
        assert film.size == (112, 112)
    codes = vae.explorer.codes
    for key, digit in (("a", 3), ("b", 8)):
        assert codes.labels[np.abs(codes.mu - info["route"][key]["z"]).sum(1).argmin()] == digit


def test_every_kind_of_way_is_another_between_the_same_images(vae, tmp_path):
    sheets = []
    for way in PathKind:
        write_path(vae, tmp_path / "out.png", "0", "1", 7, way.value)
        assert info_of(tmp_path / "out.png")["way"] == way.value
        with Image.open(tmp_path / "out.png") as picture:
            sheets.append(np.asarray(picture))
    assert len({sheet.tobytes() for sheet in sheets}) == len(sheets)
    for sheet in sheets[1:]:
        # Sheets are twice as large, and have one pixel between pictures.
        np.testing.assert_array_equal(sheet[:, :56], sheets[0][:, :56])
        np.testing.assert_array_equal(sheet[:, -56:], sheets[0][:, -56:])


def test_a_picture_is_encoded(cvae, tmp_path):
    held_out = data_set.load(make_recipe({}).data).validation
    Image.fromarray(held_out.images[3, 0]).save(tmp_path / "digit.png")
    z, _ = encode_file(cvae, tmp_path / "digit.png", int(held_out.labels[3]))
    np.testing.assert_allclose(z, cvae.explorer.codes.mu[3], atol=1e-5)
    with pytest.raises(DataError, match="cannot be read"):
        encode_file(cvae, tmp_path / "gone.png", 0)


@pytest.mark.parametrize("label", [-1, 10])
def test_a_label_out_of_range_is_refused_with_those_there_are(cvae, tmp_path, label):
    out = tmp_path / "out.png"
    for ask in (
        lambda: write_samples(cvae, out, 4, label, 0, "standard"),
        lambda: write_manifold(cvae, out, 4, 2.0, "uniform", (1, 2), label),
        lambda: encode_file(cvae, out, label),
    ):
        with pytest.raises(RunError, match=f"no class {label}.*Choose 0 to 9"):
            ask()
    assert not out.exists()


def test_a_label_for_a_model_that_takes_none_is_refused(vae, tmp_path):
    with pytest.raises(RunError, match="takes no labels"):
        write_samples(vae, tmp_path / "out.png", 4, 0, 0, "standard")


@pytest.mark.parametrize("plane", [(0, 1), (1, 3), (-1, 2)])
def test_a_plane_the_model_does_not_have_is_refused(vae, tmp_path, plane):
    with pytest.raises(RunError, match="dimensions 1 to 2"):
        write_manifold(vae, tmp_path / "out.png", 4, 2.0, "uniform", plane, None)


@pytest.mark.parametrize("name", ["ten", "5000", "-1", "1.5", "²"])
def test_an_image_nobody_knows_is_refused_with_what_is_known(vae, tmp_path, name):
    with pytest.raises(
        RunError, match=r"neither a class \(0, 1, .*\) nor an image row below 5,000"
    ):
        write_path(vae, tmp_path / "out.png", name, "", 4, "straight")


# Figures


@pytest.mark.parametrize("suffix", ["png", "svg"])
def test_figures_are_written(vae, vae_run, tmp_path, suffix):
    for name, draw in (
        ("curves", lambda out: save_curves(compare((vae_run,)), out)),
        ("map", lambda out: draw_map(vae.explorer.codes, vae.card, out)),
    ):
        out = tmp_path / "deep" / f"{name}.{suffix}"
        draw(out)
        if suffix == "png":
            with Image.open(out) as picture:
                assert min(picture.size) > 400
                assert np.asarray(picture.convert("L")).min() < 100
        else:
            assert "<svg" in out.read_text("utf-8")[:1000]
            assert out.stat().st_size > 10_000


def test_figures_that_cannot_be_drawn_are_named(vae, vae_run, tmp_path):
    (tmp_path / "file").write_text("mine", "utf-8")
    for out in (tmp_path / "file" / "out.png", tmp_path / "out.nosuch"):
        with pytest.raises(RunError, match="cannot be written"):
            save_curves(compare((vae_run,)), out)
        with pytest.raises(RunError, match="cannot be written"):
            draw_map(vae.explorer.codes, vae.card, out)


# The demonstration


def test_the_demonstration_leaves_every_kind_of_picture(tmp_path, capsys):
    out = tmp_path / "demo"
    lines = list(demonstrate(out, epochs=1))
    capsys.readouterr()
    pictures = {"curves.png", "map.png", "manifold.png", "samples.png", "interpolation.gif"}
    assert {path.name for path in out.iterdir()} == {*pictures, "run"}
    for name in pictures:
        with Image.open(out / name) as picture:
            assert np.ptp(np.asarray(picture.convert("L"))) > 50, name
        assert any(name in line for line in lines)
    assert str(out.resolve()) in lines[0]
    assert load(out / "run").card.epoch == 1
    before = (out / "run" / METRICS).read_bytes()
    again = list(demonstrate(out, epochs=1))
    assert (out / "run" / METRICS).read_bytes() == before
    assert load(out / "run-2").card.epoch == 1
    assert again[1].split()[0] == "run-2"
