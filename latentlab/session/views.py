"""How the map looks at latent space: a plane, or a picture of neighbourhoods. No torch, no Qt."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from latentlab.latent.blends import NEIGHBOURS, blend
from latentlab.latent.frames import Frame, axes_frame

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from latentlab.latent.codes import Codes


class Layout(StrEnum):
    """Kinds of view."""

    AXES = "dimensions"
    PCA = "PCA"
    PLANE = "plane"
    DIRECTIONS = "directions"
    TSNE = "t-SNE"
    UMAP = "UMAP"


@dataclass(frozen=True, eq=False)
class View:
    """Where codes are drawn, and what lies under any place of the map.

    Parameters
    ----------
    layout : Layout
        Its kind.
    frame : Frame
        The plane; behind a picture of neighbourhoods the plane looked at last.
    xy : ndarray of float32, shape (N, 2), or None
        Where each image is drawn, where no plane says so.
    anchors : ndarray of int64, shape (M,), or None
        Rows that were laid out themselves; the others stand where their nearest ones do.
    """

    layout: Layout
    frame: Frame
    xy: NDArray[np.float32] | None = None
    anchors: NDArray[np.int64] | None = None

    @property
    def is_plane(self) -> bool:
        """Whether what lies under a place decodes exactly."""
        return self.xy is None

    @property
    def inverse(self) -> str:
        """What is decoded under the cursor, in words."""
        return "exact plane" if self.is_plane else f"blend of the {NEIGHBOURS} nearest codes"

    def suits(self, codes: Codes) -> bool:
        """Say whether it can show these codes."""
        fits = self.xy is None or len(self.xy) == len(codes)
        return fits and self.frame.size == codes.mu.shape[1]

    def places(self, codes: Codes) -> NDArray[np.float32]:
        """Return where all codes are drawn, with shape (N, 2)."""
        return self.frame.place(codes.mu) if self.xy is None else self.xy

    def place(self, z: Sequence[float], codes: Codes) -> tuple[float, float]:
        """Return where a point is drawn."""
        if self.xy is None or self.anchors is None:
            return self.frame.spot(z)
        x, y = blend(z, codes.mu[self.anchors], self.xy[self.anchors]).tolist()
        return x, y

    def lift(self, x: float, y: float, z: Sequence[float], codes: Codes) -> tuple[float, ...]:
        """Return the point under a place; off a plane it agrees with `z`."""
        if self.xy is None or self.anchors is None:
            return tuple(self.frame.lift(np.array([[x, y]]), z)[0].tolist())
        return tuple(blend((x, y), self.xy[self.anchors], codes.mu[self.anchors]).tolist())


def axes_view(i: int, j: int, size: int) -> View:
    """Return the view of two of `size` latent dimensions."""
    return View(Layout.AXES, axes_frame(i, j, size))
