"""What a person does in the window, one module per topic; each action is a function of a `Stage`.

A module here is found by itself. Each argument of an action beside the stage has a strategy:

    @action(times=st.integers(1, 4))
    def undo(stage, times): ...
"""

import importlib
import pkgutil
from functools import cache

ACTIONS = {}
"""Function and strategies of its arguments, by name."""


def action(**arguments):
    """Register a function of a stage as an action, with a strategy for each further argument."""

    def register(act):
        assert act.__name__ not in ACTIONS, f"there are two actions {act.__name__}"
        ACTIONS[act.__name__] = act, arguments
        return act

    return register


@cache
def load_actions():
    """Import all modules of this folder; return the actions."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return ACTIONS
