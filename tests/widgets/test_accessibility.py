"""Everything has a name, a tooltip that teaches, and a key of its own."""

from collections import Counter

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

from latentlab.widgets.kit.images.tile_view import ImageGrid
from latentlab.widgets.panel import find_panels
from latentlab.widgets.window.layout import WORKSPACES

CONTROLS = (
    QAbstractButton,
    QAbstractSpinBox,
    QComboBox,
    QSlider,
    QLineEdit,
    QListWidget,
    ImageGrid,
)
PANELS = find_panels()


def is_qts_own(widget):
    """Say whether Qt made it inside one of its widgets: a spin box's line, a tab bar's ends."""
    inside = isinstance(widget.parent(), QAbstractSpinBox | QComboBox | QTabBar | QLineEdit)
    return inside or widget.objectName().startswith("qt_")


def controls(window):
    every = [w for w in window.findChildren(QWidget) if isinstance(w, CONTROLS)]
    return [widget for widget in every if not is_qts_own(widget)]


def test_every_control_has_a_name_and_teaches(old_desk, old_big):
    """A screen reader says the name; a tooltip may also be that of the widget that holds it."""
    found, more = controls(old_desk.window), controls(old_big.window)
    assert len(found) > 50
    assert len(more) > len(found)
    found += more
    nameless = [
        f"{type(w).__name__} in {type(w.parent()).__name__}"
        for w in found
        if not (w.accessibleName() or w.toolTip() or getattr(w, "text", str)())
    ]
    assert not nameless
    silent = [
        f"{type(w).__name__} {w.accessibleName()!r} in {type(w.parent()).__name__}"
        for w in found
        if not isinstance(w, QListWidget | ImageGrid) and not (w.toolTip() or w.parent().toolTip())
    ]
    assert not silent


def test_editors_are_named_where_the_focus_goes(old_desk):
    """The focus stands in the box inside an editor: that one must bear the field's name."""
    form = old_desk.panel("train").form
    boxes = [*form.findChildren(QAbstractSpinBox), *form.findChildren(QComboBox)]
    boxes += [line for line in form.findChildren(QLineEdit) if not is_qts_own(line)]
    names = {box.accessibleName() for box in boxes if box.isVisible()}
    assert names == {"Model", "Latent dim", "Hidden", "Beta", "Folder", "Device"}


def test_every_panel_explains_itself():
    for panel in PANELS:
        assert len(panel.help) > 150, panel
        assert panel.title, panel
        assert panel.places, panel
        assert {*panel.places} <= {workspace.key for workspace in WORKSPACES}, panel


def test_no_two_panels_share_key_or_title():
    assert len(PANELS) >= 12
    assert len({panel.key for panel in PANELS}) == len({p.title for p in PANELS}) == len(PANELS)


def test_no_shortcut_twice(old_desk):
    window = old_desk.window
    keys = [key for action in window.findChildren(QAction) for key in action.shortcuts()]
    keys += [shortcut.key() for shortcut in window.findChildren(QShortcut)]
    keys += [button.shortcut() for button in window.findChildren(QAbstractButton)]
    names = Counter(key.toString() for key in keys if not key.isEmpty())
    assert len(names) > 15
    assert {name for name, count in names.items() if count > 1} == set()


def test_no_menu_letter_twice(old_desk):
    titles = [action.text() for action in old_desk.window.menuBar().actions()]
    letters = [title[title.index("&") + 1] for title in titles]
    assert len(set(letters)) == len(titles) == 5


def test_tips_name_keys_that_exist(old_desk):
    """A tooltip that ends in (R) promises that R does it."""
    window = old_desk.window
    keys = {k.toString() for a in window.findChildren(QAction) for k in a.shortcuts()}
    keys |= {b.shortcut().toString() for b in window.findChildren(QAbstractButton)}
    promised = {
        w.toolTip().rpartition("  (")[2].removesuffix(")")
        for w in controls(window)
        if w.toolTip().endswith(")") and "  (" in w.toolTip()
    }
    assert promised >= {"R", "Home", "A", "B", "Ctrl+T", "Ctrl+."}
    assert promised <= keys


def test_menu_actions_answer_to_the_keyboard(old_desk):
    """Every action of the menus stands in one, so that Alt and arrows reach it."""
    menus = old_desk.window.menuBar().findChildren(QMenu)
    texts = [action.text() for menu in menus for action in menu.actions()]
    for text in ("Open run…", "Undo", "Random z", "Train", "Stop and keep", "Reset workspace"):
        assert text in texts
