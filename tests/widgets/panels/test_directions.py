"""The Directions panel: sliders along what has a name, learned, moved, renamed and shared."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from gui_support import handle_of
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QFileDialog, QMenu

from latentlab.data.image_set import Attributes
from latentlab.session.axes import STRIP_POSITIONS
from latentlab.session.directions import Direction, Groups, Origin, ReadDirections
from latentlab.session.map import Layout
from latentlab.widgets.kit.axis.slider import SLIDER_RANGE_SIGMA, TICKS
from latentlab.work import Progress

ORIGIN = Origin("big", "big", "cvae", "toys", 5, 3)
FIRST = Direction(
    "first", (1.0, 0, 0, 0, 0), 1.7, "difference of means", "class ant", (30, 60), 2.5, 0.9, ORIGIN
)
SLANT = replace(FIRST, name="slant", vector=(0, 0.6, 0.8, 0, 0), scale=0.5)


def show(desk, *directions):
    """Bring the panel to the front, with directions kept before."""
    desk.lab.directions = directions
    desk.window.docks["directions"].raise_()
    panel = desk.panel("directions")
    desk.until(lambda: len(panel.rows) == len(directions))
    desk.until(lambda: not panel.visibleRegion().isEmpty())
    desk.settle()
    return panel


def learn(desk, text):
    panel = desk.panel("directions")
    count = len(panel.rows)
    panel.form.source.setCurrentText(text)
    desk.hand.click(panel.form.learn)
    desk.until(lambda: len(panel.rows) == count + 1)
    return panel.rows[-1]


def z_of(desk):
    return np.array(desk.state.point.z)


def into_view(panel, widget):
    panel._area.ensureWidgetVisible(widget)
    return widget


def with_attributes(desk, names, values, levels=None):
    codes = desk.state.codes
    about = Attributes(names, np.asarray(values, np.float32), levels or {})
    known = replace(codes, attributes=about)
    desk.lab.codes = known
    desk.controller.store.set(codes=known)


def test_without_directions_it_says_what_they_are(big):
    panel = show(big)
    assert panel.empty.isVisible()
    assert "smile" in panel.empty.text()
    assert not panel.save.isEnabled()
    assert not panel.form.apart.isEnabled()


def test_it_offers_attributes_classes_and_groups(big):
    panel = show(big)
    source = panel.form.source
    offered = [source.itemText(i) for i in range(source.count()) if source.itemData(i)]
    classes = [f"class {name} against the rest" for name in ("ant", "bee", "cat")]
    assert offered == [*classes, "two groups of images"]
    with_attributes(big, ("smile", "hat"), np.zeros((90, 2)))
    offered = [source.itemText(i) for i in range(source.count()) if source.itemData(i)]
    assert offered == ["smile", "hat", *classes, "two groups of images"]
    assert panel.form.learn.isEnabled()


def test_words_and_codes_are_offered_one_by_one(big):
    """Words are never high and low; of codes it cannot be told."""
    panel = show(big)
    rows = np.arange(90)
    values = np.column_stack([rows % 2, rows % 3, rows / 7])
    with_attributes(big, ("land", "grade", "age"), values, {"land": ("AT", "CH")})
    source = panel.form.source
    offered = [source.itemText(i) for i in range(source.count()) if source.itemData(i)][:7]
    assert offered == [
        "land AT against the rest",
        "land CH against the rest",
        *(f"grade {grade} against the rest" for grade in range(3)),
        "grade, high against low",
        "age",
    ]
    row = learn(big, "land CH against the rest")
    assert row.name.text() == "land CH"


def test_without_images_nothing_is_offered(big):
    panel = show(big)
    empty = np.empty((0, 5), np.float32)
    big.controller.store.set(codes=type(big.state.codes)(empty, empty, None))
    assert panel.form.source.count() == 0
    assert not panel.form.learn.isEnabled()


def test_learning_a_class(big):
    panel = show(big)
    row = learn(big, "class cat against the rest")
    codes = big.state.codes
    cats = codes.labels == 2
    apart = codes.mu[cats].astype(float).mean(0) - codes.mu[~cats].astype(float).mean(0)
    vector = apart / np.linalg.norm(apart)
    assert row.direction.vector == pytest.approx(vector)
    assert row.name.text() == "cat"
    position = (z_of(big) - codes.center) @ vector / (codes.mu @ vector).std()
    assert row.slider.position == pytest.approx(position, rel=1e-4)
    assert row.value.text() == f"{position:+.2f} σ"
    assert row.badge.text == f"d = {row.direction.d:.1f}"
    assert not panel.empty.isVisible()


def test_leaving_others_as_they_are(big):
    panel = show(big, FIRST)
    panel.form.apart.setChecked(True)
    row = learn(big, "class cat against the rest")
    assert row.direction.vector[0] == pytest.approx(0, abs=1e-12)
    assert row.direction.apart_from == ("first",)
    assert "holds first fixed" in row.badge.toolTip()


def test_what_cannot_be_learned_is_told_and_changes_nothing(big):
    panel = show(big, FIRST)
    with_attributes(big, ("same",), np.ones((90, 1)))
    panel.form.source.setCurrentText("same")
    big.hand.click(panel.form.learn)
    big.until(lambda: big.state.failure)
    assert "the same for all images" in big.state.failure.title
    assert len(panel.rows) == 1


def test_dragging_moves_z_along_it_alone_and_is_one_undo(big):
    panel = show(big, FIRST, SLANT)
    panel.pictures.click()
    before = big.state
    slider = into_view(panel, panel.rows[1].slider)
    start = handle_of(slider)
    for _ in big.hand.drag(slider, start, start + QPoint(40, 0)):
        pass
    moved = z_of(big) - np.array(before.point.z)
    along = moved @ SLANT.vector
    assert along > 0.1
    assert moved == pytest.approx(along * np.array(SLANT.vector))
    assert slider.position == pytest.approx(slider.value() / TICKS * SLIDER_RANGE_SIGMA, abs=1e-9)
    assert big.state.point.label == before.point.label
    big.controller.undo.undo()
    assert (big.state.point, big.state.original) == (before.point, before.original)


def test_there_and_back_is_exactly_where_it_was(big):
    panel = show(big, FIRST, SLANT)
    before = big.state.point
    slider = panel.rows[1].slider
    at = slider.value()
    for tick in (at + 3, at + 120, at - 77, at):
        slider.setValue(tick)
    assert big.state.point == before
    into_view(panel, slider).setFocus()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_PageUp, Qt.Key.Key_Left, Qt.Key.Key_PageDown):
        big.hand.key(key)
    assert big.state.point == before


def test_sliders_add_up_and_orthogonal_ones_leave_each_other(big):
    panel = show(big, FIRST, SLANT)
    first, slant = panel.rows
    before, stood = z_of(big), slant.slider.value()
    first.slider.setValue(200)
    assert slant.slider.value() == stood
    slant.slider.setValue(-300)
    center = big.state.codes.center.astype(float)
    for row, tick in ((first, 200), (slant, -300)):
        wanted = tick / TICKS * SLIDER_RANGE_SIGMA
        vector = np.array(row.direction.vector)
        assert (z_of(big) - center) @ vector / row.direction.scale == pytest.approx(wanted)
        assert row.value.text() == f"{wanted:+.2f} σ"
    across = np.array([0, 0.8, -0.6, 0, 0])
    assert z_of(big) @ across == pytest.approx(before @ across)
    assert z_of(big)[3:].tolist() == before[3:].tolist()


def test_reset_goes_to_the_mean_of_the_data(big):
    panel = show(big, FIRST)
    row = panel.rows[0]
    row.slider.setValue(300)
    big.hand.click(into_view(panel, row.reset))
    assert big.state.point.z[0] == pytest.approx(big.state.codes.center[0])
    assert not row.reset.isEnabled()


def test_a_weak_direction_is_marked_and_says_why(big):
    weak = replace(FIRST, counts=(3, 4), d=0.2, accuracy=0.52)
    badge = show(big, weak).rows[0].badge
    assert badge.text == "weak"
    for words in (
        "only 3 and 4 images",
        "overlap widely",
        "no better than chance",
        "Cohen's d 0.20",
    ):
        assert words in badge.toolTip()
    assert badge.accessibleName() == "Strength of first: weak"
    assert not badge.grab().isNull()


def test_a_direction_of_another_model_or_moment_is_marked(big):
    panel = show(big, replace(FIRST, origin=replace(ORIGIN, epoch=1)), FIRST)
    assert [row.badge.text for row in panel.rows] == ["elsewhere", "d = 2.5"]
    assert "Learn it again" in panel.rows[0].badge.toolTip()


def test_renaming(big):
    panel = show(big, FIRST, SLANT)
    name = panel.rows[0].name
    name.setFocus()
    name.selectAll()
    big.hand.type("Tilt")
    big.hand.key(Qt.Key.Key_Return)
    big.until(lambda: [each.name for each in big.state.answer(ReadDirections)] == ["Tilt", "slant"])
    assert not name.hasFocus()
    name.setFocus()
    big.hand.type("x")
    big.hand.key(Qt.Key.Key_Escape)
    assert name.text() == "Tilt"
    name.setFocus()
    name.setText("  ")
    big.hand.key(Qt.Key.Key_Return)
    assert name.text() == "Tilt"
    assert [each.name for each in big.lab.directions] == ["Tilt", "slant"]


def test_deleting_and_putting_back(big):
    panel = show(big, FIRST, SLANT)
    big.hand.click(panel.rows[0].remove)
    big.until(lambda: len(panel.rows) == 1)
    assert panel.rows[0].direction == SLANT
    big.settle()
    big.hand.click(big.window.messages.lines[0].undo)
    big.until(lambda: len(panel.rows) == 2)
    assert big.lab.directions == (SLANT, FIRST)


def test_deleting_renaming_and_learning_are_undone_in_the_file_too(big):
    panel = show(big, FIRST, SLANT)
    big.hand.click(panel.rows[0].remove)
    big.until(lambda: len(panel.rows) == 1)
    panel.rows[0].renamed.emit(SLANT, "tilt")
    big.settle()
    assert [each.name for each in big.lab.directions] == ["tilt"]
    big.controller.undo.undo()
    big.settle()
    assert big.lab.directions == (SLANT,)
    assert big.window.menus.undo.text() == "Undo: change of directions"
    big.controller.undo.undo()
    big.settle()
    assert big.lab.directions == (FIRST, SLANT), "in their former order"
    assert [row.direction for row in panel.rows] == [FIRST, SLANT]
    assert not big.state.can_undo


def test_groups_gathered_by_hand(big):
    panel = show(big)
    form = panel.form
    form.source.setCurrentText("two groups of images")
    assert not form.learn.isEnabled()
    a, b = form.sides["a"], form.sides["b"]
    labels = big.state.codes.labels
    for side, label in ((a, 2), (b, 0)):
        for row in np.flatnonzero(labels == label)[:4].tolist():
            big.controller.point.pick(row)
            big.settle()
            big.hand.click(side.add)
            assert not side.add.isEnabled()
    assert (a.count.text(), b.count.text()) == ("With: 4", "Without: 4")
    row = learn(big, "two groups of images")
    assert row.direction.counts == (4, 4)
    assert row.badge.text == "weak"
    big.hand.click(a.add)
    assert (a.count.text(), b.count.text()) == ("With: 5", "Without: 3")
    big.hand.click(b.clear)
    assert b.count.text() == "Without: 0"
    assert not form.learn.isEnabled()
    assert not b.clear.isEnabled()


def test_what_is_selected_on_the_map_can_be_gathered(big):
    panel = show(big)
    bar, menu = big.panel("map").selected, QMenu()
    for rows, side in (([4, 5, 6], "with"), ([6, 9], "without")):
        big.controller.selection.select(np.array(rows))
        bar.fill_menu(menu)
        next(
            a for a in menu.actions() if a.text().startswith(f"Add to the group “{side}”")
        ).trigger()
        menu.clear()
    menu.deleteLater()
    assert big.state.groups == Groups((4, 5), (6, 9))
    assert big.panel("directions") is panel
    assert [panel.form.sides[side].count.text() for side in "ab"] == ["With: 2", "Without: 2"]


def test_directions_become_the_axes_of_the_map(big):
    """First one, then the other: in the end each lies in the plane, which moving z keeps to."""
    panel = show(big, FIRST, SLANT)
    right, up = panel.rows[0].axes.menu().actions()
    right.trigger()
    panel.rows[1].axes.menu().actions()[1].trigger()
    frame = big.state.view.frame
    assert big.state.view.layout is Layout.DIRECTIONS
    views = big.panel("map").views
    assert views.layouts.currentText() == "Directions"
    assert (views.across.currentText(), views.up.currentText()) == ("first", "slant")
    assert frame.names == ("first", "slant")
    np.testing.assert_allclose(frame.basis, [FIRST.vector, SLANT.vector], atol=1e-12)
    before = z_of(big)
    big.hand.click(big.map.viewport(), big.pixel_of(1.0, -1.0))
    change = z_of(big) - before
    assert frame.basis.T @ frame.basis @ change == pytest.approx(change, abs=1e-9)
    up.trigger()
    assert "span no plane" in big.state.failure.title
    assert big.state.view.frame is frame
    big.controller.undo.undo()
    big.controller.undo.undo()
    assert big.state.view.frame.names == ("first", "z2")


def test_only_an_image_of_the_map_can_be_gathered(big):
    panel = show(big)
    panel.form.source.setCurrentText("two groups of images")
    add = panel.form.sides["a"].add
    assert add.isEnabled()
    big.controller.point.randomize()
    assert not add.isEnabled()
    assert "Choose an image on the map" in add.toolTip()


def test_another_model_has_directions_and_groups_of_its_own(big):
    panel = show(big, FIRST)
    big.controller.selection.set_groups(Groups((1,), (2,)))
    big.lab.directions = ()
    big.controller.runs.open(Path("/toys/toy"))
    big.settle()
    big.until(lambda: not panel.rows)
    assert big.state.answer(ReadDirections) == ()
    assert big.state.groups == Groups()
    big.lab.directions = (FIRST,)
    big.controller.runs.open(Path("/toys/big"))
    big.until(lambda: panel.rows)


def test_pictures_show_what_each_slider_does(big):
    panel = show(big, FIRST)
    strip = panel.rows[0].strip
    big.until(lambda: strip.tiles is not None)
    axis = panel.rows[0].slider.axis
    for mark, point in zip(STRIP_POSITIONS, strip.tiles.points, strict=True):
        assert axis.position(point.z) == pytest.approx(mark)
        assert point.label == big.state.point.label
    cell = strip.cell(5).center()
    big.hand.move(into_view(panel, strip), cell)
    big.until(lambda: big.state.preview is not None)
    assert big.state.preview.point == strip.tiles.points[5]
    before = big.state.point
    big.hand.click(strip, cell)
    assert axis.position(big.state.point.z) == pytest.approx(2.0)
    assert big.state.preview is None
    big.controller.undo.undo()
    assert big.state.point == before
    panel.pictures.click()
    assert not strip.isVisible()


def test_sharing(big, tmp_path, monkeypatch):
    panel = show(big, FIRST, SLANT)
    path = tmp_path / "mine.json"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *args: (str(path), ""))
    big.hand.click(panel.save)
    big.until(path.exists)
    big.hand.click(panel.rows[0].remove)
    big.until(lambda: len(panel.rows) == 1)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *args: (str(path), ""))
    big.hand.click(panel.load)
    big.until(lambda: len(panel.rows) == 2)
    assert set(big.lab.directions) == {FIRST, SLANT}
    path.write_text("{}", encoding="utf-8")
    big.hand.click(panel.load)
    big.until(lambda: big.state.failure)
    assert "not a file of directions" in big.state.failure.title
    assert len(panel.rows) == 2


def test_learning_can_be_given_up(big):
    def for_ever(request):
        while True:
            yield Progress("Learning")

    panel = show(big, FIRST)
    big.lab.LearnDirection = for_ever
    form = panel.form
    big.hand.click(form.learn)
    big.until(form.cancel.isVisible)
    assert not form.learn.isVisible()
    big.hand.click(form.cancel)
    big.until(form.learn.isVisible)
    assert [row.direction for row in panel.rows] == [FIRST]


def choose_view(big, title):
    layouts = big.panel("map").views.layouts
    layouts.setCurrentText(title)
    layouts.activated.emit(layouts.currentIndex())
    big.settle()


def test_two_directions_are_chosen_as_the_maps_axes(big):
    """They are read for it, where nobody has looked at them yet."""
    big.lab.directions = (FIRST, SLANT)
    choose_view(big, "Directions")
    assert big.state.view.frame.names == ("first", "slant")
    big.panel("map").views.up.setCurrentIndex(0)
    assert "span no plane" in big.state.failure.title
    assert big.panel("map").views.up.currentText() == "slant"
    big.controller.undo.undo()
    assert big.panel("map").views.layouts.currentText() == "Dimensions"


def test_a_plane_of_directions_needs_two(big):
    big.lab.directions = (FIRST,)
    choose_view(big, "Directions")
    assert "needs two" in big.state.failure.title
    assert big.panel("map").views.layouts.currentText() == "Dimensions"
