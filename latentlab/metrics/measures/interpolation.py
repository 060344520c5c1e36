"""Straight lines between codes: evenness and length of the change of the image."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, override

import numpy as np
import torch
from pydantic import Field

from latentlab.errors import DataError
from latentlab.latent.encode import label_tensor
from latentlab.metrics.measurement import ComputedOn, Measurement, Value
from latentlab.metrics.metric import (
    METRICS,
    WITH_ENCODER,
    Group,
    Metric,
    Need,
    Seed,
    mean_of,
    number,
)
from latentlab.work import Progress

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

    from latentlab.metrics.source import Source

MIN_CHANGE = 1e-6


@METRICS.register
class Interpolation(Metric, title="Interpolation"):
    """How evenly images change along straight lines between codes, and how far.

    The length is that of the pull-back metric of the decoder, by finite differences: the RMS
    change of pixels along the line. Its ratio to the distance of both end images is 1 at least.

    References
    ----------
    The Riemannian Geometry of Deep Generative Models, Shao, Kumar & Fletcher, 2018, eq. 2 and 3.
    """

    group: ClassVar[Group] = Group.INTERPOLATION
    needs: ClassVar[frozenset[Need]] = WITH_ENCODER
    kind: Literal["interpolation"] = "interpolation"
    lines: int = Field(200, ge=2, le=10_000, description="Pairs of images.")
    steps: int = Field(32, ge=2, le=1000, description="Steps per line.")
    seed: int = Seed

    @override
    def measure(self, source: Source) -> Generator[Progress, None, Measurement]:
        codes = yield from source.codes()
        if len(codes) < 2:
            raise DataError("A line needs two images.", "Measure on more images.")
        rng, lengths, chords, energies = np.random.default_rng(self.seed), [], [], []
        for line in range(self.lines):
            a, b = rng.choice(len(codes), 2, replace=False)
            images = self._images(source, codes.mu[a], codes.mu[b], int(a))
            steps = (images.diff(dim=0).square().mean(1)).sqrt()
            lengths.append(float(steps.sum()))
            energies.append(float(self.steps * steps.square().sum()))
            chords.append(float((images[-1] - images[0]).square().mean().sqrt()))
            yield Progress("Decoding lines", line / self.lines)
        values = self._values(*(np.array(each) for each in (lengths, energies, chords)))
        on = ComputedOn(split=source.split, images=len(codes), k=self.steps, seed=self.seed)
        notes = [f"{self.lines:,} lines of {self.steps} steps each (k)."]
        if source.model.conditional:
            notes.append("Both ends have the label of the first image.")
        return self.result(on, values, notes=notes)

    def _images(
        self, source: Source, a: NDArray[np.float32], b: NDArray[np.float32], row: int
    ) -> torch.Tensor:
        """Return the decoded points of a line, (steps + 1, pixels)."""
        share = torch.linspace(0, 1, self.steps + 1)[:, None]
        y = label_tensor(source.model, source.images[row : row + 1].y)
        labels = None if y is None else y.repeat_interleave(self.steps + 1, 0)
        with torch.inference_mode():
            z = torch.lerp(torch.from_numpy(a.copy()), torch.from_numpy(b.copy()), share)
            means: torch.Tensor = source.model.decode(z, labels).mean
        return means.flatten(1).double()

    @staticmethod
    def _values(
        lengths: NDArray[np.float64], energies: NDArray[np.float64], chords: NDArray[np.float64]
    ) -> list[Value]:
        if not lengths.mean() > MIN_CHANGE:
            raise DataError("No image changes along the lines: the decoder ignores z.")
        moving = chords > MIN_CHANGE
        values = [
            number("Unevenness", float(energies.sum() / (lengths**2).sum()), unit="1 is even"),
            mean_of("Length", lengths, "RMS per pixel, pixels 0 to 1"),
        ]
        if moving.any():
            values.append(mean_of("Length / distance", lengths[moving] / chords[moving]))
        return values
