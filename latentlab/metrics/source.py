"""What metrics are computed from: a model, images, and what is derived from both once."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch

from latentlab.data.sample import sample_of, sample_rows
from latentlab.latent.encode import (
    decode_means,
    empty_codes,
    encode_pieces,
    label_tensor,
    to_bytes,
    to_model_input,
)
from latentlab.latent.mixture_prior import sample_mixture
from latentlab.latent.prior_samples import sample_prior
from latentlab.metrics.factors import Factors, factors_of
from latentlab.metrics.metric import Need
from latentlab.work import Progress, in_thread, with_progress

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from numpy.typing import NDArray

    from latentlab.data.condition import LabelArray
    from latentlab.data.image_set import ImageSet
    from latentlab.latent.codes import Codes
    from latentlab.metrics.extractors import Extractor
    from latentlab.models.base import Model
    from latentlab.models.image_classifier import ImageClassifier

BATCH = 64
"""Images in one step of decoding or of features."""
MAX_TRAINING_CODES = 20_000
"""Training images that are encoded at most."""


class Source:
    """A model and the images that it is measured on; everything derived is computed once.

    Parameters
    ----------
    model : Model
        The model, in evaluation mode.
    images : ImageSet or None
        N images to measure on.
    split : str
        What they are, such as ``"test"``.
    training : ImageSet or None
        Training images; None if unknown.
    epoch : int
        Epochs of training.
    weights : str
        Hash of the weights; empty if unknown.
    classifier : tuple of str and ImageClassifier, or None
        Name and function of a classifier of the user, of the classes of the images.
    """

    def __init__(
        self,
        model: Model,
        images: ImageSet | None,
        split: str,
        training: ImageSet | None = None,
        *,
        epoch: int = 0,
        weights: str = "",
        classifier: tuple[str, ImageClassifier] | None = None,
    ) -> None:
        self.model, self.split, self.training = model, split, training
        self.epoch, self.weights, self.classifier = epoch, weights, classifier
        self._images = images if images is not None and len(images) else None
        self._kept: dict[Any, Any] = {}

    def has(self, need: Need) -> bool:
        """Return whether model and images meet a need."""
        model, images = self.model, self._images
        match need:
            case Need.IMAGES:
                return images is not None
            case Need.ENCODER:
                return model.has_encoder
            case Need.POSTERIOR:
                return model.has_encoder and model.has_posterior
            case Need.GAUSSIAN_POSTERIOR:
                return model.has_encoder and model.has_posterior and model.has_gaussian_posterior
            case Need.PRIOR_DENSITY:
                return model.has_prior_density
            case Need.COMMON_PRIOR:
                return not model.has_prior_given_label
            case Need.DIMENSIONS:
                return model.latent_dim > 1
            case Need.CLASSES:
                labels = None if images is None else images.labels
                return labels is not None and len(np.unique(labels)) > 1
            case Need.FACTORS:
                return self._factors is not None
            case Need.TRAINING:
                return self.training is not None and len(self.training) > 1

    @property
    def images(self) -> ImageSet:
        """The images to measure on; only for metrics that need them."""
        assert self._images is not None
        return self._images

    @property
    def labels(self) -> NDArray[np.int64]:
        """Class of each image, shape (N,); only for metrics that need classes."""
        assert self.images.labels is not None
        return self.images.labels

    @cached_property
    def unseen(self) -> tuple[str, ...]:
        """Names of the classes of the images of which there is no training image."""
        images, training = self._images, self.training
        if images is None or images.labels is None or training is None or training.labels is None:
            return ()
        unseen = np.setdiff1d(images.labels, training.labels)
        return tuple(images.spec.class_names[label] for label in unseen.tolist())

    @property
    def factors(self) -> Factors:
        """Factors of the images; only for metrics that need them."""
        assert self._factors is not None
        return self._factors

    @cached_property
    def _factors(self) -> Factors | None:
        return None if self._images is None else factors_of(self._images.attributes)

    def rows(self, count: int) -> NDArray[np.int64]:
        """Return at most `count` random rows of the images, ascending, the same each time."""
        return sample_rows(len(self.images), count)

    def codes(self) -> Generator[Progress, None, Codes]:
        """Return the codes of the images."""
        return self._once("codes", lambda: self._encode(self.images, "Encoding the images"))

    def training_codes(self) -> Generator[Progress, None, Codes]:
        """Return the codes of a random sample of the training images."""
        assert self.training is not None
        few, text = sample_of(self.training, MAX_TRAINING_CODES), "Encoding training images"
        return self._once("training codes", lambda: self._encode(few, text))

    def _encode(self, images: ImageSet, message: str) -> Generator[Progress, None, Codes]:
        pieces = encode_pieces(self.model, images, empty_codes(self.model.latent_dim))
        return with_progress(pieces, message)

    def reconstructions(self) -> Generator[tuple[float, torch.Tensor, torch.Tensor]]:
        """Yield fraction done, images and decoded posterior means, (B, C, H, W) in [0, 1]."""
        size = self.images.spec.at_once(BATCH)
        for start in range(0, len(self.images), size):
            part = self.images[start : start + size]
            with torch.inference_mode():
                x, y = to_model_input(part.images), label_tensor(self.model, part.y)
                mean = self.model.decode(self.model.encode(x, y).mean, y).mean.clamp(0, 1)
            yield start / len(self.images), x, mean

    def sample_labels(self, count: int, seed: int) -> LabelArray | None:
        """Return labels of samples, drawn from those of the images; None without any."""
        y = self.images.y if self.model.conditional else None
        if y is None:
            return None
        rows = np.random.default_rng(seed).integers(len(y), size=count)
        return cast("LabelArray", np.asarray(y)[rows])

    def prior_points(self, count: int, seed: int) -> NDArray[np.float32]:
        """Draw points of shape (count, D) from the prior, given `sample_labels`."""
        return sample_prior(self.model, count, seed, self.sample_labels(count, seed))

    def samples(self, count: int, seed: int) -> Generator[Progress, None, NDArray[np.uint8]]:
        """Return the decoded means of `count` points of the prior, (count, C, H, W), as bytes."""
        key = ("samples", count, seed)
        return self._once(key, lambda: self.decode(self.prior_points(count, seed), seed))

    def mixture_samples(
        self, count: int, seed: int, components: int
    ) -> Generator[Progress, None, NDArray[np.uint8]]:
        """Return samples like `samples`, of a mixture of Gaussians fitted to codes.

        The codes are those of training images, or, if there are none, of the images.
        """
        codes = yield from (self.training_codes() if self.training else self.codes())
        fit = partial(sample_mixture, codes, count, seed, components)
        z = yield from in_background(fit, "Fitting the mixture")
        return (yield from self.decode(z, seed))

    def decode(
        self, z: NDArray[np.float32], seed: int
    ) -> Generator[Progress, None, NDArray[np.uint8]]:
        """Return decoded means as bytes, (n, C, H, W), given `sample_labels`."""
        labels, parts = self.sample_labels(len(z), seed), []
        for start in range(0, len(z), BATCH):
            rows = slice(start, start + BATCH)
            means = decode_means(self.model, z[rows], None if labels is None else labels[rows])
            parts.append(to_bytes(torch.from_numpy(means)).numpy())
            yield Progress("Decoding samples", start / len(z))
        return np.concatenate(parts)

    def image_features(
        self, extractor: Extractor, count: int
    ) -> Generator[Progress, None, NDArray[np.float64]]:
        """Return the features of `count` random images, (n, F)."""
        pixels = sample_of(self.images, count).images
        key = ("image features", extractor.name, extractor.path, count)
        return self._once(key, lambda: extractor.features(pixels, "Features of images"))

    def sample_features(
        self, extractor: Extractor, count: int, seed: int
    ) -> Generator[Progress, None, NDArray[np.float64]]:
        """Return the features of `samples`, (n, F)."""

        def make() -> Generator[Progress, None, NDArray[np.float64]]:
            pixels = yield from self.samples(count, seed)
            return (yield from extractor.features(pixels, "Features of samples"))

        return self._once(("sample features", extractor.name, extractor.path, count, seed), make)

    def _once[T](
        self, key: Any, make: Callable[[], Generator[Progress, None, T]]
    ) -> Generator[Progress, None, T]:
        if key not in self._kept:
            self._kept[key] = yield from make()
        found: T = self._kept[key]
        return found


def in_background[T](work: Callable[[], T], message: str) -> Generator[Progress, None, T]:
    """Run work without pauses in a thread, and report a message until it is done."""
    return with_progress(in_thread(work), message)
