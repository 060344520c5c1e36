"""Command palette: finds any action, panel, setting or term by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING, override

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QPoint, Qt, Slot
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPalette
from PySide6.QtWidgets import (
    QFrame,
    QHeaderView,
    QLineEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
)

from latentlab.widgets.kit.labels import RIGHT, TwoLineLabel
from latentlab.widgets.kit.settings import settings
from latentlab.widgets.kit.theme import UNIT, small
from latentlab.widgets.window.commands import find_commands, find_terms, rank_commands

if TYPE_CHECKING:
    from latentlab.widgets.window.commands import Command
    from latentlab.widgets.window.main_window import MainWindow

RECENT = "palette/recent"
MAX_RECENT = 8
WIDTH, HEIGHT = 78 * UNIT, 52 * UNIT
TITLE, PATH, KEYS = range(3)
LIST_KEYS = {Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown}
COLUMN_MARGIN = 2 * UNIT
ON = " ✓"
"""Follows the title of a setting that is on."""


class CommandPalette(QFrame):
    """Popup with a search line above the commands that match.

    The line keeps the focus: arrow keys move through the list, Enter runs the current command,
    Escape or a click elsewhere closes the popup.

    Parameters
    ----------
    window : MainWindow
        Window whose commands are listed, as they are when the popup is made.
    """

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window, Qt.WindowType.Popup)
        self.setObjectName("palette")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._commands, self._terms = find_commands(window), find_terms(window)
        self._recent: list[str] = settings().value(RECENT, [])
        self._found: list[Command] = []
        self._small = small(self.font())
        self.search, self.list, self.tip = _make_search(), _make_list(), _make_tip()
        body = QVBoxLayout(self)
        body.setContentsMargins(UNIT, UNIT, UNIT, UNIT)
        body.setSpacing(UNIT)
        for part in (self.search, self.list, self.tip):
            body.addWidget(part)
        self.search.setFocus()
        # The height of all rows is that of the first, measured with the style sheet.
        self.list.ensurePolished()
        self.search.installEventFilter(self)
        self.search.textChanged.connect(self._fill)
        self.search.returnPressed.connect(self._run)
        self.list.itemClicked.connect(self._run)
        self.list.currentItemChanged.connect(self._describe)
        self._fill()
        self._fit_columns()
        self._place(window)

    def _fit_columns(self) -> None:
        """Set the widths once, so that columns do not move while the user types."""
        metrics = QFontMetrics(self._small)
        texts = {PATH: [_path_text(each) for each in self._commands]}
        texts[KEYS] = [each.keys for each in self._commands]
        for column, each in texts.items():
            width = max(map(metrics.horizontalAdvance, set(each)), default=0)
            self.list.setColumnWidth(column, width + COLUMN_MARGIN)

    def _place(self, window: MainWindow) -> None:
        """Stand below the bar of workspaces, in the middle, within the window."""
        room = window.rect().marginsRemoved(window.contentsMargins())
        self.resize(min(WIDTH, room.width()), min(HEIGHT, room.height()))
        top = window.workspace_bar.geometry().bottom()
        self.move(window.mapToGlobal(QPoint((window.width() - self.width()) // 2, top)))

    @Slot()
    def _fill(self) -> None:
        query = self.search.text()
        # Without a query the terms would only lengthen the list.
        candidates = [*self._commands, *self._terms] if query else self._commands
        self._found = rank_commands(candidates, query, self._recent)
        self.list.clear()
        rows = [self._row(command) for command in self._found]
        if not rows:
            rows = [QTreeWidgetItem(["No command has this name."])]
            rows[0].setDisabled(True)
        self.list.addTopLevelItems(rows)
        first = next((row for row in rows if not row.isDisabled()), None)
        if first:
            self.list.setCurrentItem(first)

    def _row(self, command: Command) -> QTreeWidgetItem:
        title = command.title + ON * command.checked
        row = QTreeWidgetItem([title, _path_text(command), command.keys])
        row.setDisabled(not command.enabled)
        row.setTextAlignment(KEYS, RIGHT)
        for column in (PATH, KEYS):
            row.setFont(column, self._small)
        if command.enabled:
            row.setForeground(PATH, self.palette().color(QPalette.ColorRole.PlaceholderText))
        return row

    @Slot()
    def _run(self) -> None:
        row = self.list.currentItem()
        if row is None or row.isDisabled():
            return
        command = self._found[self.list.indexOfTopLevelItem(row)]
        others = [name for name in self._recent if name != command.name]
        settings().setValue(RECENT, [command.name, *others][:MAX_RECENT])
        # Closed first, so that the command finds the focus where it was.
        self.close()
        command.run()

    @Slot()
    def _describe(self) -> None:
        """Show what the current command does; tell it to screen readers, which follow the line."""
        row = self.list.currentItem()
        command = self._found[self.list.indexOfTopLevelItem(row)] if row else None
        self.tip.setText(command.tip if command else "")
        spoken = (command.name, command.keys, command.tip) if command else ()
        self.search.setAccessibleDescription(", ".join(filter(None, spoken)))

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Send the keys that move through a list from the line to the list."""
        pressed = event.type() == QEvent.Type.KeyPress
        if pressed and isinstance(event, QKeyEvent) and event.key() in LIST_KEYS:
            return QCoreApplication.sendEvent(self.list, event)
        return super().eventFilter(watched, event)


def _path_text(command: Command) -> str:
    return " > ".join(command.path)


def _make_search() -> QLineEdit:
    search = QLineEdit()
    search.setPlaceholderText("Type the name of a command, panel, setting or term")
    search.setAccessibleName("Search commands")
    search.setClearButtonEnabled(True)
    return search


def _make_list() -> QTreeWidget:
    made = QTreeWidget(columnCount=3)
    made.setAccessibleName("Commands")
    made.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    made.setFrameShape(QFrame.Shape.NoFrame)
    made.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    made.setRootIsDecorated(False)
    made.setUniformRowHeights(True)
    made.setAllColumnsShowFocus(True)
    header = made.header()
    header.hide()
    header.setStretchLastSection(False)
    header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    header.setSectionResizeMode(TITLE, QHeaderView.ResizeMode.Stretch)
    return made


def _make_tip() -> TwoLineLabel:
    tip = TwoLineLabel()
    tip.setObjectName("muted")
    tip.setFont(small(tip.font()))
    tip.setFixedHeight(2 * tip.fontMetrics().lineSpacing())
    return tip
