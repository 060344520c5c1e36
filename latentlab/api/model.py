"""A trained model on numpy arrays: encode, decode, sample, interpolate and score."""

from __future__ import annotations

import base64
import html
import io
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, override

import numpy as np

from latentlab.api.arguments import grid_points, labels_of, points_of
from latentlab.api.codes import CodeTable
from latentlab.api.films import film
from latentlab.api.images import channels_last, data_config, image_set, to_numpy
from latentlab.api.metrics import given_images, measured
from latentlab.data.binarize import binarize_like
from latentlab.data.condition import label_at, label_between
from latentlab.data.conditions import with_values
from latentlab.directories import expanded, resources
from latentlab.directories import runs as runs_folder
from latentlab.errors import DataError, RunError, listed, one_of
from latentlab.explorer.cards import card_of
from latentlab.explorer.explorer import Explorer
from latentlab.explorer.files.synthetic import write_dataset
from latentlab.explorer.import_ import check_choices, is_foreign, open_foreign
from latentlab.explorer.interpolation import decode_path
from latentlab.explorer.naming import image_row
from latentlab.explorer.report import write_report
from latentlab.latent.codes import Codes
from latentlab.latent.elbo_scores import check_has_elbo, elbo_scores
from latentlab.latent.encode import decode_means, decode_samples, encode, to_hwc
from latentlab.latent.interpolation.curves import PathKind, lerp, slerp
from latentlab.latent.mixture_prior import sample_mixture
from latentlab.latent.prior_samples import sample_prior, sample_standard_normal
from latentlab.learning.checkpoint import run_folder
from latentlab.runs.imported import read_import_record
from latentlab.runs.model_export import ModelSource, export_model
from latentlab.runs.onnx_probe import load_probed
from latentlab.session.files.model_export import ModelPart
from latentlab.session.files.mosaic import tile
from latentlab.session.points import LatentPath
from latentlab.work import finish

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from os import PathLike

    from numpy.typing import ArrayLike, NDArray

    from latentlab.api.arguments import Labels
    from latentlab.data.condition import Label, LabelArray
    from latentlab.data.image_set import ImageSet, ImageSpec
    from latentlab.explorer.naming import GivenLabel
    from latentlab.latent.ranking import Scores
    from latentlab.metrics.measurement import Outcome
    from latentlab.session.points import ModelCard


PREVIEW_IMAGES = 16


def load(path: str | PathLike[str], choices: Mapping[str, str] | None = None) -> Model:
    """Load a trained model, on the CPU.

    Parameters
    ----------
    path : path or str
        Run folder, checkpoint file, name of a run in the library, or of a shipped model, such as
        ``"digits-2d"``; or a model of another program, which is converted into a run of the
        library. A path that exists comes before a name.
    choices : mapping, optional
        What the file of another program does not say, by key, such as ``{"output": "tanh"}``;
        `latentlab.info` lists the keys and what is taken without them.

    Raises
    ------
    RunError
        If there is no such model, it cannot be read, or it leaves no such choice.
    """
    found = find_model(expanded(Path(path)))
    if is_foreign(found):
        check_choices(found, choices or {})
        found = open_foreign(found, choices or {})
    elif choices:
        raise RunError(f"{path} is a model of latentlab, which leaves no choices.")
    return Model(found)


def find_model(path: Path) -> Path:
    """Return the path of a model that is given by path or by name; not read yet."""
    if path.exists():
        return path
    named = (parent / path for parent in (resources() / "models", runs_folder()))
    return next((found for found in named if found.exists()), path)


class Model:
    """A trained VAE on numpy arrays; `latentlab.load` makes it.

    Images: see `latentlab.api.images`. Labels, which only a conditional model takes: class names as
    text, or indices as numbers, one for each image or one for all. With several conditions: a
    mapping of their names to values or arrays, as ``{"age": 30, "sex": "female"}``, where a text is
    the name of a class and a number its index.

    Parameters
    ----------
    path : Path
        Run folder or checkpoint file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._network, self._checkpoint = load_probed(path)
        self.folder: Path = run_folder(path).resolve()
        found = self._checkpoint
        self._card = card_of(self._network, found.recipe, found.spec, self.folder, found.epoch)

    @property
    def card(self) -> ModelCard:
        """Description of the model, as the window shows it."""
        return self._card

    @property
    def name(self) -> str:
        """Name in the library."""
        return self._card.name

    @property
    def latent_dim(self) -> int:
        """Number of latent dimensions D."""
        return self._card.latent_dim

    @property
    def spec(self) -> ImageSpec:
        """Shape (channels, height, width), class names and conditions of its images."""
        return self._card.spec

    @property
    def conditional(self) -> bool:
        """Whether it needs class labels."""
        return self._card.conditional

    @property
    def recipe(self) -> dict[str, Any]:
        """Recipe as plain values, by table."""
        return self._card.recipe

    @property
    def note(self) -> str:
        """How a model of another program was understood; empty for one of latentlab."""
        found = read_import_record(self.folder)
        return " ".join(found.remarks) if found else ""

    @property
    def network(self) -> Any:
        """The torch module, whose `encode`, `decode` and `prior` return distributions."""
        return self._network

    @cached_property
    def explorer(self) -> Explorer:
        """The model with the images of its run, which are read at the first use."""
        explorer = Explorer()
        explorer.open(self._path)
        return explorer

    # Encode and decode

    def encode(
        self, images: ArrayLike, labels: Labels = None
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return mean and standard deviation of q(z|x), each of shape (N, D)."""
        codes = encode(self._network, self._images(images, labels))
        return codes.mu, codes.sigma

    def decode(
        self, z: ArrayLike, labels: Labels = None, *, sample: bool = False, seed: int = 0
    ) -> NDArray[np.float32]:
        """Return the means of p(x|z) of points of shape (N, D) or (D,), as images in [0, 1].

        With `sample` an image is drawn from each p(x|z) instead, with the random numbers of `seed`,
        and limited to [0, 1].
        """
        points = points_of(z, self.latent_dim)
        known = self._labels(labels, len(points))
        if sample:
            return channels_last(decode_samples(self._network, points, known, seed))
        return self._decode(points, known)

    def reconstruct(self, images: ArrayLike, labels: Labels = None) -> NDArray[np.float32]:
        """Return the decoded posterior means of images."""
        mu, _ = self.encode(images, labels)
        return self.decode(mu, labels)

    def transfer(self, images: ArrayLike, labels: Labels, to: Labels) -> NDArray[np.float32]:
        """Encode images with their labels and decode them with others: their style is transferred.

        It assumes that z is independent of the label. With a prior that depends on it, z is typical
        of its own label, and images of others may look wrong.

        Parameters
        ----------
        images : array_like
            N images.
        labels, to : str, int, mapping or array
            Labels of the images, and those that they are decoded with.

        Raises
        ------
        DataError
            If the model is not conditional.

        References
        ----------
        Semi-Supervised Learning with Deep Generative Models, Kingma et al., 2014, figure 1b
        (analogies: style and content are separated).
        """
        if not self.conditional:
            raise DataError(
                f"{self.name} is not conditional: it decodes without a label.",
                "Load a conditional model, such as digits-cvae.",
            )
        mu, _ = self.encode(images, labels)
        return self.decode(mu, to)

    def score(
        self, images: ArrayLike, labels: Labels = None, *, draws: int = 50, seed: int = 0
    ) -> Scores:
        """Score images by the negative ELBO and its parts.

        Returns
        -------
        Scores
            ``elbo`` (negative ELBO) and ``rate`` in nats per image, ``error`` as mean squared error
            per pixel, each of shape (N,).

        References
        ----------
        Auto-Encoding Variational Bayes, Kingma & Welling, 2013, eq. 7.
        """
        check_has_elbo(self._network)
        return finish(elbo_scores(self._network, self._images(images, labels), draws, seed))

    def metrics(
        self,
        names: Sequence[str] | None = None,
        images: ArrayLike | None = None,
        labels: Labels = None,
        *,
        settings: Mapping[str, Mapping[str, Any]] | None = None,
        count: int | None = None,
        split: str = "",
    ) -> dict[str, Outcome]:
        """Measure metrics on images, or on held-out images of the run.

        Parameters
        ----------
        names : sequence of str, optional
            Kinds of metrics, such as ``"log-likelihood"``; all by default.
        images, labels : array_like, optional
            Images and their classes; by default those of the run, whose measurements are added to
            ``measurements.json`` of its folder.
        settings : mapping, optional
            Values of settings by kind, such as ``{"log-likelihood": {"k": 5000}}``.
        count : int, optional
            Images at most.
        split : {"", "test", "validation"}
            Part of the run's data; by default the test images if there are any.

        Returns
        -------
        dict of str to Measurement or Refusal
            By kind; a refusal has the ``reason`` why there is no number.
        """
        given = None if images is None else given_images(self, images, labels)
        return measured(self, names, given, settings, count, split)

    # Generate

    def draw(
        self, n: int, labels: Labels = None, *, seed: int = 0, prior: str = "model"
    ) -> NDArray[np.float32]:
        """Draw points of shape (n, D); equal seeds give equal points.

        Parameters
        ----------
        n : int
            Number of points.
        labels : str, int, mapping or array, optional
            What the points will be decoded with: needed if the prior of the model depends on the
            label, else ignored.
        seed : int
            Seed of the random numbers.
        prior : {"model", "standard", "mixture"}
            The model's own prior, N(0, I), or a mixture of Gaussians fitted to the codes of its
            data.

        References
        ----------
        From Variational to Deterministic Autoencoders, Ghosh et al., 2020, section 4 (ex-post
        density estimation).
        """
        is_needed = prior == "model" and self._network.has_prior_given_label
        known = self._labels(labels, n) if is_needed or labels is not None else None
        return self._draw(n, known, seed, prior)

    def _draw(
        self, n: int, labels: LabelArray | None, seed: int, prior: str
    ) -> NDArray[np.float32]:
        if n < 0:
            raise DataError(f"{n} points cannot be drawn.", "Give 0 or more.")
        if prior == "model":
            return sample_prior(self._network, n, seed, labels)
        if prior == "standard":
            return sample_standard_normal(self.latent_dim, n, seed)
        if prior != "mixture":
            raise DataError(f"There is no prior {prior!r}.", "Choose model, standard or mixture.")
        if self._network.has_prior_given_label:
            raise DataError(
                "Codes of this model depend on the label, and a mixture of all codes does not.",
                "Choose the prior of the model.",
            )
        _ = self.explorer.images  # raises if there are none
        return sample_mixture(self.explorer.codes, n, seed)

    def sample(
        self, n: int, labels: Labels = None, *, seed: int = 0, prior: str = "model"
    ) -> NDArray[np.float32]:
        """Decode `n` points drawn from a prior.

        Without labels all classes, or combinations of conditions, alternate.
        """
        if labels is None and self.conditional:
            known: LabelArray | None = self.spec.labels_in_turn(n)
        else:
            known = self._labels(labels, n)
        return self._decode(self._draw(n, known, seed, prior), known)

    def manifold(
        self,
        n: int = 20,
        span: float = 3.0,
        *,
        spacing: str = "uniform",
        dimensions: tuple[int, int] = (0, 1),
        center: ArrayLike | None = None,
        label: GivenLabel = None,
    ) -> NDArray[np.float32]:
        """Decode a grid over two dimensions.

        Parameters
        ----------
        n : int
            Images along each side.
        span : float
            Half the side, in standard deviations of the prior.
        spacing : {"uniform", "quantile"}
            Equal steps, or equal shares of the prior between neighbours.
        dimensions : tuple of int
            Dimensions across and up, from 0.
        center : array_like, shape (D,), optional
            Values of the other dimensions; 0 by default.
        label : str, int or mapping, optional
            Class or conditions, for a conditional model.

        Returns
        -------
        ndarray of float32, shape (n, n, H, W[, C])
            Row by row from the top, as in the window; for one dimension the shape is (1, n, ...).
        """
        known = self._labels(label, 1)
        z = grid_points(self._network, n, span, spacing, dimensions, center, known)
        rows = 1 if self.latent_dim == 1 else n
        images = self._decode(z, None if known is None else known.repeat(len(z), axis=0))
        return images.reshape(rows, n, *images.shape[1:])

    def interpolate(
        self,
        a: ArrayLike | str,
        b: ArrayLike | str,
        steps: int = 12,
        *,
        path: str = "straight",
        labels: Labels = None,
    ) -> NDArray[np.float32]:
        """Decode the points of a path from `a` to `b`, both included.

        Parameters
        ----------
        a, b : array_like, shape (D,), or str
            Points, or names of images of the run's data, as `find` takes them.
        steps : int
            Number of images.
        path : {"straight", "spherical", "data", "geodesic"}
            Straight line; arc around the origin; through the codes of the run's data; or the
            shortest path by the change of the decoded image.
        labels : str, int or pair of these, optional
            Label of both ends, or of each, for a conditional model; by default that of a named
            image. The first half of the path has the class of `a`; continuous conditions change
            evenly.
        """
        return self._decode(*self.path(a, b, steps, path=path, labels=labels))

    def path(
        self,
        a: ArrayLike | str,
        b: ArrayLike | str,
        steps: int = 12,
        *,
        path: str = "straight",
        labels: Labels = None,
    ) -> tuple[NDArray[np.float32], LabelArray | None]:
        """Return the points (steps, D) of `interpolate`, and their labels."""
        kinds = [kind.value for kind in PathKind]
        if path not in kinds:
            raise DataError(f"There is no path {path!r}.", f"Choose {one_of(kinds)}.")
        known = None if labels is None else self._labels(labels, 2)
        first, last = (None, None) if known is None else (label_at(known, row) for row in (0, 1))
        ends = [self._end(a, first), self._end(b, last)]
        if path in (PathKind.STRAIGHT, PathKind.SPHERICAL):
            share = np.linspace(0, 1, steps)
            z = (lerp if path == PathKind.STRAIGHT else slerp)(ends[0][0], ends[1][0], share)
            between = partial(label_between, self.spec.conditions, ends[0][1], ends[1][1])
            return z, self._label_array(map(between, share.tolist()))
        start, stop = (self._card.point(z.tolist(), label) for z, label in ends)
        found = finish(decode_path(self.explorer, LatentPath(start, stop, steps), PathKind(path)))
        points = found.tiles.points
        z = np.array([point.z for point in points], np.float32)
        return z, self._label_array(point.label for point in points)

    def _label_array(self, labels: Iterable[Label | None]) -> LabelArray | None:
        return self.spec.label_array(labels) if self.conditional else None

    def _end(
        self, end: ArrayLike | str, label: Label | None
    ) -> tuple[NDArray[np.float32], Label | None]:
        """Return an end of a path and its label."""
        if isinstance(end, str):
            z, own = self.find(end)
        else:
            z, own = points_of(end, self.latent_dim)[0], None
        labels = self._labels(own if label is None else label, 1)
        return z, None if labels is None else label_at(labels, 0)

    # The data of the run

    def find(self, name: str) -> tuple[NDArray[np.float32], Label | None]:
        """Return code (D,) and label of an image of the run's data.

        Parameters
        ----------
        name : str
            Class name (a typical image of it), file within the data set, or row.

        Raises
        ------
        RunError
            If there is no such image.
        """
        _ = self.explorer.images  # raises if there are none
        point = self.explorer.original(image_row(self.explorer, name)).point
        return np.array(point.z, np.float32), point.label

    def codes(self, data: str | PathLike[str] | None = None) -> CodeTable:
        """Encode all images of the run, or of another file or folder, with what is known of them.

        Parameters
        ----------
        data : path, optional
            As for `latentlab.read_images`; the data of the run by default.
        """
        if data is not None:
            splits = finish(data_config(expanded(Path(data)), self.spec).load())
            return self._codes_of(splits.whole(), splits.notes)
        _ = self.explorer.images  # raises if there are none
        finish(self.explorer.show_all())
        card = self.explorer.card
        assert card
        return CodeTable.of(self.explorer.codes, card.spec.class_names, card.note)

    def _codes_of(self, whole: ImageSet, note: str) -> CodeTable:
        """Encode images whose classes may have other indices than those of the model."""
        names = whole.spec.class_names
        conditions = self.spec.conditions
        labels = with_values(whole, conditions).y if conditions else self._class_labels(whole)
        images = image_set(np.asarray(whole.images[:]), labels, self.spec)
        images = binarize_like(images, self.recipe)[:]
        codes = encode(self._network, images)
        described = Codes.of(whole, codes.mu, codes.sigma)
        return CodeTable.of(described, names, note)

    def _class_labels(self, whole: ImageSet) -> LabelArray | None:
        names = whole.spec.class_names
        known = None if whole.labels is None else [names[row] for row in whole.labels.tolist()]
        return self._labels(known, len(whole)) if self.conditional else None

    def report(self, path: str | PathLike[str]) -> Path:
        """Write a report of the run, one self-contained web page (``.html``).

        Raises
        ------
        RunError
            If it cannot be written.
        """
        file = expanded(Path(path))
        finish(write_report(self.explorer, file))
        return file

    def save_film(
        self,
        path: str | PathLike[str],
        of: str = "interpolation",
        *,
        start: str = "",
        end: str = "",
        steps: int = 24,
        way: str = "straight",
        scale: int = 4,
        fps: float | None = None,
        loop: str | None = None,
    ) -> Path:
        """Write a film that carries its recipe.

        Parameters
        ----------
        path : path
            File ending in ``.gif``, ``.webp`` or ``.mp4`` (extra ``film``).
        of : {"interpolation", "traversal", "training"}
            The path between two images; each dimension varied alone around an image; or the samples
            after each saved epoch of the run.
        start, end : str
            Images of the run's data, as `find` takes them; typical ones by default.
        steps : int
            Images of a path or of each dimension, 2 to 1000.
        way : str
            Path, as in `interpolate`.
        scale : int
            Pixels of the film along a side of each pixel of an image, 1 to 32.
        fps : float, optional
            Frames per second, 1 to 60; 17 by default, 8 for training.
        loop : {"back", "round", "once"}, optional
            Back and forth (default), from the start again, or once (default for training).

        Raises
        ------
        LatentlabError
            If the run has no images or no saved epochs, or the file cannot be written.
        """
        file = expanded(Path(path))
        finish(film(self, file, of, start, end, steps, way, scale=scale, fps=fps, loop=loop))
        return file

    def save_dataset(self, path: str | PathLike[str], per_class: int, *, seed: int = 0) -> Path:
        """Write images decoded from samples of the prior as a data set.

        Parameters
        ----------
        path : path
            A new or empty folder, or a file ending in ``.zip``: PNG files, in a folder per class of
            a conditional model, and ``manifest.csv`` with file, label and z of each. Or a file
            ending in ``.npz`` with ``images``, ``z``, ``labels`` and ``class_names``.
        per_class : int
            Images of each class of a conditional model; otherwise images in all.
        seed : int
            Seed of the samples; each class has a seed of its own.

        Raises
        ------
        RunError
            If the folder is not empty, or a file cannot be written.
        """
        file = expanded(Path(path))
        finish(write_dataset(self.explorer, file, per_class, seed))
        return file

    def export(
        self, path: str | PathLike[str], *, half: bool = False, part: str = "decoder"
    ) -> Path:
        """Write the model for other programs.

        The inputs and outputs of ONNX are ``x`` (images in [0, 1], N×C×H×W), ``y`` (class index,
        N, of a conditional model), ``mu``, ``sigma``, ``z`` (N×D) and ``image``; they are compared
        with this model by onnxruntime before they are written.

        Parameters
        ----------
        path : path
            A folder for ``encoder.onnx``, ``decoder.onnx`` and the manifest ``model.toml``; a file
            ending in ``.onnx`` for one part; or one ending in ``.safetensors`` for the weights.
        half : bool
            Whether weights are stored in half precision.
        part : {"decoder", "encoder"}
            Part that an ONNX file holds.

        Raises
        ------
        RunError
            If the file cannot be written, or ONNX and torch differ by more than 1e-4.
        """
        parts = [each.value for each in ModelPart]
        if part not in parts:
            raise DataError(f"There is no part {part!r}.", f"Choose {one_of(parts)}.")
        file = expanded(Path(path))
        source = ModelSource.of(self.name, self.recipe, self.spec, self._network)
        finish(export_model(source, file, half=half, part=ModelPart(part)))
        return file

    def _images(self, images: ArrayLike, labels: Labels) -> ImageSet:
        found = image_set(images, None, self.spec)
        found = image_set(found.images, self._labels(labels, len(found)), self.spec)
        return binarize_like(found, self.recipe)[:]

    def _labels(self, labels: Labels, count: int) -> LabelArray | None:
        return labels_of(labels, self._card, count)

    def _decode(self, z: NDArray[np.float32], labels: LabelArray | None) -> NDArray[np.float32]:
        return channels_last(decode_means(self._network, z, labels))

    # Display

    def displayed(self, images: ArrayLike) -> NDArray[np.uint8]:
        """Return images of this model, of any number of channels, as bytes of grey or colour.

        Of two channels, the second is green and blue is black; of more than three, the first three
        are shown.

        Returns
        -------
        ndarray of uint8, shape (..., H, W) or (..., H, W, 3)
            Axes in front, such as those of `manifold`, are kept.
        """
        array = to_numpy(images)
        last = 2 if self.spec.shape[0] == 1 else 3
        flat = array.reshape(-1, *array.shape[array.ndim - last :])
        shown = to_hwc(image_set(flat, None, self.spec).images)
        return shown.reshape(*array.shape[: array.ndim - last], *shown.shape[1:])

    @override
    def __repr__(self) -> str:
        names = [each.name for each in self.spec.conditions]
        given = f"given {listed(names)}" if names else f"{self.spec.classes} classes"
        tail = f", {given}" if self.conditional else ""
        return f"<latentlab.Model {self.name!r}: {self._card.title}, {self.spec}{tail}>"

    def _repr_html_(self) -> str:
        """Return 16 samples and a line of text, for notebooks."""
        from PIL import Image

        content = io.BytesIO()
        pictures = self.displayed(self.sample(PREVIEW_IMAGES))
        Image.fromarray(tile(pictures, PREVIEW_IMAGES // 2, 1)).save(content, "PNG")
        data = base64.b64encode(content.getvalue()).decode()
        return (
            f"<div>{html.escape(repr(self)[1:-1])}</div>"
            f'<img alt="Samples of the prior" src="data:image/png;base64,{data}">'
        )
