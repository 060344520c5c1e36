"""Monitor that records the faults of a window: exceptions, failures, warnings, lost invariants."""

import gc
import os
import sys
import threading
import time
import traceback
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from unittest.mock import patch

import psutil
from PySide6.QtCore import QTimer, qInstallMessageHandler

from latentlab.session.belonging import belongs_to_model
from latentlab.session.state import OF_CODES, OF_MODEL
from latentlab.session.undo.snapshot import snapshot
from latentlab.workers.memory import trim_memory

BEAT_MS, LATE = 5, 0.1
OF_THE_TEST = ("This plugin does not support", "Mouse event at")
"""Starts of warnings of the offscreen platform, and of a mouse that leaves its window."""


@dataclass(frozen=True)
class Fault:
    """What went wrong: kind and details; `key` is the same for the same fault of two runs."""

    kind: str
    details: str

    @property
    def key(self):
        return self.kind, self.details.strip().splitlines()[-1]

    def __str__(self):
        return f"{self.kind}: {self.details}"


@dataclass(frozen=True)
class Stall:
    """A time in which the window's thread heard nothing, in milliseconds.

    `own` is its processor time, which does not depend on the load of the machine.
    """

    doing: str
    clock: int
    own: int


class Monitor:
    """Records what goes wrong in the window of a controller.

    Parameters
    ----------
    controller : Controller
        Controller of the window.
    """

    def __init__(self, controller):
        self.controller = controller
        self.faults, self.stalls = [], []
        self.failed = set()
        """Kinds of request whose last answer was a failure: they stay awaited."""
        self.doing = "nothing"
        self._last = self._used = 0.0

    @contextmanager
    def listening(self):
        """Record all faults meanwhile."""
        beat = QTimer(interval=BEAT_MS)
        beat.timeout.connect(self._on_beat)
        self.controller.changed.connect(self._on_changed)
        self.controller._lane.answered.connect(self._on_answered)
        with ExitStack() as stack:
            stack.enter_context(patch.object(sys, "excepthook", self.note_exception))
            stack.enter_context(patch.object(threading, "excepthook", self._on_thread_exception))
            stack.callback(qInstallMessageHandler, qInstallMessageHandler(self._on_qt_message))
            self._last, self._used = time.perf_counter(), time.thread_time()
            beat.start()
            yield
            beat.stop()
        self.controller.changed.disconnect(self._on_changed)
        self.controller._lane.answered.disconnect(self._on_answered)

    def note(self, kind, details):
        """Record a fault."""
        self.faults.append(Fault(kind, details))

    def note_exception(self, kind, error, trace):
        """Record an uncaught exception."""
        self.note("exception", "".join(traceback.format_exception(kind, error, trace)))

    def _on_thread_exception(self, args):
        self.note_exception(args.exc_type, args.exc_value, args.exc_traceback)

    def _on_qt_message(self, kind, context, text):
        if not text.startswith(OF_THE_TEST):
            self.note("Qt", text)

    def _on_answered(self, answer):
        kind = {type(answer.request)}
        self.failed = self.failed | kind if answer.failure else self.failed - kind

    def _on_changed(self, state, changed):
        if "failure" in changed and state.failure and state.failure.details:
            self.note("failure", state.failure.details)
        for what in changed & (OF_MODEL | OF_CODES | state.answers.keys()):
            value = getattr(state, what) if isinstance(what, str) else state.answer(what)
            if (isinstance(what, str) or what.is_about_model()) and not belongs_to_model(
                value, state
            ):
                self.note("state", f"{what} belongs to another model")

    def _on_beat(self):
        now, used = time.perf_counter(), time.thread_time()
        if now - self._last > LATE:
            times = now - self._last, used - self._used
            self.stalls.append(Stall(self.doing, *(round(1000 * each) for each in times)))
        self._last, self._used = now, used

    def present(self):
        """Return a snapshot of the state and of the settings of panels as they are now."""
        choices = self.controller.undo._choices.items()
        return snapshot(self.controller.state, {name: each.read() for name, each in choices})


def resident_mb():
    """Return the resident memory of the process, in megabytes, trimmed as in a window at rest."""
    gc.collect()
    trim_memory()
    return psutil.Process(os.getpid()).memory_info().rss / 1e6
