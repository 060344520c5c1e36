"""Maximum mean discrepancy between codes and prior: WAE-MMD and InfoVAE."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, override

import torch
from pydantic import Field

from latentlab.learning.terms.posteriors import prior_samples
from latentlab.learning.terms.term import TERMS, Term

if TYPE_CHECKING:
    from torch import Tensor

    from latentlab.learning.batch import Batch

SCALES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Multiples of the kernel's width 2 D, as in the code of Tolstikhin et al."""


@TERMS.register
class MMD(Term, title="MMD (WAE, InfoVAE)"):
    """All codes together follow the prior, by the maximum mean discrepancy (MMD) of the two.

    With a beta of 0 it replaces the KL.

    References
    ----------
    Wasserstein Auto-Encoders, Tolstikhin et al., 2018, algorithm 2 and section 4, and InfoVAE, Zhao
    et al., 2019, eq. 6. The kernel is a sum over `SCALES` of inverse multiquadratics (IMQ).
    """

    batchwise: ClassVar[bool] = True
    kind: Literal["mmd"] = "mmd"
    weight: float = Field(
        100.0,
        ge=0,
        le=10_000,
        title="Extra weight",
        description="Weight of the discrepancy in the loss. With a beta of 0 this term alone "
        "matches codes and prior (WAE).",
    )

    @override
    def value(self, batch: Batch) -> Tensor:
        """Return the unbiased estimate of MMD², equal for all images, (B,); it may be below 0."""
        codes, samples = batch.rows(batch.z), batch.rows(prior_samples(batch))
        return squared_mmd(codes, samples).expand(len(batch.x))


def squared_mmd(first: Tensor, second: Tensor) -> Tensor:
    """Return the unbiased estimate of MMD² between samples, both (M, D); 0 for one sample.

    References
    ----------
    A Kernel Two-Sample Test, Gretton et al., 2012, eq. 3.
    """
    count = len(first)
    if count < 2:
        return (0 * first).sum()
    # Layers may run in bf16; losses are in fp32.
    with torch.autocast(first.device.type, enabled=False):
        of_first, of_second, across = (
            imq_kernel(*pair) for pair in ((first, first), (second, second), (first, second))
        )
    # The kernel of a point with itself is constant.
    within = of_first.sum() + of_second.sum() - 2 * count * len(SCALES)
    return within / (count * (count - 1)) - 2 * across.mean()


def imq_kernel(first: Tensor, second: Tensor) -> Tensor:
    """Return Σ_s 2Ds / (2Ds + |a - b|²) of all pairs of (M, D) and (N, D), with shape (M, N)."""
    squares = first.square().sum(1)[:, None] + second.square().sum(1)
    distances = (squares - 2 * first @ second.T).clamp_min(0)
    widths = [2 * first.shape[1] * scale for scale in SCALES]
    return torch.stack([width / (width + distances) for width in widths]).sum(0)
