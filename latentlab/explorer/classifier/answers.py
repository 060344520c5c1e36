"""Answers about a classifier of images: decisions on the map, a plane and the manifold."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from latentlab.errors import RunError
from latentlab.explorer.answer import answer
from latentlab.explorer.classifier.files import read_classifier
from latentlab.explorer.explorer import Explorer
from latentlab.latent.counterfactual import nearest_other
from latentlab.latent.encode import decode_means, to_model_input
from latentlab.latent.grid import plane_points
from latentlab.latent.prior_samples import grid_over_prior
from latentlab.models.image_classifier import ImageClassifier
from latentlab.session.classifier.records import (
    ClassifierCard,
    Counterfactual,
    Decisions,
    PlaneDecisions,
)
from latentlab.session.classifier.requests import (
    ClassifyImages,
    ClassifyManifold,
    ClassifyPlane,
    FindCounterfactual,
    OpenClassifier,
)
from latentlab.session.points import Point
from latentlab.work import Progress, with_progress

STEP_S = 0.012
"""Thread time of one step in seconds."""
FIRST_STEP = 16
"""Images in the first step, before the time of one is known."""
PLANE_SIDE = 48
"""Points along a side at which a plane is classified."""
ZOOM = 6
"""Cells of the result per point, between which probabilities are interpolated."""
MIN_REACH = 3.0
REACHED = 0.995
"""Share of the codes within the classified square."""
MAX_OTHERS = 512
"""Codes from which the search for another decision starts."""
MESSAGE = "Classifying"


@dataclass(frozen=True, slots=True)
class OpenedClassifier:
    """The open classifier of an explorer."""

    card: ClassifierCard
    classifier: ImageClassifier


@answer.register
def _(request: OpenClassifier, explorer: Explorer) -> Generator[Progress, None, ClassifierCard]:
    if explorer.card is None:
        raise RunError("No model is open yet.", "Open one from the library.")
    images = explorer.images if len(explorer.codes) else None
    found = yield from read_classifier(request.path, explorer.card.spec, images)
    card = ClassifierCard(request.path, found.class_names, found.note)
    explorer.classifier = OpenedClassifier(card, found.classifier)
    return card


def _open(explorer: Explorer, card: ClassifierCard) -> ImageClassifier:
    opened = explorer.classifier
    if opened is None or opened.card != card:
        raise RunError(f"The classifier {card.name} is not open any more.", "Open it again.")
    return opened.classifier


@answer.register
def _(request: ClassifyImages, explorer: Explorer) -> Generator[Progress, None, Decisions]:
    classifier, images = _open(explorer, request.classifier), explorer.images

    def part(rows: slice) -> torch.Tensor:
        return to_model_input(images[rows].images)

    found = yield from _probabilities(classifier, len(images), part)
    return _decisions(found)


@answer.register
def _(request: ClassifyManifold, explorer: Explorer) -> Generator[Progress, None, Decisions]:
    grid, y = request.grid, explorer.label_array(request.point)
    lines = grid_over_prior(explorer.model, request.frame, grid.n, grid.span, grid.spacing, y)
    z = plane_points(request.point.z, request.frame, lines)
    found = yield from _decoded(explorer, request.classifier, z, request.point)
    return _decisions(found)


@answer.register
def _(request: ClassifyPlane, explorer: Explorer) -> Generator[Progress, None, PlaneDecisions]:
    frame, codes = request.frame, explorer.codes
    reach = MIN_REACH
    if len(codes):
        reach = max(reach, float(np.quantile(np.abs(frame.place(codes.mu)), REACHED)))
    z = plane_points(request.point.z, frame, np.linspace(-reach, reach, PLANE_SIDE))
    found = yield from _decoded(explorer, request.classifier, z, request.point)
    square = found.reshape(PLANE_SIDE, PLANE_SIDE, -1)
    # Imported here: scipy.ndimage takes 0.5 s to load.
    from scipy.ndimage import zoom

    fine = zoom(square, (ZOOM, ZOOM, 1), order=1, grid_mode=False)
    labels = fine.argmax(-1).astype(np.int64)
    return PlaneDecisions(frame, labels, fine.max(-1).astype(np.float32), reach)


@answer.register
def _(request: FindCounterfactual, explorer: Explorer) -> Generator[Progress, None, Counterfactual]:
    classifier, point = _open(explorer, request.classifier), request.point
    names, z = request.classifier.class_names, np.array(point.z, np.float32)

    def decide(points: NDArray[np.float32]) -> NDArray[np.int64]:
        x = _images_of(explorer, points, point)
        return classifier.probabilities(x).argmax(1).numpy()

    pieces = nearest_other(z, decide, request.target, _near_codes(explorer, z))
    found = yield from with_progress(pieces, "Searching for another decision")
    before = names[int(decide(z[None])[0])]
    if found is None:
        return Counterfactual(None, before)
    after = names[int(decide(found[None])[0])]
    return Counterfactual(
        point.at(tuple(found.tolist())), before, after, float(np.linalg.norm(found - z))
    )


def _near_codes(explorer: Explorer, z: NDArray[np.float32]) -> NDArray[np.float32]:
    mu = explorer.codes.mu
    if not len(mu):
        return np.empty((0, len(z)), np.float32)
    spread = mu[:: max(1, len(mu) // MAX_OTHERS)]
    return spread[:MAX_OTHERS]


def _images_of(explorer: Explorer, z: NDArray[np.float32], point: Point) -> torch.Tensor:
    """Return decoded points with the label of `point`, as the input of a classifier."""
    assert explorer.card
    labels = explorer.card.spec.label_array([point.label] * len(z))
    return torch.from_numpy(decode_means(explorer.model, z, labels))


def _decoded(
    explorer: Explorer, card: ClassifierCard, z: NDArray[np.float32], point: Point
) -> Generator[Progress, None, NDArray[np.float32]]:
    """Return the probabilities at points, (N, K)."""
    classifier = _open(explorer, card)
    return _probabilities(classifier, len(z), lambda rows: _images_of(explorer, z[rows], point))


def _probabilities(
    classifier: ImageClassifier, count: int, part: Callable[[slice], torch.Tensor]
) -> Generator[Progress, None, NDArray[np.float32]]:
    """Classify `count` images, of which `part` returns some, in steps of `STEP_S`."""
    found, done, size = [], 0, FIRST_STEP
    while done < count:
        began = time.thread_time()
        rows = slice(done, min(count, done + size))
        found.append(classifier.probabilities(part(rows)).numpy())
        each = (time.thread_time() - began) / (rows.stop - done)
        done = rows.stop
        size = max(1, int(STEP_S / max(each, 1e-6)))
        yield Progress(MESSAGE, done / count)
    return np.concatenate(found)


def _decisions(found: NDArray[np.float32]) -> Decisions:
    return Decisions(found.argmax(1).astype(np.int64), found.max(1).astype(np.float32))
