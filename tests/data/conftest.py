"""Data sets are tested away from what this machine happens to have installed."""

import numpy as np
import pytest
from PIL import Image

from latentlab.data.sources import idx_set as idx


@pytest.fixture(autouse=True)
def nothing_installed(own_place, tmp_path, monkeypatch):
    """Hide data sets that the system, or the one who runs the tests, may have."""
    monkeypatch.setattr(idx, "SYSTEM", tmp_path / "no-system-data")
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path / "no-user-data"))


class Writer:
    """Writes small pictures and what is said of them."""

    def pictures(self, folder, names, size=(10, 8), seed=0):
        """Write a picture of noise under each name, in the format that its ending asks for."""
        rng = np.random.default_rng(seed)
        for name in names:
            pixels = rng.integers(0, 256, (size[1], size[0], 3), np.uint8)
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(folder / name)

    def attributes(self, path, names):
        """Write who smiles and who wears glasses, every second and every third."""
        rows = [(name, i % 2 == 0, i % 3 == 0) for i, name in enumerate(names)]
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".csv":
            lines = [f"{name},{smile:d},{glasses:d}" for name, smile, glasses in rows]
            head = ["file,Smiling,Eyeglasses"]
        else:
            lines = [
                f"{name} {2 * smile - 1:2d} {2 * glasses - 1:2d}" for name, smile, glasses in rows
            ]
            head = [str(len(names)), "Smiling Eyeglasses"]
        path.write_text("\n".join([*head, *lines]) + "\n", encoding="utf-8")


@pytest.fixture
def write():
    """See `Writer`."""
    return Writer()
