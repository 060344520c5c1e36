"""A controller that only remembers what it was asked for: shows any state to a single widget."""

from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from latentlab.session.state import State
from latentlab.workers.controller import Controller


class StubController(QObject):
    """``asked`` holds (method, arguments...); only what the real one can do may be asked."""

    changed = Signal(object, object)

    def __init__(self, **state):
        super().__init__()
        self.state = State(**state)
        self.asked = []

    def __getattr__(self, name):
        if name.startswith("_") or not hasattr(Controller, name):
            raise AttributeError(name)
        # Signals such as ``clicked`` send more than the method takes.
        return lambda *values, **_: self.asked.append(
            (name, *(v for v in values if v is not False))
        )

    def look(self, viewer, kinds, *, visible):
        """Panels say all the time what they show."""

    def show(self, **changes):
        self.state = replace(self.state, **changes)
        names = {*changes, "is_training"} if "run" in changes else changes
        self.changed.emit(self.state, frozenset(names))


def discard(widget):
    """Take a widget away, with all that the test still names of it."""
    widget.hide()
    widget.deleteLater()
    vars(widget).clear()
