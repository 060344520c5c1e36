"""Arrangement of plots in rows."""

from __future__ import annotations

MIN_PLOT_WIDTH = 104
"""Width of a plot without its axis below which a row has fewer plots, in pixels."""
MAX_TALLNESS, MAX_WIDENESS = 1.25, 3.0
"""Height / width, and width / height, beyond which more of it shows no more of a curve."""
MIN_ROW_HEIGHT = 96
"""Height of a row below which rows are scrolled, in pixels."""
AXIS_WIDTH, HEADER_HEIGHT = 44, 44
"""Pixels beside and above a plot for its axes and its title."""

Rows = tuple[int, ...]
"""Number of plots in each row, from the top."""


def best_rows(count: int, width: int, height: int) -> Rows:
    """Return the arrangement that gives the smallest of `count` plots the most area.

    Parameters
    ----------
    count : int
        Number of plots.
    width, height : int
        Area in pixels.

    Returns
    -------
    tuple of int
        Number of plots in each row. The first plot may have a row of its own.
    """
    if count < 1:
        return ()
    # The first of equals is taken: rather the first plot alone in its row than the last, unless
    # rows have to be scrolled, where it would be the only one in view.
    candidates = [(1, *_rows(count - 1, each)) for each in range(2, count)]
    candidates = [rows for rows in candidates if height / len(rows) >= MIN_ROW_HEIGHT]
    candidates += [_rows(count, each) for each in range(1, count + 1)]
    wide_enough = [rows for rows in candidates if width / max(rows) - AXIS_WIDTH >= MIN_PLOT_WIDTH]
    return max(wide_enough or [(1,) * count], key=lambda rows: _least_area(rows, width, height))


def _rows(count: int, columns: int) -> Rows:
    full, rest = divmod(count, columns)
    return (columns,) * full + ((rest,) if rest else ())


def _least_area(rows: Rows, width: int, height: int) -> float:
    """Return the area of the smallest plot, as far as its proportions make use of it."""
    across, down = width / max(rows) - AXIS_WIDTH, max(0, height / len(rows) - HEADER_HEIGHT)
    return min(across, MAX_WIDENESS * down) * min(down, MAX_TALLNESS * across)
