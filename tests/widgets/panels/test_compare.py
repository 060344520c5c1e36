"""The Compare panel, alone and in a window on toys."""

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import toy
from gui_support import Hand, wait
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from latentlab.data.image_set import ImageSpec
from latentlab.latent.codes import Codes
from latentlab.latent.paired import PairedComparison
from latentlab.session.comparison import (
    CompareImage,
    CompareImages,
    CompareMaps,
    CompareMetrics,
    ComparePoint,
    CompareSummary,
    Comparison,
    OpenModelB,
)
from latentlab.session.library.entries import ListLibrary
from latentlab.session.model import PickImage
from latentlab.session.points import Original, Picture, Point
from latentlab.session.runs import Run
from latentlab.session.selection import Selection, select
from latentlab.widgets.kit.settings import settings
from latentlab.widgets.panels.compare.model_choice import CHOOSE
from latentlab.widgets.panels.compare.pages import MOVING, NO_IMAGE, NO_IMAGES
from latentlab.widgets.panels.compare.panel import EMPTY, ComparePanel
from latentlab.widgets.panels.compare.summary_table import verdict_text
from latentlab.work import Progress

TWIN = Path("/toys/twin")
BIG = Path("/toys/big")
Z, IMAGE, SEVERAL, SUMMARY, MAPS, METRICS = range(6)


@pytest.fixture
def lab():
    lab = toy.ToyLab()
    lab.models["twin"] = toy.card(name="twin")
    lab.card, lab.codes = lab.models["toy"], toy.codes()
    return lab


@pytest.fixture
def panel(show_panel, lab):
    """A panel that compares the open toy with its twin, but nothing of them yet."""
    settings().setValue("compare/second", str(TWIN))
    here, _, original = lab.start()
    state = {"model": lab.card, "codes": lab.codes}
    known = lab.OpenModelB(OpenModelB(TWIN))
    panel = show_panel(
        ComparePanel,
        **state,
        point=here,
        original=original,
        answers={ListLibrary: toy.LIBRARY, OpenModelB: known},
    )
    panel.lab = lab
    return panel


def asked(panel, kind):
    requests = [what[1] for what in panel.controller.asked if what[0] == "ask"]
    return [request for request in requests if type(request) is kind]


def finish(work):
    if isinstance(work, Comparison):
        return work
    while True:
        try:
            next(work)
        except StopIteration as done:
            return done.value


def reply(panel, kind):
    """Answer the last request of a kind."""
    request = asked(panel, kind)[-1]
    panel.controller.show(answers={OpenModelB: finish(panel.lab(request))})


def test_empty_it_teaches(show_panel, lab):
    panel = show_panel(
        ComparePanel, model=lab.card, codes=lab.codes, answers={ListLibrary: toy.LIBRARY}
    )
    assert panel.message.text() == EMPTY
    assert panel.message.isVisible()
    assert not panel.modes.isVisible()
    box = panel.choice.box
    assert [box.itemText(i) for i in range(box.count())] == [CHOOSE, "toy", "big"]
    assert not panel.choice.swap.isEnabled()
    assert not panel.choice.clear.isEnabled()
    assert asked(panel, OpenModelB) == []


def test_choosing_asks_tells_and_is_remembered(show_panel, lab):
    panel = show_panel(
        ComparePanel, model=lab.card, codes=lab.codes, answers={ListLibrary: toy.LIBRARY}
    )
    QTest.keyClicks(panel.choice.box, "b")
    assert asked(panel, OpenModelB) == [OpenModelB(BIG)]
    assert panel.message.text() == "Opening big…"
    assert settings().value("compare/second", "-") == str(BIG)
    panel.choice.clear.click()
    assert asked(panel, OpenModelB)[-1] == OpenModelB(None)
    assert settings().value("compare/second", "-") == ""
    assert panel.message.text() == EMPTY


def test_what_was_chosen_before_is_opened_again_with_the_model(panel):
    assert asked(panel, OpenModelB) == [OpenModelB(TWIN)]
    # It is none of the library's, and yet it can be seen what it is.
    assert panel.choice.box.currentText() == "twin"
    panel.controller.show(codes=toy.codes(seed=1), answers={OpenModelB: None})
    assert asked(panel, OpenModelB) == [OpenModelB(TWIN)] * 2


def test_a_problem_is_told_in_the_panel(panel, lab):
    panel.choose(Path("/toys/none"))
    panel.controller.show(answers={OpenModelB: lab.OpenModelB(OpenModelB(Path("/toys/none")))})
    assert panel.message.text() == "none is no run."
    assert panel.message.objectName() == "problem"
    assert panel.message.isVisible()
    assert not any(page.isVisible() for page in panel.pages)
    panel.choose(None)
    assert panel.message.objectName() == "muted"


def test_one_z_follows_and_is_asked_once(panel):
    assert panel.point.isVisible()
    assert len(asked(panel, ComparePoint)) == 1
    reply(panel, ComparePoint)
    assert len(asked(panel, ComparePoint)) == 1
    a, b = panel.point.pictures.columns
    assert (a.name.text(), b.name.text()) == ("Model A · toy", "Model B · twin")
    assert "difference" in b.caption.text()
    moved = Point((1.0, 2.0))
    panel.controller.show(point=moved)
    assert asked(panel, ComparePoint)[-1] == ComparePoint(moved, None)
    before = b.view.image
    reply(panel, ComparePoint)
    assert b.view.image != before
    assert (
        b.view.accessibleName()
        == f"Model B · twin: difference {toy.picture_of(moved)[0, 0]:.4f} MSE"
    )


def test_one_z_follows_the_cursor_too(panel):
    reply(panel, ComparePoint)
    there = Point((2.0, 0.0))
    panel.controller.show(preview=Picture(there, toy.picture_of(there)))
    assert asked(panel, ComparePoint)[-1].point == there
    panel.controller.show(preview=None)
    assert len(asked(panel, ComparePoint)) == 2
    # The answer about the cursor comes when it has left: z itself is asked for once more.
    panel.controller.show(answers={OpenModelB: panel.lab(asked(panel, ComparePoint)[-1])})
    assert asked(panel, ComparePoint)[-1].point == panel.controller.state.point


def test_what_is_not_possible_says_why_and_the_rest_is_shown(panel, lab):
    panel.choose(BIG)
    narrow = replace(lab.models["big"], conditional=False)
    panel.controller.show(answers={OpenModelB: Comparison(BIG, narrow)})
    why = (
        "The latent spaces differ in size, so no z can be decoded by both: A has 2 latent "
        "dimensions, B 5."
    )
    assert not panel.modes.buttons[Z].isEnabled()
    assert panel.modes.buttons[Z].toolTip() == panel.note.text() == why
    assert panel.image.isVisible()
    assert panel.modes.buttons[IMAGE].isChecked()
    # Back where it can be had, the wish is granted.
    panel.choose(TWIN)
    panel.controller.show(answers={OpenModelB: lab.OpenModelB(OpenModelB(TWIN))})
    assert panel.point.isVisible()
    assert not panel.note.isVisible()


def test_nothing_in_common_is_said_once(panel, lab):
    panel.choose(BIG)
    other = replace(lab.models["big"], spec=ImageSpec((3, 8, 8), toy.NAMES))
    panel.controller.show(answers={OpenModelB: Comparison(BIG, other)})
    assert panel.message.text() == (
        "The latent spaces differ in size, so no z can be decoded by both: A has 2 latent "
        "dimensions, B 5. "
        "The models need different images: A 4×4 grey, B 8×8 colour."
    )
    assert not panel.modes.isVisible()


def test_without_images_only_z_is_left(panel):
    empty = Codes(np.empty((0, 2), np.float32), np.empty((0, 2), np.float32), None)
    panel.controller.show(codes=empty, original=None)
    assert not panel.modes.buttons[SEVERAL].isEnabled()
    assert panel.modes.buttons[SUMMARY].toolTip() == NO_IMAGES
    assert panel.point.isVisible()


def test_one_image_with_its_numbers(panel):
    panel.modes.buttons[IMAGE].click()
    assert settings().value("compare/mode", "") == panel.image.title
    original = panel.controller.state.original
    assert asked(panel, CompareImage)[-1] == CompareImage(original)
    reply(panel, CompareImage)
    image, a, b = panel.image.pictures.columns
    assert image.caption.text().splitlines()[0] == "reconstruction, nats"
    assert a.caption.text() == "80.0\n7.5\n0.1000"
    assert b.caption.text() == "160.0\n7.5\n0.2000"
    panel.controller.show(original=None, point=Point((0.0, 0.0)))
    assert panel.image.pictures.text.text() == NO_IMAGE
    assert not a.isVisible()


def test_an_old_image_stays_whole_until_the_new_one_is_judged(panel, lab):
    panel.modes.buttons[IMAGE].click()
    reply(panel, CompareImage)
    image, a, _ = panel.image.pictures.columns
    before = image.view.image, a.view.image
    other = replace(panel.controller.state.original, name="toys 9", row=9)
    other = replace(other, picture=255 - other.picture)
    panel.controller.show(original=other)
    assert (image.view.image, a.view.image) == before
    assert image.name.toolTip() != "toys 9"
    reply(panel, CompareImage)
    assert image.name.toolTip() == "toys 9"
    assert image.view.image != before[0]


def test_b_is_asked_for_the_class_that_was_chosen(panel):
    panel.choose(TWIN)
    panel.controller.show(answers={OpenModelB: Comparison(TWIN, toy.card(2, True, name="twin"))})
    assert panel.label.isVisible()
    assert asked(panel, ComparePoint)[-1].label == 0
    panel.label.setCurrentIndex(2)
    panel.label.activated.emit(2)
    assert asked(panel, ComparePoint)[-1].label == 2
    # An image of the map has a class of its own, a picture of one's own has none.
    panel.modes.buttons[IMAGE].click()
    assert not panel.label.isVisible()
    assert asked(panel, CompareImage)[-1].label is None
    own = Original("scrawl", Point((0.0, 0.0)), *[np.zeros((4, 4), np.uint8)] * 2)
    panel.controller.show(original=own)
    assert panel.label.isVisible()
    assert asked(panel, CompareImage)[-1].label == 2


def test_a_class_that_both_know_is_the_same_for_both(panel):
    a, b = toy.card(2, True), toy.card(2, True, name="twin")
    panel.controller.show(
        model=a, point=Point((0.0, 1.0), 1), answers={OpenModelB: Comparison(TWIN, b)}
    )
    assert asked(panel, ComparePoint)[-1] == ComparePoint(Point((0.0, 1.0), 1), 1)
    assert not panel.label.isVisible()


def test_several_images_lead_to_where_they_are(panel):
    panel.modes.buttons[SEVERAL].click()
    rows = asked(panel, CompareImages)[-1].rows
    assert len(rows) == len(set(rows)) == 8
    reply(panel, CompareImages)
    assert len(asked(panel, CompareImages)) == 1
    view = panel.several.strip.view
    for _ in range(2):
        QTest.keyClick(view, Qt.Key.Key_Right)
    assert panel.controller.asked[-1] == ("preview.row", rows[1])
    assert f"MSE of A {rows[1] / 100:.4f}" in view.toolTip()
    QTest.keyClick(view, Qt.Key.Key_Down)
    QTest.keyClick(view, Qt.Key.Key_Return)
    assert panel.controller.asked[-1] == ("point.pick", rows[1])
    view.hovered.emit(-1)
    assert panel.controller.asked[-1] == ("preview.row", -1)
    panel.several.others.click()
    assert asked(panel, CompareImages)[-1].rows != rows


def test_several_are_of_the_selection_live(panel):
    panel.modes.buttons[SEVERAL].click()
    page = panel.several
    reply(panel, CompareImages)
    assert page.text.text().startswith("8 at random · MSE of A ")
    chosen = select(np.arange(40, 60))
    panel.controller.show(selection=chosen)
    first = asked(panel, CompareImages)[-1].rows
    assert len(first) == 8
    assert set(first) <= set(range(40, 60))
    # What is shown is still the former.
    assert page.text.text().startswith("8 at random")
    reply(panel, CompareImages)
    assert page.text.text().startswith("8 of 20 selected · MSE of A ")
    # Its name is no reason to show others.
    panel.controller.show(selection=Selection(chosen.rows, "mine"))
    assert asked(panel, CompareImages)[-1].rows == first
    page.others.click()
    second = asked(panel, CompareImages)[-1].rows
    assert not set(second) & set(first)
    assert set(second) <= set(range(40, 60))
    panel.controller.show(selection=select(np.array([3, 70])))
    assert asked(panel, CompareImages)[-1].rows == (3, 70)
    reply(panel, CompareImages)
    assert page.text.text().startswith("All 2 selected")
    assert not page.others.isEnabled()
    panel.controller.show(selection=None)
    assert len(asked(panel, CompareImages)[-1].rows) == 8
    assert page.others.isEnabled()


def test_a_smaller_set_gets_rows_of_its_own(panel):
    panel.modes.buttons[SEVERAL].click()
    reply(panel, CompareImages)
    panel.controller.show(codes=toy.codes(count=5))
    assert asked(panel, CompareImages)[-1].rows == (0, 1, 2, 3, 4)


def test_measures_tells_and_can_be_stopped(panel):
    panel.modes.buttons[SUMMARY].click()
    page = panel.summary
    assert page.teach.isVisible()
    # No more than there are held out.
    assert page.images.maximum() == page.images.value() == 30
    page.images.setValue(20)
    page.start.click()
    assert asked(panel, CompareSummary) == [CompareSummary(20)]
    panel.controller.show(working={CompareSummary: Progress("Scoring", 0.25)})
    assert page.work.isVisible()
    assert not page.start.isEnabled()
    page.work.stop.click()
    assert panel.controller.asked[-1] == ("cancel", CompareSummary)
    panel.controller.show(working={})
    reply(panel, CompareSummary)
    assert not page.teach.isVisible()
    texts = [cell.text() for cell in page.table.cells["KL"]]
    assert texts == ["5.0", "5.5", "+0.5 ± 0.4"]
    assert page.table.cells["negative ELBO"][2].text() == "<b>-10.0</b> ± 1.0"
    assert page.table.cells["active dimensions"][1].text() == "1 of 2"
    assert page.table.verdict.text().split("<br>") == [
        "ELBO: <b>Model B · twin</b> explains the images better, by 10.0 ± 1.0 nats.",
        "Reconstruction: <b>Model B · twin</b> is better, by 10.5 ± 1.0 nats.",
        "KL: no clear difference.",
    ]


def test_maps_show_the_same_images_by_both(panel):
    panel.resize(900, 600)
    panel.modes.buttons[MAPS].click()
    a, b = panel.maps.maps
    codes = panel.controller.state.codes
    assert len(b.cloud) == 0
    reply(panel, CompareMaps)
    assert asked(panel, CompareMaps)[-1].count == len(codes) == len(a.cloud) == len(b.cloud)
    assert np.array_equal(b.cloud._xy, a.cloud._xy * [-1, 1])
    original, hand = panel.lab.PickImage(PickImage(17)), Hand(panel)
    panel.controller.show(original=original, selection=Selection(np.array([3, 17])))
    for plot in (a, b):
        assert (plot.cross.pos().x(), plot.cross.pos().y()) == pytest.approx(plot._xy[17])
        assert plot.cloud._selected.sum() == 2
    wait(20)
    for plot in (a, b):
        scene = plot.getViewBox().mapViewToScene(QPointF(*plot._xy[40].tolist()))
        assert plot._row_at(scene) == 40
        place = plot.mapFromScene(scene)
        hand.click(plot.viewport(), place)
        assert panel.controller.asked[-1] == ("point.pick", 40)
    assert ("preview.row", 40) in panel.controller.asked
    count = len(asked(panel, CompareMaps))
    panel.controller.show(point=Point((0.0, 0.0)))
    assert len(asked(panel, CompareMaps)) == count


def test_while_learning_nothing_is_measured_or_swapped(panel):
    panel.modes.buttons[SUMMARY].click()
    assert panel.choice.swap.isEnabled()
    panel.controller.show(run=Run(), following=True)
    assert not panel.summary.start.isEnabled()
    assert panel.summary.teach.text() == MOVING
    assert not panel.choice.swap.isEnabled()


def test_codes_that_move_leave_what_was_shown_until_there_is_more(panel):
    reply(panel, ComparePoint)
    image = panel.point.pictures.columns[1].view.image
    count = len(asked(panel, ComparePoint))
    panel.controller.show(codes=toy.codes(seed=1), answers={OpenModelB: None})
    assert panel.point.isVisible()
    assert panel.point.pictures.columns[1].view.image == image
    assert len(asked(panel, ComparePoint)) == count
    reply(panel, OpenModelB)
    assert len(asked(panel, ComparePoint)) == count + 1


def test_a_verdict_says_no_more_than_is_known():
    names, found = ("A", "B"), toy.summary()
    assert verdict_text(found, names, in_nats=False).startswith(
        "Squared error: <b>B</b> is lower, by 0.0100 ± 0.0010.<br>KL"
    )
    unsure = replace(found, elbo=PairedComparison(1.0, 2.0, 1.0, 0.9))
    assert verdict_text(unsure, names, in_nats=True).startswith(
        "ELBO: no clear difference.<br>Reconstruction: <b>B</b>"
    )
    worse = replace(found, elbo=PairedComparison(1.0, 4.0, 3.0, 0.9))
    assert verdict_text(worse, names, in_nats=True).startswith("ELBO: <b>A</b> explains")
    unknown = PairedComparison(np.nan, 1.0, np.nan, np.nan)
    without = replace(found, elbo=unknown, rate=unknown, active=(None, 2))
    assert "KL" not in verdict_text(without, ("a", "b"), True)
    assert "Reconstruction" in verdict_text(without, ("a", "b"), True)
    broken = replace(found, elbo=PairedComparison(1.0, np.nan, np.nan, np.nan))
    assert "diverged" in verdict_text(broken, names, in_nats=True)


@pytest.mark.parametrize("size", [(320, 260), (480, 250), (900, 700)])
@pytest.mark.parametrize("mode", range(5))
def test_any_room(panel, size, mode):
    panel.modes.buttons[mode].click()
    for kind in (ComparePoint, CompareImage, CompareImages):
        if asked(panel, kind):
            reply(panel, kind)
    panel.controller.show(answers={OpenModelB: panel.lab._note(summary=toy.summary())})
    panel.resize(*size)
    assert panel.width() == size[0]
    assert panel.minimumSizeHint().width() <= 320


# In the window


def opened(desk):
    """Return the panel in the window; a fixture would hold it until the window is gone."""
    desk.lab.models["twin"] = toy.card(name="twin")
    panel = desk.panel("compare")
    desk.window.docks["compare"].raise_()
    desk.until(panel.message.isVisible)
    return panel


def test_follows_z_live_and_builds_no_queue(desk):
    open_panel = opened(desk)
    go_on, answered, link = threading.Event(), [], desk.lab.ComparePoint

    def slow(request):
        go_on.wait(20)
        answered.append(request.point)
        return link(request)

    open_panel.choose(TWIN)
    desk.until(lambda: desk.state.answer(OpenModelB) and desk.state.answer(OpenModelB).twins)
    desk.lab.ComparePoint = slow
    for x in np.linspace(-1, 1, 20):
        desk.controller.point.set(Point((float(x), 0.5)), settled=False)
    go_on.set()
    desk.until(lambda: desk.state.answer(OpenModelB).twins.point == Point((1.0, 0.5)))
    assert answered[-1] == Point((1.0, 0.5))
    assert len(answered) <= 3


def test_the_way_to_look_is_remembered(show_panel, lab):
    settings().setValue("compare/second", str(TWIN))
    settings().setValue("compare/mode", "Summary")
    known = lab.OpenModelB(OpenModelB(TWIN))
    panel = show_panel(ComparePanel, model=lab.card, codes=lab.codes, answers={OpenModelB: known})
    assert panel.summary.isVisible()
    assert panel.modes.buttons[SUMMARY].isChecked()


def test_a_column_is_gone_to_and_undone(desk):
    open_panel = opened(desk)
    open_panel.choose(TWIN)
    desk.until(lambda: desk.state.answer(OpenModelB) is not None)
    desk.hand.click(open_panel.modes.buttons[SEVERAL])
    desk.until(lambda: desk.state.answer(OpenModelB).columns is not None)
    view, rows = open_panel.several.strip.view, desk.state.answer(OpenModelB).columns.rows
    desk.hand.click(view, view.tile_rect(len(rows) + 3).center())
    desk.until(lambda: desk.state.original.row == rows[3])
    desk.controller.undo.undo()
    assert desk.state.original.row == 2


def test_swaps_and_stays_at_the_image(desk):
    open_panel = opened(desk)
    open_panel.choose(TWIN)
    desk.until(lambda: desk.state.answer(OpenModelB) is not None)
    desk.controller.point.pick(7)
    desk.until(lambda: desk.state.original.row == 7)
    desk.hand.click(open_panel.choice.swap)
    desk.until(lambda: desk.state.model.name == "twin")
    desk.until(
        lambda: desk.state.answer(OpenModelB) and desk.state.answer(OpenModelB).card.name == "toy"
    )
    desk.until(lambda: desk.state.original.row == 7)
    assert open_panel.choice.box.currentText() == "toy"
    assert settings().value("compare/second", "-") == str(Path("/toys/toy"))


def test_a_swap_that_fails_leaves_all_as_it_was(desk):
    open_panel = opened(desk)
    open_panel.choose(TWIN)
    desk.until(lambda: desk.state.answer(OpenModelB) is not None)
    del desk.lab.models["twin"]
    desk.hand.click(open_panel.choice.swap)
    desk.until(lambda: desk.state.failure is not None)
    assert desk.state.model.name == "toy"
    assert open_panel._path == TWIN
    assert open_panel.point.isVisible()


def test_another_model_is_compared_with_the_same_one(desk):
    open_panel = opened(desk)
    open_panel.choose(TWIN)
    desk.until(lambda: desk.state.answer(OpenModelB) is not None)
    desk.controller.ask(CompareSummary(10**9))
    desk.until(lambda: CompareSummary in desk.state.working)
    desk.controller.runs.open(BIG)
    desk.until(lambda: desk.state.model.name == "big" and desk.state.answer(OpenModelB) is not None)
    assert desk.state.working == {}
    assert desk.state.answer(OpenModelB).card.name == "twin"
    assert not open_panel.modes.buttons[Z].isEnabled()
    desk.until(lambda: not desk.controller._lane._worker._begun)


def test_a_run_dropped_or_opened_from_elsewhere(desk, tmp_path, monkeypatch):
    open_panel = opened(desk)
    run = tmp_path / "twin"
    run.mkdir()
    (run / "recipe.toml").touch()
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(run))])
    copy, left = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    none = Qt.KeyboardModifier.NoModifier
    open_panel.dropEvent(QDropEvent(QPointF(9, 9), copy, data, left, none))
    desk.until(lambda: desk.state.answer(OpenModelB) and desk.state.answer(OpenModelB).path == run)
    assert open_panel.choice.box.currentText() == "twin"
    # What was dropped here is not opened besides.
    assert desk.state.model.name == "toy"
    file = run / "best.safetensors"
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(file), ""))
    desk.hand.click(open_panel.choice.open)
    desk.until(lambda: desk.state.answer(OpenModelB) and desk.state.answer(OpenModelB).path == file)
    assert open_panel.message.text() == "best.safetensors is no run."


def test_metrics_of_both_stand_side_by_side(panel):
    panel.modes.buttons[METRICS].click()
    assert asked(panel, CompareMetrics) == [CompareMetrics()]
    reply(panel, CompareMetrics)
    page = panel.metrics
    assert page.teach.isVisible()
    assert not page.table.isVisible()
    page.start.click()
    assert asked(panel, CompareMetrics)[-1] == CompareMetrics(measure=True)
    reply(panel, CompareMetrics)
    head = page.table.topLevelItem(0)
    rows = [[head.child(i).text(col) for col in range(4)] for i in range(head.childCount())]
    assert rows[1] == ["Rate", "17.30 ± 0.12", "15.57 ± 0.12", "-1.73 ± 0.17"]
