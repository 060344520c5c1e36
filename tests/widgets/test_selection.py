"""Choosing images: by hand, by what is known of them, combined, kept and undone."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import toy
from gui_support import LEFT, PLAIN, actions_of
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu

from latentlab.data.image_set import Attributes
from latentlab.session.library.entries import ListLibrary
from latentlab.session.map import ComputeMeasure, SaveSelection
from latentlab.session.scores.anomalies import ScoreImages
from latentlab.session.selection import SetOperation
from latentlab.widgets.panels.map.select_menu import RangeDialog, fill_select_menu, select_by_text

SHIFT, ALT = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier


def chosen(desk):
    return set(desk.state.selection.rows.tolist()) if desk.state.selection else set()


def draw(desk, corners, modifier=PLAIN):
    """Draw along corners given in data coordinates, as a hand does."""
    pixels = [desk.pixel_of(*corner) for corner in corners]
    viewport = desk.map.viewport()
    desk.hand.press(viewport, pixels[0], LEFT, modifier)
    for start, end in pairwise(pixels):
        for share in np.linspace(0.2, 1, 5):
            desk.hand.move(viewport, QPointF(start) + (QPointF(end) - QPointF(start)) * share)
    desk.hand.release(viewport, pixels[-1], LEFT, modifier)


def tool(desk, name):
    desk.hand.click(desk.panel("map").buttons.buttons[name])


def within(desk, left, low, right, high):
    xy = desk.state.view.places(desk.state.codes)
    keep = (xy >= (left, low)).all(1) & (xy <= (right, high)).all(1)
    return set(np.flatnonzero(keep).tolist())


def test_a_box_takes_what_lies_in_it_shift_adds_alt_removes(desk):
    tool(desk, "box")
    before = desk.state.point
    draw(desk, [(-2.5, -1.5), (-0.5, 1.5)])
    first = chosen(desk)
    near = desk.pixel_size * 2
    assert within(desk, -2.5 + near, -1.5 + near, -0.5 - near, 1.5 - near) <= first
    assert first <= within(desk, -2.5 - near, -1.5 - near, -0.5 + near, 1.5 + near)
    draw(desk, [(0.5, -1.5), (2.5, 1.5)], SHIFT)
    both = chosen(desk)
    assert first < both
    draw(desk, [(-2.7, -1.7), (-0.4, 1.7)], ALT)
    assert chosen(desk) == both - first
    assert desk.state.point == before, "a tool does not move z"
    bar = desk.panel("map").selected
    assert bar.isVisible()
    assert f"{len(both - first):,}" in bar.text.text()


def test_a_lasso_takes_what_lies_in_its_outline(desk):
    tool(desk, "lasso")
    assert not desk.panel("map").buttons.buttons["box"].isChecked()
    draw(desk, [(-3, -3), (3, -3), (0, 3), (-3, -3)])
    xy = desk.state.view.places(desk.state.codes)
    below = (xy[:, 1] > -3) & (xy[:, 1] < 3 - 2 * np.abs(xy[:, 0]))
    differ = chosen(desk) ^ set(np.flatnonzero(below).tolist())
    assert len(chosen(desk)) > 10
    assert len(differ) <= 3, "but for those the outline runs through"


def test_a_click_takes_one_image_and_beside_any_none(desk):
    tool(desk, "box")
    xy = desk.state.view.places(desk.state.codes)
    desk.hand.click(desk.map.viewport(), desk.pixel_of(*xy[5].tolist()))
    (row,) = chosen(desk)
    assert np.linalg.norm(xy[row] - xy[5]) < 2 * desk.pixel_size
    desk.hand.click(desk.map.viewport(), desk.pixel_of(2.9, -2.9))
    assert not chosen(desk)


def test_without_a_tool_the_map_works_as_ever(desk):
    tool(desk, "lasso")
    tool(desk, "lasso")
    place = desk.pixel_of(1.0, 1.0)
    desk.hand.click(desk.map.viewport(), place)
    assert desk.state.point.z == pytest.approx(desk.place_of(place), abs=desk.pixel_size)


def test_escape_gives_up_an_outline_then_clears_and_never_quits(desk):
    tool(desk, "box")
    draw(desk, [(-2, -2), (2, 2)])
    had = chosen(desk)
    viewport = desk.map.viewport()
    desk.hand.press(viewport, desk.pixel_of(0, 0))
    desk.hand.move(viewport, desk.pixel_of(1, 1))
    QTest.keyClick(desk.map, Qt.Key.Key_Escape)
    desk.hand.release(viewport, desk.pixel_of(1, 1))
    assert chosen(desk) == had
    QTest.keyClick(desk.map, Qt.Key.Key_Escape)
    assert chosen(desk) == had, "it lays down the tool first"
    QTest.keyClick(desk.map, Qt.Key.Key_Escape)
    assert not chosen(desk)
    assert desk.window.isVisible()


@pytest.mark.parametrize("tool", ["box", "lasso"])
def test_escape_lays_down_a_tool(desk, tool):
    panel = desk.panel("map")
    desk.hand.click(panel.buttons.buttons[tool])
    assert panel.hand.tool
    desk.hand.key(Qt.Key.Key_Escape)
    assert not panel.hand.tool
    assert not panel.buttons.buttons[tool].isChecked()
    assert panel.plot.viewport().cursor().shape() == Qt.CursorShape.ArrowCursor
    before = desk.state.point
    desk.hand.click(panel.plot.viewport(), desk.pixel_of(1.0, 1.0))
    assert desk.state.point != before, "a click goes there again"


def test_selections_combine_are_kept_and_undone(desk):
    control, labels = desk.controller, desk.state.codes.labels
    ants, bees = (set(np.flatnonzero(labels == i).tolist()) for i in (0, 1))
    control.selection.select(list(ants))
    control.selection.keep("ants ")
    control.selection.select(list(range(10)))
    (kept,) = desk.state.kept
    assert (kept.name, set(kept.rows.tolist())) == ("ants", ants)
    control.selection.select(kept.rows, SetOperation.COMMON)
    assert chosen(desk) == ants & set(range(10))
    control.selection.select(list(bees), SetOperation.ADD)
    assert chosen(desk) == (ants & set(range(10))) | bees
    control.selection.invert()
    assert chosen(desk) == set(range(90)) - (ants & set(range(10))) - bees
    control.undo.undo()
    control.undo.undo()
    assert chosen(desk) == ants & set(range(10))
    control.undo.redo()
    assert chosen(desk) == (ants & set(range(10))) | bees
    control.selection.forget("ants")
    assert not desk.state.kept
    control.undo.undo()
    assert desk.state.kept == (kept,)
    while desk.state.can_undo:
        control.undo.undo()
    assert not desk.state.kept
    assert desk.state.selection is None
    while desk.state.can_redo:
        control.undo.redo()
    assert not desk.state.kept
    assert chosen(desk) == (ants & set(range(10))) | bees


def test_undo_selects_no_images_that_are_gone(desk):
    desk.controller.selection.select([1, 89])
    desk.controller.selection.keep("far")
    desk.controller.selection.clear()
    desk.controller.store.set(codes=toy.codes(count=50), kept=())
    desk.controller.undo.undo()
    desk.controller.undo.undo()
    assert desk.state.selection is None
    assert desk.state.kept == ()


def test_rows_cannot_be_written_to(desk):
    desk.controller.selection.select([3, 1, 1])
    assert desk.state.selection.rows.tolist() == [1, 3]
    with pytest.raises(ValueError, match="read-only"):
        desk.state.selection.rows[0] = 7


def texts(menu):
    return {action.text(): action for action in actions_of(menu) if action.text()}


def test_the_menu_chooses_by_class_and_the_rest(desk):
    menu = QMenu(desk.window)
    panel = desk.panel("map")
    fill_select_menu(menu, desk.controller, panel.colours.chosen, panel)
    assert {"Class", "All", "Invert"} <= set(texts(menu))
    texts(texts(menu)["Class"].menu())["bee"].trigger()
    assert chosen(desk) == set(np.flatnonzero(desk.state.codes.labels == 1).tolist())
    texts(menu)["Invert"].trigger()
    assert chosen(desk) == set(np.flatnonzero(desk.state.codes.labels != 1).tolist())
    texts(menu)["All"].trigger()
    assert len(chosen(desk)) == 90
    menu.deleteLater()


def test_the_menu_chooses_by_words_codes_and_ranges(desk, monkeypatch):
    rows = np.arange(90)
    values = np.column_stack([rows % 2, rows % 3, rows / 7, rows < 9]).astype(np.float32)
    values[5, 0] = np.nan
    names = ("land", "grade", "age", "hat")
    about = Attributes(names, values, {"land": ("AT", "CH")})
    desk.controller.store.set(codes=replace(desk.state.codes, attributes=about))
    panel, menu = desk.panel("map"), QMenu(desk.window)
    panel.colours.choose("attribute:land")
    desk.settle()
    assert [button.text() for button in panel.legend.buttons] == ["AT", "CH"]
    fill_select_menu(menu, desk.controller, panel.colours.chosen, panel)
    inner = texts(texts(menu)["Attribute"].menu())
    assert list(inner) == ["land", "grade", "age between…", "hat"]
    texts(inner["land"].menu())["CH"].trigger()
    assert chosen(desk) == set(range(1, 90, 2)) - {5}
    texts(inner["grade"].menu())["2"].trigger()
    assert chosen(desk) == set(range(2, 90, 3))
    inner["hat"].trigger()
    assert chosen(desk) == set(range(9))
    texts(texts(menu)["Group"].menu())["AT"].trigger()
    assert chosen(desk) == set(range(0, 90, 2))
    monkeypatch.setattr(RangeDialog, "exec", lambda dialog: (dialog.low.setValue(5), 1)[1])
    inner["age between…"].trigger()
    assert min(chosen(desk)) == 35
    menu.deleteLater()


def test_text_is_looked_for_in_the_names_of_classes(desk):
    select_by_text(desk.controller, " A")
    assert chosen(desk) == set(np.flatnonzero(desk.state.codes.labels != 1).tolist())
    select_by_text(desk.controller, "wasp")
    assert "wasp" in desk.state.failure.title
    assert "ant, bee, cat" in desk.state.failure.advice


def test_a_range_begins_with_the_ends_of_the_colour_bar(desk):
    panel = desk.panel("map")
    panel.colours.choose("z:1")
    dialog = RangeDialog(panel.colours.chosen, desk.state.codes.mu[:, 1], panel)
    z = desk.state.codes.mu[:, 1]
    assert z.min() <= dialog.low.value() < dialog.high.value() <= z.max() + 0.01
    dialog.deleteLater()


def test_the_mean_of_what_is_chosen_becomes_z_a_or_b(big):
    big.controller.selection.select([4, 8, 15])
    mean = tuple(big.state.codes.mu[[4, 8, 15]].mean(0).tolist())
    label = big.state.point.label
    for role in ("z", "a", "b"):
        big.controller.selection.go_to_mean(role)
    assert big.state.point.z == big.state.ends.a.z == big.state.ends.b.z == mean
    assert big.state.point.label == label


def test_another_model_begins_with_nothing_chosen(desk):
    desk.controller.selection.select([1, 2])
    desk.controller.selection.keep("two")
    desk.controller.runs.open(desk.state.answer(ListLibrary)[1].path)
    desk.until(lambda: desk.state.model.name == "big")
    desk.settle()
    assert desk.state.selection is None
    assert not desk.state.kept
    assert not desk.panel("map").selected.isVisible()


def test_saving_asks_for_a_file(desk, tmp_path):
    desk.controller.selection.select([1, 2])
    desk.controller.selection.save(tmp_path / "two.csv")
    desk.settle()
    (asked,) = [r for r in desk.lab.asked if isinstance(r, SaveSelection)]
    assert asked.selection.rows.tolist() == [1, 2]
    assert asked.names == ("ant", "bee", "cat")


def test_colouring_by_number_shows_a_bar_and_by_group_a_legend(desk):
    panel = desk.panel("map")
    assert panel.legend.isVisible()
    panel.colours.choose("kl")
    desk.settle()
    assert panel.bar.isVisible()
    assert not panel.legend.isVisible()
    assert panel.bar._texts[0] == "KL"
    assert panel.bar._texts[2].endswith(" nats")
    panel.colours.choose("k-means")
    desk.settle()
    assert panel.legend.isVisible()
    assert not panel.bar.isVisible()
    assert panel.colours.count.isVisible()
    before = desk.state.answer(ComputeMeasure)
    panel.colours.count.setValue(4)
    desk.settle()
    assert desk.state.answer(ComputeMeasure) is not before
    assert desk.state.answer(ComputeMeasure).count == 4
    panel.colours.choose("class")
    assert [button.text() for button in panel.legend.buttons] == ["ant", "bee", "cat"]


def test_scores_colour_the_map_while_they_hold(desk):
    """They are offered once known; when the codes change they go, and classes are shown again."""
    panel, colours = desk.panel("map"), desk.panel("map").colours

    def titles():
        return [colours.box.itemText(i) for i in range(colours.box.count())]

    assert "Reconstruction error" not in titles()
    desk.controller.ask(ScoreImages(2))
    desk.until(lambda: desk.state.answer(ScoreImages) is not None)
    assert {"Negative ELBO", "Reconstruction error", "KL"} <= set(titles())
    colours.choose("score:reconstruction error")
    assert panel.bar.isVisible()
    assert panel.bar._texts[0] == "Reconstruction error"
    assert panel.bar._texts[2].endswith(" MSE")
    # The lower the row, the larger the error: see `toy.scores`.
    shade = desk.map.cloud.paint_now.index
    assert shade[1] > shade[45] > shade[-2]
    desk.controller.store.set(answers={ScoreImages: None})
    assert "Reconstruction error" not in titles()
    assert colours.chosen.key == "class"
    assert panel.legend.isVisible()


def test_hidden_groups_are_not_taken(desk):
    """After a recolour, legend, points and what is under the cursor belong together."""
    panel = desk.panel("map")
    panel.colours.choose("k-means")
    desk.settle()
    groups = desk.state.answer(ComputeMeasure).values
    hidden = panel.legend.buttons[0]
    desk.hand.click(hidden)
    xy = desk.state.view.places(desk.state.codes)
    for row in np.flatnonzero(groups == 0)[:10]:
        found, _ = desk.map.cloud.nearest(*xy[row].tolist())
        assert groups[found] != 0


def test_new_colours_leave_points_and_filters_as_they_were(desk):
    """Only colours change, and a filter that was lifted is lifted."""
    panel, cloud = desk.panel("map"), desk.map.cloud
    before = cloud._cells
    panel.colours.choose("kl")
    desk.settle()
    assert cloud._cells is before
    panel.colours.choose("class")
    desk.hand.click(panel.legend.buttons[1])
    assert len(cloud) == 60
    panel.colours.choose("z:0")
    assert len(cloud) == 90
    panel.colours.choose("class")
    assert len(cloud) == 90
    assert all(button.isChecked() for button in panel.legend.buttons), "and the legend says so"
