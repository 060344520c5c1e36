"""ONNX file as a function on arrays, run by onnxruntime after a check of its content."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from latentlab.errors import RunError, is_out_of_memory, reason_of, shown
from latentlab.extras import how_to_install

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping

    from numpy.typing import NDArray

ENCODER, DECODER = "encoder.onnx", "decoder.onnx"
"""Names of the files of a model in a folder."""
MAX_FILE_BYTES = 1 << 30
MAX_NODES = 20_000
MAX_INPUTS = 8
MAX_TENSOR_VALUES = 1 << 28
"""Maximum number of values of one tensor of the file."""
STANDARD_DOMAINS = frozenset({"", "ai.onnx", "ai.onnx.ml"})
"""Domains whose operators every runtime has."""
EMBED_ADVICE = (
    "Write it with embedded weights: "
    'onnx.save(onnx.load("model.onnx"), "embedded.onnx", save_as_external_data=False)'
)
SAVE_ADVICE = "Export it again, with torch.onnx.export(..., dynamo=True) and its default operators."
DTYPES: Mapping[str, type] = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(uint8)": np.uint8,
    "tensor(bool)": np.bool_,
}
"""Number formats of inputs and outputs."""


@dataclass(frozen=True, slots=True)
class Port:
    """Input or output of a graph.

    Parameters
    ----------
    name : str
        Its name in the file.
    dtype : type
        NumPy type of its values.
    shape : tuple of int or None
        Its sizes; None where a size is variable. The first one is the batch.
    """

    name: str
    dtype: type
    shape: tuple[int | None, ...]

    @property
    def is_float(self) -> bool:
        """Whether its values are floating-point numbers."""
        return issubclass(self.dtype, np.floating)

    def __str__(self) -> str:
        sizes = "×".join("N" if size is None else str(size) for size in self.shape)
        return f"{shown(self.name, 40)} ({sizes or 'scalar'})"


class OnnxFunction:
    """Function from named arrays to named arrays.

    Parameters
    ----------
    content : bytes
        Content of the file.
    source : str
        Name of the file in messages.

    Attributes
    ----------
    inputs, outputs : tuple of Port
        Its required inputs, and its outputs.
    metadata : dict of str to str
        Metadata of the file.

    Raises
    ------
    RunError
        If the file is damaged, too large, has weights in other files, or needs operators that are
        not part of ONNX; if onnxruntime is not installed.
    """

    def __init__(self, content: bytes, source: str) -> None:
        check_onnx(content, source)
        self._source = source
        self._session = _session(content, source)
        self.inputs = tuple(_port(each, source) for each in self._session.get_inputs())
        self.outputs = tuple(_port(each, source) for each in self._session.get_outputs())
        self.metadata = dict(self._session.get_modelmeta().custom_metadata_map)
        batches = {each.shape[0] for each in self.inputs if each.shape} - {None}
        self._batch = next(iter(batches), None)

    def __call__(self, arrays: Mapping[str, NDArray]) -> dict[str, NDArray]:
        """Return all outputs for a batch of N inputs; a graph with a fixed batch is run repeatedly.

        Raises
        ------
        RunError
            If the graph fails on these inputs.
        """
        feeds: dict[str, NDArray] = {
            each.name: arrays[each.name].astype(each.dtype) for each in self.inputs
        }
        count = len(next(iter(feeds.values())))
        if self._batch is None or self._batch == count:
            return self._run(feeds)
        return self._run_fixed(feeds, count, self._batch)

    def _run_fixed(self, feeds: Mapping[str, NDArray], count: int, size: int) -> dict[str, NDArray]:
        """Run in batches of a fixed size, the last one filled with its first row."""
        parts = []
        for start in range(0, count, size):
            rows = np.minimum(np.arange(start, start + size), count - 1)
            found = self._run({name: array[rows] for name, array in feeds.items()})
            parts.append({name: array[: count - start] for name, array in found.items()})
        return {
            each.name: np.concatenate([part[each.name] for part in parts]) for each in self.outputs
        }

    def _run(self, feeds: Mapping[str, NDArray]) -> dict[str, NDArray]:
        with _onnxruntime(f"{self._source} cannot be computed"):
            values = self._session.run(None, dict(feeds))
        return {each.name: value for each, value in zip(self.outputs, values, strict=True)}


def missing_onnx() -> RunError:
    """Return an error that the packages for ONNX are not installed."""
    return RunError("ONNX files need packages that are not installed.", how_to_install("onnx"))


def ordered_inputs(function: OnnxFunction) -> tuple[Port, ...]:
    """Return the inputs of a graph: values first, then the label, which is an integer or smaller.

    Of two float inputs the order in the file decides.
    """
    return tuple(sorted(function.inputs, key=lambda each: not each.is_float))


def check_onnx(content: bytes, source: str) -> None:
    """Check an ONNX file without running it.

    Raises
    ------
    RunError
        See `OnnxFunction`.
    """
    try:
        import onnx
    except ImportError as error:
        raise missing_onnx() from error
    if len(content) > MAX_FILE_BYTES:
        raise RunError(f"{source} is larger than {MAX_FILE_BYTES >> 30} GB.")
    try:
        proto = onnx.load_model_from_string(content)
    except Exception as error:  # protobuf has several types of errors
        raise RunError(f"{source} is damaged or no ONNX file.", SAVE_ADVICE) from error
    _check_graph(proto, source)
    try:
        onnx.checker.check_model(proto)
    except Exception as error:  # of C++, for any inconsistency
        text = f"{source} is damaged or no ONNX file: {reason_of(error)}."
        raise RunError(text, SAVE_ADVICE) from error


def _check_graph(proto: Any, source: str) -> None:
    graph = proto.graph
    if not graph.node or not graph.output:
        raise RunError(f"{source} is damaged or no ONNX file: it computes nothing.", SAVE_ADVICE)
    if len(graph.node) > MAX_NODES or len(graph.input) > MAX_NODES:
        raise RunError(f"{source} has more than {MAX_NODES:,} operators.")
    for node in graph.node:
        if node.domain not in STANDARD_DOMAINS:
            raise RunError(
                f"{source} needs the operator {shown(node.op_type, 40)} of "
                f"{shown(node.domain, 40)}, which is not part of ONNX.",
                SAVE_ADVICE,
            )
        if any(attribute.HasField("g") or attribute.graphs for attribute in node.attribute):
            raise RunError(
                f"{source} has the operator {shown(node.op_type, 40)}, which contains another "
                "graph. Encoders and decoders do not need it.",
                SAVE_ADVICE,
            )
    if proto.functions:
        raise RunError(f"{source} defines functions of its own.", SAVE_ADVICE)
    for tensor in _tensors(graph):
        if tensor.data_location or tensor.external_data:
            text = f"{source} has weights in other files, which are not read."
            raise RunError(text, EMBED_ADVICE)
        if np.prod([max(0, size) for size in tensor.dims], dtype=float) > MAX_TENSOR_VALUES:
            raise RunError(f"{source} has a tensor that is too large: {shown(tensor.name, 40)}.")


def _tensors(graph: Any) -> Iterator[Any]:
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            yield from attribute.tensors
            sparse_tensors = [*attribute.sparse_tensors]
            if attribute.HasField("sparse_tensor"):
                sparse_tensors.append(attribute.sparse_tensor)
            for sparse in sparse_tensors:
                yield from (sparse.values, sparse.indices)


def _session(content: bytes, source: str) -> Any:
    try:
        import onnxruntime  # type: ignore[import-untyped]
    except ImportError as error:
        raise missing_onnx() from error
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # errors arrive as exceptions
    # As many threads as torch; the first run of a file needs no torch.
    torch = sys.modules.get("torch")
    options.intra_op_num_threads = torch.get_num_threads() if torch else 1
    options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    # Folding would compute constants of any size while the file is opened.
    unfolded = ["ConstantFolding"]
    with _onnxruntime(f"{source} cannot be computed"):
        return onnxruntime.InferenceSession(
            content, options, ["CPUExecutionProvider"], disabled_optimizers=unfolded
        )


@contextmanager
def _onnxruntime(problem: str) -> Generator[None]:
    """Convert the errors of onnxruntime, which have no common type."""
    try:
        yield
    except Exception as error:
        if is_out_of_memory(error):
            raise
        raise RunError(f"{problem}: {reason_of(error)}.", SAVE_ADVICE) from error


def _port(found: Any, source: str) -> Port:
    if found.type not in DTYPES:
        raise RunError(
            f"{source} has {shown(found.name, 40)} of type {shown(found.type, 40)}.",
            "Inputs and outputs are tensors of numbers.",
        )
    shape = tuple(size if isinstance(size, int) and size > 0 else None for size in found.shape)
    return Port(found.name, DTYPES[found.type], shape)
