"""Fuzzing of readers: targets, and what counts as a finding, for one input or with `atheris`."""

from __future__ import annotations

import random
import tempfile
import time
import warnings
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from mutation_support import BYTES, Memory, Outcome, attempt, note

if TYPE_CHECKING:
    from mutation_support import DecodedPaths

TARGETS = Path(__file__).with_name("targets")
CORPUS = Path(__file__).with_name("corpus")
SLOWEST = 2.0
"""Maximum processor time of one read, in seconds."""
MOST_MEMORY = 1 << 30
"""Maximum growth of the peak memory in one read, in bytes."""
LONGEST_INPUT = 1 << 16
"""Maximum size of an input, in bytes."""
Reads = Iterable[Callable[[], object]]


@dataclass(frozen=True)
class FuzzTarget:
    """Readers of one format.

    Parameters
    ----------
    reads : callable
        Writes the content into an empty folder, and returns calls of the readers.
    ways : tuple of callable
        Mutators that know the format, beside those of libFuzzer.
    """

    reads: Callable[[bytes, Path], Reads]
    ways: DecodedPaths = BYTES


_FOUND: dict[str, FuzzTarget] = {}


def target(ways: DecodedPaths = BYTES) -> Callable[[Callable[[bytes, Path], Reads]], object]:
    """Register a target under the name of its module."""

    def register(reads: Callable[[bytes, Path], Reads]) -> Callable[[bytes, Path], Reads]:
        _FOUND[reads.__module__.rpartition(".")[2]] = FuzzTarget(reads, ways)
        return reads

    return register


def names() -> list[str]:
    """Return the names of all targets, without loading them."""
    return sorted(module.name for module in iter_modules([str(TARGETS)]))


def load(name: str) -> FuzzTarget:
    """Return a target by its name, that of its module."""
    import_module(f"fuzz.targets.{name}")
    return _FOUND[name]


def seeds(name: str) -> list[Path]:
    """Return the kept corpus of a target."""
    return sorted((CORPUS / name).iterdir())


class Judge:
    """Runs the readers of a target on one input after the other, and counts the findings."""

    def __init__(self, target: FuzzTarget, folder: Path) -> None:
        self.outcome = Outcome()
        self._target, self._folder = target, folder

    def __call__(self, content: bytes) -> None:
        """Read one input in the folder, which is empty before and after."""
        with warnings.catch_warnings(action="ignore"):
            for read in self._target.reads(content, self._folder):
                self._read(read, content)
        for file in self._folder.iterdir():
            file.unlink()

    def _read(self, read: Callable[[], object], content: bytes) -> None:
        memory = Memory()
        attempt(read, content, self.outcome)
        if self.outcome.last > SLOWEST:
            note(self.outcome, f"took {self.outcome.last:.0f} s", content)
        if memory.grown() > MOST_MEMORY:
            note(self.outcome, f"took {memory.grown() >> 30} GB", content)


def fuzz(name: str, seconds: float, report: Callable[[int, Outcome], None]) -> None:
    """Fuzz a target guided by coverage; calls `report` with executions and findings, and exits.

    `atheris` ends the process itself, therefore `report` is called before.
    """
    import atheris

    with atheris.instrument_imports(include=["latentlab", "zipfile", "PIL", "tomllib"]):
        chosen = load(name)
        folder = Path(tempfile.mkdtemp())
        warm_up = Judge(chosen, folder)
        for seed in seeds(name):  # imports what is imported on first use
            warm_up(seed.read_bytes())
    judge = Judge(chosen, folder)
    end, executions = time.monotonic() + seconds, 0

    def one(content: bytes) -> None:
        nonlocal executions
        executions += 1
        judge(content)
        if time.monotonic() > end:
            report(executions, judge.outcome)

    def mutate(content: bytes, most: int, seed: int) -> bytes:
        rng = random.Random(seed)
        changed = content
        if rng.random() < 0.5:
            with suppress(Exception):  # it expects a valid file
                changed = rng.choice(chosen.ways)(content, rng)
        if changed == content:
            changed = atheris.Mutate(content, most)
        return changed[:most]

    # Inputs of new coverage are written into the first folder.
    folders = [tempfile.mkdtemp(), str(CORPUS / name)]
    options = [f"-max_len={LONGEST_INPUT}", "-rss_limit_mb=0", "-timeout=60", "-verbosity=0"]
    atheris.Setup(["fuzz", *options, *folders], one, custom_mutator=mutate)
    atheris.Fuzz()


def keep(folder: Path, outcome: Outcome) -> None:
    """Write an example of each finding, named by its content."""
    for content in outcome.examples.values():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"found-{sha256(content).hexdigest()[:8]}").write_bytes(content)
