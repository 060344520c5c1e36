"""Atomic writes: a file or folder is complete or does not exist, whatever happens meanwhile.

Everything is written under another name beside its place and then renamed. What a killed process
leaves under such a name is deleted at the next write into the same folder.
"""

from __future__ import annotations

import errno
import os
import shutil
import time
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING
from uuid import uuid4

from latentlab.errors import RunError, reason_of

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

PREFIX, SUFFIX = ".latentlab-", ".part"
"""Start and end of the names of incomplete files. The names are unique, because two processes may
write the same file, and short, because the name of the file may be as long as the disk allows."""
ABANDONED_S = 3600.0
"""Seconds since the last change after which an incomplete file counts as left by a killed process.
"""
ADVICE = {
    errno.ENAMETOOLONG: "Choose a shorter name, or a folder with a shorter path.",
    errno.EACCES: "Choose another folder, or allow writing to this one.",
    errno.EPERM: "Choose another folder, or allow writing to this one.",
    errno.EROFS: "Choose another folder: this disk can only be read.",
}


def write_atomically(path: Path, content: bytes, *, durable: bool = True) -> None:
    """Write a file atomically: readers see the old or the new content, never a part of it.

    Without `durable` the file is not flushed to disk: a power failure shortly afterwards may
    lose the new content.

    Raises
    ------
    RunError
        If the file cannot be written; the old file is kept.
    """
    try:
        with complete_file(path, durable=durable) as file:
            file.write(content)
    except (OSError, ValueError) as error:  # ValueError: null character in the name
        raise not_written(path, error) from error


def not_written(path: Path, error: OSError | ValueError) -> RunError:
    """Return the error to raise if a file or folder cannot be written, with fitting advice."""
    number = (error.errno if isinstance(error, OSError) else None) or 0
    advice = ADVICE.get(number, "Choose another folder, or free disk space.")
    return RunError(f"{path} cannot be written: {reason_of(error)}.", advice)


@contextmanager
def complete_file(path: Path, *, durable: bool = True) -> Generator[IO[bytes]]:
    """Open a file for writing that takes the place of `path` when the block ends without error.

    Raises
    ------
    OSError
        If the file cannot be written; the old file is kept.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    delete_abandoned(path.parent)
    part = _part_in(path.parent)
    try:
        with part.open("xb") as file:
            yield file
            if durable:
                file.flush()
                os.fsync(file.fileno())
        part.replace(path)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


@contextmanager
def complete_folder(path: Path) -> Generator[Path]:
    """Make a folder to fill, which is renamed to `path` when the block ends without error.

    If another process has made `path` in the meantime, that one is kept.

    Raises
    ------
    OSError
        If the folder cannot be made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    delete_abandoned(path.parent)
    part = _part_in(path.parent)
    try:
        part.mkdir()
        yield part
        try:
            part.rename(path)
        except OSError:
            if not path.is_dir():
                raise
    finally:
        shutil.rmtree(part, ignore_errors=True)


def append_text(path: Path, text: str) -> None:
    """Append text to a file of lines; if that fails, nothing of it remains.

    A process that is killed may leave an incomplete last line, which readers skip.

    Raises
    ------
    RunError
        If the file cannot be written.
    """
    try:
        with path.open("ab", buffering=0) as file:
            size = file.seek(0, os.SEEK_END)
            try:
                _write_all(file, text.encode())
            except OSError:
                file.truncate(size)
                raise
    except OSError as error:
        raise not_written(path, error) from error


def _write_all(file: IO[bytes], content: bytes) -> None:
    """Write to an unbuffered file, which may take only a part at once."""
    rest = memoryview(content)
    while rest:
        rest = rest[file.write(rest) :]


def set_aside(path: Path) -> Path:
    """Rename a file that cannot be read, so that writing does not destroy it; return the new path.

    Its ending becomes ``.damaged``; an earlier file of that name is kept.

    Raises
    ------
    RunError
        If it cannot be renamed.
    """
    aside, number = path.with_suffix(".damaged"), 2
    while os.path.lexists(aside):
        aside, number = path.with_suffix(f".damaged-{number}"), number + 1
    try:
        path.rename(aside)
    except OSError as error:
        raise not_written(path, error) from error
    return aside


def check_writable(folder: Path) -> None:
    """Check that files can be written into a folder, which is made if it is missing.

    Raises
    ------
    RunError
        If not.
    """
    part = _part_in(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        part.touch(exist_ok=False)
        part.unlink()
    except OSError as error:
        raise not_written(folder, error) from error


def delete_abandoned(folder: Path, age: float = ABANDONED_S) -> None:
    """Delete the incomplete files of a folder that were last changed more than `age` seconds ago.

    With an age of 0 all of them: only if no other process writes into the folder.
    """
    with suppress(OSError):
        for part in folder.glob(f"{PREFIX}*{SUFFIX}"):
            # Writing into a file does not change the time of its folder.
            files = [part, *part.iterdir()] if part.is_dir() else [part]
            if time.time() - max(map(_modified, files)) < age:
                continue
            if part.is_dir():
                shutil.rmtree(part, ignore_errors=True)
            else:
                part.unlink(missing_ok=True)


def _modified(path: Path) -> float:
    """Return the time of the last change; infinity if the file is gone."""
    try:
        return path.stat().st_mtime
    except OSError:
        return float("inf")


def is_incomplete(path: Path) -> bool:
    """Return whether a path is a file or folder that is still being written."""
    return path.name.startswith(PREFIX) and path.suffix == SUFFIX


def _part_in(folder: Path) -> Path:
    return folder / f"{PREFIX}{uuid4().hex[:12]}{SUFFIX}"


def is_missing(path: Path) -> bool:
    """Return whether a path does not exist; False if it cannot be accessed."""
    try:
        path.stat()
    except FileNotFoundError:
        return True
    except (OSError, ValueError):  # ValueError: null character in the name
        return False
    return False


def check_present(folder: Path, lost: str) -> None:
    """Refuse to write into a run folder that was taken away: a new one would hold that file alone.

    Parameters
    ----------
    folder : Path
        Run folder.
    lost : str
        What would be written, such as ``"notes"``.

    Raises
    ------
    RunError
        If it is gone.
    """
    if is_missing(folder):
        raise RunError(
            f"{folder} was moved or deleted, or its disk is gone.",
            f"Bring it back to keep the {lost} of its model.",
        )
