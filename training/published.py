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

RECIPES = Path(__file__).parent


@dataclass(frozen=True)
class Protocol:
    """A recipe, what is changed, and what is measured."""

    recipe: str
    metric: str
    published: str = ""
    changes: dict[str, object] = field(default_factory=dict)
    settings: dict[str, object] = field(default_factory=dict)
    images: int | None = None


def importance(
    recipe: str, k: int, images: int | None, published: str = "", **changes: object
) -> Protocol:
    """Return a protocol that measures -log p(x) by importance sampling."""
    named = {name.replace("__", "."): value for name, value in changes.items()}
    return Protocol(recipe, "log-likelihood", published, named, {"k": k}, images)


PROTOCOLS = {
    "static": importance("static-mnist", 200, None, "89.78"),
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
            *("beta-tc-sprites", "mig"),
            changes={"objective.extra.weight": weight, "data.size": 32},
        )
        for weight in (0.0, 5.0)
    },
}


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


def measure(name: str, options: argparse.Namespace, seed: int) -> Measurement:
    """Train a protocol with a seed, unless that is done, and measure it."""
    protocol, folder = PROTOCOLS[name], options.out / f"{name}-seed{seed}"
    if not folder.exists():
        latentlab.fit(values_of(protocol, options, seed), folder=folder)
    model = latentlab.load(folder)
    check_trained(folder, model.recipe, values_of(protocol, options, seed))
    kind = protocol.metric
    found = model.metrics([kind], settings={kind: protocol.settings}, count=protocol.images)[kind]
    if not isinstance(found, Measurement):
        raise SystemExit(f"{name}: {found.reason}")
    return found


def check_trained(folder: Path, recipe: Mapping, wanted: Mapping) -> None:
    """Stop with advice if a run was stopped, or trained for other epochs than it should be."""
    from latentlab.runs.provenance import read_provenance

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


def row(name: str, measured: list[Measurement]) -> str:
    """Return a line of the table."""
    first, protocol = measured[0].values[0], PROTOCOLS[name]
    texts = ", ".join(each.values[0].text for each in measured)
    return (
        f"| {name} | `{protocol.recipe}.toml` | {measured[0].epoch} | {first.name} | {texts} "
        f"{first.unit} | {measured[0].on.text} | {protocol.published} |"
    )


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
        lines.append(row(name, [measure(name, options, seed) for seed in range(options.seeds)]))
        (options.out / "table.md").write_text("\n".join(lines) + "\n", "utf-8")
        print(lines[-1], flush=True)


if __name__ == "__main__":
    main()
