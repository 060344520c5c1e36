"""The Interpolate panel on toys: kinds side by side, support, keys, time."""

from dataclasses import replace

import numpy as np
import pytest
from gui_support import actions_of
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QHelpEvent
from PySide6.QtWidgets import QToolButton

from latentlab.latent.interpolation.curves import Easing, PathKind
from latentlab.session.interpolation import DecodeGeodesic, DecodePaths
from latentlab.session.model import DecodePath
from latentlab.session.pairs import MakePairs
from latentlab.session.points import Loop
from latentlab.session.runs import Run, TrainingStatus
from latentlab.widgets.kit.theme import colours

CTRL = Qt.KeyboardModifier.ControlModifier
KINDS = list(PathKind)


def choose(desk, *kinds):
    panel = desk.panel("interpolate")
    for way in reversed(KINDS):
        panel.ways.actions_[way].setChecked(way in kinds)
    for way in KINDS:
        panel.ways.actions_[way].setChecked(way in kinds)
    desk.settle()
    return panel


def asked(desk, kind):
    return [request for request in desk.lab.asked if type(request) is kind]


def test_at_first_there_is_the_straight_way_alone_with_its_support(desk):
    panel = desk.panel("interpolate")
    assert [row.way for row in panel.rows.shown] == [PathKind.STRAIGHT]
    assert not panel.rows.rows[PathKind.STRAIGHT].name.isVisible()
    assert panel.rows.lead.bar.isVisible()
    assert not asked(desk, DecodeGeodesic)
    assert panel.rows.lead.tiles is desk.state.answer(DecodePath)


def test_kinds_stand_side_by_side(desk):
    panel = choose(desk, *KINDS)
    desk.until(lambda: desk.state.answer(DecodeGeodesic))
    shown = panel.rows.shown
    assert [row.way for row in shown] == KINDS
    tops = [row.mapTo(panel, row.rect().topLeft()).y() for row in shown]
    assert tops == sorted(set(tops))
    for row in shown:
        assert row.name.isVisible()
        assert not row.view.visibleRegion().isEmpty()
        assert row.view.columns == 12, "each in one row"
    strips = {
        strip.way: strip
        for strip in (
            *desk.state.answer(DecodePaths).strips,
            *desk.state.answer(DecodeGeodesic).strips,
        )
    }
    for row in shown[1:]:
        assert row.tiles is strips[row.way].tiles


def test_the_last_kind_cannot_be_taken_away_and_the_choice_is_remembered(make_desk):
    desk = make_desk()
    panel = choose(desk, PathKind.DATA)
    assert panel.ways.chosen() == (PathKind.DATA,)
    panel.ways.actions_[PathKind.DATA].setChecked(False)
    assert panel.ways.chosen() == (PathKind.DATA,)
    again = make_desk()
    assert again.panel("interpolate").ways.chosen() == (PathKind.DATA,)
    assert again.panel("interpolate").rows.lead.way is PathKind.DATA


def test_a_way_that_moves_asks_for_its_support(desk):
    choose(desk, PathKind.STRAIGHT, PathKind.GEODESIC)
    desk.lab.asked.clear()
    desk.controller.path.put_a()
    desk.settle()
    ends = desk.state.ends
    assert asked(desk, DecodePaths) == [DecodePaths(ends, (PathKind.STRAIGHT,))]
    assert asked(desk, DecodeGeodesic) == [DecodeGeodesic(ends)]
    desk.lab.asked.clear()
    desk.controller.point.randomize()
    desk.settle()
    assert not asked(desk, DecodePaths)


def test_bars_stand_under_their_pictures_and_have_the_colour_of_their_level(desk):
    panel = choose(desk, PathKind.STRAIGHT, PathKind.DATA)
    row = panel.rows.rows[PathKind.DATA]
    bar, view = row.bar, row.view
    image = bar.grab().toImage()
    c = colours()
    for step, expected in ((0, c.fine), (7, c.watch), (11, c.error)):
        tile, room = view.tile_rect(step), bar.bar_rect(step)
        assert room.center().x() == pytest.approx(tile.center().x(), abs=1)
        seen = image.pixelColor(round(room.center().x()), 1)
        assert seen == QColor(expected), step
    assert bar.height_of(0) == 1
    assert bar.height_of(11) == 0


def test_a_bar_tells_its_numbers(desk):
    row = desk.panel("interpolate").rows.lead
    text = row.bar.text(10)
    assert text.startswith("Step 11 of 12: unsupported by the data.")
    assert "1 code within 0.5" in text
    assert row.bar.text(99) == row.bar.text(-1) == ""
    at = row.bar.bar_rect(2).center().toPoint()
    event = QHelpEvent(QHelpEvent.Type.ToolTip, at, row.bar.mapToGlobal(at))
    assert row.bar.event(event)


def test_pointing_at_one_way_frames_the_step_in_all(desk):
    panel = choose(desk, PathKind.STRAIGHT, PathKind.DATA)
    data = panel.rows.rows[PathKind.DATA]
    desk.hand.move(data.view, data.view.tile_rect(4).center())
    assert [row.view.current for row in panel.rows.shown] == [4, 4]
    assert desk.state.preview.point == data.tiles.points[4]
    assert panel.timeline.time == pytest.approx(4 / 11)
    desk.hand.click(data.view, data.view.tile_rect(4).center())
    assert desk.state.point == data.tiles.points[4]


def test_the_way_whose_name_is_pressed_is_played(desk):
    panel = choose(desk, PathKind.STRAIGHT, PathKind.DATA)
    row = panel.rows.rows[PathKind.DATA]
    desk.hand.click(row.name)
    assert panel.rows.lead is row
    panel.player.timer.setInterval(5)
    desk.hand.click(panel.play)
    desk.until(lambda: desk.state.preview and desk.state.preview.point == row.tiles.points[5])
    desk.hand.click(panel.play)
    assert not panel.playing


def test_long_work_shows_how_far_it_is_and_can_be_given_up(desk):
    panel = choose(desk, PathKind.STRAIGHT, PathKind.GEODESIC)
    row = panel.rows.rows[PathKind.GEODESIC]
    from latentlab.work import Progress

    desk.controller.store.set(working={DecodeGeodesic: Progress("Looking", 0.4)})
    assert row._progress.text() == "40 %"
    desk.hand.click(row.cancel)
    assert not desk.state.working
    assert not row.cancel.isVisible()


# Time


def test_a_key_is_added_moved_past_another_removed_and_undone(desk):
    panel = desk.panel("interpolate")
    line = panel.timeline
    first = desk.state.point
    desk.hand.click(panel.bar.add_key)
    desk.controller.point.randomize()
    second = desk.state.point
    desk.hand.click(panel.bar.add_key)
    desk.settle()
    times = [key.time for key in desk.state.ends.keys]
    assert times == pytest.approx([0.25, 0.5])
    assert [key.point for key in desk.state.ends.keys] == [second, first]
    assert desk.state.answer(DecodePath).points[0] == desk.state.ends.a
    before = desk.state.ends
    start = line.key_place(0)
    for _ in desk.hand.drag(line, start, start + QPointF(0.5 * line.width(), 0)):
        pass
    desk.settle()
    assert [key.point for key in desk.state.ends.keys] == [first, second]
    assert desk.state.ends.keys[1].time > 0.6
    assert line.selected == 1
    desk.hand.key(Qt.Key.Key_Z, CTRL)
    assert desk.state.ends == before, "a whole drag is one step"
    line.setFocus()
    line.selected = 0
    desk.hand.key(Qt.Key.Key_Delete)
    assert [key.point for key in desk.state.ends.keys] == [first]
    desk.hand.key(Qt.Key.Key_Z, CTRL)
    assert desk.state.ends == before


def test_the_strip_comes_through_the_key(desk):
    panel = desk.panel("interpolate")
    panel.steps.setValue(9)
    desk.hand.click(panel.bar.add_key)
    desk.settle()
    assert desk.state.answer(DecodePath).points[4].z == pytest.approx(desk.state.point.z, abs=1e-5)


def test_scrubbing_previews_and_leaving_restores(desk):
    line = desk.panel("interpolate").timeline
    there = QPointF(line._x(0.5), line.height() / 2)
    desk.hand.press(line, there)
    desk.hand.release(line, there)
    assert desk.state.preview.point == desk.state.answer(DecodePath).points[6]
    desk.hand.move(line, there)
    desk.hand.move(desk.panel("library").list)
    assert desk.state.preview is None


def test_the_timeline_by_keyboard(desk):
    panel = desk.panel("interpolate")
    line = panel.timeline
    desk.hand.click(panel.bar.add_key)
    desk.settle()
    line.setFocus()
    line._scrub(0.0)
    desk.hand.key(Qt.Key.Key_Right)
    assert desk.state.preview.point == desk.state.answer(DecodePath).points[1]
    desk.hand.key(Qt.Key.Key_Left)
    assert desk.state.preview.point == desk.state.answer(DecodePath).points[0]
    desk.hand.key(Qt.Key.Key_Return)
    assert desk.state.point == desk.state.answer(DecodePath).points[0]
    desk.hand.key(Qt.Key.Key_Up)
    assert line.selected == 0
    desk.hand.key(Qt.Key.Key_Right, CTRL)
    assert desk.state.ends.keys[0].time == pytest.approx(0.52)
    desk.hand.key(Qt.Key.Key_Return)
    assert desk.state.point == desk.state.ends.keys[0].point


def test_easing_loop_and_speed(desk):
    panel = desk.panel("interpolate")
    menu = {action.text(): action for action in panel.bar.time.menu().actions()}
    menu["smooth, slow at each waypoint"].trigger()
    assert desk.state.ends.easing is Easing.SMOOTH
    menu["closed: from the end back to the start"].trigger()
    desk.settle()
    assert desk.state.ends.loop is Loop.ROUND
    points = desk.state.answer(DecodePath).points
    np.testing.assert_allclose(points[-1].z, points[0].z, atol=1e-6)
    menu["2 ×"].trigger()
    assert panel.player.timer.interval() == 40
    desk.controller.undo.undo()
    desk.controller.undo.undo()
    assert desk.state.ends.easing is Easing.LINEAR
    assert menu["even"].isChecked()
    assert menu["back and forth"].isChecked()


@pytest.mark.parametrize(
    ("loop", "expected"),
    [(Loop.BACK, [0, 1, 2, 3, 2, 1, 0, 1]), (Loop.ROUND, [0, 1, 2, 0, 1, 2, 0, 1])],
)
def test_playing_for_ever(desk, loop, expected):
    player, seen = desk.panel("interpolate").player, []
    player.stepped.connect(seen.append)
    player.timer.setInterval(1)
    player.start(4, loop)
    desk.until(lambda: len(seen) >= 8)
    player.stop()
    player.stepped.disconnect(seen.append)
    assert seen[:8] == expected


def test_playing_once_ends_by_itself(desk):
    player, seen = desk.panel("interpolate").player, []
    player.stepped.connect(seen.append)
    player.timer.setInterval(1)
    player.start(4, Loop.ONCE)
    desk.until(lambda: not player.playing)
    player.stepped.disconnect(seen.append)
    assert seen == [0, 1, 2, 3]


def test_ends_from_class_means_and_typical_images(big):
    panel = big.panel("interpolate")
    menus = {action.text(): action.menu() for action in panel.starts.menu().actions()}
    assert list(menus) == [
        "Start: mean of class",
        "Start: typical image of class",
        "End: mean of class",
        "End: typical image of class",
    ]
    actions_of(menus["Start: mean of class"])[1].trigger()
    codes = big.state.codes
    assert big.state.ends.a.z == pytest.approx(codes.mu[codes.labels == 1].mean(0), abs=1e-5)
    assert big.state.ends.a.label == 1
    actions_of(menus["End: typical image of class"])[2].trigger()
    big.settle()
    assert big.state.ends.b.z == pytest.approx(codes.mu[codes.typical(2)], abs=1e-5)


def test_swapping_turns_the_keys_round(desk):
    panel = desk.panel("interpolate")
    desk.hand.click(panel.bar.add_key)
    panel.timeline.selected = 0
    panel.timeline._put(0.2, dropped=True)
    ends = desk.state.ends
    swap = next(b for b in panel.findChildren(QToolButton) if b.toolTip() == "Swap start and end")
    desk.hand.click(swap)
    assert (desk.state.ends.a, desk.state.ends.b) == (ends.b, ends.a)
    assert desk.state.ends.keys[0].time == pytest.approx(0.8)
    assert desk.state.ends.keys[0].point == ends.keys[0].point


def test_another_model_brings_other_ways(desk):
    choose(desk, *KINDS)
    desk.controller.runs.open(desk.state.model.source.with_name("big"))
    desk.settle()
    for row in desk.panel("interpolate").rows.shown:
        assert {len(point.z) for point in row.tiles.points} == {5}


def test_the_sheet_of_pairs_is_left_alone_while_z_moves_or_a_run_trains(desk):
    panel = desk.panel("interpolate")
    desk.settle()
    # Showing the sheet would enable this again.
    panel.page.kind.setEnabled(False)
    desk.controller.point.go_home()
    desk.settle()
    assert not panel.page.kind.isEnabled()
    panel.pairs.setChecked(True)
    desk.until(lambda: desk.state.answer(MakePairs))
    assert panel.page.kind.isEnabled()
    assert not list(panel.wants(replace(desk.state, training=TrainingStatus(run=Run()))))
