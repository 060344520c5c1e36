"""What a person opens, drops, pastes, copies and saves."""

import numpy as np
from gui_support import LEFT, PLAIN
from hypothesis import strategies as st
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QImage
from PySide6.QtWidgets import QApplication, QWidget
from window_machine.actions import action

from latentlab.session.files.scene import SCENES

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


@action(nth=NTH)
def copy(stage, nth):
    """Copy what a panel shows: images, a plot, a table."""
    if widget := stage.pick(nth, [each for each in stage.seen(QWidget) if is_copied(each)]):
        stage.say(type(widget).__name__)
        widget.exporting.copy()


def is_copied(widget):
    return hasattr(widget, "exporting") and widget.exporting.offer() is not None


@action(nth=NTH, entry=NTH, consents=st.booleans())
def export(stage, nth, entry, consents):
    """Save what a panel shows in one of the formats that it offers."""
    if widget := stage.pick(nth, [each for each in stage.seen(QWidget) if is_copied(each)]):
        stage.answers.decide(entry, consents, file=-1)
        widget.exporting.save()


@action()
def save_and_open_scene(stage):
    """A scene brings z back."""
    stage.rest()
    before, path = stage.state.point, stage.answers.new_file(f"scene.{SCENES[0]}")
    if before is None or stage.state.is_training or stage.state.opening:
        return
    stage.controller.scene.save(path)
    stage.rest()
    stage.controller.point.randomize()
    stage.controller.open_path(path)
    stage.rest()
    after, failure = stage.state.point, stage.state.failure
    if failure is None and (after.label != before.label or not np.allclose(after.z, before.z)):
        stage.watch.note("scene", f"a scene of {before} leads to {after}")
