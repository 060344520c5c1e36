"""The map: which image is under the cursor, whatever is filtered or chosen as axes."""

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import toy
from gui_support import RIGHT, wait
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from latentlab.data.image_set import ImageSpec
from latentlab.data.own_image.crop import SourceImage
from latentlab.session.map import Layout, map_position
from latentlab.session.model import MakeManifold, PickImage
from latentlab.session.points import Key, Loop
from latentlab.widgets.kit.scatter.point_colours import by_class
from latentlab.widgets.kit.settings import settings
from latentlab.widgets.panels.map.colour_by import ColourBy
from latentlab.widgets.panels.map.plot import HOVER_DISTANCE

BUILT = ("map", "image", "manifold")

SHIFT = Qt.KeyboardModifier.ShiftModifier


def rows_by_hand(desk, place, labels):
    """Return the nearest shown image to a place, and how many pixels it is away."""
    codes, (i, j) = desk.state.codes, desk.state.view.frame.dimensions
    rows = np.flatnonzero(np.isin(codes.labels, labels))
    away = np.hypot(codes.mu[rows, i] - place[0], codes.mu[rows, j] - place[1])
    (left, right), _ = desk.map.viewRange()
    scale = desk.map.getViewBox().sceneBoundingRect().width() / (right - left)
    nearest = int(np.argmin(away))
    return int(rows[nearest]), away[nearest] * scale


def test_row_under_the_cursor_is_the_right_image(big):
    """After a filter or other axes, point and picture stay together (seeded random places)."""
    buttons = big.panel("map").legend.buttons
    for plane, hidden in itertools.product([(0, 1), (3, 1), (4, 4)], [(), (1,), (0, 2)]):
        big.controller.map.set_plane(plane)
        for button in buttons:
            button.setChecked(button.label not in hidden)
        check_rows(big, [button.label for button in buttons if button.label not in hidden])


def check_rows(desk, shown):
    rng = np.random.default_rng(0)
    room = desk.map.getViewBox().sceneBoundingRect().toRect()
    found = 0
    for mu in rng.choice(desk.state.view.places(desk.state.codes), 60):
        # Anywhere around some code, hidden or not.
        place = desk.pixel_of(*mu.tolist()) + QPoint(*rng.integers(-20, 20, 2).tolist())
        if not room.contains(place):
            continue
        spot = desk.map.spot_at(desk.map.mapToScene(place))
        assert (spot.x, spot.y) == pytest.approx(desk.place_of(place), abs=desk.pixel_size)
        row, pixels = rows_by_hand(desk, (spot.x, spot.y), shown)
        assert desk.map.nearest(spot) == row
        if abs(pixels - HOVER_DISTANCE) > 0.5:
            assert spot.row == (row if pixels < HOVER_DISTANCE else None)
        found += spot.row is not None
    assert 5 < found < 55


def test_hover_shows_the_image_under_the_cursor(big):
    codes = big.state.codes
    for row in (3, 40, 77):
        place = big.pixel_of(*codes.mu[row, :2].tolist())
        big.hand.move(big.map.viewport(), place)
        big.settle()
        expected, _ = rows_by_hand(big, big.place_of(place), [0, 1, 2])
        assert big.state.preview.original.row == expected
        assert big.panel("image")._pair._captions[0].text() == f"toys {expected}"


def test_legend_hides_exactly_one_class(big):
    """Counted in painted pixels: a class's colour goes, the others stay as they are."""
    legend = big.panel("map").legend
    before = inks(big)
    for hidden in range(3):
        big.hand.click(legend.buttons[hidden])
        after = inks(big)
        assert after[hidden] == 0 < before[hidden]
        for label in {0, 1, 2} - {hidden}:
            assert after[label] >= before[label] > 0
        big.hand.click(legend.buttons[hidden])
        assert inks(big) == before


def inks(desk):
    """Count the pixels of each class's colour in the cloud as it is painted."""
    cloud = desk.map.cloud
    view = desk.map.getViewBox()
    room = view.sceneBoundingRect()
    image = cloud._stamp(view.viewRect(), int(room.width()), int(room.height()))
    pixels = np.frombuffer(image.constBits(), np.uint32)
    inks = by_class(None, 0).argb(1.0)
    return {label: int((pixels == inks[label]).sum()) for label in range(3)}


def test_the_preview_goes_with_the_pointer(desk):
    """Also where it only goes to the map's own tools."""
    panel = desk.panel("map")
    goals = {
        "box": panel.buttons.buttons["box"],
        "layers": panel.buttons.layers,
        "legend": panel.legend.buttons[0],
        "out of the map": desk.panel("library"),
    }
    for where, goal in goals.items():
        desk.hand.move(panel.plot.viewport(), desk.pixel_of(0.5, 0.5))
        desk.until(panel.thumbnail.isVisible)
        desk.hand.move(goal)
        desk.until(lambda: not panel.thumbnail.isVisible())
        assert desk.state.preview is None, where


def checked(legend):
    return [button.isChecked() for button in legend.buttons]


def test_double_clicks_bring_one_alone_and_then_all(big):
    """From wherever one begins; where it was alone or none was shown, all come at once."""
    for hidden, label in itertools.product([(), (1,), (0, 2), (0, 1, 2)], (0, 1)):
        legend = big.panel("map").legend
        for button in legend.buttons:
            button.setChecked(button.label not in hidden)
        was_alone = checked(legend) in ([i == label for i in range(3)], [False] * 3)
        big.hand.double_click(legend.buttons[label])
        assert checked(legend) == ([True] * 3 if was_alone else [i == label for i in range(3)])
        big.hand.double_click(legend.buttons[label])
        assert checked(legend) == ([i == label for i in range(3)] if was_alone else [True] * 3)


def test_double_click_shows_one_class_alone_and_all_again(big):
    legend = big.panel("map").legend
    big.hand.double_click(legend.buttons[1])
    assert [button.isChecked() for button in legend.buttons] == [False, True, False]
    counts = inks(big)
    assert counts[0] == counts[2] == 0 < counts[1]
    big.hand.double_click(legend.buttons[1])
    assert all(button.isChecked() for button in legend.buttons)


def test_hidden_class_is_not_taken(big):
    """Shift+click takes the nearest image that can be seen."""
    legend = big.panel("map").legend
    big.hand.click(legend.buttons[2])
    row = 2
    assert big.state.codes.labels[row] == 2
    place = big.pixel_of(*big.state.codes.mu[row, :2].tolist())
    big.hand.click(big.map.viewport(), place, modifier=SHIFT)
    big.settle()
    taken = big.state.original.row
    assert big.state.codes.labels[taken] != 2
    assert taken == rows_by_hand(big, big.place_of(place), [0, 1])[0]


def test_axes_choose_the_plane(big):
    map_panel = big.panel("map")
    map_panel.across.setCurrentIndex(3)
    map_panel.up.setCurrentIndex(2)
    big.settle()
    assert big.state.view.frame == big.state.answer(MakeManifold).frame
    assert big.state.view.frame.dimensions == (3, 2)
    cross = big.map.cross.pos()
    assert (cross.x(), cross.y()) == pytest.approx((big.state.point.z[3], big.state.point.z[2]))
    a = big.map.handles["a"].pos()
    assert (a.x(), a.y()) == pytest.approx((big.state.ends.a.z[3], big.state.ends.a.z[2]))
    before = big.state.point
    place = big.pixel_of(1.0, -1.0)
    big.hand.click(big.map.viewport(), place)
    z = big.state.point.z
    assert (z[3], z[2]) == pytest.approx(big.place_of(place), abs=big.pixel_size)
    assert [z[d] for d in (0, 1, 4)] == [before.z[d] for d in (0, 1, 4)]
    assert big.state.point.label == before.label


def test_the_path_leads_through_its_points_and_back_where_it_is_round(big):
    point = big.state.model.point
    keys = [Key(t, point((9 * t, 1.0, -3 * t, 2.0, 0.0))) for t in (0.25, 0.5)]
    ends = replace(big.state.ends.with_keys(*keys), loop=Loop.ROUND)
    big.controller.path.set(ends)
    big.controller.map.set_plane((2, 0))
    z = [ends.a.z, keys[0].point.z, keys[1].point.z, ends.b.z, ends.a.z]
    x, y = big.map.path.getData()
    assert x == pytest.approx([each[2] for each in z])
    assert y == pytest.approx([each[0] for each in z])
    b = big.map.handles["b"].pos()
    assert (b.x(), b.y()) == pytest.approx((ends.b.z[2], ends.b.z[0]))


def test_right_click_offers_a_menu(big, monkeypatch):
    asked = []

    class Menu(QMenu):
        def exec(self, place):
            asked.append(texts(self))

    monkeypatch.setattr("latentlab.widgets.panels.map.pointer.QMenu", Menu)
    place = big.pixel_of(1.0, 1.0)
    big.hand.click(big.map.viewport(), place, RIGHT)
    assert len(asked) == 1, "not a second menu of the panel"
    assert asked[0][:9] == [
        "Set z here",
        "Set path start (A) here",
        "Set path end (B) here",
        "Set z to the nearest image",
        "Set path start (A) to the nearest image",
        "Set path end (B) to the nearest image",
        "Set z to the nearest image, decoded as",
        "Posterior of the image",
        "Zoom to all codes",
    ]
    assert "Hide Map" in asked[0]


def texts(menu):
    return [action.text() for action in menu.actions() if not action.isSeparator()]


def test_a_and_b_cannot_be_dragged_off_the_map(big):
    for name, place in itertools.product("ab", [(500.0, 0.0), (-500.0, 400.0), (0.0, -30.0)]):
        handle = big.map.handles[name]
        handle.setPos(*place)
        big.settle()
        (left, right), (low, high) = big.map.viewRange()
        assert left < handle.pos().x() < right
        assert low < handle.pos().y() < high
        end = getattr(big.state.ends, name)
        assert map_position(big.state, end) == pytest.approx((handle.pos().x(), handle.pos().y()))


def test_all_codes_are_shown_with_a_and_b(big):
    far = big.state.model.point((40.0, -30.0, 0.0, 0.0, 0.0))
    big.controller.path.set(big.state.ends.moved("a", far))
    big.map.show_all()
    (left, right), (low, high) = big.map.viewRange()
    assert left < 40 < right
    assert low < -30 < high


def test_another_model_is_seen_whole_and_another_epoch_as_zoomed(desk):
    assert not desk.panel("map").across.isVisible(), "there are only two axes"

    def zoom():
        desk.map.getViewBox().sigRangeChangedManually.emit([True, True])
        desk.map.setRange(xRange=(100, 101), yRange=(100, 101), padding=0)

    zoom()
    desk.controller.runs.open(Path("/toys/big"))
    desk.settle()
    (left, right), _ = desk.map.viewRange()
    assert left < -3 < 3 < right
    zoom()
    before, _ = desk.map.viewRange()
    number = desk.state.model.number
    desk.controller.runs.open(Path("/toys/big"))
    desk.settle()
    assert desk.state.model.number == number
    assert desk.map.viewRange()[0] == before


def test_zoom_is_kept_while_codes_move_until_home(big):
    """Training moves the codes ten times a minute: it must not throw one's view about."""
    view = big.map.getViewBox()
    view.sigRangeChangedManually.emit([True, True])
    big.map.setRange(xRange=(1, 2), yRange=(1, 2), padding=0)
    before = big.map.viewRange()
    big.map.set_codes(10 * big.state.codes.mu[:, :2], big.state.codes.labels, None)
    assert big.map.viewRange() == before
    big.map.show_all()
    (left, right), _ = big.map.viewRange()
    assert left < -10
    assert right > 10


def test_first_view_holds_nearly_all_codes_and_wheel_zooms_at_the_cursor(big):
    (left, right), (low, high) = big.map.viewRange()
    assert min(-left, right, -low, high) >= 3
    mu = big.state.codes.mu[:, :2]
    inside = (mu[:, 0] > left) & (mu[:, 0] < right) & (mu[:, 1] > low) & (mu[:, 1] < high)
    assert inside.mean() > 0.97
    viewport, place = big.map.viewport(), big.pixel_of(1.0, 1.0)
    before, width = big.place_of(place), np.ptp(big.map.viewRange()[0])
    turn = QWheelEvent(
        QPointF(place),
        QPointF(viewport.mapToGlobal(place)),
        QPoint(0, 0),
        QPoint(0, 240),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(viewport, turn)
    assert np.ptp(big.map.viewRange()[0]) < 0.95 * width
    assert big.place_of(place) == pytest.approx(before, abs=0.05)
    # A hand has been there: codes that move no longer move the view.
    kept = big.map.viewRange()
    big.map.set_codes(10 * big.state.codes.mu[:, :2], big.state.codes.labels, None)
    assert big.map.viewRange() == kept


def test_the_posterior_of_ones_own_picture_is_drawn_around_its_code(big):
    """One's own stays while z moves on; an image whose posterior is not known has none."""
    spread = big.panel("map").layers.spread
    assert not spread.isVisible()
    big.controller.own_image.show(SourceImage("mine", np.full((4, 4), 255, np.uint8)))
    big.settle()
    assert spread.isVisible()
    assert (spread.pos().x(), spread.pos().y()) == pytest.approx(big.state.own.point.z[:2])
    assert spread.boundingRect().width() == pytest.approx(0.8)
    big.controller.point.randomize()
    assert spread.isVisible()
    big.controller.map.set_plane((2, 3))
    assert (spread.pos().x(), spread.pos().y()) == pytest.approx((0, 0))
    assert not big.map.grab().isNull()


def test_the_titles_of_the_axes_are_as_long_as_the_axes(big):
    """pyqtgraph paints a longer one over both of its ends."""
    plot = big.map
    first, second = np.random.default_rng(5).standard_normal((2, 5))
    title = "between PC 1 and 2 · 51% of variance"
    big.controller.map.look_along(first, second, (title, "z2"))
    for width, height in ((900, 600), (260, 230), (150, 200)):
        plot.setMinimumSize(10, 10)
        plot.resize(width, height)
        QApplication.processEvents()
        axis = plot.getPlotItem().getAxis("bottom")
        assert axis.label.boundingRect().width() <= axis.boundingRect().width()
        assert axis.labelText.startswith("betw")
        assert axis.toolTip() == title
    assert axis.labelText.endswith("…")


def test_the_titles_of_the_axes_stand_at_their_middle(big):
    first, second = np.random.default_rng(5).standard_normal((2, 5))
    for name in ("between PC 1 and 2", "z"):  # of the same view, and so of the same axes
        big.controller.map.look_along(first, second, (name, name))
        for side, length in (("bottom", "width"), ("left", "height")):
            axis = big.map.getPlotItem().getAxis(side)
            title = axis.label.mapRectToItem(axis, axis.label.boundingRect())
            middle = title.center().x() if side == "bottom" else title.center().y()
            assert middle == pytest.approx(getattr(axis.size(), length)() / 2, abs=2)


def test_marks_have_names(big):
    """After filling in, z leaves the own image: two marks that look alike."""
    layers, label = big.panel("map").layers, big.map.z_label
    assert label.toPlainText() == "z"
    assert label.pos() == big.map.cross.pos()
    assert not layers.own_label.isVisible()
    big.controller.own_image.show(SourceImage("mine", np.full((4, 4), 255, np.uint8)))
    big.settle()
    assert not layers.own_label.isVisible(), "z is its code"
    big.controller.point.randomize()
    assert layers.own_label.isVisible()
    assert layers.own_label.toPlainText() == "your image"
    assert layers.own_label.pos() == layers.spread.pos()
    assert layers.own_label.anchor != label.anchor, "they do not cover each other"
    assert label.pos() == big.map.cross.pos()
    big.controller.own_image.forget()
    assert not layers.own_label.isVisible()


def test_what_the_hover_card_decodes_is_said(big, desk):
    """With more than two dimensions the code of an image is beside the plane."""
    for window, captions in (
        (big, ["image", "reconstruction", "plane through z"]),
        (desk, ["image", "reconstruction"]),
    ):
        codes = window.state.codes
        window.hand.move(window.map.viewport(), window.pixel_of(*codes.mu[40, :2].tolist()))
        window.settle()
        card = window.panel("map").thumbnail
        assert card.captions == captions
        metrics = card.fontMetrics()
        assert card.width() >= sum(map(metrics.horizontalAdvance, captions))


def test_compare_hides_the_ends_of_the_path(big):
    """There A and B are the models."""
    assert big.map.handles["a"].isVisible()
    big.go("compare")
    assert not big.map.handles["a"].isVisible()
    big.go("explore")
    assert big.map.handles["a"].isVisible()


def test_the_spread_is_the_shadow_of_the_posterior_on_the_plane(big):
    """Aslant it is an ellipse that leans; where places mean nothing there is none."""
    image = big.lab.PickImage(PickImage(4))
    sigma = (0.1, 0.9, 0.3, 0.5, 0.2)
    big.controller.store.set(original=replace(image, sigma=sigma), point=image.point)
    first, second = np.random.default_rng(5).standard_normal((2, 5))
    big.controller.map.look_along(first, second, ("one", "two"))
    spread = big.panel("map").layers.spread
    frame = big.state.view.frame
    covariance = frame.basis @ np.diag(np.square(sigma)) @ frame.basis.T
    assert abs(covariance[0, 1]) > 0.01
    assert (spread.pos().x(), spread.pos().y()) == pytest.approx(frame.spot(image.point.z))
    room = spread.boundingRect()
    reach = 2 * np.sqrt(np.diag(covariance))
    assert (room.right(), room.bottom()) == pytest.approx(reach.tolist(), rel=1e-5)
    # Points of the rim lie one deviation out, by the Mahalanobis distance.
    turns = np.linspace(0, 6, 7)
    rim = [spread.shape_at_one.map(QPointF(np.cos(t), np.sin(t))) for t in turns]
    away = np.array([(p.x(), p.y()) for p in rim])
    squared = np.einsum("ni,ij,nj->n", away, np.linalg.inv(covariance), away)
    assert squared == pytest.approx(np.ones(7), rel=1e-4)
    big.controller.map.lay_out(Layout.TSNE)
    big.settle()
    assert not spread.isVisible()


def test_the_spread_can_be_hidden_for_good(big):
    big.controller.own_image.show(SourceImage("mine", np.full((4, 4), 255, np.uint8)))
    big.settle()
    panel, menu = big.panel("map"), QMenu()
    panel.pointer.fill_menu(menu, big.map.spot_at(QPointF(50, 50)))
    action = next(a for a in menu.actions() if "Posterior of" in a.text())
    assert action.isChecked()
    action.trigger()
    menu.deleteLater()
    assert not big.panel("map").layers.spread.isVisible()
    assert settings().value("map/spread", True) is False


def test_above_two_dimensions_the_map_starts_on_the_pca_plane(make_desk):
    """Nothing is drawn over other axes first, and the manifold is decoded once."""
    desk = make_desk("big")
    assert desk.state.view.layout is Layout.PCA
    assert desk.state.view.is_made_of(desk.state.codes)
    bottom = desk.map.getPlotItem().getAxis("bottom").labelText
    assert bottom.startswith("PC 1")
    frames = {request.frame for request in desk.lab.asked if isinstance(request, MakeManifold)}
    assert frames <= {desk.state.view.frame}
    spread = desk.state.view.places(desk.state.codes).var(0).sum()
    assert spread > 1.2 * desk.state.codes.mu[:, :2].var(0).min() * 2


def test_dimensions_have_names(big):
    big.controller.map.set_plane((3, 1))
    item = big.map.getPlotItem()
    assert [item.getAxis(side).labelText for side in ("bottom", "left")] == ["z4", "z2"]
    assert item.getAxis("bottom").label.isVisible()


def test_an_embedding_fills_the_map(big):
    """Without the ring of the prior, and without axes, whose numbers would mean nothing."""
    plane = big.map.getViewBox().sceneBoundingRect()
    big.controller.map.lay_out(Layout.TSNE)
    big.settle()
    big.map.repaint()
    wait(30)
    xy = big.state.view.xy * np.float32([0.5, 0.25]) + 7
    big.controller.map.set_view(replace(big.state.view, xy=xy))
    room = big.map.getViewBox().sceneBoundingRect()
    assert room.width() > plane.width()
    assert not big.map.getPlotItem().getAxis("left").isVisible()
    view = big.map.getViewBox().viewRect()
    low, high = xy.min(0), xy.max(0)
    filled = max((high - low) / (view.width(), view.height()))
    assert 0.8 < filled <= 1.01
    assert view.left() <= low[0]
    assert view.right() >= high[0]


def test_another_kind_of_view_is_seen_whole(big):
    big.map.setRange(xRange=(5, 6), yRange=(5, 6), padding=0)
    big.map.getViewBox().sigRangeChangedManually.emit([True, True])
    big.controller.map.lay_out(Layout.PCA)
    big.settle()
    view = big.map.getViewBox().viewRect()
    assert view.width() > 6


def test_of_a_thousand_classes_some_are_searched_in_the_legend(make_desk):
    desk = make_desk()
    many = ImageSpec((1, 4, 4), tuple(f"class {i}" for i in range(1000)))
    desk.lab.models["many"] = toy.card(name="many", spec=many)
    desk.controller.runs.open(Path("/toys/many"))
    desk.settle()
    legend = desk.panel("map").legend
    assert [button.text() for button in legend.buttons] == [f"class {i}" for i in range(100)]
    assert legend._more.text() == "900 more"
    desk.hand.click(legend.buttons[1])
    legend.search.setFocus()
    desk.hand.type("S 99")
    assert [button.label for button in legend.buttons] == [99, *range(990, 1000)]
    assert not legend._more.isVisible()
    desk.hand.click(legend.buttons[2])
    assert legend.shown() == set(range(1000)) - {1, 991}
    legend.search.clear()
    assert [button.label for button in legend.buttons if not button.isChecked()] == [1]
    legend.show_classes(None)
    desk.hand.double_click(legend.buttons[3])
    assert legend.shown() == {3}
    legend.search.setText("nothing")
    assert legend.buttons == []


def test_a_legend_of_many_classes_scrolls(make_desk):
    desk = make_desk()
    many = ImageSpec((1, 4, 4), tuple(f"class {i}" for i in range(100)))
    desk.lab.models["many"] = toy.card(name="many", spec=many)
    desk.controller.runs.open(Path("/toys/many"))
    desk.settle()
    legend = desk.panel("map").legend
    assert len(legend.buttons) == 100
    desk.until(lambda: legend.verticalScrollBar().maximum() > 0)
    assert legend.height() <= 3 * legend.buttons[0].height()
    assert desk.map.height() > legend.height()
    last = legend.buttons[-1]
    assert last.visibleRegion().isEmpty()
    legend.ensureWidgetVisible(last)
    desk.until(lambda: not last.visibleRegion().isEmpty())
    desk.hand.click(last)
    assert legend.shown() == set(range(99))


def test_before_there_are_codes_no_colouring_is_offered(big):
    host = QWidget()
    choice = ColourBy(big.controller, host)
    host.show()
    assert not choice.isVisible(), "an empty list to choose from"
    choice.offer(big.state)
    assert choice.isVisible()
    host.close()
    host.deleteLater()
