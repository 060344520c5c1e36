"""Controller with a lane and a training that the test drives by hand."""

from pathlib import Path

import numpy as np
import pytest
import toy
from PySide6.QtCore import QObject, Signal

from latentlab.session import wants
from latentlab.session.map import ComputeMeasure
from latentlab.session.model import Adopt
from latentlab.session.runs import Run, RunLog
from latentlab.workers.controller import Controller
from latentlab.workers.job import Outcome
from latentlab.workers.lane import Answer

RUN = Path("/runs/new")


class HandLane(QObject):
    """Lane that keeps requests until the test answers them."""

    answered = Signal(object)
    progressed = Signal(object)

    def __init__(self):
        super().__init__()
        self.number, self.asked, self.open, self.lab = 0, [], {}, toy.ToyLab()
        self.withdrawn = {}

    def submit(self, request):
        self.number += 1
        self.asked.append(request)
        self.open[self.number] = request
        return self.number

    def withdraw(self, kind):
        """Withdraw requests; they can still be answered, as if they had already started."""
        self.withdrawn |= {n: each for n, each in self.open.items() if type(each) is kind}
        self.open = {n: each for n, each in self.open.items() if type(each) is not kind}

    def leave_time(self, share):
        self.share = share

    def close(self):
        self.open.clear()

    def answer(self, number, failure=None):
        request = self.open.pop(number, None) or self.withdrawn.pop(number)
        response = None if failure else self.lab(request)
        self.answered.emit(Answer(number, request, response, failure))

    def answer_all(self):
        """Answer all requests in the order of the real lane."""
        while self.open:
            self.answer(min(self.open, key=lambda number: (self.open[number].priority, number)))

    def waiting(self, kind):
        return [number for number, request in self.open.items() if type(request) is kind]


class HandTraining(QObject):
    progressed = Signal(object)
    adoptable = Signal(object)
    refused = Signal(str)
    ended = Signal(object, object, bool)

    def __init__(self):
        super().__init__()
        self.running, self.past, self.calls = False, RunLog(), []
        self.folder, self.recipe = None, {}
        self.others = []

    def beside(self):
        self.others.append(HandTraining())
        return self.others[-1]

    def start(self, order):
        self.running = True
        self.calls.append(("start", order))
        self.progressed.emit(Run(recipe=order.recipe))

    def stop(self, *, discard):
        self.calls.append(("stop", discard))

    def steer(self, key, value):
        self.calls.append(("steer", key, value))

    def pause(self):
        self.calls.append("pause")

    def go_on(self):
        self.calls.append("go on")

    def look_again(self):
        self.calls.append("look again")

    def adopted(self):
        self.calls.append("adopted")

    def set_rhythm(self, seconds):
        self.calls.append(("rhythm", seconds))

    def close(self):
        self.calls.append("close")

    def end(self, how="succeeded", failure=None, *, folder=RUN, discard=False):
        self.running = False
        self.ended.emit(Outcome(how, failure), folder, discard)


class Bench:
    def __init__(self):
        self.lane, self.training = HandLane(), HandTraining()
        self.lane.lab.models["new"] = toy.card(name="new")
        self.controller = Controller(self.lane, self.training)
        self.controller.demand.show(self, shown)
        self.changes = []
        self.controller.changed.connect(lambda state, changed: self.changes.append(changed))

    @property
    def state(self):
        return self.controller.state

    def adopt(self, epoch=1, folder=RUN):
        splits = toy.started().splits
        self.training.adoptable.emit(Adopt({}, splits, {"w": np.zeros(1)}, epoch, folder))


@pytest.fixture
def bare(qapp):
    return Bench()


@pytest.fixture
def bench(bare):
    """Controller with the toy model open and all requests answered."""
    bare.controller.runs.open(Path("/toys/toy"))
    bare.lane.answer_all()
    bare.lane.asked.clear()
    bare.lane.open.clear()
    bare.changes.clear()
    return bare


def shown(state):
    """Yield the requests that the panels of the window want of a state."""
    yield from wants.picture(state)
    yield from wants.path(state)
    yield from wants.manifold(state)
    yield from wants.samples(state)
    yield from wants.view(state)
    measured = state.answer(ComputeMeasure)
    if measured and ComputeMeasure not in state.awaited:
        yield ComputeMeasure(measured.measure, measured.count)


def moved(state, x, y=0.0):
    return state.point.along({0: x, 1: y})
