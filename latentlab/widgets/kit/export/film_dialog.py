"""Dialog with the options of a film: size, rate and loop."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QComboBox, QDialog, QFormLayout, QVBoxLayout, QWidget

from latentlab.session.files.film import MAX_FPS, MAX_SCALE, MAX_SIDE, MIN_FPS, FilmOptions
from latentlab.session.points import Loop
from latentlab.widgets.kit.dialogs import ValidatingButtonBox
from latentlab.widgets.kit.labels import muted
from latentlab.widgets.kit.number_box import IntegerBox
from latentlab.widgets.kit.settings import settings

FPS, SCALE = "film/fps", "film/scale"
LOOPS = {
    Loop.BACK: "Forth and back",
    Loop.ROUND: "From the start again",
    Loop.ONCE: "Once",
}


def ask_film_options(
    parent: QWidget, shape: tuple[int, ...], options: FilmOptions
) -> FilmOptions | None:
    """Ask for the options of a film; return None if cancelled.

    Parameters
    ----------
    parent : QWidget
        Parent of the dialog.
    shape : (int, int)
        Height and width of a frame, in pixels.
    options : FilmOptions
        Initial loop; rate and size are those of the last film.
    """
    dialog = FilmDialog(parent, shape, options)
    accepted = dialog.exec() == QDialog.DialogCode.Accepted
    dialog.deleteLater()
    return dialog.options() if accepted else None


class FilmDialog(QDialog):
    """Form with size, rate and loop; see `ask_film_options`."""

    def __init__(self, parent: QWidget, shape: tuple[int, ...], options: FilmOptions) -> None:
        super().__init__(parent)
        self.setWindowTitle("Save film")
        self._shape = shape
        most = max(1, min(MAX_SCALE, MAX_SIDE // max(shape)))
        self.scale = IntegerBox(1, most)
        self.scale.setSuffix(" ×")
        self.scale.setValue(min(most, settings().value(SCALE, options.scale)))
        self.scale.setToolTip("Enlarges each pixel to a square of this many pixels.")
        self.fps = IntegerBox(MIN_FPS, MAX_FPS)
        self.fps.setSuffix(" per second")
        self.fps.setValue(settings().value(FPS, round(options.fps)))
        self.fps.setToolTip("Images shown per second.")
        self.loop = QComboBox()
        for loop, text in LOOPS.items():
            self.loop.addItem(text, loop)
        self.loop.setCurrentIndex(list(LOOPS).index(options.loop))
        self.loop.setToolTip("What follows the last image.")
        self._size = muted(stretch=False)
        form = QFormLayout()
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
        for name, box in (("Size", self.scale), ("Images", self.fps), ("Then", self.loop)):
            box.setAccessibleName(name)
            form.addRow(name, box)
        form.addRow("", self._size)
        column = QVBoxLayout(self)
        column.addLayout(form)
        column.addLayout(ValidatingButtonBox(self, self.scale, self.fps))
        self.scale.valueChanged.connect(self._show_size)
        self._show_size()

    @Slot()
    def _show_size(self) -> None:
        height, width = (side * self.scale.value() for side in self._shape)
        self._size.setText(f"{width} × {height} pixels")

    def options(self) -> FilmOptions:
        """Return the chosen options, and remember size and rate."""
        settings().setValue(SCALE, self.scale.value())
        settings().setValue(FPS, self.fps.value())
        return FilmOptions(self.scale.value(), self.fps.value(), Loop(self.loop.currentData()))
