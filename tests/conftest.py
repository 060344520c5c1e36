"""What all tests share. Imports no Qt: the lower rooms are tested where there is none."""

import gzip
import os
import tempfile
from pathlib import Path

import numpy as np
import pytest

MNIST = Path(__file__).parents[2] / "shared" / "data" / "mnist"
# Before torch is loaded: the threads of a network as tiny as those here spend their time waiting
# for one another, forty times as long where the processor is busy.
os.environ.setdefault("OMP_NUM_THREADS", "1")
TINY = {"hidden": [16], "latent_dim": 2}
BRIEF = {"epochs": 2, "batch_size": 50, "learning_rate": 5e-3, "device": "cpu"}


LONG = (
    "test_kill.py",
    "test_cli.py",
    "test_command_line.py",
    "test_mutations.py",
    "app/test_bad_input.py",
    "app/test_explore.py",
    "app/test_train.py",
    "learning/fast/test_cpu_trace.py",
    "learning/test_training_state.py",
    "runs/test_recorder.py",
    "widgets/panels/test_map.py",
    "workers/test_real_training.py",
)
"""Files that take long."""


def pytest_collection_modifyitems(items):
    """Begin with the long files: a worker that got one last would keep the others waiting."""
    tests = Path(__file__).parent
    long = {tests / name for name in LONG}
    items.sort(key=lambda item: item.path not in long)


@pytest.fixture(autouse=True)
def own_place(tmp_path, monkeypatch):
    """Keep every test out of the user's folders; each has a home of its own."""
    monkeypatch.setenv("LATENTLAB_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("LATENTLAB_DATA", raising=False)
    return tmp_path / "home"


@pytest.fixture(scope="session")
def vae_run():
    """Folder of a run whose two-dimensional VAE has seen the bundled digits twice."""
    with tempfile.TemporaryDirectory(prefix="latentlab-vae-") as folder:
        yield _train(Path(folder) / "run", {"kind": "vae", **TINY})


@pytest.fixture(scope="session")
def cvae_run():
    """Folder of a run whose three-dimensional conditional VAE has seen the digits twice."""
    with tempfile.TemporaryDirectory(prefix="latentlab-cvae-") as folder:
        yield _train(Path(folder) / "run", {"kind": "cvae", **TINY, "latent_dim": 3})


def _train(folder, model):
    # Imported here: most tests of the window load no torch.
    from latentlab.learning.recipe import make_recipe
    from latentlab.runs.recorder import record

    recipe = make_recipe({"model": model, "data": "digits", "training": BRIEF})
    for _ in record(recipe, folder):
        pass
    return folder


@pytest.fixture(scope="session")
def mnist_root():
    """Folder of the whole MNIST."""
    if not MNIST.is_dir():
        pytest.skip(f"the whole MNIST is not on this machine: there is no {MNIST}")
    return MNIST


def idx_bytes(array):
    """Return an array of bytes as an IDX file holds it."""
    dims = np.asarray(array.shape, ">u4").tobytes()
    return bytes((0, 0, 8, array.ndim)) + dims + array.astype(np.uint8).tobytes()


@pytest.fixture
def write_idx():
    """Write an array as one IDX file, gzipped where the name ends so."""

    def write(path, array):
        content = idx_bytes(np.asarray(array))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)
        return path

    return write


@pytest.fixture
def write_idx_folder(write_idx):
    """Write the four files of a small MNIST; return what is in them by file name."""

    def write(folder, *, gz=True, train=30, held_out=10, shape=(5, 4), seed=0):
        rng = np.random.default_rng(seed)
        arrays = {}
        for part, count in (("train", train), ("t10k", held_out)):
            images = rng.integers(0, 256, (count, *shape), np.uint8)
            arrays[f"{part}-images-idx3-ubyte"] = images
            arrays[f"{part}-labels-idx1-ubyte"] = (np.arange(count) % 10).astype(np.uint8)
        for name, array in arrays.items():
            write_idx(folder / (f"{name}.gz" if gz else name), array)
        return arrays

    return write
