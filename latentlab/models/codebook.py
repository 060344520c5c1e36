"""A codebook of vectors that follow the outputs of the encoder."""

from __future__ import annotations

from typing import override

import torch
from torch import Tensor, distributed

from latentlab.models.label import one_hot
from latentlab.models.layers import RandomLayer

MIN_RELATIVE_USE = 0.05
"""Use of a code, relative to equal use of all, below which it is dead."""
FRESH_RELATIVE_USE = 0.1
"""Use with which a code is restarted: low, so that it soon moves to the mean of its outputs."""


class Codebook(RandomLayer):
    """K vectors, each an exponential moving average of the encoder outputs nearest to it.

    Codes that are hardly used are restarted at random outputs of the encoder, preferably at those
    far from their code; therefore the first batch replaces all of the random initial ones.

    Parameters
    ----------
    codes : int
        Number of vectors K.
    channels : int
        Size of each vector, C.
    decay : float
        Weight of the past in the averages, in [0, 1).

    Attributes
    ----------
    vectors : Tensor
        The codes, with shape (K, C).
    use : Tensor
        Moving average of the number of outputs per batch that are nearest to each code, with
        shape (K,).
    sums : Tensor
        Moving average of the sum of these outputs, with shape (K, C).

    References
    ----------
    Neural Discrete Representation Learning, van den Oord, Vinyals & Kavukcuoglu, 2017, appendix
    A.1; restarts: Jukebox, Dhariwal et al., 2020, section 3.1, at outputs drawn as in k-means++,
    Arthur & Vassilvitskii, 2007, algorithm 1.
    """

    def __init__(self, codes: int, channels: int, decay: float) -> None:
        super().__init__()
        self._decay = decay
        self.vectors: Tensor
        self.use: Tensor
        self.sums: Tensor
        self.register_buffer("vectors", torch.randn(codes, channels))
        self.register_buffer("use", torch.zeros(codes))
        self.register_buffer("sums", torch.zeros(codes, channels))

    def nearest(self, outputs: Tensor) -> Tensor:
        """Return the index of the nearest code, with shape (...), for outputs of shape (..., C)."""
        # Under autocast the distances would be in bf16, too coarse to tell codes apart.
        with torch.no_grad(), torch.autocast(outputs.device.type, enabled=False):
            flat = outputs.reshape(-1, outputs.shape[-1]).float()
            squares = self.vectors.square().sum(1)
            # |o - e|² without |o|², which is the same for all codes.
            distances = torch.addmm(squares, flat, self.vectors.T, alpha=-2)
            return distances.argmin(1).reshape(outputs.shape[:-1])

    @override
    def forward(self, indices: Tensor) -> Tensor:
        """Return the codes, with shape (..., C), for indices of shape (...)."""
        return self.vectors[indices]

    @property
    def shares(self) -> Tensor:
        """Share of the encoder outputs that each code stands for, with shape (K,)."""
        return self.use / self.use.sum().clamp_min(1e-12)

    @torch.no_grad()
    def learn(self, outputs: Tensor, indices: Tensor) -> None:
        """Update the averages with the outputs (N, C) of a batch and their nearest codes (N,).

        In a distributed run every process must call it with its own slice.
        """
        chosen = one_hot(indices, len(self.vectors))
        with torch.autocast(outputs.device.type, enabled=False):
            # A product, because adding by index is not reproducible on GPUs.
            counts, sums = chosen.sum(0), chosen.T.mm(outputs)
        distances = (outputs - self.vectors[indices]).square().sum(1)
        if _is_shared():
            distributed.all_reduce(counts)
            distributed.all_reduce(sums)
        self.use.lerp_(counts, 1 - self._decay)
        self.sums.lerp_(sums, 1 - self._decay)
        equal_use = counts.sum() / len(self.vectors)
        dead = self.use < MIN_RELATIVE_USE * equal_use
        fresh, fresh_use = self._restarts(outputs, distances, dead), FRESH_RELATIVE_USE * equal_use
        self.use.copy_(torch.where(dead, fresh_use, self.use))
        self.sums.copy_(torch.where(dead[:, None], fresh_use * fresh, self.sums))
        self.vectors.copy_(self.sums / self.use[:, None])

    def _restarts(self, outputs: Tensor, distances: Tensor, dead: Tensor) -> Tensor:
        """Return an output for each dead code, with shape (K, C); other rows have no meaning.

        They are drawn in proportion to their squared distance from their code; one is drawn again
        only if there are fewer outputs than dead codes.
        """
        fresh = self.vectors.clone()
        # A process may have no images; the first one always has some.
        if len(outputs):
            # The largest of weight / Exp(1) are samples without repetition.
            waits = torch.empty_like(distances).exponential_(generator=self.generator)
            rows = (distances / waits).topk(min(len(fresh), len(outputs))).indices
            turn = (dead.cumsum(0) - 1).clamp_min(0)
            fresh = outputs[rows[turn % len(rows)]]
        if _is_shared():
            distributed.broadcast(fresh, 0)
        return fresh


def _is_shared() -> bool:
    return distributed.is_available() and distributed.is_initialized()


def perplexity(indices: Tensor, codes: int) -> Tensor:
    """Return exp(H) of the frequencies of the codes among indices of shape (N,), a scalar.

    It is the number of codes in use if all are used equally often.
    """
    shares = one_hot(indices, codes).mean(0)
    return torch.special.entr(shares).sum().exp()
