"""Actions that open models, files and pictures, and that keep points."""

from gui_support import LEFT, PLAIN
from hypothesis import strategies as st
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QImage
from PySide6.QtWidgets import QApplication, QWidget
from window_machine.actions import action

NTH = st.integers(0, 30)
SIZES = ((1, 1), (1, 5), (3, 2), (28, 28), (3000, 1))


@action(nth=st.integers(0, 9))
def open_model(stage, nth):
    """Open a shipped model, one of one to twenty dimensions, or a broken one."""
    path = stage.models[nth % len(stage.models)]
    stage.say(path.name)
    stage.controller.open_path(path)


@action(nth=NTH)
def open_file(stage, nth):
    path = stage.files[nth % len(stage.files)]
    stage.say(path.name)
    stage.controller.open_path(path)


@action(nth=NTH, where=st.integers(0, 6))
def drop(stage, nth, where):
    """Drop a file or a model on the window, or on a part of it that takes files."""
    every = (*stage.files, *stage.models)
    path, data = every[nth % len(every)], QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    takers = [stage.window, *(each for each in stage.seen(QWidget) if each.acceptDrops())]
    target = stage.pick(where, takers)
    stage.say(path.name)
    copies, place = Qt.DropAction.CopyAction, QPointF(stage.place(target, 50, 50))
    QApplication.sendEvent(target, QDropEvent(place, copies, data, LEFT, PLAIN))


@action(size=st.sampled_from(SIZES), colour=st.integers(0, 0xFFFFFF))
def paste_image(stage, size, colour):
    image = QImage(*size, QImage.Format.Format_RGB32)
    image.fill(colour)
    QApplication.clipboard().setImage(image)
    stage.window.menus._paste_picture()


@action()
def bookmark(stage):
    stage.window.show_panel("bookmarks")
    panel = stage.window.docks["bookmarks"].build()
    panel.add.click()


@action(nth=NTH)
def copy(stage, nth):
    """Copy what a panel shows: images, a plot, a table."""
    if widget := stage.pick(nth, [each for each in stage.seen(QWidget) if is_copied(each)]):
        stage.say(type(widget).__name__)
        widget.exporting.copy()


def is_copied(widget):
    return hasattr(widget, "exporting") and widget.exporting.offer() is not None
