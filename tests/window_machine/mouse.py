"""A mouse: once pressed it moves over the window, whatever comes of the widget below it."""

from gui_support import BETWEEN_MOVES_MS, LEFT, PLAIN, wait
from PySide6.QtCore import QPoint
from PySide6.QtTest import QTest
from shiboken6 import isValid


def move(widget, *places, button=None, modifier=PLAIN):
    """Move to the first place; if a button is given, press it there and release it at the last."""
    window = widget.window()
    first, *others = (widget.mapTo(window, QPoint(place)) for place in places)
    handle = window.windowHandle()
    wait(BETWEEN_MOVES_MS)
    if not isValid(handle):
        return
    QTest.mouseMove(handle, first)
    if button is None:
        return
    QTest.mousePress(handle, button, modifier, first)
    for place in others:
        wait(BETWEEN_MOVES_MS)
        if isValid(handle):
            QTest.mouseMove(handle, place)
    if isValid(handle):
        QTest.mouseRelease(handle, button, modifier, (others or [first])[-1])


def click(widget, place, button=LEFT, modifier=PLAIN):
    """Click at a place."""
    move(widget, place, button=button, modifier=modifier)


def double_click(widget, place):
    """Press, release, press and release: the first click is one as any other."""
    window = widget.window()
    at, handle = widget.mapTo(window, place), window.windowHandle()
    move(widget, place)
    if isValid(handle):
        QTest.mouseDClick(handle, LEFT, PLAIN, at)


def drag(widget, start, end, steps=4):
    """Press at the start, move to the end, and release there."""
    way = (start + (end - start) * i / steps for i in range(1, steps + 1))
    move(widget, start, *way, button=LEFT)
