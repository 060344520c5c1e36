"""Seeded mutation of files, for readers that must reject damaged files with a `LatentlabError`."""

from __future__ import annotations

import io
import json
import random
import struct
import time
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latentlab.errors import LONGEST, LatentlabError

if TYPE_CHECKING:
    from collections.abc import Iterator

type DecodedPaths = tuple[Callable[[bytes, random.Random], bytes], ...]
"""Mutators of the bytes of a file."""
NASTY = (
    None, True, False, 0, -1, 1, 2**31, 2**63, 10**30, 0.5, -0.0, 1e308, 1e-320,
    float("inf"), float("nan"), "", "x", "12", "\0", "\ud83d\ude42", "a" * 20_000, "../..", "/",
    [], [1], [[1]], [None], ["x"] * 300, {}, {"kind": "vae"}, {"kind": []}, {"": ""},
)  # fmt: skip
"""Replacement values of JSON."""
RAW = (b"NaN", b"-Infinity", b"1e999", b"9" * 5000, b"[" * 10_000, b'{"a":' * 3000, b"\x00", b"")
"""Replacement text of JSON that no encoder writes."""
SIGNS = b",;\t\"'\n\r=[]{}.#\x00\\"
DTYPES = ("F64", "F32", "F16", "BF16", "I64", "I8", "U8", "BOOL", "F8_E4M3", "F")
NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 1 << 20)


# Bytes


def flip(content: bytes, rng: random.Random) -> bytes:
    """Flip a few bits."""
    spoilt = bytearray(content)
    for _ in range(rng.choice([1, 1, 2, 8, 64])):
        if spoilt:
            spoilt[rng.randrange(len(spoilt))] ^= 1 << rng.randrange(8)
    return bytes(spoilt)


def flip_head(content: bytes, rng: random.Random) -> bytes:
    """Flip bits of the header."""
    return flip(content[:128], rng) + content[128:]


def truncate(content: bytes, rng: random.Random) -> bytes:
    """Cut the end off."""
    return content[: rng.randrange(len(content) + 1)]


def duplicate(content: bytes, rng: random.Random) -> bytes:
    """Repeat a piece."""
    start, end = sorted(rng.choices(range(len(content) + 1), k=2))
    return content[:end] + content[start:end] + content[end:]


def splice(content: bytes, rng: random.Random) -> bytes:
    """Overwrite a piece with another."""
    start, end = sorted(rng.choices(range(len(content) + 1), k=2))
    place = rng.randrange(len(content) + 1)
    return content[:place] + content[start:end] + content[place + end - start :]


def remove(content: bytes, rng: random.Random) -> bytes:
    """Remove a piece."""
    start, end = sorted(rng.choices(range(len(content) + 1), k=2))
    return content[:start] + content[end:]


def renumber(content: bytes, rng: random.Random) -> bytes:
    """Overwrite bytes of the header with an integer at the limit of its range."""
    size, order = rng.choice([1, 2, 4, 8]), rng.choice("<>")
    place = rng.randrange(max(1, min(len(content), 400) - size))
    code = {1: "B", 2: "H", 4: "I", 8: "Q"}[size]
    number = rng.choice(NUMBERS) & ((1 << (8 * size)) - 1)
    return content[:place] + struct.pack(order + code, number) + content[place + size :]


BYTES = (flip, flip_head, truncate, duplicate, splice, remove, renumber)


# Text


def retype(content: bytes, rng: random.Random) -> bytes:
    """Replace, remove or repeat a value or key of JSON."""
    try:
        values = json.loads(content)
    except ValueError:
        return flip(content, rng)
    slots = list(_slots(values))
    if not slots:
        return json.dumps(rng.choice(NASTY)).encode()
    holder, key = rng.choice(slots)
    how = rng.randrange(8)
    if how == 0:
        del holder[key]
    elif how == 1 and isinstance(holder, dict):
        holder[str(rng.choice(NASTY))] = holder.pop(key)
    elif how == 2 and isinstance(holder, list):
        holder[:] = holder * rng.choice([2, 100])
    elif how == 3:
        mark = "placeholder of the raw text"
        holder[key] = mark
        return json.dumps(values).encode().replace(f'"{mark}"'.encode(), rng.choice(RAW))
    else:
        holder[key] = rng.choice(NASTY)
    return json.dumps(values).encode()


def _slots(values: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(values, dict | list):
        for key in list(values) if isinstance(values, dict) else range(len(values)):
            yield values, key
            yield from _slots(values[key])


def retype_line(content: bytes, rng: random.Random) -> bytes:
    """Damage one of several lines of JSON."""
    lines = content.splitlines()
    place = rng.randrange(len(lines))
    lines[place] = rng.choice([retype, flip, truncate])(lines[place], rng)
    return b"\n".join(lines) + b"\n"


def reword(content: bytes, rng: random.Random) -> bytes:
    """Replace a word."""
    words = content.split(b" ")
    place = rng.randrange(len(words))
    value = rng.choice(NASTY)
    new = [str(value).encode(errors="replace"), rng.choice(RAW), rng.choice(words)]
    words[place] = rng.choice(new)
    return b" ".join(words)


def resign(content: bytes, rng: random.Random) -> bytes:
    """Insert one or many delimiters of CSV or TOML."""
    sign = bytes([rng.choice(SIGNS)])
    place = rng.randrange(len(content) + 1)
    return content[:place] + sign * rng.choice([1, 1, 3, 300]) + content[place:]


# Files of several parts


def rehead(content: bytes, rng: random.Random) -> bytes:
    """Damage only the header of a safetensors file."""
    length = int.from_bytes(content[:8], "little")
    head = json.loads(content[8 : 8 + length])
    meta = head.get("__metadata__", {})
    if "position" in meta and rng.random() < 0.5:
        meta["position"] = retype(meta["position"].encode(), rng).decode(errors="replace")
        changed = json.dumps(head).encode()
    elif rng.random() < 0.5:
        tensor = rng.choice([value for name, value in head.items() if name[0] != "_"])
        tensor["dtype"] = rng.choice(DTYPES)
        with suppress(IndexError):
            tensor["shape"][rng.randrange(3)] = rng.choice([0, 1, -1, 2**40, 10**30])
        changed = json.dumps(head).encode()
    else:
        changed = retype(content[8 : 8 + length], rng)
    size = rng.choice([len(changed)] * 8 + [0, 2**30, 2**63])
    return size.to_bytes(8, "little") + changed + content[8 + length :]


def repack(content: bytes, rng: random.Random) -> bytes:
    """Damage a member of a ZIP, or its name, and repack it with a valid checksum."""
    members = _unpacked(content)
    place = rng.randrange(len(members))
    name, data = members[place]
    match rng.randrange(6):
        case 0:
            members[place] = (rng.choice(["", "../x.npy", "a" * 300, "x.npy", name + "/"]), data)
        case 1:
            del members[place]
        case 2:
            members.append((name, rng.choice(members)[1]))
        case 3:
            members[place] = (name, bytes(30_000_000))
        case _:
            members[place] = (name, rng.choice(BYTES)(data, rng))
    packed = io.BytesIO()
    with (
        warnings.catch_warnings(action="ignore"),  # about duplicate names
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new,
    ):
        for name, data in members:
            new.writestr(name, data)
    return packed.getvalue()


def _unpacked(content: bytes) -> list[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return [(name, archive.read(name)) for name in archive.namelist()]


JSON = (retype, retype, retype, *BYTES)
LINES = (retype_line, retype_line, *BYTES)
TEXT = (resign, reword, truncate, flip, remove)
TENSORS = (rehead, rehead, rehead, *BYTES)
PACKED = (repack, repack, *BYTES)


# Running the readers


@dataclass
class Target:
    """File format and its reader.

    Parameters
    ----------
    file : Path
        Valid file, which mutants replace.
    read : callable
        Reads and uses the file as the program does.
    ways : tuple of callable
        Mutators.
    """

    file: Path
    read: Callable[[], object]
    ways: DecodedPaths = BYTES


@dataclass
class Outcome:
    """Counts for many damaged files, and processor times of the last and slowest in seconds."""

    tried: int = 0
    refused: int = 0
    escaped: Counter[str] = field(default_factory=Counter)
    last: float = 0.0
    slowest: float = 0.0
    examples: dict[str, bytes] = field(default_factory=dict)


def try_mutants(target: Target, count: int, seed: int = 0) -> Outcome:
    """Read `count` mutants of a file; count the exceptions other than `LatentlabError`."""
    outcome, whole = Outcome(), target.file.read_bytes()
    target.read()
    rng = random.Random(seed)
    for i in range(count):
        mutant = rng.choice(target.ways)(whole, rng)
        if rng.random() < 0.2:
            mutant = flip(mutant, rng)
        target.file.write_bytes(mutant)
        # Users continue after a warning, and may get an error later.
        with warnings.catch_warnings(action="error" if i % 2 else "ignore"):
            attempt(target.read, mutant, outcome)
    target.file.write_bytes(whole)
    return outcome


def attempt(read: Callable[[], object], mutant: bytes, outcome: Outcome) -> None:
    """Read a damaged file, and note what leaves the reader other than a short `LatentlabError`."""
    began = time.process_time()
    outcome.tried += 1
    try:
        read()
    except LatentlabError as error:
        outcome.refused += 1
        if len(str(error)) > 2 * LONGEST + 1:
            note(outcome, f"a message of {len(str(error))} characters", mutant)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        note(outcome, f"{type(error).__name__}: {str(error)[:120]} at {_location(error)}", mutant)
    outcome.last = time.process_time() - began
    outcome.slowest = max(outcome.slowest, outcome.last)


def note(outcome: Outcome, what: str, mutant: bytes) -> None:
    """Count a finding, and keep its first example."""
    outcome.escaped[what] += 1
    outcome.examples.setdefault(what, mutant)


def _location(error: BaseException) -> str:
    """Return the innermost traceback line inside latentlab."""
    place, step = "?", error.__traceback__
    while step:
        file = Path(step.tb_frame.f_code.co_filename)
        if "latentlab" in file.parts and "tests" not in file.parts:
            place = f"{file.stem}.py:{step.tb_lineno}"
        step = step.tb_next
    return place


class Memory:
    """Growth of the peak memory of this process since construction; Linux only."""

    def __init__(self) -> None:
        self._before = 0
        with suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5")
            self._before = self._peak()

    def grown(self) -> int:
        """Return the growth of the peak in bytes; 0 if unknown."""
        with suppress(OSError):
            return self._peak() - self._before if self._before else 0
        return 0

    @staticmethod
    def _peak() -> int:
        text = Path("/proc/self/status").read_text()
        line = next(line for line in text.splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) << 10
