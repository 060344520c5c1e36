"""Memory that was freed goes back to the system."""

import sys

import pytest
from window_machine.watch import resident_mb

from latentlab.workers.memory import trim_memory

MEGABYTE = 2**20


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it is given back at once")
def test_what_was_freed_between_what_is_kept_is_given_back():
    blocks = [bytes(60_000) for _ in range(3000)]
    full, kept = resident_mb(), blocks[::50]
    del blocks
    trim_memory()
    assert len(kept) == 60
    assert full - resident_mb() > 100
