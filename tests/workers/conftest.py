"""Workers are tested on toys: no torch, and no window."""

import pytest
from gui_support import frozen, no_leaks, refrozen, until

from latentlab.workers.lane import Lane

__all__ = ["frozen", "no_leaks", "refrozen", "until"]


@pytest.fixture
def open_lane():
    """Make lanes that end with the test."""
    lanes = []

    def make(make_answerer):
        lane = Lane(make_answerer)
        lane.answers = []
        lane.answered.connect(lane.answers.append)
        lanes.append(lane)
        return lane

    yield make
    for lane in lanes:
        lane.close()
