"""How many runs train at once."""

import psutil
import pytest

from latentlab.session.cores import MEMORY_PER_RUN, core_count, runs_at_once


@pytest.mark.parametrize(
    ("runs", "cores", "room", "expected"),
    [(8, 2, 9, 2), (3, 8, 9, 3), (8, 8, 4, 4), (1, 8, 9, 1), (8, 8, 0, 1)],
)
def test_there_are_as_many_as_cores_and_memory_allow(monkeypatch, runs, cores, room, expected):
    memory = psutil.virtual_memory()._replace(available=room * MEMORY_PER_RUN + 1)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory)
    assert runs_at_once(runs, cores) == expected


@pytest.mark.parametrize(("found", "expected"), [(8, 7), (2, 1), (1, 1), (None, 1)])
def test_one_core_is_left_to_the_window_if_there_are_more(monkeypatch, found, expected):
    monkeypatch.setattr(psutil, "cpu_count", lambda logical: 2 if logical else found)
    assert core_count() == expected
