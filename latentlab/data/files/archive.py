"""Where pictures lie: any folder, or a ZIP that is read in place and never unpacked."""

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
from latentlab.errors import DataError
from latentlab.work import Progress, in_thread, with_progress

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Sequence

TOLD_EVERY = 500
LARGEST = 1 << 29
"""Bytes up to which a file of an archive is unpacked into memory."""
ALWAYS_FINE = 1 << 25
"""Bytes up to which nobody asks how much a file of an archive grows."""
MAX_RATIO = 200
"""How many times its packed size a larger one may take: pictures and tables hardly shrink."""
TABLES = {".csv", ".tsv", ".txt"}
HIDDEN = "__MACOSX"
UTF8_FLAG = 0x800
"""What a ZIP says of a name in UTF-8."""
GLANCE = 300
"""Files that `holds_pictures` looks at before it gives up."""
RUN_FILES = ("checkpoint.json", "checkpoint.safetensors", "recipe.toml")
Skipped = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A file, by its path with ``/`` between folders; `stamp` changes when its content does."""

    name: str
    size: int
    stamp: int
    place: Path | zipfile.ZipInfo | int = field(repr=False, compare=False)
    page: int | None = None
    """Which picture of a file of several, from 0; its name ends in ``#`` and that number plus 1."""

    @property
    def file(self) -> str:
        """Path of its file, without the number of the page."""
        return self.name if self.page is None else self.name.rpartition("#")[0]

    def paged(self, page: int) -> Entry:
        """Return one picture of a file of several."""
        return replace(self, name=f"{self.name}#{page + 1}", page=page)


class Source(ABC):
    """Pictures, and the tables beside them.

    Parameters
    ----------
    root : Path
        What was looked into.
    entries : tuple of Entry
        The pictures: those of a folder by name, those of an archive in its order.
    tables : tuple of Entry
        Text files that may tell of them.
    skipped : tuple of (str, str)
        What could not be looked into, and why.
    notes : tuple of str
        What else one should know, such as files of kinds that are not read.
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
        """Open a file; from any thread."""

    def close(self) -> None:
        """Let go of what was opened; what is opened anew each time needs nothing."""
        return


class FolderSource(Source):
    """The pictures of a folder and of all in it."""

    @override
    def open(self, entry: Entry) -> IO[bytes]:
        assert isinstance(entry.place, Path)
        return entry.place.open("rb")


class ZipSource(Source):
    """The pictures of a ZIP."""

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
    """Look which pictures a folder or ZIP holds; hidden files are passed over.

    Raises
    ------
    DataError
        Where there is nothing to look into, or no picture in it.
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
            f"data.root: {' '.join([f'{root} holds no pictures.', *source.notes])}",
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
            yield Progress(f"Looking into {root.name}: {last:,} pictures")
    found.sort(key=lambda entry: entry.name)
    tables.sort(key=lambda entry: entry.name)
    return FolderSource(root, found, tables, tuple(skipped), (_told(others),))


def _told(others: Counter[str]) -> str:
    del others[""]
    return other_files.summary(others)


def _walk(root: Path, skipped: list[tuple[str, str]]) -> Iterator[os.DirEntry[str]]:
    """Yield every file that is not hidden, following links to folders but never in a circle."""
    waiting, seen = [str(root)], {os.path.realpath(root)}
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(folder) as items:
                for item in items:
                    if _is_hidden(item.name):
                        continue
                    if not item.is_dir():
                        yield item
                    elif not item.is_symlink():
                        waiting.append(item.path)
                    elif (real := os.path.realpath(item.path)) not in seen:
                        seen.add(real)
                        waiting.append(item.path)
        except OSError as error:
            skipped.append((os.path.relpath(folder, root), str(error.strerror)))


def _in_zip(root: Path) -> Source:
    try:
        archive = zipfile.ZipFile(root)
        infos = archive.infolist()
    except (OSError, zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise DataError(
            f"data.root: {root} is no folder and no ZIP that can be read ({error}).",
            "Unpack it, and choose the folder.",
        ) from None
    suffixes = picture_suffixes()
    files: dict[bool, list[Entry]] = {True: [], False: []}
    others: Counter[str] = Counter()
    names, encoding = _names_in(infos)
    for info, name in zip(infos, names, strict=True):
        # Names are only names here: nothing is ever written where they point to.
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
    """Return the names of an archive's files, and the encoding of those that do not tell theirs.

    Those without the mark of UTF-8 are read as cp437 by `zipfile`, whatever they are: macOS writes
    UTF-8, and Windows the code page of its country.
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
    """Return how many of their first folders all paths share."""
    first, last = min(paths, default=[]), max(paths, default=[])
    pairs = enumerate(zip(first, last, strict=False))
    return next((i for i, (a, b) in pairs if a != b), min(len(first), len(last)))


def shown(name: str) -> str:
    """Return a file's name as it can be shown: composed letters, and none that are half."""
    return unicodedata.normalize("NFC", name.encode("utf-8", "replace").decode("utf-8"))


def holds_pictures(path: Path) -> bool:
    """Say at a glance whether a path is a ZIP, or a folder with pictures, but not a run."""
    if path.is_file():
        return path.suffix.lower() == ".zip"
    if not path.is_dir() or any((path / name).exists() for name in RUN_FILES):
        return False
    suffixes = picture_suffixes()
    first = islice(_walk(path, []), GLANCE)
    return any(os.path.splitext(item.name)[1].lower() in suffixes for item in first)
