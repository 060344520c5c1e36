"""Long work on the lane: told of as it goes, given way to others, in turns, ended at once."""

import threading
import time
from dataclasses import dataclass

from PySide6.QtCore import QTimer

from latentlab.errors import RunError
from latentlab.session.model import Decode, Hover
from latentlab.session.points import Point
from latentlab.session.request import Priority, Request
from latentlab.work import Progress


def at(x):
    return Point((float(x), 0.0))


@dataclass(frozen=True, slots=True)
class ReadSlow(Request):
    """Work of the usual priority."""

    point: Point


class ReadQuick(ReadSlow):
    """Other work of the same."""


class ReadLast(ReadSlow):
    """Work that everything else comes before."""

    priority = Priority.BACKGROUND


class Working:
    """Answers a decoding with work of so many pieces, all else at once."""

    def __init__(self, pieces=5):
        self.pieces = pieces
        self.log = []
        self.gate = threading.Event()

    def __call__(self, request):
        if isinstance(request, Decode):
            return self.work(request)
        self.log.append("else")
        return "at once"

    def work(self, request):
        try:
            for piece in range(self.pieces):
                self.log.append(piece)
                yield Progress("Working", piece / self.pieces)
                if piece == 1:
                    assert self.gate.wait(20)
            return request.point.z[0]
        finally:
            self.log.append("over")


def test_long_work_tells_how_far_it_is_and_then_its_answer(open_lane, until):
    working = Working()
    working.gate.set()
    lane = open_lane(lambda: working)
    told = []
    lane.progressed.connect(told.append)
    number = lane.submit(Decode(at(3)))
    until(lambda: lane.answers)
    assert told[0].loading == Progress("Working", 0.0)
    assert (told[0].number, told[0].request) == (number, Decode(at(3)))
    assert [(a.number, a.response) for a in lane.answers] == [(number, 3.0)]
    assert working.log == [0, 1, 2, 3, 4, "over"]


def test_nobody_waits_for_long_work(open_lane, until):
    working = Working()
    lane = open_lane(lambda: working)
    lane.submit(Decode(at(3)))
    until(lambda: 1 in working.log)
    lane.submit(Hover(at(1)))
    working.gate.set()
    until(lambda: len(lane.answers) == 2)
    assert working.log.index("else") < working.log.index(4)


def test_newer_work_replaces_what_was_begun(open_lane, until):
    working = Working()
    lane = open_lane(lambda: working)
    lane.submit(Decode(at(3)))
    until(lambda: 1 in working.log)
    lane.submit(Decode(at(4)))
    working.gate.set()
    until(lambda: lane.answers)
    assert [a.response for a in lane.answers] == [4.0]
    assert working.log.count("over") == 2


class Counting:
    """Works in so many pieces as the point of the request says, and remembers whose they were."""

    def __init__(self):
        self.log = []
        self.gate = threading.Event()

    def __call__(self, request):
        for _ in range(int(getattr(request, "point", at(0)).z[0])):
            self.log.append(type(request))
            assert self.gate.wait(20)
            yield Progress("Working")


def test_work_of_the_same_priority_goes_on_in_turns(open_lane, until):
    working = Counting()
    lane = open_lane(lambda: working)
    lane.submit(ReadSlow(at(50)))
    until(lambda: working.log)
    lane.submit(ReadQuick(at(3)))
    working.gate.set()
    until(lambda: len(lane.answers) == 2)
    assert [type(a.request) for a in lane.answers] == [ReadQuick, ReadSlow]


def test_urgent_work_goes_on_before_work_begun_earlier(open_lane, until):
    working = Counting()
    lane = open_lane(lambda: working)
    lane.submit(ReadLast(at(50)))
    until(lambda: working.log)
    lane.submit(ReadSlow(at(20)))
    working.gate.set()
    until(lambda: len(lane.answers) == 2)
    assert [type(a.request) for a in lane.answers] == [ReadSlow, ReadLast]
    between = working.log[working.log.index(ReadSlow) :]
    assert between[:20] == [ReadSlow] * 20


def test_work_that_is_withdrawn_ends(open_lane, until):
    working = Working()
    lane = open_lane(lambda: working)
    lane.submit(Decode(at(3)))
    until(lambda: 1 in working.log)
    lane.withdraw(Decode)
    working.gate.set()
    until(lambda: "over" in working.log)
    assert 4 not in working.log
    assert lane.answers == []


def test_work_that_fails_says_so(open_lane, until):
    def fail(request):
        yield Progress("Working", 0.0)
        raise RunError("It broke.")

    lane = open_lane(lambda: fail)
    lane.submit(Decode(at(3)))
    until(lambda: lane.answers)
    assert lane.answers[0].failure.title == "It broke."


def test_closing_ends_work(open_lane, until):
    working = Working(pieces=10**9)
    working.gate.set()
    lane = open_lane(lambda: working)
    lane.submit(Decode(at(3)))
    until(lambda: 1 in working.log)
    lane.close()
    assert working.log[-1] == "over"


def test_work_goes_on_under_a_stream_of_requests(open_lane, until, qapp):
    """A hand that never rests keeps no work from being done."""
    working = Working(pieces=10)
    working.gate.set()

    def answer(request):
        time.sleep(0.01 * isinstance(request, Hover))
        return working(request)

    lane = open_lane(lambda: answer)
    hand = QTimer(interval=1)
    hand.timeout.connect(lambda: lane.submit(Hover(at(1))))
    hand.start()
    until(lambda: "else" in working.log)
    lane.submit(Decode(at(3)))
    until(lambda: any(answer.response == 3.0 for answer in lane.answers))
    hand.stop()
    # Others had most of the time, all the same.
    assert working.log.count("else") > 10


class Computing:
    """Works in pieces of 4 ms of its thread."""

    def __init__(self):
        self.log = []

    def __call__(self, request):
        for _ in range(10):
            end = time.thread_time() + 0.004
            while time.thread_time() < end:
                pass
            self.log.append(type(request))
            yield Progress("Working")


class ReadModest(ReadSlow):
    """Work that follows by itself."""

    modest = True
    priority = Priority.INTERACTIVE


def test_modest_work_rests_where_time_is_left_to_a_run(open_lane, until):
    working = Computing()
    lane = open_lane(lambda: working)
    lane.leave_time(0.1)
    began = time.monotonic()
    lane.submit(ReadModest(at(1)))
    lane.submit(ReadSlow(at(1)))
    until(lambda: len(lane.answers) == 2)
    assert time.monotonic() - began >= 0.9 * 10 * 0.004 / 0.1
    # What somebody waits for is done in the meantime.
    assert [type(answer.request) for answer in lane.answers] == [ReadSlow, ReadModest]


def test_modest_work_does_not_rest_otherwise(open_lane, until):
    working = Computing()
    lane = open_lane(lambda: working)
    lane.leave_time(0.1)
    lane.leave_time(1.0)
    lane.submit(ReadModest(at(1)))
    lane.submit(ReadSlow(at(1)))
    until(lambda: len(lane.answers) == 2)
    assert working.log == [ReadModest] * 10 + [ReadSlow] * 10


def test_closing_while_modest_work_rests(open_lane, until):
    working = Computing()
    lane = open_lane(lambda: working)
    lane.leave_time(1e-4)
    lane.submit(ReadModest(at(1)))
    until(lambda: working.log)
    lane.close()
    assert lane._thread.isFinished()


def test_closing_does_not_wait_for_a_piece_for_each_request_there_was(open_lane, until):
    def answer(request):
        return at_leisure() if isinstance(request, Decode) else "at once"

    def at_leisure():
        while True:
            time.sleep(0.01)
            yield Progress("Working")

    lane = open_lane(lambda: answer)
    lane.submit(Decode(at(3)))
    for x in range(300):
        lane.submit(Hover(at(x)))
    until(lambda: lane.answers and lane.answers[-1].request == Hover(at(299)))
    began = time.monotonic()
    lane.close()
    assert time.monotonic() - began < 1.5


def test_what_was_withdrawn_while_it_began_goes_no_further(open_lane, until):
    """The lane's thread may be on its way from the mailbox to the first piece at that moment."""
    log, begins, go_on = [], threading.Event(), threading.Event()

    def work(request):
        log.append(request)
        yield Progress("Working")

    def answerer(request):
        if not isinstance(request, Decode):
            return "at once"
        begins.set()
        assert go_on.wait(20)
        return work(request)

    lane = open_lane(lambda: answerer)
    lane.submit(Decode(at(1)))
    until(begins.is_set)
    lane.withdraw(Decode)
    go_on.set()
    lane.submit(ReadSlow(at(1)))
    until(lambda: lane.answers)
    lane.submit(ReadLast(at(1)))
    until(lambda: len(lane.answers) == 2)
    assert log == []
