"""What no longer fits is dimmed until there is something new."""

import pytest
import toy
from gui_support import wait
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from latentlab.session.bookmarks import ReadBookmarks
from latentlab.session.model import Decode, DecodePath, MakeManifold, MakeSamples, Open
from latentlab.session.points import Manifold
from latentlab.session.state import State
from latentlab.widgets.kit.veil import DIM_DELAY_MS, StaleOverlay
from latentlab.widgets.panel import find_panels
from latentlab.widgets.panels.manifold import ManifoldPanel
from latentlab.work import Progress

THROUGH = Qt.WidgetAttribute.WA_TransparentForMouseEvents
OF_MODEL = {"codes", "point", Decode, MakeManifold, DecodePath, MakeSamples, ReadBookmarks}


@pytest.fixture
def panel(show_panel):
    lab = toy.ToyLab()
    opened = lab.Open(Open(toy.card().source))
    card, codes, point = opened.card, opened.codes, opened.start
    state = State()
    request = MakeManifold(point, state.view.frame, state.grid)
    return show_panel(
        ManifoldPanel,
        model=card,
        codes=codes,
        point=point,
        answers={MakeManifold: lab.MakeManifold(request)},
    )


def veil_of(panel):
    return panel.findChild(StaleOverlay)


def awaiting(panel, *kinds, **more):
    panel.controller.show(awaited=frozenset(kinds), **more)


def test_an_answer_that_comes_soon_does_not_flicker(panel, until):
    veil = veil_of(panel)
    awaiting(panel, MakeManifold)
    wait(DIM_DELAY_MS // 4)
    assert veil.isHidden()
    awaiting(panel)
    wait(DIM_DELAY_MS + 50)
    assert veil.isHidden()


def test_what_is_awaited_for_long_is_dimmed_but_can_be_used(panel, until):
    veil = veil_of(panel)
    before = panel.view.grab().toImage()
    awaiting(panel, MakeManifold)
    until(veil.isVisible)
    assert veil.geometry() == panel.view.rect()
    assert panel.view.grab().toImage() != before
    assert veil.testAttribute(THROUGH)
    panel.resize(600, 400)
    assert veil.geometry() == panel.view.rect()
    awaiting(panel)
    assert veil.isHidden()


def test_while_another_model_opens_nothing_can_be_clicked(panel, until):
    awaiting(panel, Open, opening="faces")
    until(veil_of(panel).isVisible)
    QTest.mouseClick(panel.childAt(panel.view.geometry().center()), Qt.MouseButton.LeftButton)
    assert not [call for call in panel.controller.asked if call[0] == "point.set"]


def test_answers_that_keep_coming_are_not_dimmed(panel):
    """While a hand drags, the next answer is awaited before the last one is shown."""
    veil, manifold = veil_of(panel), panel.controller.state.answer(MakeManifold)
    for _ in range(6):
        again = Manifold(manifold.tiles, manifold.frame, manifold.axes)
        awaiting(panel, MakeManifold, answers={MakeManifold: again})
        wait(DIM_DELAY_MS // 3)
        assert veil.isHidden()


@pytest.mark.parametrize("panel", find_panels(), ids=lambda panel: panel.key)
def test_every_panel_that_shows_something_of_a_model_has_a_veil(show_panel, panel):
    shown = show_panel(panel.widget)
    texts_and_tables = ("diagnosis", "lesson", "metrics", "replay")
    of_model = panel.widget.watches & OF_MODEL and panel.key not in texts_and_tables
    assert bool(shown.findChildren(StaleOverlay)) is bool(of_model)


def test_the_veil_tells_how_far_the_answer_is(panel, until):
    """A bar across its top; other work is not its own."""
    veil = veil_of(panel)
    awaiting(panel, MakeManifold)
    until(veil.isVisible)
    empty = veil.grab().toImage()
    panel.controller.show(
        working={MakeManifold: Progress("Decoding", 0.5), MakeSamples: Progress("")}
    )
    assert veil.fraction == 0.5
    half = veil.grab().toImage()
    assert half.pixel(4, 1) != half.pixel(veil.width() - 4, 1)
    panel.controller.show(working={MakeSamples: Progress("", 0.9)})
    assert veil.fraction is None
    assert veil.grab().toImage() == empty
