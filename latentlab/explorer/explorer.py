"""The explorer: a trained model, its images and their codes, and the operations on them.

It is not thread-safe; in the window it is used on the lane's thread only.
"""

from __future__ import annotations

import math
import time
from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from latentlab.data.binarize import binarize_like
from latentlab.data.condition import label_at
from latentlab.data.data_set import DATA
from latentlab.data.image_set import ImageSet
from latentlab.data.own_image.crop import OwnImage, Preprocessing, largest_frame
from latentlab.data.own_image.preprocess import bounded, fit_picture, read_source
from latentlab.directories import is_imported, resources
from latentlab.errors import DataError, RunError
from latentlab.explorer.cards import card_of
from latentlab.explorer.codes.code_cache import CodeCache
from latentlab.explorer.data.matching_data import EMPTY_MAP_SUFFIX, find_images
from latentlab.explorer.model_cache import ModelCache, OpenedModel, RunFiles, RunImages
from latentlab.explorer.naming import decided
from latentlab.latent.codes import Codes
from latentlab.latent.dimensions import kl_per_dimension
from latentlab.latent.encode import (
    MIN_ENCODED_IMAGES,
    decode,
    empty_codes,
    encode,
    encode_pieces,
    encode_within,
    to_hwc,
)
from latentlab.latent.prior_samples import sample_prior
from latentlab.learning.checkpoint import (
    empty_model,
    hash_of_weights,
    load_weights,
    run_folder,
)
from latentlab.learning.recipe import Recipe, make_recipe
from latentlab.runs.onnx_probe import load_probed
from latentlab.session.abilities import KL, Ability
from latentlab.session.files.mosaic import square_columns
from latentlab.session.points import (
    LatentPath,
    ModelCard,
    Original,
    Picture,
    Point,
    SampleSettings,
    Tiles,
)

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from latentlab.data.condition import Label, LabelArray
    from latentlab.data.data_set import DataConfig
    from latentlab.data.parts import Splits
    from latentlab.explorer.classifier import OpenedClassifier
    from latentlab.explorer.codes.code_index import CodeStatistics
    from latentlab.explorer.comparison import ModelB
    from latentlab.models.base import Model

ADOPT_ENCODE_S = 0.2
"""Time limit in seconds for encoding images of a model under training."""


class Explorer:
    """One model with its images and codes; empty until `open` or `adopt`.

    ``second`` is the model to compare with. The first ``held_out`` images are the validation part
    of the data set.
    """

    def __init__(self) -> None:
        self._model: Model | None = None
        self._whole: ImageSet | None = None
        self._of_run: RunImages | None = None
        self._few: ImageSet | None = None
        self._images: ImageSet | None = None
        self._recipe: Recipe | None = None
        self._spare: Model | None = None
        self.second: ModelB | None = None
        self.held_out = 0
        self._cache = ModelCache()
        self.card: ModelCard | None = None
        self.codes = Codes(np.empty((0, 1), np.float32), np.empty((0, 1), np.float32), None)
        self.path_index: CodeStatistics | None = None
        self.classifier: OpenedClassifier | None = None
        self.known_bookmarks: dict[Path, frozenset[tuple[Point, str]]] = {}
        """Bookmarks of each file as last read or written here: others are of another window."""

    @property
    def model(self) -> Model:
        """The open model.

        Raises
        ------
        RunError
            If no model is open.
        """
        if self._model is None:
            name = f"{self.card.name} holds codes without a model" if self.card else ""
            raise RunError(f"{name or 'No model is open yet'}.", "Open one from the library.")
        return self._model

    @property
    def images(self) -> ImageSet:
        """The images on the map.

        Raises
        ------
        DataError
            If there are none.
        """
        if self._images is None or not len(self._images):
            reason = self.card.note.removesuffix(EMPTY_MAP_SUFFIX) if self.card else ""
            raise DataError(
                f"There are no images on the map{f': {reason}' if reason else ''}.",
                "Open a model whose data set is on this machine.",
            )
        return self._images

    def data_set(self) -> tuple[DataConfig, ImageSet] | None:
        """Return config and images of the open data set; None if there is none."""
        if self._few is None or self.card is None:
            return None
        config = make_recipe(self.card.recipe).data
        # A shipped model is shown with other images than those it was trained on.
        return (config, self._few) if config.kind == self.card.data else None

    def open(self, path: Path, within: float = math.inf) -> ModelCard:
        """Load a run folder or checkpoint, and the images of its map.

        One that was opened before is shown again without being read, unless a file of its folder
        has changed or its images may have.

        If encoding them takes longer than `within` seconds and their codes are not cached, only the
        first images are on the map, and `show_rest` encodes the others.

        Raises
        ------
        RunError
            If it cannot be loaded; the previous model stays open.
        """
        files = RunFiles.at(path)
        opened = self._cache.find(files)
        if opened is None:
            opened = self._read(path, within)
            if opened.few is not None and DATA.kinds()[opened.of_run.data].fixed:
                self._cache.keep(files, opened)
        of_run = self._of_run = opened.of_run
        self.held_out = of_run.held_out
        # Those of the same model, opened again, count as new.
        codes = copy(opened.codes) if opened.codes is self.codes else opened.codes
        # The images differ from those of a model under training, so its buffers are not reused.
        self._spare = None
        self._show(opened.model, of_run.whole, opened.few, codes, None)
        return self._shown(opened.card, of_run.data, of_run.note)

    def _read(self, path: Path, within: float) -> OpenedModel:
        """Read a model and its images, and encode the first ones."""
        model, checkpoint = load_probed(path)
        folder = run_folder(path).resolve()
        shipped = folder.parent == (resources() / "models").resolve()
        splits, data, note = find_images(folder, checkpoint, shipped=shipped)
        held_out = len(splits.validation) if splits is not None else 0
        whole = None if splits is None else splits.whole()
        if whole is not None and (shipped or is_imported(folder)):
            # It is unknown which of these images such a model was trained on.
            whole = replace(whole, parts=None)
        few = None if whole is None else whole.to_explore()
        codes = self._codes_of(model, few, within)
        card = card_of(model, checkpoint.recipe, checkpoint.spec, folder, checkpoint.epoch)
        card = replace(card, weights=hash_of_weights(path))
        of_run = RunImages(whole, checkpoint.spec, data, note, held_out)
        return OpenedModel(model, card, of_run, few, codes)

    def _show_first(self, model: Model, whole: ImageSet | None, within: float) -> None:
        """Encode the first images of a set and show them."""
        few = None if whole is None else whole.to_explore()
        codes = self._codes_of(model, few, within)
        # The images differ from those of a model under training, so its buffers are not reused.
        self._spare = None
        self._show(model, whole, few, codes, None)

    @property
    def run_images(self) -> ImageSet | None:
        """All images of the run's data set, also while others are on the map."""
        return self._of_run.whole if self._of_run else None

    def show_images(
        self, images: ImageSet, name: str, note: str, within: float = math.inf
    ) -> ModelCard:
        """Show other images with the open model.

        Parameters
        ----------
        images : ImageSet
            Images of the model's shape. Their classes may be others, unless it is conditional.
        name : str
            Name of the data set.
        note : str
            Note for the user.
        within : float
            See `open`.
        """
        assert self.card
        self.held_out = 0
        self._show_first(self.model, images, within)
        return self._shown(replace(self.card, spec=images.spec, other=name), name, note)

    def show_run_images(self, within: float = math.inf) -> ModelCard:
        """Show the images of the run again."""
        own = self._of_run
        assert self.card
        assert own
        self.held_out = own.held_out
        self._show_first(self.model, own.whole, within)
        return self._shown(replace(self.card, spec=own.spec, other=""), own.data, own.note)

    def show_codes(self, card: ModelCard, codes: Codes, images: ImageSet | None) -> ModelCard:
        """Show codes without a model, and their images if there are any."""
        self._model = self._spare = self._recipe = self._whole = self._of_run = None
        self._few = self._images = images
        self.held_out, self.codes = 0, codes
        number = self.card.number + 1 if self.card else 0
        self._drop_classifier(card)
        self.card = replace(card, number=number)
        return self.card

    def can(self, ability: Ability) -> bool:
        """Return whether the open model has an ability."""
        return self.card is not None and ability in self.card.abilities

    def kl_per_dimension(self) -> NDArray[np.float64]:
        """Return the mean KL of each dimension over the codes, shape (D,), in nats.

        It is NaN unless posteriors are Gaussian and the prior is standard normal.
        """
        if all(map(self.can, KL)):
            return kl_per_dimension(self.codes)
        return np.full(self.codes.mu.shape[1], np.nan)

    def _codes_of(self, model: Model, images: ImageSet | None, within: float) -> Codes:
        if images is None:
            return empty_codes(model.latent_dim)
        if math.isfinite(within):
            encode(model, images[:1])  # warm-up: exclude one-time costs from the timing
            began = time.thread_time()
            few = encode(model, images[:MIN_ENCODED_IMAGES])
            if len(images) * (time.thread_time() - began) > within * len(few):
                return CodeCache(model, images).read() or few
        return encode(model, images)

    def adopt(
        self,
        recipe: Mapping[str, object],
        splits: Splits,
        weights: Mapping[str, NDArray],
        epoch: int,
        folder: Path | None,
    ) -> Generator[float, None, ModelCard]:
        """Show a model during training, with as many images as can be encoded in `LOOK_S` seconds.

        Yields
        ------
        float
            Fraction done, 0 to 1; the previous model stays in use until the generator is exhausted.
        """
        parsed = make_recipe(recipe)
        same = self._recipe == parsed and self._few is not None
        model = (self._spare if same else None) or empty_model(parsed, splits.spec)
        # Another call may start before this one has finished with the model.
        self._spare = None
        load_weights(model, weights, "The training run")
        if same and self._few is not None:
            codes = yield from encode_pieces(model, self._few, empty_codes(model.latent_dim))
            few = self._few
        else:
            images = splits.to_explore()
            codes = yield from encode_within(model, images, ADOPT_ENCODE_S)
            few = images[: len(codes)]
        self.held_out = len(splits.validation)
        self._spare = self._model if same else None
        whole = self._whole if same and self._whole is not None else splits.whole()
        kind, note = parsed.data.kind, splits.notes
        self._of_run = RunImages(whole, splits.spec, kind, note, self.held_out)
        self._show(model, whole, few, codes, parsed)
        return self._shown(card_of(model, parsed, splits.spec, folder, epoch), kind, note)

    def _show(
        self,
        model: Model,
        whole: ImageSet | None,
        few: ImageSet | None,
        codes: Codes,
        recipe: Recipe | None,
    ) -> None:
        self._model, self._whole, self._recipe, self._few = model, whole, recipe, few
        # Rows of several parts would be copied.
        shown = few[: len(codes)] if few and len(codes) < len(few) else few
        self._images, self.codes = shown or None, codes

    def _shown(self, card: ModelCard, data: str, note: str) -> ModelCard:
        card = replace(card, data=data, note=note, images=self._total)
        self._drop_classifier(card)
        self.card = card.numbered_after(self.card)
        return self.card

    def _drop_classifier(self, card: ModelCard) -> None:
        """Forget the classifier if it is for images of another shape than the next model's."""
        if self.card is None or self.card.spec.shape != card.spec.shape:
            self.classifier = None

    @property
    def _total(self) -> int:
        return 0 if self._whole is None else len(self._whole)

    @property
    def has_more(self) -> bool:
        """Whether `show_rest` would add images to the map."""
        return self._few is not None and len(self.codes) < len(self._few)

    def show_rest(self) -> Generator[float, None, Codes | None]:
        """Encode the images that `open` skipped, and cache the codes on disk.

        Yields and returns the same as `show_all`.
        """
        few, model = self._few, self.model
        codes = yield from self._show_more(few)
        if few is not None and codes is not None:
            CodeCache(model, few).write(codes)
            self._cache.complete(few, codes)
        return codes

    def show_all(self) -> Generator[float, None, Codes | None]:
        """Encode all images of both parts and add them to the map, after the existing ones.

        Yields
        ------
        float
            Fraction done, 0 to 1, every few milliseconds.

        Returns
        -------
        Codes or None
            None if the model or its codes changed meanwhile.
        """
        return self._show_more(self._whole)

    def _show_more(self, images: ImageSet | None) -> Generator[float, None, Codes | None]:
        existing = self.codes
        if images is None or len(existing) >= len(images):
            return existing
        pieces = encode_pieces(self.model, images, existing)
        while True:
            try:
                yield next(pieces)
            except StopIteration as done:
                codes: Codes = done.value
                break
            if self.codes is not existing:
                return None
        # Compute the cached properties here rather than on the GUI thread.
        _ = codes.center, codes.spread
        self._images, self.codes = images, codes
        return codes

    def decode(self, point: Point) -> Picture:
        """Decode one point."""
        return Picture(point, self._decode([point])[0])

    def tiles(self, points: tuple[Point, ...], columns: int) -> Tiles:
        """Decode many points."""
        return Tiles(points, self._decode(points), columns)

    def draw(self, settings: SampleSettings) -> tuple[Point, ...]:
        """Draw points from the prior, given the label that each is decoded with."""
        model = self.model
        assert self.card
        spec, count = self.card.spec, settings.count
        labels: Sequence[Label | None] = [settings.label] * count
        if settings.label is None and model.conditional:
            y = spec.labels_in_turn(count)
            labels = [label_at(y, row) for row in range(count)]
        given = [self._point([], label) for label in labels]
        y = spec.label_array(point.label for point in given)
        z = sample_prior(model, count, settings.seed, y).tolist()
        return tuple(point.at(tuple(each)) for point, each in zip(given, z, strict=True))

    def label_array(self, point: Point) -> LabelArray:
        """Return the label that a point is decoded with, with shape (1,) or (1, K)."""
        assert self.card
        return self.card.spec.label_array([point.label])

    def samples(self, settings: SampleSettings, columns: int = 0) -> Tiles:
        """Decode points drawn from the prior."""
        return self.tiles(self.draw(settings), columns or square_columns(settings.count))

    def original(self, row: int) -> Original:
        """Return an image of the map and its reconstruction."""
        images = self.codes if self._model is None else self._images
        if images is None or not 0 <= row < len(images):
            raise DataError(f"There is no image {row} on the map.")
        name = self.card.name_of(self.codes, row) if self.card else str(row)
        if self._model is None or self._images is None:
            return self._original_of_code(name, row)
        image = self._images[row : row + 1]
        return replace(self._original(name, image), row=row)

    def encode(self, path: Path, label: Label | None = None) -> Original:
        """Encode the user's image from a file.

        Raises
        ------
        DataError
            If the file is not an image.
        """
        if self.card is None:
            raise RunError("No model is open yet.", "Open one from the library.")
        return self.encode_own(OwnImage(read_source(path), Preprocessing(automatic=True)), label)

    def encode_own(self, own: OwnImage, label: Label | None = None) -> Original:
        """Encode an image in memory; a crop that does not fit the model is replaced."""
        if self.card is None:
            raise RunError("No model is open yet.", "Open one from the library.")
        spec, source = self.card.spec, bounded(own.source)
        frame = own.fitting.frame
        if frame is None or source is not own.source or not frame.fits(spec, source.size):
            frame = largest_frame(source.size, spec)
        fitting = decided(replace(own.fitting, frame=frame), source, spec, self._images)
        valid = label if label is not None and spec.accepts(label) else None
        y = spec.label_array([valid]) if self.card.conditional else None
        images = ImageSet.labelled(fit_picture(source, fitting, spec)[None], y, spec)
        images = binarize_like(images, self.card.recipe)[:]
        same = source is own.source and fitting == own.fitting
        own = own if same else OwnImage(source, fitting)
        return replace(self._original(source.name, images, valid), own=own)

    def start(self) -> tuple[Point, LatentPath, Original | None]:
        """Return an initial point and image, typical of the data, and a path between two others."""
        if not len(self.codes):
            latent_dim = self.codes.mu.shape[1]
            a, b = (self._point([side] * latent_dim, None) for side in (-1.0, 1.0))
            return a, LatentPath(a, b), None
        codes = self.codes
        rows = codes.ends()
        # With a class of its own at each end, a conditional model would jump from one to the other.
        is_conditional = self.card is not None and self.card.conditional
        labels = [codes.label_of(row) for row in (rows[:1] * 2 if is_conditional else rows)]
        a, b = (
            self._point(codes.mu[row].tolist(), label)
            for row, label in zip(rows, labels, strict=True)
        )
        classes = self.card.spec.classes if self.card else 0
        original = self.original(codes.typical(2 if classes > 8 else 0))
        return original.point, LatentPath(a, b), original

    def _point(self, z: list[float], label: Label | None) -> Point:
        assert self.card
        return self.card.point(z, label)

    def _original(self, name: str, image: ImageSet, label: Label | None = None) -> Original:
        """Encode an image; `label` is its label with all digits, if not only its array has it."""
        codes = encode(self.model, image)
        label = codes.label_of(0) if label is None else label
        point = self._point(codes.mu[0].tolist(), label)
        picture, reconstruction = to_hwc(image.images)[0], self.decode(point).pixels
        sigma = tuple(codes.sigma[0].tolist())
        return Original(name, point, picture, reconstruction, sigma=sigma)

    def _original_of_code(self, name: str, row: int) -> Original:
        """Return a code without a model as an image, with its pixels if there are any."""
        point = self._point(self.codes.mu[row].tolist(), None)
        picture = None if self._images is None else to_hwc(self._images.images[row])
        sigma = tuple(self.codes.sigma[row].tolist()) if self.can(Ability.POSTERIOR) else ()
        return Original(name, point, picture, None, row, sigma)

    def _decode(self, points: list[Point] | tuple[Point, ...]) -> NDArray[np.uint8]:
        z = np.array([point.z for point in points], np.float32)
        model = self.model
        assert self.card
        return decode(model, z, self.card.spec.label_array(point.label for point in points))
