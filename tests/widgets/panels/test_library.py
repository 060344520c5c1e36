"""The Library panel: runs, what one can do with them, and the queue."""

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import toy
from PySide6.QtCore import QItemSelectionModel, QPoint, Qt
from PySide6.QtGui import QDesktopServices, QFontMetrics
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QApplication, QDialog, QLineEdit, QMenu
from stub_controller import StubController, discard

from latentlab.session.library.comparable import Scale
from latentlab.session.library.entries import LibraryEntry, ListLibrary, OverSeeds
from latentlab.session.library.notes import MAX_TAG_LENGTH, MAX_TAGS, Notes, parse_tags
from latentlab.session.recipes import recipe_title
from latentlab.session.runs import Compare, ComparedRun, Run
from latentlab.widgets.kit.theme import colours, small
from latentlab.widgets.panels.library.columns import COLUMNS, DATE, ELBO, NAME, NOTES, RARE, TAGS
from latentlab.widgets.panels.library.notes_dialog import NotesDialog
from latentlab.widgets.panels.library.panel import LibraryPanel
from latentlab.widgets.panels.library.progress import run_tooltip
from latentlab.widgets.panels.library.run_delegate import _text_rect, lines_below
from latentlab.widgets.panels.library.run_model import FRACTION, REMARK, STATUS, RunModel

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
CTRL = Qt.KeyboardModifier.ControlModifier
PLAIN = Qt.KeyboardModifier.NoModifier
SHIPPED = LibraryEntry("toy", "VAE 2-D · toys", Path("/toys/toy"), shipped=True)
HALF = LibraryEntry("half", "VAE 2-D · 9 nats", Path("/runs/half"), False, None, 12, 30, True)
DONE = LibraryEntry("done", "CVAE 5-D · 8 nats", Path("/runs/done"), False, None, 30, 30, True)
RECIPE = {
    "model": {"kind": "vae", "latent_dim": 2},
    "data": {"kind": "toys"},
    "objective": {"beta": 1.0},
    "training": {"epochs": 30},
}


@pytest.fixture
def panel(application, own_place):
    panel = LibraryPanel(
        StubController(model=toy.card(), answers={ListLibrary: (SHIPPED, HALF, DONE)})
    )
    panel.resize(280, 400)
    panel.show()
    yield panel
    discard(panel)


@pytest.fixture
def table(panel):
    """The panel with room for the columns, and four runs of a sweep."""
    sweep = tuple(
        LibraryEntry(
            f"run {beta}",
            "VAE 2-D · toys",
            Path(f"/runs/{beta}"),
            False,
            epoch=30,
            epochs=30,
            loss=2.0 if loss is None else 2 * loss,
            rate=None if loss is None else 0.5,
            distortion=None if loss is None else loss - 0.5,
            started=started,
            differences=f"beta {beta}",
            notes=notes,
        )
        for beta, loss, started, notes in (
            (1, 120.5, 40.0, Notes("a good start", ("baseline",))),
            (2, None, 30.0, Notes()),
            (4, 99.5, 20.0, Notes("", ("best", "paper"))),
            (8, 250.0, 10.0, Notes()),
        )
    )
    panel.resize(1000, 400)
    panel.controller.show(answers={ListLibrary: (SHIPPED, *sweep)})
    return panel


def index(panel, row, column=NAME):
    return panel.list.model().index(row, column)


def click(panel, row, modifier=PLAIN, column=NAME, button=LEFT):
    place = panel.list.visualRect(index(panel, row, column)).center()
    QTest.mouseClick(panel.list.viewport(), button, modifier, place)


def choose(panel, row):
    """Select one alone without the click that opens it."""
    flags = QItemSelectionModel.SelectionFlag
    panel.list.selectionModel().setCurrentIndex(
        index(panel, row), flags.ClearAndSelect | flags.Rows
    )


def statuses(panel):
    return [index(panel, row).data(STATUS) for row in range(panel.list.count())]


def names(panel):
    return [panel.list.entry(row).name for row in range(panel.list.count())]


def sort_by(panel, column):
    header = panel.list.header()
    place = header.sectionViewportPosition(column) + header.sectionSize(column) // 2
    QTest.mouseClick(header.viewport(), LEFT, PLAIN, QPoint(place, header.height() // 2))


def right_click(panel, row):
    """Open the context menu of a row and return it."""
    place = panel.list.visualRect(index(panel, row)).center()
    QTest.mousePress(panel.list.viewport(), RIGHT, PLAIN, place)
    panel.list.customContextMenuRequested.emit(place)
    QTest.mouseRelease(panel.list.viewport(), RIGHT, PLAIN, place)
    (menu,) = panel.list.findChildren(QMenu)
    return menu


def trigger(menu, text):
    """Choose an entry of a menu, which closes it."""
    (action,) = (action for action in menu.actions() if action.text() == text)
    menu.setActiveAction(action)
    QTest.keyClick(menu, Qt.Key.Key_Return)


def offered(panel):
    menu = panel.actions_.menu()
    texts = [a.text() for a in menu.actions() if a.isEnabled() and a.text()]
    menu.deleteLater()
    return texts


def test_says_how_far_each_run_is(panel):
    assert statuses(panel) == ["", "12 of 30", "30 epochs"]
    assert "Stopped at epoch 12 of 30; training can be resumed" in run_tooltip(HALF)
    assert "Finished after 30 epochs" in run_tooltip(DONE)
    panel.controller.show(opening="half")
    assert statuses(panel)[1] == "opening…"


@pytest.mark.parametrize(
    ("phase", "text"),
    [("training", "3 of 30"), ("paused", "paused at 3 of 30"), ("stopping", "stopping…")],
)
def test_says_which_is_under_way(panel, phase, text):
    run = Run(phase, epoch=3, epochs=30, fraction=0.1, folder=HALF.path)
    panel.controller.show(run=run)
    assert statuses(panel)[1] == text
    assert [index(panel, row).data(FRACTION) for row in range(3)] == [None, 0.1, None]
    panel.actions_.update()
    assert not panel.actions_.delete.isEnabled()
    assert not panel.actions_.resume.isEnabled()


def test_a_damaged_run_says_so_and_offers_what_can_still_be_done(panel):
    damage = "/runs/bad/checkpoint.json is damaged: step: must be a valid integer."
    bad = LibraryEntry("bad", "checkpoint.json is damaged", Path("/runs/bad"), False, damage=damage)
    panel.controller.show(answers={ListLibrary: (SHIPPED, bad, HALF)})
    assert statuses(panel) == ["", "damaged", "12 of 30"]
    assert damage in index(panel, 1).data(Qt.ItemDataRole.ToolTipRole)
    choose(panel, 1)
    assert offered(panel) == ["Open", "Rename", "Notes and tags…", "Show folder", "Move to trash"]
    click(panel, 1)
    assert panel.controller.asked == [("runs.open", bad.path)]


def test_click_opens(panel):
    click(panel, 1)
    assert panel.controller.asked == [("runs.open", HALF.path)]
    panel.controller.asked.clear()
    click(panel, 0)
    assert not panel.controller.asked  # it is open


def test_several_are_compared(panel):
    click(panel, 1, CTRL)
    assert panel.controller.asked == [("runs.compare", (SHIPPED.path, HALF.path))]
    click(panel, 2, Qt.KeyboardModifier.ShiftModifier)
    assert panel.controller.asked[-1] == ("runs.compare", (SHIPPED.path, HALF.path, DONE.path))
    panel.controller.asked.clear()
    click(panel, 2)
    assert panel.controller.asked == [("runs.compare", ()), ("runs.open", DONE.path)]


def test_selection_outlives_what_changes_meanwhile(panel):
    click(panel, 1, CTRL)
    panel.controller.show(answers={ListLibrary: (SHIPPED, DONE, HALF)})
    panel.controller.show(model=replace(toy.card(), epoch=9))
    assert [entry.name for entry in panel.list.entries()] == ["toy", "half"]
    assert len(panel.controller.asked) == 1


def test_end_of_comparing_leaves_the_open_one_selected(panel):
    click(panel, 1, CTRL)
    compared = tuple(ComparedRun(e.name, e.path, {}) for e in (SHIPPED, HALF))
    panel.controller.show(answers={Compare: compared})
    assert panel.actions_.alone.isVisible()
    panel.controller.show(answers={Compare: ()})
    assert [entry.name for entry in panel.list.entries()] == ["toy"]


def test_arrow_keys_reach_other_rows_while_a_run_goes_on(panel):
    choose(panel, 1)
    for epoch in (1, 2):
        panel.controller.show(run=Run("training", epoch=epoch, epochs=9, folder=DONE.path))
    assert [entry.name for entry in panel.list.entries()] == ["half"]
    panel.controller.show(opening="half")
    panel.controller.show(opening="")
    assert [entry.name for entry in panel.list.entries()] == ["toy"]  # it did not open


def test_open_one_is_selected_alone_though_it_was_the_current_row(panel):
    click(panel, 1, CTRL)
    panel.list.show_open(HALF.path)
    assert [entry.name for entry in panel.list.entries()] == ["half"]


def test_menu_offers_what_can_be_done(panel):
    choose(panel, 0)
    assert offered(panel) == ["Duplicate with changes", "Notes and tags…", "Show folder"]
    choose(panel, 1)
    everything = offered(panel)
    assert everything[:3] == ["Open", "Resume", "Train more epochs…"]
    assert everything[-2:] == ["Show folder", "Move to trash"]
    choose(panel, 2)
    assert "Resume" not in offered(panel)
    assert "Train more epochs…" in offered(panel)
    click(panel, 1, CTRL)
    assert offered(panel) == ["Move 2 to trash"]


def test_actions_reach_the_controller(panel, monkeypatch):
    monkeypatch.setattr("latentlab.widgets.panels.library.run_actions.ask_epochs", lambda *asked: 5)
    shown = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: shown.append(url.toLocalFile()))
    choose(panel, 1)
    for action in ("resume", "more", "duplicate", "folder"):
        getattr(panel.actions_, action).trigger()
    assert panel.controller.asked == [
        ("training.resume", HALF.path),
        ("training.resume", HALF.path, 17),
        ("runs.duplicate", HALF.path),
    ]
    assert shown == [str(HALF.path)]


def test_compare_with_the_open_run(panel):
    choose(panel, 1)
    panel.actions_.compare.trigger()
    assert panel.controller.asked == [("runs.compare", (SHIPPED.path, HALF.path))]


@pytest.mark.parametrize("sure", [True, False])
def test_delete_asks_first(panel, monkeypatch, sure):
    asked = []
    monkeypatch.setattr(
        "latentlab.widgets.panels.library.run_actions.confirm",
        lambda *words: asked.append(words) or sure,
    )
    choose(panel, 1)
    panel.list.setFocus()
    QTest.keyClick(panel.list, Qt.Key.Key_Delete)
    assert "“half”" in asked[0][1]
    assert panel.controller.asked == ([("runs.delete", HALF.path)] if sure else [])


def test_shipped_model_can_be_neither_deleted_nor_renamed(panel, monkeypatch):
    choose(panel, 0)
    panel.list.setFocus()
    QTest.keyClick(panel.list, Qt.Key.Key_Delete)
    QTest.keyClick(panel.list, Qt.Key.Key_F2)
    assert not panel.controller.asked
    assert not panel.list.findChildren(QLineEdit)


def test_rename_in_place(panel, until):
    choose(panel, 1)
    panel.list.setFocus()
    QTest.keyClick(panel.list, Qt.Key.Key_F2)
    (line,) = panel.list.findChildren(QLineEdit)
    assert line.text() == "half"
    line.selectAll()
    QTest.keyClicks(line, "best one")
    QTest.keyClick(line, Qt.Key.Key_Return)
    until(lambda: panel.controller.asked == [("runs.rename", HALF.path, "best one")])


def test_own_runs_are_promised_while_there_are_none(panel):
    assert not panel._hint.isVisible()
    panel.controller.show(answers={ListLibrary: (SHIPPED,)})
    assert panel._hint.isVisible()


# The run in training


def test_the_run_in_training_stands_among_the_others_with_its_progress(panel):
    folder = Path("/runs/20260131-235959-vae-toys")
    panel.controller.show(run=Run("loading", recipe=RECIPE))
    assert names(panel) == ["toy", "New run", "half", "done"]
    assert statuses(panel)[1] == "starting…"
    losses = {"validation_loss": 140.0, "rate": 9.5, "distortion": 90.0}
    run = Run("training", "", 0.5, epoch=15, epochs=30, recipe=RECIPE, **losses)
    panel.controller.show(run=replace(run, folder=folder))
    assert names(panel)[1] == "vae-toys · 31 Jan 23:59"
    assert statuses(panel)[1] == "15 of 30"
    assert panel.list.entry(1).detail == "VAE 2-D · toys"
    assert index(panel, 1, ELBO).data() == "99.5"
    assert index(panel, 1).data(FRACTION) == 0.5
    panel.controller.show(run=None)
    assert names(panel) == ["toy", "half", "done"]


def test_click_on_the_run_in_training_shows_it_as_it_learns(panel):
    """Its folder may have no checkpoint yet."""
    run = Run("training", epoch=3, epochs=30, folder=Path("/runs/new"), recipe=RECIPE)
    panel.controller.show(run=run, following=False)
    click(panel, 1)
    assert panel.controller.asked == [("training.watch",)]
    panel.controller.show(following=True)
    click(panel, 1)
    assert len(panel.controller.asked) == 1
    click(panel, 2, CTRL)
    assert len(panel.controller.asked) == 1  # it cannot be compared yet


def test_progress_is_painted_and_moves(panel):
    def painted(fraction):
        run = Run("training", "", fraction, epoch=3, epochs=30, folder=HALF.path)
        panel.controller.show(run=run)
        return panel.list.viewport().grab().toImage()

    assert painted(0.2) != painted(0.8)


# The table


def test_columns_stand_where_there_is_room(table):
    view = table.list
    assert view.is_table
    assert {i for i in range(len(COLUMNS)) if view.isColumnHidden(i)} == RARE
    assert index(table, 1, ELBO).data() == "120.5"
    assert index(table, 2, ELBO).data() == ""
    assert "1970" in index(table, 1, DATE).data()
    for row, beta in enumerate((1, 2, 4, 8), 1):
        assert index(table, row, 1).data() == f"beta {beta}"
    table.resize(280, 400)
    assert not view.is_table
    assert [view.isColumnHidden(i) for i in range(len(COLUMNS))] == [False] + [True] * 9
    assert view.columnWidth(NAME) == view.viewport().width()


def test_columns_of_tests_and_seeds_appear_once_they_have_values(table):
    view = table.list
    entry = replace(DONE, over_seeds=OverSeeds.of([1.0, 3.0]), test=5.0)
    view.show_runs((entry,), table.controller.state)
    assert not any(view.isColumnHidden(i) for i in RARE)
    assert {index(table, 0, i).data() for i in RARE} == {"5.0", "2.0 ± 1.4 (2)"}


@pytest.mark.parametrize("width", [500, 600, 900])
def test_no_header_is_cut_and_the_loss_is_seen_at_any_width(table, width):
    table.resize(width, 400)
    header = table.list.header()
    padding = 16
    entry = replace(DONE, over_seeds=OverSeeds.of([1.0, 3.0]), test=5.0)
    table.list.show_runs((entry,), table.controller.state)
    for i, column in enumerate(COLUMNS):
        text = header.fontMetrics().horizontalAdvance(column.title)
        assert header.sectionSize(i) >= text + padding, column.title
    loss = table.list.visualRect(index(table, 0, ELBO))
    assert table.list.viewport().rect().contains(loss)


def test_nats_that_cannot_be_compared_are_grey_and_say_why(table):
    """Those of another data set, or of a density beside Bernoulli."""
    listed = table.controller.state.answer(ListLibrary)
    scales = (Scale("mnist", "bernoulli"), Scale("mnist", "gaussian"), Scale("faces", "laplace"))
    changed = (replace(run, scale=scale) for run, scale in zip(listed[1:4], scales, strict=True))
    recipe = {"data": {"kind": "mnist"}, "model": {"likelihood": {"kind": "bernoulli"}}}
    model = toy.card(recipe=recipe)
    table.controller.show(model=model, answers={ListLibrary: (listed[0], *changed, listed[4])})
    remarks = [index(table, row, ELBO).data(REMARK) for row in range(5)]
    assert remarks[0] == remarks[1] == remarks[4] == ""
    assert remarks[2].endswith("the likelihoods differ (gaussian, bernoulli).")
    assert "the data sets differ and the likelihoods differ (laplace" in remarks[3]
    tip = index(table, 3, ELBO).data(Qt.ItemDataRole.ToolTipRole)
    assert remarks[3] in " ".join(tip.split())
    dense = {"data": "faces", "model": {"likelihood": "gaussian"}}
    table.controller.show(model=toy.card(recipe=dense))
    remarks = [index(table, row, ELBO).data(REMARK) for row in range(5)]
    assert remarks[3] == ""
    assert "the data sets differ." in remarks[2]


def test_click_on_a_header_sorts_and_what_is_missing_is_last(table):
    sort_by(table, ELBO)
    assert names(table) == ["run 4", "run 1", "run 8", "toy", "run 2"]
    sort_by(table, ELBO)
    assert names(table) == ["run 8", "run 1", "run 4", "toy", "run 2"]
    sort_by(table, ELBO)
    assert names(table) == ["toy", "run 1", "run 2", "run 4", "run 8"]
    sort_by(table, DATE)
    assert names(table) == ["run 8", "run 4", "run 2", "run 1", "toy"]


def test_sorted_rows_keep_their_selection_and_take_new_runs_in(table):
    click(table, 1, CTRL)
    sort_by(table, ELBO)
    assert [entry.name for entry in table.list.entries()] == ["run 1", "toy"]
    listed = table.controller.state.answer(ListLibrary)
    new = replace(listed[1], name="new", path=Path("/runs/new"), rate=10.0, distortion=90.0)
    table.controller.show(answers={ListLibrary: (listed[0], new, *listed[1:4])})
    assert names(table) == ["run 4", "new", "run 1", "toy", "run 2"]
    assert [entry.name for entry in table.list.entries()] == ["run 1", "toy"]


def test_columns_can_be_hidden_and_stay_so(table, own_place):
    actions = {action.text(): action for action in table.list.header().actions()}
    actions["KL"].trigger()
    assert table.list.isColumnHidden(3)
    again = LibraryPanel(StubController(model=toy.card(), answers={ListLibrary: (SHIPPED,)}))
    again.resize(900, 400)
    again.show()
    assert again.list.isColumnHidden(3)
    assert not again.list.isColumnHidden(ELBO)
    discard(again)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("run", ["run 1", "run 2", "run 4", "run 8"]),
        ("BETA 4", ["run 4"]),
        ("good baseline", ["run 1"]),
        ("99.5", ["run 4"]),
        ("paper toys", ["run 4"]),
        ("a+b(", []),
        (" ", ["toy", "run 1", "run 2", "run 4", "run 8"]),
    ],
)
def test_search_finds_all_words_in_any_text(table, text, found):
    QTest.keyClicks(table.search, text)
    assert names(table) == found
    assert table._hint.isVisible() is (not found)


def test_search_leaves_the_open_model_open_and_compared_runs_compared(table):
    QTest.keyClicks(table.search, "best")
    assert table.list.entries() == []
    assert not table.controller.asked
    table.search.clear()
    assert [entry.name for entry in table.list.entries()] == ["toy"]
    click(table, 1, CTRL)
    table.controller.asked.clear()
    QTest.keyClicks(table.search, "o")
    assert [entry.name for entry in table.list.entries()] == ["toy", "run 1"]
    assert not table.controller.asked


def test_ctrl_f_searches(panel):
    assert not panel.search.isVisible()
    panel.activateWindow()
    panel.list.setFocus()
    QTest.keyClick(panel.list, Qt.Key.Key_F, CTRL)
    assert panel.search.hasFocus()


def test_a_list_of_many_runs_has_a_search_line(panel):
    many = tuple(replace(DONE, path=Path(f"/runs/{i}")) for i in range(9))
    panel.controller.show(answers={ListLibrary: many})
    assert panel.search.isVisible()


def test_a_thousand_runs_do_not_stop_the_window(table):
    thumbnail = np.zeros((112, 112), np.uint8)
    many = tuple(
        replace(DONE, name=f"run {i}", path=Path(f"/runs/{i}"), thumbnail=thumbnail, loss=i % 97)
        for i in range(1000)
    )
    table.controller.show(answers={ListLibrary: many})
    run = Run("training", epoch=3, epochs=30, folder=many[500].path, fraction=0.1)

    def seconds(act):
        start = time.process_time()
        act()
        return time.process_time() - start

    table.controller.show(run=run)
    ticks = [replace(run, fraction=0.1 + i / 100) for i in range(10)]
    spent = seconds(lambda: [table.controller.show(run=tick) for tick in ticks])
    assert spent / len(ticks) < 0.05
    assert seconds(lambda: table.list.runs.sort(ELBO)) < 0.2


# What a person writes


def editor(panel, row, column):
    """Double-click a cell and return its editor."""
    place = panel.list.visualRect(index(panel, row, column)).center()
    QTest.mouseClick(panel.list.viewport(), LEFT, PLAIN, place)
    QTest.mouseDClick(panel.list.viewport(), LEFT, PLAIN, place)
    (line,) = panel.list.viewport().findChildren(QLineEdit)
    line.selectAll()
    return line


def edit(panel, row, column, text):
    """Replace the text of a cell."""
    line = editor(panel, row, column)
    QTest.keyClicks(line, text)
    QTest.keyClick(line, Qt.Key.Key_Return)


@pytest.mark.parametrize(
    ("column", "text", "notes"),
    [
        (TAGS, "worst,  too blurry , worst", Notes("a good start", ("worst", "too blurry"))),
        (NOTES, "beta is too small", Notes("beta is too small", ("baseline",))),
        (NOTES, " ", Notes("", ("baseline",))),
    ],
)
def test_tags_and_notes_are_edited_in_place_and_the_model_stays(table, until, column, text, notes):
    edit(table, 1, column, text)
    until(lambda: table.controller.asked == [("runs.annotate", Path("/runs/1"), notes)])
    assert [entry.name for entry in table.list.entries()] == ["toy"]


def test_an_editor_survives_news_of_the_run_in_training(table):
    line = editor(table, 1, NOTES)
    QTest.keyClicks(line, "half a ")
    table.controller.show(run=Run("training", epoch=1, epochs=2, folder=Path("/runs/9")))
    QTest.keyClicks(line, "word")
    assert line.text() == "half a word"
    assert table.list.state() == table.list.State.EditingState


@pytest.mark.parametrize("saved", [True, False])
def test_a_list_offers_a_dialog_for_notes(panel, monkeypatch, saved):
    seen = []

    def answer(dialog):
        seen.append((dialog.text.toPlainText(), dialog.tags.text()))
        dialog.text.setPlainText("two\nlines")
        dialog.tags.setText("one, two")
        return QDialog.DialogCode.Accepted if saved else QDialog.DialogCode.Rejected

    monkeypatch.setattr(NotesDialog, "exec", answer)
    choose(panel, 1)
    panel.actions_.annotate.trigger()
    assert seen == [("", "")]
    notes = Notes("two\nlines", ("one", "two"))
    assert panel.controller.asked == ([("runs.annotate", HALF.path, notes)] if saved else [])


def test_tags_are_bounded():
    many = parse_tags(",".join(f"{i}" * 99 for i in range(99)))
    assert len(many) == MAX_TAGS
    assert max(map(len, many)) == MAX_TAG_LENGTH
    assert parse_tags(" , ,") == ()


# Right click


def test_right_click_leaves_the_open_model_selected(panel, until):
    menu = right_click(panel, 1)
    assert [entry.name for entry in panel.list.entries()] == ["toy"]
    assert not panel.controller.asked
    trigger(menu, "Open")
    assert panel.controller.asked == [("runs.open", HALF.path)]
    until(lambda: not panel.list.delegate.marked.isValid())
    assert [entry.name for entry in panel.list.entries()] == ["toy"]
    panel.actions_.update()
    assert offered(panel) == ["Duplicate with changes", "Notes and tags…", "Show folder"]


def test_right_click_on_a_selected_row_is_about_all_of_them(panel):
    choose(panel, 1)
    click(panel, 2, CTRL)
    texts = [action.text() for action in right_click(panel, 1).actions() if action.isEnabled()]
    assert "Move 2 to trash" in texts


def test_the_row_of_the_menu_is_framed(panel):
    before = panel.list.viewport().grab().toImage()
    right_click(panel, 1)
    assert panel.list.viewport().grab().toImage() != before


# How runs look


def painted_colours(panel, row):
    rect = panel.list.visualRect(index(panel, row))
    image = panel.list.viewport().grab(rect).toImage()
    spots = ((x, y) for x in range(0, image.width()) for y in range(image.height()))
    return {image.pixelColor(*spot).name() for spot in spots}


def test_failed_runs_are_marked(panel):
    failed = replace(HALF, epoch=0, failure="The loss is no longer a finite number.")
    panel.controller.show(answers={ListLibrary: (failed, DONE)})
    assert statuses(panel) == ["failed at 0 of 30", "30 epochs"]
    assert colours().error in painted_colours(panel, 0)
    assert colours().error not in painted_colours(panel, 1)


@pytest.mark.parametrize("width", [200, 222, 280])
def test_runs_of_a_sweep_are_told_apart_in_a_list(panel, width):
    """The difference is not cut; the loss stands behind it where there is room."""
    panel.resize(width, 400)
    metrics = QFontMetrics(small(panel.list.font()))
    room = _text_rect(panel.list.visualRect(index(panel, 1))).width()
    for rate in (0.0001, 0.0005):
        text = f"beta 20, learning rate {rate}"
        lines = lines_below([text, "401.7 nats"], small(panel.list.font()), room, 0)
        assert " ".join(lines) in (text, f"{text} · 401.7 nats")
        assert max(map(metrics.horizontalAdvance, lines)) <= room
    lines = lines_below([text], small(panel.list.font()), room, room // 2)
    assert metrics.horizontalAdvance(lines[-1]) <= room - room // 2


def test_screen_readers_hear_a_row(table):
    role = Qt.ItemDataRole.AccessibleTextRole
    assert index(table, 1).data(role) == "run 1, VAE 2-D · toys · beta 1 · 120.5 nats, 30 epochs"
    assert index(table, 1, ELBO).data(role) == "−ELBO, nats: 120.5"
    tips = [COLUMNS[i].tip for i in range(len(COLUMNS))]
    header = [
        table.list.runs.headerData(i, Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole)
        for i in range(len(COLUMNS))
    ]
    assert all(tip in text for tip, text in zip(tips, header, strict=True))


def test_the_model_of_runs_is_sound(table, application):
    """Qt's own checks of an item model, while it is sorted, searched and changed."""
    model = RunModel()
    testers = [
        QAbstractItemModelTester(each, QAbstractItemModelTester.FailureReportingMode.Fatal)
        for each in (model, table.list.model())
    ]
    listed = table.controller.state.answer(ListLibrary)
    for entries in (listed, listed[1:], (), listed[::-1], listed):
        model.show_runs(entries, table.controller.state)
        table.controller.show(answers={ListLibrary: entries})
        for column in (ELBO, -1, NAME):
            model.sort(column)
            sort_by(table, max(0, column))
            table.search.setText("run" if column < 0 else "")
    assert len(testers) == 2


# The queue


def test_no_queue_takes_no_room(panel):
    assert not panel.queue.isVisible()


def test_queue_says_what_waits(panel):
    sweep = tuple({**RECIPE, "objective": {"beta": beta}} for beta in (0.5, 4.0))
    panel.controller.show(queue=sweep)
    assert [row.detail.text() for row in panel.queue.waiting] == ["beta 0.5", "beta 4"]
    panel.controller.show(queue=sweep[:1])
    assert [row.detail.text() for row in panel.queue.waiting] == ["30 epochs"]
    panel.controller.show(queue=())
    assert not panel.queue.isVisible()


def test_waiting_run_is_taken_out(panel):
    panel.controller.show(queue=(RECIPE, RECIPE, RECIPE))
    panel.grab()
    QTest.mouseClick(panel.queue.waiting[1].remove, LEFT)
    assert panel.controller.asked == [("training.unqueue", 1)]


def test_runs_beside_the_current_one_tell_how_far_they_are_and_can_be_stopped(panel):
    first, second = ({**RECIPE, "objective": {"beta": beta}} for beta in (0.5, 4.0))
    panel.controller.show(beside=(Run(recipe=first), Run(recipe=second)), queue=(RECIPE,))
    row = panel.queue.training[1]
    panel.controller.show(beside=(Run(recipe=first), Run(recipe=second, fraction=0.5)))
    assert panel.queue.training[1] is row
    assert [each.number.text() for each in panel.queue.training] == ["0%", "50%"]
    assert [each.number.text() for each in panel.queue.waiting] == ["1."]
    panel.grab()
    QTest.mouseClick(row.remove, LEFT)
    QTest.mouseClick(panel.queue.waiting[0].remove, LEFT)
    assert panel.controller.asked == [("training.stop_beside", 1), ("training.unqueue", 0)]
    panel.controller.show(beside=(), queue=(first,))
    assert panel.queue.training == []


def test_titles_of_recipes():
    assert recipe_title(RECIPE) == "VAE 2-D · toys"
    assert recipe_title({"model": "unheard-vae", "data": "unheard"}) == "Unheard VAE · unheard"
    assert recipe_title({}) == ""


def test_the_table_remembers_widths_order_and_sort(own_place, show_panel):
    first = show_panel(LibraryPanel, (900, 300), answers={ListLibrary: (DONE, HALF)})
    header = first.list.header()
    assert header.sectionSize(NAME) == 240
    edge = header.sectionViewportPosition(ELBO) + header.sectionSize(ELBO) - 1
    place = QPoint(edge, header.height() // 2)
    QTest.mousePress(header.viewport(), LEFT, PLAIN, place)
    QTest.mouseMove(header.viewport(), place + QPoint(30, 0))
    QTest.mouseRelease(header.viewport(), LEFT, PLAIN, place + QPoint(30, 0))
    sort_by(first, DATE)
    header.moveSection(header.visualIndex(TAGS), 1)
    sort_by(first, DATE)
    QApplication.processEvents()
    widths = [header.sectionSize(i) for i in range(header.count())]
    second = show_panel(LibraryPanel, (900, 300), answers={ListLibrary: (DONE, HALF)})
    again = second.list.header()
    assert again.sectionSize(ELBO) == 134
    assert [again.sectionSize(i) for i in range(again.count())][:-1] == widths[:-1]
    assert again.visualIndex(TAGS) == 1
    assert again.sortIndicatorSection() == DATE
    assert again.sortIndicatorOrder() == header.sortIndicatorOrder()
    assert [second.list.entry(i).name for i in range(2)] == [
        first.list.entry(i).name for i in range(2)
    ]
    second.list._reset_columns()
    third = show_panel(LibraryPanel, (900, 300), answers={ListLibrary: (DONE, HALF)})
    assert third.list.header().sectionSize(ELBO) == 104
    assert third.list.header().sortIndicatorSection() == -1


def test_a_search_among_a_thousand_runs_takes_less_than_a_frame(own_place, show_panel):
    runs = tuple(replace(DONE, name=f"run {i}", path=Path(f"/runs/{i}")) for i in range(1000))
    panel = show_panel(LibraryPanel, (900, 300), answers={ListLibrary: runs})
    panel.list.search("first")
    start = time.process_time()
    for text in ("r", "ru", "run", "run 9", "run", "RUN 99"):
        panel.list.search(text)
    assert (time.process_time() - start) / 6 < 0.01
    assert panel.list.count() == 19
