"""Images that show whether a model was understood: it must reconstruct them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

import numpy as np
from PIL import Image

from latentlab.config import parse
from latentlab.data.data_set import DATA, load
from latentlab.data.image_set import ImageSpec
from latentlab.errors import LatentlabError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from latentlab.data.data_set import DataConfig
    from latentlab.data.image_set import ImageSet
    from latentlab.data.parts import Splits

MAX_IMAGES, MIN_IMAGES = 64, 12
MAX_SHAPES = 16
FACES = {"kind": "synthetic-faces"}
FACES_ON_MAP = 1000
"""Number of faces that are drawn for the map of an imported model."""
KINDS: tuple[tuple[str, int], ...] = (("digits", 1), ("fashion-mnist", 1), (FACES["kind"], 3))
"""Data sets that are tried if they are on this machine, with their channels."""


@dataclass(frozen=True, eq=False)
class FittingImages:
    """A sample of images, which can be had in any shape; read when it is first used.

    Parameters
    ----------
    title : str
        Name of the data set on screen.
    config : DataConfig
        Config of the data set.
    channels : int
        Channels of its images.
    read : callable
        Returns the sample.
    """

    title: str
    config: DataConfig
    channels: int
    read: Callable[[], ImageSet] = field(repr=False)
    _shapes: dict[object, FittingImages] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def sample(self) -> ImageSet:
        """The images, as arrays in memory."""
        return _spread(self.read())

    @property
    def spec(self) -> ImageSpec:
        """Shape and classes of the images."""
        return self.sample.spec

    def of_shape(self, shape: tuple[int, int, int], count: int = MAX_IMAGES) -> FittingImages:
        """Return at most `count` images in another shape; none of another number of channels."""
        key = shape, count
        if key not in self._shapes:
            if len(self._shapes) >= MAX_SHAPES:
                self._shapes.clear()
            self._shapes[key] = _of_shape(self, shape, count)
        return self._shapes[key]

    def data_for(self, spec: ImageSpec) -> tuple[DataConfig, Splits] | None:
        """Return config and images for the map of a model of `spec`; None if none fit exactly."""
        values = self.config.model_dump(mode="json")
        if self.config.kind == FACES["kind"]:
            values |= {"count": FACES_ON_MAP, "size": spec.shape[1]}
        try:
            config = parse(DATA.kinds()[self.config.kind], values)
            splits = load(config)
        except LatentlabError:
            return None
        return (config, splits) if splits.spec == spec else None


_OPENED: WeakValueDictionary[int, FittingImages] = WeakValueDictionary()
"""The same images are the same object, by which results are known."""


def fitting_images(
    config: DataConfig | None = None, images: ImageSet | None = None
) -> tuple[FittingImages, ...]:
    """Return the data sets to try.

    Parameters
    ----------
    config, images : DataConfig, ImageSet, optional
        Data set that is open in the window; it comes first.
    """
    found = [each for kind, channels in KINDS if (each := _known(kind, channels))]
    if config is None or images is None or len(images) < MIN_IMAGES:
        return tuple(found)
    opened = _OPENED.get(id(images))  # which holds the images, so that no others have their id
    if opened is None or opened.config != config:
        channels = images.spec.shape[0]
        opened = FittingImages(_title(config), config, channels, lambda: images)
        _OPENED[id(images)] = opened
    return (opened, *(each for each in found if each.config.kind != config.kind))


@cache
def _known(kind: str, channels: int) -> FittingImages | None:
    values = {"kind": kind} | ({"count": 2 * MAX_IMAGES} if kind == FACES["kind"] else {})
    config = parse(DATA.kinds()[kind], values)
    if not config.available():
        return None
    # More images than are used: the held-out part is small.
    return FittingImages(_title(config), config, channels, lambda: load(config).whole())


def _of_shape(images: FittingImages, shape: tuple[int, int, int], count: int) -> FittingImages:
    few = images.sample[:count]
    pixels = few.images if few.spec.shape == shape else _resized(few.images, shape)
    spec = ImageSpec(shape, few.spec.class_names)
    sample = replace(few[: len(pixels)], images=pixels, spec=spec)
    return replace(images, channels=shape[0], read=lambda: sample)


def _title(config: DataConfig) -> str:
    return str(config.model_config.get("title") or config.kind)


def _spread(images: ImageSet) -> ImageSet:
    """Return images spread over the whole set, as arrays in memory."""
    few = images[np.linspace(0, len(images) - 1, MAX_IMAGES).astype(np.int64)]
    return replace(few, images=np.ascontiguousarray(few.images))


def _resized(images: NDArray[np.uint8], shape: tuple[int, int, int]) -> NDArray[np.uint8]:
    """Return images (N, C, H, W) in another shape; grey becomes colour and colour grey."""
    channels, height, width = shape
    mode = {1: "L", 3: "RGB"}.get(channels)
    if mode is None:
        return np.zeros((0, *shape), np.uint8)
    out = np.empty((len(images), *shape), np.uint8)
    for i, image in enumerate(images):
        plain = image[0] if len(image) == 1 else np.moveaxis(image, 0, -1)
        picture = Image.fromarray(plain).convert(mode)
        pixels = np.asarray(picture.resize((width, height), Image.Resampling.BILINEAR))
        out[i] = pixels[None] if channels == 1 else np.moveaxis(pixels, -1, 0)
    return out
