"""A stage: a real window with its own home and models, on which a person's actions are done."""

import atexit
import gc
import os
import shutil
import sys
import tempfile
import threading
import time
import traceback
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from unittest.mock import patch

from gui_support import Desk, living, wait
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QDesktopServices, QDrag
from PySide6.QtWidgets import QMenu, QWidget
from window_machine.answers import Answers
from window_machine.at_rest import at_rest
from window_machine.files import break_run, make_files, make_runs
from window_machine.one_z import one_z
from window_machine.watch import Monitor

from latentlab import app as program
from latentlab.directories import resources, runs
from latentlab.runs import library
from latentlab.widgets.kit import theme
from latentlab.widgets.window.dock import Dock

SHIPPED = ("digits-2d", "digits-cvae")
MOMENT_MS = 3
"""Time after each action in which the window does what it does of itself."""
REST_S = 30
"""Longest time that is waited until all requests are answered, or all threads have ended."""


@cache
def prepared():
    """Make the runs and the files that are opened and dropped, once; return their folder."""
    folder = Path(tempfile.mkdtemp(prefix="latentlab-window-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    runs = make_runs(folder / "models")
    break_run(runs[0], folder / "models")
    make_files(folder / "files")
    return folder


class Stage:
    """A new window in an empty home, and what is heard of its faults.

    Parameters
    ----------
    limit_ms : int, optional
        Processor time of the window's thread without an event, above which it is a fault.
    """

    def __init__(self, limit_ms=None):
        self._limit_ms = limit_ms
        self._folder = Path(tempfile.mkdtemp(prefix="latentlab-stage-"))
        self._stack = ExitStack()
        home = {"LATENTLAB_HOME": str(self._folder / "home")}
        self._stack.enter_context(patch.dict(os.environ, home))
        copy = self._folder / "opened"
        # Bookmarks and directions are written into the folder of a run.
        shutil.copytree(prepared(), copy)
        shipped = [resources() / "models" / name for name in SHIPPED]
        self.models = [*shipped, *sorted((copy / "models").glob("run *")), copy / "models" / "cut"]
        self.models += [copy / "models" / "wrong", copy / "models" / "empty"]
        self.files = sorted((copy / "files").iterdir())
        self.steps = []
        self.answers = Answers(self.files, self._folder, self.say)
        self._before = living()
        self.desk = Desk(program.open_window(self.models[0]))
        program.Collector(self.desk.window)
        self.watch = Monitor(self.desk.controller)
        self._listen()
        self.desk.settle()

    def _listen(self):
        stack = self._stack
        stack.enter_context(self.answers.naming_files())
        stack.enter_context(patch.object(QDesktopServices, "openUrl", lambda *_: True))
        stack.enter_context(patch.object(library, "send2trash", self._throw_away))
        # The hand of a test cannot let go in the loop of a drag out of the window.
        stack.enter_context(patch.object(QDrag, "exec", lambda *_: Qt.DropAction.IgnoreAction))
        stack.enter_context(self.watch.listening())

    def _throw_away(self, folder):
        trash = self._folder / "trash"
        trash.mkdir(exist_ok=True)
        Path(folder).rename(trash / f"{time.monotonic_ns()}")

    # The parts of the window

    @property
    def window(self):
        return self.desk.window

    @property
    def controller(self):
        return self.desk.controller

    @property
    def state(self):
        return self.desk.controller.state

    @property
    def hand(self):
        return self.desk.hand

    def seen(self, *kinds):
        """Return the enabled widgets of some classes that are seen, in their order of making."""
        return [
            widget
            for widget in self.window.findChildren(QWidget)
            if isinstance(widget, kinds)
            and widget.isVisible()
            and widget.isEnabled()
            and not widget.visibleRegion().isEmpty()
        ]

    def pick(self, nth, found):
        """Return one of those found, and name it in the steps; None if there is none."""
        if not found:
            self.say("nothing")
            return None
        chosen = found[nth % len(found)]
        self.say(name_of(chosen))
        return chosen

    def say(self, what):
        """Add to the present step what it turns out to do."""
        self.steps[-1] += f"  # {what}"
        self.watch.doing += f" {what}"

    @staticmethod
    def place(widget, across, down):
        """Return a place in what is seen of a widget, from its edges in percent."""
        room = widget.visibleRegion().boundingRect()
        x = room.left() + across * (room.width() - 1) // 100
        place = QPoint(x, room.top() + down * (room.height() - 1) // 100)
        region = widget.visibleRegion()
        return place if region.contains(place) else next(iter(region)).center()

    def own_runs(self):
        """Return the folders of the runs that were trained on this stage."""
        return sorted(runs().glob("*")) if runs().is_dir() else []

    # Doing

    def do(self, act, **values):
        """Do an action; what is open above the window is left first."""
        given = ", ".join(f"{name}={value!r}" for name, value in values.items())
        self.steps.append(f"{act.__name__}({given})")
        self.watch.doing = act.__name__
        self.answers.leave()
        try:
            with self.answers.given():
                act(self, **values)
                wait(MOMENT_MS)
        except Exception:
            self.watch.note_exception(*sys.exc_info())

    def rest(self):
        """Wait until all requests are answered, and check what must hold then."""
        end = time.monotonic() + REST_S
        # A current run and the playback of a path send requests all the time.
        while time.monotonic() < end and not self.state.is_training:
            wait(4)
            if not self.desk._ear.open and not self.controller.demand._held:
                for problem in at_rest(self.desk, self.watch.failed):
                    self.watch.note("rest", problem)
                return

    # Faults

    def check(self):
        """Record what is not as it must always be; raise the first fault."""
        for problem in one_z(self.desk):
            self.watch.note("z", problem)
        for stall in self.watch.stalls:
            if self._limit_ms and stall.own > self._limit_ms:
                self.watch.note("stall", f"{stall.own} ms of {stall.clock} ms: {stall.doing}")
        self._raise()

    def _raise(self):
        if self.watch.faults:
            raise failure_of(self.watch.faults[0].key)(self.told())

    def told(self):
        """Return the steps and the faults as text."""
        steps = (f"{number}. {step}" for number, step in enumerate(self.steps, 1))
        return "\n".join(["", *steps, "", *map(str, self.watch.faults)])

    def close(self):
        """Close the window in whatever state it is; say what it has left."""
        watch, has_failed = self.watch, bool(self.watch.faults)
        watch.doing = "close"
        self.answers.leave()
        self.desk.clear()
        self._stack.close()
        del watch.controller
        theme.choose(Qt.ColorScheme.Unknown)
        shutil.rmtree(self._folder, ignore_errors=True)
        # The traceback of a fault keeps all that it names alive.
        if not has_failed:
            self._note_left()
            self._raise()

    def _note_left(self):
        gc.collect()
        # A computation that was given up, such as a clustering, still runs to its end.
        end = time.monotonic() + REST_S
        while time.monotonic() < end and set(threading.enumerate()) - self._before:
            wait(20)
        gc.collect()
        left = [each for each in living() - self._before if not is_of_plot(each)]
        if left:
            self.watch.note("left", "\n".join(map(left_over, left)))


def name_of(widget):
    """Return a name for a widget, or whatever it is, that a person understands."""
    if not isinstance(widget, QWidget):
        return str(widget)
    text = getattr(widget, "text", getattr(widget, "title", ""))
    own = widget.accessibleName() or (text() if callable(text) else "") or widget.objectName()
    parent = widget
    while parent and not isinstance(parent, Dock):
        parent = parent.parentWidget()
    where = f" of {parent.panel.title}" if parent else ""
    return f"{type(widget).__name__} “{own}”{where}"


def is_of_plot(what):
    """Return whether something is the menu of a plot of pyqtgraph.

    PySide keeps the Python half of a plot, and so its menu, if a test asked it for its viewport
    after the window had listed its children. The window itself is gone.
    """
    return isinstance(what, QMenu) and what.title() == "Plot Options"


def left_over(what):
    """Return the name of what a window has left, and where a thread is."""
    frame = sys._current_frames().get(getattr(what, "ident", None))
    return "".join([*(traceback.format_stack(frame) if frame else ()), name_of(what)])


class WindowFault(AssertionError):
    """Something went wrong in the window; the text has the actions that led to it."""

    key = ()


@cache
def failure_of(key):
    """Return the class of a fault: of its own, so that one is not shrunk to another."""
    return type("WindowFault", (WindowFault,), {"key": key})
