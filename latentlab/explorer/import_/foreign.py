"""Foreign models: inspected for a person to check, and converted into run folders."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from latentlab.errors import RunError
from latentlab.explorer.import_.fitting import fitting_images
from latentlab.explorer.import_.reader import find_reader
from latentlab.latent.encode import decode, encode, label_tensor, to_hwc, to_model_input
from latentlab.latent.prior_samples import sample_prior
from latentlab.learning.checkpoint import load_weights
from latentlab.learning.recipe import Recipe, make_recipe
from latentlab.runs.imported import ImportRecord, write_imported
from latentlab.session.import_.model import ForeignModel
from latentlab.work import Progress, finish

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from latentlab.data.image_set import ImageSpec
    from latentlab.explorer.import_.fitting import FittingImages
    from latentlab.explorer.import_.reader import ImportedModel, Reader
    from latentlab.models.base import Model, ModelConfig

SHOWN = 8
"""Number of images that are shown with their reconstructions."""
_LAST: dict[object, ImportedModel] = {}
"""The last model that was read: it is inspected first, and then converted."""
MAX_KEPT_BYTES = 1 << 28
"""Size of a model up to which it is kept between inspection and conversion."""
SHAPELESS = "digits"
"""Data set of the recipe of a model whose images are of no known data set."""


def is_foreign(path: Path) -> bool:
    """Return whether a path is of a known format of another program."""
    return find_reader(path) is not None


def read_foreign(
    path: Path, choices: Mapping[str, str], images: tuple[FittingImages, ...]
) -> Generator[Progress, None, tuple[Reader, ImportedModel]]:
    """Read a foreign model, and check that it can be built.

    Raises
    ------
    RunError
        If it cannot be opened; says why and what to do.
    """
    reader = find_reader(path)
    if reader is None:
        raise RunError(f"{path} is not a model of a known format.")
    key = path, _version(reader.files(path)), tuple(sorted(choices.items())), images
    if key in _LAST:
        return reader, _LAST[key]
    _LAST.clear()
    try:
        imported = yield from reader.read(path, choices, images)
    except RunError as error:
        raise _named(error, path) from error
    size = sum(each.nbytes for each in imported.weights.values())
    if size + sum(map(len, imported.files.values())) <= MAX_KEPT_BYTES:
        _LAST[key] = imported
    return reader, imported


def _named(error: RunError, path: Path) -> RunError:
    """Return an error whose message names the file."""
    if path.name in error.message:
        return error
    reason = error.message[:1].lower() + error.message[1:]
    return RunError(f"{path.name} cannot be opened: {reason}", error.advice)


def _version(files: Sequence[Path]) -> tuple[object, ...]:
    """Return what changes whenever one of some files is written, added or removed."""

    def state(file: Path) -> tuple[int, int] | None:
        try:
            found = file.stat()
        except OSError:  # missing, or a dangling link
            return None
        return found.st_mtime_ns, found.st_size

    return tuple((file, state(file)) for file in files)


def inspect_foreign(
    path: Path, choices: Mapping[str, str], images: tuple[FittingImages, ...] | None = None
) -> Generator[Progress, None, ForeignModel]:
    """Find out how a foreign model is understood, with images to check.

    Raises
    ------
    RunError
        If it cannot be opened.
    """
    images = fitting_images() if images is None else images
    reader, imported = yield from read_foreign(path, choices, images)
    model = model_of(imported.config, imported.spec, imported.weights, imported.files)
    originals = reconstructions = None
    shown = imported.images
    if not model.has_encoder:
        labels = imported.spec.labels_in_turn(2 * SHOWN)
        drawn = sample_prior(model, 2 * SHOWN, 0, labels)
        reconstructions = decode(model, drawn, labels)
    elif shown is not None:
        few = shown.sample[:SHOWN]
        codes = encode(model, few)
        originals, reconstructions = to_hwc(few.images), decode(model, codes.mu, few.y)
    return ForeignModel(
        path,
        reader.title,
        _summary(model, imported),
        imported.choices,
        imported.remarks,
        imported.parts,
        imported.unused,
        shown.title if shown else "",
        originals,
        reconstructions,
    )


def convert_foreign(
    path: Path, choices: Mapping[str, str], images: tuple[FittingImages, ...] | None = None
) -> Generator[Progress, None, Path]:
    """Convert a foreign model into a run folder of the user; the same one each time.

    Raises
    ------
    RunError
        If it cannot be opened, or the folder cannot be written.
    """
    images = fitting_images() if images is None else images
    reader, imported = yield from read_foreign(path, choices, images)
    model_of(
        imported.config, imported.spec, imported.weights, imported.files
    )  # raises if weights do not fit
    yield Progress("Writing the run folder")
    found = imported.images.data_for(imported.spec) if imported.images and imported.fits else None
    recipe = _recipe(imported, found[0].model_dump(mode="json") if found else {"kind": SHAPELESS})
    values = {choice.key: choice.value for choice in imported.choices}
    record = ImportRecord(
        source=str(path.absolute()),
        program=reader.title,
        choices=values,
        remarks=imported.remarks,
    )
    splits = found[1] if found else None
    weights, files = imported.weights, imported.files
    _LAST.clear()
    return write_imported(recipe, imported.spec, weights, record, splits, files)


def describe(path: Path, choices: Mapping[str, str] | None = None) -> list[str]:
    """Return what a foreign file is and how it is understood, as lines of text.

    Raises
    ------
    RunError
        If it cannot be opened.
    """
    found = finish(inspect_foreign(path, choices or {}))
    lines = [f"{found.format}: {found.summary}", *found.remarks]
    lines += [f"{name}: {', '.join(layers) or 'none'}" for name, layers in found.parts]
    lines += [
        f"Open: {choice.key} = {choice.value} of {_values(choice.options)}"
        for choice in found.choices
        if choice.is_open
    ]
    return lines


def _values(options: tuple[object, ...]) -> str:
    return ", ".join(str(getattr(option, "value", option)) for option in options)


def model_of(
    config: ModelConfig,
    spec: ImageSpec,
    weights: Mapping[str, NDArray],
    files: Mapping[str, bytes] | None = None,
) -> Model:
    """Build a model with these weights and files, on the CPU.

    Raises
    ------
    RunError
        If the weights do not fit.
    """
    with torch.device("meta"):
        model = config.build(spec)
    model.to_empty(device="cpu").eval().requires_grad_(False)
    load_weights(model, weights, "The file")
    if files:
        model.attach({name: files[name] for name in model.files if name in files})
    return model


def relative_errors(model: Model, images: FittingImages) -> NDArray[np.float64]:
    """Return the squared error of each reconstruction divided by the variance of the images.

    Returns
    -------
    ndarray of float64, shape (N,)
        1 is the error of the mean image.
    """
    sample = images.sample
    x, y = to_model_input(sample.images), label_tensor(model, sample.y)
    with torch.inference_mode():
        mean = model.decode(model.encode(x, y).mean, y).mean
        error = (x - mean).square().flatten(1).mean(1)
    return error.numpy().astype(np.float64) / pixel_variance(images)


def pixel_variance(images: FittingImages) -> float:
    """Return the variance of a pixel over images, on average; black is 0 and white is 1."""
    pixels = images.sample.images.astype(np.float64) / 255
    return max(1e-6, float(pixels.var(0).mean()))


def _summary(model: Model, imported: ImportedModel) -> str:
    weights = sum(tensor.numel() for tensor in model.parameters())
    title = imported.config.model_config.get("title") or imported.config.kind
    kind = title if model.has_encoder else "Decoder"
    classes = f", {imported.spec.classes} classes" if model.conditional else ""
    size = f", {weights:,} weights" if weights else ""
    return f"{kind}, images {imported.spec}, {model.latent_dim} latent dimensions{classes}{size}"


def _recipe(imported: ImportedModel, data: Mapping[str, object]) -> Recipe:
    return make_recipe({"model": imported.config.model_dump(mode="json"), "data": dict(data)})
