"""Drawn faces of which every factor is known: no photograph, no person, no licence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from latentlab.data.base import DATA, Attributes, DataConfig, ImageSet, ImageSpec, Loading, Splits
from latentlab.data.face_drawing import draw_faces
from latentlab.data.face_factors import FACTORS, HAIR, random_factors
from latentlab.data.generated import check_memory, draw_all, part

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

GLASSES = ("without glasses", "with glasses")


@DATA.register
class SyntheticFacesConfig(DataConfig):
    """Faces drawn by the program from 15 known factors, in colour: as many as you like."""

    kind: Literal["synthetic-faces"] = "synthetic-faces"
    count: int = Field(
        20_000,
        ge=2,
        le=10_000_000,
        description="How many faces, held-out ones included. The first ones stay the same.",
        json_schema_extra={"unit": "faces"},
    )
    size: int = Field(
        64,
        ge=32,
        le=256,
        description="Width and height of each picture. Memory and time grow with its square.",
        json_schema_extra={"unit": "pixels"},
    )
    seed: int = Field(
        0, ge=0, le=2**31 - 1, description="Another number gives another crowd, just as varied."
    )
    classes: Literal["hair", "glasses", "hair and glasses"] = Field(
        "hair", description="Which factor is the class that a conditional model is told."
    )
    held_out: float = Field(
        0.1, gt=0, lt=1, description="Share of the faces to judge by: the last ones."
    )

    def others(self, count: int) -> SyntheticFacesConfig:
        """See `DataConfig.others`; those of the next seed."""
        return self.model_copy(update={"count": count, "seed": (self.seed + 1) % 2**31})

    def load(self) -> Generator[Loading, None, Splits]:
        """See `DataConfig.load`; the attributes are the factors of `face_factors.FACTORS`."""
        shape = (self.count, 3, self.size, self.size)
        check_memory(shape, "faces")
        yield Loading("Choosing faces", 0.0)
        factors = random_factors(0, self.count, self.seed)

        def draw(rows: slice) -> NDArray[np.uint8]:
            return draw_faces(dict(zip(FACTORS, factors[rows].T, strict=True)), self.size)

        images = yield from draw_all(draw, shape, "faces")
        attributes = Attributes(tuple(FACTORS), factors)
        labels, names = self._classes(attributes)
        return part(
            ImageSet(images, labels, ImageSpec(shape[1:], names), attributes), self.held_out
        )

    def _classes(self, known: Attributes) -> tuple[NDArray[np.int64], tuple[str, ...]]:
        hair, glasses = (known.column(name).astype(np.int64) for name in ("hair", "glasses"))
        if self.classes == "hair":
            return hair, HAIR
        if self.classes == "glasses":
            return glasses, GLASSES
        names = tuple(f"{style}, {worn}" for style in HAIR for worn in GLASSES)
        return hair * len(GLASSES) + glasses, names
