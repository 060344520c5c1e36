import threading
from dataclasses import dataclass
from pathlib import Path

import pytest
from gui_support import wait
from toy import tiles

from latentlab.errors import RunError
from latentlab.latent.planes import axes_plane
from latentlab.session.export import Export
from latentlab.session.library.entries import Discard
from latentlab.session.model import Decode, DecodePath, Hover, MakeManifold, Open
from latentlab.session.points import GridSettings, LatentPath, Point
from latentlab.session.request import Request
from latentlab.workers.lane import PendingRequest


def at(x):
    return Point((float(x), 0.0))


class Slow:
    """Answers as it is told, one at a time."""

    def __init__(self):
        self.asked = []
        self.busy = threading.Event()
        self.go_on = threading.Event()

    def __call__(self, request):
        self.asked.append(request)
        self.busy.set()
        assert self.go_on.wait(20)
        return len(self.asked)


@pytest.fixture
def slow():
    return Slow()


@pytest.fixture
def busy(open_lane, slow, until):
    """A lane in the middle of answering."""
    lane = open_lane(lambda: slow)
    lane.submit(Decode(at(0)))
    until(slow.busy.is_set)
    yield lane
    slow.go_on.set()


def test_answers_carry_their_request_and_number(open_lane, until):
    lane = open_lane(lambda: lambda request: request.point.z[0] * 2)
    numbers = []
    for x in range(3):
        numbers.append(lane.submit(Decode(at(x))))
        until(lambda x=x: len(lane.answers) == x + 1)
    assert numbers == sorted(set(numbers))
    assert [(a.number, a.request, a.response, a.failure) for a in lane.answers] == [
        (number, Decode(at(x)), 2.0 * x, None) for x, number in enumerate(numbers)
    ]


def test_newest_wins(busy, slow, until):
    """Dragging never builds a queue: of a hundred moves only the last is decoded."""
    last = [busy.submit(Decode(at(x))) for x in range(1, 101)][-1]
    slow.go_on.set()
    until(lambda: len(busy.answers) == 2)
    assert slow.asked == [Decode(at(0)), Decode(at(100))]
    assert busy.answers[-1].number == last


def test_urgent_before_slow(busy, slow, until):
    """What a hand waits for comes first, whatever was asked first."""
    ends = LatentPath(at(0), at(1))
    late_first = [
        MakeManifold(at(0), axes_plane(0, 1, 2), GridSettings()),
        DecodePath(ends),
        Hover(at(1)),
        Decode(at(1)),
        Open(Path("run")),
    ]
    for request in late_first:
        busy.submit(request)
    slow.go_on.set()
    until(lambda: len(busy.answers) == 6)
    manifold, path, *interactive = late_first
    assert slow.asked[1:] == [*interactive, manifold, path]


def test_equally_urgent_in_the_order_asked(busy, slow, until):
    @dataclass(frozen=True)
    class One(Request):
        pass

    @dataclass(frozen=True)
    class Other(Request):
        pass

    for request in (Other(), One()):
        busy.submit(request)
    slow.go_on.set()
    until(lambda: len(busy.answers) == 3)
    assert slow.asked[1:] == [Other(), One()]


def test_every_file_is_written(busy, slow, until):
    """Saving and discarding are no questions: a second one must not replace the first."""
    sheet = tiles([at(0)], 1)
    wanted = [Export(sheet, Path(name), {}) for name in ("a.png", "b.png")]
    wanted += [Discard(Path("run 1")), Discard(Path("run 2"))]
    for request in wanted:
        busy.submit(request)
    slow.go_on.set()
    until(lambda: len(busy.answers) == 5)
    assert slow.asked[1:] == wanted


def test_withdrawn_request_is_not_answered(busy, slow, until):
    busy.submit(Hover(at(3)))
    busy.submit(DecodePath(LatentPath(at(0), at(1))))
    busy.withdraw(Hover)
    slow.go_on.set()
    until(lambda: len(busy.answers) == 2)
    assert slow.asked == [Decode(at(0)), DecodePath(LatentPath(at(0), at(1)))]


def test_known_error_becomes_a_failure(open_lane, until):
    def answer(request):
        raise RunError("No such run.", "Open another.")

    lane = open_lane(lambda: answer)
    lane.submit(Open(Path("run")))
    until(lambda: lane.answers)
    failure = lane.answers[0].failure
    assert (failure.title, failure.advice, failure.details) == (
        "No such run.",
        "Open another.",
        "",
    )
    assert lane.answers[0].response is None


def test_unforeseen_error_brings_its_traceback(open_lane, until):
    lane = open_lane(lambda: lambda request: 1 / 0)
    lane.submit(Decode(at(0)))
    until(lambda: lane.answers)
    failure = lane.answers[0].failure
    assert "division by zero" in failure.title
    assert "Traceback" not in failure.title
    assert failure.details.startswith("Traceback")
    assert "ZeroDivisionError" in failure.details


def test_goes_on_after_a_failure(open_lane, until):
    def answer(request):
        if request.point.z[0] == 0:
            raise RunError("No zeros.")
        return "fine"

    lane = open_lane(lambda: answer)
    lane.submit(Decode(at(0)))
    until(lambda: lane.answers)
    lane.submit(Decode(at(1)))
    until(lambda: len(lane.answers) == 2)
    assert lane.answers[1].response == "fine"


def test_answerer_that_cannot_be_made(open_lane, until):
    """A torch that does not load is a message; the next request tries again."""
    tries = []

    def make():
        tries.append(1)
        if len(tries) == 1:
            raise ImportError("no torch here")
        return lambda request: "made"

    lane = open_lane(make)
    lane.submit(Decode(at(0)))
    until(lambda: lane.answers)
    assert "no torch here" in lane.answers[0].failure.title
    lane.submit(Decode(at(0)))
    until(lambda: len(lane.answers) == 2)
    assert lane.answers[1].response == "made"


def test_answers_on_a_thread_of_its_own(open_lane, until):
    """The answerer is made and used on the lane's thread, answers arrive on the window's."""
    here = threading.get_ident()
    makers, answerers, receivers = [], [], []

    def make():
        makers.append(threading.get_ident())
        return lambda request: answerers.append(threading.get_ident())

    lane = open_lane(make)
    lane.answered.connect(lambda answer: receivers.append(threading.get_ident()))
    for x in range(3):
        lane.submit(Decode(at(x)))
        until(lambda x=x: len(receivers) == x + 1)
    assert len(makers) == 1
    assert set(answerers) == set(makers) != {here}
    assert set(receivers) == {here}


def test_close_waits_for_the_request_under_way_and_drops_the_rest(busy, slow):
    busy.submit(DecodePath(LatentPath(at(0), at(1))))
    timer = threading.Timer(0.1, slow.go_on.set)
    timer.start()
    busy.close()
    assert slow.go_on.is_set()
    assert busy._thread.isFinished()
    assert slow.asked == [Decode(at(0))]
    timer.join()


def test_close_still_writes_the_files_that_wait(busy, slow):
    """A picture saved just before the window closes is not lost."""
    export, discard = Export(tiles([at(0)], 1), Path("a.png"), {}), Discard(Path("run"))
    for request in (DecodePath(LatentPath(at(0), at(1))), export, discard, Open(Path("run 2"))):
        busy.submit(request)
    slow.go_on.set()
    busy.close()
    assert slow.asked == [Decode(at(0)), export, discard]
    assert busy._thread.isFinished()


def test_close_twice_is_close_once(open_lane):
    lane = open_lane(lambda: lambda request: "answer")
    for _ in range(2):
        lane.close()
    assert lane._thread.isFinished()


def test_closed_lane_takes_requests_silently(open_lane):
    lane = open_lane(lambda: lambda request: "answer")
    lane.close()
    lane.submit(Decode(at(0)))
    wait(50)
    assert lane.answers == []


def test_newer_requests_replace_older_ones_except_files():
    requests = (Decode(at(0)), Decode(at(1)), Hover(at(0)))
    older, newer, hover = (
        PendingRequest(number, each).place for number, each in enumerate(requests)
    )
    assert older == newer != hover
    for written in (Export(tiles([at(0)], 1), Path("a.png"), {}), Discard(Path("run 1"))):
        assert PendingRequest(1, written).place != PendingRequest(2, written).place
