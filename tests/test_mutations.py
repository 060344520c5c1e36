"""Damaged files of every kind are refused in words, quickly and in little memory."""

import pytest
from mutation_support import Memory, try_mutants
from mutation_targets import DATA, OWN

COUNT, OF_SLOW = 150, 40
"""Mutants of each kind, and of kinds whose pictures are decoded each time."""
SLOW = ("cache", "cached rows", "archive", "table")
SLOWEST = 2.0
"""Seconds of the processor that one of them may take."""
MOST_MEMORY = 500 << 20
"""Bytes that all of a kind may take at most at once."""


@pytest.mark.parametrize("kind", [*OWN, *DATA])
def test_only_errors_of_ours_leave_the_readers(kind, vae_run, tmp_path):
    check({**OWN, **DATA}[kind](vae_run, tmp_path), OF_SLOW if kind in SLOW else COUNT)


@pytest.mark.parametrize("kind", ["settings", "old settings"])
def test_damaged_settings_harm_nothing(kind, tmp_path):
    pytest.importorskip("PySide6")
    from mutation_targets import WINDOW

    check(WINDOW[kind](None, tmp_path), COUNT)


def check(target, count):
    memory = Memory()
    outcome = try_mutants(target, count)
    assert outcome.tried == count
    assert not outcome.escaped, outcome.escaped.most_common(5)
    assert outcome.slowest < SLOWEST
    assert memory.grown() < MOST_MEMORY
