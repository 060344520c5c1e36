"""Welcome page: three doors into the program, over the window at the first start."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, override

from PySide6.QtCore import QEvent, QObject, Qt, Slot
from PySide6.QtGui import QKeySequence, QPainter, QShortcut
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from latentlab.directories import resources
from latentlab.widgets.kit.dialogs import ask_image_file, ask_run_folder
from latentlab.widgets.kit.icons import IconButton
from latentlab.widgets.kit.labels import muted
from latentlab.widgets.kit.theme import UNIT, colours, faint, heading
from latentlab.widgets.window.tab_order import move_focus
from latentlab.widgets.window.welcome_pictures import (
    Illustration,
    draw_codes,
    draw_drop_area,
    draw_loss,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from PySide6.QtGui import QMouseEvent, QPaintEvent

    from latentlab.session.state import Changes, State
    from latentlab.widgets.window.main_window import MainWindow

SMALL_RECIPE: dict[str, Any] = {
    "model": {"kind": "vae", "hidden": [512, 256], "latent_dim": 2},
    "data": {"kind": "digits"},
    "training": {"epochs": 30},
}
"""Recipe of a short run on any machine; other values are the defaults."""
INTRODUCTION = (
    "A laboratory for variational autoencoders. A VAE encodes each image as a point z of a latent "
    "space, and decodes each point z as an image."
)
DOOR_WIDTH = 33 * UNIT
LINK_HEIGHT = 4 * UNIT
SCRIM = 0.6


class WelcomePage(QWidget):
    """Covers a window until a door is chosen; Escape or a click beside the page closes it.

    Parameters
    ----------
    window : MainWindow
        Window to cover.
    """

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window, self._controller = window, window.controller
        self._focused = QApplication.focusWidget()
        self.sheet = QFrame(self)
        self.sheet.setObjectName("sheet")
        self.sheet.setAccessibleName("Welcome to latentlab")
        self.doors = [self._look_around(), self._train(), self._bring()]
        self._lay_out()
        escape = QShortcut(QKeySequence(Qt.Key.Key_Escape), self)
        escape.activated.connect(self.leave)
        window.installEventFilter(self)
        self._controller.changed.connect(self._on_changed)
        self._cover()
        self.show()
        self.raise_()
        self.doors[0].buttons[0].setFocus(Qt.FocusReason.OtherFocusReason)

    # Construction

    def _lay_out(self) -> None:
        title = QLabel("Welcome to latentlab")
        title.setFont(heading(title.font()))
        close = IconButton("close", "Close this page (Esc); Help > Welcome shows it again")
        close.clicked.connect(self.leave)
        top = QHBoxLayout()
        top.addWidget(title, 1)
        top.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        introduction = muted(INTRODUCTION, stretch=False)
        introduction.setFont(self.font())
        introduction.setWordWrap(True)
        row = QHBoxLayout()
        row.setSpacing(2 * UNIT)
        for door in self.doors:
            row.addWidget(door)
        column = QVBoxLayout(self.sheet)
        column.setContentsMargins(3 * UNIT, 2 * UNIT, 3 * UNIT, 3 * UNIT)
        column.setSpacing(UNIT)
        column.addLayout(top)
        column.addWidget(introduction)
        column.addSpacing(UNIT)
        column.addLayout(row)

    def _look_around(self) -> Door:
        door = Door(
            "Look around",
            "The map shows handwritten digits, each at its code z. Move the cursor over the map: "
            "the image follows. Or open another model that comes with latentlab.",
            Illustration(self._controller, draw_codes, frozenset({"codes"})),
        )
        first, *others = sorted((resources() / "models").iterdir())
        door.add_button(f"Explore {first.name}", partial(self._explore, first), primary=True)
        for model in others:
            door.add_link(model.name, partial(self._explore, model))
        return door

    def _train(self) -> Door:
        door = Door(
            "Train your own",
            "The form holds a small VAE for 5,000 digits. Press Train, and watch the loss fall and "
            "the latent space form.",
            Illustration(self._controller, draw_loss, frozenset({"curves"})),
        )
        door.add_button("Set up a run", self._set_up_run)
        door.add_link("Lessons", self._learn)
        return door

    def _bring(self) -> Door:
        door = Door(
            "Bring your own",
            "Encode an image, train on a folder of images, or open a run. You can also drop files "
            "on the window, at any time.",
            Illustration(self._controller, draw_drop_area),
        )
        door.add_button("Open an image…", self._open_image)
        door.add_link("Folder of images…", self._use_images)
        door.add_link("Run…", self._open_run)
        return door

    # Doors

    def _explore(self, model: Path, *_: object) -> None:
        self.leave()
        self._controller.workspaces.go("explore")
        now = self._controller.state.model
        if now is None or now.source != model:
            self._controller.runs.open(model)

    @Slot()
    def _learn(self) -> None:
        self.leave()
        self._controller.workspaces.go("learn")

    @Slot()
    def _set_up_run(self) -> None:
        self.leave()
        before = self._controller.state.draft
        self._controller.training.set_draft(SMALL_RECIPE)
        if before.values:
            undo = partial(self._controller.training.set_draft, before.values, before.problem)
            self._controller.store.say("The form holds a small recipe.", undo)
        self._window.show_form()

    @Slot()
    def _open_image(self) -> None:
        if path := ask_image_file(self._window):
            self.leave()
            self._controller.open_path(path)

    @Slot()
    def _use_images(self) -> None:
        self.leave()
        self._window.use_pictures()

    @Slot()
    def _open_run(self) -> None:
        if path := ask_run_folder(self._window):
            self.leave()
            self._controller.open_path(path)

    # Closing

    @Slot()
    def leave(self) -> None:
        """Close the page, and return the focus."""
        self._controller.changed.disconnect(self._on_changed)
        self._window.removeEventFilter(self)
        self.hide()
        if self._focused and isValid(self._focused) and self._focused.isVisible():
            self._focused.setFocus()
        self.deleteLater()

    @Slot(object, object)
    def _on_changed(self, state: State, changed: Changes) -> None:
        # Something else is shown now, such as a dropped file.
        if "workspaces" in changed or ("opening" in changed and state.opening):
            self.leave()

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if not self.sheet.geometry().contains(event.position().toPoint()):
            self.leave()

    # Covering the window

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._cover()
        return False

    def _cover(self) -> None:
        self.setGeometry(self._window.rect())
        self.sheet.adjustSize()
        self.sheet.move(self.rect().center() - self.sheet.rect().center())

    @override
    def focusNextPrevChild(self, forward: bool) -> bool:
        """Move the focus within the page."""
        return move_focus(self, forward=forward)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), faint(colours().window, SCRIM))


class Door(QFrame):
    """One thing to start with: picture, title, text, a button, and links to similar things.

    Parameters
    ----------
    title, text : str
        Heading, and two or three sentences.
    picture : QWidget
        Illustration.
    """

    def __init__(self, title: str, text: str, picture: QWidget) -> None:
        super().__init__()
        self.setObjectName("door")
        self.setFixedWidth(DOOR_WIDTH)
        self.buttons: list[QPushButton] = []
        name = QLabel(title)
        font = name.font()
        font.setBold(True)
        name.setFont(font)
        words = muted(text, stretch=False)
        words.setFont(self.font())
        words.setWordWrap(True)
        below = QWidget()
        # The buttons of all doors stand side by side, with links below or without.
        below.setFixedHeight(LINK_HEIGHT)
        self._links = QHBoxLayout(below)
        self._links.setContentsMargins(0, 0, 0, 0)
        self._links.setSpacing(2 * UNIT)
        self._column = column = QVBoxLayout(self)
        column.setContentsMargins(2 * UNIT, 2 * UNIT, 2 * UNIT, UNIT)
        column.setSpacing(UNIT)
        column.addWidget(picture)
        column.addWidget(name)
        column.addWidget(words)
        column.addStretch(1)
        column.addWidget(below)

    def add_button(self, text: str, slot: Callable[..., None], *, primary: bool = False) -> None:
        """Add the button of the door."""
        button = self._make(text, "primary" if primary else "secondary", slot)
        self._column.insertWidget(self._column.count() - 1, button)

    def add_link(self, text: str, slot: Callable[..., None]) -> None:
        """Add a link below the button."""
        self._links.addWidget(self._make(text, "link", slot))

    def _make(self, text: str, look: str, slot: Callable[..., None]) -> QPushButton:
        button = QPushButton(text)
        button.setObjectName(look)
        # Outside dialogs, Enter presses only such buttons.
        button.setAutoDefault(True)
        button.clicked.connect(slot)
        self.buttons.append(button)
        return button
