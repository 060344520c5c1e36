"""Any actions in any order, in windows of their own: nothing goes wrong, and one z everywhere."""

import pytest
from window_machine.machine import drive

WINDOWS, STEPS = 4, 60

pytestmark = [pytest.mark.timeout(300), pytest.mark.usefixtures("refrozen")]


def test_nothing_goes_wrong_whatever_a_person_does(application):
    drive(WINDOWS, STEPS)
