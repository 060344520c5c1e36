"""Two real models side by side, in the real window."""

import pytest

from latentlab.directories import resources
from latentlab.session.comparison import CompareSummary, OpenModelB

CVAE = resources() / "models" / "digits-cvae"


def test_the_larger_model_keeps_more_of_every_digit(desk):
    panel = desk.panel("compare")
    desk.window.docks["compare"].raise_()
    desk.until(panel.message.isVisible)
    panel.choose(CVAE)
    desk.until(lambda: desk.state.answer(OpenModelB) and desk.state.answer(OpenModelB).judgement)
    assert desk.state.model.name == "digits-2d"
    # Of 2 and 20 dimensions: no z in common, but every image.
    assert [button.isEnabled() for button in panel.modes.buttons] == [
        False,
        True,
        True,
        True,
        True,
        True,
    ]
    desk.controller.point.pick(40)
    desk.until(lambda: desk.state.answer(OpenModelB).judgement.original.row == 40)
    judged = desk.state.answer(OpenModelB).judgement
    assert judged.second.distortion < judged.first.distortion
    assert judged.second.rate > judged.first.rate
    desk.hand.click(panel.modes.buttons[3])
    panel.summary.images.setValue(100)
    desk.hand.click(panel.summary.start)
    desk.until(
        lambda: CompareSummary in desk.state.working or desk.state.answer(OpenModelB).summary
    )
    desk.until(lambda: desk.state.answer(OpenModelB).summary)
    found = desk.state.answer(OpenModelB).summary
    assert found.elbo.clear
    assert found.elbo.difference < -20
    assert found.active[0] == 2
    assert 10 < found.active[1] <= 20
    assert "B · digits-cvae" in panel.summary.table.verdict.text()
    desk.hand.click(panel.choice.swap)
    desk.until(lambda: desk.state.model.name == "digits-cvae" and desk.state.answer(OpenModelB))
    desk.until(lambda: desk.state.original.row == 40)
    panel.modes.buttons[1].click()
    desk.until(lambda: desk.state.answer(OpenModelB).judgement)
    again = desk.state.answer(OpenModelB).judgement
    assert again.first.distortion == pytest.approx(judged.second.distortion, rel=1e-5)
    assert again.second.rate == pytest.approx(judged.first.rate, rel=1e-5)
