"""The map's views on toys: z, path, hover and click agree in each of them."""

from dataclasses import replace

import numpy as np
import pytest
from gui_support import PLAIN, wait
from PySide6.QtCore import QPoint, QPointF, Qt

from latentlab.session.library.entries import ListLibrary
from latentlab.session.map import Layout, MakeView, MapView, point_at_position
from latentlab.session.model import Decode, MakeManifold
from latentlab.widgets.panels.map.plot import MapPosition

BUILT = ("map", "image", "manifold")

PLANES = (Layout.AXES, Layout.PCA, Layout.PLANE)
EVERY = (*PLANES, Layout.TSNE)


def look(desk, layout):
    views = desk.panel("map").views
    row = views.layouts.findData(layout)
    views.layouts.setCurrentIndex(row)
    views.layouts.activated.emit(row)
    desk.settle()
    assert desk.state.view.layout is layout
    # Axes with other titles take another room, with the next paint.
    desk.map.repaint()
    wait(30)


def hover(desk, place):
    """Move there, from elsewhere: a move that goes nowhere, or comes too soon, is none."""
    before = desk.state.preview
    for shift in (QPoint(3, 0), QPoint(0, 0)):
        desk.hand.move(desk.map.viewport(), place + shift)
        desk.until(lambda before=before: desk.state.preview is not before)
        desk.settle()
        before = desk.state.preview


def cross(desk):
    return desk.map.cross.pos().x(), desk.map.cross.pos().y()


def test_click_drag_hover_and_keys_work(big):
    for layout in EVERY:
        look(big, layout)
        place = big.pixel_of(0.8, -0.6)
        big.hand.move(big.map.viewport(), place)
        big.settle()
        hovered = big.state.preview.point
        big.hand.click(big.map.viewport(), place)
        big.settle()
        assert big.state.point.z == pytest.approx(hovered.z)
        assert big.state.point.label == hovered.label
        assert cross(big) == pytest.approx(big.place_of(place), abs=big.pixel_size)
        before = cross(big)
        big.map.setFocus()
        big.hand.key(Qt.Key.Key_Right)
        step = big.map.getViewBox().viewRect().width() / 50
        assert cross(big) == pytest.approx((before[0] + step, before[1]), abs=1e-6)
        a = big.map.handles["a"]
        start = big.pixel_of(a.pos().x(), a.pos().y())
        for _ in big.hand.drag(big.map.viewport(), start, big.pixel_of(-1.0, 1.2)):
            pass
        big.settle()
        assert (a.pos().x(), a.pos().y()) == pytest.approx((-1.0, 1.2), abs=3 * big.pixel_size)
        x, y = a.pos().x(), a.pos().y()
        assert big.state.ends.a.z == pytest.approx(
            point_at_position(big.state, x, y, big.state.ends.a).z, abs=1e-5
        )


def test_a_plane_decodes_exactly_what_lies_under_the_cursor(big):
    for layout in PLANES:
        look(big, layout)
        rest = big.state.view.frame.rest(big.state.point.z)
        assert "exact plane" in big.panel("map")._note.text()
        for x, y in np.random.default_rng(0).uniform(-2, 2, (5, 2)):
            place = big.pixel_of(x, y)
            big.hand.click(big.map.viewport(), place)
            z = big.state.point.z
            assert big.state.view.frame.spot(z) == pytest.approx(
                big.place_of(place), abs=big.pixel_size
            )
            np.testing.assert_allclose(big.state.view.frame.rest(z), rest, atol=1e-6)
        big.settle()
        assert big.state.answer(MakeManifold).frame == big.state.view.frame


def test_point_and_picture_agree_in_every_view_and_after_any_filter(big):
    for layout in EVERY:
        look(big, layout)
        rng = np.random.default_rng(3)
        codes, buttons = big.state.codes, big.panel("map").legend.buttons
        places = big.state.view.places(codes)
        room = big.map.getViewBox().sceneBoundingRect().toRect()
        # Images below the tools cannot be reached.
        tools = big.panel("map").buttons.geometry().adjusted(-4, -4, 4, 4)
        for _ in range(3):
            hidden = set(np.flatnonzero(rng.random(3) < 0.4).tolist())
            hidden = hidden if len(hidden) < 3 else {0}
            for button in buttons:
                button.setChecked(button.label not in hidden)
            shown = np.flatnonzero(~np.isin(codes.labels, list(hidden)))
            for row in rng.choice(shown, 6):
                place = big.pixel_of(*places[row].tolist())
                if not room.contains(place) or tools.contains(place):
                    continue
                away = np.linalg.norm(places[shown] - big.place_of(place), axis=1)
                nearest = set(shown[away <= away.min() + 1e-5].tolist())
                hover(big, place)
                assert big.state.preview.original.row in nearest
                expected = 255 - big.lab.PickImage(big.state.preview.original).picture
                assert np.array_equal(255 - big.state.preview.original.picture, expected)
        assert big.panel("map").thumbnail.captions[:2] == ["image", "reconstruction"]


def test_neighbourhoods_say_so_and_leave_the_manifold_its_plane(big):
    big.controller.map.set_plane((3, 1))
    big.settle()
    before = big.state.answer(MakeManifold)
    look(big, Layout.TSNE)
    assert "blend of the 5 nearest codes" in big.panel("map")._note.text()
    assert not big.map.rings.isVisible()
    assert big.state.answer(MakeManifold) is before
    assert not big.panel("map").across.isVisible()
    big.controller.map.lay_out(Layout.PCA)
    big.settle()
    assert big.map.rings.isVisible()
    assert big.state.answer(MakeManifold).frame == big.state.view.frame


def test_components_say_how_much_they_hold(big):
    look(big, Layout.PCA)
    text = big.map.getPlotItem().getAxis("bottom").labelText
    assert text.startswith("PC 1 · ")
    assert text.endswith("% of variance")
    mu = big.state.codes.mu
    shown = big.state.view.places(big.state.codes).var(0).sum() / mu.var(0).sum()
    told = [int(name.split("·")[1].split("%")[0]) for name in big.state.view.frame.names]
    assert sum(told) == pytest.approx(100 * shown, abs=1.01)


def test_three_points_on_a_line_are_refused_in_words(big):
    ends = big.state.ends
    big.controller.point.set(ends.a)
    big.controller.map.look_through_points()
    assert "on one line" in big.state.failure.title
    assert big.state.view.layout is Layout.AXES


def test_two_directions_span_a_view(big):
    first, second = np.random.default_rng(2).standard_normal((2, 5))
    big.controller.map.look_along(first, second, ("smile", "age"))
    big.settle()
    frame = big.state.view.frame
    assert frame.names == ("smile", "age")
    np.testing.assert_allclose(frame.spot(first), (np.linalg.norm(first), 0), atol=1e-9)
    assert frame.spot(second)[1] > 0
    assert big.state.answer(MakeManifold).frame == frame
    big.controller.map.look_along(first, -2 * first, ("smile", "age"))
    assert "span no plane" in big.state.failure.title
    assert big.state.view.frame is frame


def test_views_can_be_undone(big):
    first = big.state.view
    look(big, Layout.PCA)
    second = big.state.view
    look(big, Layout.TSNE)
    big.controller.undo.undo()
    assert big.state.view is second
    big.controller.undo.undo()
    assert big.state.view is first
    big.controller.undo.redo()
    assert big.state.view is second


def test_undo_leads_back_to_the_plane_that_the_model_began_with(make_desk):
    desk = make_desk("big")
    first = desk.state.view
    assert not first.is_pending
    desk.controller.map.set_plane((0, 1))
    desk.controller.undo.undo()
    assert desk.state.view is first


def test_work_shows_its_progress_and_can_be_given_up(big):
    go_on = []

    def slow(request):
        from latentlab.work import Progress

        while not go_on:
            yield Progress("t-SNE", 0.25)
        return None

    big.lab.scattered = slow
    panel, before = big.panel("map"), big.state.view
    big.controller.map.lay_out(Layout.TSNE)
    big.until(lambda: panel.work.isVisible())
    assert (panel.work.text.text(), panel.work.progress.value()) == ("t-SNE", 250)
    # Exploring goes on meanwhile.
    big.hand.click(big.map.viewport(), big.pixel_of(1.0, 1.0))
    big.until(lambda: big.state.answer(Decode).point == big.state.point)
    big.controller.cancel(MakeView)
    go_on.append(True)
    big.until(lambda: not panel.work.isVisible())
    assert big.state.view is before
    assert not big.state.working


def test_the_view_stays_where_the_model_grows(big):
    """PCA is made anew for new codes, and agrees with the one before."""
    look(big, Layout.PCA)
    before = big.state.view
    moved = replace(big.state.codes, mu=big.state.codes.mu + 0.01)
    big.controller.store.set(codes=moved)
    big.settle()
    after = big.state.view
    assert after is not before
    np.testing.assert_allclose(after.frame.basis, before.frame.basis, atol=1e-3)


def test_another_model_of_two_dimensions_shows_both(big):
    look(big, Layout.PCA)
    big.controller.runs.open(big.state.answer(ListLibrary)[0].path)
    big.until(lambda: big.state.model.name == "toy")
    big.settle()
    assert (big.state.view.layout, big.state.view.frame.dimensions) == (Layout.AXES, (0, 1))
    big.hand.click(big.map.viewport(), big.pixel_of(0.5, 0.5), modifier=PLAIN)
    assert len(big.state.point.z) == 2


# All images


@pytest.fixture
def part(make_desk):
    """A window whose map shows 90 of 400 images."""
    return make_desk("part")


def test_all_images_can_be_shown_and_rows_stay(part):
    panel, before = part.panel("map"), part.state
    assert "90 of 400" in panel._note.text()
    part.controller.selection.select([3, 80])
    part.hand.click(panel.all)
    part.until(lambda: len(part.state.codes) == 400)
    part.settle()
    assert not panel.all.isVisible()
    assert "400 toys" in panel._note.text()
    assert len(part.map.cloud) == 400
    assert np.array_equal(part.state.codes.mu[:90], before.codes.mu)
    assert part.state.selection.rows.tolist() == [3, 80]
    x, y = part.state.view.places(part.state.codes)[333].tolist()
    part.controller.point.pick(333)
    part.settle()
    assert part.state.original.row == 333
    assert part.state.point.z == pytest.approx(tuple(part.state.codes.mu[333].tolist()))
    assert part.map.nearest(MapPosition(x, y, None, QPointF())) == 333


def test_a_view_follows_to_all_images(part):
    part.controller.map.lay_out(Layout.TSNE)
    part.settle()
    part.controller.map.show_all()
    part.until(lambda: len(part.state.codes) == 400)
    part.until(lambda: part.state.view.suits(part.state.codes))
    part.until(lambda: len(part.map.cloud) == 400)


def test_a_map_begun_with_fewer_images_is_made_once_more(part):
    stale = MapView(
        Layout.TSNE, part.state.view.frame, np.zeros((90, 2), np.float32), np.arange(90)
    )
    part.controller.map.show_all()
    part.until(lambda: len(part.state.codes) == 400)
    part.controller.map.set_view(stale)
    part.until(lambda: part.state.view.suits(part.state.codes))


def test_what_is_not_installed_says_so_where_it_is_chosen(make_desk, monkeypatch):
    monkeypatch.setattr("latentlab.widgets.panels.map.view_bar.find_spec", lambda name: None)
    layouts = make_desk().panel("map").views.layouts
    row = layouts.findData(Layout.UMAP)
    assert layouts.itemText(row) == "UMAP (not installed)"
    assert not layouts.model().item(row).isEnabled()
    assert layouts.view().minimumWidth() >= layouts.view().sizeHintForColumn(0)
