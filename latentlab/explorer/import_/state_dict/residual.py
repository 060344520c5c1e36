"""Residual blocks, which weights do not tell from layers in a plain sequence."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from latentlab.errors import RunError, listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from latentlab.explorer.import_.state_dict.chain import Step

INNER = re.compile(r"(.+)\.(conv_?\d+|block\.\d+|conv_?block\.\d+|layers?\.\d+|res\w*\.\d+)")
"""Name of a block, and of a convolution in it."""
ONNX_ADVICE = (
    "Export encoder and decoder as ONNX, which holds the sums. In Python, where the model can be "
    "loaded, with a decoder from z to images:\n"
    '    torch.onnx.export(decoder, (torch.zeros(1, {latent_dim}),), "decoder.onnx", '
    "dynamo=True, external_data=False)"
)


def residual_blocks(steps: Sequence[Step]) -> tuple[str, ...]:
    """Return the names of blocks whose input could be added to their output.

    These are neighbouring convolutions in a module of its own, such as ``encoder.1.conv1`` and
    ``encoder.1.conv2``, with odd kernels and as many channels behind the last as before the first
    (Deep Residual Learning for Image Recognition, He et al., 2015, figure 2).
    """
    blocks: dict[str, list[Step]] = {}
    for step in steps:
        if match := INNER.fullmatch(step.module.name):
            blocks.setdefault(match[1], []).append(step)
    return tuple(
        name
        for name, block in blocks.items()
        if len(block) > 1
        and block[0].inputs == block[-1].outputs
        and all(step.kind != "linear" and step.kernel % 2 == 1 for step in block)
    )


def residual_remark(blocks: Sequence[str]) -> str:
    """Return a sentence about blocks that are taken as plain; empty if there are none."""
    if not blocks:
        return ""
    return (
        f"{listed(blocks)} could be residual blocks; their input is not added to their output, "
        "because weights do not say it."
    )


def refuse_residual(blocks: Sequence[str], latent_dim: int) -> None:
    """Refuse a model with blocks that may be residual, and whose images do not decide it.

    Raises
    ------
    RunError
        If there are such blocks.
    """
    if blocks:
        raise RunError(
            f"{listed(blocks)} could be residual blocks: weights do not say whether the input of a "
            "block is added to its output, and no images on this machine are reconstructed well.",
            ONNX_ADVICE.format(latent_dim=latent_dim),
        )
