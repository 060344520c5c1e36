"""The baseline of the speed record: a plain torch loop, as the tutorial of each task writes it.

    python training/speedrun/baseline.py TASK FOLDER [--seed 0] [--epochs N] [--resident]

A DataLoader decodes PIL images one by one, fp32, Adam with a learning rate of 1e-3, the evaluation
after each epoch. Prints a line of JSON per epoch, with the seconds since the start of the process,
and ends when the target is reached. With ``--resident`` the images are decoded once and kept in
memory: the losses are the same to the last bit, so that epochs can be counted sooner.

It does not import latentlab.
"""

import argparse
import json
import math
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from zipfile import ZipFile

import torch
from PIL import Image
from task import CLASSES, TASKS, Task, face_names, seconds
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset, default_collate
from torchvision.datasets import MNIST
from torchvision.transforms.functional import to_tensor

LEARNING_RATE = 1e-3


class Digits(nn.Module):
    """Fully connected VAE of MNIST; conditional if `classes` is not 0."""

    def __init__(self, hidden: tuple[int, ...], latent: int, classes: int) -> None:
        super().__init__()
        self.classes = classes
        self.encoder = _layers((784 + classes, *hidden))
        self.mu, self.log_var = nn.Linear(hidden[-1], latent), nn.Linear(hidden[-1], latent)
        up = (latent + classes, *hidden[::-1])
        self.decoder = nn.Sequential(_layers(up), nn.Linear(up[-1], 784), nn.Sigmoid())

    def forward(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return decoded pixels and the posterior's mean and log-variance."""
        label = F.one_hot(y, CLASSES).float()[:, : self.classes]
        h = self.encoder(torch.cat([x.flatten(1), label], 1))
        mu, log_var = self.mu(h), self.log_var(h)
        z = mu + torch.randn_like(mu) * torch.exp(0.5 * log_var)
        return self.decoder(torch.cat([z, label], 1)), mu, log_var


def _layers(sizes: tuple[int, ...]) -> nn.Sequential:
    return nn.Sequential(
        *(layer for pair in pairwise(sizes) for layer in (nn.Linear(*pair), nn.ReLU()))
    )


class Faces(nn.Module):
    """Convolutional VAE of 64x64 faces: architecture E of ``faces-celeba-reference.toml``."""

    def __init__(self) -> None:
        super().__init__()
        down, up = [], []
        for before, after in ((3, 32), (32, 64), (64, 128), (128, 256)):
            down += [nn.Conv2d(before, after, 4, 2, 1), nn.ReLU()]
            up = [nn.ConvTranspose2d(after, before, 4, 2, 1), nn.ReLU(), *up]
        self.encoder = nn.Sequential(*down, nn.Flatten())
        self.mu, self.log_var = nn.Linear(4096, 128), nn.Linear(4096, 128)
        self.first = nn.Linear(128, 4096)
        self.decoder = nn.Sequential(*up[:-1], nn.Tanh())

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return pixels in [-1, 1] and the posterior's mean and log-variance."""
        h = self.encoder(x)
        mu, log_var = self.mu(h), self.log_var(h)
        z = mu + torch.randn_like(mu) * torch.exp(0.5 * log_var) if self.training else mu
        return self.decoder(self.first(z).view(-1, 256, 4, 4)), mu, log_var


class FaceFiles(Dataset):
    """Images of a ZIP, with pixels in [-1, 1]."""

    def __init__(self, path: Path, *, train: bool) -> None:
        self.file = ZipFile(path)
        self.names = face_names(self.file)[0 if train else 1]

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, row: int) -> tuple[Tensor, int]:
        with self.file.open(self.names[row]) as file:
            return to_tensor(Image.open(file)) * 2 - 1, 0


class Resident(Dataset):
    """The items of a data set, decoded once; a batch is one indexing."""

    def __init__(self, images: Dataset) -> None:
        self.columns = default_collate([images[row] for row in range(len(images))])

    def __len__(self) -> int:
        return len(self.columns[0])

    def __getitems__(self, rows: list[int]) -> list[Tensor]:
        return [column[rows] for column in self.columns]


def loaders(task: Task, place: Path, resident: bool) -> Iterator[DataLoader]:
    """Yield the batches of the training images, then those of the held-out ones."""
    for train in (True, False):
        if task.is_faces:
            images = FaceFiles(place, train=train)
        else:
            images = MNIST(str(place), train=train, transform=to_tensor)
        how = {"batch_size": task.batch, "shuffle": train}
        if resident:
            yield DataLoader(Resident(images), collate_fn=lambda batch: batch, **how)
        else:
            yield DataLoader(images, **how)


def kl_divergence(mu: Tensor, log_var: Tensor) -> Tensor:
    """Return the KL of the posteriors to N(0, I), summed over a batch, in nats."""
    return -0.5 * torch.sum(1 + log_var - mu.pow(2) - log_var.exp())


def digits_loss(model: Digits, x: Tensor, y: Tensor) -> Tensor:
    """Return the sum of BCE and KL over a batch, in nats."""
    pixels, mu, log_var = model(x, y)
    bce = F.binary_cross_entropy(pixels, x.flatten(1), reduction="sum")
    return bce + kl_divergence(mu, log_var)


def faces_loss(model: Faces, x: Tensor, beta: float) -> Tensor:
    """Return the sum of squared errors on [-1, 1] and beta times KL over a batch."""
    pixels, mu, log_var = model(x)
    return (pixels - x).pow(2).sum() + beta * kl_divergence(mu, log_var)


@torch.no_grad()
def evaluate(task: Task, model: nn.Module, test: DataLoader) -> float:
    """Return the test loss in nats per image, or for faces the MSE of a pixel in [0, 1]."""
    model.eval()
    total = 0.0
    for x, y in test:
        if task.is_faces:
            total += ((model(x)[0] - x) / 2).square().mean((1, 2, 3)).sum().item()
        else:
            total += digits_loss(model, x, y).item()
    model.train()
    return total / len(test.dataset)


def train(task: Task, train_loader: DataLoader, test_loader: DataLoader) -> Iterator[float]:
    """Train for ever; yield what is evaluated after each epoch."""
    model = Faces() if task.is_faces else Digits(*task.sizes)
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
    step, warm_up = 0, 3 * len(train_loader)
    while True:
        for x, y in train_loader:
            step += 1
            if task.is_faces:
                loss = faces_loss(model, x, min(1.0, (step - 1) / warm_up)) / len(x)
            else:
                loss = digits_loss(model, x, y) / len(x)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        yield evaluate(task, model, test_loader)


def main() -> None:
    """Train until the target is reached."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("task", choices=TASKS)
    options.add_argument("place", type=Path)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--epochs", type=int, default=math.inf)
    options.add_argument("--resident", action="store_true")
    chosen = options.parse_args()
    task = TASKS[chosen.task]
    torch.manual_seed(chosen.seed)
    values = train(task, *loaders(task, chosen.place, chosen.resident))
    for epoch, value in enumerate(values, 1):
        print(json.dumps({"epoch": epoch, "value": value, **seconds()}), flush=True)
        if value <= task.target or epoch >= chosen.epochs:
            break


if __name__ == "__main__":
    main()
