"""Hidden panels cost nothing: what only they show is not asked for."""

import pytest

from latentlab.session.model import Decode, DecodePath, MakeManifold, MakeSamples
from latentlab.widgets.panels.map.overlay_menu import MANIFOLD_BACKDROP

SHOWS = {"manifold": MakeManifold, "samples": MakeSamples, "interpolate": DecodePath}

FRONTS = {"manifold": "library", "samples": "image", "interpolate": "sliders"}
BUILT = ("map", "image", *SHOWS)


def asked(desk, kind):
    return [request for request in desk.lab.asked if isinstance(request, kind)]


def change(desk, key, step):
    """Change what each of the panels shows; return what it is to be asked with."""
    controller, state = desk.controller, desk.state
    match key:
        case "manifold":
            controller.point.set(state.point.along({4: step}))
        case "samples":
            controller.decoding.draw_samples()
        case "interpolate":
            controller.path.set(state.ends.moved("a", state.point.along({4: step})))


@pytest.mark.parametrize("how", ["closed", "behind another tab"])
def test_nothing_is_asked_for_hidden_panels_until_they_are_seen(big, until, how):
    for key, kind in SHOWS.items():
        dock = big.window.docks[key]
        if how == "closed":
            dock.close()
        else:
            front = big.window.docks[FRONTS[key]]
            big.window.tabifyDockWidget(dock, front)
            front.raise_()
        until(lambda dock=dock: dock.visibleRegion().isEmpty())
        big.settle()
        big.lab.asked.clear()
        for step in (1.0, 2.0, 3.0):
            change(big, key, step)
            big.settle()
        assert asked(big, kind) == []
        dock.show()
        dock.raise_()
        until(lambda kind=kind: asked(big, kind))
        big.settle()
        (request,) = asked(big, kind)
        change(big, key, 4.0)
        until(lambda kind=kind: len(asked(big, kind)) == 2)
        big.settle()
        assert asked(big, kind)[1] != request


def test_the_map_needs_the_manifold_where_it_is_its_backdrop(big, until):
    big.window.docks["manifold"].close()
    until(lambda: not big.window.docks["manifold"].isVisible())
    big.lab.asked.clear()
    change(big, "manifold", 1.0)
    big.settle()
    assert asked(big, MakeManifold) == []
    assert asked(big, Decode)
    big.panel("map").layers.actions[MANIFOLD_BACKDROP].trigger()
    until(lambda: asked(big, MakeManifold))
