"""The cloud: what is painted is what was asked for, from a handful of points to very many."""

import numpy as np
import pytest
from gui_support import run_until
from stub_controller import discard

from latentlab.widgets.kit.scatter import scatter as map_cloud
from latentlab.widgets.kit.scatter.point_colours import by_class, by_value, value_range
from latentlab.widgets.kit.scatter.rasterize import (
    DIM,
    FAINTEST,
    PointColours,
    draw_points,
    render_density,
)
from latentlab.widgets.panels.map.plot import MapPlot

PALETTE = np.array([[200, 0, 0], [0, 0, 100]], np.uint8)
BOX = (0.0, 0.0, 4.0, 2.0)


def parts(pixel):
    """Return alpha, red, green and blue."""
    return [int(pixel) >> shift & 255 for shift in (24, 16, 8, 0)]


def test_one_point_is_one_pixel_the_right_way_up():
    pixels = render_density(
        np.array([[3.5, 1.5]], np.float32), np.zeros(1, np.uint8), PALETTE, BOX, 4, 2
    )
    assert pixels.shape == (2, 4)
    assert np.flatnonzero(pixels).tolist() == [3], "top right"
    alpha, red, green, blue = parts(pixels[0, 3])
    assert alpha == int(255 * FAINTEST)
    assert (red, green, blue) == (int(200 * FAINTEST), 0, 0)


def test_where_points_overlap_it_is_opaque_and_their_mean():
    xy = np.array([[0.5, 0.5]] * 100 + [[2.5, 0.5]], np.float32)
    index = np.array([0] * 50 + [1] * 50 + [1], np.uint8)
    pixels = render_density(xy, index, PALETTE, BOX, 4, 2)
    assert parts(pixels[1, 0]) == pytest.approx([255, 100, 0, 50], abs=2)
    assert parts(pixels[1, 2])[0] == int(255 * FAINTEST)


def test_points_outside_or_nowhere_do_no_harm():
    xy = np.array([[-1, 1], [9, 1], [1e30, -1e30], [np.nan, 1], [1, 1.5]], np.float32)
    assert np.count_nonzero(render_density(xy, np.zeros(5, np.uint8), PALETTE, BOX, 4, 2)) == 1
    layer = (np.full(5, 7, np.uint32), np.full(5, 3, np.uint32), None)
    assert np.count_nonzero(draw_points(xy, [layer], 4, 2, 2) == 7) == 2


@pytest.fixture
def plot(application):
    plot = MapPlot()
    plot.resize(300, 300)
    plot.show()
    yield plot
    run_until(lambda: plot.cloud.is_fresh)
    discard(plot)


def paint(plot):
    """PointColours until what is painted is fresh, and return its pixels."""
    plot.viewport().repaint()
    run_until(lambda: plot.cloud.is_fresh)
    plot.viewport().repaint()
    run_until(lambda: plot.cloud.is_fresh)
    return plot.grab().toImage()


def many(count=5000, seed=0):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((count, 2)).astype(np.float32), rng.integers(0, 3, count)


@pytest.fixture
def few_are_many(monkeypatch):
    monkeypatch.setattr(map_cloud, "STAMPED", 100)
    monkeypatch.setattr(map_cloud, "AT_ONCE", 100)


def test_many_points_are_painted_where_they_lie(plot, few_are_many):
    xy, labels = many()
    plot.set_codes(np.float32(50) + xy, labels, None)
    for middle, seen in ((50, True), (0, False), (50, True)):
        reach = (middle - 5, middle + 5)
        plot.setRange(xRange=reach, yRange=reach, padding=0)
        image = paint(plot)
        room = plot.getViewBox().sceneBoundingRect().center()
        place = plot.mapFromScene(room)
        ground = image.pixelColor(image.width() - 30, 5)
        assert (image.pixelColor(place.x() + 9, place.y() + 9) != ground) is seen


def test_a_density_picture_follows_view_and_colours(plot, few_are_many):
    xy, labels = many()
    plot.set_codes(xy, labels, None)
    paint(plot)
    first = plot.cloud._picture
    plot.getViewBox().translateBy(x=0.1, y=0.1)
    paint(plot)
    assert plot.cloud._picture is first, "what is at hand reaches further than the view"
    plot.getViewBox().translateBy(x=5.0, y=0.0)
    paint(plot)
    assert plot.cloud._picture is not first
    second = plot.cloud._picture
    plot.cloud.set_paint(by_value(xy[:, 0])[0])
    paint(plot)
    assert plot.cloud._picture.paint is not second.paint
    plot.getViewBox().translateBy(x=-5.0, y=0.0)
    before = plot.cloud._picture.scale
    plot.getViewBox().scaleBy((0.5, 0.5))
    paint(plot)
    assert plot.cloud._picture.scale == pytest.approx(before / 2, rel=0.05)


def test_points_are_stamped_again_only_where_they_look_different(plot, monkeypatch):
    stamped = []
    stamp = type(plot.cloud)._stamp
    monkeypatch.setattr(type(plot.cloud), "_stamp", lambda *seen: stamped.append(1) or stamp(*seen))
    xy, labels = many(200)
    plot.set_codes(xy, labels, None)
    paint(plot)
    stamped.clear()
    plot.set_point(0.5, 0.5)
    paint(plot)
    assert stamped == [], "z moved above the points"
    for change in (
        lambda: plot.cloud.set_paint(by_value(xy[:, 0])[0]),
        lambda: plot.cloud.set_selected(xy[:, 0] > 0),
        lambda: plot.getViewBox().translateBy(x=0.1),
        lambda: plot.set_codes(xy, labels, {1}),
        lambda: plot.set_codes(xy, labels, None),
    ):
        change()
        paint(plot)
        assert stamped, "the picture is of before the change"
        stamped.clear()


@pytest.mark.parametrize("how", ["stamped", "counted"])
def test_what_is_not_selected_grows_pale(plot, how, monkeypatch):
    if how == "counted":
        monkeypatch.setattr(map_cloud, "STAMPED", 1)
    xy = np.array([[-1.5, 0], [1.5, 0]] * 60, np.float32)
    plot.set_cloud(xy, by_class(None, len(xy)))
    plot.cloud.set_selected(xy[:, 0] > 0)
    image = paint(plot)
    ground = image.pixelColor(image.width() - 30, 5).lightness()
    contrasts = []
    for x in (-1.5, 1.5):
        scene = plot.getViewBox().mapViewToScene(plot.getViewBox().viewRect().center())
        scene.setX(scene.x() + x / plot.getViewBox().viewPixelSize()[0])
        place = plot.mapFromScene(scene)
        near = [image.pixelColor(place.x() + i, place.y() + j) for i in (-1, 0) for j in (-1, 0)]
        contrasts.append(max(abs(colour.lightness() - ground) for colour in near))
    assert contrasts[0] < 2.5 * DIM * contrasts[1]
    assert contrasts[1] > 40


def test_what_is_found_is_of_what_is_shown(plot, few_are_many):
    xy, labels = many()
    for shown in (None, {1}, {0, 2}):
        plot.set_codes(xy, labels, shown)
        for _ in range(2):  # before and after the grid is made
            kept = np.flatnonzero(np.isin(labels, list(shown or {0, 1, 2})))
            row, away = plot.cloud.nearest(0.3, 0.4)
            least = np.linalg.norm(xy[kept] - np.float32([0.3, 0.4]), axis=1)
            assert row == kept[least.argmin()]
            assert away == pytest.approx(least.min(), rel=1e-4)
            box = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], float)
            inside = ((xy[kept] > 0) & (xy[kept] < 1)).all(1)
            assert set(plot.rows_inside(box)) == set(kept[inside])
            paint(plot)


def test_numbers_are_coloured_from_low_to_high_and_unknown_ones_grey():
    values = np.array([*np.linspace(-5, 5, 1001), np.nan, np.inf], np.float32)
    shades, (low, high) = by_value(values)
    assert (low, high) == pytest.approx((-4.95, 4.95), abs=0.01)
    assert shades.index[0] == 0
    assert shades.index[500] == pytest.approx(127, abs=1)
    assert shades.index[1000] == 254
    assert (shades.index[-2:] == 255).all()
    assert len(shades.palette) == 256
    light = shades.palette[:255].astype(int) @ [299, 587, 114]
    assert (np.diff(light) > -1500).all(), "the more, the lighter"
    assert value_range(np.full(5, np.nan, np.float32)) == (0.0, 1.0)
    low, high = value_range(np.full(5, 3, np.float32))
    assert low == 3 < high


def test_unknown_classes_are_grey():
    shades = by_class(np.array([-1, 0, 10, 11]), 4)
    assert shades.index.tolist() == [12, 0, 10, 11]
    assert isinstance(shades, PointColours)


def test_more_than_ten_classes_have_colours_of_their_own():
    labels = np.array([*range(60), -1])
    paint = by_class(labels, len(labels))
    shown = {tuple(rgb) for rgb in paint.palette[paint.index].tolist()}
    assert len(shown) == 61
    assert (paint.palette[paint.index[10]] != paint.palette[paint.index[0]]).any()
