"""Speed and time left: what is told of them is steady, and soon right."""

import numpy as np
import pytest

from latentlab.learning.pace import TrainingSpeed


def told(intervals, left=600):
    """Note (seconds, steps) of intervals; return speed and seconds left after each."""
    now, pace, found = 100.0, TrainingSpeed(100.0), []
    for seconds, steps in intervals:
        now += seconds
        left -= steps
        pace.note(now, steps)
        found.append((pace.steps_per_second, pace.seconds_for(left)))
    return found


@pytest.mark.parametrize("warm_up", [0.1, 3.0, 20.0])
def test_time_left_forgets_the_warm_up(warm_up):
    """A run that is resumed tells at once of the minute that is left, not of three."""
    found = told([(warm_up, 1), *[(0.1, 1)] * 20])
    for i, (_, left) in enumerate(found[1:], 2):
        assert left == pytest.approx(0.1 * (600 - i), rel=0.01)


def test_speed_does_not_jump_with_the_intervals():
    rng = np.random.default_rng(0)
    speeds = [speed for speed, _ in told([(0.05, int(n)) for n in rng.choice([1, 9], 200)])]
    assert max(speeds[40:]) < 1.5 * min(speeds[40:])
    assert speeds[-1] == pytest.approx(100, rel=0.25)


def test_speed_follows_a_change_within_seconds():
    speeds = [speed for speed, _ in told([(0.05, 5)] * 100 + [(0.05, 1)] * 200)]
    assert speeds[99] == pytest.approx(100)
    assert speeds[-1] == pytest.approx(20, rel=0.2)


def test_validation_counts_for_the_time_left_alone():
    pace = TrainingSpeed(0.0)
    for i in range(1, 20):
        pace.set_aside(1.0)
        pace.note(2.0 * i, 10)
    assert pace.steps_per_second == pytest.approx(10)
    assert pace.seconds_for(100) == pytest.approx(20)
    assert pace.seconds_for(-5) == 0
