"""Window process: creates and connects the application, controller and main window."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from latentlab.atomic_write import check_writable
from latentlab.directories import home, resources
from latentlab.errors import RunError
from latentlab.log_file import start_logging
from latentlab.runs.stop_signals import handle_stop_signals
from latentlab.widgets.kit import theme
from latentlab.widgets.kit.settings import recent, settings
from latentlab.widgets.window.main_window import MainWindow
from latentlab.workers.collector import Collector
from latentlab.workers.controller import Controller
from latentlab.workers.lane import Lane
from latentlab.workers.training import Training

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from latentlab.errors import LatentlabError
    from latentlab.learning.steering import Controls
    from latentlab.session.request import Request
    from latentlab.session.runs import TrainingJob

FIRST_MODEL = "digits-2d"
KEEP_SESSION_MS = 20_000
"""Interval in milliseconds at which the scene is kept."""
PREPARE_MS = 6000
"""Delay in milliseconds before the training process is prepared."""


def main(path: Path | None = None) -> int:
    """Open the window, with the model at `path` if given, and return the exit status."""
    if not has_display():
        print(
            "latentlab needs a display to open its window and found none; "
            "without one, use `latentlab demo --out demo` or see `latentlab --help`.",
            file=sys.stderr,
        )
        return 1
    start_logging(is_window=True)
    problem = startup_problem()
    app = make_application()
    # `recent` lists this model once it is open.
    is_first_start = path is None and not recent()
    window = open_window(path)
    if problem:
        message, advice = problem.message, problem.advice
        QTimer.singleShot(0, window, lambda: window.controller.store.refuse(message, advice))
    if is_first_start:
        QTimer.singleShot(0, window, window.show_welcome)
    close_when_interrupted(window)
    Collector(window)
    keep_session(window)
    prepare_training_soon(window)
    return app.exec()


def keep_session(window: MainWindow) -> None:
    """Offer the scene of a window that crashed, and keep the scene of this one every while."""
    scene = window.controller.scene
    try:
        last = scene.last_session()
    except OSError:
        return  # the user's folder cannot be written, which the first run will tell
    if last:
        window.menus.scenes.offer_session(last)
    timer = QTimer(window)
    timer.timeout.connect(scene.keep_session)
    timer.start(KEEP_SESSION_MS)


def startup_problem() -> LatentlabError | None:
    """Return what is wrong with the user's folder or settings, which are set aside; else None."""
    try:
        check_writable(home())
    except RunError as error:
        return RunError(error.message, "Settings, runs and bookmarks are not kept until it can be.")
    return settings().problem


def close_when_interrupted(window: MainWindow) -> None:
    """Close the window on Ctrl+C, SIGTERM and SIGHUP; a run is stopped and kept.

    The handler only sets a flag, which a timer polls: closing the window inside the handler could
    deadlock, for example with a thread that waits for an import. The timer also lets Python run
    the handler, which it cannot do while Qt's event loop is idle.
    """
    interrupted = Event()
    handle_stop_signals(lambda *_: interrupted.set())
    pulse = QTimer(window)
    pulse.timeout.connect(lambda: window.end() if interrupted.is_set() else None)
    pulse.start(300)


def has_display() -> bool:
    """Return whether a display is available."""
    if sys.platform in ("win32", "darwin") or os.environ.get("QT_QPA_PLATFORM"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def make_application() -> QApplication:
    """Return the application with its name, icon and theme."""
    # Worker threads share the interpreter lock with the window: switch after 1 ms instead of 5.
    sys.setswitchinterval(0.001)
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    app.setApplicationName("latentlab")
    app.setDesktopFileName("latentlab")
    app.setWindowIcon(QIcon(str(resources() / "icons" / "latentlab.png")))
    theme.apply(app)
    return app


def open_window(path: Path | None = None) -> MainWindow:
    """Create and show the main window with its workers, and open a model."""
    controller = Controller(Lane(make_answerer), Training(train))
    window = MainWindow(controller)
    window.show()
    # The lane imports torch, which takes seconds of CPU time: show the window first.
    shipped = resources() / "models" / FIRST_MODEL
    first = path or next((path for path in map(Path, recent()) if path.is_dir()), shipped)
    QTimer.singleShot(0, window, lambda: controller.start(first, shipped))
    return window


def prepare_training_soon(window: MainWindow) -> None:
    """Start the training process and its imports after `PREPARE_MS`."""

    def prepare() -> None:
        from latentlab.runs import training_process

        training_process.start_fork_server()

    # Qt holds bound methods weakly: with `thread.start` the thread would be deleted before it runs.
    QTimer.singleShot(PREPARE_MS, window, lambda: Thread(target=prepare, daemon=True).start())


def make_answerer() -> Callable[[Request[Any]], object]:
    """Return the answerer of requests; runs in the lane's thread because it imports torch."""
    from latentlab.explorer.answer import Answerer

    return Answerer()


def train(order: TrainingJob, controls: Controls) -> Generator[object]:
    """Train in a separate process; runs in the job's thread because it imports torch."""
    from latentlab.runs import training_process

    return training_process.train(order, controls)
