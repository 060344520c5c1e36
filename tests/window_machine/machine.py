"""The state machine of the window: any actions in any order, and what always holds between them."""

from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache

from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis.errors import Flaky
from hypothesis.stateful import (
    RuleBasedStateMachine,
    rule,
    run_state_machine_as_test,
)
from window_machine.actions import load_actions
from window_machine.actions.history import undo_and_redo
from window_machine.stage import Stage, WindowFault, failure_of


@dataclass
class Driven:
    """What was driven: actions done, and of all windows the stalls and what went wrong.

    Hypothesis raises no fault that comes at one time only, or one action earlier the second time,
    but says that the data are flaky.
    """

    steps: int = 0
    windows: int = 0
    stalls: list = field(default_factory=list)
    faults: dict = field(default_factory=dict)
    """The texts of faults by their keys; the last of a key is of the shortest sequence."""


ALL = 200
"""At least as many steps as one window can undo."""


class WindowMachine(RuleBasedStateMachine):
    """A window of its own for each sequence of actions, so that a shorter one does the same.

    A new window takes half a second, about as long as it would take to bring an old one, with its
    layouts, settings, runs and bookmarks, back to how it was.
    """

    driven = Driven()
    limit_ms = None

    def __init__(self):
        super().__init__()
        self.stage = Stage(self.limit_ms)
        self.driven.windows += 1

    def act(self, act, values):
        """Do an action, and check what always holds; Hypothesis would print each invariant."""
        self.stage.do(act, **values)
        self.driven.steps += 1
        with self.recording():
            self.stage.check()

    @contextmanager
    def recording(self):
        """Record the fault that is raised meanwhile."""
        try:
            yield
        except WindowFault as fault:
            self.driven.faults[fault.key] = str(fault)
            raise

    def teardown(self):
        self.driven.stalls += self.stage.watch.stalls
        try:
            if not self.stage.watch.faults:
                self.act(undo_and_redo, {"times": ALL})
        finally:
            with self.recording():
                self.stage.close()


def rule_of(act, arguments):
    """Return the rule that does an action."""

    def run(self, **values):
        self.act(act, values)

    run.__name__ = act.__name__
    return rule(**arguments)(run)


@cache
def rules():
    """Return the rules of all actions by their names; Hypothesis keeps what it has made of each."""
    return {name: rule_of(*each) for name, each in load_actions().items()}


def drive(windows, steps, *, number=None, shrinks=True, limit_ms=None, driven=None):
    """Drive sequences of actions, each in a window of its own; raise the first fault, shrunk.

    Parameters
    ----------
    windows, steps : int
        Number of windows, and of actions in each.
    number : int, optional
        Seed; by default the sequences are always the same.
    shrinks : bool
        Whether a sequence that fails is shrunk, which drives a hundred windows and more.
    limit_ms : int, optional
        That of `Stage`.
    driven : Driven, optional
        Counts what is driven.
    """
    driven = driven or Driven()
    own = {"driven": driven, "limit_ms": limit_ms}
    machine = type("Window", (WindowMachine,), rules() | own)
    if number is not None:
        machine = seed(number)(machine)
    try:
        run_state_machine_as_test(machine, settings=settings_of(windows, steps, number, shrinks))
    except Flaky as flaky:
        if not driven.faults:
            raise
        key, text = driven.faults.popitem()
        raise failure_of(key)(text) from flaky


def settings_of(windows, steps, number, shrinks):
    """Return the settings of Hypothesis for what `drive` is told."""
    return settings(
        max_examples=windows,
        stateful_step_count=steps,
        derandomize=number is None,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink) if shrinks else (Phase.generate,),
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.normal,
        print_blob=False,
    )
