"""Sheets decoded in pieces: the same pictures, and never a long wait for anyone else."""

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest

from latentlab.explorer import model as decoding
from latentlab.explorer.model import decode_in_steps
from latentlab.session.points import Point, Tiles
from latentlab.work import finish

POINTS = tuple(Point((float(i),)) for i in range(100))


@dataclass
class Slow:
    """Takes so many seconds for each picture, which shows its point."""

    seconds: float
    longest: int = 0
    clock: float = 0.0

    def tiles(self, points, columns):
        self.longest = max(self.longest, len(points))
        self.clock += self.seconds * len(points)
        return Tiles(points, np.array([[[p.z[0]]] for p in points], np.uint8), columns)


@pytest.fixture
def make_slow(monkeypatch):
    """Make one whose clock is the only one that there is."""

    def make(seconds):
        slow = Slow(seconds)
        monkeypatch.setattr(decoding, "time", SimpleNamespace(thread_time=lambda: slow.clock))
        return slow

    return make


@pytest.mark.parametrize("seconds", [0.0, 0.001])
def test_every_point_has_its_picture(make_slow, seconds):
    tiles = finish(decode_in_steps(make_slow(seconds), POINTS, 10, "Decoding"))
    assert (tiles.points, tiles.columns) == (POINTS, 10)
    assert tiles.pictures[:, 0, 0].tolist() == list(range(100))


def test_a_small_model_pauses_but_once(make_slow):
    assert len(list(decode_in_steps(make_slow(0.0), POINTS, 10, "Decoding"))) == 1


def test_a_deep_one_pauses_after_as_many_as_a_piece_has_time_for(make_slow):
    slow = make_slow(0.0009)
    told = list(decode_in_steps(slow, POINTS, 10, "Decoding"))
    assert slow.longest == decoding.TIMING_SAMPLE
    assert len(told) == (100 - decoding.TIMING_SAMPLE) // 4
    assert [t.fraction for t in told] == sorted(t.fraction for t in told)
