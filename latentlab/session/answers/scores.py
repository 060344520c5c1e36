"""Answers about how strange images are to the model."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np

from latentlab.data.base import Loading
from latentlab.errors import DataError
from latentlab.latent.embed import decode, to_picture
from latentlab.latent.ranking import Scores
from latentlab.latent.scores import elbo_scores
from latentlab.session.answers.base import answer
from latentlab.session.explorer import Explorer
from latentlab.session.requests.files import Exported
from latentlab.session.requests.scores import SaveScores, ScoreImages, ShowImages
from latentlab.session.scores import Thumbnails, save_scores, timed


@answer.register
def _(request: ScoreImages, explorer: Explorer) -> Generator[Loading, None, Scores]:
    model, images = explorer.model, explorer.images
    pieces = elbo_scores(model, images, request.samples, request.seed)
    return timed(pieces, len(images))


@answer.register
def _(request: ShowImages, explorer: Explorer) -> Thumbnails:
    model, images, rows = explorer.model, explorer.images, np.array(request.rows, np.int64)
    if rows.size and not 0 <= rows.min() <= rows.max() < len(images):
        raise DataError(f"There are only {len(images):,} images on the map.")
    part = images[rows]
    made = decode(model, explorer.codes.mu[rows], part.labels)
    return Thumbnails(request.rows, to_picture(part.images), made)


@answer.register
def _(request: SaveScores, explorer: Explorer) -> Exported:
    save_scores(request.scores, request.path, request.by, request.codes, request.class_names)
    return Exported(request.path)
