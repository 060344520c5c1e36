"""The window's process: application, controller and main window, wired together here alone."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from latentlab.directories import resources
from latentlab.widgets.kit import theme
from latentlab.widgets.kit.settings import recent
from latentlab.widgets.window.main_window import MainWindow
from latentlab.workers.collector import Collector
from latentlab.workers.controller import Controller
from latentlab.workers.lane import Lane
from latentlab.workers.training import Training

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from latentlab.learning.steering import Controls
    from latentlab.session.request import Request
    from latentlab.session.runs import TrainingJob

FIRST_MODEL = "digits-2d"
PREPARE_MS = 6000
"""Milliseconds after which the window makes ready for the first run."""


def main(path: Path | None = None) -> int:
    """Open the window, with the model at `path` where one is given; return the exit status."""
    if not has_display():
        print(
            "latentlab needs a display to open its window and found none; "
            "without one, use `latentlab demo --out demo` or see `latentlab --help`.",
            file=sys.stderr,
        )
        return 1
    app = make_application()
    window = open_window(path)
    close_when_interrupted(window)
    Collector(window)
    prepare_training_soon(window)
    return app.exec()


def close_when_interrupted(window: MainWindow) -> None:
    """Let Ctrl+C close a window as a person would.

    The signal may come in the middle of anything, such as an import that a thread waits for
    which closing would wait for: so it is only noted, and looked at between two events. That
    also lets Python see it, which handles none while Qt's loop rests.
    """
    interrupted = Event()
    signal.signal(signal.SIGINT, lambda *_: interrupted.set())
    pulse = QTimer(window)
    pulse.timeout.connect(lambda: window.close() if interrupted.is_set() else None)
    pulse.start(300)


def has_display() -> bool:
    """Say whether a window can be opened."""
    if sys.platform in ("win32", "darwin") or os.environ.get("QT_QPA_PLATFORM"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def make_application() -> QApplication:
    """Return the application, dressed."""
    # Training shares the interpreter with the window: let it hold that for 1 ms, not 5.
    sys.setswitchinterval(0.001)
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    app.setApplicationName("latentlab")
    app.setDesktopFileName("latentlab")
    app.setWindowIcon(QIcon(str(resources() / "icons" / "latentlab.png")))
    theme.apply(app)
    return app


def open_window(path: Path | None = None) -> MainWindow:
    """Make the main window with its workers, show it and open a model in it."""
    controller = Controller(Lane(make_answerer), Training(train))
    window = MainWindow(controller)
    window.show()
    # The lane loads torch, which takes seconds of the processor: let the window stand first.
    shipped = resources() / "models" / FIRST_MODEL
    first = path or next((path for path in map(Path, recent()) if path.is_dir()), shipped)
    QTimer.singleShot(0, window, lambda: controller.start(first, shipped))
    return window


def prepare_training_soon(window: MainWindow) -> None:
    """Have the process that runs will come from load what they need, once the window is at rest."""

    def prepare() -> None:
        from latentlab.runs import training_process

        training_process.prepare()

    # Qt keeps a thread's own method weakly: the thread would be gone before it began.
    QTimer.singleShot(PREPARE_MS, window, lambda: Thread(target=prepare, daemon=True).start())


def make_answerer() -> Callable[[Request[Any]], object]:
    """Make an explorer and return what answers with it.

    Runs on the lane's thread, since this is what loads torch.
    """
    from latentlab.explorer.answer import Answerer

    return Answerer()


def train(order: TrainingJob, controls: Controls) -> Generator[object]:
    """Train, in a process of its own; runs on the job's thread, since this is what loads torch."""
    from latentlab.runs import training_process

    return training_process.train(order, controls)
