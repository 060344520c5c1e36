"""The fast schedule fits the recipes of all model families."""

import pytest

from latentlab.directories import recipes
from latentlab.learning.recipe import make_recipe, read_recipe
from latentlab.session.recipes import fast_schedule

SHIPPED = sorted(recipes().glob("*.toml"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_recipe_has_a_fast_schedule(path):
    recipe = read_recipe(path)
    made = make_recipe(fast_schedule(recipe.to_dict()))
    assert made.model == recipe.model
    assert made.training.epochs < recipe.training.epochs
    assert made.training.schedule.factor(made.training.epochs) == 0
