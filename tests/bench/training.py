"""Compare latentlab's training with a plain torchvision loop on the same network.

Epochs alternate (A B A B ...), so that a machine whose speed drifts is fair to both. The last
line is one JSON object; ``speedup`` is the ratio of the medians of the seconds per epoch.

    python tests/bench/training.py [--root DIR] [--epochs 3]
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import platform
import statistics
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch.nn import functional as F
from torch.utils.data import DataLoader
from torchvision import transforms
from torchvision.datasets import MNIST

from latentlab.data.idx import FILES
from latentlab.learning.events import EpochEnd
from latentlab.learning.fit import fit
from latentlab.learning.recipe import Recipe, read_recipe

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).resolve().parents[2]
RECIPE = REPOSITORY / "training" / "cvae-mnist.toml"
CLASSES = 10

Epoch = tuple[float, float]
"""Seconds, and the mean training loss in nats per image."""


def latentlab_epochs(recipe: Recipe) -> Iterator[Epoch]:
    """Train with the real loop; its seconds leave validation out."""
    with closing(fit(recipe)) as events:
        for event in events:
            if isinstance(event, EpochEnd):
                yield event.seconds, event.train["loss"]


def naive_epochs(recipe: Recipe, folder: Path) -> Iterator[Epoch]:
    """Train as a tutorial would: a DataLoader over PIL images, summed BCE and KL."""
    torch.manual_seed(recipe.training.seed)
    data = MNIST(str(folder), train=True, transform=transforms.ToTensor())
    loader = DataLoader(data, batch_size=128, shuffle=True, num_workers=0)
    model = PlainCVAE()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    while True:
        start = time.perf_counter()
        total = 0.0
        for x, y in loader:
            pixels, mu, log_var = model(x.view(-1, 784), y)
            bce = F.binary_cross_entropy(pixels, x.view(-1, 784), reduction="sum")
            kl = -0.5 * torch.sum(1 + log_var - mu.pow(2) - log_var.exp())
            loss = (bce + kl) / len(x)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(x)
        yield time.perf_counter() - start, total / len(data)


class PlainCVAE(torch.nn.Module):
    """Architecture A as its text writes it."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1 = torch.nn.Linear(784 + CLASSES, 400)
        self.mu = torch.nn.Linear(400, 20)
        self.log_var = torch.nn.Linear(400, 20)
        self.fc2 = torch.nn.Linear(20 + CLASSES, 400)
        self.fc3 = torch.nn.Linear(400, 784)

    def forward(self, x, y):
        """Return decoded pixels and the posterior's mean and log-variance."""
        y = F.one_hot(y, CLASSES).float()
        h = F.relu(self.fc1(torch.cat([x, y], dim=1)))
        mu, log_var = self.mu(h), self.log_var(h)
        z = mu + torch.randn_like(mu) * torch.exp(0.5 * log_var)
        h = F.relu(self.fc2(torch.cat([z, y], dim=1)))
        return torch.sigmoid(self.fc3(h)), mu, log_var


def unpack(source: Path, folder: Path) -> None:
    """Lay IDX files out as torchvision expects them: FOLDER/MNIST/raw, not gzipped."""
    raw = folder / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name in FILES:
        plain = source / name
        packed = source / f"{name}.gz"
        (raw / name).write_bytes(
            plain.read_bytes() if plain.exists() else gzip.decompress(packed.read_bytes())
        )


def find_root(chosen: str | None) -> Path:
    """Return the folder of the four IDX files."""
    roots = [chosen, os.environ.get("LATENTLAB_DATA"), REPOSITORY.parent / "shared" / "data"]
    for root in [Path(root) for root in roots if root]:
        for folder in (root, root / "mnist"):
            if list(folder.glob("train-images-idx3-ubyte*")):
                return folder
    raise SystemExit("No MNIST here: give --root DIR or LATENTLAB_DATA.")


def main() -> None:
    """Run both, epoch by epoch in turn, and print the figures."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--root")
    options.add_argument("--epochs", type=int, default=3)
    chosen = options.parse_args()
    root = find_root(chosen.root)
    settings = [
        f"data.root={json.dumps(str(root))}",
        f"training.epochs={chosen.epochs}",
        'training.device="cpu"',
    ]
    recipe = read_recipe(RECIPE, settings)
    ours: list[Epoch] = []
    naive: list[Epoch] = []
    with tempfile.TemporaryDirectory() as folder:
        unpack(root, Path(folder))
        pairs = zip(latentlab_epochs(recipe), naive_epochs(recipe, Path(folder)), strict=False)
        for epoch, (a, b) in enumerate(pairs, 1):
            ours.append(a)
            naive.append(b)
            print(f"epoch {epoch}: ours {a[0]:.2f} s {a[1]:.2f}, naive {b[0]:.2f} s {b[1]:.2f}")
    seconds, seconds_naive = (statistics.median(s for s, _ in runs) for runs in (ours, naive))
    result = {
        "speedup": round(seconds_naive / seconds, 2),
        "seconds_latentlab": round(seconds, 3),
        "seconds_naive": round(seconds_naive, 3),
        "loss_latentlab": round(ours[-1][1], 2),
        "loss_naive": round(naive[-1][1], 2),
        "epochs": len(ours),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, torch {torch.__version__}, "
        f"{torch.get_num_threads()} threads",
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
