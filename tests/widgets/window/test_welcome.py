"""The welcome page: three doors, reached by keyboard, and never in the way."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QFileDialog

from latentlab.directories import resources
from latentlab.session.model import Open
from latentlab.widgets.window.import_images.dialog import ImportDialog
from latentlab.widgets.window.welcome import SMALL_RECIPE, WelcomePage

TAB, ESCAPE, ENTER = Qt.Key.Key_Tab, Qt.Key.Key_Escape, Qt.Key.Key_Return
SIZES = [(1024, 640), (1280, 720)]


def page_of(desk):
    pages = desk.window.findChildren(WelcomePage)
    return next((page for page in pages if page.isVisible()), None)


def welcome(desk):
    """Open the page; no fixture, because pytest keeps what a fixture returns."""
    desk.window.show_welcome()
    return page_of(desk)


def button_of(page, text):
    return next(b for door in page.doors for b in door.buttons if b.text().startswith(text))


@pytest.mark.parametrize("size", SIZES)
def test_it_fits_into_small_windows(desk, size):
    page = welcome(desk)
    desk.window.resize(*size)
    desk.until(lambda: page.size() == desk.window.size())
    assert page.rect().contains(page.sheet.geometry())
    assert page.sheet.geometry().center() == page.rect().center()
    for door in page.doors:
        for button in door.buttons:
            assert button.width() >= button.sizeHint().width(), button.text()
            assert door.rect().contains(button.geometry()), button.text()


def test_tab_stays_inside_and_escape_closes(desk):
    page = welcome(desk)
    first = page.doors[0].buttons[0]
    desk.until(first.hasFocus)
    buttons = {button for door in page.doors for button in door.buttons}
    reached = set()
    for _ in range(len(buttons) + 1):
        reached.add(QApplication.focusWidget())
        desk.hand.key(TAB)
    assert buttons < reached
    assert QApplication.focusWidget() is first
    desk.hand.key(ESCAPE)
    assert page_of(desk) is None
    assert desk.window.isVisible()


def test_it_opens_once_from_the_menu_and_closes_at_a_click_beside_it(desk):
    help_menu = desk.window.menuBar().actions()[-1].menu()
    welcome = next(each for each in help_menu.actions() if each.text() == "Welcome")
    welcome.trigger()
    welcome.trigger()
    assert len(desk.window.findChildren(WelcomePage)) == 1
    page = page_of(desk)
    desk.hand.click(page, page.sheet.geometry().topLeft() + QPoint(9, 9))
    assert page.isVisible()
    desk.hand.click(page, QPoint(4, desk.window.height() // 2))
    assert page_of(desk) is None


def test_the_focus_returns(desk):
    desk.map.setFocus()
    desk.window.show_welcome()
    desk.hand.key(ESCAPE)
    assert desk.map.hasFocus()


# Doors


def test_lessons_are_in_the_workspace_learn(desk):
    page = welcome(desk)
    desk.hand.click(button_of(page, "Lessons"))
    assert page_of(desk) is None
    assert desk.state.workspace == "learn"


def test_look_around_opens_a_model_that_comes_with_the_program(desk):
    welcome(desk)
    asked = []
    desk.controller.runs.open = asked.append
    desk.controller.workspaces.go("analyse")
    assert page_of(desk) is None, "something else is shown now"
    desk.window.show_welcome()
    desk.hand.key(ENTER)
    assert desk.state.workspace == "explore"
    assert asked == [resources() / "models" / "digits-2d"]
    assert page_of(desk) is None


def test_train_your_own_fills_the_form(desk):
    desk.panel("train")
    desk.window.show_welcome()
    before = desk.state.draft.values
    desk.hand.click(button_of(page_of(desk), "Set up"))
    assert desk.state.workspace == "train"
    assert desk.state.draft.values["model"]["latent_dim"] == SMALL_RECIPE["model"]["latent_dim"]
    assert page_of(desk) is None
    desk.hand.click(desk.window.messages.lines[0].undo)
    assert desk.state.draft.values == before


def test_bring_your_own_asks_for_files(desk, monkeypatch, tmp_path):
    page = welcome(desk)
    opened, answers = [], ["", str(tmp_path / "mine.png")]
    desk.controller.open_path = opened.append
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (answers.pop(0), ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    desk.hand.click(button_of(page, "Open an image"))
    assert page.isVisible(), "nothing was chosen"
    desk.hand.click(button_of(page, "Open an image"))
    assert page_of(desk) is None
    desk.window.show_welcome()
    desk.hand.click(button_of(page_of(desk), "Run"))
    assert opened == [tmp_path / "mine.png", tmp_path]
    desk.window.show_welcome()
    desk.hand.click(button_of(page_of(desk), "Folder"))
    dialog = desk.window.findChild(ImportDialog)
    assert dialog.isVisible()
    dialog.reject()


def test_it_gives_way_to_what_is_opened(desk):
    welcome(desk)
    desk.controller.runs.open(resources() / "models" / "digits-2d")
    assert page_of(desk) is None
    desk.until(lambda: Open not in desk.state.awaited)
