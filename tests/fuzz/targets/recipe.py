"""Recipes."""

from fuzz.harness import target
from mutation_support import TEXT

from latentlab.learning.recipe import read_recipe


@target(TEXT)
def reads(content, folder):
    file = folder / "recipe.toml"
    file.write_bytes(content)
    return [lambda: read_recipe(file)]
