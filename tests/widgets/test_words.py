"""Every text of the real window is in plain words, as design and glossary have them."""

from architecture.words import forbidden_words
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QComboBox, QTabBar, QWidget

from latentlab.widgets.panel import find_panels

PROPERTIES = (
    "text",
    "title",
    "toolTip",
    "statusTip",
    "whatsThis",
    "windowTitle",
    "accessibleName",
    "accessibleDescription",
    "placeholderText",
    "prefix",
    "suffix",
)


def texts_of(thing):
    """Yield the texts of a widget or an action: its properties, items and tabs."""
    for name in PROPERTIES:
        value = thing.property(name)
        if isinstance(value, str):
            yield value
    if isinstance(thing, QComboBox):
        for row in range(thing.count()):
            yield thing.itemText(row)
            yield str(thing.itemData(row, Qt.ItemDataRole.ToolTipRole) or "")
    if isinstance(thing, QTabBar):
        for tab in range(thing.count()):
            yield thing.tabText(tab)
            yield thing.tabToolTip(tab)


def texts_of_window(window):
    for kind in (QWidget, QAction):
        for thing in window.findChildren(kind):
            for text in texts_of(thing):
                yield f"{type(thing).__name__} in {type(thing.parent()).__name__}", text


def test_the_window_speaks_plainly(old_desk, old_big):
    texts = [*texts_of_window(old_desk.window), *texts_of_window(old_big.window)]
    assert len({text for _, text in texts}) > 200
    assert not [(place, text) for place, text in texts if forbidden_words(text)]


def test_panels_explain_themselves_plainly():
    """A short paragraph: its formula is bold, and it names nothing by a forbidden word."""
    for panel in find_panels():
        assert not forbidden_words(f"{panel.title}. {panel.help}"), panel.key
        assert 150 < len(panel.help) < 1000, (panel.key, len(panel.help))
