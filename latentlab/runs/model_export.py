"""Export of a model for other programs: ONNX, checked against torch, and safetensors."""

from __future__ import annotations

import json
import warnings
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, override

import numpy as np
import torch
from safetensors.numpy import load, save
from torch import Tensor, nn

from latentlab import __version__
from latentlab.atomic_write import write_atomically
from latentlab.data.condition import Condition
from latentlab.data.image_set import ImageSpec
from latentlab.errors import RunError, reading
from latentlab.learning.checkpoint import empty_model, load_weights
from latentlab.learning.recipe import make_recipe
from latentlab.models.onnx_file import DECODER, ENCODER, OnnxFunction, missing_onnx
from latentlab.models.onnx_model import OnnxConfig
from latentlab.runs.onnx_manifest import MANIFEST, Manifest
from latentlab.session.files.model_export import ModelFormat, ModelPart, model_format
from latentlab.work import Progress, finish

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from numpy.typing import NDArray

    from latentlab.models.base import Model

TOLERANCE = 1e-4
"""Maximum difference between ONNX and torch, absolute below 1 and relative above."""
CHECKED_BATCHES = (1, 3)
MIN_HALF_VALUES = 16
"""Tensors with fewer values are stored in single precision."""
MAX_BYTES = (1 << 31) - 1
"""Maximum size of a file of protobuf, the format of ONNX."""


ABOUT, WEIGHTS = "about.json", "weights.safetensors"
"""Files of a `ModelSource`."""


@dataclass(frozen=True)
class ModelSource:
    """A model as plain values, which can be sent to another process.

    Parameters
    ----------
    name : str
        Display name.
    recipe : dict
        Recipe as plain values.
    spec : ImageSpec
        Shape and classes of the images.
    weights : mapping of str to ndarray
        Tensors by their name in the model.
    files : mapping of str to bytes
        Files that hold the model instead, by name.
    """

    name: str
    recipe: Mapping[str, Any]
    spec: ImageSpec
    weights: Mapping[str, NDArray]
    files: Mapping[str, bytes] = field(default_factory=dict)

    @classmethod
    def of(cls, name: str, recipe: Mapping[str, Any], spec: ImageSpec, model: Model) -> ModelSource:
        """Return the source of a model; the arrays are copies."""
        weights = {key: value.numpy().copy() for key, value in model.state_dict().items()}
        return cls(name, recipe, spec, weights, dict(model.attached))

    def to_files(self) -> dict[str, bytes]:
        """Return the model as files, which `from_files` reads."""
        about = {
            "name": self.name,
            "recipe": self.recipe,
            "shape": self.spec.shape,
            "class_names": self.spec.class_names,
            "conditions": [asdict(each) for each in self.spec.conditions],
        }
        weights = {name: np.ascontiguousarray(value) for name, value in self.weights.items()}
        return {ABOUT: json.dumps(about).encode(), WEIGHTS: save(weights), **self.files}

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> ModelSource:
        """Return the model of the files that `to_files` has made."""
        about = json.loads(files[ABOUT])
        conditions = tuple(map(Condition.of, about["conditions"]))
        spec = ImageSpec(tuple(about["shape"]), tuple(about["class_names"]), conditions)
        others = {name: content for name, content in files.items() if name not in (ABOUT, WEIGHTS)}
        return cls(about["name"], about["recipe"], spec, load(files[WEIGHTS]), others)

    def build(self) -> Model:
        """Return the torch model."""
        model = empty_model(make_recipe(self.recipe), self.spec)
        load_weights(model, self.weights, self.name)
        return model

    def rounded(self) -> ModelSource:
        """Return the model with weights rounded to half precision.

        Raises
        ------
        RunError
            If a weight is too large.
        """
        with np.errstate(over="ignore"):
            halves = {name: value.astype(np.float16) for name, value in self.weights.items()}
        for name, value in halves.items():
            if not np.isfinite(value).all():
                raise RunError(
                    f"{name} has weights that half precision cannot store.",
                    "Export the model in single precision.",
                )
        weights = {name: value.astype(np.float32) for name, value in halves.items()}
        return ModelSource(self.name, self.recipe, self.spec, weights, self.files)

    def metadata(self) -> dict[str, str]:
        """Return what a program needs to use the file, as text by key."""
        found = {
            "latentlab": __version__,
            "model": self.name,
            "latent_dim": str(empty_model(make_recipe(self.recipe), self.spec).latent_dim),
            "pixel_range": "0 to 1",
            "layout": "NCHW",
            "image_shape": json.dumps(self.spec.shape),
            "class_names": json.dumps(self.spec.class_names, ensure_ascii=False),
        }
        if self.spec.conditions:
            conditions = [asdict(each) for each in self.spec.conditions]
            found["conditions"] = json.dumps(conditions, ensure_ascii=False)
        return found


def export_model(
    source: ModelSource, path: Path, *, half: bool = False, part: ModelPart = ModelPart.DECODER
) -> Generator[Progress, None, str]:
    """Write a model for other programs.

    A folder gets ``encoder.onnx``, ``decoder.onnx`` and the manifest ``model.toml``, with which it
    can be opened again. The ONNX inputs are ``x`` (images in [0, 1], N×C×H×W), ``z`` (N×D) and, for
    a conditional model, ``y`` (class index, N); the outputs are ``mu``, ``sigma`` (N×D) and
    ``image`` (N×C×H×W).

    Parameters
    ----------
    source : ModelSource
        The model.
    path : Path
        Output path: ``.onnx``, ``.safetensors``, or a folder.
    half : bool
        Whether weights are stored in half precision; ONNX still computes in single precision.
    part : ModelPart
        Part that an ONNX file holds.

    Returns
    -------
    str
        What was checked, and what ONNX does not hold; empty for safetensors.

    Raises
    ------
    RunError
        If the file cannot be written, or ONNX and torch differ by more than `TOLERANCE`; then no
        file is written.
    """
    kind = model_format(path)
    if source.files:
        return _copy(source, path, kind, part, half=half)
    if half:
        source = source.rounded()
    if kind is ModelFormat.SAFETENSORS:
        _write_safetensors(source, path, half=half)
        return ""
    if source.spec.conditions:
        raise RunError(
            "The manifest of an ONNX model has one class, and this model takes other conditions.",
            "Export the weights as safetensors.",
        )
    _require_onnx()
    parts = [*ModelPart] if kind is ModelFormat.FOLDER else [part]
    contents: dict[ModelPart, bytes] = {}
    worst = 0.0
    model = source.build()
    for each in parts:
        yield Progress(f"Exporting the {each}", len(contents) / len(parts))
        contents[each], difference = _exported(model, each, source, half=half)
        worst = max(worst, difference)
    if kind is ModelFormat.FOLDER:
        manifest = Manifest.of_export(model, source.spec)
        _write_folder(path, contents, manifest)
    else:
        write_atomically(path, contents[part])
    return f"onnxruntime and torch differ by at most {worst:.1g}. {_left_out(model)}".rstrip()


def _left_out(model: Model) -> str:
    """Return what the files do not say about a model; empty if they say all."""
    left = []
    if not model.has_standard_prior:
        left.append("The learned prior is not in the files: other programs draw z from N(0, 1).")
    if model.has_posterior and not model.has_gaussian_posterior:
        left.append("Of the posterior they have the means and standard deviations only.")
    return " ".join(left)


def export_at_once(files: Mapping[str, bytes], path: str, half: bool, part: str) -> str:
    """Do `export_model` to its end; another process can call it with `ModelSource.to_files`."""
    source = ModelSource.from_files(files)
    return finish(export_model(source, Path(path), half=half, part=ModelPart(part)))


def _require_onnx() -> None:
    if not all(map(find_spec, ("onnx", "onnxruntime", "onnxscript"))):
        raise missing_onnx()


def _copy(
    source: ModelSource, path: Path, kind: ModelFormat, part: ModelPart, *, half: bool
) -> str:
    """Write the files of a model that is ONNX already."""
    name = {ModelPart.ENCODER: ENCODER, ModelPart.DECODER: DECODER}[part]
    if half or kind is ModelFormat.SAFETENSORS:
        raise RunError("This model is ONNX already.", "Export it as ONNX in single precision.")
    if kind is ModelFormat.FOLDER:
        for file, content in source.files.items():
            write_atomically(path / file, content)
        config = make_recipe(source.recipe).model
        assert isinstance(config, OnnxConfig)
        write_atomically(path / MANIFEST, Manifest(config, source.spec).to_toml().encode())
    elif name not in source.files:
        raise RunError(f"This model has no {part}.", "Export the other part.")
    else:
        write_atomically(path, source.files[name])
    return "The files are those of the imported model."


def _write_folder(folder: Path, contents: Mapping[ModelPart, bytes], manifest: Manifest) -> None:
    for part, name in ((ModelPart.ENCODER, ENCODER), (ModelPart.DECODER, DECODER)):
        write_atomically(folder / name, contents[part])
    write_atomically(folder / MANIFEST, manifest.to_toml().encode())


def _write_safetensors(source: ModelSource, path: Path, *, half: bool) -> None:
    """Write the tensors under their names in torch; the metadata describe model and images."""
    kind = np.float16 if half else np.float32
    arrays = {name: np.ascontiguousarray(value, kind) for name, value in source.weights.items()}
    metadata = {**source.metadata(), "recipe": json.dumps(source.recipe["model"])}
    write_atomically(path, save(arrays, metadata))


# ONNX


class _Encoder(nn.Module):
    """Map images, and labels, to mean and standard deviation of the posterior."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.model = model

    @override
    def forward(self, x: Tensor, y: Tensor | None = None) -> tuple[Tensor, Tensor]:
        q = self.model.encode(x, y)
        return q.mean, q.stddev


class _Decoder(nn.Module):
    """Map points, and labels, to images."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.model = model

    @override
    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        return self.model.decode(z, y).mean


def _exported(
    model: Model, part: ModelPart, source: ModelSource, *, half: bool
) -> tuple[bytes, float]:
    """Return the content of an ONNX file, and its largest difference from torch."""
    module = (_Encoder if part is ModelPart.ENCODER else _Decoder)(model).eval()
    content = _to_onnx(module, part, source, half=half)
    return content, _difference(content, module, part, source)


def _inputs(model: Model, part: ModelPart, spec: ImageSpec, count: int) -> tuple[Tensor, ...]:
    """Return random inputs for a batch."""
    noise = torch.Generator().manual_seed(count)
    if part is ModelPart.ENCODER:
        first = torch.rand((count, *spec.shape), generator=noise)
    else:
        first = torch.randn((count, model.latent_dim), generator=noise)
    labels = torch.arange(count) % max(1, spec.classes)
    return (first, labels) if model.conditional else (first,)


def _names(part: ModelPart, count: int) -> tuple[list[str], list[str]]:
    """Return the names of inputs and outputs."""
    first, outputs = ("x", ["mu", "sigma"]) if part is ModelPart.ENCODER else ("z", ["image"])
    return [first, "y"][:count], outputs


def _to_onnx(
    module: _Encoder | _Decoder, part: ModelPart, source: ModelSource, *, half: bool
) -> bytes:
    import onnx

    example = _inputs(module.model, part, source.spec, 2)
    inputs, outputs = _names(part, len(example))
    with reading(f"The {part}", fault="cannot be written as ONNX", advice=""), _quiet():
        program = torch.onnx.export(
            module,
            example,
            input_names=inputs,
            output_names=outputs,
            dynamic_shapes=tuple({0: "N"} for _ in example),
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    proto = program.model_proto
    proto.producer_name, proto.producer_version = "latentlab", __version__
    onnx.helper.set_model_props(proto, source.metadata())
    _strip(proto)
    if half:
        _halve(proto)
    if proto.ByteSize() > MAX_BYTES:
        raise RunError(f"The {part} is larger than 2 GB, which ONNX cannot store.")
    return proto.SerializeToString()


@contextmanager
def _quiet() -> Generator[None]:
    """Ignore warnings of the exporter, which are for authors of models."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _strip(proto: Any) -> None:
    """Remove what torch notes on the source of each node, such as paths of this machine."""
    graph = proto.graph
    for each in (*graph.node, *graph.value_info, *graph.input, *graph.output, *graph.initializer):
        del each.metadata_props[:]
        each.doc_string = ""
    del graph.metadata_props[:]
    graph.doc_string = ""


def _halve(proto: Any) -> None:
    """Store weights as fp16 and cast them when the file is loaded; their values stay the same."""
    from onnx import TensorProto, helper, numpy_helper

    graph = proto.graph
    casts = []
    for tensor in graph.initializer:
        values = numpy_helper.to_array(tensor)
        halves = values.astype(np.float16)
        is_exact = values.dtype == np.float32 and np.array_equal(halves, values)
        if values.size < MIN_HALF_VALUES or not is_exact:
            continue
        name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(halves, f"{name}_half"))
        casts.append(helper.make_node("Cast", [tensor.name], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)


def _difference(
    content: bytes, module: _Encoder | _Decoder, part: ModelPart, source: ModelSource
) -> float:
    """Return the largest difference between ONNX and torch.

    Raises
    ------
    RunError
        If it is larger than `TOLERANCE`.
    """
    function = OnnxFunction(content, f"The {part}")
    worst = 0.0
    for count in CHECKED_BATCHES:
        inputs = _inputs(module.model, part, source.spec, count)
        names, outputs = _names(part, len(inputs))
        found = function(dict(zip(names, (each.numpy() for each in inputs), strict=True)))
        with torch.inference_mode():
            expected = module(*inputs)
        for name, tensor in zip(outputs, _tuple(expected), strict=True):
            wanted = tensor.numpy()
            difference = np.abs(found[name] - wanted) / np.maximum(1, np.abs(wanted))
            worst = max(worst, float(np.nan_to_num(difference, nan=np.inf).max()))
    if worst > TOLERANCE:
        raise RunError(
            f"The {part} in ONNX differs from the model by {worst:.2g}, so it was not written.",
            "Export the model as safetensors.",
        )
    return worst


def _tuple(values: Tensor | tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return values if isinstance(values, tuple) else (values,)
