"""Stub controller that records calls, and shows any state to a single widget."""

from dataclasses import fields, replace

from PySide6.QtCore import QObject, Signal

from latentlab.session.state import RECORDS, State, changes_between
from latentlab.workers.controller import Controller
from latentlab.workers.demand import Demand
from latentlab.workers.intents.undo import Undo
from latentlab.workers.store import Store
from latentlab.workers.watchers import Watchers

OWN = ("store", "demand", "changed", "undo", "watchers")
"""Parts of the stub that are no recorders."""


class DeafLane(QObject):
    """Lane that never answers."""

    answered = Signal(object)
    progressed = Signal(object)

    def __init__(self, asked):
        super().__init__()
        self.asked = asked

    def submit(self, request):
        self.asked.append(("ask", request))
        return len(self.asked)

    def withdraw(self, kind):
        """Do nothing, since no request was started."""


class DeafTraining(QObject):
    progressed = Signal(object)
    adoptable = Signal(object)
    refused = Signal(str)
    ended = Signal(object, object, bool)


class Recorder:
    """Stub of a topic of the controller; only its real methods can be called."""

    def __init__(self, name, real, asked):
        self._name, self._real, self._asked = name, real, asked

    def __getattr__(self, name):
        if name.startswith("_") or not callable(getattr(self._real, name)):
            raise AttributeError(name)
        if name == "wants":
            return lambda state: ()
        # Signals such as ``clicked`` pass more arguments than the method accepts.
        return lambda *values, **_: self._asked.append(
            (f"{self._name}.{name}", *(v for v in values if v is not False))
        )


class StubController(QObject):
    """``asked`` holds ("topic.method", arguments...), and ("ask", request) for each request."""

    changed = Signal(object, object)

    def __init__(self, **state):
        super().__init__()
        self.asked = []
        self._lane = DeafLane(self.asked)
        self.store = Store(self)
        self.store.state = State(**state)
        self.demand = Demand(self.store, self._lane, self)
        self.undo = Undo(self.store)
        self.ask = self.demand.ask
        self.watchers = Watchers(self)
        self.changed.connect(self.watchers.tell)
        self.store.changed.connect(self.changed)
        real = Controller(DeafLane([]), DeafTraining())
        for name, topic in vars(real).items():
            if name not in (
                "store",
                "demand",
                "changed",
                "undo",
                "watchers",
            ) and not name.startswith("_"):
                setattr(self, name, Recorder(name, topic, self.asked))
        self.store.refuse = Recorder("store", real.store, self.asked).refuse

    @property
    def state(self):
        return self.store.state

    def cancel(self, kind):
        self.asked.append(("cancel", kind))
        self.demand.cancel(kind)

    def show(self, **changes):
        """Change fields of the state, or of its log and its training, and emit `changed`.

        Answers are added to the existing ones.
        """
        old, named = self.state, set(changes)
        for record in RECORDS:
            parts = {each.name for each in fields(getattr(old, record))} & changes.keys()
            if parts:
                known = {name: changes.pop(name) for name in parts}
                changes[record] = replace(getattr(old, record), **known)
        if answers := changes.get("answers"):
            named |= set(answers)
            changes["answers"] = {**old.answers, **answers}
        new = replace(old, **changes)
        self.store.state = replace(new, **self.store.follow(new))
        self.changed.emit(self.state, changes_between(old, self.state) | named)


def discard(widget):
    """Delete a widget, and drop its references from the test."""
    widget.hide()
    widget.deleteLater()
    vars(widget).clear()
