"""Arrays one after the other, as if they were one."""

import numpy as np
import pytest

from latentlab.data.concatenated import ConcatenatedArray

PARTS = [
    np.random.default_rng(i).integers(0, 256, (n, 1, 2, 2), np.uint8)
    for i, n in enumerate([3, 0, 4])
]
WHOLE = np.concatenate(PARTS)


@pytest.mark.parametrize(
    "rows",
    [
        slice(None),
        slice(1, 2),
        slice(2, 5),
        slice(5, 100),
        slice(-2, None),
        slice(4, 2),
        slice(None, None, 3),
        slice(None, None, -1),
        np.array([6, 0, 3, 3, -1]),
        [[2, 3], [4, 5]],
        np.array([], np.int64),
        WHOLE[:, 0, 0, 0] > 100,
        4,
    ],
    ids=str,
)
def test_rows_are_those_of_the_whole(rows):
    found = ConcatenatedArray(*PARTS)[rows]
    np.testing.assert_array_equal(found, WHOLE[rows])
    assert found.dtype == np.uint8


def test_it_has_a_length_and_a_shape():
    joined = ConcatenatedArray(*PARTS)
    assert len(joined) == 7
    assert joined.shape == WHOLE.shape


@pytest.mark.parametrize("row", [7, -8])
def test_there_is_nothing_beyond(row):
    with pytest.raises(IndexError, match="7 rows"):
        ConcatenatedArray(*PARTS)[[row]]


def test_rows_of_one_part_are_not_copied():
    assert np.shares_memory(ConcatenatedArray(*PARTS)[3:6], PARTS[2])
