"""Every step of every write fails once: what is read is old or new, and nothing is left behind."""

import pytest
from failing_disk import interrupt_everywhere
from write_targets import TARGETS, WINDOW, at_home


@pytest.mark.parametrize("target", TARGETS)
def test_a_write_that_is_interrupted_leaves_the_old_or_the_new(target, tmp_path):
    write, read = map(at_home, TARGETS[target])
    assert sum(interrupt_everywhere(write, read, tmp_path).values()) >= 5


def test_settings_that_are_interrupted_are_the_old_or_the_new(tmp_path):
    pytest.importorskip("PySide6")
    write, read = map(at_home, WINDOW["settings"])
    assert sum(interrupt_everywhere(write, read, tmp_path).values()) >= 5
