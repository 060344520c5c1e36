"""A first run of the ONNX files of a model, in a process with limits."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from latentlab.learning.checkpoint import load_model, run_folder
from latentlab.models.onnx_file import DECODER
from latentlab.models.onnx_trial import Probe, try_classifier, try_model
from latentlab.runs.child_process import in_process
from latentlab.work import Progress, finish, with_progress

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping
    from pathlib import Path

    from latentlab.learning.checkpoint import Checkpoint
    from latentlab.models.base import Model

EXTRA_BYTES = 2 << 30
"""Memory of the process above a few copies of the files."""
MAX_SECONDS = 60
MAX_KEPT = 16
_PROBE = TypeAdapter(Probe)
_PASSED: dict[object, Any] = {}
"""Results of the last files that passed: a file is inspected again after each choice."""


def probe(files: Mapping[str, bytes], name: str) -> Generator[Progress, None, Probe]:
    """Run the files once, in a process with limits of memory and time.

    Parameters
    ----------
    files : mapping of str to bytes
        ``decoder.onnx``, and ``encoder.onnx`` if there is one.
    name : str
        Name of the model in messages.

    Raises
    ------
    RunError
        If a file is refused, or cannot be computed within the limits.
    """
    found = yield from _tried(try_model, name, files)
    return _PROBE.validate_python(found)


def load_probed(path: Path) -> tuple[Model, Checkpoint]:
    """Load a model as `load_model` does, after a probe of the ONNX files of its run folder.

    A run folder may come from anywhere, and a small graph may take all memory.

    Raises
    ------
    RunError
        If it cannot be loaded, or a file cannot be computed within the limits.
    """
    name = run_folder(path).name

    def inspect(files: Mapping[str, bytes]) -> None:
        if DECODER in files:  # `attach` tells what is missing
            finish(probe(files, name))

    return load_model(path, inspect)


def probe_classifier(
    content: bytes, name: str, shape: tuple[int, int, int]
) -> Generator[Progress, None, str]:
    """Run a classifier once, in a process with limits; return the name of its output.

    Parameters
    ----------
    content : bytes
        ONNX file.
    name : str
        Its name in messages.
    shape : tuple of int
        Channels, height and width of the images.

    Raises
    ------
    RunError
        If the file is refused, is no classifier of such images, or exceeds the limits.
    """
    return str((yield from _tried(try_classifier, name, {name: content}, shape)))


def _tried(
    work: Callable[..., Any], name: str, files: Mapping[str, bytes], *args: Any
) -> Generator[Progress, None, Any]:
    """Call a trial in a process with limits; files that have passed are not run again."""
    hashes = [hashlib.sha256(files[file]).digest() for file in sorted(files)]
    key = (work.__name__, *hashes, *args)
    if key not in _PASSED:
        pieces = in_process(
            work,
            *args,
            files=files,
            problem=f"{name} cannot be computed",
            memory=EXTRA_BYTES + 4 * sum(map(len, files.values())),
            seconds=MAX_SECONDS,
        )
        found = yield from with_progress(pieces, f"Checking {name}")
        while len(_PASSED) >= MAX_KEPT:
            _PASSED.pop(next(iter(_PASSED)))
        _PASSED[key] = found
    return _PASSED[key]
