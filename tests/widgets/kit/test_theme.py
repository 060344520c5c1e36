"""Both schemes can be read: text stands out from its ground wherever it is chosen or not."""

from collections import Counter
from pathlib import Path

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QLineEdit,
    QListWidget,
    QTableWidget,
    QTableWidgetItem,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from latentlab.session.library.entries import LibraryEntry
from latentlab.session.state import State
from latentlab.widgets.kit import theme
from latentlab.widgets.panels.bookmarks import ICON_SIZE
from latentlab.widgets.panels.library.run_table import RunTable

READABLE = 4.5
"""Least contrast of text, after WCAG 2."""
SCHEMES = [Qt.ColorScheme.Light, Qt.ColorScheme.Dark]


@pytest.fixture(params=SCHEMES, ids=lambda scheme: scheme.name)
def scheme(request, application):
    theme.choose(request.param)
    yield request.param
    theme.choose(Qt.ColorScheme.Unknown)


def contrast(one: QColor, other: QColor) -> float:
    """Return how well two colours can be told apart, from 1 to 21 (WCAG 2)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: QColor) -> float:
    parts = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in colour.getRgbF()[:3]
    ]
    return sum(w * part for w, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True))


def contrast_in(widget, rect) -> float:
    """Return the contrast of the text in part of a widget to what it stands on."""
    place = QRect(widget.mapTo(widget.window(), rect.topLeft()), rect.size())
    image = widget.window().grab(place).toImage()
    pixels = Counter(image.pixel(x, y) for x in range(image.width()) for y in range(image.height()))
    ground = QColor.fromRgb(pixels.most_common(1)[0][0])
    return max(contrast(ground, QColor.fromRgb(pixel)) for pixel in pixels)


def ground_of(view, row):
    """Return the colour on which a row stands, at its right end."""
    rect = view.visualRect(view.model().index(row, 0)) & view.viewport().rect()
    place = view.viewport().mapTo(view.window(), rect.center())
    place.setX(view.viewport().mapTo(view.window(), rect.topRight()).x() - 12)
    return view.window().grab().toImage().pixel(place)


def plain_list():
    view = QListWidget()
    view.addItems(["One", "Two", "Three"])
    return view


def run_list():
    view = RunTable()
    runs = (LibraryEntry(name, "VAE 2-D", Path(f"/runs/{name}"), False) for name in "abc")
    view.show_runs(tuple(runs), State())
    return view


def popup():
    box = QComboBox()
    box.addItems(["One", "Two", "Three"])
    box.view().box = box
    return box.view()


def table():
    view = QTableWidget(3, 1)
    for row, text in enumerate(("One", "Two", "Three")):
        view.setItem(row, 0, QTableWidgetItem(text))
    return view


def tree():
    view = QTreeWidget()
    view.addTopLevelItems([QTreeWidgetItem([text]) for text in ("One", "Two", "Three")])
    return view


@pytest.mark.parametrize("focused", [True, False])
@pytest.mark.parametrize("make", [plain_list, run_list, popup, table, tree])
def test_items_can_be_read_chosen_or_not(scheme, make, focused):
    view = make()
    window = QWidget()
    QVBoxLayout(window).addWidget(getattr(view, "box", view))
    window.show()
    if hasattr(view, "box"):
        view.box.showPopup()
    if focused:
        view.activateWindow()
        view.setFocus()
    index = view.model().index(1, 0)
    view.setCurrentIndex(index)
    for row in range(3):
        rect = view.visualRect(view.model().index(row, 0))
        assert contrast_in(view.viewport(), rect) >= READABLE, f"row {row}"
    assert ground_of(view, 1) != ground_of(view, 2)
    view.close()
    vars(view).clear()
    window.hide()
    window.deleteLater()


def test_chosen_text_can_be_read(scheme):
    line = QLineEdit("0.0005")
    line.resize(80, 24)
    line.show()
    line.selectAll()
    assert contrast_in(line, line.rect().adjusted(4, 4, -20, -4)) >= READABLE
    line.hide()
    line.deleteLater()


def test_the_palette_can_be_read_in_every_state(scheme):
    palette, role = QApplication.palette(), QPalette.ColorRole
    pairs = [
        (role.Text, role.Base),
        (role.WindowText, role.Window),
        (role.ButtonText, role.Button),
        (role.HighlightedText, role.Highlight),
        (role.ToolTipText, role.ToolTipBase),
        (role.PlaceholderText, role.Base),
    ]
    for group in (QPalette.ColorGroup.Active, QPalette.ColorGroup.Inactive):
        for text, ground in pairs:
            shades = palette.color(group, text), palette.color(group, ground)
            assert contrast(*shades) >= READABLE, (group, text)


def test_the_bookmark_just_made_can_be_read(desk, scheme):
    panel = desk.panel("bookmarks")
    desk.window.docks["bookmarks"].raise_()
    desk.until(panel.add.isVisible)
    desk.hand.click(panel.add)
    desk.until(lambda: panel.list.count() == 1 and panel.list.isVisible())
    item, viewport = panel.list.item(0), panel.list.viewport()
    rect = panel.list.visualItemRect(item)
    picture, text = QRect(rect), QRect(rect)
    picture.setWidth(ICON_SIZE), text.setLeft(ICON_SIZE + 12)
    item.setSelected(True)
    shown = [viewport.grab(picture).toImage()]
    assert contrast_in(viewport, text) >= READABLE
    item.setSelected(False)
    shown.append(viewport.grab(picture).toImage())
    middle = QRect(0, 0, ICON_SIZE, ICON_SIZE).center()
    assert shown[0].pixel(middle) == shown[1].pixel(middle), "the picture is tinted"
