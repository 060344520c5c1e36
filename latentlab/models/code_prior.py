"""An autoregressive prior over maps of codes: a gated PixelCNN."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, override

import torch
from torch import Tensor, nn
from torch.distributions import Distribution, constraints
from torch.nn import functional as F

if TYPE_CHECKING:
    from latentlab.models.codebook import Codebook

REACH = 2
"""Rows above, and columns to either side, that one causal convolution sees."""


class CodePrior(nn.Module):
    """p(k) = Π_i p(k_i | k_1, ..., k_{i-1}) of the indices k of a map, row after row.

    Parameters
    ----------
    codes : int
        Number of codes.
    size : tuple of int
        Height h and width w of the map.
    width : int
        Channels.
    layers : int
        Gated layers after the first convolution.

    References
    ----------
    Conditional Image Generation with PixelCNN Decoders, van den Oord et al., 2016, eq. 2 (gates);
    here with one stack of convolutions, and a learned vector for each position.
    """

    def __init__(self, codes: int, size: tuple[int, int], width: int, layers: int) -> None:
        super().__init__()
        self._size = size
        self.codes = nn.Embedding(codes, width)
        self.first = CausalConv(width, width, sees_itself=False)
        self.places = nn.Parameter(0.1 * torch.randn(width, *size))
        self.layers = nn.ModuleList(GatedLayer(width) for _ in range(layers))
        # No normalization: statistics over positions would show a position those after it.
        self.last = nn.Sequential(nn.SiLU(), nn.Conv2d(width, codes, 1))

    @override
    def forward(self, indices: Tensor) -> Tensor:
        """Return log p(k) in nats, with shape (B,), for indices k of shape (B, h, w)."""
        each = -F.cross_entropy(self.logits(indices).float(), indices, reduction="none")
        return each.flatten(1).sum(1)

    def logits(self, indices: Tensor) -> Tensor:
        """Return unnormalised log probabilities of each position's codes, (B, K, h, w)."""
        h = self.codes(indices).permute(0, 3, 1, 2)
        h = self.first(padded(h)) + self.places
        for layer in self.layers:
            h = layer(padded(h), h)
        logits: Tensor = self.last(h)
        return logits

    @torch.no_grad()
    def sample(self, count: int) -> Tensor:
        """Draw maps of indices, with shape (count, h, w).

        Each position is computed once: a layer sees the stored outputs of the layer before it at
        the positions above and to the left.
        """
        height, width = self._size
        drawn = self.places.new_zeros(count, height, width, dtype=torch.long)
        empty = self.places.new_zeros(count, len(self.places), height, width)
        stored = [padded(empty) for _ in range(1 + len(self.layers))]
        for row in range(height):
            for column in range(width):
                chosen = _draw(self._logits_at(stored, row, column))
                drawn[:, row, column] = chosen
                stored[0][:, :, row + REACH, column + REACH] = self.codes(chosen)
        return drawn

    def _logits_at(self, stored: list[Tensor], row: int, column: int) -> Tensor:
        """Return the logits of one position, (B, K); store what later positions need."""
        windows = [
            each[:, :, row : row + REACH + 1, column : column + 2 * REACH + 1] for each in stored
        ]
        h = self.first(windows[0]) + self.places[:, row, column, None, None]
        for layer, window in zip(self.layers, windows[1:], strict=True):
            window[:, :, REACH, REACH] = h[:, :, 0, 0]
            h = layer(window, h)
        logits: Tensor = self.last(h)[:, :, 0, 0]
        return logits


class CausalConv(nn.Conv2d):
    """Convolution that sees the rows above, and the positions to the left in its own row.

    Parameters
    ----------
    before, after : int
        Channels of inputs and outputs.
    sees_itself : bool
        Whether it also sees the position itself.
    """

    def __init__(self, before: int, after: int, *, sees_itself: bool) -> None:
        super().__init__(before, after, (REACH + 1, 2 * REACH + 1))
        self.mask: Tensor
        self.register_buffer("mask", torch.ones(self.kernel_size, dtype=torch.bool))
        self.mask[REACH, REACH + sees_itself :] = False

    @override
    def forward(self, x: Tensor) -> Tensor:
        """Return (B, after, h, w) for `padded` inputs, or (B, after, 1, 1) for one window."""
        return F.conv2d(x, self.weight * self.mask, self.bias)


class GatedLayer(nn.Module):
    """x + W(tanh(a) · sigmoid(b)), where a and b are causal convolutions of x."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv = CausalConv(width, 2 * width, sees_itself=True)
        self.out = nn.Conv2d(width, width, 1)

    @override
    def forward(self, inputs: Tensor, x: Tensor) -> Tensor:
        """Return the outputs at the positions of `x`, whose surroundings are `inputs`."""
        a, b = self.conv(inputs).chunk(2, dim=1)
        change: Tensor = self.out(torch.tanh(a) * torch.sigmoid(b))
        return x + change


def padded(x: Tensor) -> Tensor:
    """Return maps (B, C, h, w) with the zeros that a causal convolution sees beyond the edges."""
    return F.pad(x, (REACH, REACH, REACH, 0))


def _draw(logits: Tensor) -> Tensor:
    return torch.multinomial(logits.float().softmax(1), 1)[:, 0]


class CodeDistribution(Distribution):
    """p(z) of flattened maps of codes, which has mass only where every position is a code.

    Parameters
    ----------
    network : CodePrior
        Probabilities of the indices.
    codebook : Codebook
        The codes.
    shape : tuple of int
        Channels, height and width of z.
    """

    arg_constraints: ClassVar[dict[str, constraints.Constraint]] = {}

    def __init__(self, network: CodePrior, codebook: Codebook, shape: tuple[int, int, int]) -> None:
        self._network, self._codebook, self._shape = network, codebook, shape
        channels, height, width = shape
        super().__init__(torch.Size(), torch.Size([channels * height * width]), validate_args=False)

    @override
    def sample(self, sample_shape: torch.Size | list[int] | tuple[int, ...] = ()) -> Tensor:
        """Return samples, with shape (*sample_shape, D)."""
        shape = torch.Size(sample_shape)
        vectors = self._codebook(self._network.sample(shape.numel()))
        return vectors.permute(0, 3, 1, 2).reshape(*shape, -1)

    @override
    def log_prob(self, value: Tensor) -> Tensor:
        """Return the log probability of the nearest codes in nats, (...), for (..., D)."""
        maps = value.reshape(-1, *self._shape).permute(0, 2, 3, 1)
        log_p: Tensor = self._network(self._codebook.nearest(maps))
        return log_p.reshape(value.shape[:-1])
