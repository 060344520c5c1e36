import threading

import pytest
from gui_support import run_until, wait
from toy import losses, started

from latentlab.errors import DataError
from latentlab.learning.events import Step
from latentlab.workers.job import Job


class Log:
    """What a job reported, and on which thread it was heard."""

    def __init__(self, job):
        self.events, self.outcomes, self.threads = [], [], set()
        job.happened.connect(self.on_happened)
        job.ended.connect(self.on_ended)

    def on_happened(self, event):
        self.events.append(event)
        self.threads.add(threading.get_ident())

    def on_ended(self, outcome):
        self.outcomes.append(outcome)
        self.threads.add(threading.get_ident())


@pytest.fixture
def pump():
    """Run a generator as a job to its end; returns what was heard of it."""

    def run(make_events):
        job = Job(make_events)
        log = Log(job)
        job.start()
        run_until(lambda: log.outcomes)
        assert job.wait(20_000)
        wait(30)  # a second `ended` would come now
        assert len(log.outcomes) == 1
        assert log.threads == {threading.get_ident()}
        return log

    return run


def test_succeeds(pump):
    events = [started(), Step(1, 1, losses(3.0)), Step(2, 1, losses(2.0))]
    log = pump(lambda: (event for event in events))
    assert log.events == events
    assert [outcome.how for outcome in log.outcomes] == ["succeeded"]
    assert log.outcomes[0].failure is None


def test_steps_without_numbers_do_not_cross(pump):
    """The window hears of a step some twenty times a second, not of every one."""
    events = [Step(1, 1), Step(2, 1, losses(2.0)), Step(3, 1)]
    assert pump(lambda: (event for event in events)).events == [events[1]]


def test_stops_within_one_step_and_cleans_up_on_its_own_thread(pump):
    """Interrupted in the middle of its third step, it makes no fourth."""
    made, cleaned, threads = [], [], set()

    def steps():
        threads.add(threading.get_ident())
        try:
            for i in range(1, 1000):
                made.append(i)
                if i == 3:
                    jobs[0].requestInterruption()
                yield Step(i, 1, losses(1.0))
        finally:
            cleaned.append(True)
            threads.add(threading.get_ident())

    job = Job(steps)
    jobs = [job]
    log = Log(job)
    job.ended.connect(lambda outcome: cleaned.append(outcome.how))
    job.start()
    run_until(lambda: log.outcomes)
    assert job.wait(20_000)
    assert made == [1, 2, 3]
    assert cleaned == [True, "stopped"]
    assert len(threads) == 1
    assert threading.get_ident() not in threads
    jobs.clear()


def test_stops_while_steps_have_no_numbers():
    def steps():
        for i in range(10_000_000):
            yield Step(i, 1)

    job = Job(steps)
    log = Log(job)
    job.start()
    wait(30)
    job.requestInterruption()
    assert job.wait(5000)
    run_until(lambda: log.outcomes)
    assert log.outcomes[0].how == "stopped"
    assert log.events == []


@pytest.mark.parametrize("after", [0, 2])
def test_error_becomes_a_failure(pump, after):
    def steps():
        for i in range(after):
            yield Step(i, 1, losses(1.0))
        raise DataError("No images in /nowhere.", "Look elsewhere.")

    log = pump(steps)
    assert len(log.events) == after
    assert log.outcomes[0].how == "failed"
    assert log.outcomes[0].failure.title == "No images in /nowhere."
    assert log.outcomes[0].failure.advice == "Look elsewhere."


def test_error_before_the_first_event(pump):
    """A recipe that cannot be used fails where the generator is made."""

    def make():
        raise DataError("Bad recipe.")

    assert pump(make).outcomes[0].failure.title == "Bad recipe."


def test_error_while_saving_is_told():
    """A run that is stopped but cannot be saved has failed, and says so."""

    def steps():
        try:
            while True:
                yield Step(1, 1, losses(1.0))
        finally:
            raise DataError("The disk is full.")

    job = Job(steps)
    log = Log(job)
    job.start()
    run_until(lambda: log.events)
    job.requestInterruption()
    run_until(lambda: log.outcomes)
    assert job.wait(5000)
    assert [(o.how, o.failure.title) for o in log.outcomes] == [("failed", "The disk is full.")]
