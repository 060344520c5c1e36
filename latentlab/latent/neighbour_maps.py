"""t-SNE and UMAP projections, with progress, and initialised from an earlier one."""

from __future__ import annotations

import io
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any, override

import numpy as np

from latentlab.errors import RunError
from latentlab.extras import how_to_install
from latentlab.latent.nearest import NearestCodes
from latentlab.latent.planes import procrustes
from latentlab.work import BackgroundComputation

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

    from latentlab.work import Progress

MAX_PROJECTED_CODES = 10_000
"""Codes that are projected; the others are placed near their nearest."""
MIN_CODES = 10
MIN_CODES_FOR_THREADS = 2000
PERPLEXITY = 30.0
EXAGGERATED_STEPS, PLAIN_STEPS = 250, 500
"""Steps of t-SNE with and without early exaggeration."""
REPORT_INTERVAL = 10
MAP_RADIUS = 3.0
"""Distance from the centre of the map to its edge, in units of the map."""
BLOCK = 512


def project(
    codes: NDArray[np.float32],
    method: str,
    like: NDArray[np.float32] | None = None,
    seed: int = 0,
) -> Generator[Progress, None, tuple[NDArray[np.float32], NDArray[np.int64]]]:
    """Project codes to two dimensions such that neighbours stay neighbours.

    Visualizing data using t-SNE, van der Maaten and Hinton, 2008; UMAP, McInnes, Healy and
    Melville, 2018.

    Parameters
    ----------
    codes : ndarray of float32, shape (N, D)
        Codes to project.
    method : str
        ``"t-SNE"`` or ``"UMAP"``.
    like : ndarray of float32, shape (N, 2), optional
        An earlier map of the same rows: the initial map, onto which the result is rotated.
    seed : int
        Seed of the sample of rows, if there are too many.

    Returns
    -------
    ndarray of float32, shape (N, 2)
        Positions, within about `REACH` of the centre.
    ndarray of int64, shape (M,)
        Rows that were projected themselves.

    Raises
    ------
    RunError
        If there are too few codes, or the method is not installed.
    """
    if len(codes) < MIN_CODES:
        raise RunError(
            f"{method} needs at least {MIN_CODES} images, and there are {len(codes)}.",
            "Use two dimensions or PCA instead.",
        )
    anchors = _anchors(len(codes), seed)
    initial = None if like is None or len(like) != len(codes) else like[anchors]
    compute = {"t-SNE": _tsne, "UMAP": _umap}[method]
    chosen = np.ascontiguousarray(codes[anchors])

    def layout(task: BackgroundComputation[NDArray[np.float32]]) -> NDArray[np.float32]:
        xy = _normalised(compute(chosen, initial, task))
        if initial is not None:
            xy = procrustes(xy, initial)
        return xy if len(anchors) == len(codes) else _place_rest(codes, anchors, xy, task)

    return (yield from BackgroundComputation(layout, "Searching for neighbours").follow()), anchors


def _anchors(count: int, seed: int) -> NDArray[np.int64]:
    if count <= MAX_PROJECTED_CODES:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, MAX_PROJECTED_CODES, replace=False))


def _normalised(xy: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return positions centred at their median; 99 % of coordinates are within `REACH`."""
    xy = np.asarray(xy, np.float32) - np.median(xy, 0).astype(np.float32)
    return (xy * np.float32(MAP_RADIUS / max(1e-6, float(np.quantile(np.abs(xy), 0.99))))).astype(
        np.float32
    )


def _tsne(
    codes: NDArray[np.float32],
    initial: NDArray[np.float32] | None,
    task: BackgroundComputation[NDArray[np.float32]],
) -> NDArray[np.float32]:
    # The import of openTSNE takes a second.
    from openTSNE import TSNE

    done = 0

    def report(_iteration: int, _error: float, _xy: Any) -> bool:
        nonlocal done
        done += REPORT_INTERVAL
        task.tell("t-SNE", min(1.0, done / (EXAGGERATED_STEPS + PLAIN_STEPS)))
        return task.stopped.is_set()

    start: Any = "pca" if codes.shape[1] > 1 else "random"
    if initial is not None:
        start = 1e-4 * initial / max(1e-9, float(initial[:, 0].std()))
    method = TSNE(
        perplexity=min(PERPLEXITY, (len(codes) - 1) / 3),
        initialization=start,
        neighbors="exact" if codes.shape[1] <= 30 else "auto",
        # For few codes, threads cost more time than they save.
        n_jobs=(os.cpu_count() or 1) if len(codes) > MIN_CODES_FOR_THREADS else 1,
        early_exaggeration_iter=EXAGGERATED_STEPS,
        n_iter=PLAIN_STEPS,
        callbacks=report,
        callbacks_every_iters=REPORT_INTERVAL,
        random_state=0,
    )
    return np.asarray(method.fit(codes), np.float32)


def _umap(
    codes: NDArray[np.float32],
    initial: NDArray[np.float32] | None,
    task: BackgroundComputation[NDArray[np.float32]],
) -> NDArray[np.float32]:
    task.tell("Loading UMAP", None)
    try:
        from umap import UMAP
    except ImportError as error:
        raise RunError("UMAP is not installed.", how_to_install("umap")) from error
    task.tell("UMAP", None)
    start: Any = "spectral" if initial is None else initial * 3
    method = UMAP(
        n_neighbors=min(15, len(codes) - 1),
        init=start,
        random_state=0,
        n_jobs=1,
        tqdm_kwds={
            "disable": False,
            "file": _ProgressStream(task),
            "mininterval": 0.1,
            "bar_format": "{percentage}",
        },
    )
    return np.asarray(method.fit_transform(codes), np.float32)


class _ProgressStream(io.StringIO):
    """Stream of UMAP's progress bar, the only way to observe and to stop it."""

    def __init__(self, task: BackgroundComputation[NDArray[np.float32]]) -> None:
        super().__init__()
        self._task = task

    @override
    def write(self, text: str) -> int:
        """Report a percentage; raise `Stopped` if the computation was stopped."""
        if self._task.stopped.is_set():
            raise Stopped
        with suppress(ValueError):
            self._task.tell("UMAP", min(1.0, float(text.strip()) / 100))
        return len(text)


def _place_rest(
    codes: NDArray[np.float32],
    anchors: NDArray[np.int64],
    xy: NDArray[np.float32],
    task: BackgroundComputation[NDArray[np.float32]],
) -> NDArray[np.float32]:
    """Place the other rows at the weighted mean of their three nearest projected rows."""
    index = NearestCodes(codes[anchors])
    positions = np.empty((len(codes), 2), np.float32)
    for start in range(0, len(codes), BLOCK):
        if task.stopped.is_set():
            raise Stopped
        distances, near = index.nearest(codes[start : start + BLOCK], 3)
        weights = 1 / np.maximum(distances**2, 1e-9)
        weights /= weights.sum(1, keepdims=True)
        positions[start : start + BLOCK] = (xy[near] * weights[:, :, None]).sum(1)
        task.tell("Placing the other codes", start / len(codes))
    positions[anchors] = xy
    return positions


class Stopped(Exception):
    """Raised to end a computation that was stopped; its result is not used."""
