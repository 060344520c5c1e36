"""Mutation targets: the file formats of data sets, and their cache."""

from __future__ import annotations

import io
import shutil
import zipfile
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np
from mutation_support import BYTES, JSON, PACKED, TEXT, DecodedPaths, Target
from PIL import Image

from latentlab.data.data_set import load
from latentlab.data.image_set import ImageSpec
from latentlab.errors import LatentlabError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def of_data(**values: object) -> Callable[[], object]:
    """Return a function that loads a data set and reads some images."""
    from latentlab.learning.recipe import make_recipe

    config = make_recipe({"data": {name: str(value) for name, value in values.items()}}).data

    def read() -> None:
        splits = load(config)
        rows = splits.whole()[:3]
        assert rows.images[:2].dtype == np.uint8

    return read


def run_data(run: Path, folder: Path) -> Target:
    from latentlab.runs.run_data import FILE, read_run_data

    file = folder / FILE
    shutil.copy(run / FILE, file)
    return Target(file, lambda: read_run_data(folder), JSON)


def npy(run: Path, folder: Path) -> Target:
    np.save(folder / "labels.npy", np.arange(30) % 3)
    np.save(folder / "images.npy", noise(30, 6, 5))
    read = of_data(kind="arrays", images=folder / "images.npy", labels=folder / "labels.npy")
    return Target(folder / "images.npy", read)


def labels(run: Path, folder: Path) -> Target:
    target = npy(run, folder)
    return Target(folder / "labels.npy", target.read)


def npz(run: Path, folder: Path) -> Target:
    file = folder / "images.npz"
    names = np.array(["a", "b", "c"])
    np.savez_compressed(file, images=noise(30, 6, 5), labels=np.arange(30) % 3, class_names=names)
    return Target(file, of_data(kind="arrays", images=file), PACKED)


def idx(run: Path, folder: Path) -> Target:
    from latentlab.data.sources.idx_set import FILES

    for name, size in zip(FILES, (20, 20, 10, 10), strict=True):
        array = noise(size, 6, 5) if "images" in name else noise(size) % 10
        sides = np.asarray(array.shape, ">u4").tobytes()
        (folder / name).write_bytes(bytes((0, 0, 8, array.ndim)) + sides + array.tobytes())
    return Target(folder / FILES[0], of_data(kind="mnist", root=folder))


def of_pictures(ending: str, **options: object) -> Callable[[Path, Path], Target]:
    """Return the target of an image file, read as part of a data set and as the user's own."""

    def make(run: Path, folder: Path) -> Target:
        from latentlab.data.files.image_file import Decoded, ImageFormat, in_bytes, read_pages
        from latentlab.data.own_image.crop import Preprocessing
        from latentlab.data.own_image.preprocess import fit_picture, read_source

        file = folder / f"picture{ending}"
        Image.fromarray(noise(12, 10, 3)).save(file, **options)

        def read() -> None:
            with suppress(LatentlabError):
                in_bytes(
                    [
                        page
                        for page in read_pages(file, ImageFormat(8, 8))
                        if isinstance(page, Decoded)
                    ]
                )
            fit_picture(read_source(file), Preprocessing(), ImageSpec((1, 8, 8)))

        return Target(file, read)

    return make


def archive(run: Path, folder: Path) -> Target:
    file = folder / "pictures.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for i in range(4):
            picture = io.BytesIO()
            Image.fromarray(noise(9, 9, seed=i)).save(picture, "PNG")
            packed.writestr(f"{'ab'[i % 2]}/{i}.png", picture.getvalue())
    return Target(file, of_data(kind="folder", root=file, width=8), PACKED)


def of_cache(name: str, ways: DecodedPaths) -> Callable[[Path, Path], Target]:
    """Return the target of a file of the decoded images, which are decoded again if damaged."""

    def make(run: Path, folder: Path) -> Target:
        from latentlab.directories import cache

        pictures = folder / "pictures"
        pictures.mkdir()
        for i in range(4):
            Image.fromarray(noise(8, 8, seed=i)).save(pictures / f"{i}.png")
        read = of_data(kind="folder", root=pictures, width=8)
        old = set((cache() / "pictures").glob(f"*/{name}"))
        read()
        (file,) = set((cache() / "pictures").glob(f"*/{name}")) - old
        return Target(file, read, ways)

    return make


def table(run: Path, folder: Path) -> Target:
    for i in range(6):
        Image.fromarray(noise(8, 8, seed=i)).save(folder / f"{i}.png")
    rows = "".join(f"{i}.png,{i % 2},{i / 4},{'red' if i % 3 else 'blue'}\n" for i in range(6))
    (folder / "about.csv").write_text(f"file,smile,age,colour\n{rows}")
    return Target(
        folder / "about.csv", of_data(kind="folder", root=folder, width=8), (*TEXT, *BYTES)
    )


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    """Return random bytes."""
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


DATA = {
    "run data": run_data,
    "npy": npy,
    "labels": labels,
    "npz": npz,
    "idx": idx,
    "png": of_pictures(".png"),
    "jpeg": of_pictures(".jpg"),
    "tiff": of_pictures(".tif"),
    "gif": of_pictures(".gif"),
    "webp": of_pictures(".webp"),
    "bmp": of_pictures(".bmp"),
    "cache": of_cache("about.json", JSON),
    "cached rows": of_cache("rows.npy", BYTES),
    "archive": archive,
    "table": table,
}
