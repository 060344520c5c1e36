"""A double click on a title shows the panel alone, and another one all panels again."""

from PySide6.QtCore import QPoint, Qt

SHIFT = Qt.KeyboardModifier.ShiftModifier


def shown(desk):
    docks = desk.window.docks
    return {key: dock.geometry().getRect() for key, dock in docks.items() if dock.isVisible()}


def test_double_click_on_a_title_fills_the_window(desk):
    before = shown(desk)
    title = desk.window.docks["map"].titleBarWidget()
    desk.hand.double_click(title, QPoint(60, title.height() // 2))
    desk.until(lambda: set(shown(desk)) == {"map"})
    assert not desk.window.docks["map"].isFloating()
    desk.until(lambda: desk.window.docks["map"].width() > 0.9 * desk.window.width())
    desk.hand.double_click(title, QPoint(60, title.height() // 2))
    desk.until(lambda: shown(desk) == before)


def test_the_arrangement_is_kept_with_all_panels(desk):
    before = set(shown(desk))
    desk.map.setFocus()
    desk.hand.key(Qt.Key.Key_F11, SHIFT)
    assert set(shown(desk)) == {"map"}
    desk.controller.workspaces.go("train")
    desk.controller.workspaces.go("explore")
    assert set(shown(desk)) == before
    desk.hand.key(Qt.Key.Key_F11, SHIFT)
    desk.window.reset_workspace()
    assert set(shown(desk)) == before
    desk.map.setFocus()
    desk.hand.key(Qt.Key.Key_F11, SHIFT)
    assert set(shown(desk)) == {"map"}, "a reset is no longer filled"
