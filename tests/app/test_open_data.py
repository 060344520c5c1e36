"""Files with images to learn from, opened in the window as people have them."""

import numpy as np
import pytest
from PIL import Image

IMAGES = np.random.default_rng(0).integers(0, 256, (20, 8, 8), np.uint8)

BUILT = ("map", "train")


def pixel_table(folder):
    head = ",".join(["label", *(f"pixel{i}" for i in range(64))])
    rows = [",".join(map(str, [i % 2, *image.ravel()])) for i, image in enumerate(IMAGES)]
    (folder / "train.csv").write_text("\n".join([head, *rows]), encoding="utf-8")
    return folder / "train.csv", {"kind": "pixel-table", "table": str(folder / "train.csv")}


def arrays(folder):
    np.savez(folder / "x.npz", images=IMAGES, labels=np.arange(20) % 2)
    return folder / "x.npz", {"kind": "arrays", "images": str(folder / "x.npz")}


@pytest.fixture
def idx(write_idx_folder):
    def make(folder):
        write_idx_folder(folder)
        return folder, {"kind": "mnist", "root": str(folder)}

    return make


@pytest.mark.parametrize("kind", ["pixel_table", "arrays", "idx"])
def test_a_data_set_is_shown_in_the_form(old_desk, tmp_path, idx, kind):
    path, wanted = {"pixel_table": pixel_table, "arrays": arrays, "idx": idx}[kind](tmp_path)
    before = old_desk.state.draft.values
    old_desk.controller.workspaces.go("explore")
    old_desk.controller.open_path(path)
    old_desk.until(lambda: old_desk.state.workspace == "train")
    data = old_desk.state.draft.values["data"]
    assert {name: data[name] for name in wanted} == wanted
    assert {**old_desk.state.draft.values, "data": 0} == {**before, "data": 0}
    assert old_desk.state.failure is None


def test_codes_are_still_opened_as_codes(old_desk, tmp_path):
    np.save(tmp_path / "z.npy", np.random.default_rng(0).standard_normal((30, 5)))
    old_desk.controller.workspaces.go("explore")
    old_desk.controller.open_path(tmp_path / "z.npy")
    old_desk.until(lambda: old_desk.state.model.kind == "codes")
    assert old_desk.state.workspace == "explore"


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("named.csv", [f"z{i}" for i in range(20)]),
        ("counted.csv", map(str, range(20))),
        ("x.csv", []),
    ],
)
def test_many_columns_of_codes_are_no_pixels(old_desk, tmp_path, name, head):
    """Beside images of something else, as codes often lie."""
    z = np.random.default_rng(0).standard_normal((30, 20))
    Image.fromarray(IMAGES[0]).save(tmp_path / "figure.png")
    lines = [",".join(head), *(",".join(map(str, row)) for row in z.tolist())]
    (tmp_path / name).write_text("\n".join(filter(None, lines)))
    old_desk.controller.workspaces.go("explore")
    old_desk.controller.open_path(tmp_path / name)
    old_desk.until(lambda: old_desk.state.failure or old_desk.state.model.name == name)
    assert (old_desk.state.model.kind, old_desk.state.model.latent_dim) == ("codes", 20)
    assert old_desk.state.workspace == "explore"
