import pytest

from latentlab.workers import looks
from latentlab.workers.looks import (
    MAX_CPU_FRACTION,
    MAX_INTERVAL_S,
    UpdateThrottle,
    update_interval,
)


@pytest.mark.parametrize(("cost", "cores"), [(0.1, 2), (0.1, 1), (0.02, 16)])
def test_looks_take_no_more_than_their_share_of_all_cores(cost, cores):
    assert cost / (update_interval(cost, cores) * cores) == pytest.approx(MAX_CPU_FRACTION)


def test_a_dear_look_is_not_the_last():
    assert update_interval(1000.0, 1) == MAX_INTERVAL_S


def test_the_next_look_is_due_after_what_the_last_one_cost(qapp, until, monkeypatch):
    clock = {"now": 10.0, "spent": 3.0}
    monkeypatch.setattr(looks.time, "monotonic", lambda: clock["now"])
    monkeypatch.setattr(looks.time, "process_time", lambda: clock["spent"])
    monkeypatch.setattr(looks.os, "cpu_count", lambda: 1)
    watched, due = UpdateThrottle(), []
    watched.due.connect(lambda: due.append(True))
    watched.begin()
    # It took a twentieth of the time since: the next may come at once.
    clock.update(now=14.0, spent=3.2)
    watched.end()
    until(lambda: due)
    watched.begin()
    clock.update(now=14.1, spent=3.3)
    watched.end()
    until(lambda: watched._next.isActive())
    assert watched._next.remainingTime() > 1500
    watched.close()
    assert not watched._next.isActive()
