"""Files and runs for the random tests: images of all sizes, invalid files, broken runs."""

import json
import shutil

import numpy as np
from PIL import Image

SIZES = {"wide": (40, 60), "one": (1, 1), "tiny": (2, 3), "thin": (1, 5000), "tall": (3000, 2)}
BRIEF = {"epochs": 1, "batch_size": 500, "device": "cpu"}


def make_files(folder):
    """Write files to drop: images of all kinds, broken images, a text and recipes."""
    folder.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(0).integers(0, 255, (3000, 5000, 4), np.uint8)
    for name, (height, width) in SIZES.items():
        Image.fromarray(noise[:height, :width, :3]).save(folder / f"{name}.png")
    small = Image.fromarray(noise[:30, :20])
    small.save(folder / "alpha.png")
    frames = [Image.fromarray(noise[at : at + 9, :8, 0]) for at in range(3)]
    frames[0].save(folder / "animated.gif", save_all=True, append_images=frames[1:])
    frames[0].save(folder / "pages.tif", save_all=True, append_images=frames[1:])
    Image.fromarray(noise[:20, :20, 0].astype(np.uint16) * 256).save(folder / "deep.png")
    turned = Image.Exif()
    turned[0x0112] = 6
    small.convert("RGB").save(folder / "turned.jpg", exif=turned)
    (folder / "broken.png").write_bytes((folder / "wide.png").read_bytes()[:200])
    (folder / "empty.png").write_bytes(b"")
    (folder / "notes.txt").write_text("no picture")
    (folder / "wrong.json").write_text("[1, 2]")
    (folder / "wrong.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0{}      ")
    (folder / "wrong.toml").write_text("data = = 3")
    (folder / "r.toml").write_text('data = "digits"\n[model]\nkind = "vae"\nhidden = [16]\n')
    (folder / "pictures").mkdir(exist_ok=True)
    shutil.copy(folder / "alpha.png", folder / "pictures")
    return sorted(folder.iterdir())


def _recipes(folder):
    pixels = np.random.default_rng(0).integers(0, 255, (60, 12, 10), np.uint8)
    one_class, unlabelled = folder / "one class.npz", folder / "unlabelled.npz"
    np.savez(one_class, images=pixels, labels=np.zeros(60, np.int64))
    np.savez(unlabelled, images=pixels[:, :8, :8])
    one_class, unlabelled = (
        {"kind": "arrays", "images": str(each)} for each in (one_class, unlabelled)
    )
    faces = {"kind": "synthetic-faces", "count": 60, "size": 32}
    conv = {"kind": "conv-vae", "architecture": "reference", "width": 4, "latent_dim": 6}
    yield {"kind": "vae", "hidden": [8], "latent_dim": 1}, one_class
    yield {"kind": "cvae", "hidden": [8], "latent_dim": 3}, one_class
    yield {"kind": "vae", "hidden": [8], "latent_dim": 20}, "digits"
    yield {"kind": "vae", "hidden": [8], "latent_dim": 2}, unlabelled
    yield conv, faces


def make_runs(folder):
    """Train small models of various dimensions, classes and image sizes; return their folders."""
    # Imported here, because torch is slow to load.
    from latentlab.learning.recipe import make_recipe
    from latentlab.runs.recorder import record

    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for number, (model, data) in enumerate(_recipes(folder)):
        recipe = make_recipe({"model": model, "data": data, "training": BRIEF})
        made.append(folder / f"run {number}")
        for _ in record(recipe, made[-1]):
            pass
    return made


def break_run(run, folder):
    """Return broken copies of a run: truncated weights, invalid description, empty folder."""
    names = ("cut", "wrong", "empty")
    cut, wrong, empty = (shutil.copytree(run, folder / name) for name in names)
    weights = cut / "checkpoint.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    described = json.loads((wrong / "checkpoint.json").read_text())
    (wrong / "checkpoint.json").write_text(json.dumps({**described, "spec": [1]}))
    for file in empty.iterdir():
        shutil.rmtree(file) if file.is_dir() else file.unlink()
    return [cut, wrong, empty]
