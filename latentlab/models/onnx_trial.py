"""A first run of ONNX files on random inputs: what goes in and out.

It runs in a process with limits, so this module imports neither torch nor much else.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from latentlab.errors import RunError, listed
from latentlab.models.onnx_file import DECODER, ENCODER, OnnxFunction, Port, ordered_inputs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

SIZES = (2, 16, 32, 8, 64, 128, 10, 20, *range(1, 513))
"""Numbers of latent dimensions that are tried if the file does not say it."""
MAX_LABEL_RANK = 2
MAX_DIGITS = 9
"""Maximum number of digits of a number in the metadata."""


@dataclass(frozen=True, slots=True)
class Output:
    """Output of a graph: its name, the shape of one value, and the range of its values."""

    name: str
    shape: tuple[int, ...]
    low: float
    high: float

    @property
    def size(self) -> int:
        """Number of values."""
        return int(np.prod(self.shape))

    def __str__(self) -> str:
        return f"{self.name} ({'×'.join(map(str, ('N', *self.shape)))})"


@dataclass(frozen=True, slots=True)
class Probe:
    """What a decoder, and an encoder if there is one, take and return.

    Parameters
    ----------
    latent_dim : int
        Size of z.
    label : {"none", "index", "one-hot"}
        How the decoder takes the class.
    classes : int
        Width of a one-hot label; 0 if unknown.
    decoder_inputs, encoder_inputs : tuple of str
        Descriptions of the inputs.
    decoded, encoded : tuple of Output
        Outputs for random inputs; `encoded` is empty without an encoder.
    metadata : dict of str to str
        Metadata of the decoder.
    """

    latent_dim: int
    label: str
    classes: int
    decoder_inputs: tuple[str, ...]
    encoder_inputs: tuple[str, ...]
    decoded: tuple[Output, ...]
    encoded: tuple[Output, ...]
    metadata: dict[str, str]

    @property
    def image(self) -> Output:
        """The output of the decoder with the most values."""
        return max(self.decoded, key=lambda each: each.size)


def try_classifier(files: Mapping[str, bytes], shape: Sequence[int]) -> str:
    """Run a classifier, the only file, on random images of (C, H, W); return its output's name."""
    ((name, content),) = files.items()
    function = OnnxFunction(content, name)
    if len(function.inputs) != 1 or not function.inputs[0].is_float:
        raise RunError(f"{name} is no classifier: it does not take one image.")
    (port,) = function.inputs
    channels, height, width = shape
    sizes = port.shape[1:]
    is_last = len(sizes) == 3 and sizes[0] not in (channels, None) and sizes[2] == channels
    layout = (height, width, channels) if is_last else (channels, height, width)
    pixels = np.random.default_rng(0).uniform(size=(2, int(np.prod(shape))))
    found = _outputs(_run(function, pixels, 1, layout))
    rows = [each for each in found if each.size < pixels.shape[1]]
    if not rows:
        raise RunError(f"{name} is no classifier: it returns no values per class.")
    return rows[0].name


def try_model(files: Mapping[str, bytes]) -> dict[str, Any]:
    """Run decoder and encoder on random inputs; return the fields of a `Probe`."""
    return asdict(_try(files))


def _try(files: Mapping[str, bytes]) -> Probe:
    decoder = OnnxFunction(files[DECODER], "The decoder")
    label, classes = _label_of(decoder)
    size, decoded = _decode(decoder, classes)
    found = _outputs(decoded)
    if not found:
        raise RunError("The decoder returns no image.", "It needs an output of shape N×C×H×W.")
    image = max(found, key=lambda each: each.size)
    if image.size < size:
        raise RunError(
            f"This file makes {image.size:,} values from {size:,}, so it is no decoder.",
            "Open a classifier with File > Open classifier, and an encoder beside its decoder.",
        )
    encoder = OnnxFunction(files[ENCODER], "The encoder") if ENCODER in files else None
    encoded = _encode(encoder, image, classes) if encoder else {}
    return Probe(
        size,
        label,
        classes if label == "one-hot" else 0,
        tuple(map(str, decoder.inputs)),
        tuple(map(str, encoder.inputs)) if encoder else (),
        found,
        _outputs(encoded),
        decoder.metadata,
    )


def _label_of(decoder: OnnxFunction) -> tuple[str, int]:
    """Return how a decoder takes the label, and the number of classes, at least 1."""
    inputs = ordered_inputs(decoder)
    if len(inputs) > 2 or not inputs or not inputs[0].is_float:
        names = listed([str(each) for each in decoder.inputs])
        raise RunError(
            f"The decoder takes {names or 'nothing'}.",
            "A decoder takes z, and the class if it is conditional.",
        )
    if len(inputs) == 1:
        return "none", 1
    label = inputs[1]
    width = label.shape[1] if len(label.shape) == MAX_LABEL_RANK else None
    if label.is_float or (width or 1) > 1:
        return "one-hot", width or 1
    return "index", 1


def _decode(decoder: OnnxFunction, classes: int) -> tuple[int, dict[str, NDArray]]:
    """Return the size of z, and the outputs for random points of that size."""
    port = ordered_inputs(decoder)[0]
    known = [size for size in port.shape[1:] if size is not None]
    stated = decoder.metadata.get("latent_dim", "")
    if len(known) == len(port.shape) - 1 and known:
        sizes: Sequence[int] = (int(np.prod(known)),)
    else:
        is_size = stated.isdecimal() and len(stated) <= MAX_DIGITS
        sizes = (int(stated),) if is_size else SIZES
    problem: RunError | None = None
    for size in sizes:
        try:
            return size, _run(decoder, np.random.default_rng(0).normal(size=(2, size)), classes)
        except RunError as error:
            problem = error
    assert problem is not None
    if len(sizes) > 1:
        text = "The decoder does not say how many latent dimensions it has."
        raise RunError(text, "Write them into a manifest model.toml beside it.") from problem
    raise problem


def _encode(encoder: OnnxFunction, image: Output, classes: int) -> dict[str, NDArray]:
    pixels = np.random.default_rng(0).uniform(size=(2, image.size))
    return _run(encoder, pixels, classes, image.shape)


def _run(
    function: OnnxFunction, values: NDArray, classes: int, shape: tuple[int, ...] = ()
) -> dict[str, NDArray]:
    """Run a graph on flat values, reshaped to its first input, and on the first class."""
    first, *others = ordered_inputs(function)
    arrays = {first.name: values.reshape(len(values), *_shape_of(first, values.shape[1], shape))}
    for port in others:
        arrays[port.name] = _label(port, len(values), classes)
    found = function(arrays)
    for name, array in found.items():
        if len(array) != len(values):
            raise RunError(f"{name} has {len(array)} rows for {len(values)} inputs.")
    return found


def _shape_of(port: Port, size: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    known = tuple(each for each in port.shape[1:] if each is not None)
    if len(known) == len(port.shape) - 1:
        if int(np.prod(known)) != size:
            raise RunError(f"{port} does not take {size} values.", "Is it of another model?")
        return known
    return shape if shape and len(port.shape) - 1 == len(shape) else (size,)


def _label(port: Port, count: int, classes: int) -> NDArray:
    if len(port.shape) == MAX_LABEL_RANK and (port.is_float or classes > 1):
        return np.eye(max(classes, port.shape[1] or 1), dtype=np.float32)[np.zeros(count, int)]
    return np.zeros((count, *[1] * (len(port.shape) - 1)), np.int64)


def _outputs(found: Mapping[str, NDArray]) -> tuple[Output, ...]:
    """Describe the floating-point outputs."""
    floats = {
        name: array for name, array in found.items() if array.dtype.kind == "f" and array.ndim > 1
    }
    return tuple(
        Output(name, array.shape[1:], float(array.min()), float(array.max()))
        for name, array in floats.items()
    )
