"""The library in the window, on real runs."""

import shutil

from gui_support import TINY
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit

from latentlab.directories import resources, runs
from latentlab.session.library.entries import ListLibrary
from latentlab.session.library.notes import Notes
from latentlab.widgets.panels.library.columns import NOTES, TAGS

DIGITS_2D = resources() / "models" / "digits-2d"
COPY = "20260102-030405-vae-mnist"


def table_of(desk):
    """Return the library in a window of its own, where it has room for its columns."""
    dock = desk.window.docks["library"]
    panel = desk.panel("library")
    dock.setFloating(True)
    dock.resize(1400, 400)
    desk.until(lambda: panel.list.is_table)
    desk.settle()
    return panel


def write(desk, view, row, column, text):
    """Double-click a cell and type into it."""
    place = view.visualRect(view.model().index(row, column)).center()
    desk.hand.double_click(view.viewport(), place)
    (line,) = view.viewport().findChildren(QLineEdit)
    line.setText(text)
    desk.hand.window = view.window()
    desk.hand.key(Qt.Key.Key_Return)
    desk.hand.window = desk.window


def test_notes_and_tags_are_there_at_the_next_start(make_desk):
    shutil.copytree(DIGITS_2D, runs() / COPY)
    desk = make_desk()
    view = table_of(desk).list
    written = {DIGITS_2D: Notes("compare", ("first",)), runs() / COPY: Notes("blurry", ("a", "b"))}
    for path, notes in written.items():
        row = view.row_of(path)
        write(desk, view, row, NOTES, notes.text)
        desk.until(lambda path=path: view.entry(view.row_of(path)).notes.text)
        write(desk, view, row, TAGS, notes.tags_text)
        desk.until(lambda path=path, notes=notes: view.entry(view.row_of(path)).notes == notes)
    assert desk.state.model.source == DIGITS_2D
    assert desk.state.failure is None
    desk.clear()
    again = make_desk()
    found = {entry.path: entry.notes for entry in again.state.answer(ListLibrary)}
    assert {path: found[path] for path in written} == written


def test_a_run_stands_in_the_library_while_it_learns(desk):
    desk.panel("train").form.set_values(TINY)
    panel = desk.panel("library")
    shown = panel.list
    desk.controller.training.start()
    desk.controller.workspaces.go("explore")
    desk.until(lambda: shown.count() == 4)
    desk.until(lambda: shown.entry(3).loss is not None)
    folder = desk.state.training.run.folder
    assert shown.entry(3).path == folder
    first = shown.entry(3).epoch
    desk.until(lambda: shown.entry(3).epoch > first)
    desk.until(lambda: folder in {entry.path for entry in desk.state.answer(ListLibrary)})
    assert shown.entry(3).rate > 0
    desk.controller.training.stop()
    desk.until(lambda: desk.state.training.run is None)
    desk.settle()
    assert shown.count() == 4
    assert shown.currentIndex().row() == 3
