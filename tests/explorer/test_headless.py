"""The main job without a window: files instead."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from latentlab.data.image_set import load
from latentlab.errors import DataError, RunError
from latentlab.explorer.headless import Lab, demonstrate
from latentlab.latent.interpolation.curves import PathKind
from latentlab.learning.events import EpochEnd, LatentStatistics, Step
from latentlab.learning.fit import fit
from latentlab.learning.recipe import make_recipe
from latentlab.runs.figures import draw_map, save_curves
from latentlab.runs.library import compare
from latentlab.runs.recorder import record, resume
from latentlab.runs.terminal import format_losses, show
from latentlab.session.curves import METRICS
from latentlab.work import Progress


@pytest.fixture
def vae(vae_run):
    return Lab(vae_run)


@pytest.fixture
def cvae(cvae_run):
    return Lab(cvae_run)


def info_of(path):
    with Image.open(path) as file:
        return json.loads(file.text["latentlab"])


def size_of(path):
    with Image.open(path) as file:
        return file.size


# Lab


def test_a_shipped_model_opens_by_its_name():
    assert Lab(Path("digits-cvae")).card.title == "Conditional VAE 20-D"


def test_a_folder_of_that_name_comes_first(vae_run, tmp_path, monkeypatch):
    (tmp_path / "digits-cvae").symlink_to(vae_run)
    monkeypatch.chdir(tmp_path)
    assert Lab(Path("digits-cvae")).card.title == "VAE 2-D"


def test_what_is_neither_is_refused():
    with pytest.raises(RunError, match="nosuch is not a run"):
        Lab(Path("nosuch"))


def test_samples_are_written_with_their_seed(cvae, tmp_path):
    cvae.sample(tmp_path / "out.png", 20, 7, seed=5)
    info = info_of(tmp_path / "out.png")
    assert (info["seed"], info["label"], info["count"]) == (5, 7, 20)
    assert info["model"] == "run"
    assert info["recipe"]["model"]["kind"] == "cvae"
    assert size_of(tmp_path / "out.png") == (2 * (8 * 29 - 1), 2 * (3 * 29 - 1))


def test_the_same_seed_writes_the_same_file(vae, tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        vae.sample(tmp_path / f"{name}.png", 4, None, seed)
    a, b, c = ((tmp_path / f"{name}.png").read_bytes() for name in "abc")
    assert a == b != c


def test_few_samples_leave_no_empty_places(vae, tmp_path):
    vae.sample(tmp_path / "out.png", 3, None, 0)
    assert size_of(tmp_path / "out.png") == (2 * (3 * 29 - 1), 2 * 28)


@pytest.mark.parametrize("quantiles", [False, True])
def test_a_manifold_is_written(cvae, tmp_path, quantiles):
    cvae.manifold(tmp_path / "out.png", 5, 2.0, quantiles, (3, 1), 4)
    info = info_of(tmp_path / "out.png")
    assert (info["plane"], info["span"], info["label"]) == ([3, 1], 2.0, 4)
    assert info["spacing"] == ("quantile" if quantiles else "uniform")
    assert size_of(tmp_path / "out.png") == (280, 280)


def test_a_manifold_depends_on_what_was_asked(cvae, tmp_path):
    ways = {
        "plain": (5, 2.0, False, (1, 2), 4),
        "wide": (5, 3.0, False, (1, 2), 4),
        "quantile": (5, 2.0, True, (1, 2), 4),
        "plane": (5, 2.0, False, (1, 3), 4),
        "label": (5, 2.0, False, (1, 2), 5),
    }
    seen = set()
    for name, way in ways.items():
        cvae.manifold(tmp_path / f"{name}.png", *way)
        with Image.open(tmp_path / f"{name}.png") as picture:
            seen.add(np.asarray(picture).tobytes())
    assert len(seen) == len(ways)


def test_interpolation_by_class_and_by_row(cvae, tmp_path):
    cvae.interpolate(tmp_path / "out.png", "3", "4321", 6)
    info = info_of(tmp_path / "out.png")
    codes, card = cvae.explorer.codes, cvae.card
    typical = codes.typical(card.spec.class_names.index("3"))
    np.testing.assert_allclose(info["a"], codes.mu[typical], atol=1e-5)
    np.testing.assert_allclose(info["b"], codes.mu[4321], atol=1e-5)
    assert size_of(tmp_path / "out.png") == (2 * (6 * 29 - 1), 2 * 28)


def test_interpolation_without_names_goes_from_a_3_to_an_8(vae, tmp_path):
    vae.interpolate(tmp_path / "out.gif", "", "", 4)
    with Image.open(tmp_path / "out.gif") as film:
        info = json.loads(film.info["comment"])
        assert film.n_frames <= 6
        assert film.size == (112, 112)
    codes = vae.explorer.codes
    for key, digit in (("a", 3), ("b", 8)):
        assert codes.labels[np.abs(codes.mu - info[key]).sum(1).argmin()] == digit


def test_every_kind_of_way_is_another_between_the_same_images(vae, tmp_path):
    sheets = []
    for way in PathKind:
        vae.interpolate(tmp_path / "out.png", "0", "1", 7, way.value)
        assert info_of(tmp_path / "out.png")["way"] == way.value
        with Image.open(tmp_path / "out.png") as picture:
            sheets.append(np.asarray(picture))
    assert len({sheet.tobytes() for sheet in sheets}) == len(sheets)
    for sheet in sheets[1:]:
        # Sheets are twice as large, and have one pixel between pictures.
        np.testing.assert_array_equal(sheet[:, :56], sheets[0][:, :56])
        np.testing.assert_array_equal(sheet[:, -56:], sheets[0][:, -56:])


def test_a_picture_is_encoded(cvae, tmp_path):
    held_out = load(make_recipe({}).data).validation
    Image.fromarray(held_out.images[3, 0]).save(tmp_path / "digit.png")
    z = cvae.encode(tmp_path / "digit.png", int(held_out.labels[3]))
    np.testing.assert_allclose(z, cvae.explorer.codes.mu[3], atol=1e-5)
    with pytest.raises(DataError, match="cannot be read"):
        cvae.encode(tmp_path / "gone.png", 0)


@pytest.mark.parametrize("label", [-1, 10])
def test_a_label_out_of_range_is_refused_with_those_there_are(cvae, tmp_path, label):
    out = tmp_path / "out.png"
    for ask in (
        lambda: cvae.sample(out, 4, label, 0),
        lambda: cvae.manifold(out, 4, 2.0, False, (1, 2), label),
        lambda: cvae.encode(out, label),
    ):
        with pytest.raises(RunError, match=f"--label {label}: choose 0 to 9"):
            ask()
    assert not out.exists()


def test_a_label_for_a_model_that_takes_none_is_refused(vae, tmp_path):
    with pytest.raises(RunError, match="takes no label"):
        vae.sample(tmp_path / "out.png", 4, 0, 0)


@pytest.mark.parametrize("plane", [(0, 1), (1, 3), (-1, 2)])
def test_a_plane_the_model_does_not_have_is_refused(vae, tmp_path, plane):
    with pytest.raises(RunError, match="dimensions 1 to 2"):
        vae.manifold(tmp_path / "out.png", 4, 2.0, False, plane, None)


@pytest.mark.parametrize("name", ["ten", "5000", "-1", "1.5", "²"])
def test_an_image_nobody_knows_is_refused_with_what_is_known(vae, tmp_path, name):
    with pytest.raises(
        RunError, match=r"neither a class \(0, 1, .*\) nor an image row below 5,000"
    ):
        vae.interpolate(tmp_path / "out.png", name, "", 4)


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


# Progress


def small(**training):
    values = {"epochs": 2, "batch_size": 1000, "device": "cpu", **training}
    return make_recipe({"model": {"hidden": [8]}, "training": values})


def test_losses_in_one_line():
    assert format_losses({"loss": 101.456, "kl": 2.0}) == "loss 101.46 kl 2.00"
    assert format_losses({}) == ""


def test_a_terminal_is_told_of_every_epoch(capsys):
    assert show(fit(small())) is True
    out = capsys.readouterr().out
    assert "4,000 training images" in out
    assert re.search(r"[\d,]+ parameters on CPU", out)
    number = r"\d+\.\d\d"
    for epoch in (1, 2):
        losses = f"loss {number} reconstruction {number} kl {number}"
        line = rf"epoch {epoch}/2  train {losses}  validation {losses}  {number} s"
        assert re.search(line, out), out


def test_a_resumed_run_says_how_long_it_will_be(tmp_path, capsys):
    assert show(record(small(), tmp_path))
    assert show(resume(tmp_path, 3))
    out = capsys.readouterr().out
    assert "training.epochs = 3" in out
    assert re.search(r"^epoch 3/3  train", out, re.MULTILINE)
    assert "epoch 3/2" not in out


def test_ctrl_c_keeps_what_was_learned(tmp_path, capsys):
    def interrupted(events):
        try:
            for event in events:
                yield event
                if isinstance(event, Step) and event.step == 6:
                    raise KeyboardInterrupt
        finally:
            events.close()

    assert show(interrupted(record(small(), tmp_path))) is False
    card = Lab(tmp_path).card
    assert card.epoch == 1
    assert len((tmp_path / METRICS).read_text("utf-8").splitlines()) == 2


def test_an_error_passes_through_and_closes_the_training(capsys):
    closed = []

    def failing():
        try:
            yield Progress("Reading", 0.5)
            yield Step(1, 1)
            raise DataError("The disk is gone.")
        finally:
            closed.append(True)

    with pytest.raises(DataError, match="disk is gone"):
        show(failing())
    assert closed == [True]


def test_a_line_is_not_broken_by_a_narrow_terminal(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "40")
    losses = {"loss": 1.0, "reconstruction": 2.0, "kl": 3.0}
    latents = LatentStatistics(np.ones(2), 1.0, 0.5, 100)
    assert show(e for e in [EpochEnd(1, 1, losses, losses, 1.0, 1.0, latents, 1, 1.0)])
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("epoch 1/1") and line.rstrip().endswith("1.00 s") for line in lines)


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
    assert Lab(out / "run").card.epoch == 1
    before = (out / "run" / METRICS).read_bytes()
    again = list(demonstrate(out, epochs=1))
    assert (out / "run" / METRICS).read_bytes() == before
    assert Lab(out / "run-2").card.epoch == 1
    assert again[1].split()[0] == "run-2"
