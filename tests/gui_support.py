"""What the tests of the window share: a hand for mouse and keyboard, and a watch for leaks.

``QTest.qWait`` holds Python's lock while it waits, so that worker threads starve: wait with
``until``, which runs an event loop as the program does.
"""

import gc
import os
import sys
import threading
import time
from pathlib import Path
from weakref import WeakSet, ref

import pytest
from PySide6.QtCore import (
    QCoreApplication,
    QEvent,
    QEventLoop,
    QMimeData,
    QPoint,
    QPointF,
    Qt,
    QThread,
    QTimer,
    QUrl,
)
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMainWindow, QStyle, QStyleOptionSlider, QWidget
from shiboken6 import isValid

from latentlab.session.export import DescribeForm

# Without more words, the screen of Qt's offscreen platform is smaller than the window.
if os.environ.get("QT_QPA_PLATFORM", "offscreen") == "offscreen":
    SCREEN = Path(__file__).with_name("screen.json")
    # On Windows the colon of a drive would end the option.
    OPTION = "" if sys.platform == "win32" else f":configfile={SCREEN}"
    os.environ["QT_QPA_PLATFORM"] = f"offscreen{OPTION}"

COPY = Qt.DropAction.CopyAction
LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
PLAIN = Qt.KeyboardModifier.NoModifier
SECONDS = 30
PATIENCE = 2.0
BETWEEN_MOVES_MS = 12
"""pyqtgraph leaves out moves that come faster than a hand makes them."""

TINY = {
    "model": {"kind": "vae", "hidden": [16], "latent_dim": 2},
    "data": {"kind": "digits"},
    "training": {"epochs": 100_000, "batch_size": 1000, "device": "cpu", "seed": 0},
}
"""A recipe that shows something within a moment and would go on for ever."""


def wait(milliseconds):
    """Run the event loop for a while, as the program does."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def run_until(condition):
    """Run the event loop until a condition holds; fails where it never does."""
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end, "it never came to that"
        wait(4)


def handle_of(slider):
    """Return where the handle of a slider is."""
    option = QStyleOptionSlider()
    slider.initStyleOption(option)
    part = QStyle.SubControl.SC_SliderHandle
    style = slider.style()
    rect = style.subControlRect(QStyle.ComplexControl.CC_Slider, option, part, slider)
    return rect.center()


def actions_of(menu):
    """Return the actions of a menu, which it may list only when it opens."""
    menu.aboutToShow.emit()
    return menu.actions()


class Hand:
    """Points, presses and types at a window as a person does, through the window system."""

    def __init__(self, window: QMainWindow):
        self.window = window

    def _place(self, widget: QWidget, place: QPoint | QPointF | None) -> QPoint:
        inside = widget.rect().center() if place is None else QPointF(place).toPoint()
        assert widget.visibleRegion().contains(inside), f"{inside} of {widget} cannot be seen"
        return widget.mapTo(widget.window(), inside)

    def move(self, widget, place=None):
        wait(BETWEEN_MOVES_MS)
        QTest.mouseMove(widget.window().windowHandle(), self._place(widget, place))

    def press(self, widget, place=None, button=LEFT, modifier=PLAIN):
        handle = widget.window().windowHandle()
        QTest.mousePress(handle, button, modifier, self._place(widget, place))

    def release(self, widget, place=None, button=LEFT, modifier=PLAIN):
        handle = widget.window().windowHandle()
        QTest.mouseRelease(handle, button, modifier, self._place(widget, place))

    def click(self, widget, place=None, button=LEFT, modifier=PLAIN):
        self.move(widget, place)
        self.press(widget, place, button, modifier)
        self.release(widget, place, button, modifier)

    def double_click(self, widget, place=None):
        """Press, release, press and release: the first click is one as any other."""
        self.move(widget, place)
        QTest.mouseDClick(widget.window().windowHandle(), LEFT, PLAIN, self._place(widget, place))

    def drag(self, widget, start, end, steps=8):
        """Press at `start` and move to `end`, yielding after each move; then let go."""
        start, end = QPointF(start), QPointF(end)
        self.move(widget, start)
        self.press(widget, start)
        for i in range(1, steps + 1):
            self.move(widget, start + (end - start) * (i / steps))
            yield
        self.release(widget, end)

    def key(self, key, modifier=PLAIN):
        QTest.keyClick(self.window.windowHandle(), key, modifier)

    def type(self, text):
        for letter in text:
            QTest.keyClick(self.window.windowHandle(), letter)


def drop(widget, *urls):
    """Drag over a widget and let go, as the window system tells it; say whether it was taken."""
    data = QMimeData()
    data.setUrls([url if isinstance(url, QUrl) else QUrl.fromLocalFile(str(url)) for url in urls])
    window = widget.window()
    place = widget.mapTo(window, widget.rect().center())
    enter = QDragEnterEvent(place, COPY, data, LEFT, PLAIN)
    QApplication.sendEvent(window.windowHandle(), enter)
    move = QDragMoveEvent(place, COPY, data, LEFT, PLAIN)
    if enter.isAccepted():
        move.setDropAction(enter.dropAction())
        move.accept()
    QApplication.sendEvent(window.windowHandle(), move)
    if not move.isAccepted():
        QApplication.sendEvent(window.windowHandle(), QDragLeaveEvent())
        return False
    let_go = QDropEvent(QPointF(place), COPY, data, LEFT, PLAIN)
    QApplication.sendEvent(window.windowHandle(), let_go)
    return let_go.isAccepted()


class Ear:
    """Hears which questions the lane has not answered yet."""

    def __init__(self, lane):
        self.open = {}
        submit, withdraw = lane.submit, lane.withdraw

        def heard_submit(request):
            number = submit(request)
            # Files are all written; of other requests the newest of a kind is answered.
            self.open[number if request.writes else type(request)] = number
            return number

        def heard_withdraw(kind):
            self.open.pop(kind, None)
            withdraw(kind)

        lane.submit, lane.withdraw = heard_submit, heard_withdraw
        lane.answered.connect(self.on_answered)

    def on_answered(self, answer):
        self.open = {place: n for place, n in self.open.items() if n != answer.number}


class Desk:
    """A main window on a desk: its state, its panels, and a hand to use them with.

    A panel may be built only when it comes to the front or a test names it, not one after another
    as in the program: a test needs few of them, and most of a window's time is theirs.
    """

    def __init__(self, window: QMainWindow):
        self.window, self.controller = window, window.controller
        self.hand = Hand(window)
        self._ear = Ear(window.controller._lane)

    def show(self, built):
        """Show the window; of its panels build only those named, or all where it is None."""
        self.window.show()
        if built is None:
            # Those of other workspaces too, which the program builds when they are shown.
            for dock in self.window.docks.values():
                dock.build()
            return
        window, wanted = self.window, [self.window.docks[key] for key in built]
        unbuilt = type(window).unbuilt
        # Weakly: a function that names its window would keep it for good.
        itself = ref(window)
        window.unbuilt = lambda: [dock for dock in unbuilt(itself()) if dock in wanted]

    @property
    def state(self):
        return self.controller.state

    def panel(self, key):
        dock = self.window.docks[key]
        if dock.isHidden():
            self.go(next(iter(dock.panel.places)))
        if not dock.is_built:
            dock.build()
            self.settle()
        return dock.build()

    def go(self, workspace):
        """Show a workspace, and wait until it is laid out."""
        self.controller.workspaces.go(workspace)
        self.settle()
        wait(BETWEEN_MOVES_MS)

    def toured(self):
        """Show each workspace once: what Qt makes at the first showing is no leak of a test."""
        for _ in self.tour():
            pass
        self.go("explore")
        return self

    def tour(self):
        """Show one workspace after another; yield the keys of the panels that each shows."""
        for workspace in self.window.workspaces.all():
            self.go(workspace.key)
            yield self.window.workspaces.contents()

    until = staticmethod(run_until)

    def settle(self):
        """Wait until all panels are there and every question is answered."""
        self.until(
            lambda: self.state.answer(DescribeForm) and not self._ear.open and self._stands()
        )
        QApplication.processEvents()  # the layout may still be pending

    def _stands(self) -> bool:
        # Qt shows a panel a moment after it was built.
        docks = [dock for dock in self.window.docks.values() if dock._inside and dock._in_front]
        shown = (
            dock._inside.isVisible() or dock.reason.isVisible()
            for dock in docks
            if dock.isVisible()
        )
        return all(shown) and not self.window.unbuilt()

    def to_front(self):
        """Make it the active window: shortcuts and focus are that one's alone."""
        self.until(lambda: self.window.isActiveWindow() or self.window.activateWindow())

    @property
    def map(self):
        return self.panel("map").plot

    def pixel_of(self, x, y) -> QPoint:
        """Return where on the map's widget a point of the latent plane lies, from its axes."""
        (left, right), (low, high) = self.map.viewRange()
        room = self.map.getViewBox().sceneBoundingRect()
        across = room.left() + (x - left) / (right - left) * room.width()
        down = room.bottom() - (y - low) / (high - low) * room.height()
        return QPointF(across, down).toPoint()

    def place_of(self, pixel) -> tuple[float, float]:
        """Return which point of the latent plane a pixel of the map's widget is."""
        (left, right), (low, high) = self.map.viewRange()
        room = self.map.getViewBox().sceneBoundingRect()
        x = left + (pixel.x() - room.left()) / room.width() * (right - left)
        y = low + (room.bottom() - pixel.y()) / room.height() * (high - low)
        return x, y

    @property
    def pixel_size(self) -> float:
        """Return how much of the latent plane a pixel of the map covers."""
        (left, right), _ = self.map.viewRange()
        return (right - left) / self.map.getViewBox().sceneBoundingRect().width()

    def clear(self):
        """Take the window away with all its workers, whatever they are doing."""
        if not vars(self):
            return
        self.controller.close()
        self.window.hide()
        self.window.deleteLater()
        # The desk outlives its test inside pytest; what stood on it must not.
        vars(self).clear()
        deliver()


STARTED = WeakSet()
"""Qt's threads that were started: to look for them among all objects takes long."""


def start_and_note(thread, *priority, start=QThread.start):
    """Start a thread and remember it."""
    STARTED.add(thread)
    start(thread, *priority)


QThread.start = start_and_note


def deliver():
    """Deliver what worker threads have sent, and delete what waits for it."""
    QCoreApplication.sendPostedEvents()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def living() -> set[object]:
    """Return the widgets without a parent, and the Qt and Python threads that run."""
    deliver()
    running = [thread for thread in STARTED if isValid(thread) and thread.isRunning()]
    alone = [widget for widget in QApplication.topLevelWidgets() if not widget.parentWidget()]
    return {*alone, *threading.enumerate(), *running}


def freeze():
    """Take what is there out of the garbage collector's sight, which makes it quick."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def frozen():
    """Take what is loaded so far out of the garbage collector's sight."""
    freeze()


@pytest.fixture(autouse=True)
def no_leaks(request, qapp, frozen):
    """Fail a test that leaves a window, a widget without a parent, or a thread behind."""
    before, failed = living(), request.session.testsfailed
    # Collected on a worker's thread, Qt's objects would leave their timers behind.
    gc.disable()
    yield
    # What the test has made is all young yet, and so is soon collected.
    gc.collect(0)
    gc.enable()
    # The traceback of a failed test keeps all that it names alive.
    left = living() - before if request.session.testsfailed == failed else set()
    end = time.monotonic() + PATIENCE
    while left and time.monotonic() < end:
        # What waits for the collector is no leak, unless it is named here meanwhile; and a thread
        # that has done its work may still be on its way out.
        left = set()
        gc.collect()
        left = living() - before
        if left:
            time.sleep(0.05)
    assert not left, f"left behind: {left}"


@pytest.fixture
def refrozen(frozen):
    """Freeze again what a `Collector` unfreezes when its window is deleted."""
    yield
    deliver()
    freeze()


@pytest.fixture
def built(request):
    """Return the panels that a window builds by itself; None means all, as in the program.

    A module that needs others names them in `BUILT`.
    """
    return getattr(request.module, "BUILT", ("map", "image"))


@pytest.fixture
def until():
    """See `run_until`."""
    return run_until


@pytest.fixture(scope="session")
def application(qapp):
    """The application, dressed as the program dresses it."""
    from latentlab.app import make_application

    return make_application()
