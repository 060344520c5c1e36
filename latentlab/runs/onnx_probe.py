"""A first run of the ONNX files of a model, in a process with limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from latentlab.models.onnx_trial import Probe, try_classifier, try_model
from latentlab.runs.child_process import in_process
from latentlab.work import Progress, with_progress

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

EXTRA_BYTES = 2 << 30
"""Memory of the process above a few copies of the files."""
MAX_SECONDS = 60
_PROBE = TypeAdapter(Probe)


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
    memory = EXTRA_BYTES + 4 * sum(map(len, files.values()))
    problem = f"{name} cannot be computed"
    pieces = in_process(try_model, dict(files), problem=problem, memory=memory, seconds=MAX_SECONDS)
    return _PROBE.validate_python((yield from with_progress(pieces, f"Checking {name}")))


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
    memory = EXTRA_BYTES + 4 * len(content)
    problem = f"{name} cannot be computed"
    pieces = in_process(
        try_classifier, content, name, shape, problem=problem, memory=memory, seconds=MAX_SECONDS
    )
    return str((yield from with_progress(pieces, f"Checking {name}")))
