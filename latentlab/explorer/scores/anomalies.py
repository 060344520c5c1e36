"""Answers about anomaly scores of images."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np

from latentlab.errors import DataError
from latentlab.explorer.answer import answer
from latentlab.explorer.explorer import Explorer
from latentlab.latent.elbo_scores import elbo_scores
from latentlab.latent.encode import decode, to_hwc
from latentlab.latent.ranking import Scores
from latentlab.session.request import Exported
from latentlab.session.scores.anomalies import (
    DecodeThumbnails,
    SaveScores,
    ScoreImages,
    Thumbnails,
    save_scores,
    with_eta,
)
from latentlab.session.scores.class_scores import SaveClassScores, save_class_scores
from latentlab.work import Progress


@answer.register
def _(request: ScoreImages, explorer: Explorer) -> Generator[Progress, None, Scores]:
    model, images = explorer.model, explorer.images
    pieces = elbo_scores(model, images, request.samples, request.seed)
    return with_eta(pieces, len(images))


@answer.register
def _(request: DecodeThumbnails, explorer: Explorer) -> Thumbnails:
    model, images, rows = explorer.model, explorer.images, np.array(request.rows, np.int64)
    if rows.size and not 0 <= rows.min() <= rows.max() < len(images):
        raise DataError(f"There are only {len(images):,} images on the map.")
    part = images[rows]
    reconstructions = decode(model, explorer.codes.mu[rows], part.y)
    return Thumbnails(request.rows, to_hwc(part.images), reconstructions)


@answer.register
def _(request: SaveScores, explorer: Explorer) -> Exported:
    save_scores(request.scores, request.path, request.by, request.codes, request.class_names)
    return Exported(request.path)


@answer.register
def _(request: SaveClassScores, explorer: Explorer) -> Exported:
    save_class_scores(request)
    return Exported(request.path)
