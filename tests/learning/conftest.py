"""What the tests of learning share."""

import pytest

from latentlab.data.data_set import load
from latentlab.learning.objectives.objective import OBJECTIVES
from latentlab.learning.recipe import make_recipe


@pytest.fixture
def known():
    """Register an objective for one test; recipes know it meanwhile."""
    added = []

    def register(objective):
        OBJECTIVES.register(objective)
        added.append(objective.model_fields["kind"].default)
        return {"kind": added[-1]}

    yield register
    for kind in added:
        del OBJECTIVES._kinds[kind]


@pytest.fixture(scope="session")
def digits():
    """The bundled digits."""
    return load(make_recipe({}).data)
