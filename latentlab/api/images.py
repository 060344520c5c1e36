"""Images as numpy arrays: read, converted for a model, and written.

Images in: bytes 0 to 255, or floats in [0, 1], of shape (N, H, W), (N, H, W, C), (N, C, H, W) or
flat (N, C·H·W); without N for a single image. Images out: float32 in [0, 1] of shape (N, H, W) for
grey, (N, H, W, C) otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from latentlab.data.data_set import config_for
from latentlab.data.files.image_file import picture_suffixes
from latentlab.data.files.other_files import advice_of
from latentlab.data.image_set import ImageSet, ImageSpec
from latentlab.data.own_image.crop import Preprocessing
from latentlab.data.own_image.preprocess import fit_picture, read_source
from latentlab.data.pixels import as_bytes
from latentlab.directories import expanded
from latentlab.errors import DataError
from latentlab.work import finish

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from os import PathLike

    from numpy.typing import ArrayLike, NDArray

    from latentlab.data.condition import LabelArray
    from latentlab.data.data_set import DataConfig
    from latentlab.data.image_set import Attributes
    from latentlab.data.parts import Splits

DEFAULT_SIDE = 64
"""Pixels along each side of images of a folder, unless a size is given."""
ROUNDING = 1e-4
"""Amount by which floats may exceed [0, 1]; they are then clipped."""


@dataclass(frozen=True, slots=True)
class Images:
    """Images of a file, a folder or an array.

    Parameters
    ----------
    images : ndarray, shape (N, H, W) or (N, H, W, C)
        Bytes 0 to 255; float32 in [0, 1] if bytes cannot hold the values.
    labels : ndarray of int64, shape (N,), or None
        Class of each image, an index into `class_names`.
    class_names : tuple of str
        Names of the classes; empty without labels.
    files : ndarray of object, shape (N,), or None
        File of each image, relative to its folder or archive.
    parts : ndarray of object, shape (N,), or None
        ``"train"``, ``"validation"`` or ``"test"`` for each image.
    attributes : mapping of str to ndarray, shape (N,)
        Further attributes of each image: numbers, with NaN where unknown, or words.
    note : str
        How the images were understood, and what was left out.
    """

    images: NDArray[np.uint8] | NDArray[np.float32]
    labels: NDArray[np.int64] | None
    class_names: tuple[str, ...]
    files: NDArray[np.object_] | None
    parts: NDArray[np.object_] | None
    attributes: Mapping[str, NDArray[Any]]
    note: str = ""

    def __len__(self) -> int:
        return len(self.images)


def read_images(
    path: str | PathLike[str],
    *,
    size: int | tuple[int, int] | None = None,
    colour: bool | None = None,
    spec: ImageSpec | None = None,
) -> Images:
    """Read an image file, a folder or ZIP of images, an NPY or NPZ file, or a table of files.

    Parameters
    ----------
    path : path
        What to read. A table (CSV) names images beside it, and their attributes.
    size : int or (height, width), optional
        Size to which image files are cropped and scaled; 64 by default.
    colour : bool, optional
        Whether image files have three channels; True by default.
    spec : ImageSpec, optional
        Takes size and channels from a model, as in ``spec=model.spec``.

    Raises
    ------
    DataError
        If there is no such file, or it holds no images.
    """
    file = expanded(Path(path))
    wanted = _format(size, colour, spec)
    if file.is_file() and file.suffix.lower() in picture_suffixes():
        picture = fit_picture(read_source(file), Preprocessing(), wanted)[None]
        names = np.array([file.name], object)
        return Images(channels_last(picture), None, (), names, None, {})
    return images_of(finish(data_config(file, wanted).load()))


def _format(
    size: int | tuple[int, int] | None, colour: bool | None, spec: ImageSpec | None
) -> ImageSpec:
    if spec is not None:
        if size is not None or colour is not None:
            raise DataError("spec already sets size and colour.", "Give either.")
        return spec
    height, width = (size, size) if isinstance(size, int) else size or (DEFAULT_SIDE,) * 2
    return ImageSpec((1 if colour is False else 3, height, width))


def data_config(path: Path, spec: ImageSpec) -> DataConfig:
    """Return the data set that a path holds; image files get the size and channels of `spec`.

    Raises
    ------
    DataError
        If it holds none.
    """
    if not path.exists():
        raise DataError(f"{path} does not exist.", "Check the path.")
    config = config_for(path, spec)
    if config is None:
        raise DataError(f"{path} holds no images.", advice_of(path.name))
    return config


def images_of(splits: Splits) -> Images:
    """Return all images of a data set, held-out images first."""
    whole = splits.whole()
    return Images(
        channels_last(np.asarray(whole.images[:])),
        whole.labels,
        whole.spec.class_names,
        whole.files,
        whole.parts,
        attributes_of(whole.attributes),
        splits.notes,
    )


def attributes_of(attributes: Attributes | None) -> dict[str, NDArray[Any]]:
    """Return attributes by name: numbers, NaN where unknown, or words, empty where unknown."""
    if attributes is None:
        return {}
    return {name: _values_of(attributes, name) for name in attributes.names}


def _values_of(attributes: Attributes, name: str) -> NDArray[Any]:
    values = attributes.column(name)
    if name not in attributes.levels:
        return values
    words = np.array([*attributes.levels[name], ""], object)
    return words[np.where(np.isnan(values), len(words) - 1, values).astype(int)]


def channels_last(images: NDArray[Any]) -> NDArray[Any]:
    """Return (N, C, H, W) as (N, H, W) for one channel, else as (N, H, W, C)."""
    if images.shape[1] == 1:
        return np.ascontiguousarray(images[:, 0])
    return np.ascontiguousarray(np.moveaxis(images, 1, -1))


def image_set(images: ArrayLike, labels: LabelArray | None, spec: ImageSpec) -> ImageSet:
    """Return images in one of the accepted shapes as a set for a model of format `spec`.

    Raises
    ------
    DataError
        If shape or pixel range do not fit; says what is expected.
    """
    array = to_numpy(images)
    shaped = _channels_first(array, spec)
    return ImageSet.labelled(_in_range(shaped), labels, spec)


def to_numpy(values: Any) -> NDArray[Any]:
    """Return arrays, tensors, images of Pillow or sequences of these as one array."""
    if hasattr(values, "detach"):
        values = values.detach().cpu()
    if isinstance(values, (list, tuple)) and values and not np.isscalar(values[0]):
        return np.stack([to_numpy(each) for each in values])
    return np.asarray(values)


def _channels_first(array: NDArray[Any], spec: ImageSpec) -> NDArray[Any]:
    channels, height, width = spec.shape
    accepted: list[tuple[tuple[int, ...], Any]] = [
        ((channels, height, width), lambda a: a),
        ((height, width, channels), lambda a: np.moveaxis(a, -1, -3)),
        ((channels * height * width,), lambda a: a.reshape(*a.shape[:-1], *spec.shape)),
    ]
    if channels == 1:
        accepted.append(((height, width), lambda a: a[..., None, :, :]))
    for shape, convert in accepted:
        if array.shape[-len(shape) :] == shape and array.ndim - len(shape) in (0, 1):
            shaped: NDArray[Any] = convert(array)
            return shaped[None] if shaped.ndim == 3 else shaped
    last = f"N×{height}×{width}" + ("" if channels == 1 else f"×{channels}")
    raise DataError(
        f"Images of shape {'×'.join(map(str, array.shape)) or 'none'} do not fit this model, "
        f"whose images are {spec}.",
        f"Give an array of {last}; read_images(path, spec=model.spec) makes one of files.",
    )


def _in_range(images: NDArray[Any]) -> NDArray[Any]:
    """Return bytes unchanged, and other numbers as float32 in [0, 1]."""
    if images.dtype == np.uint8 and images.max(initial=0) != 1:
        return images
    if images.dtype == bool:
        return images.astype(np.float32)
    if images.dtype.kind not in "iuf":
        raise DataError(f"Images of {images.dtype} are not numbers.", "Give bytes or floats.")
    low, high = (float(images.min()), float(images.max())) if images.size else (0.0, 0.0)
    if images.dtype.kind in "iu":
        if low >= 0 and high == 1:
            raise DataError(
                "The images hold only 0 and 1, which as bytes are nearly black.",
                "Give them as bool or float, or multiply by 255.",
            )
        if low >= 0 and high <= 255:
            return images.astype(np.uint8)
        advice = "Divide by the largest possible value, so that they lie between 0 and 1."
    elif low >= -ROUNDING and high <= 1 + ROUNDING:
        return np.asarray(np.clip(images, 0, 1), np.float32)
    elif not np.isfinite([low, high]).all():
        raise DataError("The images have pixels that are not finite.", "Replace NaN and infinity.")
    elif low >= -1 - ROUNDING and high <= 1 + ROUNDING:
        advice = "If they lie between -1 and 1, give (images + 1) / 2."
    else:
        advice = "If they lie between 0 and 255, give images / 255."
    raise DataError(f"Pixels from {low:g} to {high:g}; expected 0 to 1, or bytes.", advice)


def save_images(
    path: str | PathLike[str],
    images: ArrayLike,
    *,
    columns: int | None = None,
    gap: int = 0,
    animation: bool = False,
    info: Mapping[str, Any] | None = None,
) -> Path:
    """Write images as one picture, side by side, or as an animation.

    Parameters
    ----------
    path : path
        Output file; its ending (png, jpg, webp, tiff, svg, pdf, gif, mp4) sets the format. GIF and
        MP4 are animations.
    images : array_like
        Bytes, or floats in [0, 1], of shape (N, H, W), (N, H, W, 3), or with a grid in front, as
        `Model.manifold` returns: (rows, columns, H, W) and (rows, columns, H, W, 3).
    columns : int, optional
        Images per row; about as many as rows by default.
    gap : int
        Pixels between the images.
    animation : bool
        Whether a WebP is an animation, as a GIF always is.
    info : mapping, optional
        Plain values written into the file's metadata.

    Raises
    ------
    DataError
        If the images have another shape or range.
    RunError
        If the file cannot be written, or its ending is none of these.
    """
    from latentlab.runs.image_files import save_tiles
    from latentlab.session.points import Tiles

    pictures, columns = _grid(_in_range(to_numpy(images)), columns)
    file = expanded(Path(path))
    save_tiles(Tiles((), as_bytes(pictures), columns), file, info or {}, gap, steps=animation)
    return file


def _grid(images: NDArray[Any], columns: int | None) -> tuple[NDArray[Any], int]:
    """Return images without their grid, and the number of columns."""
    if images.ndim > 3 and images.shape[-1] in (1, 2, 4):
        raise DataError(
            f"Images of shape {images.shape} are neither grey nor colour.",
            "Give (N, H, W) or (N, H, W, 3); model.displayed(images) makes them.",
        )
    is_colour = images.ndim > 3 and images.shape[-1] == 3
    leading: Sequence[int] = images.shape[: -3 if is_colour else -2]
    if images.ndim < 2 or len(leading) > 2:
        raise DataError(
            f"Images of shape {images.shape} cannot be written.", "Give (N, H, W) or (N, H, W, 3)."
        )
    pictures = images.reshape(-1, *images.shape[len(leading) :])
    if columns is None:
        columns = leading[1] if len(leading) == 2 else int(np.ceil(len(pictures) ** 0.5))
    return pictures, max(1, columns)
