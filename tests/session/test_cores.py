"""How many runs train at once."""

import psutil
import pytest

from latentlab.session.cores import MEMORY_PER_RUN, runs_at_once


@pytest.mark.parametrize(
    ("runs", "cores", "room", "expected"),
    [(8, 2, 9, 2), (3, 8, 9, 3), (8, 8, 4, 4), (1, 8, 9, 1), (8, 8, 0, 1)],
)
def test_there_are_as_many_as_cores_and_memory_allow(monkeypatch, runs, cores, room, expected):
    memory = psutil.virtual_memory()._replace(available=room * MEMORY_PER_RUN + 1)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory)
    assert runs_at_once(runs, cores) == expected
