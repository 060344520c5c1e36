"""Log of the program: a rotating file in the user's folder, and the last actions in memory.

Nothing is sent anywhere. A folder that cannot be written only means that there is no file.
"""

from __future__ import annotations

import faulthandler
import logging
import os
import sys
import threading
from collections import deque
from contextlib import suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TYPE_CHECKING, Any, override

from latentlab.directories import home

if TYPE_CHECKING:
    from types import TracebackType

FOLDER, FILE, CRASHES = "logs", "latentlab.log", "crashes.txt"
MAX_BYTES = 512 << 10
"""Size of a file, in bytes, after which a new one is begun."""
KEPT_FILES = 2
"""Number of full files that are kept beside the present one."""
MAX_ACTIONS = 100
FORMAT = "%(asctime)s %(process)d %(levelname)s %(message)s"
LOG = logging.getLogger("latentlab")
ACTIONS = logging.getLogger("latentlab.actions")
"""What a person did in the window, as names of requests without their content."""


class _File(RotatingFileHandler):
    """File that is made with the first line, and whose errors are no errors of the program."""

    @override
    def _open(self) -> Any:
        Path(self.baseFilename).parent.mkdir(parents=True, exist_ok=True)
        return super()._open()

    @override
    def handleError(self, record: logging.LogRecord) -> None:
        """Do nothing: the disk may be full."""


class _Last(logging.Handler):
    """The last lines, in memory."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: deque[str] = deque(maxlen=MAX_ACTIONS)
        self.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))

    @override
    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


_last = _Last()


def start_logging(*, is_window: bool = False) -> None:
    """Begin to log, also errors that nothing handles, and crashes of the window's process."""
    if not LOG.handlers:
        file = _File(log_file(), "a", MAX_BYTES, KEPT_FILES, "utf-8", delay=True, errors="replace")
        file.setFormatter(logging.Formatter(FORMAT))
        LOG.addHandler(file)
        LOG.setLevel(logging.INFO)
        ACTIONS.addHandler(_last)
        _hook_exceptions()
    if is_window and not faulthandler.is_enabled():
        with suppress(OSError):
            crashes = log_file().with_name(CRASHES)
            crashes.parent.mkdir(parents=True, exist_ok=True)
            # Open until the process ends.
            faulthandler.enable(os.open(crashes, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600))


def log_file() -> Path:
    """Return the path of the present log file."""
    return home() / FOLDER / FILE


def last_actions() -> tuple[str, ...]:
    """Return the last actions in this window, oldest first."""
    return tuple(_last.lines)


def end_of_log(most: int) -> str:
    """Return the last `most` characters of the log, from the start of a line; empty without one."""
    try:
        with log_file().open("rb") as file:
            file.seek(max(0, file.seek(0, 2) - most))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    return text if len(text) < most else text.partition("\n")[2]


def _hook_exceptions() -> None:
    """Log errors that nothing handles, then do what was done before."""
    before, before_in_thread = sys.excepthook, threading.excepthook

    def log(kind: type[BaseException], error: BaseException, where: TracebackType | None) -> None:
        if not issubclass(kind, KeyboardInterrupt):
            LOG.critical("An error was not handled", exc_info=(kind, error, where))
        before(kind, error, where)

    def log_in_thread(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            found = (args.exc_type, args.exc_value, args.exc_traceback)
            LOG.critical("An error in a thread was not handled", exc_info=found)
        before_in_thread(args)

    sys.excepthook, threading.excepthook = log, log_in_thread
