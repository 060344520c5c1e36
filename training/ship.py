"""Copy a trained run to resources/models, in half precision and without paths of this machine.

``python training/ship.py RUN NAME``. The shipped models are made with
``latentlab train training/vae-2d-mnist.toml --out runs/digits-2d`` and then
``python training/ship.py runs/digits-2d digits-2d``; likewise cvae-mnist.toml and digits-cvae.
"""

import shutil
import sys
from dataclasses import replace
from pathlib import Path

from latentlab.directories import resources
from latentlab.learning.checkpoint import load_model, save_checkpoint
from latentlab.learning.recipe import make_recipe
from latentlab.runs.library import RECIPE, write_preview
from latentlab.session.curves.curves import METRICS


def main(run: Path, name: str) -> None:
    """Write the files of a shipped model and print its size."""
    model, checkpoint = load_model(run)
    values = checkpoint.recipe.to_dict()
    paths = [key for key, value in checkpoint.recipe.data if isinstance(value, Path)]
    values["data"] = {key: value for key, value in values["data"].items() if key not in paths}
    recipe = make_recipe(values)
    target = resources() / "models" / name
    target.mkdir(parents=True, exist_ok=True)
    weights = {key: value.numpy() for key, value in model.state_dict().items()}
    save_checkpoint(target, replace(checkpoint, recipe=recipe), weights, half=True)
    (target / RECIPE).write_text(recipe.to_toml(), encoding="utf-8")
    shutil.copy(run / METRICS, target / METRICS)
    write_preview(target)
    size = sum(file.stat().st_size for file in target.iterdir())
    print(f"{target}: {size / 1e6:.2f} MB, {checkpoint.metrics}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
