"""Short questions in a dialog."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog, QInputDialog, QMessageBox

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from latentlab.workers.controller import Controller

PICTURES = "Pictures (*.png *.jpg *.jpeg *.bmp *.gif *.webp *.tif *.tiff)"
FEW, MOST = 10, 100_000


def ask_epochs(parent: QWidget, name: str) -> int | None:
    """Ask how many more epochs a run shall have; None where cancelled."""
    text = f"Train {name} for how many more epochs?"
    epochs, sure = QInputDialog.getInt(parent, "Train more", text, FEW, 1, MOST)
    return epochs if sure else None


def confirm(parent: QWidget, text: str, more: str, yes: str) -> bool:
    """Ask whether something shall be done; no is what Enter and Escape answer."""
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Question)
    box.setText(text)
    box.setInformativeText(more)
    do_it = box.addButton(yes, QMessageBox.ButtonRole.AcceptRole)
    box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
    box.exec()
    answer = box.clickedButton()
    box.deleteLater()
    return answer is do_it


def ask_discard(parent: QWidget, controller: Controller) -> None:
    """Discard the run under way; ask first where more than one epoch would be lost."""
    run = controller.state.run
    if run is None:
        return
    if run.epochs_done > 1:
        text = f"Discard {run.epochs_done:.0f} epochs of training?"
        more = "“Stop and keep” ends the run as well, and keeps what it has learned."
        if not confirm(parent, text, more, "Discard"):
            return
    # While the question stood there, this run may have ended and the next one begun.
    now = controller.state.run
    if now and now.folder == run.folder:
        controller.cancel_training()


def ask_picture(parent: QWidget) -> Path | None:
    """Ask for an image file; None where cancelled."""
    file, _ = QFileDialog.getOpenFileName(parent, "Open picture", "", PICTURES)
    return Path(file) if file else None
