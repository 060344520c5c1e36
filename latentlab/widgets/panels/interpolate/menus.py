"""Menus of the Interpolate panel: kinds of path, playback, and ends of the path."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from latentlab.latent.interpolation.curves import Easing, PathKind
from latentlab.session.points import Loop
from latentlab.session.tour import CLUSTERS
from latentlab.widgets.kit.class_menu import ClassMenu
from latentlab.widgets.kit.settings import settings
from latentlab.widgets.panels.interpolate.path_row import KIND_TIPS, NAMES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from latentlab.session.points import LatentPath

PATH_KINDS_KEY = "interpolate/ways"
EASINGS = {"even": Easing.LINEAR, "smooth, slow at each waypoint": Easing.SMOOTH}
LOOPS = {
    "back and forth": Loop.BACK,
    "once": Loop.ONCE,
    "closed: from the end back to the start": Loop.ROUND,
}
SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0)


class _Button(QToolButton):
    def __init__(self, text: str, tip: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setText(f"{text} ▾")
        # Fusion draws the menu indicator over the text.
        self.setStyleSheet("QToolButton::menu-indicator { image: none; }")
        self.setToolTip(tip)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        self.setMenu(menu)


class PathsButton(_Button):
    """Menu of the kinds of path to show; the choice is saved in the settings."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Paths", "Choose the kinds of path to show side by side.", parent)
        saved = settings().value(PATH_KINDS_KEY, PathKind.STRAIGHT.value).split("+")
        self.actions_: dict[PathKind, QAction] = {}
        for kind in PathKind:
            action = self.menu().addAction(NAMES[kind])
            action.setToolTip(KIND_TIPS[kind])
            action.setCheckable(True)
            action.setChecked(kind.value in saved)
            action.toggled.connect(self._on_toggled)
            self.actions_[kind] = action
        if not self.chosen():
            self.actions_[PathKind.STRAIGHT].setChecked(True)

    def chosen(self) -> tuple[PathKind, ...]:
        """Return the checked kinds, in the order of `PathKind`."""
        return tuple(kind for kind, action in self.actions_.items() if action.isChecked())

    def choose(self, kinds: tuple[PathKind, ...]) -> None:
        """Check these kinds only."""
        # The wanted ones first: at least one kind stays checked.
        for kind in sorted(self.actions_, key=lambda kind: kind not in kinds):
            self.actions_[kind].setChecked(kind in kinds)

    @Slot(bool)
    def _on_toggled(self, checked: bool) -> None:
        if not self.chosen():
            action = self.sender()
            if isinstance(action, QAction):
                action.setChecked(True)  # at least one kind stays checked
            return
        settings().setValue(PATH_KINDS_KEY, "+".join(kind.value for kind in self.chosen()))
        self.changed.emit()


class PlayButton(_Button):
    """Menu of easing, loop and speed of the playback."""

    eased = Signal(object)
    looped = Signal(object)
    paced = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            "Playback", "Choose how the path is played: easing, loop and speed.", parent
        )
        self._easings = self._group("Easing", EASINGS, self.eased.emit)
        self._loops = self._group("Loop", LOOPS, self.looped.emit)
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
        """Check the easing and loop of a path."""
        self._easings[ends.easing].setChecked(True)
        self._loops[ends.loop].setChecked(True)


class EndsButton(_Button):
    """Menu that sets A or B to the mean or a typical image of a class."""

    mean = Signal(str, int)
    typical = Signal(str, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            "Choose ends",
            "Set the start (A) or the end (B) of the path to the mean of a class, or to a "
            "typical image of it.",
            parent,
        )
        self._menus: list[ClassMenu] = []
        for end, name in (("a", "Start"), ("b", "End")):
            self._add_classes(f"{name}: mean of class", partial(self.mean.emit, end))
            self._add_classes(f"{name}: typical image of class", partial(self.typical.emit, end))
        self.has_classes = False
        """Whether there are classes to choose."""

    def offer(self, names: Sequence[str]) -> None:
        """List the classes; hide the button if there are none."""
        self.has_classes = bool(names)
        self.setVisible(self.has_classes)
        for menu in self._menus:
            menu.offer(names)

    def _add_classes(self, title: str, chosen: Callable[[int], object]) -> None:
        menu = ClassMenu(title, self.menu())
        menu.chosen.connect(chosen)
        self.menu().addMenu(menu)
        self._menus.append(menu)


class TourButton(_Button):
    """Menu that makes the path a round tour through cluster centres or class means."""

    chosen = Signal(int)
    """Number of clusters; 0 for the classes."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            "Tour",
            "Make the path a tour: the shortest round path through cluster centres.",
            parent,
        )
        self._classes = self.menu().addAction("Means of the classes", partial(self.chosen.emit, 0))
        for count in CLUSTERS:
            text = f"Centres of {count} clusters (k-means)"
            self.menu().addAction(text, partial(self.chosen.emit, count))

    def offer(self, *, has_codes: bool, has_classes: bool) -> None:
        """Enable what the codes allow."""
        self.setEnabled(has_codes)
        self._classes.setEnabled(has_classes)
