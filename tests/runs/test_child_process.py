"""Functions in a process of their own: results, errors and limits."""

import os
import sys
import time

import pytest

from latentlab.errors import RunError
from latentlab.runs.child_process import in_process
from latentlab.session.failure import RemoteFailure
from latentlab.work import finish


def call(work, *args, **limits):
    return finish(in_process(work, *args, problem="It fails", **limits))


def test_results_and_unexpected_errors():
    assert call(divmod, 17, 5) == [3, 2]
    with pytest.raises(RemoteFailure, match="invalid literal"):
        call(int, "seven")


def test_a_crash_ends_only_the_process():
    with pytest.raises(RunError, match="It fails: it exceeds the limits"):
        call(os.abort)


def test_time_is_limited():
    began = time.monotonic()
    with pytest.raises(RunError, match="takes longer than 1 s"):
        call(time.sleep, 60, seconds=1)
    assert time.monotonic() - began < 30


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not limit memory")
def test_memory_is_limited():
    with pytest.raises(RunError, match="more memory than allowed"):
        call(bytes, 1 << 33, memory=1 << 28)


def test_closing_kills_the_process():
    pieces = in_process(time.sleep, 60, problem="It fails")
    next(pieces)
    began = time.monotonic()
    pieces.close()
    assert time.monotonic() - began < 30
