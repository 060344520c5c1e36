"""The first view of a model: two dimensions, or the plane in which its codes differ most."""

from dataclasses import replace

import pytest

from latentlab.session.map import Layout, MapView, axes_view
from latentlab.workers.intents.map import initial_view

PCA_OF_TWO = replace(axes_view(0, 1, 2), layout=Layout.PCA)


@pytest.mark.parametrize(
    ("before", "size", "codes", "layout", "dimensions"),
    [
        (axes_view(0, 1, 2), 2, 100, Layout.AXES, (0, 1)),
        (axes_view(0, 1, 2), 20, 100, Layout.PCA, (0, 1)),
        (axes_view(0, 1, 2), 20, 1, Layout.AXES, (0, 1)),
        (axes_view(0, 1, 2), 1, 100, Layout.AXES, (0, 0)),
        # Chosen by the user.
        (axes_view(4, 2, 20), 10, 100, Layout.AXES, (4, 2)),
        (axes_view(4, 2, 20), 4, 100, Layout.PCA, (0, 1)),
        (PCA_OF_TWO, 2, 100, Layout.PCA, (0, 1)),
        (replace(axes_view(0, 1, 20), layout=Layout.PCA), 2, 100, Layout.AXES, (0, 1)),
    ],
)
def test_first_view(before, size, codes, layout, dimensions):
    view = initial_view(before, size, codes)
    assert (view.layout, view.frame.dimensions, view.frame.size) == (layout, dimensions, size)
    assert isinstance(view, MapView)
    assert view.is_pending == (layout is Layout.PCA)
