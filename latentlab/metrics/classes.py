"""Classifiers of images by name: nearest neighbours, or one that the user has opened."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from latentlab.data.image_set import ImageSet
from latentlab.data.sample import sample_of
from latentlab.errors import DataError
from latentlab.latent.encode import empty_codes, encode_pieces, to_model_input
from latentlab.metrics.extractors import OUR_NAME, extractor
from latentlab.metrics.source import MAX_TRAINING_CODES
from latentlab.work import Progress, with_progress

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from numpy.typing import NDArray

    from latentlab.metrics.source import Source
    from latentlab.models.image_classifier import ImageClassifier

    type Points = Generator[Progress, None, NDArray[Any]]

BATCH = 64


@dataclass(frozen=True)
class Decider:
    """Function from images to classes.

    Parameters
    ----------
    name, note : str
        Name in results, and what it was fitted to.
    classes : int
        Number of classes.
    decide : callable
        Maps images (n, C, H, W) to classes, with shape (n,), in pieces.
    neighbours : int or None
        Neighbours that vote.
    """

    name: str
    note: str
    classes: int
    decide: Callable[[NDArray[Any]], Generator[Progress, None, NDArray[np.int64]]]
    neighbours: int | None = None


def class_decider(source: Source, kind: str, neighbours: int) -> Generator[Progress, None, Decider]:
    """Return the classifier of a kind: ``features``, ``codes`` or ``opened``.

    Nearest neighbours are those among the training images.

    Raises
    ------
    DataError
        If it cannot be made; says why.
    """
    if kind == "opened":
        if source.classifier is None:
            raise DataError("No classifier is open.", "Open one, or choose features or codes.")
        name, classifier = source.classifier
        count = classes_of_opened(classifier, source.images)
        return Decider(name, "", count, partial(_opened, classifier))
    training = source.training
    if training is None or training.labels is None:
        raise DataError("Nearest neighbours need labelled training images.", "Open a classifier.")
    if kind == "codes" and (not source.model.has_encoder or source.model.conditional):
        raise DataError("The codes of this model do not tell classes.", "Choose features.")
    few = sample_of(training, MAX_TRAINING_CODES)
    assert few.labels is not None
    points = partial(_codes, source) if kind == "codes" else _features
    known = yield from points(few.images)
    return Decider(
        f"nearest neighbours by {'own codes' if kind == 'codes' else OUR_NAME}",
        f"Neighbours among {len(few):,} training images.",
        few.spec.classes,
        partial(_nearest, points, known, few.labels, neighbours),
        neighbours,
    )


def _features(pixels: NDArray[Any]) -> Points:
    return extractor(None).features(pixels, "Features")


def _codes(source: Source, pixels: NDArray[Any]) -> Points:
    images = ImageSet(pixels, None, source.images.spec)
    pieces = encode_pieces(source.model, images, empty_codes(source.model.latent_dim))
    return (yield from with_progress(pieces, "Encoding samples")).mu


def _nearest(
    points: Callable[[NDArray[Any]], Points],
    known: NDArray[Any],
    labels: NDArray[np.int64],
    neighbours: int,
    pixels: NDArray[Any],
) -> Generator[Progress, None, NDArray[np.int64]]:
    from sklearn.neighbors import KNeighborsClassifier

    fitted = KNeighborsClassifier(min(neighbours, len(known))).fit(known, labels)
    query = yield from points(pixels)
    found = []
    for start in range(0, len(query), BATCH):
        found.append(fitted.predict(query[start : start + BATCH]))
        yield Progress("Nearest neighbours", start / len(query))
    return np.concatenate(found).astype(np.int64)


def _opened(
    classifier: ImageClassifier, pixels: NDArray[Any]
) -> Generator[Progress, None, NDArray[np.int64]]:
    found = []
    for start in range(0, len(pixels), BATCH):
        x = to_model_input(pixels[start : start + BATCH])
        found.append(classifier.probabilities(x).argmax(1).numpy())
        yield Progress("Classifying", start / len(pixels))
    return np.concatenate(found).astype(np.int64)


def classes_of_opened(classifier: ImageClassifier, images: ImageSet) -> int:
    """Return the number of classes of an opened classifier, from one image."""
    return int(classifier.probabilities(to_model_input(images[:1].images)).shape[1])
