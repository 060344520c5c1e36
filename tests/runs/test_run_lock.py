"""The lock of a run folder is let go whatever ends the block."""

from contextlib import ExitStack

import pytest
from failing_disk import FailingDisk, Killed

from latentlab.runs.run_lock import LOCK, training_in


def test_a_lock_ends_with_its_block_even_if_its_file_cannot_be_deleted(tmp_path):
    with ExitStack() as failing, pytest.raises(Killed) as kept, training_in(tmp_path):
        failing.enter_context(FailingDisk(tmp_path, 1).active()).step("write")
    assert kept.tb, "the traceback keeps the lock from being collected"
    assert (tmp_path / LOCK).exists()
    with training_in(tmp_path):
        pass
