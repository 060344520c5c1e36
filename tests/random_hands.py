"""Random user actions in the real window, reproducible by a seed.

They hover, click, drag and type on visible widgets, drop and paste files, open models, train,
undo, rename, discard and delete runs, and float, close and reopen panels. `Hands.watch` records
all faults.
"""

import random
import shutil
import sys
from dataclasses import replace

from gui_support import run_until, wait
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDialog,
    QWidget,
)
from random_files import make_files
from random_watch import Monitor
from shiboken6 import isValid

from latentlab.directories import runs
from latentlab.session.map import Layout
from latentlab.widgets.kit import theme
from latentlab.widgets.kit.axis.slider import AxisSlider
from latentlab.widgets.kit.axis.strip import ImageStrip
from latentlab.widgets.kit.images.tile_view import ImageGrid
from latentlab.widgets.panels.map.plot import MapPlot
from latentlab.widgets.panels.neighbours.neighbour_grid import NeighbourGrid

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
PLAIN = Qt.KeyboardModifier.NoModifier
POINTED = (ImageGrid, ImageStrip, NeighbourGrid, MapPlot, AxisSlider)
PRESSED = (QAbstractButton, QAbstractItemView, QComboBox, QAbstractSpinBox)
KEYS = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Return)
UNSAFE = {"Quit", "Show run folders"}
SCHEMES = (Qt.ColorScheme.Light, Qt.ColorScheme.Dark)
REST_EVERY = 50
"""Number of actions between waits for all answers."""


class Hands:
    """Random actions in one window.

    Parameters
    ----------
    window : MainWindow
        The window, with the real controller.
    models : list of Path
        Models to open.
    recipes : list of dict
        Recipes to train.
    folder : Path
        Folder of the files to drop, and of the saved ones.
    seed : int
        Seed of all actions.
    """

    def __init__(self, window, models, recipes, folder, seed):
        self.window, self.controller = window, window.controller
        self.models, self.recipes, self.folder = models, recipes, folder
        self.random = random.Random(seed)
        self.watch = Monitor(self.controller, folder / "trash")
        self._files = make_files(folder / "files")

    def run(self, count, pause_ms=10, rested=lambda _: None):
        """Do `count` actions; call `rested` with the number done after each wait for answers."""
        watch = self.watch
        with watch.listening(self._choose, self._leave_dialogs):
            for done in range(1, count + 1):
                act = self.random.choices(list(ACTIONS), list(ACTIONS.values()))[0]
                watch.doing = act.__name__.strip("_")
                try:
                    act(self)
                except Exception:
                    watch.note_exception(*sys.exc_info())
                wait(self.random.choice((0, pause_ms, 3 * pause_ms)))
                self._leave_dialogs()
                if done % REST_EVERY == 0:
                    self._rest()
                    rested(done)
            status = self.controller.state.training
            self.controller.store.set(training=replace(status, queue=()))
            self.controller.training.stop()
            run_until(lambda: not self.controller._worker.running)
            self._rest()
            watch.doing = "nothing"

    def _rest(self, seconds=20):
        """Wait until all requests are answered; it is a fault if the work stalls."""
        before = None
        for passed in range(50 * seconds):
            wait(20)
            # A current run keeps sending events.
            if self.controller._worker.running or not self.watch.waiting:
                return
            if passed == 25 * seconds:
                before = self.controller.state
        after = self.controller.state
        # The playback of a path sends requests all the time.
        if (after.point, after.working) == (before.point, before.working):
            self.watch.broken.append(f"{self.watch.doing}: {self.watch.waiting} has no answer")

    # Helpers

    def _visible(self, kinds):
        """Return the visible, enabled widgets of some classes."""
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
        # During a drag the widget may be hidden.
        room = widget.visibleRegion().boundingRect() or widget.rect()
        x = self.random.randint(room.left(), max(room.left(), room.right()))
        return QPoint(x, self.random.randint(room.top(), max(room.top(), room.bottom())))

    def _choose(self, menu, *_):
        """Trigger an entry of an opened menu, or none."""
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

    # Actions

    def click(self):
        """Click a random widget."""
        found = self._visible(PRESSED)
        widget = self.random.choice(found)
        self.watch.doing = f"click {type(widget).__name__} {widget.accessibleName()}"
        if _is_safe(widget):
            QTest.mouseClick(_target(widget), LEFT, PLAIN, self._place(_target(widget)))

    def point(self):
        """Hover over images, the map or a slider, and perhaps click."""
        if not (found := self._visible(POINTED)):
            return
        widget = _target(self.random.choice(found))
        place = self._place(widget)
        QTest.mouseMove(widget, place)
        if self.random.random() < 0.6 and isValid(widget):
            QTest.mouseClick(widget, self.random.choice((LEFT, LEFT, RIGHT)), PLAIN, place)

    def drag(self):
        """Drag over images, the map or a slider."""
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
        """Move A or B anywhere, also off the map."""
        plot = self.window.docks["map"].build().plot
        handle = self.random.choice(list(plot.handles.values()))
        handle.setPos(self.random.uniform(-50, 50), self.random.uniform(-50, 50))

    def type(self):
        """Press a key in the focused widget."""
        if (widget := QApplication.focusWidget()) and not isinstance(widget, QAbstractItemView):
            QTest.keyClick(widget, self.random.choice(KEYS))

    def menu(self):
        """Trigger a menu entry."""
        actions = [each for each in self.window.menus._actions if each.isEnabled()]
        action = self.random.choice(actions)
        self.watch.doing = f"menu {action.text()}"
        if action.text() not in UNSAFE:
            action.trigger()

    def panel(self):
        """Close, float, reopen or raise a panel."""
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
        theme.choose(self.random.choice(SCHEMES))

    def open(self):
        """Open a model, sometimes a file that is not a model."""
        what = self._files if self.random.random() < 0.15 else self.models
        self.controller.open_path(self.random.choice(what))

    def drop(self):
        """Drop a file or a folder on the window or on a widget that accepts drops."""
        path = self.random.choice((*self._files, *self.models))
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(path))])
        takers = [each for each in self._visible((QWidget,)) if each.acceptDrops()]
        target = self.random.choice((self.window, *takers))
        place = QPointF(self._place(target))
        event = QDropEvent(place, Qt.DropAction.CopyAction, data, LEFT, PLAIN)
        QApplication.sendEvent(target, event)

    def paste(self):
        """Paste an image of any size."""
        height, width = self.random.choice(((1, 1), (1, 5), (3, 2), (28, 28), (3000, 1)))
        image = QImage(width, height, QImage.Format.Format_RGB32)
        image.fill(self.random.randrange(0xFFFFFF))
        QApplication.clipboard().setImage(image)
        self.window.menus._paste_picture()

    def undo(self):
        """Undo and redo."""
        self.watch.check_undo()
        for _ in range(self.random.randint(1, 4)):
            self.random.choice((self.controller.undo.undo, self.controller.undo.redo))()

    def train(self):
        """Start, queue, pause, continue, stop or cancel a run."""
        c, how = self.controller, self.random.randrange(6)
        c.training.set_draft(self.random.choice(self.recipes))
        if how == 0:
            c.training.enqueue()
        elif how == 1:
            c.training.sweep("objective.beta", (0.5, 2.0))
        elif how == 2 and c.state.training.queue:
            c.training.unqueue(self.random.randrange(len(c.state.training.queue)))
        elif c._worker.running:
            end = self.random.choice(("stop", "cancel", "cancel", "pause", "go_on"))
            getattr(c.training, end)()
        else:
            c.training.start()

    def manage(self):
        """Rename, resume, compare, trash or open runs, or delete one outside the window."""
        c, own = self.controller, [one for one in self._own_runs() if one.is_dir()]
        if not own:
            return
        run = self.random.choice(own)
        how = self.random.choice(("rename", "resume", "compare", "trash", "delete", "open"))
        self.watch.doing = f"manage {how}"
        if how == "rename":
            c.runs.rename(run, self.random.choice(("", "a name", "é" * 90)))
        elif how == "resume":
            c.training.resume(run, self.random.choice((None, 5)))
        elif how == "compare":
            c.runs.compare(tuple(self.random.sample(own, min(len(own), 3))))
        elif how == "trash":
            c.runs.delete(run)
        elif how == "delete" and run != c._worker.folder:
            shutil.rmtree(run, ignore_errors=True)
        else:
            c.runs.open(run)

    def _own_runs(self):
        return sorted(runs().glob("*")) if runs().is_dir() else []

    def take_back(self):
        """Click Undo in the newest message, such as that of a discarded run or an emptied queue."""
        lines = self.window.messages.lines
        if lines and (undo := lines[0].undo).isVisible():
            QTest.mouseClick(undo, LEFT)

    def lay_out(self):
        """Set the layout of the map, or show all codes."""
        layouts = (Layout.PCA, Layout.TSNE, Layout.UMAP)
        if self.random.random() < 0.2:
            self.controller.map.show_all()
        else:
            self.controller.map.lay_out(self.random.choice(layouts))

    def wait(self):
        """Wait for answers."""
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
    Hands.train: 4,
    Hands.manage: 3,
    Hands.take_back: 3,
    Hands.lay_out: 1,
    Hands.wait: 4,
}


def _target(widget):
    """Return the widget that receives the mouse: the viewport of a scroll area."""
    inside = getattr(widget, "viewport", None)
    return inside() if inside else widget


def _is_safe(widget):
    """Return whether a click is safe: it starts no long training and opens no extension."""
    names = {widget.objectName(), getattr(widget, "text", lambda: "")()}
    return not names & {"qt_toolbar_ext_button", "Train", "Add to queue", "Sweep…"}
