"""Procedurally drawn faces with known factors, free of licences and personal data."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal, override

import numpy as np
from pydantic import Field

from latentlab.data.data_set import DATA
from latentlab.data.drawing.faces import draw_faces
from latentlab.data.drawing.factors import FACTORS, HAIR, random_factors
from latentlab.data.drawing.procedural import GeneratedConfig, check_memory, draw_all
from latentlab.data.image_set import Attributes, ImageSet, ImageSpec
from latentlab.data.parts import Outline, Splits
from latentlab.work import Progress

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

GLASSES = ("without glasses", "with glasses")


@DATA.register
class SyntheticFacesConfig(GeneratedConfig, title="Drawn faces"):
    """Faces that the program draws from 15 known factors, in colour."""

    kind: Literal["synthetic-faces"] = "synthetic-faces"
    classes: Literal["hair", "glasses", "hair and glasses"] = Field(
        "hair", description="Factor that is the class, for conditional models."
    )

    @override
    def outline(self) -> Generator[Progress, None, Outline | None]:
        yield from ()
        spec = ImageSpec((3, self.size, self.size), HAIR)
        return replace(Outline.of(spec, self.count, self.held_out), attributes=tuple(FACTORS))

    @override
    def load(self) -> Generator[Progress, None, Splits]:
        """See `DataConfig.load`; the attributes are the factors of `factors.FACTORS`."""
        shape = (self.count, 3, self.size, self.size)
        check_memory(shape, "faces")
        yield Progress("Choosing faces", 0.0)
        factors = random_factors(0, self.count, self.seed)

        def draw(rows: slice) -> NDArray[np.uint8]:
            return draw_faces(dict(zip(FACTORS, factors[rows].T, strict=True)), self.size)

        images = yield from draw_all(draw, shape, "faces")
        attributes = Attributes(tuple(FACTORS), factors)
        labels, names = self._classes(attributes)
        whole = ImageSet(images, labels, ImageSpec(shape[1:], names), attributes)
        return Splits.of(whole, self.held_out)

    def _classes(self, known: Attributes) -> tuple[NDArray[np.int64], tuple[str, ...]]:
        hair, glasses = (known.column(name).astype(np.int64) for name in ("hair", "glasses"))
        if self.classes == "hair":
            return hair, HAIR
        if self.classes == "glasses":
            return glasses, GLASSES
        names = tuple(f"{style}, {worn}" for style in HAIR for worn in GLASSES)
        return hair * len(GLASSES) + glasses, names
