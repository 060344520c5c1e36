"""Reader of ONNX: a decoder, with an encoder and a manifest if there are any."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, override

import numpy as np

from latentlab.config import parse
from latentlab.data.image_set import ImageSpec
from latentlab.errors import RecipeError, RunError, reading
from latentlab.explorer.import_.choose import Axis, Decision, choices_of, decide
from latentlab.explorer.import_.fitting import MIN_IMAGES
from latentlab.explorer.import_.foreign import pixel_variance, relative_errors
from latentlab.explorer.import_.reader import ImportedModel, Reader, register
from latentlab.explorer.import_.state_dict.infer import flat_shape
from latentlab.models.onnx_file import DECODER, ENCODER, MAX_FILE_BYTES
from latentlab.models.onnx_model import PIXELS, OnnxConfig, OnnxModel
from latentlab.models.onnx_trial import Probe
from latentlab.models.sequential import SPREADS
from latentlab.runs.onnx_manifest import MANIFEST, Manifest, read_manifest
from latentlab.runs.onnx_probe import probe

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

    from numpy.typing import NDArray

    from latentlab.explorer.import_.fitting import FittingImages
    from latentlab.models.onnx_trial import Output
    from latentlab.work import Progress

LOG_VARIANCE = re.compile(r"log_?v|lv$|z_?log")
LOG_SIGMA = re.compile(r"log_?(s|std)")
SIGMA = re.compile(r"sig|std|dev|scale")
MEAN = re.compile(r"mu|mean|loc")
LOGIT_OUTPUT = "logits"
MARGIN = 1e-3
"""Distance by which values may leave their range."""
DEFAULT_CLASSES = 10
"""Number of classes if the label is an index and nothing says how many there are."""


@dataclass(frozen=True, slots=True)
class Files:
    """ONNX files of one model, and its manifest if there is one."""

    decoder: Path
    encoder: Path | None
    manifest: Path | None

    def contents(self) -> dict[str, bytes]:
        """Read the ONNX files, under their names in a run folder."""
        named = {DECODER: self.decoder} | ({ENCODER: self.encoder} if self.encoder else {})
        return {name: _bytes(path) for name, path in named.items()}


@register
class OnnxReader(Reader):
    """A decoder in ONNX, with the encoder beside it."""

    title: ClassVar[str] = "ONNX"
    suffixes: ClassVar[tuple[str, ...]] = (".onnx",)
    folder_files: ClassVar[tuple[str, ...]] = (DECODER,)

    @override
    def files(self, path: Path) -> tuple[Path, ...]:
        return _places(path)

    @override
    def read(
        self, path: Path, choices: Mapping[str, str], images: tuple[FittingImages, ...]
    ) -> Generator[Progress, None, ImportedModel]:
        files = find_files(path)
        contents = files.contents()
        found = yield from probe(contents, path.name)
        if files.manifest:
            manifest, origin = read_manifest(files.manifest), f"the manifest {files.manifest.name}"
            return (yield from _with_manifest(manifest, contents, found, images, origin))
        if "latentlab" in found.metadata and (known := _from_metadata(found)):
            origin = "latentlab, which wrote the file"
            return (yield from _with_manifest(known, contents, found, images, origin))
        problem = _Problem(found, contents)
        open_axes = problem.axes()
        fitting = [each for each in images if each.channels == problem.shape[0]]
        decision = Decision({axis.key: choices.get(axis.key, axis.first) for axis in open_axes})
        if found.encoded:
            decision = yield from decide(open_axes, choices, problem.errors, fitting)
        return problem.solve(open_axes, choices, decision)


def find_files(path: Path) -> Files:
    """Return the files of the model that a path is of.

    In a folder they are ``decoder.onnx``, ``encoder.onnx`` and ``model.toml``. Beside
    ``NAME-decoder.onnx`` lie ``NAME-encoder.onnx`` and ``NAME-decoder.toml``.
    """
    decoder, encoder, manifest = _places(path)
    if not decoder.is_file():
        raise RunError(
            f"{path.name} has no decoder beside it: there is no {decoder.name}.",
            "latentlab needs at least a decoder.",
        )
    has_encoder = encoder.is_file() and encoder != decoder
    return Files(
        decoder, encoder if has_encoder else None, manifest if manifest.is_file() else None
    )


def _places(path: Path) -> tuple[Path, Path, Path]:
    """Return where decoder, encoder and manifest would be."""
    folder = path if path.is_dir() else path.parent
    if path.is_dir() or path.name in (DECODER, ENCODER):
        return folder / DECODER, folder / ENCODER, folder / MANIFEST
    decoder = path.with_name(path.name.replace("encoder", "decoder"))
    encoder = path.with_name(decoder.name.replace("decoder", "encoder"))
    return decoder, encoder, decoder.with_suffix(".toml")


def _bytes(path: Path) -> bytes:
    with reading(path):
        if path.stat().st_size > MAX_FILE_BYTES:
            raise RunError(f"{path.name} is larger than {MAX_FILE_BYTES >> 30} GB.")
        return path.read_bytes()


def _with_manifest(
    manifest: Manifest,
    contents: dict[str, bytes],
    found: Probe,
    images: Sequence[FittingImages],
    origin: str,
) -> Generator[Progress, None, ImportedModel]:
    """Return the model that a manifest describes; raise a `RunError` if it does not fit."""
    config, spec = manifest.config, manifest.spec
    if spec.pixels != found.image.size or config.latent_dim != found.latent_dim:
        raise RunError(
            f"The manifest does not fit the decoder, which makes {found.image.size:,} values from "
            f"{found.latent_dim}.",
            "Correct it, or delete it to be asked for its values.",
        )
    manifest = Manifest(config if found.encoded else _without_encoder(config), spec)
    model = OnnxModel(manifest.config, spec)
    model.attach(contents)

    def errors(_: Mapping[str, str], each: FittingImages) -> NDArray[np.float64] | None:
        few = _sample(each, spec)
        return None if few is None else relative_errors(model, few)

    decision = Decision({})
    if found.encoded:
        decision = yield from decide((), {}, errors, images)
    shown = _sample(decision.images, spec) if decision.images else None
    if shown and decision.fits and not spec.classes:
        manifest = Manifest(config, ImageSpec(spec.shape, shown.spec.class_names))
    remark = f"Layout, value range and output activation are those of {origin}."
    remarks = (remark, *_missing(found))
    return _imported(manifest, contents, found, remarks=remarks, images=shown, fits=decision.fits)


def _sample(images: FittingImages, spec: ImageSpec) -> FittingImages | None:
    """Return images of a shape and with these classes, if it has any; None if they have others."""
    if spec.classes and images.spec.class_names != spec.class_names:
        return None
    few = images.of_shape(spec.shape)
    return few if len(few.sample) >= MIN_IMAGES else None


def _without_encoder(config: OnnxConfig) -> OnnxConfig:
    return parse(OnnxConfig, config.model_dump(mode="json") | {"mean": "", "deviation": ""})


def _from_metadata(found: Probe) -> Manifest | None:
    """Return the manifest of a file that latentlab has written; None if it is damaged."""
    try:
        shape, names = (json.loads(found.metadata[key]) for key in ("image_shape", "class_names"))
        values = {"kind": "onnx", "latent_dim": found.latent_dim, "label": found.label}
        channels, height, width = (int(size) for size in shape)
        config = parse(OnnxConfig, values)
        return Manifest(config, ImageSpec((channels, height, width), tuple(map(str, names))))
    except (KeyError, ValueError, TypeError, RecipeError):
        return None


def _imported(
    manifest: Manifest, contents: dict[str, bytes], found: Probe, **more: Any
) -> ImportedModel:
    config = manifest.config
    files = {**contents, MANIFEST: Manifest(config, manifest.spec).to_toml().encode()}
    encoder = ("encoder", (*found.encoder_inputs, *(f"→ {each}" for each in found.encoded)))
    decoder = ("decoder", (*found.decoder_inputs, *(f"→ {each}" for each in found.decoded)))
    return ImportedModel(config, {}, manifest.spec, parts=(encoder, decoder), files=files, **more)


def _missing(found: Probe) -> tuple[str, ...]:
    if found.encoded:
        return ()
    return ("There is no encoder, so images cannot be encoded and the map is empty.",)


class _Problem:
    """A model in ONNX whose layout is to be chosen.

    Parameters
    ----------
    found : Probe
        What its files take and return.
    files : dict of str to bytes
        The files.
    """

    def __init__(self, found: Probe, files: dict[str, bytes]) -> None:
        self._found, self._files = found, files
        self.shape, self._layout = _image_shape(found.image)
        self._classes = found.classes
        self._codes = [each for each in found.encoded if each.size == found.latent_dim]
        self._halves = [each for each in found.encoded if each.size == 2 * found.latent_dim]
        if found.encoded and not self._codes and not self._halves:
            raise RunError(
                f"The encoder returns {', '.join(map(str, found.encoded))}, and the decoder takes "
                f"{found.latent_dim} values.",
                "Is it the encoder of another model?",
            )
        self._model: OnnxModel | None = None

    def axes(self) -> list[Axis]:
        """Return what the files do not say, in the order in which it is decided."""
        axes = [self._output_axis()]
        if self._found.encoded:
            help_ = "Values of black and white in the input of the encoder."
            axes.append(Axis("input", "Encoder input", help_, PIXELS))
        if self._layout == "flat" and self.shape[0] > 1:
            titles = {"flat": "channel by channel", "flat-channels-last": "pixel by pixel"}
            help_ = "Order of the values of a colour image that is flat."
            axes.append(Axis("layout", "Pixel order", help_, titles))
        if len(self._codes) > 1:
            axes.append(self._head_axis())
        if self._codes[1:] or self._halves:
            axes.append(self._spread_axis())
        return axes

    def _output_axis(self) -> Axis:
        """Return the choice of the value range, decided by the values for random points."""
        low, high = self._found.image.low, self._found.image.high
        titles = {**PIXELS, LOGIT_OUTPUT: "Logits: a sigmoid follows"}
        evidence = f"Values for random z lie between {low:.3g} and {high:.3g}."
        hint = ""
        if low >= -MARGIN and high <= 1 + MARGIN:
            hint = "0-to-1"
        elif low >= -1 - MARGIN and high <= 1 + MARGIN:
            hint = "-1-to-1"
        elif low >= -MARGIN and 2 < high <= 255 + MARGIN:
            hint = "0-to-255"
        elif low < -2:
            hint = LOGIT_OUTPUT
        help_ = "Values of black and white in the output of the decoder."
        return Axis("output", "Decoder output", help_, titles, hint, evidence if hint else "")

    def _head_axis(self) -> Axis:
        """Return the choice of the outputs that are mean and spread."""
        names = [each.name for each in self._codes]
        pairs = [(mean, spread) for mean in names for spread in names if mean != spread]
        titles = {f"{mean},{spread}": f"mean {mean}, spread {spread}" for mean, spread in pairs}
        named = [
            f"{mean},{spread}" for mean, spread in pairs if _is_mean(mean) and _is_spread(spread)
        ]
        hint = named[0] if len(named) == 1 else ""
        help_ = "Outputs of the encoder that are the mean and the spread of z."
        reason = f"The outputs are called {', '.join(names)}." if hint else ""
        return Axis("heads", "Mean and spread", help_, titles, hint, reason)

    def _spread_axis(self) -> Axis:
        names = [each.name.lower() for each in self._codes or self._halves]
        hint = next((kind for name in names if (kind := _spread_kind(name))), "")
        help_ = "What the spread is. It does not change reconstructions."
        reason = f"The outputs are called {', '.join(names)}." if hint else ""
        return Axis("spread", "Spread is", help_, SPREADS, hint, reason, is_visible=False)

    def config(self, values: Mapping[str, str]) -> OnnxConfig:
        """Return the config for chosen values."""
        output = values.get("output", "0-to-1")
        mean, deviation = self._heads(values)
        return parse(
            OnnxConfig,
            {
                "latent_dim": self._found.latent_dim,
                "layout": values.get("layout", self._layout),
                "input_pixels": values.get("input", "0-to-1"),
                "output_pixels": "0-to-1" if output == LOGIT_OUTPUT else output,
                "activation": "sigmoid" if output == LOGIT_OUTPUT else "none",
                "label": self._found.label,
                "mean": mean,
                "deviation": deviation,
                "spread": values.get("spread", "log-variance"),
                "image": self._found.image.name,
            },
        )

    def _heads(self, values: Mapping[str, str]) -> tuple[str, str]:
        if "heads" in values:
            mean, _, deviation = values["heads"].partition(",")
            return mean, deviation
        if self._codes:
            return self._codes[0].name, ""
        return (self._halves[0].name,) * 2 if self._halves else ("", "")

    def spec(self, images: FittingImages | None) -> ImageSpec:
        """Return shape and classes; the names of classes are those of images that fit."""
        if self._found.label == "none":
            return ImageSpec(self.shape, images.spec.class_names if images else ())
        classes = self._classes or (images.spec.classes if images else 0) or DEFAULT_CLASSES
        if images and images.spec.classes == classes:
            return ImageSpec(self.shape, images.spec.class_names)
        return ImageSpec(self.shape, tuple(map(str, range(classes))))

    def errors(
        self, values: Mapping[str, str], images: FittingImages
    ) -> NDArray[np.float64] | None:
        """Return the relative error of each image; see `choose.decide`."""
        few = self._images(images)
        return None if few is None else relative_errors(self._model_for(values, few), few)

    def _images(self, images: FittingImages) -> FittingImages | None:
        """Return images of the shape of the model; None if there are none of its classes."""
        if self._found.label != "none" and images.spec.classes != (
            self._classes or images.spec.classes or -1
        ):
            return None
        few = images.of_shape(self.shape)
        return few if len(few.sample) >= MIN_IMAGES else None

    def _model_for(self, values: Mapping[str, str], images: FittingImages | None) -> OnnxModel:
        config, spec = self.config(values), self.spec(images)
        if self._model is None:
            self._model = OnnxModel(config, spec)
            self._model.attach(self._files)
        return self._model.like(config, spec)

    def solve(
        self, axes: Sequence[Axis], given: Mapping[str, str], decision: Decision
    ) -> ImportedModel:
        """Return the model with the chosen values, and how they were chosen."""
        images = self._images(decision.images) if decision.images else None
        variance = pixel_variance(images) if images else 1.0
        manifest = Manifest(self.config(decision.values), self.spec(images))
        self._model_for(decision.values, images)  # raises if files and config do not fit
        choices = choices_of(axes, given, decision, variance)
        remarks = [choice.reason for choice in choices]
        if self._found.label == "index" and not images:
            text = f"The number of classes is assumed to be {manifest.spec.classes}."
            remarks.append(f"{text} A manifest model.toml beside the file can say it.")
        if decision.fits and images:
            error = decision.error * variance
            remarks.insert(0, f"Reconstructs {images.title} with a squared error of {error:.2g}.")
        return _imported(
            manifest,
            self._files,
            self._found,
            choices=choices,
            remarks=(*remarks, *_missing(self._found)),
            images=images,
            fits=decision.fits,
        )


def _image_shape(image: Output) -> tuple[tuple[int, int, int], str]:
    """Return channels, height and width of an image, and its layout.

    Raises
    ------
    RunError
        If it has another number of channels.
    """
    sizes = (
        tuple(size for size in image.shape if size != 1) if len(image.shape) > 3 else image.shape
    )
    match sizes:
        case (1 | 3 as channels, height, width):
            return (channels, height, width), "channels-first"
        case (height, width, 1 | 3 as channels):
            return (channels, height, width), "channels-last"
        case (height, width):
            return (1, height, width), "channels-first"
        case (pixels,):
            return flat_shape(pixels), "flat"
    raise RunError(
        f"The decoder makes {image}, which is no grey or colour image.",
        "latentlab shows images of one or three channels.",
    )


def _is_mean(name: str) -> bool:
    return bool(MEAN.search(name.lower())) and not _is_spread(name)


def _is_spread(name: str) -> bool:
    return bool(_spread_kind(name.lower())) or "var" in name.lower()


def _spread_kind(name: str) -> str:
    """Return the meaning of a spread by its name; empty if the name says nothing."""
    if LOG_SIGMA.search(name):
        return "log-sigma"
    if LOG_VARIANCE.search(name):
        return "log-variance"
    if SIGMA.search(name):
        return "sigma"
    return "variance" if "var" in name else ""
