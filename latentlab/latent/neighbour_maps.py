"""Maps of neighbourhoods: t-SNE and UMAP, with progress, and where they began before."""

from __future__ import annotations

import io
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any, override

import numpy as np

from latentlab.errors import RunError
from latentlab.latent.nearest import NearestCodes
from latentlab.latent.planes import turned
from latentlab.work import BackgroundComputation

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

    from latentlab.work import Progress

LIMIT = 10_000
"""Codes that are laid out; the others stand by their nearest."""
FEWEST = 10
MANY = 2000
PERPLEXITY = 30.0
EARLY, LATE = 250, 500
"""Steps of t-SNE with and without exaggeration."""
TELL_EVERY = 10
REACH = 3.0
"""How far the map reaches from its middle, in its own units."""
BLOCK = 512
TREE_UP_TO = 8
"""Dimensions up to which a tree finds the nearest faster than looking at all."""


def project(
    codes: NDArray[np.float32],
    method: str,
    like: NDArray[np.float32] | None = None,
    seed: int = 0,
) -> Generator[Progress, None, tuple[NDArray[np.float32], NDArray[np.int64]]]:
    """Lay codes out so that neighbours stay neighbours.

    Visualizing data using t-SNE, van der Maaten and Hinton, 2008; UMAP, McInnes, Healy and
    Melville, 2018.

    Parameters
    ----------
    codes : ndarray of float32, shape (N, D)
        What to lay out.
    method : str
        ``"t-SNE"`` or ``"UMAP"``.
    like : ndarray of float32, shape (N, 2), optional
        An earlier map of the same rows: where it begins, and what it is turned onto.
    seed : int
        Chooses the rows where there are too many.

    Returns
    -------
    ndarray of float32, shape (N, 2)
        Places, within about `REACH` of the middle.
    ndarray of int64, shape (M,)
        The rows that were laid out themselves.

    Raises
    ------
    RunError
        Where there are too few codes, or the method is not installed.
    """
    if len(codes) < FEWEST:
        raise RunError(
            f"{method} needs at least {FEWEST} images, and there are {len(codes)}.",
            "Look at two dimensions instead.",
        )
    anchors = _anchors(len(codes), seed)
    begin = None if like is None or len(like) != len(codes) else like[anchors]
    compute = {"t-SNE": _tsne, "UMAP": _umap}[method]
    chosen = np.ascontiguousarray(codes[anchors])

    def whole(aside: BackgroundComputation[NDArray[np.float32]]) -> NDArray[np.float32]:
        xy = _sized(compute(chosen, begin, aside))
        if begin is not None:
            xy = turned(xy, begin)
        return xy if len(anchors) == len(codes) else _place_rest(codes, anchors, xy, aside)

    return (yield from BackgroundComputation(whole, "Looking for neighbours").follow()), anchors


def _anchors(count: int, seed: int) -> NDArray[np.int64]:
    if count <= LIMIT:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, LIMIT, replace=False))


def _sized(xy: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return places about the middle, whatever units the method uses."""
    xy = np.asarray(xy, np.float32) - np.median(xy, 0).astype(np.float32)
    return (xy * np.float32(REACH / max(1e-6, float(np.quantile(np.abs(xy), 0.99))))).astype(
        np.float32
    )


def _tsne(
    codes: NDArray[np.float32],
    begin: NDArray[np.float32] | None,
    aside: BackgroundComputation[NDArray[np.float32]],
) -> NDArray[np.float32]:
    # openTSNE and what it needs take a second to load.
    from openTSNE import TSNE

    done = 0

    def look(_iteration: int, _error: float, _xy: Any) -> bool:
        nonlocal done
        done += TELL_EVERY
        aside.tell("t-SNE", min(1.0, done / (EARLY + LATE)))
        return aside.stopped.is_set()

    start: Any = "pca" if codes.shape[1] > 1 else "random"
    if begin is not None:
        start = 1e-4 * begin / max(1e-9, float(begin[:, 0].std()))
    method = TSNE(
        perplexity=min(PERPLEXITY, (len(codes) - 1) / 3),
        initialization=start,
        neighbors="exact" if codes.shape[1] <= 30 else "auto",
        # For few codes, threads cost more than they bring.
        n_jobs=(os.cpu_count() or 1) if len(codes) > MANY else 1,
        early_exaggeration_iter=EARLY,
        n_iter=LATE,
        callbacks=look,
        callbacks_every_iters=TELL_EVERY,
        random_state=0,
    )
    return np.asarray(method.fit(codes), np.float32)


def _umap(
    codes: NDArray[np.float32],
    begin: NDArray[np.float32] | None,
    aside: BackgroundComputation[NDArray[np.float32]],
) -> NDArray[np.float32]:
    aside.tell("Loading UMAP, which takes a while", None)
    try:
        from umap import UMAP
    except ImportError as error:
        raise RunError(
            "UMAP is not installed.", "Install it with: pip install 'latentlab[umap]'"
        ) from error
    aside.tell("UMAP", None)
    start: Any = "spectral" if begin is None else begin * 3
    method = UMAP(
        n_neighbors=min(15, len(codes) - 1),
        init=start,
        random_state=0,
        n_jobs=1,
        tqdm_kwds={
            "disable": False,
            "file": _Listener(aside),
            "mininterval": 0.1,
            "bar_format": "{percentage}",
        },
    )
    return np.asarray(method.fit_transform(codes), np.float32)


class _Listener(io.StringIO):
    """What UMAP writes its progress to: the only place where it can be heard and stopped."""

    def __init__(self, aside: BackgroundComputation[NDArray[np.float32]]) -> None:
        super().__init__()
        self._aside = aside

    @override
    def write(self, text: str) -> int:
        """Tell a percentage; stop where nobody waits any more."""
        if self._aside.stopped.is_set():
            raise Given
        with suppress(ValueError):
            self._aside.tell("UMAP", min(1.0, float(text.strip()) / 100))
        return len(text)


def _place_rest(
    codes: NDArray[np.float32],
    anchors: NDArray[np.int64],
    xy: NDArray[np.float32],
    aside: BackgroundComputation[NDArray[np.float32]],
) -> NDArray[np.float32]:
    """Put every row beside the laid-out rows nearest to it."""
    index = NearestCodes(codes[anchors])
    whole = np.empty((len(codes), 2), np.float32)
    for start in range(0, len(codes), BLOCK):
        if aside.stopped.is_set():
            raise Given
        away, near = index.nearest(codes[start : start + BLOCK], 3)
        weights = 1 / np.maximum(away**2, 1e-9)
        weights /= weights.sum(1, keepdims=True)
        whole[start : start + BLOCK] = (xy[near] * weights[:, :, None]).sum(1)
        aside.tell("Placing the other codes", start / len(codes))
    whole[anchors] = xy
    return whole


class Given(Exception):
    """The work was given up; nobody hears of it."""
