"""What is remembered from one start to the next, and how the window looks."""

import shutil

import pytest
from gui_support import wait
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QMenu

from latentlab.directories import resources
from latentlab.widgets.kit import theme
from latentlab.widgets.kit.settings import LIMIT, recent, remember

DIGITS_2D = resources() / "models" / "digits-2d"
CVAE = resources() / "models" / "digits-cvae"


def menu(desk, title):
    return next(m for m in desk.window.menuBar().findChildren(QMenu) if m.title() == title)


def close(desk):
    """Close as a person does, and take the desk away."""
    assert desk.window.close()
    desk.clear()


# From start to start


def test_layout_is_remembered(make_desk):
    desk = make_desk()
    desk.window.resize(1300, 820)
    desk.window.docks["samples"].toggleViewAction().trigger()
    desk.window.tabifyDockWidget(desk.window.docks["map"], desk.window.docks["manifold"])
    wait(50)
    library = desk.window.docks["library"].geometry()
    edge = QPoint(library.right() + 4, library.center().y())
    for _ in desk.hand.drag(desk.window, edge, edge + QPoint(60, 0)):
        pass
    desk.until(lambda: desk.window.docks["library"].width() > library.width() + 50)
    wide = desk.window.docks["library"].width()
    close(desk)
    again = make_desk()
    docks = again.window.docks
    assert (again.window.width(), again.window.height()) == (1300, 820)
    assert not docks["samples"].isVisible()
    assert not docks["samples"].toggleViewAction().isChecked()
    assert docks["library"].width() == pytest.approx(wide, abs=3)
    assert again.window.tabifiedDockWidgets(docks["map"]) == [docks["manifold"]]
    again.window.reset_workspace()
    again.until(lambda: docks["samples"].isVisible())
    assert again.window.tabifiedDockWidgets(docks["map"]) == []
    assert (again.window.width(), again.window.height()) == (1300, 820)


def test_message_is_not_remembered_as_part_of_the_layout(make_desk, tmp_path):
    desk = make_desk()
    desk.controller.open_path(tmp_path)
    desk.settle()
    assert desk.window.failure_bar.isVisible()
    close(desk)
    again = make_desk()
    assert not again.window.failure_bar.isVisible()
    again.controller.open_path(tmp_path)
    again.settle()
    assert again.window.failure_bar.isVisible()


def test_recent_files_open_from_the_menu_and_the_last_that_is_there_at_the_start(
    make_desk, tmp_path
):
    desk = make_desk()
    mine = shutil.copytree(DIGITS_2D, tmp_path / "mine")
    for path in (mine, CVAE):
        desk.controller.open_path(path)
        desk.settle()
    assert recent() == [str(CVAE), str(mine), str(DIGITS_2D)]
    files = menu(desk, "Open recent")
    files.aboutToShow.emit()
    actions = {action.text(): action for action in files.actions()}
    assert list(actions) == ["digits-cvae", "mine", "digits-2d"]
    actions["mine"].trigger()
    desk.settle()
    assert desk.state.model.source == mine
    assert recent()[0] == str(mine)
    close(desk)
    again = make_desk()
    menu(again, "Open recent").aboutToShow.emit()
    assert menu(again, "Open recent").actions()[0].text() == "mine"
    assert again.state.model.source == mine
    close(again)
    shutil.rmtree(mine)
    later = make_desk()
    assert later.state.model.source == CVAE, "the one that was open before"
    assert later.state.failure is None


def test_recent_files_are_few_and_each_named_once(own_place, tmp_path):
    def run(i):
        return str(tmp_path / f"run {i}")

    assert recent() == []
    remember(run(0))
    assert recent() == [run(0)]
    for i in range(2 * LIMIT):
        remember(run(i))
    remember(run(15))
    assert recent()[:2] == [run(15), run(19)]
    assert len(recent()) == len(set(recent())) == LIMIT


def test_a_recent_model_that_is_shipped_is_found_where_it_is_now(own_place, tmp_path, monkeypatch):
    remember(str(tmp_path / "mine"))
    remember(str(DIGITS_2D))
    mount = tmp_path / "another mount"
    (mount / "models" / "digits-2d").mkdir(parents=True)
    monkeypatch.setattr("latentlab.widgets.kit.settings.resources", lambda: mount)
    shipped = str(mount / "models" / "digits-2d")
    assert recent() == [shipped, str(tmp_path / "mine")]
    remember(shipped)
    assert recent() == [shipped, str(tmp_path / "mine")]


def test_nothing_recent_is_said(desk, own_place):
    from latentlab.widgets.kit.settings import settings

    settings().remove("recent")
    files = menu(desk, "Open recent")
    files.aboutToShow.emit()
    (nothing,) = files.actions()
    assert nothing.text() == "Nothing yet"
    assert not nothing.isEnabled()


# Light and dark


def choose(desk, name):
    appearance = menu(desk, "Appearance")
    next(action for action in appearance.actions() if action.text() == name).trigger()


def ground(plot):
    """Return the colour that is painted in the corner of a plot."""
    return plot.grab().toImage().pixelColor(1, 1).name()


def test_appearance_switches_live(desk, application):
    plots = {"map": desk.map, "curves": desk.panel("curves").plots["loss"]}
    seen = {}
    for name, colours in (("Dark", theme.DARK), ("Light", theme.LIGHT), ("Dark", theme.DARK)):
        choose(desk, name)
        palette = application.palette()
        assert palette.color(QPalette.ColorRole.Window).name() == colours.window
        assert palette.color(QPalette.ColorRole.WindowText).name() == colours.text
        for plot in plots.values():
            desk.until(lambda plot=plot, colours=colours: ground(plot) == colours.base)
        assert plots["map"].getAxis("left").textPen().color().name() == colours.muted
        assert desk.panel("map").palette().color(QPalette.ColorRole.Text).name() == colours.text
        seen[name] = desk.panel("train").start.grab().toImage().pixelColor(6, 6).name()
    assert seen["Dark"] != seen["Light"]


def test_icons_follow_the_appearance(desk):
    button = desk.panel("interpolate").play
    brightness = {}
    for name in ("Dark", "Light"):
        choose(desk, name)
        image = button.icon().pixmap(32, 32).toImage()
        pixels = [image.pixelColor(x, y) for x in range(32) for y in range(32)]
        ink = [colour.lightness() for colour in pixels if colour.alpha() > 150]
        brightness[name] = sum(ink) / len(ink)
    assert brightness["Dark"] > 180
    assert brightness["Light"] < 90


def test_appearance_is_remembered(make_desk, application):
    desk = make_desk()
    choose(desk, "Dark")
    close(desk)
    theme.choose(Qt.ColorScheme.Light)
    again = make_desk()
    assert theme.is_dark()
    assert application.palette().color(QPalette.ColorRole.Window).name() == theme.DARK.window
    chosen = [a.text() for a in menu(again, "Appearance").actions() if a.isChecked()]
    assert chosen == ["Dark"]
    choose(again, "System")
    assert [a.text() for a in menu(again, "Appearance").actions() if a.isChecked()] == ["System"]


@pytest.fixture(autouse=True)
def as_it_was(application):
    """Leave the next test the system's own colours."""
    yield
    theme.choose(Qt.ColorScheme.Unknown)
