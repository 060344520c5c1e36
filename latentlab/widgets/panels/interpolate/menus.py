"""The menus of the Interpolate panel: which ways to show, how to play them, where they begin."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, SignalInstance, Slot
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from latentlab.latent.interpolation.curves import Easing, PathKind
from latentlab.session.points import Loop
from latentlab.widgets.kit.settings import settings
from latentlab.widgets.panels.interpolate.path_row import NAMES, TEACH

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from latentlab.session.points import LatentPath

SETTING = "interpolate/ways"
EASINGS = {"even": Easing.LINEAR, "smooth: slow at each point": Easing.SMOOTH}
SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0)


class _Button(QToolButton):
    def __init__(self, text: str, tip: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setText(f"{text} ▾")
        # Fusion draws its own mark over the text.
        self.setStyleSheet("QToolButton::menu-indicator { image: none; }")
        self.setToolTip(tip)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        self.setMenu(menu)


class PathsButton(_Button):
    """Chooses which kinds of way stand side by side; remembered between starts."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Ways", "Which kinds of way to show side by side.", parent)
        saved = settings().value(SETTING, PathKind.STRAIGHT.value).split("+")
        self.actions_: dict[PathKind, QAction] = {}
        for way in PathKind:
            action = self.menu().addAction(NAMES[way])
            action.setToolTip(TEACH[way])
            action.setCheckable(True)
            action.setChecked(way.value in saved)
            action.toggled.connect(self._on_toggled)
            self.actions_[way] = action
        if not self.chosen():
            self.actions_[PathKind.STRAIGHT].setChecked(True)

    def chosen(self) -> tuple[PathKind, ...]:
        """Return the kinds chosen, in their order."""
        return tuple(way for way, action in self.actions_.items() if action.isChecked())

    @Slot(bool)
    def _on_toggled(self, checked: bool) -> None:
        if not self.chosen():
            action = self.sender()
            if isinstance(action, QAction):
                action.setChecked(True)  # one way at least is shown
            return
        settings().setValue(SETTING, "+".join(way.value for way in self.chosen()))
        self.changed.emit()


class PlayButton(_Button):
    """How time passes, what comes after the end, and how fast."""

    eased = Signal(object)
    looped = Signal(object)
    paced = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Time", "How the way is played: easing, loop and speed.", parent)
        self._easings = self._group("Time passes", EASINGS, self.eased.emit)
        self._loops = self._group("Plays", {loop.value: loop for loop in Loop}, self.looped.emit)
        speeds = {f"{speed:g} ×": speed for speed in SPEEDS}
        self._group("Speed", speeds, self.paced.emit)[1.0].setChecked(True)

    def _group[T](
        self, title: str, values: dict[str, T], chosen: Callable[[T], object]
    ) -> dict[T, QAction]:
        self.menu().addSection(title)
        group = QActionGroup(self)
        actions = {}
        for text, value in values.items():
            action = self.menu().addAction(text)
            action.setCheckable(True)
            action.triggered.connect(partial(chosen, value))
            group.addAction(action)
            actions[value] = action
        return actions

    def show_ends(self, ends: LatentPath) -> None:
        """Tick what holds for a way."""
        self._easings[ends.easing].setChecked(True)
        self._loops[ends.loop].setChecked(True)


class StartsButton(_Button):
    """Puts A or B on the mean of a class, or on one of its typical images."""

    mean = Signal(str, int)
    typical = Signal(str, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            "From", "Put A or B on the mean of a class, or on a typical image.", parent
        )
        self._offered: tuple[str, ...] = ()

    def offer(self, names: Sequence[str]) -> None:
        """Offer the classes that there are; hidden where there are none."""
        self.setVisible(bool(names))
        if tuple(names) == self._offered:
            return
        self._offered = tuple(names)
        for menu in self.menu().findChildren(QMenu):
            menu.deleteLater()
        self.menu().clear()
        for end in "AB":
            self._fill(self.menu().addMenu(f"{end}: mean of"), self.mean, end)
            self._fill(self.menu().addMenu(f"{end}: a typical"), self.typical, end)

    def _fill(self, menu: QMenu, signal: SignalInstance, end: str) -> None:
        for label, name in enumerate(self._offered):
            menu.addAction(name, partial(signal.emit, end.lower(), label))
