"""Models of other programs, as their own code defines them."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from latentlab.data.data_set import load
from latentlab.data.sources.digits import DigitsConfig

CLASSES = 10


class PyTorchExample(nn.Module):
    """The VAE of PyTorch's examples, with sizes of choice."""

    def __init__(self, hidden=400, latent=20, pixels=784):
        super().__init__()
        self.fc1 = nn.Linear(pixels, hidden)
        self.fc21 = nn.Linear(hidden, latent)
        self.fc22 = nn.Linear(hidden, latent)
        self.fc3 = nn.Linear(latent, hidden)
        self.fc4 = nn.Linear(hidden, pixels)

    def encode(self, x):
        h1 = F.relu(self.fc1(x.flatten(1)))
        return self.fc21(h1), self.fc22(h1)

    def decode(self, z):
        return torch.sigmoid(self.fc4(F.relu(self.fc3(z))))


class Conditional(nn.Module):
    """A conditional VAE whose first layers also take the one-hot label (reference A)."""

    def __init__(self, hidden=400, latent=20, label_first=False):
        super().__init__()
        self.label_first = label_first
        self.encoder = nn.Linear(784 + CLASSES, hidden)
        self.mu = nn.Linear(hidden, latent)
        self.log_var = nn.Linear(hidden, latent)
        self.decoder = nn.Sequential(
            nn.Linear(latent + CLASSES, hidden), nn.ReLU(), nn.Linear(hidden, 784), nn.Sigmoid()
        )

    def _with(self, x, y):
        label = F.one_hot(y, CLASSES).float()
        return torch.cat([label, x] if self.label_first else [x, label], 1)

    def encode(self, x, y):
        h = self.encoder(self._with(x.flatten(1), y)).relu()
        return self.mu(h), self.log_var(h)

    def decode(self, z, y):
        return self.decoder(self._with(z, y))


class Joint(nn.Module):
    """ELU layers, and one head of 2D whose first half is the log variance."""

    def __init__(self, hidden=48, latent=6):
        super().__init__()
        self.enc = nn.Sequential(nn.Linear(784, hidden), nn.ELU(), nn.Linear(hidden, 2 * latent))
        self.dec = nn.Sequential(
            nn.Linear(latent, hidden), nn.ELU(), nn.Linear(hidden, 784), nn.Sigmoid()
        )

    def encode(self, x):
        log_var, mu = self.enc(x.flatten(1)).chunk(2, 1)
        return mu, log_var

    def decode(self, z):
        return self.dec(z)


class Faces(nn.Module):
    """Convolutions of stride 2 with batch norm, their transposes, and a tanh (reference E)."""

    def __init__(self, sizes=(8, 16, 16, 16), latent=16, slope=0.2):
        super().__init__()
        layers, before = [], 3
        for size in sizes:
            norm, relu = nn.BatchNorm2d(size), nn.LeakyReLU(slope)
            layers += [nn.Conv2d(before, size, 4, 2, 1, bias=False), norm, relu]
            before = size
        self.encoder = nn.Sequential(*layers)
        self.fc_mu = nn.Linear(16 * before, latent)
        self.fc_logvar = nn.Linear(16 * before, latent)
        self.fc_decode = nn.Linear(latent, 16 * before)
        layers = []
        for size in (*sizes[-2::-1], 3):
            layers.append(nn.ConvTranspose2d(before, size, 4, 2, 1))
            layers += [nn.Tanh()] if size == 3 else [nn.BatchNorm2d(size), nn.ReLU()]
            before = size
        self.decoder = nn.Sequential(*layers)
        self.first = sizes[-1]

    def encode(self, x):
        h = self.encoder(2 * x - 1).flatten(1)
        return self.fc_mu(h), self.fc_logvar(h)

    def decode(self, z):
        return (self.decoder(self.fc_decode(z).view(-1, self.first, 4, 4)) + 1) / 2


class DeepFaces(nn.Module):
    """Five nested stages of kernel 3 each way, and a last convolution that keeps the size."""

    def __init__(self, sizes=(4, 6, 8, 10, 12), latent=5):
        super().__init__()
        down = zip((3, *sizes), sizes, strict=False)
        self.encoder = nn.Sequential(*(self.stage(nn.Conv2d(a, b, 3, 2, 1), b) for a, b in down))
        self.fc_mu = nn.Linear(4 * sizes[-1], latent)
        self.fc_var = nn.Linear(4 * sizes[-1], latent)
        self.decoder_input = nn.Linear(latent, 4 * sizes[-1])
        up = zip(sizes[::-1], sizes[-2::-1], strict=False)
        self.decoder = nn.Sequential(*(self.stage(self.double(a, b), b) for a, b in up))
        last = [self.stage(self.double(4, 4), 4), nn.Conv2d(4, 3, 3, 1, 1), nn.Tanh()]
        self.final_layer = nn.Sequential(*last)
        self.first = sizes[-1]

    @staticmethod
    def double(before, after):
        return nn.ConvTranspose2d(before, after, 3, 2, 1, 1)

    @staticmethod
    def stage(layer, size):
        return nn.Sequential(layer, nn.BatchNorm2d(size), nn.LeakyReLU())

    def encode(self, x):
        h = self.encoder(2 * x - 1).flatten(1)
        return self.fc_mu(h), self.fc_var(h)

    def decode(self, z):
        h = self.decoder(self.decoder_input(z).view(-1, self.first, 2, 2))
        return (self.final_layer(h) + 1) / 2


class SmallConv(nn.Module):
    """Named layers: kernel 3 with max pooling, then nearest upsampling and convolutions."""

    def __init__(self, latent=8):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 3, 2, 1)
        self.conv2 = nn.Conv2d(8, 12, 3, 2, 1)
        self.z_mean = nn.Linear(12 * 49, latent)
        self.z_log_var = nn.Linear(12 * 49, latent)
        self.fc = nn.Linear(latent, 12 * 49)
        self.deconv1 = nn.ConvTranspose2d(12, 8, 3, 2, 1, 1)
        self.deconv2 = nn.ConvTranspose2d(8, 1, 3, 2, 1, 1)

    def encode(self, x):
        h = F.elu(self.conv2(F.elu(self.conv1(x)))).flatten(1)
        return self.z_mean(h), self.z_log_var(h)

    def decode(self, z):
        h = F.elu(self.fc(z)).view(-1, 12, 7, 7)
        return torch.sigmoid(self.deconv2(F.elu(self.deconv1(h))))


class DeepHeads(nn.Module):
    """Heads with a hidden layer of their own, after a linear layer or after convolutions."""

    def __init__(self, latent=6, convolutions=False, middle=nn.ELU):
        super().__init__()
        layers, size = [nn.Flatten(), nn.Linear(784, 64), nn.ReLU()], 64
        if convolutions:
            layers = [nn.Conv2d(1, 8, 4, 2, 1), nn.ReLU(), nn.Conv2d(8, 12, 4, 2, 1), nn.ReLU()]
            size = 12 * 49
        self.encoder = nn.Sequential(*layers)
        self.logvar_head = self.head(size, 24, middle, latent)
        self.mu_head = self.head(size, 32, middle, latent)
        layers = [nn.Linear(latent, 64), nn.ReLU(), nn.Linear(64, 784)]
        if convolutions:
            layers = [nn.Linear(latent, size), nn.ReLU(), nn.Unflatten(1, (12, 7, 7))]
            layers += [nn.ConvTranspose2d(12, 8, 4, 2, 1), nn.ReLU()]
            layers += [nn.ConvTranspose2d(8, 1, 4, 2, 1)]
        self.decoder = nn.Sequential(*layers, nn.Sigmoid())

    @staticmethod
    def head(size, hidden, middle, latent):
        return nn.Sequential(nn.Linear(size, hidden), middle(), nn.Linear(hidden, latent))

    def encode(self, x):
        h = self.encoder(x).flatten(1)
        return self.mu_head(h), self.logvar_head(h)

    def decode(self, z):
        return self.decoder(z)


def digits(count=1000):
    """Return digits as a tensor (N, 1, 28, 28) in [0, 1], and their labels."""
    train = load(DigitsConfig()).train
    images = torch.from_numpy(train.images[:count].astype(np.float32) / 255)
    return images, torch.from_numpy(train.labels[:count].copy())


def train(model, x, y=None, steps=100, rate=1e-2, batch=64):
    """Train a model briefly, as a script would."""
    noise = torch.Generator().manual_seed(0)
    optimizer = torch.optim.Adam(model.parameters(), rate)
    model.train()
    for _ in range(steps):
        rows = torch.randint(len(x), (batch,), generator=noise)
        labels = () if y is None else (y[rows],)
        mu, log_var = model.encode(x[rows], *labels)
        z = mu + torch.randn(mu.shape, generator=noise) * (0.5 * log_var).exp()
        error = (model.decode(z, *labels).flatten(1) - x[rows].flatten(1)).square().sum(1)
        kl = 0.5 * (mu.square() + log_var.exp() - 1 - log_var).sum(1)
        loss = (20 * error + kl).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model.eval().requires_grad_(False)


def seeded(kind, **sizes):
    """Make a model with the same weights each time."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return kind(**sizes)
