"""Readers reject damaged files with an error, fast and in little memory."""

import struct
import zipfile

import numpy as np
import pytest
from mutation_data import DATA
from mutation_support import Memory, try_mutants
from mutation_targets import OWN
from PIL import Image

from latentlab.config import parse
from latentlab.data.data_set import load
from latentlab.data.sources.folder import FolderConfig
from latentlab.directories import cache

COUNT, OF_SLOW = 150, 40
"""Mutants of each kind, and of kinds whose images are decoded each time."""
SLOW = ("cache", "cached rows", "archive", "table")
SLOWEST = 2.0
"""Maximum processor time of one mutant, in seconds."""
MOST_MEMORY = 500 << 20
"""Maximum peak memory of all mutants of a kind, in bytes."""


@pytest.mark.parametrize("kind", [*OWN, *DATA])
def test_only_errors_of_ours_leave_the_readers(kind, vae_run, tmp_path):
    check({**OWN, **DATA}[kind](vae_run, tmp_path), OF_SLOW if kind in SLOW else COUNT)


@pytest.mark.parametrize("kind", ["settings", "old settings"])
def test_damaged_settings_harm_nothing(kind, tmp_path):
    pytest.importorskip("PySide6")
    from mutation_targets import WINDOW

    check(WINDOW[kind](None, tmp_path), COUNT)


def claiming_picture(folder):
    """Write a small BMP whose header declares 100 million pixels."""
    content = bytearray(save_picture(folder / "a.bmp").read_bytes())
    content[18:26] = struct.pack("<ii", 10_000, 10_000)
    (folder / "a.bmp").write_bytes(content)
    return "10000×10000 pixels, which"


def thin_picture(folder):
    """Write an image of one row, whose central crop is empty."""
    Image.new("L", (9000, 1)).save(folder / "a.png")
    return ""


def growing_member(folder):
    with zipfile.ZipFile(folder / "set.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
        for name in ("b.png", "c.png"):
            packed.write(save_picture(folder / name), name)
        packed.writestr("a.png", bytes(40 << 20))
    return "41,943,040 bytes, more than 200-fold"


def long_field(folder):
    (folder / "about.csv").write_text(f"file,smile\nb.png,{'1' * 300_000}\nc.png,1\n")
    return ""


def save_picture(file):
    Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8)).save(file)
    return file


@pytest.mark.parametrize("make", [claiming_picture, thin_picture, growing_member, long_field])
def test_what_claims_too_much_costs_itself_alone(make, tmp_path):
    """Such files are skipped and reported, in little memory."""
    said = make(tmp_path)
    for name in ("b.png", "c.png"):
        save_picture(tmp_path / name)
    archive = tmp_path / "set.zip"
    root = archive if archive.exists() else tmp_path
    memory = Memory()
    splits = load(parse(FolderConfig, {"root": root, "width": 8}))
    assert len(splits) == 2 + (make is thin_picture)
    assert memory.grown() < 40 << 20
    (report,) = (cache() / "pictures").glob("*/skipped.txt")
    assert said in report.read_text("utf-8")


def check(target, count):
    memory = Memory()
    outcome = try_mutants(target, count)
    assert outcome.tried == count
    assert not outcome.escaped, outcome.escaped.most_common(5)
    assert outcome.slowest < SLOWEST
    assert memory.grown() < MOST_MEMORY
