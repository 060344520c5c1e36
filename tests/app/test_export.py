"""Leaving with a picture: what is saved is what was seen, with how it was made inside."""

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageSequence
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QFileDialog, QToolButton

from latentlab.latent.interpolation.curves import PathKind
from latentlab.session.export import NAMES, Export
from latentlab.session.files.report import SaveReport
from latentlab.session.interpolation import DecodePaths
from latentlab.session.model import Decode, DecodePath, MakeManifold, MakeSamples
from latentlab.session.points import Key, Loop
from latentlab.widgets.kit.export.film_dialog import FilmDialog

BUILT = ("map", "image", "manifold", "interpolate")


@pytest.fixture
def choose(monkeypatch):
    """Answer the next file dialog with a path, under one of its filters; tells what it offered."""
    asked = []

    def answer(path, suffix="png"):
        def dialog(parent, title, suggestion, filters):
            asked.append((title, suggestion, filters))
            return str(path), NAMES[suffix] if path else ""

        monkeypatch.setattr(QFileDialog, "getSaveFileName", dialog)
        return asked

    return answer


def press_export(desk, key):
    buttons = desk.panel(key).findChildren(QToolButton)
    desk.hand.click(next(b for b in buttons if b.toolTip().startswith("Save")))


def press_export_film(desk, key):
    """Press the button, and accept the options of the film when their dialog opens."""

    def accept():
        if dialogs := desk.window.findChildren(FilmDialog):
            dialogs[-1].accept()
        else:
            QTimer.singleShot(20, desk.window, accept)

    QTimer.singleShot(20, desk.window, accept)
    press_export(desk, key)


def read(path):
    with Image.open(path) as file:
        return np.asarray(file.convert("L")), json.loads(file.text["latentlab"]), file.text


def cut(sheet, gap, side=28, scale=2):
    """Return the tiles of a sheet, row by row."""
    small = sheet[::scale, ::scale]
    step = side + gap
    rows, columns = (small.shape[0] + gap) // step, (small.shape[1] + gap) // step
    corners = [(step * i, step * j) for i in range(rows) for j in range(columns)]
    return np.stack([small[y : y + side, x : x + side] for y, x in corners])


def test_manifold_png(old_desk, choose, tmp_path):
    asked = choose(tmp_path / "grid.png")
    press_export(old_desk, "manifold")
    old_desk.until(lambda: (tmp_path / "grid.png").exists())
    sheet, info, text = read(tmp_path / "grid.png")
    assert sheet.shape == (20 * 28 * 2, 20 * 28 * 2)
    np.testing.assert_array_equal(cut(sheet, 0), old_desk.state.answer(MakeManifold).tiles.pictures)
    assert info["model"] == "digits-2d"
    assert info["epoch"] == old_desk.state.model.epoch
    assert info["recipe"]["model"]["latent_dim"] == 2
    assert (info["plane"], info["span"], info["spacing"]) == ([0, 1], 3.0, "uniform")
    assert text["Software"].startswith("latentlab ")
    assert asked[0][2].split(";;")[0] == NAMES["png"]
    old_desk.until(
        lambda: any("grid.png" in line.text.toolTip() for line in old_desk.window.messages.lines)
    )


def test_samples_png(cvae, choose, tmp_path):
    cvae.panel("samples").label.setCurrentText("7")
    cvae.settle()
    choose(tmp_path / "sevens.png")
    press_export(cvae, "samples")
    cvae.until(lambda: (tmp_path / "sevens.png").exists())
    sheet, info, _ = read(tmp_path / "sevens.png")
    tiles = cut(sheet, 1)
    np.testing.assert_array_equal(tiles[:30], cvae.state.answer(MakeSamples).pictures)
    assert (info["class"], info["seed"]) == (7, 0)
    # As many to a row as on screen.
    assert sheet.shape[1] // 2 + 1 == cvae.panel("samples").view.columns * 29


def test_image_png(old_desk, choose, tmp_path):
    choose(tmp_path / "z.png")
    press_export(old_desk, "image")
    old_desk.until(lambda: (tmp_path / "z.png").exists())
    sheet, info, _ = read(tmp_path / "z.png")
    np.testing.assert_array_equal(sheet[::2, ::2], old_desk.state.answer(Decode).pixels)
    assert info["z"] == pytest.approx(old_desk.state.point.z)


def test_interpolation_gif_plays_there_and_back(old_desk, choose, tmp_path):
    choose(tmp_path / "way.gif", "gif")
    press_export_film(old_desk, "interpolate")
    old_desk.until(lambda: (tmp_path / "way.gif").exists())
    strip = old_desk.state.answer(DecodePath).pictures
    with Image.open(tmp_path / "way.gif") as file:
        info = json.loads(file.info["comment"])
        assert file.info["loop"] == 0
        frames = [np.asarray(frame.convert("L")) for frame in ImageSequence.Iterator(file)]
    assert len(frames) == 22
    assert frames[0].shape == (112, 112)
    for shown, expected in zip(frames, [*strip, *strip[-2:0:-1]], strict=True):
        np.testing.assert_allclose(shown[::4, ::4].astype(int), expected, atol=3)
    assert info["a"] == pytest.approx(old_desk.state.ends.a.z)
    assert info["b"] == pytest.approx(old_desk.state.ends.b.z)
    assert info["software"].startswith("latentlab")


def test_a_round_way_is_exported_as_it_plays(desk, choose, tmp_path):
    """Forward only, and without its last frame, which is its first."""
    # By way of a third point, or the way back would show the pictures of the way there.
    ends = desk.state.ends.with_keys(Key(0.5, desk.state.point.along({0: 2.0, 1: 2.0})))
    desk.controller.path.set(replace(ends, loop=Loop.ROUND))
    desk.settle()
    choose(tmp_path / "round.gif", "gif")
    press_export_film(desk, "interpolate")
    desk.until(lambda: (tmp_path / "round.gif").exists())
    with Image.open(tmp_path / "round.gif") as file:
        frames = [np.asarray(frame.convert("L")) for frame in ImageSequence.Iterator(file)]
    for shown, expected in zip(frames, desk.state.answer(DecodePath).pictures[:-1], strict=True):
        np.testing.assert_allclose(shown[::4, ::4].astype(int), expected, atol=3)


def test_kinds_of_way_are_exported_one_below_the_other(desk, choose, tmp_path):
    panel = desk.panel("interpolate")
    panel.ways.actions_[PathKind.DATA].setChecked(True)
    desk.settle()
    choose(tmp_path / "ways.png")
    press_export(desk, "interpolate")
    desk.until(lambda: (tmp_path / "ways.png").exists())
    sheet, info, _ = read(tmp_path / "ways.png")
    strips = {strip.way: strip.tiles.pictures for strip in desk.state.answer(DecodePaths).strips}
    expected = [*strips[PathKind.STRAIGHT], *strips[PathKind.DATA]]
    np.testing.assert_array_equal(cut(sheet, 1), expected)
    assert info["ways"] == ["straight", "data"]


def test_interpolation_png(old_desk, choose, tmp_path):
    choose(tmp_path / "way.png")
    press_export(old_desk, "interpolate")
    old_desk.until(lambda: (tmp_path / "way.png").exists())
    sheet, _, _ = read(tmp_path / "way.png")
    np.testing.assert_array_equal(cut(sheet, 1), old_desk.state.answer(DecodePath).pictures)


@pytest.mark.parametrize(("suffix", "name"), [("gif", "way.gif"), ("png", "way.png")])
def test_name_without_an_ending_gets_that_of_the_filter(old_desk, choose, tmp_path, suffix, name):
    choose(tmp_path / "way", suffix)
    (press_export_film if suffix == "gif" else press_export)(old_desk, "interpolate")
    old_desk.until(lambda: (tmp_path / name).exists())


def test_cancelled_dialog_saves_nothing(old_desk, choose, tmp_path):
    choose("")
    press_export(old_desk, "manifold")
    old_desk.settle()
    assert old_desk.state.failure is None
    assert list(tmp_path.rglob("*.png")) == []


def test_folder_is_remembered(old_desk, choose, tmp_path):
    asked = choose(tmp_path / "pictures" / "one.png")
    (tmp_path / "pictures").mkdir()
    press_export(old_desk, "image")
    press_export(old_desk, "manifold")
    assert asked[1][1] == str(tmp_path / "pictures" / "latentlab-manifold.png")


def test_place_that_cannot_be_written_is_told(desk, tmp_path):
    (tmp_path / "file").write_text("in the way")
    path = tmp_path / "file" / "grid.png"
    desk.controller.files.save(Export(desk.state.answer(MakeManifold).tiles, path, {}))
    desk.until(lambda: desk.state.failure)
    assert "cannot be written" in desk.state.failure.title
    assert desk.window.failure_bar.isVisible()
    desk.controller.files.save(
        Export(desk.state.answer(MakeManifold).tiles, tmp_path / "grid.png", {})
    )
    desk.until(lambda: (tmp_path / "grid.png").exists())


def test_two_files_in_a_row_are_both_written(old_desk, tmp_path):
    for name in ("a.png", "b.png", "c.png"):
        old_desk.controller.files.save(
            Export(old_desk.state.answer(MakeSamples), tmp_path / name, {})
        )
    old_desk.until(lambda: len(list(tmp_path.glob("?.png"))) == 3)


def test_the_report_is_written_and_told(old_desk, choose, tmp_path):
    out = tmp_path / "deep" / "report.html"
    asked = choose(out, "html")
    old_desk.window.menus.report.trigger()
    old_desk.until(out.exists)
    old_desk.until(lambda: SaveReport not in old_desk.state.awaited)
    assert any(str(out) in line.text.text() for line in old_desk.window.messages.lines)
    assert asked[0][0] == "Save the report"
    assert "<svg" in out.read_text(encoding="utf-8")
