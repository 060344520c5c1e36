"""Images and files from the clipboard and from drag and drop."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QImage

from latentlab.data.own_image.crop import SourceImage

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PySide6.QtCore import QMimeData
    from PySide6.QtGui import QDropEvent

    from latentlab.workers.controller import Controller


def paste_image(controller: Controller) -> None:
    """Encode the image on the clipboard, or the image file that was copied."""
    data = QGuiApplication.clipboard().mimeData()
    files = local_files(data) if data else []
    image = QGuiApplication.clipboard().image()
    controller.store.dismiss_failure()
    if files:
        controller.own_image.open(files[0])
    elif not image.isNull():
        controller.own_image.show(SourceImage("pasted image", to_pixels(image)))
    else:
        controller.store.refuse(
            "The clipboard holds no image.", "Copy an image or an image file first."
        )


def local_files(data: QMimeData) -> list[Path]:
    """Return the files and folders on this machine among the URLs of copied or dragged data."""
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]


def accept_copy(event: QDropEvent) -> None:
    """Accept dragged files as a copy: after a move the other program may delete its files."""
    event.setDropAction(Qt.DropAction.CopyAction)
    event.accept()


def to_pixels(image: QImage) -> NDArray[np.uint8]:
    """Return the pixels of an image, of shape (H, W) if it is grey, else (H, W, 3)."""
    grey = image.isGrayscale()
    layout = QImage.Format.Format_Grayscale8 if grey else QImage.Format.Format_RGB888
    plain = image.convertToFormat(layout)
    height, width = plain.height(), plain.width()
    rows = np.frombuffer(plain.constBits(), np.uint8).reshape(height, plain.bytesPerLine())
    if grey:
        return rows[:, :width].copy()
    return rows[:, : 3 * width].reshape(height, width, 3).copy()
