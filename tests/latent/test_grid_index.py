"""Points sorted into cells are found as if all were looked at."""

import numpy as np
import pytest

from latentlab.latent.grid_index import GridIndex, points_in_polygon

RNG = np.random.default_rng(1)
CLOUDS = {
    "one": np.zeros((1, 2), np.float32),
    "same": np.ones((50, 2), np.float32),
    "line": np.column_stack([np.linspace(-1, 1, 300), np.zeros(300)]).astype(np.float32),
    "bell": RNG.standard_normal((20_000, 2)).astype(np.float32),
    "far": np.vstack([RNG.standard_normal((999, 2)), [[1e6, -1e6]]]).astype(np.float32),
}


@pytest.mark.parametrize("name", CLOUDS)
def test_the_nearest_is_the_nearest_of_all(name):
    xy = CLOUDS[name]
    cells = GridIndex(xy)
    for place in [*RNG.normal(0, 2, (60, 2)), (1e7, 3.0), (-40.0, -40.0)]:
        row, away = cells.nearest(*place)
        least = np.linalg.norm(xy.astype(np.float64) - place, axis=1)
        assert away == pytest.approx(least.min(), rel=1e-4, abs=1e-5)
        assert least[row] == pytest.approx(least.min(), rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("name", CLOUDS)
def test_a_box_holds_all_that_lies_in_it(name):
    xy = CLOUDS[name]
    cells = GridIndex(xy)
    for x, y in RNG.normal(0, 1, (30, 2)):
        box = (x - 0.3, y - 0.2, x + 0.4, y + 0.5)
        found, rows = cells.take(box)
        assert np.array_equal(xy[rows], found)
        assert cells.count(box) == len(rows) == len(set(rows.tolist()))
        within = (xy >= box[:2]).all(1) & (xy <= box[2:]).all(1)
        assert set(np.flatnonzero(within)) <= set(rows.tolist())
    assert len(cells.take((-1e9, -1e9, 1e9, 1e9))[1]) == len(xy)


def test_a_small_box_among_many_touches_few():
    assert GridIndex(CLOUDS["bell"]).count((0, 0, 0.1, 0.1)) < 1000


def test_points_that_are_nowhere_are_left_out():
    xy = CLOUDS["bell"].copy()
    xy[[3, 7], [0, 1]] = np.nan, np.inf
    cells = GridIndex(xy)
    assert len(cells) == len(xy) - 2
    assert not {3, 7} & set(cells.rows.tolist())
    assert GridIndex(np.full((4, 2), np.nan, np.float32)).nearest(0, 0) is None


def test_a_polygon_holds_what_lies_in_it_also_where_it_is_hollow():
    # The letter U.
    outline = np.array([[0, 0], [3, 0], [3, 3], [2, 3], [2, 1], [1, 1], [1, 3], [0, 3]], float)
    xy = np.array([[0.5, 2], [1.5, 2], [2.5, 2], [1.5, 0.5], [4, 0.5], [-1, 2]], np.float32)
    assert points_in_polygon(outline, xy).tolist() == [True, False, True, True, False, False]
    assert points_in_polygon(outline[::-1], xy).tolist() == points_in_polygon(outline, xy).tolist()
