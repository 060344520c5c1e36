"""A right click offers what can be done, wherever it is."""

import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, QTimer
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication, QMenu, QTabBar, QWidget

from latentlab.widgets.kit.context_menu import fill_context_menu, title_of
from latentlab.widgets.kit.icons import IconButton

BUILT = None


class Menus(QObject):
    """Closes each context menu when it opens, and keeps its texts."""

    def __init__(self):
        super().__init__()
        self.shown = []

    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Show and isinstance(watched, QMenu):
            self.shown.append([a.text() for a in watched.actions() if not a.isSeparator()])
            QTimer.singleShot(0, watched, watched.close)
        return False


@pytest.fixture
def menus(application):
    watch = Menus()
    application.installEventFilter(watch)
    yield watch
    application.removeEventFilter(watch)


def right_click(widget, menus, place=None):
    """Send the event that a right click or the menu key causes; return the texts of the menu."""
    menus.shown.clear()
    place = place or widget.rect().center()
    mouse = QContextMenuEvent.Reason.Mouse
    event = QContextMenuEvent(mouse, place, widget.mapToGlobal(place))
    QApplication.sendEvent(widget, event)
    while QApplication.activePopupWidget():
        QApplication.processEvents()
    return menus.shown[-1] if menus.shown else []


def visible_widgets(window):
    """Return one visible widget for each place in a panel that differs in kind."""
    found = {}
    for widget in window.findChildren(QWidget):
        is_shown = widget.isVisible() and not widget.visibleRegion().isEmpty()
        # Qt sends no event to a disabled widget.
        if is_shown and widget.isEnabled() and not widget.isWindow():
            dock = next((d for d in window.docks.values() if d.isAncestorOf(widget)), None)
            parent = widget.parentWidget()
            kind = (dock, type(widget), type(parent), widget.objectName())
            found.setdefault(kind, widget)
    return list(found.values())


def test_no_place_of_any_workspace_is_without_a_menu(old_big, menus):
    without = set()
    for _ in old_big.tour():
        for widget in visible_widgets(old_big.window):
            # The map waits for the release, since a right drag zooms.
            is_map = old_big.map in (widget, widget.parentWidget())
            if not is_map and not right_click(widget, menus):
                without.add(f"{type(widget).__name__} in {type(widget.parentWidget()).__name__}")
    old_big.go("explore")
    assert not without, "\n".join(sorted(without))


def test_an_image_of_a_grid_becomes_z_or_an_end_of_the_path(old_big, menus):
    old_big.go("explore")
    grid = old_big.panel("samples").view
    place = grid.tile_rect(3).center().toPoint()
    texts = right_click(grid, menus, place)
    assert texts[:3] == [
        "Set z to this image",
        "Set path start (A) to this image",
        "Set path end (B) to this image",
    ]
    assert "New samples" in texts
    assert "Hide Samples" in texts
    menu = QMenu()
    fill_context_menu(menu, grid, place)
    menu.actions()[1].trigger()
    assert old_big.state.ends.a == grid._tiles.points[3]
    old_big.controller.undo.undo()


def test_each_save_is_offered_once_by_its_name(old_big, menus):
    old_big.go("explore")
    texts = right_click(old_big.panel("samples").view, menus)
    assert [text for text in texts if text.startswith("Save")] == ["Save samples as…"]
    menu = QMenu()
    fill_context_menu(menu, old_big.panel("samples"), QPoint(0, 0))
    saves = [action.text() for action in menu.actions() if action.text().startswith("Save")]
    assert saves == ["Save the samples"], "beside the images its button is all there is"
    for _ in old_big.tour():
        if old_big.window.docks["arithmetic"].is_seen:
            texts = right_click(old_big.panel("arithmetic").result, menus)
            saves = [text for text in texts if text.startswith("Save")]
            assert saves == ["Save image as…", "Save arithmetic as…"]
            assert texts.count("Scale of saved images") == 1
            break
    else:
        pytest.fail("Arithmetic is in no workspace")
    old_big.go("explore")


def test_a_slider_offers_its_reset(old_big, menus):
    old_big.go("explore")
    slider = old_big.panel("sliders").rows[0].slider
    assert right_click(slider, menus)[0] == "Reset z 1"


def bars_of_two(window, title):
    """Return the visible bars of two tabs, one of which has a title."""
    bars = [bar for bar in window.findChildren(QTabBar) if bar.count() == 2 and bar.isVisible()]
    return [bar for bar in bars if title in (bar.tabText(0), bar.tabText(1))]


def test_a_tab_offers_what_can_be_done_with_its_panel(old_big, menus):
    window, docks = old_big.window, old_big.window.docks
    old_big.go("explore")
    window.tabifyDockWidget(docks["manifold"], docks["map"])
    old_big.until(lambda: len(bars_of_two(window, "Manifold")) == 1)
    (bar,) = bars_of_two(window, "Manifold")
    for index in range(bar.count()):
        texts = right_click(bar, menus, bar.tabRect(index).center())
        assert f"Hide {bar.tabText(index)}" in texts
    window.reset_workspace()


def test_buttons_are_named_by_their_text_or_the_first_sentence_of_their_tooltip(qtbot):
    button = IconButton("folder", "Open an image  (Ctrl+I)")
    qtbot.addWidget(button)
    assert title_of(button) == "Open an image"
    button.setToolTip("Remove the image; z stays as it is")
    assert title_of(button) == "Remove the image"
    button.setToolTip("Scale to 20.5 pixels. And more.")
    assert title_of(button) == "Scale to 20.5 pixels"
    button.setText("Choose ends ▾")
    assert title_of(button) == "Choose ends"
    button.setText("Reset")
    assert title_of(button) == "Scale to 20.5 pixels", "one word says too little"
