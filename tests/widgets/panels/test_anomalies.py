"""The Anomalies panel, alone and in a window on toys."""

import threading
import weakref

import numpy as np
import pytest
import toy
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from latentlab.latent.codes import Codes
from latentlab.latent.ranking import Score, Scores
from latentlab.session.model import Adopt
from latentlab.session.runs import Run
from latentlab.session.scores.anomalies import DecodeThumbnails, SaveScores, ScoreImages
from latentlab.session.selection import select
from latentlab.widgets.panels.anomalies.panel import EMPTY, NO_IMAGES, TRAINING_TEXT, AnomaliesPanel
from latentlab.work import Progress


@pytest.fixture
def panel(show_panel):
    return show_panel(
        AnomaliesPanel, model=toy.card(), codes=toy.codes(), answers={ScoreImages: toy.scores()}
    )


def asked(panel, kind):
    requests = [what[1] for what in panel.controller.asked if what[0] == "ask"]
    return [request for request in requests if type(request) is kind]


def test_empty_it_teaches_what_the_score_is(show_panel):
    panel = show_panel(AnomaliesPanel, model=toy.card(), codes=toy.codes())
    assert panel._empty.isVisible()
    assert panel._empty.text() == EMPTY
    assert not panel.ranked.isVisible()
    assert not panel.export.isEnabled()
    panel.draws.setValue(30)
    panel.start.click()
    assert asked(panel, ScoreImages) == [ScoreImages(30)]


def test_without_images_or_while_learning_it_says_so(show_panel):
    empty = Codes(np.empty((0, 2), np.float32), np.empty((0, 2), np.float32), None)
    panel = show_panel(AnomaliesPanel, model=toy.card(), codes=empty)
    assert panel._empty.text() == panel.start.toolTip() == NO_IMAGES
    assert not panel.start.isEnabled()
    panel.controller.show(codes=toy.codes(), run=Run(), following=True)
    assert panel._empty.text() == TRAINING_TEXT
    assert not panel.start.isEnabled()
    panel.controller.show(following=False)
    assert panel.start.isEnabled()


def test_shows_how_far_it_is_and_a_way_out(panel):
    assert not panel.work.isVisible()
    panel.controller.show(working={ScoreImages: Progress("Scoring · 5 s left", 0.4)})
    assert panel.work.isVisible()
    assert panel.work.text.text() == "Scoring · 5 s left"
    assert panel.work.progress.value() == 400
    assert not panel.start.isEnabled()
    panel.work.stop.click()
    assert panel.controller.asked[-1] == ("cancel", ScoreImages)
    panel.controller.show(working={})
    assert not panel.work.isVisible()
    assert panel.start.isEnabled()


def test_the_wall_begins_with_the_strangest_or_the_most_typical(panel):
    wall = panel.ranked.wall
    assert wall.visible_rows()[:3] == [89, 88, 87]
    panel.ranked.typical.click()
    assert wall.visible_rows()[:3] == [0, 1, 2]
    panel.by.setCurrentText(Score.ERROR)
    assert wall.visible_rows()[:3] == [89, 88, 87]
    panel.ranked.strangest.click()
    assert wall.visible_rows()[:3] == [0, 1, 2]
    assert panel.ranked.caption(0) == "0.5000"


def test_ranks_the_selection_alone(panel):
    ranked, wall = panel.ranked, panel.ranked.wall
    assert not ranked.selected.isEnabled()
    panel.controller.show(selection=select(np.array([4, 50, 60])))
    assert wall.visible_rows()[:3] == [89, 88, 87]
    ranked.selected.click()
    assert wall.visible_rows() == [60, 50, 4]
    ranked.threshold.setValue(ranked.threshold.minimum())
    assert "of 3 selected images are above" in ranked.count.text()
    ranked.typical.click()
    assert wall.visible_rows() == [4, 50, 60]
    panel.controller.show(selection=select(np.array([7, 8])))
    assert wall.visible_rows() == [7, 8]
    # All are ranked again once nothing is selected, and the switch can be taken back.
    panel.controller.show(selection=None)
    assert wall.visible_rows()[:3] == [0, 1, 2]
    assert "of 90 images are above" in ranked.count.text()
    ranked.selected.click()
    assert not ranked.selected.isEnabled()
    # Rows of another model are no rows of this one.
    panel.controller.show(selection=select(np.array([80])))
    ranked.selected.click()
    panel.controller.show(codes=toy.codes(count=5), selection=None, answers={ScoreImages: None})
    assert wall.visible_rows() == []


def test_the_threshold_counts_what_lies_above(panel):
    ranked = panel.ranked
    ranked.threshold.setValue(0)
    assert "<b>89</b> of 90 images are above 100.0 nats, 98.9\u00a0%" in ranked.count.text()
    assert ranked.wall._strong.sum() == 89
    ranked.threshold.setValue(ranked.threshold.maximum())
    assert "<b>0</b> of 90 images" in ranked.count.text()
    ranked.threshold.setValue(985)
    assert "<b>2</b> of 90 images are above 187.7 nats, 2.2\u00a0%" in ranked.count.text()


def test_what_is_no_number_is_above_any_threshold(panel):
    nan = np.array([1.0, np.nan, 3.0])
    panel.controller.show(answers={ScoreImages: Scores(nan, nan, nan, 50)})
    panel.ranked.threshold.setValue(panel.ranked.threshold.maximum())
    assert "<b>1</b> of 3 image is" in panel.ranked.count.text()
    assert panel.ranked.wall.visible_rows() == [1, 2, 0]


def test_hover_previews_leaving_restores_and_enter_goes_there(panel):
    wall = panel.ranked.wall
    QTest.keyClick(wall, Qt.Key.Key_Right)
    assert panel.controller.asked[-1] == ("preview.row", 89)
    QTest.keyClick(wall, Qt.Key.Key_Return)
    assert panel.controller.asked[-1] == ("point.pick", 89)
    wall.pointer.point_at(-1)
    assert panel.controller.asked[-1] == ("preview.row", -1)


def test_tells_all_of_an_image(panel):
    assert panel._describe(4).splitlines() == [
        "toys 4 (bee)",
        "negative ELBO 104.0 nats",
        "reconstruction error 0.4960 MSE",
        "KL 9.0 nats",
    ]


def test_asks_for_pictures_and_shows_them(panel):
    request = asked(panel, DecodeThumbnails)[-1]
    assert request.rows == tuple(panel.ranked.wall.visible_rows())
    lab = toy.ToyLab()
    lab.card, lab.codes = toy.card(), toy.codes()
    before = panel.grab().toImage()
    panel.controller.show(answers={DecodeThumbnails: lab.DecodeThumbnails(request)})
    assert panel.grab().toImage() != before
    assert asked(panel, DecodeThumbnails)[-1] is request


def test_new_codes_forget_old_pictures(panel):
    wall = panel.ranked.wall
    lab = toy.ToyLab()
    lab.card, lab.codes = toy.card(), toy.codes()
    panel.controller.show(
        answers={DecodeThumbnails: lab.DecodeThumbnails(asked(panel, DecodeThumbnails)[-1])}
    )
    assert len(wall._images) == len(wall.visible_rows())
    panel.controller.asked.clear()
    panel.controller.show(
        codes=toy.codes(seed=1), answers={ScoreImages: None, DecodeThumbnails: None}
    )
    assert panel._empty.isVisible()
    assert wall._images == {}
    panel.controller.show(answers={ScoreImages: toy.scores()})
    assert set(asked(panel, DecodeThumbnails)[-1].rows) == set(wall.visible_rows())


def test_rows_of_another_model_are_not_asked_for(panel, until):
    until(lambda: asked(panel, DecodeThumbnails))
    panel.controller.asked.clear()
    other = toy.card(name="big")
    panel.controller.show(
        model=other, codes=toy.codes(), answers={ScoreImages: None, DecodeThumbnails: None}
    )
    assert not asked(panel, DecodeThumbnails)


@pytest.mark.parametrize("size", [(320, 560), (480, 250), (1000, 640), (320, 300)])
def test_any_room(panel, size, until):
    panel.resize(*size)
    ranked = panel.ranked
    tall = size[0] == 320
    until(lambda: (ranked.side.y() > ranked.wall.geometry().bottom()) is tall)
    assert panel.width() == size[0]
    assert ranked.wall.visible_rows()
    assert ranked.side.width() < 330


# In the window


@pytest.fixture
def open_panel(desk):
    panel = desk.panel("anomalies")
    desk.window.docks["anomalies"].raise_()
    desk.until(panel.ranked.isHidden)
    desk.until(panel.start.isVisible)
    # A fixture would hold the panel until its window is gone.
    return weakref.proxy(panel)


def test_scores_and_goes_to_the_strangest(desk, open_panel):
    desk.hand.click(open_panel.start)
    desk.until(
        lambda: (
            desk.state.answer(ScoreImages) is not None
            and desk.state.answer(DecodeThumbnails) is not None
        )
    )
    assert desk.state.working == {}
    wall = open_panel.ranked.wall
    desk.until(lambda: len(wall._images) >= len(wall.visible_rows()))
    desk.hand.click(wall.viewport(), wall.place_rect(0).center())
    desk.until(lambda: desk.state.original.row == 89)
    assert desk.state.point.z == tuple(desk.state.codes.mu[89].tolist())
    assert wall._marked == 89
    desk.controller.undo.undo()
    assert desk.state.original.row != 89


def test_cancel_ends_it_and_keeps_the_scores_from_before(desk, open_panel):
    open_panel.start.click()
    desk.until(lambda: desk.state.answer(ScoreImages) is not None)
    before = desk.state.answer(ScoreImages)
    desk.controller.ask(ScoreImages(10**9))
    desk.until(lambda: ScoreImages in desk.state.working)
    desk.until(open_panel.work.stop.isVisible)
    desk.hand.click(open_panel.work.stop)
    assert desk.state.working == {}
    assert desk.state.answer(ScoreImages) is before
    desk.until(lambda: not desk.controller._lane._worker._begun)


def test_another_model_ends_it_and_takes_the_scores_away(desk, open_panel):
    open_panel.start.click()
    desk.until(lambda: desk.state.answer(DecodeThumbnails) is not None)
    desk.controller.ask(ScoreImages(10**9))
    desk.until(lambda: ScoreImages in desk.state.working)
    desk.controller.runs.open(toy.LIBRARY[1].path)
    desk.until(lambda: desk.state.model.name == "big")
    assert desk.state.answer(ScoreImages) is desk.state.answer(DecodeThumbnails) is None
    assert desk.state.working == {}
    desk.until(lambda: not desk.controller._lane._worker._begun)
    assert open_panel._empty.isVisible()


def test_codes_that_move_under_training_take_the_scores_away(make_desk):
    go_on = threading.Event()

    def train(order, controls):
        yield from toy.training()
        go_on.wait(20)

    desk = make_desk(train=train)
    desk.controller.ask(ScoreImages())
    desk.until(lambda: desk.state.answer(ScoreImages) is not None)
    desk.controller.training.start()
    desk.until(lambda: desk.state.answer(ScoreImages) is None)
    assert desk.state.model.epoch in (1, 2)
    # The same run goes on, and its codes move again.
    desk.controller.ask(ScoreImages(10**9))
    desk.until(lambda: ScoreImages in desk.state.working)
    lab = desk.lab
    desk.controller.model._take(lab.Adopt(Adopt({}, None, {}, 3, None)))
    assert desk.state.working == {}
    desk.until(lambda: not desk.controller._lane._worker._begun)
    go_on.set()
    desk.until(lambda: desk.state.training.run is None)


def test_saves_what_is_shown(desk, open_panel, tmp_path, monkeypatch):
    path = tmp_path / "scores.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    open_panel.start.click()
    desk.until(open_panel.export.isEnabled)
    open_panel.by.setCurrentText(Score.RATE)
    desk.hand.click(open_panel.export)
    desk.until(path.exists)
    desk.until(lambda: path.read_text() == Score.RATE)
    (request,) = [r for r in desk.lab.asked if isinstance(r, SaveScores)]
    assert request.scores is desk.state.answer(ScoreImages)
    assert request.class_names == toy.NAMES


def test_the_table_of_classes_is_filled_only_when_it_is_shown(panel):
    assert panel.classes.rowCount() == 0
    panel.per_class.setChecked(True)
    assert panel.classes.rowCount() > 1
