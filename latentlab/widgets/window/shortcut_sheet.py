"""Sheet of all shortcuts of the window, and of what the mouse does in its panels."""

from __future__ import annotations

from itertools import accumulate, combinations, pairwise
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from latentlab.widgets.kit.theme import UNIT, small
from latentlab.widgets.window.commands import PANEL, find_commands

if TYPE_CHECKING:
    from collections.abc import Sequence

    from latentlab.widgets.window.main_window import MainWindow

    Group = tuple[str, list[tuple[str, str]]]

TITLE = "Keyboard and mouse"
COLUMNS = 3
WIDTH, HEIGHT = 124 * UNIT, 75 * UNIT
GESTURES: tuple[Group, ...] = (
    (
        "On the map",
        [
            ("Hover", "Preview a point"),
            ("Click", "Set z"),
            ("Shift+Click", "Set z to the nearest image"),
            ("Arrow keys", "Move z in small steps"),
            ("Drag", "Pan, or move A and B"),
            ("Wheel", "Zoom"),
        ],
    ),
    (
        "On the map, with box or lasso",
        [
            ("Drag", "Select images"),
            ("Shift+Drag", "Add to the selection"),
            ("Alt+Drag", "Remove from the selection"),
            ("Esc", "Leave, then clear the selection"),
        ],
    ),
    (
        "On images",
        [
            ("Hover", "Preview"),
            ("Click", "Set z"),
            ("Arrow keys", "Go from image to image"),
            ("Enter", "Set z"),
        ],
    ),
    (
        "In all panels",
        [
            ("Right-click", "Show what can be done there"),
            ("Double-click", "Legend: one class alone"),
            ("Ctrl+Arrow", "Timeline: move a waypoint"),
            ("Arrow keys", "Canvas: move the pen"),
            ("Space", "Canvas: pen down or up"),
            ("F2", "Library: rename"),
            ("Del", "Library: move to the trash"),
            ("Ctrl+Click", "Library: select several"),
            ("Space", "Training: pause or continue"),
        ],
    ),
)
"""What keys and mouse do in a panel that has the focus; no action describes these."""


class ShortcutSheet(QDialog):
    """Dialog that lists every shortcut by menu, in columns; it may stay open.

    Parameters
    ----------
    window : MainWindow
        Its actions are listed, with the panels of the present workspace.
    """

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.setWindowTitle(TITLE)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        sheet = QWidget()
        row = QHBoxLayout(sheet)
        row.setContentsMargins(2 * UNIT, 2 * UNIT, 2 * UNIT, 2 * UNIT)
        row.setSpacing(3 * UNIT)
        self._groups: list[tuple[QGridLayout, int, Group]] = []
        for groups in _columns([*shortcut_groups(window), *GESTURES]):
            table = _make_table(_length(groups))
            row.addLayout(table, 1)
            starts = accumulate(map(_length, ([group] for group in groups)), initial=0)
            self._groups += [(table, *each) for each in zip(starts, groups, strict=False)]
        # One group at a time: labels and their layout take much longer than a frame.
        self._timer = QTimer(self, interval=0)
        self._timer.timeout.connect(self._add_group)
        self._timer.start()
        area = QScrollArea(widgetResizable=True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidget(sheet)
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 0, 0, 0)
        outside.addWidget(area)
        self.resize(WIDTH, HEIGHT)

    @Slot()
    def _add_group(self) -> None:
        """Add the next title and its rows."""
        _add_rows(*self._groups.pop(0))
        if not self._groups:
            self._timer.stop()


def shortcut_groups(window: MainWindow) -> list[Group]:
    """Return shortcuts and names of the commands that have one, by menu."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for command in find_commands(window):
        if command.keys:
            # Without what would be undone now.
            title = command.title.partition(":")[0]
            groups.setdefault(command.path[-1], []).append((command.keys, title))
    panels = groups.pop(PANEL, [])
    return [*groups.items(), ("Panels of this workspace", panels)]


def _columns(groups: Sequence[Group]) -> list[Sequence[Group]]:
    """Split groups, in their order, into columns of which the longest is as short as possible."""
    ends = combinations(range(1, len(groups)), COLUMNS - 1)
    splits = [[groups[a:b] for a, b in pairwise((0, *cut, len(groups)))] for cut in ends]
    return min(splits, key=lambda columns: max(map(_length, columns)))


def _length(groups: Sequence[Group]) -> int:
    """Return the length of a column in rows; a title takes two."""
    return sum(len(rows) + 2 for _, rows in groups)


def _make_table(rows: int) -> QGridLayout:
    """Return a column of the sheet with room for some rows."""
    table = QGridLayout()
    table.setHorizontalSpacing(2 * UNIT)
    table.setVerticalSpacing(UNIT // 2)
    table.setColumnStretch(1, 1)
    table.setRowStretch(rows, 1)
    return table


def _add_rows(table: QGridLayout, first: int, group: Group) -> None:
    """Add a title above rows of keys and what they do, from a row of the column on."""
    title, rows = group
    if first:
        table.setRowMinimumHeight(first, UNIT)
    table.addWidget(_small(title.upper(), "panelTitle"), first + 1, 0, 1, 2)
    for row, (keys, does) in enumerate(rows, first + 2):
        text = QLabel(does, textFormat=Qt.TextFormat.PlainText, wordWrap=True)
        table.addWidget(_small(keys, "key"), row, 0, Qt.AlignmentFlag.AlignLeft)
        table.addWidget(text, row, 1)


def _small(text: str, name: str) -> QLabel:
    label = QLabel(text, textFormat=Qt.TextFormat.PlainText)
    label.setObjectName(name)
    label.setFont(small(label.font()))
    return label
