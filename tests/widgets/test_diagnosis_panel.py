"""The Diagnosis panel: a card per finding, a button per remedy."""

import pytest
from PySide6.QtWidgets import QLabel

from latentlab.session.diagnosis.finding import Finding, Remedy
from latentlab.session.runs import Run, RunLog
from latentlab.session.state import State
from latentlab.widgets.panels.diagnosis import DiagnosisPanel, badge

BETA = Remedy("Set beta to 1", (("objective.beta", 1.0),))
WARM = Remedy("Warm up", (("objective.schedule", {"kind": "linear", "epochs": 10}),))
COLLAPSE = Finding(
    "collapse", "trouble", "The decoder ignores z.", "KL is 0.001 nats.", (BETA, WARM)
)
PLATEAU = Finding("plateau", "advice", "It has learned what it can.", "0.02 nats in 10 epochs.")


@pytest.fixture
def panel(show_panel):
    return show_panel(DiagnosisPanel, log=RunLog(findings=(COLLAPSE, PLATEAU)))


def texts(panel):
    return [label.text() for card in panel.cards for label in card.findChildren(QLabel)]


def test_a_card_for_each_finding_in_their_order(panel):
    assert [card.finding for card in panel.cards] == [COLLAPSE, PLATEAU]
    places = [card.y() for card in panel.cards]
    assert places == sorted(places)
    for finding in (COLLAPSE, PLATEAU):
        assert {finding.title, finding.evidence} <= set(texts(panel))


def test_a_button_applies_its_remedy(panel):
    buttons = panel.cards[0].buttons
    assert [button.text() for button in buttons] == [BETA.text, WARM.text]
    buttons[1].click()
    assert panel.controller.asked == [("training.apply_remedy", WARM)]
    assert "objective.beta = 1.0" in buttons[0].toolTip()
    assert "objective.schedule = linear 10" in buttons[1].toolTip()


def test_no_findings_says_why(show_panel, until):
    panel = show_panel(DiagnosisPanel)
    assert panel._empty.text().startswith("Train a model")
    panel.controller.show(run=Run("training"))
    until(lambda: panel._empty.text().startswith("The checks start"))


def test_findings_come_and_go(panel):
    """Cards that still say the same stay: a button must not move from under a hand."""
    kept = panel.cards[1]
    panel.controller.show(findings=(PLATEAU,))
    assert panel.cards == [kept]
    panel.controller.show(findings=())
    assert panel.cards == []
    assert panel._empty.isVisible()


def test_new_evidence_is_shown(panel):
    later = Finding("collapse", "trouble", COLLAPSE.title, "KL is 0.0005 nats.", (BETA, WARM))
    panel.controller.show(findings=(later, PLATEAU))
    assert "KL is 0.0005 nats." in texts(panel)
    assert COLLAPSE.evidence not in texts(panel)


def test_texts_are_plain(show_panel):
    """Names from recipes must not be taken for markup."""
    finding = Finding("x", "watch", "<b>a</b> & b", "1 < 2", ())
    panel = show_panel(DiagnosisPanel, log=RunLog(findings=(finding,)))
    assert "<b>a</b> & b" in texts(panel)
    assert not panel.grab().isNull()


@pytest.mark.parametrize(
    ("found", "text"), [((), ""), ((PLATEAU,), ""), ((COLLAPSE, PLATEAU), "1")]
)
def test_badge(found, text):
    assert badge(State(log=RunLog(findings=found))) == text
