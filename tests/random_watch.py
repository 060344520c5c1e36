"""Monitor that records faults of a window during random actions."""

import gc
import os
import sys
import threading
import time
import traceback
from contextlib import ExitStack, contextmanager
from pathlib import Path
from unittest.mock import patch

import psutil
from PySide6.QtCore import QTimer, qInstallMessageHandler
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QMenu, QMessageBox

from latentlab.runs import library as runs
from latentlab.session.belonging import belongs_to_model
from latentlab.session.state import OF_CODES, OF_MODEL
from latentlab.session.undo.snapshot import snapshot

BEAT_MS, LATE = 5, 0.1
OF_THE_PLATFORM = "This plugin does not support"


class Monitor:
    """Records exceptions, failures, Qt warnings, broken invariants and stalls.

    Parameters
    ----------
    controller : Controller
        Controller of the window.
    trash : Path
        Folder that replaces the trash.
    """

    def __init__(self, controller, trash):
        self.controller, self.trash = controller, trash
        self.exceptions, self.failures, self.warnings, self.broken = [], [], [], []
        self.stalls = []
        """Action, wall time and processor time of each stall, in seconds."""
        self.doing = "nothing"
        self._beat = QTimer(interval=BEAT_MS)
        self._beat.timeout.connect(self._on_beat)

    @contextmanager
    def listening(self, choose, leave):
        """Record all faults; `choose` replaces `QMenu.exec`, `leave` closes modal dialogs."""
        stack, nowhere = ExitStack(), ("", "")
        for name in ("getOpenFileName", "getSaveFileName"):
            stack.enter_context(patch.object(QFileDialog, name, lambda *_, **__: nowhere))
        stack.enter_context(patch.object(QFileDialog, "getExistingDirectory", lambda *_, **__: ""))
        stack.enter_context(patch.object(QDesktopServices, "openUrl", lambda *_: True))
        stack.enter_context(patch.object(QMessageBox, "exec", lambda *_: 0))
        stack.enter_context(patch.object(QMenu, "exec", choose))
        stack.enter_context(patch.object(runs, "send2trash", self._throw_away))
        stack.enter_context(patch.object(sys, "excepthook", self.note_exception))
        stack.enter_context(patch.object(threading, "excepthook", self._on_thread_exception))
        stack.callback(qInstallMessageHandler, qInstallMessageHandler(self._on_qt_message))
        leaving = QTimer(interval=50)
        # A modal dialog or menu blocks the next action.
        leaving.timeout.connect(leave)
        leaving.start()
        self.controller.changed.connect(self._on_changed)
        self._last, self._used = time.perf_counter(), time.thread_time()
        self._beat.start()
        with stack:
            yield
        self._beat.stop()
        leaving.stop()
        self.controller.changed.disconnect(self._on_changed)

    def _throw_away(self, folder):
        self.trash.mkdir(exist_ok=True)
        Path(folder).rename(self.trash / f"{time.monotonic_ns()}")

    def note_exception(self, kind, error, trace):
        """Record an uncaught exception."""
        text = "".join(traceback.format_exception(kind, error, trace))
        self.exceptions.append(f"{self.doing}: {text}")

    def _on_thread_exception(self, args):
        self.note_exception(args.exc_type, args.exc_value, args.exc_traceback)

    def _on_qt_message(self, kind, context, text):
        if not text.startswith(OF_THE_PLATFORM):
            self.warnings.append(f"{self.doing}: {text}")

    def _on_changed(self, state, changed):
        if "failure" in changed and state.failure and state.failure.details:
            self.failures.append(f"{self.doing}: {state.failure.details}")
        for what in changed & (OF_MODEL | OF_CODES | state.answers.keys()):
            value = getattr(state, what) if isinstance(what, str) else state.answer(what)
            if (isinstance(what, str) or what.is_about_model()) and not belongs_to_model(
                value, state
            ):
                self.broken.append(f"{self.doing}: {what} belongs to another model")

    def _on_beat(self):
        now, used = time.perf_counter(), time.thread_time()
        if now - self._last > LATE:
            self.stalls.append((self.doing, now - self._last, used - self._used))
        self._last, self._used = now, used

    def _present(self):
        """Return a snapshot of the state and of the settings of panels as they are now."""
        choices = self.controller.undo._choices.items()
        return snapshot(self.controller.state, {name: each.read() for name, each in choices})

    def check_undo(self):
        """Check that undo followed by redo changes nothing."""
        controller = self.controller
        before = self._present()
        if not controller.state.can_undo or before != controller.undo.current:
            return
        controller.undo.undo()
        controller.undo.redo()
        if self._present() != before:
            self.broken.append(f"{self.doing}: undo, then redo, leads elsewhere")

    @property
    def waiting(self):
        """Pending request types; empty some time after the last action.

        Failed requests are excluded: their previous answer stays outdated.
        """
        controller, state = self.controller, self.controller.state
        answered, last = controller.demand._valid_from, controller.demand._last
        failed = {kind for kind in state.awaited if answered.get(kind) == last.get(kind)}
        return {*state.awaited, *state.working} - failed

    @property
    def faults(self):
        """All faults except stalls, which depend on the load of the machine."""
        return [*self.exceptions, *self.failures, *self.warnings, *self.broken]


def resident_mb():
    """Return the resident memory of the process, in megabytes."""
    gc.collect()
    return psutil.Process(os.getpid()).memory_info().rss / 1e6
