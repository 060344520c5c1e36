"""Arithmetic, traversals, bookmarks and the meter on toys."""

from dataclasses import replace

import numpy as np
import pytest
from gui_support import actions_of
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from toy import picture_of

from latentlab.errors import RunError
from latentlab.session.bookmarks import ReadBookmarks
from latentlab.session.files.film import traversal_frames
from latentlab.session.interpolation import (
    Bookmark,
    MakeBlend,
    MakeTraversal,
    MeasureSupport,
    PointSupport,
    Range,
)
from latentlab.session.runs import Run, TrainingStatus
from latentlab.widgets.panels.image.support_gauge import SupportGauge


def raised(desk, key):
    desk.window.docks[key].raise_()
    panel = desk.panel(key)
    desk.until(lambda: not panel.visibleRegion().isEmpty())
    desk.settle()
    return panel


# The meter


def test_the_meter_follows_z(desk):
    gauge = desk.panel("image").gauge
    for x, expected in (
        (0.5, "well supported by the data"),
        (5, "weakly supported by the data"),
        (9, "unsupported by the data"),
    ):
        desk.controller.point.set(desk.state.point.along({0: x, 1: 0}))
        desk.settle()
        assert gauge.text.text().startswith(expected)
        assert gauge.dial.level == pytest.approx(min(1, x / 8))
        assert expected in gauge.toolTip()
        assert expected in gauge.accessibleName()


def test_the_meter_asks_for_the_newest_place_only_when_z_moved(desk):
    desk.lab.asked.clear()
    desk.controller.preview.point(desk.state.point.along({0: 3.0}))
    desk.settle()
    assert not [r for r in desk.lab.asked if isinstance(r, MeasureSupport)]
    desk.controller.point.randomize()
    desk.settle()
    asked = [r for r in desk.lab.asked if isinstance(r, MeasureSupport)]
    assert asked == [MeasureSupport(desk.state.point)]


def test_the_meter_keeps_what_was_measured_while_another_model_trains(desk):
    gauge = desk.panel("image").gauge
    measured = gauge.text.text()
    assert measured
    desk.controller.store.set(training=TrainingStatus(run=Run(), following=False))
    assert gauge.text.text() == measured
    desk.controller.point.randomize()
    desk.settle()
    assert gauge.text.text() == ""


def test_the_needle_stands_where_the_level_is(application):
    gauge = SupportGauge()
    gauge.resize(240, 20)
    nothing = PointSupport(None, None, float("nan"), float("nan"), 0.5, 1.0)
    needles = []
    for level in (0.0, 0.5, 1.0):
        gauge.show_footing(replace(nothing, level=level, density=1.0, nearest=1.0))
        image = gauge.dial.grab().toImage()
        middle = [image.pixelColor(x, 8).lightness() for x in range(image.width())]
        needles.append(int(np.argmin(middle)))
    assert needles == sorted(set(needles))
    gauge.show_footing(nothing)
    assert gauge.text.text() == "no codes to compare with"
    gauge.show_footing(None)
    assert gauge.text.text() == ""
    gauge.deleteLater()


# Arithmetic


def test_arithmetic_begins_with_class_means_and_shows_their_sum(desk):
    panel = raised(desk, "arithmetic")
    codes, blend = desk.state.codes, desk.state.answer(MakeBlend)
    means = [codes.mu[codes.labels == label].mean(0) for label in range(3)]
    for point, mean in zip(blend.points, [*means, means[0] - means[1] + means[2]], strict=True):
        assert point.z == pytest.approx(mean, abs=1e-5)
    for view, point in zip(panel._views(), blend.points, strict=True):
        assert view.image.pixelColor(0, 0).red() == picture_of(point)[0, 0]


def test_strength_scales_the_difference(desk):
    panel = raised(desk, "arithmetic")
    a, b, c, _ = desk.state.answer(MakeBlend).points
    panel.strength.setValue(-5)
    desk.settle()
    expected = -0.5 * (np.array(a.z) - np.array(b.z)) + c.z
    assert desk.state.answer(MakeBlend).points[3].z == pytest.approx(expected)
    assert panel._reset.isEnabled()
    desk.hand.click(panel._reset)
    assert panel.strength.value() == 10
    assert not panel._reset.isEnabled()


def test_slots_are_filled_by_z_mean_and_file(desk, tmp_path):
    panel = raised(desk, "arithmetic")
    desk.controller.point.randomize()
    panel.slots[0].put.emit(0)
    desk.settle()
    assert desk.state.answer(MakeBlend).points[0] == desk.state.point
    actions_of(panel.slots[1].means.menu())[2].trigger()
    desk.settle()
    codes = desk.state.codes
    assert desk.state.answer(MakeBlend).points[1].z == pytest.approx(
        codes.mu[codes.labels == 2].mean(0), abs=1e-5
    )
    before = desk.state.point
    drop(panel.slots[2].view, tmp_path / "1234567.png")
    desk.settle()
    assert desk.state.answer(MakeBlend).points[2].z == pytest.approx(codes.mu[11].tolist())
    assert desk.state.point == before, "the drop is the slot's, not the window's"


def drop(view, path):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    at = QPointF(view.rect().center())
    left, plain = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    event = QDropEvent(at, Qt.DropAction.CopyAction, data, left, plain)
    view.dropEvent(event)


def test_result_previews_goes_there_and_comes_back(desk):
    panel = raised(desk, "arithmetic")
    before, result = desk.state.point, desk.state.answer(MakeBlend).points[3]
    desk.hand.move(panel.result)
    assert desk.state.preview.point == result
    desk.hand.click(panel.result)
    assert desk.state.point == result
    desk.controller.undo.undo()
    assert desk.state.point == before
    panel.slots[0].view.setFocus()
    desk.hand.key(Qt.Key.Key_Return)
    assert desk.state.point == desk.state.answer(MakeBlend).points[0]


def test_another_model_empties_the_slots(desk):
    raised(desk, "arithmetic")
    desk.controller.runs.open(desk.state.model.source.with_name("big"))
    desk.settle()
    assert [len(point.z) for point in desk.state.answer(MakeBlend).points] == [5] * 4
    assert [point.label for point in desk.state.answer(MakeBlend).points] == [0, 1, 2, 2]


# Traversals


def test_each_row_is_a_dimension_and_a_click_goes_there(big):
    panel = raised(big, "traversals")
    made = big.state.answer(MakeTraversal)
    assert made.dimensions == (4, 3, 2, 1, 0)
    assert panel.view.columns == 9
    names = [name for name, _ in panel.sheet.sheet._names]
    assert names == ["z5", "z4", "z3", "z2", "z1"]
    big.hand.move(panel.view, panel.view.tile_rect(9 + 2).center())
    assert big.state.preview.point == made.tiles.points[11]
    assert panel.view.toolTip().startswith("z4 = ")
    big.hand.click(panel.view, panel.view.tile_rect(9 + 2).center())
    assert big.state.point == made.tiles.points[11]


def test_settings_and_moves_make_another_sheet(big):
    panel = raised(big, "traversals")
    panel.columns.setValue(5)
    panel.range.setCurrentText(Range.PRIOR.value)
    panel.span.setValue(3)
    big.settle()
    assert big.state.answer(MakeTraversal).values.shape == (5, 5)
    assert big.state.answer(MakeTraversal).values[0, -1] == 3
    panel.range.setCurrentText(Range.QUANTILES.value)
    assert not panel.span.isVisible()
    big.controller.point.randomize()
    big.settle()
    asked = [r for r in big.lab.asked if isinstance(r, MakeTraversal)]
    assert asked[-1].point == big.state.point
    assert asked[-1].settings.range is Range.QUANTILES


def test_more_dimensions_come_when_the_last_is_reached(big):
    panel = raised(big, "traversals")
    panel.settings = replace(panel.settings, most=2)
    big.controller.demand.renew()
    big.settle()
    assert len(big.state.answer(MakeTraversal).dimensions) == 2
    panel.sheet.ran_out.emit()
    big.settle()
    assert len(big.state.answer(MakeTraversal).dimensions) == 5
    asked = len(big.lab.asked)
    panel.sheet.ran_out.emit()
    assert len(big.lab.asked) == asked, "there are no more"


def test_a_row_sweeps_there_and_back(big):
    panel = raised(big, "traversals")
    big.hand.move(panel.view, panel.view.tile_rect(9).center())
    panel.player.timer.setInterval(2)
    seen = []
    panel.player.stepped.connect(seen.append)
    big.hand.click(panel.play)
    big.until(lambda: len(seen) > 9)
    assert big.state.preview.point in big.state.answer(MakeTraversal).tiles.points[9:18]
    big.hand.click(panel.play)
    panel.player.stepped.disconnect(seen.append)
    assert seen[:10] == [*range(9), 7]
    assert big.state.preview is None


def test_a_sweep_has_a_frame_for_each_column(big):
    raised(big, "traversals")
    made = big.state.answer(MakeTraversal)
    frames = traversal_frames(made).pictures
    assert frames.shape == (9, 2 * 5 - 1, 3 * 5 - 1)
    np.testing.assert_array_equal(frames[3, :4, 5:9], made.tiles.pictures[9 + 3])


def test_tiles_fit_the_width_and_the_sheet_scrolls(big):
    panel = raised(big, "traversals")
    view, sheet = panel.view, panel.sheet
    assert view.geometry().right() <= sheet.viewport().width()
    last = view.tile_rect(44)
    assert last.bottom() <= view.height() + 1
    assert last.width() == pytest.approx(last.height(), abs=1)


# Bookmarks


def test_bookmarks_are_added_named_gone_to_and_removed(desk):
    panel = raised(desk, "bookmarks")
    assert panel._empty.isVisible()
    first = desk.state.point
    desk.hand.click(panel.add)
    desk.settle()
    desk.controller.point.randomize()
    desk.settle()
    second = desk.state.point
    desk.hand.click(panel.add)
    desk.settle()
    assert [mark.point for mark in (desk.state.answer(ReadBookmarks) or ())] == [first, second]
    assert panel.list.count() == 2
    panel.list.item(1).setText("a fine one")
    desk.settle()
    assert (desk.state.answer(ReadBookmarks) or ())[1].note == "a fine one"
    desk.hand.click(panel.list.viewport(), panel.list.visualItemRect(panel.list.item(0)).center())
    assert desk.state.point == first
    desk.controller.undo.undo()
    assert desk.state.point == second
    panel.list.setFocus()
    desk.hand.key(Qt.Key.Key_Delete)
    desk.settle()
    assert [mark.point for mark in (desk.state.answer(ReadBookmarks) or ())] == [second]
    assert panel.list.item(0).text() == "a fine one"


def test_bookmarks_removed_renamed_and_added_come_back_by_undo(desk):
    panel = raised(desk, "bookmarks")
    name = desk.state.model.name
    desk.hand.click(panel.add)
    desk.settle()
    panel.list.item(0).setText("fine")
    desk.settle()
    named = desk.state.answer(ReadBookmarks) or ()
    panel.list.setFocus()
    panel.list.setCurrentRow(0)
    desk.hand.key(Qt.Key.Key_Delete)
    desk.settle()
    assert (desk.state.answer(ReadBookmarks) or ()) == desk.lab.marks[name] == ()
    desk.controller.undo.undo()
    desk.settle()
    assert (desk.state.answer(ReadBookmarks) or ()) == desk.lab.marks[name] == named
    assert panel.list.item(0).text() == "fine"
    desk.controller.undo.undo()
    desk.settle()
    assert [mark.note for mark in desk.lab.marks[name]] == ["toys 2"]
    desk.controller.undo.undo()
    desk.settle()
    assert desk.lab.marks[name] == ()
    assert not desk.state.can_undo
    for _ in range(2):
        desk.controller.undo.redo()
    assert (desk.state.answer(ReadBookmarks) or ()) == named
    desk.settle()
    assert desk.lab.marks[name] == named
    assert desk.state.can_redo


def test_bookmarks_read_late_are_nothing_to_undo(desk):
    here = desk.state.point
    mark = Bookmark(here, "old", picture_of(here))
    desk.lab.marks[desk.state.model.name] = (mark,)
    desk.controller.point.randomize()
    desk.controller.ask(ReadBookmarks())
    desk.settle()
    assert (desk.state.answer(ReadBookmarks) or ()) == (mark,)
    desk.controller.undo.undo()
    desk.settle()
    assert desk.state.point == here
    assert (
        (desk.state.answer(ReadBookmarks) or ()) == desk.lab.marks[desk.state.model.name] == (mark,)
    )


def test_bookmarks_that_could_not_be_written_are_not_shown_as_if(desk, monkeypatch):
    panel = raised(desk, "bookmarks")

    def fail(request):
        raise RunError("The disk is full.", "Make room.")

    monkeypatch.setattr(desk.lab, "SaveBookmarks", fail, raising=False)
    desk.hand.click(panel.add)
    desk.settle()
    assert desk.state.failure.title == "The disk is full."
    assert (desk.state.answer(ReadBookmarks) or ()) == ()
    desk.controller.undo.undo()
    desk.settle()
    assert (desk.state.answer(ReadBookmarks) or ()) == ()


def test_slots_come_back_by_undo(desk):
    panel = raised(desk, "arithmetic")
    first = desk.state.answer(MakeBlend).slots
    assert not desk.state.can_undo
    desk.controller.point.randomize()
    panel.slots[0].put.emit(0)
    desk.settle()
    filled, moved = desk.state.answer(MakeBlend).slots, desk.state.point
    assert filled[0] == moved
    panel.strength.setValue(5)
    desk.settle()
    desk.controller.undo.undo()
    assert panel.strength.value() == 10
    desk.controller.undo.undo()
    desk.settle()
    assert desk.state.answer(MakeBlend).slots == first
    assert desk.state.point == moved
    desk.controller.undo.redo()
    desk.settle()
    assert desk.state.answer(MakeBlend).slots == filled
    desk.controller.undo.redo()
    desk.settle()
    a, b, c = (np.array(point.z) for point in filled)
    assert desk.state.answer(MakeBlend).points[3].z == pytest.approx((0.5 * (a - b) + c).tolist())
    assert not desk.state.can_redo


def test_bookmarks_are_those_of_the_open_model(desk):
    panel = raised(desk, "bookmarks")
    desk.hand.click(panel.add)
    desk.settle()
    desk.controller.runs.open(desk.state.model.source.with_name("big"))
    desk.settle()
    assert (desk.state.answer(ReadBookmarks) or ()) == ()
    assert panel.list.count() == 0
    desk.controller.runs.open(desk.state.model.source.with_name("toy"))
    desk.settle()
    assert panel.list.count() == 1


def test_hovering_a_bookmark_previews_it(desk):
    panel = raised(desk, "bookmarks")
    desk.hand.click(panel.add)
    desk.settle()
    desk.controller.point.randomize()
    desk.settle()
    desk.hand.move(panel.list.viewport(), panel.list.visualItemRect(panel.list.item(0)).center())
    assert desk.state.preview.point == (desk.state.answer(ReadBookmarks) or ())[0].point
    desk.hand.move(desk.panel("library").list)
    assert desk.state.preview is None
