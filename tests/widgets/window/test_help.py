"""Help menu: the sheet of shortcuts, the glossary, and the explanation of the panel in use."""

from PySide6.QtCore import QPoint, Qt, QUrl
from PySide6.QtGui import QAction, QWhatsThisClickedEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QScrollArea, QWhatsThis

from latentlab.glossary import find_words, read_words
from latentlab.widgets.panel import find_panels
from latentlab.widgets.window.shortcut_sheet import GESTURES, ShortcutSheet, shortcut_groups
from latentlab.widgets.window.words import Words

PLAIN, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
CTRL = Qt.KeyboardModifier.ControlModifier
EVERYDAY = {"bookmarks", "compare", "diagnosis", "image", "lesson", "your image"}
"""Titles of panels that need no explanation beside the help of the panel."""


def opened(desk, kind, key, modifier=PLAIN):
    desk.to_front()
    desk.hand.key(key, modifier)
    desk.until(lambda: (dialog := desk.window.findChild(kind)) and dialog.isVisible())
    dialog = desk.window.findChild(kind)
    if kind is ShortcutSheet:
        desk.until(lambda: not dialog._groups)
        desk.settle()
    return dialog


# Shortcuts


def test_every_shortcut_of_the_window_is_on_the_sheet(desk):
    sheet = opened(desk, ShortcutSheet, Qt.Key.Key_F1)
    texts = {label.text() for label in sheet.findChildren(QLabel)}
    contents = desk.window.workspaces.contents()
    for action in desk.window.findChildren(QAction):
        keys = action.shortcut().toString()
        # A workspace has fewer panels than there are shortcuts for panels.
        beyond = keys.startswith("Alt+") and keys[4:].isdigit() and int(keys[4:]) > len(contents)
        if keys and action.shortcutContext() == Qt.ShortcutContext.WindowShortcut and not beyond:
            assert keys in texts, action.text()
    for title, rows in GESTURES:
        assert title.upper() in texts
        assert {text for row in rows for text in row} <= texts
    sheet.close()


def test_shortcuts_of_panels_follow_the_present_workspace(desk):
    def panels():
        return dict(shortcut_groups(desk.window))["Panels of this workspace"]

    before = panels()
    desk.controller.workspaces.go("train")
    desk.settle()
    titles = [desk.window.docks[key].panel.title for key in desk.window.workspaces.contents()]
    assert [title for _, title in panels()] == titles
    assert panels() != before


def test_the_sheet_fits_a_small_screen(desk):
    """At 1024 by 640 pixels all can be reached, and columns are about equally long."""
    sheet = opened(desk, ShortcutSheet, Qt.Key.Key_F1)
    assert sheet.width() <= 1000
    assert sheet.height() <= 600
    area = sheet.findChild(QScrollArea)
    assert area.horizontalScrollBar().maximum() == 0
    labels = area.widget().findChildren(QLabel)
    lefts = sorted({label.mapTo(sheet, QPoint()).x() for label in labels if label.text().isupper()})
    assert len(lefts) == 3
    sheet.close()


def test_one_sheet_at_a_time(desk):
    sheet = opened(desk, ShortcutSheet, Qt.Key.Key_F1)
    assert opened(desk, ShortcutSheet, Qt.Key.Key_F1) is sheet
    QTest.keyClick(sheet, Qt.Key.Key_Escape)
    desk.until(lambda: desk.window.findChild(ShortcutSheet) is None)


# Words


def test_the_glossary_is_searched_while_one_types(desk):
    page = opened(desk, Words, Qt.Key.Key_F1, CTRL)
    text = page.page.toPlainText()
    for word in read_words():
        assert word.text in text
        assert word.formula.replace("_", "") in text
    QTest.keyClicks(page.search, "geod")
    text = page.page.toPlainText()
    assert text.startswith("geodesic")
    assert "posterior collapse" not in text
    QTest.keyClicks(page.search, " <qq>")
    assert "No entry contains “geod <qq>”." in page.page.toPlainText()
    page.close()


def test_a_link_leads_to_another_term(desk):
    page = opened(desk, Words, Qt.Key.Key_F1, CTRL)
    QTest.keyClicks(page.search, "annealing")
    page.page.anchorClicked.emit(QUrl("#posterior collapse"))
    assert page.search.text() == ""
    top = page.page.cursorForPosition(QPoint(20, 20))
    assert "posterior collapse" in top.block().text()
    page.close()


def test_every_title_of_a_panel_is_explained():
    for panel in find_panels():
        title = panel.title.casefold()
        names = {name.casefold() for word in find_words(title) for name in word.names}
        assert (title in names) is not (title in EVERYDAY), title


# What is this?


def test_the_panel_in_use_is_explained(desk, monkeypatch):
    told = []
    monkeypatch.setattr(QWhatsThis, "showText", lambda *args: told.append(args[1]))
    for key in ("map", "image"):
        desk.window.show_panel(key)
        desk.hand.key(Qt.Key.Key_F1, SHIFT)
        assert len(told) == 1
        assert told[0].startswith(f"<p>{desk.window.docks[key].panel.help}</p>")
        told.clear()


def test_without_a_panel_in_use_the_next_click_asks(desk):
    desk.window.setFocus()
    desk.hand.key(Qt.Key.Key_F1, SHIFT)
    assert QWhatsThis.inWhatsThisMode()
    QWhatsThis.leaveWhatsThisMode()
    dock = desk.window.docks["map"]
    assert dock.whatsThis() == dock.panel.help


def test_links_of_the_help_lead_to_the_glossary(desk, monkeypatch):
    told = []
    monkeypatch.setattr(QWhatsThis, "showText", lambda *args: told.append(args[1:]))
    desk.window.docks["map"].help.explain()
    text, button = told.pop()
    assert '<a href="prior">prior</a>' in text
    QApplication.sendEvent(button, QWhatsThisClickedEvent("prior"))
    page = desk.window.findChild(Words)
    assert "prior" in page.page.cursorForPosition(QPoint(20, 20)).block().text()
    page.close()
