"""Exploring digits-2d and digits-cvae with mouse and keyboard."""

import itertools

import numpy as np
import pytest
from gui_support import RIGHT, wait
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QMenu, QScrollArea, QToolButton

from latentlab.explorer.explorer import Explorer
from latentlab.latent.grid import Spacing
from latentlab.session.model import Decode, DecodePath, MakeManifold, MakeSamples
from latentlab.session.points import Point

BUILT = ("map", "image", "manifold", "samples", "interpolate", "sliders")

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
CTRL_SHIFT = CTRL | SHIFT


@pytest.fixture(scope="module")
def by_hand():
    """Decode points outside the window, to compare with what it shows."""
    explorers = {}

    def decode(state, point):
        if state.model.source not in explorers:
            explorers[state.model.source] = Explorer()
            explorers[state.model.source].open(state.model.source)
        return explorers[state.model.source].decode(point).pixels

    return decode


def shown(desk):
    """Return the pixels that the Image panel shows."""
    image = desk.panel("image").view.image
    rows = range(image.height())
    return np.array(
        [[image.pixelColor(x, y).red() for x in range(image.width())] for y in rows], np.uint8
    )


def assert_shows(desk, by_hand, point):
    np.testing.assert_allclose(shown(desk), by_hand(desk.state, point), atol=1)


# The map


def test_hover_previews_and_leaving_restores(old_desk, by_hand):
    before = old_desk.state.point
    committed = shown(old_desk)
    place = old_desk.pixel_of(-1.0, 1.5)
    old_desk.hand.move(old_desk.map.viewport(), place)
    old_desk.until(lambda: old_desk.state.preview)
    preview = old_desk.state.preview.point
    assert preview.z == pytest.approx(old_desk.place_of(place), abs=old_desk.pixel_size)
    assert_shows(old_desk, by_hand, preview)
    assert not np.array_equal(shown(old_desk), committed)
    assert old_desk.panel("map").thumbnail.isVisible()
    assert old_desk.state.point == before
    old_desk.hand.move(old_desk.panel("train"), QPoint(5, 5))
    assert old_desk.state.preview is None
    assert not old_desk.panel("map").thumbnail.isVisible()
    np.testing.assert_array_equal(shown(old_desk), committed)
    assert not old_desk.state.can_undo


def test_hover_over_an_image_shows_it_beside_its_reconstruction(old_desk):
    row = 1234
    place = old_desk.pixel_of(*old_desk.state.codes.mu[row].tolist())
    old_desk.hand.move(old_desk.map.viewport(), place)
    old_desk.until(lambda: old_desk.state.preview and old_desk.state.preview.original)
    under = np.hypot(*(old_desk.state.codes.mu - old_desk.place_of(place)).T).argmin()
    assert old_desk.state.preview.original.row == under
    captions = [label.text() for label in old_desk.panel("image")._pair._captions]
    label = old_desk.state.codes.labels[under]
    assert captions == [f"digits {under} ({label})", "reconstruction"]


def test_click_commits_exactly_that_z(desk, by_hand):
    """Also far from any image."""
    for x, y in ((0.0, 0.0), (-2.0, 1.0), (2.5, -2.5)):
        place = desk.pixel_of(x, y)
        desk.hand.click(desk.map.viewport(), place)
        desk.settle()
        assert desk.state.point.z == pytest.approx(desk.place_of(place), abs=desk.pixel_size)
        assert desk.state.point.z == pytest.approx((x, y), abs=2 * desk.pixel_size)
        cross = desk.map.cross.pos()
        assert (cross.x(), cross.y()) == pytest.approx(desk.state.point.z)
        desk.hand.move(desk.panel("library").list)
        assert_shows(desk, by_hand, desk.state.point)
        assert desk.state.original is None
    desk.map.setRange(xRange=(-10, 10), yRange=(-10, 10), padding=0)
    # Axes with other numbers take another room, with the next paint.
    desk.map.repaint()
    wait(30)
    assert np.abs(desk.state.codes.mu).max() < 8
    place = desk.pixel_of(8.0, 8.0)
    desk.hand.click(desk.map.viewport(), place)
    desk.settle()
    assert desk.state.point.z == pytest.approx((8.0, 8.0), abs=2 * desk.pixel_size)
    desk.hand.move(desk.panel("library").list)
    assert_shows(desk, by_hand, desk.state.point)


def test_clicks_on_axes_and_margins_do_nothing(old_desk):
    before = old_desk.state.point
    old_desk.hand.click(old_desk.map.viewport(), QPoint(3, 100))
    old_desk.hand.click(old_desk.map.viewport(), QPoint(200, old_desk.map.viewport().height() - 3))
    assert old_desk.state.point == before


def test_dragging_the_map_pans_and_leaves_z(desk):
    before, view = desk.state.point, desk.map.viewRange()
    start = desk.pixel_of(2.5, 3.5)
    for _ in desk.hand.drag(desk.map.viewport(), start, start + QPoint(-60, 0)):
        pass
    assert desk.state.point == before
    assert desk.map.viewRange()[0][0] > view[0][0] + 30 * desk.pixel_size


def test_shift_click_takes_the_nearest_image(desk):
    """Its code becomes z, and the image stands beside its reconstruction."""
    place = desk.pixel_of(-3.4, 3.4)
    nearest = int(np.hypot(*(desk.state.codes.mu - desk.place_of(place)).T).argmin())
    desk.hand.click(desk.map.viewport(), place, modifier=SHIFT)
    desk.settle()
    assert desk.state.original.row == nearest
    assert desk.state.point.z == pytest.approx(desk.state.codes.mu[nearest], abs=1e-4)
    desk.hand.move(desk.panel("library").list)
    views = [view.image for view in desk.panel("image")._pair._views]
    original, reconstruction = desk.state.original.picture, desk.state.original.reconstruction
    for y, x in ((14, 14), (10, 12), (20, 15)):
        assert views[0].pixelColor(x, y).red() == original[y, x]
        assert views[1].pixelColor(x, y).red() == reconstruction[y, x]
    np.testing.assert_array_equal(reconstruction, shown(desk))
    # Close to what was drawn, and not the same thing.
    assert not np.array_equal(original, reconstruction)


def test_dragging_a_handle_changes_the_strip_while_it_moves(desk):
    for name, other in (("a", "b"), ("b", "a")):
        before = desk.state
        start = desk.pixel_of(*getattr(before.ends, name).z)
        ends, strips = [], []
        for _ in desk.hand.drag(desk.map.viewport(), start, start + QPoint(48, 32)):
            desk.settle()
            ends.append(getattr(desk.state.ends, name))
            strips.append(desk.state.answer(DecodePath))
        after = desk.state
        assert len(set(ends)) >= 6
        assert len({strip.pictures.tobytes() for strip in strips}) >= 6
        moved, kept = getattr(after.ends, name), getattr(after.ends, other)
        shift = np.subtract(moved.z, getattr(before.ends, name).z)
        assert shift == pytest.approx((48 * desk.pixel_size, -32 * desk.pixel_size), rel=0.05)
        assert kept == getattr(before.ends, other)
        edge = after.answer(DecodePath).points[0 if name == "a" else -1]
        assert edge.z == pytest.approx(moved.z, abs=1e-5)
        assert after.point == before.point
        handle = desk.map.handles[name].pos()
        assert (handle.x(), handle.y()) == pytest.approx(moved.z)
        # A whole drag is one step.
        desk.hand.key(Qt.Key.Key_Z, CTRL)
        desk.settle()
        assert desk.state.ends == before.ends
        assert not desk.state.can_undo
        np.testing.assert_array_equal(
            desk.state.answer(DecodePath).pictures, before.answer(DecodePath).pictures
        )
        handle = desk.map.handles[name].pos()
        assert (handle.x(), handle.y()) == pytest.approx(getattr(before.ends, name).z)


def test_keys_move_z_and_letters_typed_into_the_form_stay_there(desk):
    desk.map.setFocus()
    start = np.array(desk.state.point.z)
    (left, right), _ = desk.map.viewRange()
    for key in (
        Qt.Key.Key_Right,
        Qt.Key.Key_Right,
        Qt.Key.Key_Up,
        Qt.Key.Key_Left,
        Qt.Key.Key_Down,
    ):
        desk.hand.key(key)
    desk.hand.key(Qt.Key.Key_Up)
    step = (right - left) / 50
    assert np.array(desk.state.point.z) - start == pytest.approx((step, step))
    desk.settle()
    assert desk.state.answer(Decode).point == desk.state.point
    start = desk.state.point
    desk.hand.key(Qt.Key.Key_R)
    random = desk.state.point
    assert random.z != start.z
    assert max(map(abs, random.z)) < 7
    desk.hand.key(Qt.Key.Key_Home)
    assert desk.state.point.z == pytest.approx(desk.state.codes.mu.mean(0), abs=1e-5)
    desk.settle()
    assert desk.state.answer(Decode).point == desk.state.point
    desk.hand.key(Qt.Key.Key_A)
    assert desk.state.ends.a == desk.state.point
    desk.hand.key(Qt.Key.Key_R)
    desk.hand.key(Qt.Key.Key_B)
    assert desk.state.ends.b == desk.state.point != desk.state.ends.a
    # R, A, B and N are keys of the window, and letters in a field.
    line = desk.panel("train").form.row("model.hidden").editor.line
    line.setFocus()
    line.selectAll()
    before = desk.state
    desk.hand.type("rabn")
    assert line.text() == "rabn"
    assert desk.state.point == before.point
    assert desk.state.ends == before.ends
    assert desk.state.sampling == before.sampling


def menu_of(desk, place):
    """Return the actions of the map's menu at a pixel, by their text."""
    menu = QMenu(desk.window)
    desk.panel("map").pointer.fill_menu(menu, desk.map.spot_at(desk.map.mapToScene(place)))
    return {action.text(): action for action in menu.actions() if action.text()}


def test_menu_puts_z_a_and_b_here_or_on_the_nearest_image(desk):
    place = desk.pixel_of(1.25, -0.75)
    here = pytest.approx(desk.place_of(place), abs=desk.pixel_size)
    b = desk.state.ends.b
    menu = menu_of(desk, place)
    menu["Set z here"].trigger()
    assert desk.state.point.z == here
    menu["Set path start (A) here"].trigger()
    assert desk.state.ends.a.z == here
    assert desk.state.ends.b == b
    menu["Set path end (B) here"].trigger()
    assert desk.state.ends.b.z == here
    desk.settle()
    for _ in range(3):
        desk.controller.undo.undo()
    assert desk.state.ends.b == b
    assert not desk.state.can_undo
    row = int(np.hypot(*(desk.state.codes.mu - desk.place_of(place)).T).argmin())
    code = pytest.approx(desk.state.codes.mu[row], abs=1e-4)
    menu = menu_of(desk, place)
    for text in (
        "Set path start (A) to the nearest image",
        "Set path end (B) to the nearest image",
    ):
        menu[text].trigger()
        desk.settle()
    assert desk.state.ends.a.z == code
    assert desk.state.ends.b.z == code
    assert desk.state.original.row != row
    menu["Set z to the nearest image"].trigger()
    desk.settle()
    assert desk.state.original.row == row
    assert desk.state.point.z == code
    desk.map.setRange(xRange=(1, 2), yRange=(1, 2), padding=0)
    menu["Zoom to all codes"].trigger()
    assert desk.map.viewRange()[0][0] < -3


def test_right_click_opens_the_menu_where_it_is(desk, monkeypatch):
    asked = []

    class Menu(QMenu):
        def exec(self, place):
            asked.append([action.text() for action in self.actions()])
            self.actions()[0].trigger()

    monkeypatch.setattr("latentlab.widgets.panels.map.pointer.QMenu", Menu)
    place = desk.pixel_of(0.5, 0.5)
    desk.hand.click(desk.map.viewport(), place, RIGHT)
    assert len(asked) == 1
    assert asked[0][0] == "Set z here"
    assert desk.state.point.z == pytest.approx(desk.place_of(place), abs=desk.pixel_size)


def test_legend_leaves_out_one_class(old_desk):
    """The row under the cursor is still the right image afterwards (seeded random places)."""
    legend, codes = old_desk.panel("map").legend, old_desk.state.codes
    assert [button.text() for button in legend.buttons] == list("0123456789")
    old_desk.hand.click(legend.buttons[7])
    assert len(old_desk.map.cloud._xy) == int((codes.labels != 7).sum())
    left = np.flatnonzero(codes.labels != 7)
    rng = np.random.default_rng(1)
    for x, y in rng.uniform(-3, 3, (30, 2)):
        place = old_desk.pixel_of(x, y)
        spot = old_desk.map.spot_at(old_desk.map.mapToScene(place))
        nearest = left[np.hypot(*(codes.mu[left] - (spot.x, spot.y)).T).argmin()]
        assert old_desk.map.nearest(spot) == nearest
        assert codes.labels[nearest] != 7
        if spot.row is not None:
            assert spot.row == nearest
    old_desk.hand.click(legend.buttons[7])
    assert len(old_desk.map.cloud._xy) == 5000


# Manifold


def test_tiles_of_the_manifold_by_keyboard_and_click_and_its_settings(desk, by_hand):
    view = desk.panel("manifold").view
    lines = np.linspace(-3, 3, 20)
    view.setFocus()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Return):
        desk.hand.key(key)
    assert desk.state.point.z == pytest.approx((lines[1], lines[18]), abs=1e-5)
    desk.hand.click(view, view.tile_rect(47).center())
    desk.settle()
    assert desk.state.point.z == pytest.approx((lines[7], lines[17]), abs=1e-5)
    np.testing.assert_allclose(
        desk.state.answer(MakeManifold).tiles.pictures[47],
        by_hand(desk.state, desk.state.point),
        atol=1,
    )
    mark = view._marker
    assert (mark.x(), mark.y()) == pytest.approx((7.5, 2.5), abs=1e-4)
    cross = desk.map.cross.pos()
    assert (cross.x(), cross.y()) == pytest.approx(desk.state.point.z)
    panel = desk.panel("manifold")
    panel.count.setValue(8)
    panel.span.setValue(2.0)
    panel.spacing.setCurrentText("prior quantiles")
    desk.settle()
    state = desk.state
    assert len(state.answer(MakeManifold).tiles.points) == 64
    assert state.grid.spacing is Spacing.QUANTILE
    assert state.answer(MakeManifold).axes[0, [0, -1]] == pytest.approx((-2.0, 2.0))
    desk.hand.click(panel.view, panel.view.tile_rect(0).center())
    assert desk.state.point.z == pytest.approx((-2.0, 2.0), abs=1e-5)


# Sliders, labels and keys


def test_sliders_and_axes_of_the_twenty_dimensional_model(cvae, by_hand):
    before = cvae.state.point
    row = cvae.panel("sliders").rows[4]
    row.slider.setFocus()
    for _ in range(5):
        cvae.hand.key(Qt.Key.Key_PageUp)
    cvae.settle()
    after = cvae.state.point
    assert [d for d in range(20) if after.z[d] != before.z[d]] == [4]
    mu = cvae.state.codes.mu[:, 4].astype(float)
    sigma = (after.z[4] - mu.mean()) / mu.std()
    assert sigma == pytest.approx(row.slider.value() / 700 * 3.5, abs=1e-3)
    assert row._value.text() == f"{after.z[4]:+.2f}"
    assert_shows(cvae, by_hand, after)
    cvae.panel("sliders").findChild(QScrollArea).ensureWidgetVisible(row.slider)
    cvae.hand.click(row._reset)
    assert cvae.state.point.z[4] == pytest.approx(mu.mean(), abs=1e-5)
    assert not row._reset.isEnabled()
    cvae.controller.map.set_plane((0, 1))
    cvae.settle()
    panel = cvae.panel("map")
    assert [panel.across.itemText(i) for i in range(panel.across.count())] == [
        f"z{d}" for d in range(1, 21)
    ]
    panel.across.setCurrentIndex(12)
    panel.up.setCurrentIndex(7)
    cvae.settle()
    before = cvae.state
    assert before.answer(MakeManifold).frame.dimensions == (12, 7)
    rng = np.random.default_rng(2)
    xy = before.codes.mu[:, [12, 7]]
    for x, y in rng.uniform(-2, 2, (20, 2)):
        spot = cvae.map.spot_at(cvae.map.mapToScene(cvae.pixel_of(x, y)))
        assert cvae.map.nearest(spot) == np.hypot(*(xy - (spot.x, spot.y)).T).argmin()
    place = cvae.pixel_of(1.0, -1.0)
    cvae.hand.click(cvae.map.viewport(), place)
    cvae.settle()
    z = np.array(cvae.state.point.z)
    assert z[[12, 7]] == pytest.approx(cvae.place_of(place), abs=cvae.pixel_size)
    others = [d for d in range(20) if d not in (12, 7)]
    np.testing.assert_array_equal(z[others], np.array(before.point.z)[others])
    cvae.hand.move(cvae.panel("library").list)
    assert_shows(cvae, by_hand, cvae.state.point)


def test_labels_of_the_conditional_model(cvae, by_hand):
    """The path keeps one label; the same z under ten labels gives ten pictures."""
    labels = [point.label for point in cvae.state.answer(DecodePath).points]
    assert labels == [3] * 12
    panel = cvae.panel("samples")
    assert {point.label for point in cvae.state.answer(MakeSamples).points} == set(range(10))
    panel.label.setCurrentText("7")
    cvae.settle()
    assert {point.label for point in cvae.state.answer(MakeSamples).points} == {7}
    panel.label.setCurrentText("all")
    cvae.settle()
    assert {point.label for point in cvae.state.answer(MakeSamples).points} == set(range(10))
    picker = cvae.panel("sliders").label
    buttons = picker.findChildren(QToolButton)
    assert [button.text() for button in buttons] == list("0123456789")
    assert [b.isChecked() for b in buttons].index(True) == cvae.state.point.label
    z, pictures = cvae.state.point.z, set()
    for digit in range(10):
        cvae.hand.click(buttons[digit])
        cvae.settle()
        assert cvae.state.point == Point(z, digit)
        assert [b.isChecked() for b in buttons] == [i == digit for i in range(10)]
        pictures.add(cvae.state.answer(Decode).pixels.tobytes())
        assert {point.label for point in cvae.state.answer(MakeManifold).tiles.points} == {digit}
    assert len(pictures) == 10
    assert_shows(cvae, by_hand, Point(z, 9))


def test_plain_model_has_no_labels(old_desk):
    assert not old_desk.panel("sliders").label.isVisible()
    assert not old_desk.panel("samples").label.isVisible()


# Samples


def test_samples_new_seed_and_pointing(desk, by_hand):
    panel = desk.panel("samples")
    before = desk.state.answer(MakeSamples)
    desk.hand.click(panel.new)
    desk.settle()
    seed = desk.state.sampling.seed
    assert panel.seed.value() == seed != 0
    assert not np.array_equal(desk.state.answer(MakeSamples).pictures, before.pictures)
    panel.seed.setValue(0)
    desk.settle()
    np.testing.assert_array_equal(desk.state.answer(MakeSamples).pictures, before.pictures)
    desk.hand.key(Qt.Key.Key_N)
    desk.settle()
    assert desk.state.answer(MakeSamples).points != before.points
    desk.hand.move(panel.view, panel.view.tile_rect(3).center())
    assert desk.state.preview.point == desk.state.answer(MakeSamples).points[3]
    desk.hand.click(panel.view, panel.view.tile_rect(3).center())
    desk.settle()
    assert desk.state.point == desk.state.answer(MakeSamples).points[3]
    desk.hand.move(desk.panel("library").list)
    assert_shows(desk, by_hand, desk.state.point)


# Interpolation


def test_play_goes_there_and_back_and_stops_when_z_moves(desk):
    panel = desk.panel("interpolate")
    panel.steps.setValue(4)
    panel.player.timer.setInterval(10)
    desk.settle()
    committed, seen = desk.state.point, []

    def look(state, changed):
        if "preview" in changed and state.preview:
            seen.append(state.answer(DecodePath).points.index(state.preview.point))

    desk.controller.changed.connect(look)
    desk.hand.click(panel.play)
    assert panel.playing
    desk.until(lambda: len(seen) >= 13)
    desk.hand.click(panel.play)
    assert not panel.playing
    desk.controller.changed.disconnect(look)
    there_and_back = itertools.cycle([0, 1, 2, 3, 2, 1])
    assert seen == list(itertools.islice(there_and_back, len(seen)))
    assert desk.state.preview is None
    assert desk.state.point == committed
    desk.hand.click(panel.play)
    desk.until(lambda: desk.state.preview)
    desk.hand.key(Qt.Key.Key_R)
    assert not panel.playing
    assert desk.state.preview is None
    panel.steps.setValue(5)
    desk.settle()
    ends = desk.state.ends
    points = np.array([point.z for point in desk.state.answer(DecodePath).points])
    np.testing.assert_allclose(points, np.linspace(ends.a.z, ends.b.z, 5), atol=1e-5)
    swap = next(b for b in panel.findChildren(QToolButton) if b.toolTip() == "Swap start and end")
    desk.hand.click(swap)
    desk.settle()
    assert (desk.state.ends.a, desk.state.ends.b) == (ends.b, ends.a)
    desk.hand.click(panel.view, panel.view.tile_rect(2).center())
    assert desk.state.point.z == pytest.approx(points[2], abs=1e-5)


# Undo


def test_undo_and_redo_of_everything(desk):
    """Map, manifold, sliders, keys, path: each is a step, back to the start and forth again."""
    places = [(desk.state.point, desk.state.ends, desk.state.original)]

    def step(action):
        action()
        desk.settle()
        here = (desk.state.point, desk.state.ends, desk.state.original)
        assert here != places[-1]
        places.append(here)

    manifold = desk.panel("manifold").view
    slider = desk.panel("sliders").rows[0].slider
    step(lambda: desk.hand.click(desk.map.viewport(), desk.pixel_of(1, 1)))
    step(lambda: desk.hand.click(manifold, manifold.tile_rect(30).center()))
    step(lambda: desk.controller.point.pick(99))
    slider.setFocus()
    step(lambda: desk.hand.key(Qt.Key.Key_PageUp))
    step(lambda: desk.hand.key(Qt.Key.Key_R))
    step(lambda: desk.hand.key(Qt.Key.Key_A))
    step(lambda: desk.panel("interpolate").steps.setValue(6))
    step(lambda: desk.hand.key(Qt.Key.Key_Home))
    for place in places[-2::-1]:
        desk.hand.key(Qt.Key.Key_Z, CTRL)
        assert (desk.state.point, desk.state.ends, desk.state.original) == place
    assert not desk.window.menus.undo.isEnabled()
    desk.settle()
    assert desk.state.answer(Decode).point == places[0][0]
    assert len(desk.state.answer(DecodePath).points) == 12
    for place in places[1:]:
        desk.hand.key(Qt.Key.Key_Z, CTRL_SHIFT)
        assert (desk.state.point, desk.state.ends, desk.state.original) == place
    assert not desk.window.menus.redo.isEnabled()
    assert desk.panel("interpolate").steps.value() == 6


def test_undo_buttons_follow_and_undo_ends_where_a_model_begins(desk):
    buttons = desk.window.workspace_bar.findChildren(QToolButton)
    undo, redo = (b for name in ("Undo", "Redo") for b in buttons if b.toolTip().startswith(name))
    assert (undo.isEnabled(), redo.isEnabled()) == (False, False)
    start = desk.state.point
    desk.hand.key(Qt.Key.Key_R)
    assert (undo.isEnabled(), redo.isEnabled()) == (True, False)
    desk.hand.click(undo)
    assert desk.state.point == start
    assert (undo.isEnabled(), redo.isEnabled()) == (False, True)
    # Another model's z means nothing here.
    desk.hand.key(Qt.Key.Key_R)
    library = desk.panel("library").list
    desk.hand.click(library.viewport(), library.visualRect(library.model().index(1, 0)).center())
    desk.settle()
    assert desk.state.model.name == "digits-cvae"
    assert not desk.state.can_undo
    assert len(desk.state.point.z) == 20


def test_smooth_pixels(old_desk):
    panel = old_desk.panel("image")
    square = panel.view.grab().toImage()
    button = next(b for b in panel.findChildren(QToolButton) if "Smooth" in b.toolTip())
    old_desk.hand.click(button)
    smooth = panel.view.grab().toImage()
    assert count_colours(smooth) > 2 * count_colours(square)
    old_desk.hand.click(button)
    assert panel.view.grab().toImage() == square


def count_colours(image):
    place = QPointF(image.width() / 2, image.height() / 2).toPoint()
    return len({image.pixel(x, place.y()) for x in range(image.width())})
