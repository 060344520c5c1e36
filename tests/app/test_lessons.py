"""Each lesson is played through in the real window, by what its steps show."""

import pytest
from gui_support import wait

from latentlab.explorer.lessons import read_lesson, shipped_lessons

LESSONS = shipped_lessons()
PLAY_SECONDS = 60


def open_lesson(make_desk, path):
    """Open a lesson from the list, in a window with only its panels."""
    panels = {key for step in read_lesson(path).steps for key in step.panels}
    desk = make_desk(built=("lesson", *panels))
    desk.go("learn")
    panel = desk.panel("lesson")
    desk.until(lambda: panel.list.cards)
    card = next(card for card in panel.list.cards if card.entry.path == path)
    panel.list.ensureWidgetVisible(card.button)
    desk.hand.click(card.button)
    desk.until(lambda: desk.state.lesson)
    desk.settle()
    return desk


def show_step(desk):
    """Press “Show me”, and wait until the check of the step sees that it was done."""
    page = desk.panel("lesson").page
    if desk.state.lesson.step.shows:
        desk.hand.click(page.show_me)
        desk.until(lambda: not desk.state.lesson.is_showing)
    assert desk.state.failure is None, desk.state.failure
    if desk.state.lesson.step.check:
        try:
            desk.until(lambda: desk.state.lesson.is_done)
        except AssertionError:
            title, seen = desk.state.lesson.step.title, page.seen.text()
            raise AssertionError(f"{title}: {seen}") from None


def play(desk):
    """Play the open lesson to its end; yield after each step that was done."""
    page = desk.panel("lesson").page
    for at in range(len(desk.state.lesson.lesson.steps)):
        assert desk.state.lesson.at == at
        show_step(desk)
        yield at
        desk.hand.click(page.next)
        desk.settle()


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_a_lesson_can_be_played_to_its_end(make_desk, path):
    desk = open_lesson(make_desk, path)
    count = len(desk.state.lesson.lesson.steps)
    for at in play(desk):
        panels = desk.state.lesson.step.panels
        assert {*desk.window.workspaces.contents()} == {"lesson", *panels}, at
    assert desk.state.lesson is None
    panel = desk.panel("lesson")
    card = next(card for card in panel.list.cards if card.entry.path == path)
    assert len(card.entry.done) == count
    assert card.state.text() == "✓ done"
    wait(1)
