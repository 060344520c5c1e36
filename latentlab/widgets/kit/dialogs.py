"""Dialogs for a number, a confirmation and a file to open or save."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QStandardPaths, Qt, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QMessageBox,
    QVBoxLayout,
)

from latentlab.directories import runs
from latentlab.errors import RunError, counted
from latentlab.session.export import NAMES, check_suffix
from latentlab.session.files.dataset import MAX_PER_CLASS, SaveDataset
from latentlab.widgets.kit.labels import problem
from latentlab.widgets.kit.number_box import IntegerBox, NumberBox
from latentlab.widgets.kit.settings import settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtWidgets import QWidget

    from latentlab.workers.controller import Controller


IMAGE_FILTER = "Images (*.png *.jpg *.jpeg *.bmp *.gif *.webp *.tif *.tiff)"
IMAGE_FOLDER, EXPORT_FOLDER = "open/images", "export/folder"
"""Settings with the last used folders."""
FEW, MOST = 10, 100_000


def ask_epochs(parent: QWidget, name: str) -> int | None:
    """Ask for a number of additional epochs; return None if cancelled."""
    text = f"How many more epochs should {name} be trained?"
    dialog = IntegerDialog("Train more", text, (1, MOST), FEW, parent)
    accepted = dialog.exec() == QDialog.DialogCode.Accepted
    dialog.deleteLater()
    return dialog.box.value() if accepted else None


class IntegerDialog(QDialog):
    """Dialog for an integer; OK is disabled while the text is invalid.

    Parameters
    ----------
    title, text : str
        Window title, and the question.
    limits : (int, int)
        Minimum and maximum.
    value : int
        Initial value.
    """

    def __init__(
        self, title: str, text: str, limits: tuple[int, int], value: int, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.box = IntegerBox(*limits)
        self.box.setValue(value)
        self.box.setAccessibleName(text)
        self.box.selectAll()
        self.column = QVBoxLayout(self)
        self.column.addWidget(QLabel(text, textFormat=Qt.TextFormat.PlainText))
        self.column.addWidget(self.box)
        self.column.addLayout(ValidatingButtonBox(self, self.box))


class DatasetDialog(IntegerDialog):
    """Dialog for the number of images of a generated data set, and for its format.

    Parameters
    ----------
    by_class : bool
        Whether the images have classes.
    """

    def __init__(self, parent: QWidget, *, by_class: bool) -> None:
        text = f"How many images{' of each class' if by_class else ''} should be generated?"
        super().__init__("Save generated data set", text, (1, MAX_PER_CLASS), 100, parent)
        self.format = QComboBox()
        self.format.setAccessibleName("Save as")
        self.format.addItem("Folder of PNG images with a list of labels and z", "")
        self.format.addItem("ZIP archive of the same", "zip")
        self.format.addItem("NumPy arrays (NPZ): images, z, labels", "npz")
        row = QHBoxLayout()
        row.addWidget(QLabel("Save as"))
        row.addWidget(self.format, 1)
        self.column.insertLayout(2, row)


class ValidatingButtonBox(QVBoxLayout):
    """OK and Cancel of a dialog below the first error of its number boxes, which disables OK."""

    def __init__(self, dialog: QDialog, *boxes: NumberBox) -> None:
        super().__init__()
        kinds = QDialogButtonBox.StandardButton
        self._boxes, self._problem = boxes, problem()
        self._buttons = QDialogButtonBox(kinds.Ok | kinds.Cancel)
        self._buttons.accepted.connect(dialog.accept)
        self._buttons.rejected.connect(dialog.reject)
        self.addWidget(self._problem)
        self.addWidget(self._buttons)
        for box in boxes:
            box.tells = False
            box.refused.connect(self._check)

    @Slot()
    def _check(self) -> None:
        wrong = next((box.problem for box in self._boxes if box.problem), "")
        self._problem.setText(wrong)
        self._problem.setVisible(bool(wrong))
        self._buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(not wrong)


def confirm(parent: QWidget, text: str, more: str, yes: str) -> bool:
    """Ask for a confirmation; Enter and Escape cancel."""
    box = QMessageBox(parent)
    box.setText(text)
    box.setInformativeText(more)
    do_it = box.addButton(yes, QMessageBox.ButtonRole.AcceptRole)
    box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
    box.exec()
    answer = box.clickedButton()
    box.deleteLater()
    return answer is do_it


def confirm_discard(parent: QWidget, controller: Controller) -> None:
    """Discard the current run; ask first if more than one epoch would be lost."""
    run = controller.state.training.run
    if run is None:
        return
    if run.epochs_done > 1:
        text = f"Discard {counted(int(run.epochs_done), 'epoch')} of training?"
        more = "“Stop and keep” also ends the run, and keeps its weights and its log."
        if not confirm(parent, text, more, "Discard"):
            return
    # While the dialog was open, this run may have ended and the next one started.
    now = controller.state.training.run
    if now and now.folder == run.folder:
        controller.training.cancel()


def ask_run_folder(parent: QWidget) -> Path | None:
    """Ask for the folder of a run; return None if cancelled."""
    folder = QFileDialog.getExistingDirectory(parent, "Open run", str(runs()))
    return Path(folder) if folder else None


def ask_dataset(parent: QWidget, *, by_class: bool) -> SaveDataset | None:
    """Ask for number, format and place of generated images; return None if cancelled."""
    dialog = DatasetDialog(parent, by_class=by_class)
    accepted = dialog.exec() == QDialog.DialogCode.Accepted
    dialog.deleteLater()
    if not accepted:
        return None
    ending = dialog.format.currentData()
    path = ask_save_path(parent, "images", [ending]) if ending else _ask_empty_folder(parent)
    return SaveDataset(path, dialog.box.value()) if path else None


def _ask_empty_folder(parent: QWidget) -> Path | None:
    start = settings().value(EXPORT_FOLDER, _pictures())
    folder = QFileDialog.getExistingDirectory(parent, "Choose an empty folder", start)
    return Path(folder) if folder else None


def ask_image_file(parent: QWidget) -> Path | None:
    """Ask for an image file, starting in the last used folder; return None if cancelled."""
    folder = settings().value(IMAGE_FOLDER, _pictures())
    file, _ = QFileDialog.getOpenFileName(parent, "Open image", folder, IMAGE_FILTER)
    if not file:
        return None
    settings().setValue(IMAGE_FOLDER, str(Path(file).parent))
    return Path(file)


def ask_save_path(parent: QWidget, name: str, formats: Sequence[str]) -> Path | None:
    """Ask for a file to write, starting in the last used folder; return None if cancelled.

    A suffix that is not one of the formats is rejected, and the dialog is shown again.
    """
    folder = Path(settings().value(EXPORT_FOLDER, _pictures()))
    suggestion = str(folder / f"latentlab-{name}.{formats[0]}")
    filters = ";;".join(NAMES[each] for each in formats)
    while True:
        chosen, used = QFileDialog.getSaveFileName(parent, f"Save the {name}", suggestion, filters)
        if not chosen:
            return None
        path = Path(chosen)
        if not _has_ending(path):
            ending = next((each for each in formats if NAMES[each] == used), formats[0])
            path = path.with_name(f"{path.name}.{ending}")
            # The dialog has checked only the name without its suffix.
            if path.exists() and not confirm(
                parent,
                f"{path.name} already exists.",
                "Its contents are lost if you replace it.",
                "Replace",
            ):
                suggestion = str(path)
                continue
        try:
            check_suffix(path, formats)
        except RunError as error:
            QMessageBox.warning(parent, f"Save the {name}", str(error))
            suggestion = str(path.with_suffix(f".{formats[0]}"))
            continue
        settings().setValue(EXPORT_FOLDER, str(path.parent))
        return path


def _pictures() -> str:
    """Return the folder of the user's pictures."""
    return QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation)


def _has_ending(path: Path) -> bool:
    """Return whether a path has a suffix; the ``.5`` of ``beta 0.5`` is part of the name."""
    ending = path.suffix[1:]
    return ending.isalnum() and not ending.isdigit()
