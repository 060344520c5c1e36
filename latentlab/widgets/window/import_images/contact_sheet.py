"""ContactSheet sheet: sample images as preprocessed for a model, and the number of each class."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QPlainTextEdit,
    QProgressBar,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from latentlab.errors import counted
from latentlab.session.points import Point, Tiles
from latentlab.widgets.kit.images.tile_view import ImageGrid
from latentlab.widgets.kit.labels import muted, problem, wrapped
from latentlab.widgets.kit.theme import UNIT, class_colour, small

if TYPE_CHECKING:
    from latentlab.session.import_.images import ContactSheet, HeaderCheck
    from latentlab.work import Progress

GAP = 2
CLASSES = 12
"""Maximum number of classes in the legend."""
LISTED = 1000
EMPTY = (
    "Choose a folder or a ZIP archive of images. Some of them are shown here as the model sees "
    "them."
)


class ContactSheetWidget(QWidget):
    """Sample images, with a summary of the data set, and file and class of the hovered image."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._contact: ContactSheet | None = None
        self.tiles = ImageGrid(EMPTY, gap=GAP)
        self.tiles.setAccessibleName("Sample of the images")
        self.tiles.setMinimumSize(200, 96)
        self.tiles.exporting.is_of_model = False
        sheet = QFrame()
        sheet.setObjectName("sheet")
        inside = QVBoxLayout(sheet)
        inside.setContentsMargins(UNIT, UNIT, UNIT, UNIT)
        inside.addWidget(self.tiles)
        self._progress = QProgressBar(textVisible=False)
        # It keeps its space while hidden, so that the layout does not jump.
        policy = self._progress.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        policy.setHorizontalPolicy(QSizePolicy.Policy.Ignored)
        self._progress.setSizePolicy(policy)
        self.pointed = muted()
        self.summary = QLabel()
        self.summary.setWordWrap(True)
        self.classes = QLabel(textFormat=Qt.TextFormat.RichText)
        self.classes.setFont(small(self.classes.font()))
        self.classes.setWordWrap(True)
        self.note = muted(stretch=False)
        self.note.setWordWrap(True)
        # File names and table cells must not be parsed as markup.
        for label in (self.pointed, self.summary, self.note):
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.problem = problem()
        self.unreadable = _fold()
        self.list = QPlainTextEdit(readOnly=True)
        self.list.setAccessibleName("Files that could not be read, with the reason")
        self.list.setMaximumHeight(12 * UNIT)
        self.list.setFont(small(self.list.font()))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(UNIT // 2)
        column.addWidget(sheet, 1)
        column.addWidget(self._progress)
        for widget in (self.pointed, self.summary, self.classes, self.note, self.problem):
            column.addWidget(widget)
        column.addWidget(self.unreadable)
        column.addWidget(self.list)
        self.list.hide()
        self.unreadable.toggled.connect(self.list.setVisible)
        self.tiles.hovered.connect(self._on_hovered)
        self.show_contact(None)
        self.show_checked(None)
        self.show_progress(None)

    def show_contact(self, contact: ContactSheet | None) -> None:
        """Show a contact sheet, or none; if it has a problem, images of the same root stay."""
        self.show_problem(contact.problem if contact else "")
        if contact and contact.problem:
            if self._contact and self._contact.values["root"] == contact.values["root"]:
                return
            contact = None
        self._contact = contact
        self.tiles.set_tiles(_tiles(contact) if contact else None)
        self.summary.setText(_summary(contact) if contact else "")
        self.classes.setText(_legend(contact.classes) if contact else "")
        self.classes.setToolTip(_classes_tip(contact.classes) if contact else "")
        self.note.setText(_notes(contact.notes) if contact else "")
        for label in (self.summary, self.classes, self.note):
            label.setVisible(bool(label.text()))
        self._on_hovered(-1)

    def show_problem(self, text: str) -> None:
        """Show an error message without its ``data.`` key."""
        plain = text.partition(": ")[2] if text.startswith("data.") else text
        self.problem.setText(plain[:1].upper() + plain[1:])
        self.problem.setVisible(bool(plain))

    def show_checked(self, checked: HeaderCheck | None) -> None:
        """Show the number of unreadable files, and list them if the fold is open."""
        skipped = checked.skipped if checked else ()
        self.unreadable.setVisible(bool(skipped))
        self.list.setVisible(bool(skipped) and self.unreadable.isChecked())
        count = len(skipped)
        total = counted(checked.count, "image") if checked else ""
        self.unreadable.setText(
            f"{count:,} of {total} could not be read and {'is' if count == 1 else 'are'} left out"
        )
        lines = [f"{name}: {why}" for name, why in skipped[:LISTED]]
        if count > LISTED:
            lines.append(f"and {count - LISTED:,} more")
        self.list.setPlainText("\n".join(lines))

    def show_progress(self, loading: Progress | None) -> None:
        """Show the progress of reading the images, or hide it."""
        self._progress.setVisible(loading is not None)
        if loading:
            is_known = loading.fraction is not None
            self._progress.setRange(0, 1000 if is_known else 0)
            self._progress.setValue(round(1000 * (loading.fraction or 0)))
            self._progress.setToolTip(loading.message)

    @Slot(int)
    def _on_hovered(self, row: int) -> None:
        contact = self._contact
        if contact is None or not 0 <= row < len(contact.names):
            self.pointed.setText("Hover over an image for its name." if contact else "")
            return
        named = f"  ·  {contact.classes[contact.labels[row]][0]}" if contact.labels else ""
        self.pointed.setText(f"{contact.names[row]}{named}")


def _fold() -> QToolButton:
    fold = QToolButton()
    fold.setObjectName("fold")
    fold.setCheckable(True)
    fold.setAutoRaise(True)
    fold.setFont(small(fold.font()))
    fold.setArrowType(Qt.ArrowType.RightArrow)
    fold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    fold.setToolTip("List the files that could not be read, with the reason")
    return fold


def _tiles(contact: ContactSheet) -> Tiles | None:
    if contact.pictures is None:
        return None
    return Tiles((Point(()),) * len(contact.pictures), contact.pictures, 6)


def _summary(contact: ContactSheet) -> str:
    pictures = counted(contact.count, "image")
    named = len(contact.classes)
    classes = f" in {counted(named, 'class')}" if named else ", no classes"
    source = ""
    if contact.table:
        attributes = counted(len(contact.attributes), "attribute")
        source = f"; {contact.table} has {attributes}, {contact.how}"
    parts = f" {contact.parts}." if contact.parts else ""
    return f"{pictures}{classes}{source}.{parts}"


def _notes(notes: tuple[str, ...]) -> str:
    return "\n".join(f"· {note}" for note in notes)


def _legend(classes: tuple[tuple[str, int], ...]) -> str:
    parts = [
        f'<span style="color:{class_colour(i).name()}">●</span>&nbsp;'
        f"{escape(name).replace(' ', '&nbsp;')}&nbsp;<b>{count:,}</b>"
        for i, (name, count) in enumerate(classes[:CLASSES])
    ]
    more = len(classes) - CLASSES
    return " &nbsp; ".join([*parts, f"and {more:,} more"] if more > 0 else parts)


def _classes_tip(classes: tuple[tuple[str, int], ...]) -> str:
    if len(classes) <= CLASSES:
        return "Number of images in each class"
    return wrapped(", ".join(f"{name} {count:,}" for name, count in classes[:200]))
