"""Texts of messages."""

import pytest

from latentlab.errors import counted


@pytest.mark.parametrize(
    ("count", "thing", "said"),
    [(1, "epoch", "1 epoch"), (0, "run", "0 runs"), (1, "class", "1 class"),
     (2, "class", "2 classes"), (20_000, "picture", "20,000 pictures")],
)  # fmt: skip
def test_one_is_said_as_one(count, thing, said):
    assert counted(count, thing) == said
