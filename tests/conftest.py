"""Shared fixtures. No Qt imports: the lower layers are also tested without Qt."""

import gzip
import os
import signal
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

MNIST = Path(__file__).parents[2] / "shared" / "data" / "mnist"
# Set before torch is imported: with networks this small, threads mostly wait for one another,
# 40 times as long on a busy processor.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# nohup and "&" start programs that ignore these, and so would the programs that tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
# The same examples each time: what fails here fails everywhere. A slow machine is no failure.
settings.register_profile("suite", derandomize=True, deadline=None, database=None, max_examples=50)
settings.load_profile("suite")
TINY = {"hidden": [16], "latent_dim": 2}
BRIEF = {"epochs": 2, "batch_size": 50, "learning_rate": 5e-3, "device": "cpu"}


LONG = (
    "test_kill.py",
    "test_cli.py",
    "test_command_line.py",
    "test_mutations.py",
    "app/test_bad_input.py",
    "app/test_explore.py",
    "app/test_lessons.py",
    "app/test_start.py",
    "app/test_train.py",
    "app/test_window_machine.py",
    "explorer/import_/test_pytorch.py",
    "explorer/test_learned_priors.py",
    "learning/fast/test_cpu_trace.py",
    "learning/fast/test_distributed.py",
    "learning/test_training_state.py",
    "models/test_model_contract.py",
    "runs/test_recorder.py",
    "widgets/panels/test_map.py",
    "workers/test_real_training.py",
)
"""Slow test files."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers():
    """Use one worker more than there are cores: a test of the window also waits."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items):
    """Run the slow files first, so that no worker starts one last."""
    tests = Path(__file__).parent
    long = {tests / name for name in LONG}
    items.sort(key=lambda item: item.path not in long)


@pytest.fixture(autouse=True)
def own_place(tmp_path, monkeypatch):
    """Give each test its own home folder, outside the folders of the user."""
    monkeypatch.setenv("LATENTLAB_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("LATENTLAB_DATA", raising=False)
    return tmp_path / "home"


@pytest.fixture(scope="session")
def vae_run():
    """Run folder of a two-dimensional VAE, trained for two epochs on the bundled digits."""
    with tempfile.TemporaryDirectory(prefix="latentlab-vae-") as folder:
        yield _train(Path(folder) / "run", {"kind": "vae", **TINY})


@pytest.fixture(scope="session")
def cvae_run():
    """Run folder of a three-dimensional conditional VAE, trained for two epochs on the digits."""
    with tempfile.TemporaryDirectory(prefix="latentlab-cvae-") as folder:
        yield _train(Path(folder) / "run", {"kind": "cvae", **TINY, "latent_dim": 3})


def _train(folder, model):
    # Imported here: most tests of the window do not need torch.
    from latentlab.learning.recipe import make_recipe
    from latentlab.runs.recorder import record

    recipe = make_recipe({"model": model, "data": "digits", "training": BRIEF})
    for _ in record(recipe, folder):
        pass
    return folder


@pytest.fixture
def same_process(monkeypatch):
    """Convert files of torch.save and AnnData in this process: another imports for seconds.

    The processes and their limits are tested where a test does without this.
    """
    from latentlab.explorer.codes import anndata_child, anndata_file
    from latentlab.explorer.import_.state_dict import torch_child, torch_file

    def run_here(child, source, out, memory, seconds, *choices):
        yield
        child.main(source, out, memory, seconds, *choices)

    for child, file in ((anndata_child, anndata_file), (torch_child, torch_file)):
        monkeypatch.setattr(child, "_limit", lambda memory, seconds: None)
        monkeypatch.setattr(file, "run_limited", run_here)


@pytest.fixture(scope="session")
def mnist_root():
    """Folder of the full MNIST."""
    if not MNIST.is_dir():
        pytest.skip(f"the whole MNIST is not on this machine: there is no {MNIST}")
    return MNIST


def idx_bytes(array):
    """Encode an array of bytes as an IDX file."""
    dims = np.asarray(array.shape, ">u4").tobytes()
    return bytes((0, 0, 8, array.ndim)) + dims + array.astype(np.uint8).tobytes()


@pytest.fixture
def write_idx():
    """Write an array as an IDX file, gzipped if the name ends in ``.gz``."""

    def write(path, array):
        content = idx_bytes(np.asarray(array))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)
        return path

    return write


@pytest.fixture
def write_idx_folder(write_idx):
    """Write the four files of a small MNIST; return their arrays by file name."""

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
