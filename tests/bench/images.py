"""Time the opening of a folder of pictures as an image set, the first time and again.

Writes 10,000 JPEGs of 200x200 into a temporary folder, which is not counted, and prints one line
of JSON. Each opening is a process of its own, with the cache empty before the first.

    python tests/bench/images.py [--count 10000] [--side 200] [--size 64]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

OPEN = """
import json, sys, time
from pathlib import Path
from latentlab.data.data_set import load
from latentlab.data.sources.folder import FolderConfig

start = time.perf_counter()
splits = load(FolderConfig(root=Path(sys.argv[1]), width=int(sys.argv[2])))
seconds = time.perf_counter() - start
print(json.dumps([seconds, len(splits.train) + len(splits.validation)]))
"""


def write_pictures(folder: Path, count: int, side: int) -> None:
    """Write smooth noise, about as hard to decode as photographs, into ten folders."""

    def write(i: int) -> None:
        rng = np.random.default_rng(i)
        coarse = Image.fromarray(rng.integers(0, 256, (side // 8, side // 8, 3), np.uint8))
        fine = Image.fromarray(rng.integers(0, 256, (side, side, 3), np.uint8))
        smooth = coarse.resize((side, side), Image.Resampling.BICUBIC)
        picture = Image.blend(smooth, fine.filter(ImageFilter.GaussianBlur(1)), 0.3)
        picture.save(folder / str(i % 10) / f"{i:06d}.jpg", quality=90)

    for i in range(10):
        (folder / str(i)).mkdir(parents=True)
    with ThreadPoolExecutor() as pool:
        list(pool.map(write, range(count)))


def seconds_to_open(folder: Path, size: int, home: Path) -> tuple[float, int]:
    """Open the folder in a fresh process."""
    command = [sys.executable, "-c", OPEN, str(folder), str(size)]
    done = subprocess.run(
        command,
        env={**os.environ, "LATENTLAB_HOME": str(home)},
        check=True,
        capture_output=True,
        text=True,
    )
    seconds, count = json.loads(done.stdout)
    return seconds, count


def main() -> None:
    """See the module's text."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--side", type=int, default=200)
    parser.add_argument("--size", type=int, default=64)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="latentlab-images-") as place:
        folder = Path(place) / "pictures"
        write_pictures(folder, given.count, given.side)
        mean = np.mean([file.stat().st_size for file in folder.rglob("*.jpg")])
        first, count = seconds_to_open(folder, given.size, Path(place) / "home")
        again, _ = seconds_to_open(folder, given.size, Path(place) / "home")
    figures = {
        "pictures": count,
        "side": given.side,
        "size": given.size,
        "kilobytes_each": round(float(mean) / 1000, 1),
        "first_seconds": round(first, 2),
        "again_seconds": round(again, 2),
        "cores": os.cpu_count(),
        "machine": platform.machine(),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
