"""A first run of the ONNX files of a model, in a process with limits."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from latentlab.models.onnx_trial import Probe, try_classifier, try_model
from latentlab.runs.child_process import in_process
from latentlab.work import Progress, with_progress

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

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
    hashes = [hashlib.sha256(content).digest() for content in files.values()]
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
