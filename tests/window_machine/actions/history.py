"""Undo and redo."""

from gui_support import LEFT
from hypothesis import strategies as st
from PySide6.QtTest import QTest
from window_machine.actions import action

from latentlab.session.map import MakeView
from latentlab.session.model import EncodeImageAgain
from latentlab.session.own_image import EncodeOwnImageAgain
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
    history = stage.controller.undo._history
    count = len(history.items)
    while len(way) <= times and stage.state.can_undo:
        menus.undo.trigger()
        _let_renew(stage)
        way.append(present())
    for back, before in enumerate(reversed(way[:-1]), 1):
        menus.redo.trigger()
        _let_renew(stage)
        if len(history.items) != count:
            # Steps that have become equal, as when a file was read, are one; none may be lost.
            if way[0] not in history.items:
                stage.watch.note("undo", f"{back} times redo lost the step before undo")
            return
        if changed := differences(before, present()):
            what = f"{len(way) - 1} times undo, {back} times redo changes {', '.join(changed)}"
            stage.watch.note("undo", what)


def _let_renew(stage):
    """Wait for what is made again after the weights have changed."""
    if stage.state.awaited & {EncodeImageAgain, EncodeOwnImageAgain, MakeView}:
        stage.rest()


@action()
def take_back(stage):
    """Click Undo in the newest message, such as that of a discarded run."""
    lines = stage.window.messages.lines
    if lines and (button := lines[0].undo).isVisible():
        QTest.mouseClick(button, LEFT)
