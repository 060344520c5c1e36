"""Work in pieces."""

import pytest

from latentlab.work import Progress, finish, mapped, part_of


def counting(closed=None):
    try:
        yield from range(3)
    finally:
        if closed is not None:
            closed.append(True)
    return "done"


def test_pieces_are_changed_and_the_result_is_not():
    found = []

    def work():
        found.append((yield from mapped(counting(), lambda i: 10 * i)))

    assert list(work()) == [0, 10, 20]
    assert found == ["done"]


def test_closing_and_errors_end_the_work():
    closed = []
    pieces = mapped(counting(closed), str)
    assert next(pieces) == "0"
    pieces.close()
    assert closed == [True]
    with pytest.raises(ZeroDivisionError):
        finish(mapped(counting(closed), lambda i: 1 / i))
    assert closed == [True, True]


def test_a_part_tells_its_title_and_its_share():
    def work():
        yield Progress("Reading", 0.5)
        yield Progress("Waiting")
        return 3

    told = list(part_of(work(), "Second", 1, 4))
    assert told == [Progress("Second · Reading", 0.375), Progress("Second · Waiting", 0.25)]
    assert finish(part_of(work(), "Second", 1, 4)) == 3
