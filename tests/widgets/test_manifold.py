"""The manifold's grid on toys: tiles, settings, and the mark where z is."""

from pathlib import Path

import numpy as np
import pytest
from toy import card

from latentlab.data.image_set import ImageSpec
from latentlab.latent.grid import Spacing
from latentlab.session.model import MakeManifold
from latentlab.session.points import GridSettings

BUILT = ("map", "image", "manifold")


def marker(desk):
    """Return where the mark stands, in tiles from the top left; None where there is none."""
    mark = desk.panel("manifold").view._marker
    return mark and (mark.x(), mark.y())


def test_mark_sits_on_z(desk):
    """Anywhere on an even grid, also in the outer halves of its outermost tiles."""
    n, span = 20, 3.0
    step = 2 * span / (n - 1)
    rng = np.random.default_rng(0)
    edge = span + step / 2 - 1e-6
    places = [*rng.uniform(-edge, edge, (40, 2)).tolist(), [edge, -edge], [-edge, edge]]
    for x, y in places:
        desk.controller.point.set(desk.state.point.along({0: x, 1: y}))
        expected = ((x + span) / step + 0.5, n - ((y + span) / step + 0.5))
        assert marker(desk) == pytest.approx(expected, abs=1e-4), (x, y)


def test_mark_is_gone_where_z_is_off_the_grid(desk):
    for x, y in ((4.0, 0.0), (0.0, -4.0)):
        desk.controller.point.set(desk.state.point.along({0: x, 1: y}))
        assert marker(desk) is None
    desk.controller.point.set(desk.state.point.along({0: 0.0, 1: 0.0}))
    assert marker(desk) == pytest.approx((10.0, 10.0))


def test_mark_sits_in_the_middle_of_its_tile_between_quantiles(desk):
    desk.controller.decoding.set_grid(GridSettings(9, 2.5, Spacing.QUANTILE))
    desk.settle()
    axis = desk.state.answer(MakeManifold).axes[0]
    for i, j in ((0, 0), (4, 4), (8, 2)):
        desk.controller.point.set(desk.state.point.along({0: axis[i], 1: axis[j]}))
        assert marker(desk) == pytest.approx((i + 0.5, 9 - j - 0.5))


def test_every_tile_sets_z_to_its_own_point(desk):
    """Read from where the tile stands, not from what it says of itself."""
    view = desk.panel("manifold").view
    n, span = 20, 3.0
    lines = np.linspace(-span, span, n)
    for row in (0, 7, 200, 399):
        desk.hand.click(view, view.tile_rect(row).center())
        desk.settle()
        j, i = divmod(row, n)
        assert desk.state.point.z == pytest.approx((lines[i], lines[n - 1 - j]), abs=1e-5)
        assert marker(desk) == pytest.approx((i + 0.5, j + 0.5), abs=1e-4)


def test_hovering_a_tile_previews_and_leaving_restores(desk):
    view, image = desk.panel("manifold").view, desk.panel("image").view
    before = desk.state.point
    committed = image.image.pixelColor(0, 0)
    desk.hand.move(view, view.tile_rect(0).center())
    assert desk.state.preview.point.z == pytest.approx((-3.0, 3.0))
    assert image.image.pixelColor(0, 0).red() == 128 - 60
    assert "preview" in desk.panel("image").place.text()
    desk.hand.move(desk.panel("library").list)
    assert desk.state.preview is None
    assert desk.state.point == before
    assert image.image.pixelColor(0, 0) == committed


def test_settings_change_the_grid(desk):
    panel = desk.panel("manifold")
    panel.count.setValue(7)
    panel.span.setValue(1.5)
    panel.spacing.setCurrentText("prior quantiles")
    desk.settle()
    made = desk.state.answer(MakeManifold)
    assert desk.state.grid == GridSettings(7, 1.5, Spacing.QUANTILE)
    assert len(made.tiles.points) == 49
    assert tuple(made.axes[0, [0, -1]]) == pytest.approx((-1.5, 1.5))
    assert np.diff(made.axes[0])[0] > np.diff(made.axes[0])[3]
    assert panel.view.columns == 7


def test_typing_a_count_makes_one_grid(desk):
    """A grid is made once the number stands, not for each of its digits."""
    panel = desk.panel("manifold")
    before = len(desk.lab.asked)
    panel.count.setFocus()
    panel.count.selectAll()
    desk.hand.type("12")
    assert desk.state.grid.n == 20
    panel.span.setFocus()
    desk.settle()
    assert desk.state.grid.n == 12
    grids = [r.grid.n for r in desk.lab.asked[before:] if type(r).__name__ == "MakeManifold"]
    assert grids == [12]


def test_other_dimensions_stay_where_z_is(big):
    big.controller.point.set(big.state.point.along({2: 1.25, 3: -0.5}))
    big.settle()
    points = big.state.answer(MakeManifold).tiles.points
    assert {(p.z[2], p.z[3]) for p in points} == {(1.25, -0.5)}
    assert {p.label for p in points} == {big.state.point.label}
    big.controller.map.set_plane((2, 3))
    big.settle()
    points = big.state.answer(MakeManifold).tiles.points
    assert len({(p.z[2], p.z[3]) for p in points}) == 400
    assert len({p.z[0] for p in points}) == 1


def test_large_pictures_have_fewer_tiles_unless_the_user_chose(make_desk):
    desk = make_desk()
    assert desk.state.grid.n == 20
    desk.lab.models["large"] = card(name="large", spec=ImageSpec((1, 64, 64), ("a", "b", "c")))
    desk.controller.runs.open(Path("/toys/large"))
    desk.settle()
    assert desk.panel("manifold").count.value() == 8
    desk.controller.runs.open(Path("/toys/toy"))
    desk.settle()
    assert desk.state.grid.n == 20
    desk.panel("manifold").count.setValue(11)
    desk.controller.runs.open(Path("/toys/large"))
    desk.settle()
    assert desk.state.grid.n == 11
