"""A disk that fails at the k-th open, write, fsync or rename below a folder, in three ways."""

from __future__ import annotations

import builtins
import errno
import io
import os
import shutil
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from latentlab.atomic_write import is_incomplete
from latentlab.errors import LatentlabError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

CRASH, FULL, DENIED = "crash", "full", "denied"
WAYS = (CRASH, FULL, DENIED)
CODES = {FULL: errno.ENOSPC, DENIED: errno.EACCES}
RENAMES = ("replace", "rename", "link")
MADE = ("mkdir",)
REMOVED = ("unlink", "remove", "rmdir")


class Killed(BaseException):
    """The process has ended; nothing that it would do afterwards has an effect."""


class FailingDisk:
    """Counts the steps of writing below `root`, and lets one fail.

    Parameters
    ----------
    root : Path
        Folder in which steps count.
    at : int
        Number of the step that fails, from 1; 0 for none.
    way : str
        `CRASH`: half of the write is done, and nothing after it. `FULL`: half of the write is
        done, and all further writes fail too. `DENIED`: this and all further opens and renames
        fail.
    """

    def __init__(self, root: Path, at: int = 0, way: str = CRASH) -> None:
        self.steps = 0
        self.failed = False
        self._root, self._at, self._way = os.path.realpath(root), at, way

    @contextmanager
    def active(self) -> Iterator[FailingDisk]:
        """Count, and fail, inside the block."""
        with ExitStack() as stack:
            opened = self._opening(builtins.open)
            stack.enter_context(patch.object(builtins, "open", opened))
            stack.enter_context(patch.object(io, "open", opened))
            for name in (*RENAMES, *MADE, *REMOVED):
                stack.enter_context(patch.object(os, name, self._calling(name)))
            stack.enter_context(patch.object(os, "fsync", self._syncing(os.fsync)))
            yield self

    def step(self, kind: str) -> None:
        """Count one step; raise if it fails."""
        if self.failed and self._way == CRASH:
            raise Killed
        if kind in REMOVED:
            return
        self.steps += 1
        if self.steps == self._at:
            self.failed = True
        if self.failed and self._affects(kind):
            if self._way == CRASH:
                raise Killed
            number = CODES[self._way]
            raise OSError(number, os.strerror(number))

    def _affects(self, kind: str) -> bool:
        if self._way == FULL:
            return kind in ("write", "fsync", "open", *MADE)
        return self._way == CRASH or kind in ("open", *RENAMES, *MADE)

    def _opening(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def opened(file: Any, mode: str = "r", *args: Any, **options: Any) -> Any:
            if not set(mode) & set("wax+") or not self._is_below(file):
                return real(file, mode, *args, **options)
            self.step("open")
            return _Writer(real(file, mode, *args, **options), self)

        return opened

    def _calling(self, name: str) -> Callable[..., Any]:
        real = getattr(os, name)

        def called(path: Any, *args: Any, **options: Any) -> Any:
            if options.get("dir_fd") is not None or self._is_below(path):
                self.step(name)
            return real(path, *args, **options)

        return called

    def _syncing(self, real: Callable[[int], None]) -> Callable[[int], None]:
        def synced(number: int) -> None:
            self.step("fsync")

        return synced

    def _is_below(self, path: Any) -> bool:
        return not isinstance(path, int) and os.path.realpath(path).startswith(self._root)


class _Writer:
    """An open file whose writes are steps of a disk; a step that fails writes the first half."""

    def __init__(self, file: Any, disk: FailingDisk) -> None:
        self._file, self._disk = file, disk

    def write(self, content: Any) -> int:
        try:
            self._disk.step("write")
        except BaseException:
            with suppress(OSError, ValueError):
                self._file.write(content[: len(content) // 2])
                self._file.flush()
            raise
        return int(self._file.write(content))

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def __enter__(self) -> _Writer:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def __iter__(self) -> Any:
        return iter(self._file)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def interrupt_everywhere(
    write: Callable[[Path, int], object], read: Callable[[Path], object], folder: Path
) -> dict[str, int]:
    """Replace version 1 by 2 with each step failing in each way; return the interrupted, by way.

    Whatever happened: what is read is the old or the new version. After a failure that the process
    survives nothing incomplete is left; after a crash it is by the next write an hour later. And
    the next write gives the new version.
    """
    old = folder / "old"
    old.mkdir()
    write(old, 1)
    before = read(old)
    counts = dict.fromkeys(WAYS, 0)
    for way in WAYS:
        while True:
            place = shutil.copytree(old, folder / "place" / "home")
            at = counts[way] + 1
            disk = FailingDisk(place, at, way)
            with disk.active(), suppress(Killed, LatentlabError, OSError):
                write(place, 2)
            found, where = read(place), f"{way} at step {at}"
            if way != CRASH:
                assert not incomplete(place), where
            age(place)
            with FailingDisk(place).active():
                write(place, 2)
            after = read(place)
            assert after != before, f"{where}: the next write changed nothing"
            assert found in (before, after), f"{where}: neither old nor new"
            assert not incomplete(place), f"{where}: left {incomplete(place)}"
            shutil.rmtree(folder / "place")
            if not disk.failed:
                break
            counts[way] += 1
        assert counts[way], "nothing was written"
    return counts


def incomplete(folder: Path) -> list[Path]:
    """Return what is incomplete in a folder and those below."""
    return [path for path in folder.rglob("*") if is_incomplete(path)]


def age(folder: Path) -> None:
    """Make everything incomplete in a folder two hours old."""
    for path in incomplete(folder):
        files = [*path.rglob("*"), path] if path.is_dir() else [path]
        for file in files:
            time = file.stat().st_mtime - 7200
            os.utime(file, (time, time))
