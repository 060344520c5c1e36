"""Copy as Python: the script runs on the public API and makes the same picture."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from PySide6.QtGui import QGuiApplication

from latentlab.latent.grid import Spacing
from latentlab.session.files.mosaic import tile
from latentlab.session.interpolation import DecodePaths
from latentlab.session.map import Layout
from latentlab.session.model import DecodePath
from latentlab.session.points import Key

BUILT = ("map", "image", "manifold", "samples", "interpolate")


def run(desk, exporting, name, folder, monkeypatch):
    """Copy the script, run it in a folder, and return its text and the pixels it wrote."""
    desk.settle()
    exporting.copy_script()
    text = QGuiApplication.clipboard().text()
    monkeypatch.chdir(folder)
    exec(compile(text, name, "exec"), {})  # the script that the user would run
    with Image.open(folder / f"{name}.png") as file:
        return text, np.asarray(file.convert("RGB"))


def check(desk, panel, name, folder, monkeypatch, words):
    exporting = desk.panel(panel).view.exporting
    text, pixels = run(desk, exporting, name, folder, monkeypatch)
    assert words in text, text
    content = exporting.offer()
    shown = tile(content.tiles.pictures, content.tiles.columns, content.gap)
    shown = np.repeat(np.repeat(shown, 2, 0), 2, 1)
    shown = shown if shown.ndim == 3 else np.repeat(shown[..., None], 3, 2)
    assert pixels.shape == shown.shape
    # The GUI decodes in other batches, so that a value may be rounded to its neighbour.
    np.testing.assert_allclose(pixels.astype(int), shown.astype(int), atol=1)
    assert (pixels == shown).mean() > 0.999


@pytest.mark.parametrize("model", ["digits-2d", "digits-cvae"])
def test_scripts_make_the_same_pictures(make_desk, tmp_path, monkeypatch, model):
    from latentlab.directories import resources

    desk = make_desk(resources() / "models" / model)
    args = (tmp_path, monkeypatch)
    check(desk, "image", "image", *args, "model.decode")
    check(desk, "samples", "samples", *args, "model.sample(30")
    check(desk, "interpolate", "interpolation", *args, "model.interpolate(a, b")
    desk.controller.path.set(desk.state.ends.with_keys(Key(0.5, desk.state.point)))
    desk.until(lambda: desk.state.answer(DecodePath))
    check(desk, "interpolate", "interpolation", *args, "model.decode(z")
    desk.controller.decoding.set_grid(replace(desk.state.grid, n=6, spacing=Spacing.QUANTILE))
    desk.controller.map.set_plane((1, 0))
    check(desk, "manifold", "manifold", *args, "model.manifold(n=6")
    desk.controller.map.lay_out(Layout.PCA)
    desk.until(lambda: desk.state.view.layout is Layout.PCA and not desk.state.view.is_pending)
    check(desk, "manifold", "manifold", *args, "np.meshgrid")
    assert desk.state.answer(DecodePaths) is None or desk.state.failure is None


def test_the_script_of_the_map_draws_it(desk, tmp_path, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "Agg")
    text, pixels = run(desk, desk.map.exporting, "map", tmp_path, monkeypatch)
    assert "table = model.codes()" in text
    assert (pixels < 250).any()
