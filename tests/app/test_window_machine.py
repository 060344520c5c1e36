"""Any actions in any order, in windows of their own: nothing goes wrong, and one z everywhere."""

import pytest
from window_machine.machine import drive
from window_machine.stage import Stage, WindowFault, failure_of

from latentlab.widgets.panels.sliders.panel import SlidersPanel

WINDOWS, STEPS = 3, 60

pytestmark = [pytest.mark.timeout(300), pytest.mark.usefixtures("refrozen")]


def test_nothing_goes_wrong_whatever_a_person_does(application):
    drive(WINDOWS, STEPS)


def test_a_panel_that_does_not_follow_z_is_found(application, monkeypatch):
    monkeypatch.setattr(SlidersPanel, "_show_z", lambda panel: None)
    with pytest.raises(WindowFault, match=r"Sliders: .* z is at"):
        drive(3, 20, shrinks=False)


def test_a_fault_that_comes_once_only_is_raised(application, monkeypatch):
    check, checked = Stage.check, []

    def fail_once(stage):
        check(stage)
        if not checked:
            checked.append(stage)
            raise failure_of("once")("came once only")

    monkeypatch.setattr(Stage, "check", fail_once)
    with pytest.raises(WindowFault, match="came once only"):
        drive(1, 3, shrinks=False)
