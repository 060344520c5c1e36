"""Menu of the classes of a data set."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QMenu, QWidget

from latentlab.widgets.kit.labels import literal

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_IN_MENU = 40
"""Maximum number of classes in one menu; more are in submenus of as many each."""


class ClassMenu(QMenu):
    """Menu with one action per class, listed when it opens.

    Parameters
    ----------
    title : str
        Title of the menu within another one.
    prefix : str
        Text before the name of each class.
    """

    chosen = Signal(int)
    """Label of the class."""

    def __init__(self, title: str = "", parent: QWidget | None = None, *, prefix: str = "") -> None:
        super().__init__(title, parent)
        self._prefix = prefix
        self._names: tuple[str, ...] = ()
        self._listed: tuple[str, ...] = ()
        self.aboutToShow.connect(self._list)

    def offer(self, names: Sequence[str]) -> None:
        """Set the names of the classes, in the order of their labels."""
        self._names = tuple(names)

    @Slot()
    def _list(self) -> None:
        names = self._names
        if names == self._listed:
            return
        self._listed = names
        for menu in self.findChildren(QMenu):
            menu.deleteLater()
        self.clear()
        for start in range(0, len(names), MAX_IN_MENU):
            part, menu = names[start : start + MAX_IN_MENU], self
            if len(names) > MAX_IN_MENU:
                menu = self.addMenu(literal(f"{part[0]} to {part[-1]}"))
            for label, name in enumerate(part, start):
                text = literal(f"{self._prefix}{name}")
                menu.addAction(text, partial(self.chosen.emit, label))
