"""Everything has a name, a tooltip that teaches, and a key of its own."""

from collections import Counter

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QShortcut
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QListWidget,
    QMenu,
    QSlider,
    QTabBar,
    QWidget,
)

from latentlab.widgets.kit.images.tile_view import TileView
from latentlab.widgets.panel import Area, find_panels

CONTROLS = (QAbstractButton, QAbstractSpinBox, QComboBox, QSlider, QLineEdit, QListWidget, TileView)
PANELS = find_panels()

BUILT = None
"""All panels are built, also those behind others."""


def is_qts_own(widget):
    """Say whether Qt made it inside one of its widgets: a spin box's line, a tab bar's ends."""
    inside = isinstance(widget.parent(), QAbstractSpinBox | QComboBox | QTabBar)
    return inside or widget.objectName().startswith("qt_")


def controls(window):
    every = [w for w in window.findChildren(QWidget) if isinstance(w, CONTROLS)]
    return [widget for widget in every if not is_qts_own(widget)]


@pytest.mark.parametrize("model", ["toy", "big"])
def test_every_control_has_a_name(make_desk, model):
    """A screen reader says what each control is."""
    window = make_desk(model).window
    found = controls(window)
    assert len(found) > 50
    nameless = [
        f"{type(w).__name__} in {type(w.parent()).__name__}"
        for w in found
        if not (w.accessibleName() or w.toolTip() or getattr(w, "text", str)())
    ]
    assert not nameless


@pytest.mark.parametrize("model", ["toy", "big"])
def test_every_control_teaches(make_desk, model):
    """Buttons, boxes and sliders have a tooltip, their own or that of what holds them."""
    window = make_desk(model).window
    silent = [
        f"{type(w).__name__} {w.accessibleName()!r} in {type(w.parent()).__name__}"
        for w in controls(window)
        if not isinstance(w, QListWidget | TileView) and not (w.toolTip() or w.parent().toolTip())
    ]
    assert not silent


def test_editors_are_named_where_the_focus_goes(desk):
    """The focus stands in the box inside an editor: that one must bear the field's name."""
    form = desk.panel("train").form
    boxes = [*form.findChildren(QAbstractSpinBox), *form.findChildren(QComboBox)]
    boxes += [line for line in form.findChildren(QLineEdit) if not is_qts_own(line)]
    names = {box.accessibleName() for box in boxes if box.isVisible()}
    assert names == {"Model", "Latent dim", "Hidden", "Beta", "Folder", "Device"}


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel.key)
def test_every_panel_explains_itself(panel):
    assert len(panel.help) > 150
    assert panel.title
    assert isinstance(panel.area, Area)


def test_no_two_panels_share_key_or_title():
    assert len(PANELS) >= 12
    assert len({panel.key for panel in PANELS}) == len({p.title for p in PANELS}) == len(PANELS)


def test_no_shortcut_twice(desk):
    window = desk.window
    keys = [key for action in window.findChildren(QAction) for key in action.shortcuts()]
    keys += [shortcut.key() for shortcut in window.findChildren(QShortcut)]
    keys += [button.shortcut() for button in window.findChildren(QAbstractButton)]
    names = Counter(key.toString() for key in keys if not key.isEmpty())
    assert len(names) > 15
    assert {name for name, count in names.items() if count > 1} == set()


def test_no_menu_letter_twice(desk):
    titles = [action.text() for action in desk.window.menuBar().actions()]
    letters = [title[title.index("&") + 1] for title in titles]
    assert len(set(letters)) == len(titles) == 5


def test_tips_name_keys_that_exist(desk):
    """A tooltip that ends in (R) promises that R does it."""
    window = desk.window
    keys = {k.toString() for a in window.findChildren(QAction) for k in a.shortcuts()}
    keys |= {b.shortcut().toString() for b in window.findChildren(QAbstractButton)}
    promised = {
        w.toolTip().rpartition("  (")[2].removesuffix(")")
        for w in controls(window)
        if w.toolTip().endswith(")") and "  (" in w.toolTip()
    }
    assert promised >= {"R", "Home", "A", "B", "Ctrl+T", "Ctrl+."}
    assert promised <= keys


def test_panels_are_reached_by_tab(desk):
    """Tab goes round through controls of every panel, and comes back."""
    window = desk.window
    seen, order = set(), []
    window.docks["map"].build().plot.setFocus()
    for _ in range(200):
        desk.hand.key(Qt.Key.Key_Tab)
        focused = window.focusWidget()
        if focused in order:
            break
        order.append(focused)
        seen |= {key for key, dock in window.docks.items() if dock.isAncestorOf(focused)}
    assert seen >= {"library", "train", "map", "manifold", "sliders", "interpolate", "samples"}


def test_menu_actions_answer_to_the_keyboard(desk):
    """Every action of the menus stands in one, so that Alt and arrows reach it."""
    menus = desk.window.menuBar().findChildren(QMenu)
    texts = [action.text() for menu in menus for action in menu.actions()]
    for text in ("Open run…", "Undo", "Random z", "Train", "Stop and keep", "Reset layout"):
        assert text in texts
