"""Any actions in any order, in windows of their own: nothing goes wrong, and one z everywhere."""

import pytest
from window_machine.machine import drive
from window_machine.stage import WindowFault

from latentlab.widgets.panels.sliders.panel import SlidersPanel

WINDOWS, STEPS = 3, 60

pytestmark = [pytest.mark.timeout(300), pytest.mark.usefixtures("refrozen")]


def test_nothing_goes_wrong_whatever_a_person_does(application):
    drive(WINDOWS, STEPS)


def test_a_panel_that_does_not_follow_z_is_found(application, monkeypatch):
    monkeypatch.setattr(SlidersPanel, "_show_z", lambda panel: None)
    with pytest.raises(WindowFault, match=r"Sliders: .* z is at"):
        drive(3, 20, shrinks=False)
