"""Undo and redo."""

from gui_support import LEFT
from hypothesis import strategies as st
from PySide6.QtTest import QTest
from window_machine.actions import action

from latentlab.session.undo.snapshot import differences

TIMES = st.integers(1, 4)


@action(times=TIMES)
def undo(stage, times):
    for _ in range(times):
        stage.window.menus.undo.trigger()


@action(times=TIMES)
def redo(stage, times):
    for _ in range(times):
        stage.window.menus.redo.trigger()


@action(times=TIMES)
def undo_and_redo(stage, times):
    """Undo, then redo, is nothing: it leads back through the same states."""
    stage.rest()
    present, menus = stage.watch.present, stage.window.menus
    way = [present()]
    if way[0] != stage.controller.undo.current or stage.state.is_training:
        return  # a change is on its way that is no step yet
    items = stage.controller.undo._history.items
    while len(way) <= times and stage.state.can_undo:
        menus.undo.trigger()
        way.append(present())
    for back, before in enumerate(reversed(way[:-1]), 1):
        menus.redo.trigger()
        if present() != before:
            stage.rest()  # an own image that comes back is encoded again
        if changed := differences(before, present()):
            now = len(stage.controller.undo._history.items)
            what = f"{len(way) - 1} times undo, {back} times redo changes {', '.join(changed)}"
            what += "" if now == len(items) else f"; of {len(items)} steps there are {now} left"
            stage.watch.note("undo", what)


@action()
def take_back(stage):
    """Click Undo in the newest message, such as that of a discarded run."""
    lines = stage.window.messages.lines
    if lines and (button := lines[0].undo).isVisible():
        QTest.mouseClick(button, LEFT)
