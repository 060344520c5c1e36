"""Copy, drag and save: every image and plot leaves through one door, with its recipe inside."""

import json
import zlib

import numpy as np
import pytest
from lxml import etree
from PIL import Image
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QDrag, QGuiApplication
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu

from latentlab.session.model import Decode, MakeManifold
from latentlab.widgets.kit.clipboard import to_pixels
from latentlab.widgets.kit.export.exporting import Exporting

BUILT = ("map", "image", "manifold")
SVG = "{http://www.w3.org/2000/svg}"


def clipboard():
    return QGuiApplication.clipboard().mimeData()


@pytest.fixture
def chosen(monkeypatch):
    """Answer the next file dialogs with a path."""

    def answer(path):
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))

    return answer


@pytest.fixture
def threes(old_desk):
    """The map, with one class alone: matplotlib takes a while for thousands of points."""
    legend = old_desk.panel("map").legend
    legend.buttons[3].mouseDoubleClickEvent(None)
    old_desk.settle()
    yield old_desk
    for button in legend.buttons:
        button.setChecked(True)
    old_desk.settle()


def save(desk, exporting, path, chosen):
    chosen(path)
    exporting.save()
    desk.until(lambda: path.exists() or desk.state.failure)
    assert desk.state.failure is None


def test_ctrl_c_copies_the_image_that_has_the_focus_with_its_recipe(old_desk):
    view = old_desk.panel("image").view
    old_desk.hand.click(view)
    assert view.hasFocus()
    old_desk.hand.key(Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    pixels = to_pixels(QGuiApplication.clipboard().image())
    np.testing.assert_array_equal(pixels[::2, ::2], old_desk.state.answer(Decode).pixels)
    old_desk.hand.click(old_desk.panel("manifold").view)
    old_desk.settle()
    old_desk.hand.key(Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert not clipboard().data("image/png"), "Qt encodes it when it is pasted"
    about = json.loads(QGuiApplication.clipboard().image().text("latentlab"))
    assert about["model"] == "digits-2d"
    assert QGuiApplication.clipboard().image().width() == 20 * 28 * 2


def test_ctrl_c_in_a_text_field_copies_the_text(old_desk):
    box = old_desk.panel("manifold").count
    box.setFocus()
    box.selectAll()
    old_desk.hand.key(Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert "20" in clipboard().text()


def test_a_plot_is_copied_as_svg_and_png(threes):
    threes.map.exporting.copy_svg()
    threes.until(lambda: clipboard().hasFormat("image/svg+xml"))
    root = etree.fromstring(bytes(clipboard().data("image/svg+xml").data()))
    texts = {"".join(each.itertext()).strip() for each in root.iter(f"{SVG}text")}
    assert {"A", "B", "z1", "z2"} <= texts
    assert {str(digit) for digit in range(10)} <= texts, "the legend"
    count = int((threes.state.codes.labels == 3).sum())
    assert len(list(root.iter(f"{SVG}use"))) >= count > 100
    assert clipboard().hasImage()
    about = root.find(".//{http://purl.org/dc/elements/1.1/}description").text
    assert json.loads(about)["model"] == "digits-2d"


def test_every_image_and_plot_has_the_menu(old_desk):
    seen = []

    def look():
        menu = QApplication.activePopupWidget()
        seen.append([action.text() for action in menu.actions()])
        menu.close()

    for name in ("image", "manifold"):
        view = old_desk.panel(name).view
        place = view.rect().center()
        QApplication.sendEvent(
            view, QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, view.mapToGlobal(place))
        )
        look()
        assert any(text.startswith("Copy ") for text in seen[-1])
        assert f"Save {name} as…" in seen[-1]
    menu = QMenu(old_desk.window)
    pointer = old_desk.panel("map").pointer
    pointer.fill_menu(menu, old_desk.map.spot_at(QPointF(100, 100)))
    assert {"Copy map", "Copy as SVG", "Save map as…"} <= {each.text() for each in menu.actions()}
    menu.deleteLater()


def test_a_tile_that_is_dragged_is_a_file_that_says_where_it_came_from(old_desk, monkeypatch):
    seen = []
    monkeypatch.setattr(QDrag, "exec", lambda drag, *_: seen.append(drag.mimeData()))
    view = old_desk.panel("manifold").view
    place = view.tile_rect(27).center()
    for _ in old_desk.hand.drag(view, place, place + QPointF(40, 0)):
        pass
    assert len(seen) == 1
    with Image.open(seen[0].urls()[0].toLocalFile()) as file:
        pixels, info = np.asarray(file.convert("L")), json.loads(file.text["latentlab"])
    tiles = old_desk.state.answer(MakeManifold).tiles
    np.testing.assert_array_equal(pixels[::2, ::2], tiles.pictures[27])
    assert info["z"] == pytest.approx(tiles.points[27].z)
    assert info["model"] == "digits-2d"
    assert len(info["weights"]) == 16


def test_the_map_is_saved_as_vectors_with_its_text(threes, chosen, tmp_path):
    save(threes, threes.map.exporting, tmp_path / "map.pdf", chosen)
    content = (tmp_path / "map.pdf").read_bytes()
    assert content.startswith(b"%PDF-")
    assert b"/FontFile2" in content or b"/Type0" in content, "text is text"
    assert b"digits-2d" in content
    assert any(b" re" in _inflated(part) for part in content.split(b"stream\n")[1:])


def _inflated(part):
    try:
        return zlib.decompressobj().decompress(part)
    except zlib.error:
        return b""


def test_a_manifold_in_svg_embeds_its_image_between_axes(old_desk, chosen, tmp_path):
    save(old_desk, old_desk.panel("manifold").view.exporting, tmp_path / "m.svg", chosen)
    root = etree.parse(tmp_path / "m.svg").getroot()
    (image,) = root.iter(f"{SVG}image")
    assert image.get("{http://www.w3.org/1999/xlink}href").startswith("data:image/png;base64,")
    texts = {"".join(each.itertext()).strip() for each in root.iter(f"{SVG}text")}
    assert {"z1", "z2"} <= texts


def test_the_scale_is_that_of_the_menu(old_desk, chosen, tmp_path):
    exporting = old_desk.panel("image").view.exporting
    menu = QMenu(old_desk.window)
    exporting.fill_menu(menu)
    scales = next(a.menu() for a in menu.actions() if a.menu())
    scales.actions()[2].trigger()
    save(old_desk, exporting, tmp_path / "z.tif", chosen)
    scales.actions()[1].trigger()
    menu.deleteLater()
    with Image.open(tmp_path / "z.tif") as file:
        assert file.size == (4 * 28, 4 * 28)


def test_every_widget_with_images_or_a_plot_offers_them(old_desk):
    """All panels, in their workspaces: what is shown can be taken out."""
    offered = set()
    for _ in old_desk.tour():
        for exporting in old_desk.window.findChildren(Exporting):
            content = exporting.offer()
            if exporting.is_near(old_desk.window) and content:
                offered.add(exporting.name)
                assert (content.tiles is None) != (content.figure is None)
                assert content.image() is None or not content.image().isNull()
    old_desk.go("explore")
    assert {"image", "manifold", "map", "samples", "interpolation", "strip"} <= offered
    assert {"traversals", "plot", "curve", "arithmetic"} <= offered
