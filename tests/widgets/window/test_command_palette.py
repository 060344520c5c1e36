"""The command palette, used with the keyboard and the mouse."""

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtTest import QTest

from latentlab.widgets.kit.settings import settings
from latentlab.widgets.window.command_palette import KEYS, PATH, RECENT, TITLE, CommandPalette
from latentlab.widgets.window.words import Words

CTRL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


def open_palette(desk):
    desk.hand.key(Qt.Key.Key_P, CTRL_SHIFT)
    palettes = desk.window.findChildren(CommandPalette)
    palette = next(each for each in palettes if each.isVisible())
    desk.until(palette.search.hasFocus)
    return palette


def rows(palette):
    return [palette.list.topLevelItem(i) for i in range(palette.list.topLevelItemCount())]


def shown(palette):
    return [(row.text(PATH), row.text(TITLE)) for row in rows(palette)]


def closed(desk):
    return not any(each.isVisible() for each in desk.window.findChildren(CommandPalette))


def test_typing_and_enter_run_a_command(desk):
    before = desk.state.point.z
    palette = open_palette(desk)
    QTest.keyClicks(palette.search, "rand")
    assert palette.list.currentItem().text(TITLE) == "Random z"
    assert palette.tip.text() == "Draw z from the prior"
    assert palette.search.accessibleDescription() == "Edit > Random z, R, Draw z from the prior"
    desk.hand.key(Qt.Key.Key_Return)
    assert closed(desk)
    desk.settle()
    assert desk.state.point.z != before


def test_escape_closes_and_runs_nothing(desk):
    desk.panel("map").plot.setFocus()
    before = desk.state
    palette = open_palette(desk)
    QTest.keyClicks(palette.search, "rand")
    desk.hand.key(Qt.Key.Key_Escape)
    assert closed(desk)
    assert desk.state.point == before.point
    assert settings().value(RECENT, []) == []
    assert desk.window.focusWidget() is desk.panel("map").plot


def test_arrows_skip_what_does_not_apply(desk):
    palette = open_palette(desk)
    QTest.keyClicks(palette.search, "train")
    off = [row for row in rows(palette) if row.isDisabled()]
    assert "Pause" in {row.text(TITLE) for row in off}
    met = [palette.list.currentItem()]
    for _ in range(palette.list.topLevelItemCount()):
        desk.hand.key(Qt.Key.Key_Down)
        met.append(palette.list.currentItem())
    assert [row for row in rows(palette) if row in met] == [
        row for row in rows(palette) if row not in off
    ]
    desk.hand.key(Qt.Key.Key_Up)
    assert palette.list.currentItem() in met[:-1]
    assert palette.search.hasFocus()


def test_what_does_not_apply_is_not_run(desk):
    palette = open_palette(desk)
    QTest.keyClicks(palette.search, "pause")
    assert [row.isDisabled() for row in rows(palette)] == [True]
    desk.hand.key(Qt.Key.Key_Return)
    assert not closed(desk)
    QTest.keyClicks(palette.search, " nothing has this name")
    assert len(rows(palette)) == 1
    desk.hand.key(Qt.Key.Key_Return)
    assert settings().value(RECENT, []) == []


def test_a_click_runs_a_command(desk):
    palette = open_palette(desk)
    QTest.keyClicks(palette.search, "workspace edit")
    place = palette.list.visualItemRect(rows(palette)[0]).center()
    QTest.mouseClick(palette.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    desk.settle()
    assert desk.state.workspace == "edit"


def test_used_commands_come_first_next_time(make_desk):
    desk = make_desk()
    for query in ("new samples", "random z"):
        palette = open_palette(desk)
        QTest.keyClicks(palette.search, query)
        desk.hand.key(Qt.Key.Key_Return)
        desk.settle()
    first = [("Edit", "Random z"), ("Edit", "New samples")]
    assert shown(open_palette(desk))[:2] == first
    desk.hand.key(Qt.Key.Key_Escape)
    again = make_desk()
    assert shown(open_palette(again))[:2] == first


def test_appearance_is_changed_by_name_and_marked(desk):
    for scheme in ("Dark", "System"):
        palette = open_palette(desk)
        QTest.keyClicks(palette.search, scheme)
        desk.hand.key(Qt.Key.Key_Return)
        palette = open_palette(desk)
        assert ("View > Appearance", f"{scheme} ✓") in shown(palette)
        desk.hand.key(Qt.Key.Key_Escape)


def test_a_term_is_looked_up(desk):
    palette = open_palette(desk)
    assert not any(path == "Help > Words" for path, _ in shown(palette))
    QTest.keyClicks(palette.search, "posterior coll")
    assert shown(palette) == [("Help > Words", "posterior collapse")]
    desk.hand.key(Qt.Key.Key_Return)
    page = desk.window.findChild(Words)
    assert "posterior collapse" in page.page.cursorForPosition(QPoint(20, 20)).block().text()
    page.close()


def test_it_stands_within_a_small_window(desk):
    desk.window.resize(1024, 640)
    desk.settle()
    palette = open_palette(desk)
    assert desk.window.frameGeometry().contains(palette.geometry())
    assert palette.list.horizontalScrollBar().maximum() == 0


def test_columns_stand_still_and_cut_no_text_off(desk):
    palette = open_palette(desk)
    widths = [palette.list.columnWidth(column) for column in (PATH, KEYS)]
    for query in ("", "train", "elbo"):
        palette.search.setText(query)
        assert [palette.list.columnWidth(column) for column in (PATH, KEYS)] == widths
        for row in rows(palette):
            for column in (PATH, KEYS):
                needed = QFontMetrics(row.font(column)).horizontalAdvance(row.text(column))
                assert needed < palette.list.columnWidth(column), row.text(column)
