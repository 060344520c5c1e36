"""Train what figures of papers were measured on, and write a table of the results.

Each protocol is a recipe of this folder with some values changed, and a metric. It trains on the
whole MNIST unless it says otherwise, and is measured on held-out images.

    python training/published.py --mnist FOLDER --larochelle FOLDER --out results [NAME ...]

Without names it lists the protocols. The files of Larochelle are used where they are given. A
protocol that has been trained in the folder is only measured; one that was stopped goes on with
``latentlab train --resume``. The table is written to ``results/table.md`` after each protocol.
"""

import argparse
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import latentlab
from latentlab.metrics.measurement import Measurement
from latentlab.runs.provenance import read_provenance

RECIPES = Path(__file__).parent


@dataclass(frozen=True)
class Protocol:
    """A recipe, what is changed, and the metrics that are measured."""

    recipe: str
    metrics: tuple[str, ...]
    published: str = ""
    changes: dict[str, object] = field(default_factory=dict)
    settings: dict[str, dict[str, object]] = field(default_factory=dict)
    images: int | None = None


def importance(
    recipe: str, k: int, images: int | None, published: str = "", **changes: object
) -> Protocol:
    """Return a protocol that measures -log p(x) by importance sampling."""
    settings = {"log-likelihood": {"k": k}}
    return Protocol(recipe, ("log-likelihood",), published, keys(changes), settings, images)


def matching(recipe: str, **changes: object) -> Protocol:
    """Return a protocol of ten epochs that measures how near all codes are to the prior."""
    changed = {"training.epochs": 10, **keys(changes)}
    return Protocol(recipe, ("marginal-kl", "elbo"), changes=changed, images=5000)


def keys(changes: Mapping[str, object]) -> dict[str, object]:
    """Return changes by their keys in a recipe, such as ``model.kind`` for ``model__kind``."""
    return {name.replace("__", "."): value for name, value in changes.items()}


QUICK_SPRITES = {
    "model": {"kind": "vae", "hidden": [256, 128], "latent_dim": 6},
    "data.size": 32,
    "training.epochs": 40,
    "training.batch_size": 256,
    "training.learning_rate": 2e-3,
}
"""A network, images and a number of epochs that are small."""
PROTOCOLS = {
    "static": importance("static-mnist", 200, None, "89.78"),
    "static-deep": importance("static-mnist", 200, None, model__hidden=[400, 400]),
    **{
        f"iwae-{k}": importance(
            *("dynamic-mnist", 5000, 500, published),
            objective__kind="iwae",
            objective__samples=k,
        )
        for k, published in ((1, "86.35"), (5, "85.18"), (50, "84.59"))
    },
    **{
        f"conditional-{k}": importance(
            *("dynamic-mnist", 5000, 500, published),
            model__kind="cvae",
            model__prior="conditional",
            objective__kind="iwae",
            objective__samples=k,
        )
        for k, published in ((1, "82.32"), (5, "81.41"), (50, "80.78"))
    },
    **{
        f"prior-{prior}": importance(
            "vae-16d-mnist", 500, 1000, data__binarize="dynamic", model__prior=prior
        )
        for prior in ("standard", "mixture", "vamp", "flow")
    },
    **{
        f"mig-{weight:g}": Protocol(
            *("beta-tc-sprites", ("mig",)),
            changes={**QUICK_SPRITES, "objective.extra.weight": weight},
        )
        for weight in (0.0, 2.0)
    },
    "matching-aae": matching("aae"),
    "matching-wae": matching("wae-mmd"),
    **{
        f"matching-vae-{beta:g}": matching(
            "aae", objective__extra="none", objective__beta=beta, training__optimizer="adam"
        )
        for beta in (0.2, 0.5, 1.0, 2.0)
    },
}
FIGURES = {
    "log-likelihood": "-log p(x)",
    "mig": "MIG",
    "marginal-kl": "Marginal KL",
    "elbo": "Distortion",
}
"""The number of each metric that the table shows."""


def values_of(protocol: Protocol, options: argparse.Namespace, seed: int) -> dict[str, dict]:
    """Return the recipe of a protocol as tables."""
    from latentlab.learning.recipe import read_values

    values = read_values(RECIPES / f"{protocol.recipe}.toml")
    changes = {**protocol.changes, "training.seed": seed}
    if options.epochs:
        changes["training.epochs"] = options.epochs
        if "epochs" in values["training"].get("schedule", {}):
            changes["training.schedule.epochs"] = options.epochs
    if values["data"]["kind"] == "mnist" and options.mnist:
        changes["data.root"] = options.mnist
    if protocol.recipe == "static-mnist" and options.larochelle:
        values["data"] = {"kind": "binarized-mnist", "root": options.larochelle}
    if "objective.kind" in changes:
        values["objective"] = {}
    for name, value in changes.items():
        *tables, key = name.split(".")
        table = values
        for each in tables:
            table = table[each]
        table[key] = value
    return values


def measure(name: str, options: argparse.Namespace, seed: int) -> list[Measurement]:
    """Train a protocol with a seed, unless that is done, and measure it."""
    protocol, folder = PROTOCOLS[name], options.out / f"{name}-seed{seed}"
    if not folder.exists():
        latentlab.fit(values_of(protocol, options, seed), folder=folder)
    model = latentlab.load(folder)
    check_trained(folder, model.recipe, values_of(protocol, options, seed))
    found = model.metrics(protocol.metrics, settings=protocol.settings, count=protocol.images)
    for outcome in found.values():
        if not isinstance(outcome, Measurement):
            raise SystemExit(f"{name}: {outcome.reason}")
    return list(found.values())


def check_trained(folder: Path, recipe: Mapping, wanted: Mapping) -> None:
    """Stop with advice if a run was stopped, or trained for other epochs than it should be."""
    known, epochs = read_provenance(folder), wanted["training"]["epochs"]
    if known is None or known.sessions[-1].outcome != "finished":
        advice = f"Finish it: latentlab train --resume {folder}"
        raise SystemExit(f"{folder} was stopped before its end. {advice}")
    if recipe["training"]["epochs"] != epochs:
        trained = recipe["training"]["epochs"]
        raise SystemExit(
            f"{folder} was trained for {trained} epochs, not {epochs}. Give --epochs {trained}, or "
            "delete the folder."
        )


def rows(name: str, seeds: list[list[Measurement]]) -> list[str]:
    """Return a line of the table for each metric, from the measurements of each seed."""
    protocol, lines = PROTOCOLS[name], []
    for measured in zip(*seeds, strict=True):
        shown = FIGURES[measured[0].metric]
        values = [next(each for each in m.values if each.name == shown) for m in measured]
        texts = ", ".join(each.text for each in values)
        lines.append(
            f"| {name} | `{protocol.recipe}.toml` | {measured[0].epoch} | {shown} | {texts} "
            f"{values[0].unit} | {measured[0].on.text} | {protocol.published} |"
        )
    return lines


def main() -> None:
    """Run the protocols that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", choices=[[], *PROTOCOLS], metavar="NAME")
    parser.add_argument("--mnist", default="", help="folder of the IDX files of MNIST")
    parser.add_argument("--larochelle", default="", help="folder of his binarized_mnist_*.amat")
    parser.add_argument("--out", type=Path, default=Path("results"), help="folder of the runs")
    parser.add_argument("--epochs", type=int, default=0, help="instead of those of the recipes")
    parser.add_argument("--seeds", type=int, default=1, help="runs of each protocol")
    options = parser.parse_args()
    if not options.names:
        print("\n".join(PROTOCOLS))
        return
    options.out.mkdir(parents=True, exist_ok=True)
    lines = [
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "",
        "| protocol | recipe | epochs | metric | value, one per seed | computed on | published |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name in options.names:
        found = rows(name, [measure(name, options, seed) for seed in range(options.seeds)])
        lines += found
        (options.out / "table.md").write_text("\n".join(lines) + "\n", "utf-8")
        print(*found, sep="\n", flush=True)


if __name__ == "__main__":
    main()
