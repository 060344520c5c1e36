"""What latentlab's training is measured against: the same network, trained otherwise."""

from __future__ import annotations

import gzip
import importlib.util
import io
import logging
import os
import tempfile
import time
from contextlib import closing, contextmanager, redirect_stderr
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader
from torchvision import transforms
from torchvision.datasets import MNIST

from latentlab.data.sources.idx_set import FILES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection

CLASSES = 10
BATCH = 128
LEARNING_RATE = 1e-3
REPOSITORY = Path(__file__).resolve().parents[2]

Epoch = tuple[float, float]
"""Seconds, and the mean training loss in nats per image."""


def naive_epochs(folder: Path, device: torch.device) -> Iterator[Epoch]:
    """Train as a tutorial would: a DataLoader over PIL images, summed BCE and KL."""
    torch.manual_seed(0)
    data = MNIST(str(folder), train=True, transform=transforms.ToTensor())
    loader = DataLoader(data, batch_size=BATCH, shuffle=True, num_workers=0)
    model = PlainCVAE().to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
    while True:
        total = 0.0
        with as_torch_comes():
            start = time.perf_counter()
            for x, y in loader:
                x, y = x.view(-1, 784).to(device), y.to(device)
                pixels, mu, log_var = model(x, y)
                bce = F.binary_cross_entropy(pixels, x, reduction="sum")
                kl = -0.5 * torch.sum(1 + log_var - mu.pow(2) - log_var.exp())
                loss = (bce + kl) / len(x)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                # Reading the loss waits for a GPU, so the seconds hold all of its work.
                total += loss.item() * len(x)
            seconds = time.perf_counter() - start
        yield seconds, total / len(data)


class PlainCVAE(nn.Module):
    """Architecture A as its text writes it."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(784 + CLASSES, 400)
        self.mu = nn.Linear(400, 20)
        self.log_var = nn.Linear(400, 20)
        self.fc2 = nn.Linear(20 + CLASSES, 400)
        self.fc3 = nn.Linear(400, 784)

    def encode(self, x, y):
        """Return the posterior's mean and log-variance."""
        h = F.relu(self.fc1(torch.cat([x, y], dim=1)))
        return self.mu(h), self.log_var(h)

    def decode(self, z, y):
        """Return pixels."""
        return torch.sigmoid(self.fc3(F.relu(self.fc2(torch.cat([z, y], dim=1)))))

    def forward(self, x, y):
        """Return decoded pixels and the posterior's mean and log-variance."""
        y = F.one_hot(y, CLASSES).float()
        mu, log_var = self.encode(x, y)
        z = mu + torch.randn_like(mu) * torch.exp(0.5 * log_var)
        return self.decode(z, y), mu, log_var


def apart(epochs: Callable[..., Iterator[Epoch]], *values: object) -> Iterator[Epoch]:
    """Train in a process of its own, which rests between two epochs.

    In one process each would find the memory and the threads as the other left them.
    """
    context = get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(there, epochs, values), daemon=True)
    process.start()
    try:
        while True:
            here.send("another epoch")
            yield here.recv()
    finally:
        here.send(None)
        process.join()


def _serve(pipe: Connection, epochs: Callable[..., Iterator[Epoch]], values: tuple) -> None:
    with closing(epochs(*values)) as run:
        while pipe.recv():
            pipe.send(next(run))


def has_pythae() -> bool:
    """Say whether pythae can be imported."""
    return importlib.util.find_spec("pythae") is not None


def pythae_epochs(folder: Path, device: torch.device) -> Iterator[Epoch]:
    """Train with pythae's own VAE, loss and trainer; only the label is added to its network."""
    from pythae.data.datasets import BaseDataset
    from pythae.trainers import BaseTrainer, BaseTrainerConfig

    logging.disable(logging.INFO)
    raw = MNIST(str(folder), train=True)
    images = BaseDataset(raw.data.float().div(255).view(-1, 784), F.one_hot(raw.targets, CLASSES))
    with tempfile.TemporaryDirectory() as out:
        config = BaseTrainerConfig(
            output_dir=out,
            per_device_train_batch_size=BATCH,
            learning_rate=LEARNING_RATE,
            no_cuda=device.type != "cuda",
            seed=0,
        )
        trainer = BaseTrainer(_pythae_model(), images, training_config=config)
        trainer.prepare_training()
        epoch = 0
        while True:
            epoch += 1
            # Its bar would hide our lines.
            with as_torch_comes(), redirect_stderr(io.StringIO()):
                start = time.perf_counter()
                loss = trainer.train_step(epoch)
                seconds = time.perf_counter() - start
            yield seconds, float(loss)


def _pythae_model() -> nn.Module:
    from pythae.models import VAE, VAEConfig
    from pythae.models.base.base_utils import ModelOutput
    from pythae.models.nn import BaseDecoder, BaseEncoder

    class Encoder(BaseEncoder):
        def __init__(self) -> None:
            super().__init__()
            self.plain = PlainCVAE()

        def forward(self, x):
            mu, log_var = self.plain.encode(x, self.y)
            return ModelOutput(embedding=mu, log_covariance=log_var)

    class Decoder(BaseDecoder):
        def __init__(self) -> None:
            super().__init__()
            self.plain = PlainCVAE()

        def forward(self, z):
            return ModelOutput(reconstruction=self.plain.decode(z, self.y))

    class Conditional(VAE):
        def forward(self, inputs, **how):
            self.encoder.y = self.decoder.y = inputs["labels"]
            return super().forward(inputs, **how)

    encoder, decoder = Encoder(), Decoder()
    # Each half keeps only its own layers, so that the optimizer has no more to do than ours.
    del encoder.plain.fc2, encoder.plain.fc3
    del decoder.plain.fc1, decoder.plain.mu, decoder.plain.log_var
    settings = VAEConfig(input_dim=(784,), latent_dim=20, reconstruction_loss="bce")
    return Conditional(settings, encoder, decoder)


@contextmanager
def as_torch_comes() -> Iterator[None]:
    """Take back meanwhile what latentlab sets for the whole process: which fp32 products run."""
    setting = getattr(torch.backends.mkldnn, "matmul", None)
    before = getattr(setting, "fp32_precision", None)
    if before is None:
        yield
        return
    setting.fp32_precision = "none"
    try:
        yield
    finally:
        setting.fp32_precision = before


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
