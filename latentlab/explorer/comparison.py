"""Comparison of the open model A with a second model B on the same z and images."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from latentlab.data.image_set import ImageSet
from latentlab.data.sample import sample_rows
from latentlab.errors import DataError, LatentlabError, RunError
from latentlab.explorer.answer import answer
from latentlab.explorer.cards import abilities_of
from latentlab.explorer.explorer import Explorer
from latentlab.latent.codes import Codes
from latentlab.latent.dimensions import kl_per_dimension
from latentlab.latent.elbo_scores import ENCODE_BATCH_SIZE, elbo_scores
from latentlab.latent.encode import decode, encode, to_hwc
from latentlab.latent.paired import paired
from latentlab.latent.planes import axes_plane, pca_plane
from latentlab.learning.checkpoint import hash_of_weights, run_folder
from latentlab.learning.events import is_active
from latentlab.runs.library import run_name
from latentlab.runs.onnx_probe import load_probed
from latentlab.session.abilities import KL
from latentlab.session.comparison import (
    CodesMap,
    CompareImage,
    CompareImages,
    CompareMaps,
    ComparePoint,
    CompareSummary,
    Comparison,
    DecodedPair,
    ImageComparison,
    ImageComparisons,
    OpenModelB,
    Reconstruction,
    Summary,
    image_incompatibility,
    point_incompatibility,
)
from latentlab.session.own_image import channels_first
from latentlab.session.points import ModelCard, Original, Point
from latentlab.session.scores.anomalies import with_eta
from latentlab.work import Progress, mapped, with_progress

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from latentlab.data.condition import Label

    Posteriors = tuple[NDArray[np.float32], NDArray[np.float32]]

    from latentlab.latent.ranking import Scores
    from latentlab.models.base import Model

BEST = "best"


class ModelB:
    """Second model for comparison; used on the explorer's thread only.

    Parameters
    ----------
    path : Path
        A run folder or a checkpoint.

    Raises
    ------
    RunError
        If it cannot be loaded.
    """

    def __init__(self, path: Path) -> None:
        self.path, self._mtimes = path, _mtimes(path)
        self.model, checkpoint = load_probed(path)
        folder, recipe = run_folder(path).resolve(), checkpoint.recipe
        best = f" ({BEST})" if path.stem == BEST else ""
        self.card = ModelCard(
            name=run_name(folder) + best,
            source=folder,
            kind=recipe.model.kind,
            latent_dim=self.model.latent_dim,
            conditional=self.model.conditional,
            spec=checkpoint.spec,
            epoch=checkpoint.epoch,
            recipe=recipe.to_dict(),
            weights=hash_of_weights(path),
        )
        self.known = Comparison(path, self.card)

    def is_at(self, path: Path) -> bool:
        """Return whether the model was loaded from the current files at `path`."""
        return self.path == path and self._mtimes == _mtimes(path)


def open_model_b(explorer: Explorer, path: Path) -> Comparison:
    """Load B, or reuse it if unchanged, and reset the comparison.

    Raises
    ------
    RunError
        If B cannot be loaded; there is no second model then.
    """
    before, explorer.second = explorer.second, None
    second = before if before and before.is_at(path) else ModelB(path)
    second.known = Comparison(path, second.card, held_out=explorer.held_out)
    explorer.second = second
    return second.known


def compare_point(
    explorer: Explorer, second: ModelB, point: Point, label: Label | None
) -> DecodedPair:
    """Decode one z with both models."""
    a = explorer.decode(point).pixels
    b = _decode(second, [point.z], label)[0]
    difference = _mse(a[None], b[None])[0] if a.shape == b.shape else None
    return DecodedPair(point, label, a, b, None if difference is None else float(difference))


def compare_image(
    explorer: Explorer, second: ModelB, original: Original, label: Label | None, samples: int
) -> Generator[Progress, None, ImageComparison]:
    """Encode and reconstruct one image with both models, and estimate its scores.

    Parameters
    ----------
    original : Original
        The image.
    label : int, tuple of float, or None
        Label of an image that is not on the map.
    samples : int
        Number of draws of z.
    """
    row, own = original.row, original.point.label
    if row is not None:
        images = explorer.images[row : row + 1]
    else:
        assert explorer.card
        pixels = channels_first(original.pair[0])[None]
        spec = (explorer.card if own is not None else second.card).spec
        y = spec.label_array([label if own is None else own])
        images = ImageSet.labelled(pixels, y, explorer.card.spec)
    pieces = _in_sequence(
        *(elbo_scores(model, images, samples) for model in (explorer.model, second.model))
    )
    scores = yield from with_eta(pieces, 1)
    models = (explorer.model, second.model)
    first, last = (_reconstruction(*pair, images) for pair in zip(models, scores, strict=True))
    return ImageComparison(original, label, first, last)


def compare_images(explorer: Explorer, second: ModelB, rows: tuple[int, ...]) -> ImageComparisons:
    """Reconstruct several images of the map with both models."""
    images = explorer.images[np.array(rows, np.int64)]
    pictures = to_hwc(images.images)
    a, b = (_reconstruct(model, images) for model in (explorer.model, second.model))
    errors = np.stack([_mse(pictures, each) for each in (a, b)])
    return ImageComparisons(rows, pictures, a, b, errors)


def summarise(
    explorer: Explorer, second: ModelB, count: int, samples: int, seed: int
) -> Generator[Progress, None, Summary]:
    """Measure both models on the same held-out images with the same noise.

    Parameters
    ----------
    count : int
        Maximum number of images, a random sample that is the same for each seed.
    samples : int
        Draws of z per image.
    seed : int
        Seed of the sample of images and of the draws of z.
    """
    total = min(explorer.held_out, len(explorer.images)) or len(explorer.images)
    rows = sample_rows(total, count, seed)
    images = explorer.images[rows]
    models = (explorer.model, second.model)
    pieces = _in_sequence(*(elbo_scores(model, images, samples, seed) for model in models))
    a, b = yield from with_eta(pieces, len(images))
    codes = yield from with_progress(_codes(second.model, images), "Counting active dimensions")
    return Summary(
        len(images),
        samples,
        elbo=paired(_if_known(a.elbo, models[0]), _if_known(b.elbo, models[1])),
        distortion=paired(a.elbo - a.rate, b.elbo - b.rate),
        rate=paired(_if_known(a.rate, models[0]), _if_known(b.rate, models[1])),
        error=paired(a.error, b.error),
        active=(
            _active(models[0], (explorer.codes.mu[rows], explorer.codes.sigma[rows])),
            _active(models[1], codes),
        ),
        dimensions=(explorer.model.latent_dim, second.model.latent_dim),
    )


def map_of_b(explorer: Explorer, second: ModelB, count: int) -> Generator[Progress, None, CodesMap]:
    """Encode images of the map with B; show two dimensions as they are, and more by PCA."""
    steps = _codes(second.model, explorer.images[:count])
    mu, _ = yield from with_progress(steps, "Encoding images with model B")
    size = mu.shape[1]
    frame = axes_plane(0, 1, size) if size == 2 or len(mu) < 2 else pca_plane(mu)
    return CodesMap(frame.place(mu), frame.names, has_prior=second.model.has_standard_prior)


def with_result(second: ModelB, **found: object) -> Comparison:
    """Store results in the comparison of A and B and return it."""
    second.known = replace(second.known, **found)  # type: ignore[arg-type]
    return second.known


def _in_sequence(
    *tasks: Generator[float, None, Scores],
) -> Generator[float, None, tuple[Scores, ...]]:
    """Run generators one after another and yield the fraction of all that is done."""
    found = []
    for i, task in enumerate(tasks):
        found.append((yield from mapped(task, partial(_share, i, len(tasks)))))
    return tuple(found)


def _share(part: int, parts: int, fraction: float) -> float:
    return (part + fraction) / parts


def _codes(model: Model, images: ImageSet) -> Generator[float, None, Posteriors]:
    parts = [(np.empty((0, model.latent_dim), np.float32),) * 2]
    for start in range(0, len(images), ENCODE_BATCH_SIZE):
        codes = encode(model, images[start : start + ENCODE_BATCH_SIZE])
        parts.append((codes.mu, codes.sigma))
        yield start / len(images)
    mu, sigma = (np.concatenate(part) for part in zip(*parts, strict=True))
    return mu, sigma


def _if_known(nats: NDArray[np.float64], model: Model) -> NDArray[np.float64]:
    """Return a part of the ELBO; NaN for a model whose codes have no distribution."""
    return nats if model.has_posterior else np.full_like(nats, np.nan)


def _active(model: Model, posteriors: Posteriors) -> int | None:
    """Return the number of active dimensions; None for a model without a KL of each."""
    if KL - abilities_of(model):
        return None
    return int(is_active(kl_per_dimension(Codes(*posteriors, None))).sum())


def _reconstruction(model: Model, scores: Scores, images: ImageSet) -> Reconstruction:
    elbo, rate, error = (float(each[0]) for each in (scores.elbo, scores.rate, scores.error))
    return Reconstruction(_reconstruct(model, images)[0], elbo - rate, rate, error)


def _reconstruct(model: Model, images: ImageSet) -> NDArray[np.uint8]:
    return decode(model, encode(model, images).mu, images.y)


def _decode(second: ModelB, z: list[tuple[float, ...]], label: Label | None) -> NDArray[np.uint8]:
    labels = second.card.spec.label_array([label] * len(z))
    return decode(second.model, np.array(z, np.float32), labels)


def _mse(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the mean squared error of each of N pairs of images, pixel range [0, 1]."""
    error = (a.astype(np.float64) - b) / 255
    return np.square(error).reshape(len(a), -1).mean(1)


def _mtimes(path: Path) -> tuple[int, ...]:
    files = sorted(run_folder(path).glob("*.safetensors"))
    return tuple(file.stat().st_mtime_ns for file in files)


@answer.register
def _(request: OpenModelB, explorer: Explorer) -> Comparison | None:
    if request.path is None:
        explorer.second = None
        return None
    try:
        return open_model_b(explorer, request.path)
    except LatentlabError as error:
        return Comparison(request.path, problem=str(error))


@answer.register
def _(request: ComparePoint, explorer: Explorer) -> Comparison:
    second = second_of(explorer)
    if explorer.card is None or point_incompatibility(explorer.card, second.card):
        return second.known
    return with_result(second, twins=compare_point(explorer, second, request.point, request.label))


@answer.register
def _(request: CompareImage, explorer: Explorer) -> Generator[Progress, None, Comparison]:
    second, original = second_of(explorer), request.original
    if explorer.card is None or image_incompatibility(explorer.card, second.card):
        return second.known
    if channels_first(original.pair[0]).shape != explorer.card.spec.shape:
        return second.known
    judgement = yield from compare_image(explorer, second, original, request.label, request.samples)
    return with_result(second, judgement=judgement)


@answer.register
def _(request: CompareImages, explorer: Explorer) -> Comparison:
    second, count = second_of(explorer), len(explorer.images)
    if explorer.card is None or image_incompatibility(explorer.card, second.card):
        return second.known
    if request.rows and not 0 <= min(request.rows) <= max(request.rows) < count:
        raise DataError(f"There are only {count:,} images on the map.")
    return with_result(second, columns=compare_images(explorer, second, request.rows))


@answer.register
def _(request: CompareMaps, explorer: Explorer) -> Generator[Progress, None, Comparison]:
    second = second_of(explorer)
    if explorer.card is None or image_incompatibility(explorer.card, second.card):
        return second.known
    return with_result(second, map=(yield from map_of_b(explorer, second, request.count)))


@answer.register
def _(request: CompareSummary, explorer: Explorer) -> Generator[Progress, None, Comparison]:
    second = second_of(explorer)
    if explorer.card is None or image_incompatibility(explorer.card, second.card):
        return second.known
    found = yield from summarise(explorer, second, request.images, request.samples, request.seed)
    return with_result(second, summary=found)


def second_of(explorer: Explorer) -> ModelB:
    """Return model B; raise a `RunError` if there is none."""
    if explorer.second is None:
        raise RunError(
            "There is no second model to compare with.", "Choose one in the Compare panel."
        )
    return explorer.second
