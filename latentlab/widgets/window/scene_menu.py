"""Saving, opening and offering scenes."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtWidgets import QFileDialog, QMessageBox

from latentlab.session.export import ANIMATIONS, NAMES, PICTURES, SUFFIX_ALIASES, format_of
from latentlab.session.files.scene import SCENES
from latentlab.widgets.kit.dialogs import ask_save_path

if TYPE_CHECKING:
    from latentlab.session.files.scene import FoundScene
    from latentlab.widgets.window.main_window import MainWindow


class SceneMenu(QObject):
    """Actions of the File menu on scenes, and the question whether to restore one.

    Parameters
    ----------
    window : MainWindow
        Parent of the dialogs.
    """

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window, self._scene = window, window.controller.scene
        self._session: Path | None = None

    @Slot()
    def save(self) -> None:
        """Ask for a file, and save the scene."""
        if path := ask_save_path(self._window, "scene", SCENES[:1]):
            self._scene.save(path)

    @Slot()
    def open(self) -> None:
        """Ask for a scene, an image or a film, and restore its scene."""
        carriers = (*PICTURES, *ANIMATIONS, *SUFFIX_ALIASES)
        endings = " ".join(f"*.{each}" for each in dict.fromkeys((*SCENES, *carriers)))
        kinds = f"Scenes, images and films ({endings});;{NAMES[SCENES[0]]}"
        file, _ = QFileDialog.getOpenFileName(self._window, "Open scene", "", kinds)
        if file:
            self._scene.look_for(Path(file), is_needed=True)

    def show_found(self, found: FoundScene) -> None:
        """Restore the scene of a scene file; offer that of a picture or of the last session."""
        if found.scene is None:
            return
        is_session = found.path == self._session
        if format_of(found.path) in SCENES and not is_session:
            self._scene.restore(found)
        elif is_session:
            self._ask(
                found,
                "latentlab did not close normally the last time.",
                f"Its scene, with the model {found.scene.model}, was kept.",
            )
        elif found.model is not None:
            self._ask(
                found,
                f"{found.path.name} was made with {found.scene.model}.",
                f"The file carries its z, its view and its settings. {found.note}".strip(),
            )
        else:
            text = f"The model {found.scene.model} of {found.path.name} is not on this machine"
            self._window.controller.store.say(text)

    def offer_session(self, session: Path) -> None:
        """Offer the scene of a window that did not close normally."""
        self._session = session
        self._scene.look_for(session)

    def _ask(self, found: FoundScene, text: str, more: str) -> None:
        box = QMessageBox(self._window)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setText(text)
        box.setInformativeText(more)
        box.addButton("Bring the scene back", QMessageBox.ButtonRole.AcceptRole)
        box.setEscapeButton(box.addButton("Not now", QMessageBox.ButtonRole.RejectRole))
        # Each question keeps its scene: another one may be asked before it is answered.
        box.accepted.connect(partial(self._scene.restore, found))
        if found.path == self._session:
            # A session that is restored is forgotten once it is back.
            box.rejected.connect(partial(self._scene.forget_session, found.path))
        box.setModal(False)
        box.show()
