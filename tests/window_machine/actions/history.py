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
    """Undo, then redo, is nothing."""
    stage.rest()
    history, before = stage.controller.undo, stage.watch.present()
    if before != history.current:
        return  # a change is on its way that is no step yet
    steps = 0
    while steps < times and stage.state.can_undo:
        stage.window.menus.undo.trigger()
        steps += 1
    for _ in range(steps):
        stage.window.menus.redo.trigger()
    after = stage.watch.present()
    if after != before:
        changed = differences(before, after)
        stage.watch.note("undo", f"undo, then redo, {steps} times changes {', '.join(changed)}")


@action()
def take_back(stage):
    """Click Undo in the newest message, such as that of a discarded run."""
    lines = stage.window.messages.lines
    if lines and (button := lines[0].undo).isVisible():
        QTest.mouseClick(button, LEFT)
