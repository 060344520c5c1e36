"""Hands that do anything at random in the real window, the same for the same seed.

They point, press, drag and type at whatever can be seen, drop and paste files, open models, train,
undo, and float, close and reopen panels. Whatever goes wrong is kept in `Hands.exceptions` and
`Hands.failures`, and how long the window did not answer in `Hands.stalls`.
"""

import random
import sys
import threading
import time
import traceback
from contextlib import ExitStack, contextmanager
from pathlib import Path
from unittest.mock import patch

import numpy as np
from gui_support import wait
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QTimer, QUrl
from PySide6.QtGui import QDesktopServices, QDropEvent, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDialog,
    QFileDialog,
    QMenu,
    QMessageBox,
    QWidget,
)
from shiboken6 import isValid

from latentlab.session import runs
from latentlab.widgets.axis_slider import AxisSlider
from latentlab.widgets.axis_strip import AxisStrip
from latentlab.widgets.map_plot import MapPlot
from latentlab.widgets.near_view import NearView
from latentlab.widgets.tile_view import TileView

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
PLAIN = Qt.KeyboardModifier.NoModifier
POINTED = (TileView, AxisStrip, NearView, MapPlot, AxisSlider)
PRESSED = (QAbstractButton, QAbstractItemView, QComboBox, QAbstractSpinBox)
KEYS = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Return)
UNSAFE = {"Quit", "Show run folders"}
SCHEMES = ("Light", "Dark")
BEAT_MS, LATE = 5, 0.1


class Hands:
    """A pair of hands at one window.

    Parameters
    ----------
    window : MainWindow
        The real one.
    models : list of Path
        What to open.
    recipes : list of dict
        What to train.
    folder : Path
        Where files to be dropped are made, and where the others are saved.
    seed : int
        Of all that is done.
    """

    def __init__(self, window, models, recipes, folder, seed):
        self.window, self.controller = window, window.controller
        self.models, self.recipes, self.folder = models, recipes, folder
        self.random = random.Random(seed)
        self.exceptions, self.failures, self.stalls = [], [], []
        self.doing = "nothing"
        self._files = make_files(folder)
        self._beat = QTimer(interval=BEAT_MS)
        self._beat.timeout.connect(self._on_beat)
        self._last, self._beats = time.perf_counter(), 0

    def run(self, count, pause_ms=10):
        """Do so many things, one after another."""
        with self._watched():
            for _ in range(count):
                act = self.random.choices(list(ACTIONS), list(ACTIONS.values()))[0]
                self.doing = act.__name__.strip("_")
                try:
                    act(self)
                except Exception:
                    self._on_exception(*sys.exc_info())
                wait(self.random.choice((0, pause_ms, 3 * pause_ms)))
                self._leave_dialogs()
            self.controller.stop_training()
            wait(300)
            self.doing = "nothing"

    @contextmanager
    def _watched(self):
        """Hear of exceptions and failures, and let nothing wait for an answer."""
        nowhere = ("", "")
        stack = ExitStack()
        for name in ("getOpenFileName", "getSaveFileName"):
            stack.enter_context(patch.object(QFileDialog, name, lambda *_, **__: nowhere))
        stack.enter_context(patch.object(QFileDialog, "getExistingDirectory", lambda *_, **__: ""))
        stack.enter_context(patch.object(QDesktopServices, "openUrl", lambda *_: True))
        stack.enter_context(patch.object(QMessageBox, "exec", lambda *_: 0))
        stack.enter_context(patch.object(QMenu, "exec", self._choose))
        stack.enter_context(patch.object(runs, "send2trash", lambda *_: None))
        stack.enter_context(patch.object(sys, "excepthook", self._on_exception))
        stack.enter_context(patch.object(threading, "excepthook", self._on_thread_exception))
        self.controller.changed.connect(self._on_changed)
        self._last = time.perf_counter()
        self._beat.start()
        with stack:
            yield
        self._beat.stop()
        self.controller.changed.disconnect(self._on_changed)

    def _on_exception(self, kind, error, trace):
        text = "".join(traceback.format_exception(kind, error, trace))
        self.exceptions.append(f"{self.doing}: {text}")

    def _on_thread_exception(self, args):
        self._on_exception(args.exc_type, args.exc_value, args.exc_traceback)

    def _on_changed(self, state, changed):
        if "failure" in changed and state.failure and state.failure.details:
            self.failures.append(f"{self.doing}: {state.failure.details}")

    def _on_beat(self):
        now = time.perf_counter()
        if now - self._last > LATE:
            self.stalls.append((self.doing, now - self._last))
        self._last = now
        self._beats += 1
        if self._beats % 10 == 0:
            # A dialog or a menu that waits for an answer keeps the hands from going on.
            self._leave_dialogs()

    # What there is

    def _visible(self, kinds):
        """Return the widgets of some kinds that a hand could reach."""
        widgets = self.window.findChildren(QWidget)
        return [
            widget
            for widget in widgets
            if isinstance(widget, kinds)
            and widget.isVisible()
            and widget.isEnabled()
            and not widget.visibleRegion().isEmpty()
        ]

    def _place(self, widget):
        # While a hand drags, the widget may be hidden.
        room = widget.visibleRegion().boundingRect() or widget.rect()
        x = self.random.randint(room.left(), max(room.left(), room.right()))
        return QPoint(x, self.random.randint(room.top(), max(room.top(), room.bottom())))

    def _choose(self, menu, *_):
        """Take an entry of a menu that was opened, or none."""
        menu.aboutToShow.emit()
        actions = [each for each in menu.actions() if each.isEnabled() and not each.menu()]
        if actions and self.random.random() < 0.7:
            self.random.choice(actions).trigger()

    def _leave_dialogs(self):
        for dialog in QApplication.topLevelWidgets():
            if isinstance(dialog, QDialog) and dialog.isVisible():
                dialog.reject()
        if popup := QApplication.activePopupWidget():
            popup.close()

    # What they do

    def click(self):
        """Press anything."""
        found = self._visible(PRESSED)
        widget = self.random.choice(found)
        self.doing = f"click {type(widget).__name__} {widget.accessibleName()}"
        if _is_safe(widget):
            QTest.mouseClick(_target(widget), LEFT, PLAIN, self._place(_target(widget)))

    def point(self):
        """Point at pictures, the map or a slider, and maybe press."""
        if not (found := self._visible(POINTED)):
            return
        widget = _target(self.random.choice(found))
        place = self._place(widget)
        QTest.mouseMove(widget, place)
        if self.random.random() < 0.6 and isValid(widget):
            QTest.mouseClick(widget, self.random.choice((LEFT, LEFT, RIGHT)), PLAIN, place)

    def drag(self):
        """Drag over pictures, the map or a slider."""
        if not (found := self._visible(POINTED)):
            return
        widget = _target(self.random.choice(found))
        QTest.mousePress(widget, LEFT, PLAIN, self._place(widget))
        for _ in range(self.random.randint(1, 6)):
            if isValid(widget):
                QTest.mouseMove(widget, self._place(widget))
            wait(2)
        if isValid(widget):
            QTest.mouseRelease(widget, LEFT, PLAIN, self._place(widget))

    def handle(self):
        """Drag A or B anywhere, even off the map."""
        plot = self.window.docks["map"].build().plot
        handle = self.random.choice(list(plot.handles.values()))
        handle.setPos(self.random.uniform(-50, 50), self.random.uniform(-50, 50))

    def type(self):
        """Type at what has the focus."""
        if (widget := QApplication.focusWidget()) and not isinstance(widget, QAbstractItemView):
            QTest.keyClick(widget, self.random.choice(KEYS))

    def menu(self):
        """Take a menu entry or a shortcut."""
        actions = [each for each in self.window.menus._actions if each.isEnabled()]
        action = self.random.choice(actions)
        self.doing = f"menu {action.text()}"
        if action.text() not in UNSAFE:
            action.trigger()

    def panel(self):
        """Close, float or reopen a panel, or bring it to the front."""
        dock = self.random.choice(list(self.window.docks.values()))
        how = self.random.randrange(4)
        if how == 0:
            dock.close()
        elif how == 1:
            dock.show()
            dock.setFloating(not dock.isFloating())
        else:
            dock.show()
            dock.raise_()

    def theme(self):
        """Switch between light and dark."""
        self.window.menus._apply_appearance(self.random.choice(SCHEMES))

    def open(self):
        """Open a model."""
        self.controller.open_path(self.random.choice(self.models))

    def drop(self):
        """Drop a file or a folder on the window or on a panel that takes some."""
        path = self.random.choice((*self._files, *self.models))
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(path))])
        takers = [each for each in self._visible((QWidget,)) if each.acceptDrops()]
        target = self.random.choice((self.window, *takers))
        place = QPointF(self._place(target))
        event = QDropEvent(place, Qt.DropAction.CopyAction, data, LEFT, PLAIN)
        QApplication.sendEvent(target, event)

    def paste(self):
        """Paste a picture, however small."""
        height, width = self.random.choice(((1, 1), (1, 5), (3, 2), (28, 28), (300, 200)))
        image = QImage(width, height, QImage.Format.Format_RGB32)
        image.fill(self.random.randrange(0xFFFFFF))
        QApplication.clipboard().setImage(image)
        self.window.menus._paste_picture()

    def undo(self):
        """Go back or forth."""
        for _ in range(self.random.randint(1, 4)):
            self.random.choice((self.controller.undo, self.controller.redo))()

    def train(self):
        """Begin a run, or end one, some way."""
        if self.controller._training.running:
            stop = self.random.choice(("stop", "cancel", "pause", "continue"))
            getattr(self.controller, f"{stop}_training")()
        else:
            self.controller.set_draft(self.random.choice(self.recipes))
            self.controller.start_training()

    def wait(self):
        """Let answers come."""
        wait(100)


ACTIONS = {
    Hands.click: 20,
    Hands.point: 30,
    Hands.drag: 15,
    Hands.handle: 3,
    Hands.type: 8,
    Hands.menu: 10,
    Hands.panel: 10,
    Hands.theme: 1,
    Hands.open: 6,
    Hands.drop: 4,
    Hands.paste: 2,
    Hands.undo: 6,
    Hands.train: 3,
    Hands.wait: 4,
}


def _target(widget):
    """Return what takes the mouse: the inside of what scrolls."""
    inside = getattr(widget, "viewport", None)
    return inside() if inside else widget


def _is_safe(widget):
    """Say whether a button may be pressed: nothing is trained for long, and nothing is left."""
    names = {widget.objectName(), getattr(widget, "text", lambda: "")()}
    return not names & {"qt_toolbar_ext_button", "Train", "Add to queue", "Sweep…"}


def make_files(folder):
    """Make files to be dropped: pictures large, tiny and broken, a text and a recipe."""
    folder.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(0).integers(0, 255, (40, 60, 3), np.uint8)
    made = [folder / name for name in ("wide.png", "tiny.png", "broken.png", "notes.txt", "r.toml")]
    Image.fromarray(pixels).save(made[0])
    Image.fromarray(pixels[:2, :3, 0]).save(made[1])
    made[2].write_bytes(made[0].read_bytes()[:200])
    made[3].write_text("no picture")
    made[4].write_text('data = "digits"\n[model]\nkind = "vae"\nhidden = [16]\n')
    return made


def make_runs(folder):
    """Train small models of few and of other dimensions, classes and image sizes; return where."""
    # Imported here, for torch takes its time to load.
    from latentlab.learning.recipe import make_recipe
    from latentlab.session.record import record

    pixels = np.random.default_rng(0).integers(0, 255, (60, 12, 10), np.uint8)
    arrays = folder / "one class.npz"
    np.savez(arrays, images=pixels, labels=np.zeros(60, np.int64))
    own = {"kind": "arrays", "images": str(arrays)}
    kinds = (("vae", 1, own), ("cvae", 3, own), ("vae", 5, "digits"))
    made = []
    for number, (kind, latent_dim, data) in enumerate(kinds):
        model = {"kind": kind, "hidden": [8], "latent_dim": latent_dim}
        training = {"epochs": 1, "batch_size": 500, "device": "cpu"}
        recipe = make_recipe({"model": model, "data": data, "training": training})
        made.append(folder / f"run {number}")
        for _ in record(recipe, made[-1]):
            pass
    return made


def resident_mb():
    """Return the memory that the process takes, in megabytes; 0 where that cannot be known."""
    status = Path("/proc/self/statm")
    return int(status.read_text().split()[1]) * 4096 / 1e6 if status.exists() else 0.0
