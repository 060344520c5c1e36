"""Image sources: folders, and ZIP files that are read in place."""

from __future__ import annotations

import os
import unicodedata
import zipfile
from abc import ABC, abstractmethod
from collections import Counter
from dataclasses import dataclass, field, replace
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, override

from latentlab.data.files import other_files
from latentlab.data.files.image_file import picture_suffixes
from latentlab.data.files.other_files import kind_of
from latentlab.data.tables.encodings import decode_names
from latentlab.directories import is_run
from latentlab.errors import DataError
from latentlab.work import Progress, in_thread, with_progress

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Sequence

TOLD_EVERY = 500
LARGEST = 1 << 29
"""Maximum unpacked size of a file in an archive, in bytes."""
ALWAYS_FINE = 1 << 25
"""Unpacked size up to which `MAX_RATIO` is not checked, in bytes."""
MAX_RATIO = 200
"""Maximum compression ratio of larger files: images and tables compress far less."""
TABLES = {".csv", ".tsv", ".txt", ".parquet"}
HIDDEN = "__MACOSX"
UTF8_FLAG = 0x800
"""Flag of a ZIP entry whose name is UTF-8."""
GLANCE = 300
"""Maximum number of files that `holds_pictures` checks."""
Skipped = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """File or page of a source; `name` is its ``/``-separated path, `stamp` its version."""

    name: str
    size: int
    stamp: int
    place: Path | zipfile.ZipInfo | int = field(repr=False, compare=False)
    page: int | None = None
    """Page of a multi-page file, from 0; `name` then ends in ``#`` and the page plus 1."""

    @property
    def file(self) -> str:
        """Path of the file, without the page number."""
        return self.name if self.page is None else self.name.rpartition("#")[0]

    def paged(self, page: int) -> Entry:
        """Return the entry of one page of this file."""
        return replace(self, name=f"{self.name}#{page + 1}", page=page)


class Source(ABC):
    """Image files and the tables beside them.

    Parameters
    ----------
    root : Path
        Folder or archive.
    entries : tuple of Entry
        Images: sorted by name in a folder, in stored order in an archive.
    tables : tuple of Entry
        Text files that may hold attributes of the images.
    skipped : tuple of (str, str)
        Names of inaccessible files and folders, and the reasons.
    notes : tuple of str
        Notes for the user, such as files of unsupported formats.
    """

    def __init__(
        self,
        root: Path,
        entries: Iterable[Entry],
        tables: Iterable[Entry] = (),
        skipped: Skipped = (),
        notes: Iterable[str] = (),
    ) -> None:
        self.root = root
        self.entries = tuple(entries)
        self.tables = tuple(tables)
        self.skipped = skipped
        self.notes = tuple(filter(None, notes))

    @abstractmethod
    def open(self, entry: Entry) -> IO[bytes]:
        """Open the file of an entry; thread-safe."""

    def close(self) -> None:
        """Release open files; does nothing by default."""
        return


class FolderSource(Source):
    """Images of a folder and its subfolders."""

    @override
    def open(self, entry: Entry) -> IO[bytes]:
        assert isinstance(entry.place, Path)
        return entry.place.open("rb")


class ZipSource(Source):
    """Images of a ZIP file."""

    def __init__(
        self,
        root: Path,
        archive: zipfile.ZipFile,
        entries: Iterable[Entry],
        tables: Iterable[Entry],
        notes: Iterable[str] = (),
    ) -> None:
        super().__init__(root, entries, tables, notes=notes)
        self._archive = archive

    @override
    def open(self, entry: Entry) -> IO[bytes]:
        assert isinstance(entry.place, zipfile.ZipInfo)
        if entry.size > LARGEST:
            raise DataError(f"would take {entry.size / 1e9:.1f} GB of memory to unpack")
        packed = entry.place.compress_size
        if entry.size > ALWAYS_FINE and entry.size > MAX_RATIO * packed:
            raise DataError(
                f"would grow from {packed:,} to {entry.size:,} bytes, more than {MAX_RATIO}-fold"
            )
        return BytesIO(self._archive.read(entry.place))

    @override
    def close(self) -> None:
        self._archive.close()


def find_pictures(root: Path) -> Generator[Progress, None, Source]:
    """List the images and tables of a folder or ZIP, without hidden files.

    Raises
    ------
    DataError
        If `root` does not exist, cannot be read or holds no images.
    """
    if root.is_dir():
        source = yield from _in_folder(root)
    elif root.is_file():
        source = yield from with_progress(
            in_thread(lambda: _in_zip(root)), f"Looking into {root.name}"
        )
    else:
        raise DataError(f"data.root: there is no folder or ZIP {root}.", "Check the path.")
    if not source.entries:
        source.close()
        raise DataError(
            f"data.root: {' '.join([f'{root} holds no images.', *source.notes])}",
            "Choose a folder or a ZIP of PNG, JPEG or other image files.",
        )
    return source


def _in_folder(root: Path) -> Generator[Progress, None, Source]:
    found: list[Entry] = []
    tables: list[Entry] = []
    skipped: list[tuple[str, str]] = []
    others: Counter[str] = Counter()
    suffixes = picture_suffixes()
    last = 0
    for item in _walk(root, skipped):
        suffix = os.path.splitext(item.name)[1].lower()
        if suffix not in suffixes and suffix not in TABLES:
            others[kind_of(item.name)] += 1
            continue
        try:
            stat, path = item.stat(), Path(item.path)
        except OSError as error:
            skipped.append((item.name, str(error.strerror)))
            continue
        name = path.relative_to(root).as_posix()
        into = found if suffix in suffixes else tables
        into.append(Entry(name, stat.st_size, stat.st_mtime_ns, path))
        if len(found) >= last + TOLD_EVERY:
            last = len(found)
            yield Progress(f"Looking into {root.name}: {last:,} images")
    found.sort(key=lambda entry: entry.name)
    tables.sort(key=lambda entry: entry.name)
    return FolderSource(root, found, tables, tuple(skipped), (_told(others),))


def _told(others: Counter[str]) -> str:
    del others[""]
    return other_files.summary(others)


def _walk(root: Path, skipped: list[tuple[str, str]]) -> Iterator[os.DirEntry[str]]:
    """Yield every file that is not hidden; follows each symbolic link to a folder once."""
    pending, seen = [str(root)], {os.path.realpath(root)}
    while pending:
        folder = pending.pop()
        try:
            with os.scandir(folder) as items:
                for item in items:
                    if _is_hidden(item.name):
                        continue
                    if not item.is_dir():
                        yield item
                    elif not item.is_symlink():
                        pending.append(item.path)
                    elif (real := os.path.realpath(item.path)) not in seen:
                        seen.add(real)
                        pending.append(item.path)
        except OSError as error:
            skipped.append((os.path.relpath(folder, root), str(error.strerror)))


def _in_zip(root: Path) -> Source:
    try:
        archive = zipfile.ZipFile(root)
        infos = archive.infolist()
    except (OSError, zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise DataError(
            f"data.root: {root} is not a folder or a readable ZIP ({error}).",
            "Unpack it, and choose the folder.",
        ) from None
    suffixes = picture_suffixes()
    files: dict[bool, list[Entry]] = {True: [], False: []}
    others: Counter[str] = Counter()
    names, encoding = _names_in(infos)
    for info, name in zip(infos, names, strict=True):
        # Paths such as ../x are harmless: nothing is extracted to disk.
        parts = [part for part in name.replace("\\", "/").split("/") if part.strip(".")]
        suffix = os.path.splitext(parts[-1])[1].lower() if parts else ""
        is_picture = suffix in suffixes
        if info.is_dir() or any(map(_is_hidden, parts)):
            continue
        if is_picture or suffix in TABLES:
            files[is_picture].append(Entry("/".join(parts), info.file_size, info.CRC, info))
        else:
            others[kind_of(name)] += 1
    notes = (_told(others), f"Names in the ZIP are read as {encoding}." if encoding else "")
    return ZipSource(root, archive, files[True], files[False], notes)


def _names_in(infos: Sequence[zipfile.ZipInfo]) -> tuple[list[str], str]:
    """Return the file names of an archive, and the encoding guessed for unflagged names.

    `zipfile` decodes names without the UTF-8 flag as cp437, but macOS writes UTF-8 and Windows its
    regional code page.
    """
    names = [info.filename for info in infos]
    unmarked = [
        i
        for i, info in enumerate(infos)
        if not info.flag_bits & UTF8_FLAG
        and not info.filename.isascii()
        and info.filename == info.orig_filename.replace(os.sep, "/")
    ]
    if not unmarked:
        return names, ""
    read, encoding = decode_names([names[i].encode("cp437") for i in unmarked], "cp437")
    for i, name in zip(unmarked, read, strict=True):
        names[i] = name
    return names, "" if encoding in ("utf-8", "cp437") else encoding


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name == HIDDEN


def shared_depth(paths: Sequence[list[str]]) -> int:
    """Return the number of leading folders that all paths share."""
    first, last = min(paths, default=[]), max(paths, default=[])
    pairs = enumerate(zip(first, last, strict=False))
    return next((i for i, (a, b) in pairs if a != b), min(len(first), len(last)))


def shown(name: str) -> str:
    """Return a printable file name: NFC, with lone surrogates replaced."""
    return unicodedata.normalize("NFC", name.encode("utf-8", "replace").decode("utf-8"))


def holds_pictures(path: Path) -> bool:
    """Return whether a path is a ZIP, or a folder with images (in `GLANCE` files), not a run."""
    if path.is_file():
        return path.suffix.lower() == ".zip"
    if not path.is_dir() or is_run(path):
        return False
    suffixes = picture_suffixes()
    first = islice(_walk(path, []), GLANCE)
    return any(os.path.splitext(item.name)[1].lower() in suffixes for item in first)
