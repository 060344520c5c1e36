"""A brief training on the bundled digits that writes one image of every kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from latentlab.api.files import write_manifold, write_path, write_samples
from latentlab.api.model import load
from latentlab.learning.recipe import make_recipe
from latentlab.runs.library import compare
from latentlab.runs.recorder import record
from latentlab.runs.terminal import show

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

DEMO_RECIPE: dict[str, Any] = {
    "model": {"kind": "vae", "hidden": [256, 128], "latent_dim": 2},
    "data": {"kind": "digits"},
    "training": {"batch_size": 64},
}


def demonstrate(out: Path, epochs: int) -> Generator[str, None, bool]:
    """Train briefly on the bundled digits and write one image of every kind.

    Yields
    ------
    str
        Lines for the terminal.

    Returns
    -------
    bool
        True if completed; False if interrupted with Ctrl-C.
    """
    from latentlab.runs.figures import draw_map, save_curves

    recipe = {**DEMO_RECIPE, "training": {**DEMO_RECIPE["training"], "epochs": epochs}}
    run = _free(out / "run")
    if not show(record(make_recipe(recipe), run)):
        yield f"Stopped and kept: {run}"
        return False
    model = load(run)
    save_curves(compare((run,)), out / "curves.png")
    draw_map(model.explorer.codes, model.card, out / "map.png")
    write_manifold(model, out / "manifold.png", 20, 3.0, "uniform", None, None)
    write_samples(model, out / "samples.png", 64, None, 0, "standard")
    write_path(model, out / "interpolation.gif", "", "", 24, "straight")
    yield f"A VAE was trained on 4,000 handwritten digits. In {out.resolve()}:"
    for name, text in (
        (run.name, "the run: recipe, metrics, checkpoint"),
        ("curves.png", "loss, reconstruction and KL over the epochs"),
        ("map.png", "where each digit lies in the two-dimensional latent space"),
        ("manifold.png", "what a grid of latent points decodes to"),
        ("samples.png", "new digits, drawn from the prior"),
        ("interpolation.gif", "a 3 becoming an 8"),
    ):
        yield f"  {name:<18} {text}"
    return True


def _free(folder: Path) -> Path:
    names = [folder, *(folder.with_name(f"{folder.name}-{i}") for i in range(2, 1000))]
    return next(name for name in names if not name.exists())
