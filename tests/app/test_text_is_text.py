"""Names from files are shown as they are: nothing reads them as HTML or as shortcuts."""

import json
import re
import shutil

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QGraphicsView,
    QLabel,
    QMenu,
    QMessageBox,
    QToolTip,
)

from latentlab.directories import resources, runs
from latentlab.widgets.panels.train.presets_button import PresetsButton

EVIL = '<b>x</b><img src="x.png">Q&A'
"""HTML, and what buttons and menus show as “QA” with the A underlined."""
BUILT = None
"""All panels."""


@pytest.fixture
def evil(own_place):
    """A run whose folder, classes, name, notes and tags are not plain."""
    folder = shutil.copytree(resources() / "models" / "digits-cvae", runs() / "evil <i>run</i> Q&A")
    file = folder / "checkpoint.json"
    about = json.loads(file.read_text())
    about["images"]["class_names"] = [f"{i} {EVIL}" for i in range(10)]
    file.write_text(json.dumps(about))
    (folder / "name.txt").write_text(f"run {EVIL}")
    (folder / "notes.json").write_text(json.dumps({"notes": EVIL, "tags": [EVIL[:20]]}))
    return folder


def interpreted(widget):
    """Return the texts of a widget and those below that Qt shows as HTML with the image in it."""
    labels = [label for label in widget.findChildren(QLabel) if EVIL in label.text()]
    found = [label.text() for label in labels if label.textFormat() != Qt.TextFormat.PlainText]
    for view in widget.findChildren(QGraphicsView):
        for item in view.scene().items() if view.scene() else ():
            if hasattr(item, "toHtml") and "<img" in item.toHtml():
                found.append(item.toHtml())
    return found


def on_buttons(window):
    """Return the texts of buttons, and of actions after all menus were opened, with Q&A in them."""
    for menu in window.findChildren(QMenu):
        if not isinstance(menu.parent(), PresetsButton):  # its presets are timed for seconds
            menu.aboutToShow.emit()
    found = (*window.findChildren(QAction), *window.findChildren(QAbstractButton))
    return {each.text() for each in found if "Q&" in each.text()}


def test_no_name_of_a_file_is_read_as_more_than_text_anywhere_in_the_window(make_desk, evil):
    desk = make_desk(evil)
    assert desk.state.model.spec.class_names[0] == f"0 {EVIL}"
    seen, pressed = set(), set()
    for _ in desk.tour():
        desk.settle()
        pressed |= on_buttons(desk.window)
        labels = desk.window.findChildren(QLabel)
        seen |= {label.text() for label in labels if EVIL in label.text()}
        assert interpreted(desk.window) == []
    assert len(seen) > 2, "it would prove nothing"
    assert len(pressed) > 10, "ten classes and the recent model"
    assert [text for text in pressed if "&" in text.replace("&&", "")] == []


def test_html_that_is_made_here_is_not_shown_as_text(make_desk):
    desk = make_desk(resources() / "models" / "digits-2d")
    raw, rich = set(), set()
    for _ in desk.tour():
        desk.settle()
        for label in desk.window.findChildren(QLabel):
            if re.search(r"</\w|&\w+;", label.text()):
                is_rich = label.textFormat() == Qt.TextFormat.RichText
                (rich if is_rich else raw).add(label.text())
    assert raw == set()
    assert any("━" in text for text in rich), "the legend of the curves"


def test_tooltips_and_message_boxes_show_text(desk):
    QToolTip.showText(QPoint(5, 5), EVIL, desk.window)
    names = {widget.metaObject().className(): widget for widget in QApplication.topLevelWidgets()}
    assert names["QTipLabel"].textFormat() == Qt.TextFormat.PlainText
    QToolTip.hideText()
    box = QMessageBox(desk.window)
    box.setText(EVIL)
    box.setInformativeText(EVIL)
    box.show()
    formats = {each.textFormat() for each in box.findChildren(QLabel) if EVIL in each.text()}
    assert formats == {Qt.TextFormat.PlainText}
    box.close()
    box.deleteLater()
