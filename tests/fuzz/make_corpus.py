"""Write the first inputs of each target: small valid files, made as the program or others do.

``python tests/fuzz/make_corpus.py`` adds to ``corpus/`` and deletes nothing: findings stay.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import platform
import sys
import tempfile
import zipfile
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE.parents[1])]

import numpy as np  # noqa: E402
from fuzz.harness import CORPUS  # noqa: E402
from mutation_data import DATA, noise  # noqa: E402
from mutation_targets import OWN  # noqa: E402
from PIL import Image  # noqa: E402

PICTURES = ("png", "jpeg", "tiff", "gif", "webp", "bmp")
SCENE = {"scene": 1, "model": "toy", "z": [0.5, 1]}
CODES = "file,label,z1,z2\na.png,cat,0.5,1e-3\nb.png,dog,-1,2\nc.png,cat,0,1\n"
CELEBA = "2\nSmiling Young\n0.png 1 -1\n1.png -1 1\n"
SPREADSHEET = 'sep=;\nfile;age;name\n="0.png";1,5;"a;b"\n1.png;2,5;c\n'


def main() -> None:
    with tempfile.TemporaryDirectory() as home:
        os.environ["LATENTLAB_HOME"] = home
        run = trained(Path(home) / "run")
        for make in (of_data, of_run, of_user, of_others):
            for (name, file), content in make(run, Path(home)).items():
                (CORPUS / name).mkdir(parents=True, exist_ok=True)
                plain = content.replace(home.encode(), b"/home/me")
                plain = plain.replace(platform.release().encode(), b"6.12")
                (CORPUS / name / file).write_bytes(plain)


def trained(folder: Path) -> Path:
    """Train the smallest VAE on noise for an epoch."""
    from latentlab.learning.recipe import make_recipe
    from latentlab.runs.recorder import record

    model = {"kind": "vae", "hidden": [3], "latent_dim": 2}
    training = {"epochs": 1, "batch_size": 500, "device": "cpu"}
    images = folder.with_name("images.npz")
    np.savez(images, images=noise(40, 6, 6), labels=np.arange(40) % 2)
    data = {"kind": "arrays", "images": str(images)}
    for _ in record(make_recipe({"model": model, "data": data, "training": training}), folder):
        pass
    return folder


def of_data(run: Path, home: Path) -> dict[tuple[str, str], bytes]:
    """Return files of data sets."""
    files = {}
    for name, kinds in {
        "idx": ("idx",),
        "numpy_file": ("npy", "labels", "npz"),
        "archive": ("archive",),
        "table": ("table",),
        "picture": PICTURES,
    }.items():
        for kind in kinds:
            folder = Path(tempfile.mkdtemp(dir=home))
            files[name, kind] = DATA[kind](run, folder).file.read_bytes()
    files["idx", "gzip"] = gzip.compress(files["idx", "idx"], mtime=0)
    codes, stack = io.BytesIO(), io.BytesIO()
    np.savez(codes, z=noise(3, 2).astype(np.float32), labels=np.array(["a", "b", "a"]))
    files["numpy_file", "codes"] = codes.getvalue()
    files["table", "codes"] = CODES.encode()
    files["table", "celeba"] = CELEBA.encode()
    files["table", "spreadsheet"] = SPREADSHEET.encode("utf-16")
    files["table", "pixels"] = b"1,0,128,255,9\n2,255,1,2,3\n"
    pages = [Image.fromarray(noise(9, 8, seed=i)) for i in range(3)]
    pages[0].save(stack, "TIFF", save_all=True, append_images=pages[1:])
    files["picture", "stack"] = stack.getvalue()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("set/0.tif", stack.getvalue())
        archive.writestr("set/1.png", files["picture", "png"])
        archive.writestr("set/about.csv", files["table", "table"])
    files["archive", "stored"] = packed.getvalue()
    return files


def of_run(run: Path, home: Path) -> dict[tuple[str, str], bytes]:
    """Return files of a run folder."""
    json_files = ("checkpoint.json", "data.json", "provenance.json")
    files = {("run_json", file): (run / file).read_bytes() for file in json_files}
    for file in sorted(run.glob("*.jsonl")):
        files["json_lines", file.name] = b"".join(file.read_bytes().splitlines(True)[:4])
    change = {"step": 5, "epochs": 0.5, "key": "objective.beta", "value": 2.0}
    files["json_lines", "changes.jsonl"] = json.dumps(change).encode() + b"\n"
    weights = (run / "checkpoint.safetensors").read_bytes()
    files["safetensors_file", "weights"] = files["foreign_weights", "latentlab"] = weights
    files["safetensors_file", "resume"] = (run / "resume.safetensors").read_bytes()
    files["recipe", "run"] = (run / "recipe.toml").read_bytes()
    return files


def of_user(run: Path, home: Path) -> dict[tuple[str, str], bytes]:
    """Return what a person saves, and the recipes that are shipped."""
    from latentlab.runs.image_files import save_image

    files = {}
    for kind in ("run notes", "directions", "bookmarks", "scene"):
        name = "scene" if kind == "scene" else "run_json"
        files[name, kind.replace(" ", "_")] = OWN[kind](run, home).file.read_bytes()
    for suffix in ("png", "jpg", "webp", "tiff"):
        file = home / f"my.{suffix}"
        save_image(np.zeros((4, 4), np.uint8), file, SCENE)
        files["picture_metadata", suffix] = file.read_bytes()
    scene = json.dumps(SCENE)
    files["picture_metadata", "svg"] = f"<dc:description>{scene}</dc:description>".encode()
    files["picture_metadata", "pdf"] = f"%PDF /Subject ({scene})".encode()
    files["picture_metadata", "mp4"] = film(scene.encode())
    for file in sorted((HERE.parents[1] / "training").glob("*.toml"))[:6]:
        files["recipe", file.name] = file.read_bytes()
    return files


def film(comment: bytes) -> bytes:
    """Return the boxes of a film with a comment, without its pictures."""

    def box(name: bytes, content: bytes) -> bytes:
        return (8 + len(content)).to_bytes(4) + name + content

    listed = box(b"ilst", box(b"\xa9cmt", box(b"data", bytes(8) + comment)))
    return box(b"ftyp", b"isom") + box(b"moov", box(b"udta", box(b"meta", bytes(4) + listed)))


def of_others(run: Path, home: Path) -> dict[tuple[str, str], bytes]:
    """Return models of other programs."""
    from safetensors.torch import save
    from torch import nn

    from latentlab.data.image_set import ImageSpec
    from latentlab.models.onnx_model import OnnxConfig
    from latentlab.runs.onnx_manifest import Manifest

    parts = {
        "encoder": nn.Sequential(nn.Conv2d(1, 2, 3, 2, 1), nn.ReLU(), nn.Flatten()),
        "mu": nn.Linear(32, 2),
        "logvar": nn.Linear(32, 2),
        "decoder": nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 64)),
    }
    manifest = Manifest(OnnxConfig(latent_dim=2), ImageSpec((1, 8, 8), ("a", "b")))
    state = nn.ModuleDict(parts).state_dict()
    return {
        ("foreign_weights", "conv"): save(state),
        ("safetensors_file", "bfloat16"): save({n: t.bfloat16() for n, t in state.items()}),
        ("onnx_manifest", "manifest"): manifest.to_toml().encode(),
    }


if __name__ == "__main__":
    main()
