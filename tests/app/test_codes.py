"""Codes of other programs in the real window: with images, with named files, and with neither."""

import numpy as np
import pytest
from gui_support import drop
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

import latentlab
from latentlab.runs.scene_files import find_model
from latentlab.session.bookmarks import ReadBookmarks
from latentlab.session.codes import CodeUse
from latentlab.session.files.scene import scene_of
from latentlab.session.files.script import map_script
from latentlab.session.map import ComputeMeasure, FindHoles
from latentlab.session.model import Decode, MakeSamples
from latentlab.session.neighbours import FindNeighbours
from latentlab.widgets.window.codes_dialog import CodesDialog
from latentlab.widgets.window.embedding_dialog import EmbeddingDialog

pytestmark = pytest.mark.filterwarnings("ignore:Function.*QDrag:DeprecationWarning")
BUILT = ("map", "image", "sliders", "samples", "neighbours")
COUNT, DIMS = 60, 5
CLASSES = ("cat", "dog", "owl")
NO_DECODER = "This needs a decoder, which {} does not have."


@pytest.fixture
def codes():
    rng = np.random.default_rng(0)
    labels = np.arange(COUNT) % 3
    z = rng.normal(size=(COUNT, DIMS)) + 6 * labels[:, None]
    images = rng.integers(0, 256, (COUNT, 12, 10, 3)).astype(np.uint8)
    return z.astype(np.float32), labels, images


def words(labels):
    return [CLASSES[label] for label in labels]


def heard(desk):
    """Return the kinds of requests that reach the lane, from now on."""
    sent, lane = [], desk.controller._lane
    submit = lane.submit

    def listen(request):
        sent.append(type(request))
        return submit(request)

    lane.submit = listen
    return sent


def test_an_npz_with_images_is_explored_without_a_model(desk, codes, tmp_path):
    z, labels, images = codes
    path = tmp_path / "embedding.npz"
    np.savez(path, embeddings=z, labels=words(labels), images=images, weight=z[:, 0])
    sent = heard(desk)
    # Other codes than the model's are opened at once.
    assert drop(desk.window, path)
    desk.until(lambda: desk.state.model.name == path.name)
    desk.settle()
    state = desk.state
    np.testing.assert_array_equal(state.codes.mu, z)
    assert state.model.spec.class_names == CLASSES
    assert desk.panel("map").foot.legend.isVisible()
    assert "embeddings" in desk.panel("map").told.text()
    assert desk.window.docks["samples"].reason.text() == NO_DECODER.format(path.name)
    assert not {Decode, MakeSamples, FindHoles} & set(sent)
    row = 17
    desk.controller.point.pick(row)
    desk.settle()
    shown = desk.panel("image").view.image
    assert shown.pixelColor(3, 4).getRgb()[:3] == tuple(images[row, 4, 3].tolist())
    neighbours = desk.panel("neighbours")
    desk.settle()
    found = desk.state.answer(FindNeighbours).by_code
    nearest = np.argsort(np.linalg.norm(z - z[row], axis=1))[:12]
    np.testing.assert_array_equal(found.rows, nearest)
    np.testing.assert_array_equal(found.pictures[1], images[nearest[1]])
    assert not neighbours.by_pixels.isVisible()


def test_clusters_attributes_and_selection_work_on_a_parquet_table(make_desk, codes, tmp_path):
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    z, labels, _ = codes
    table = pandas.DataFrame(z, columns=[f"z{i + 1}" for i in range(DIMS)])
    path = tmp_path / "codes.parquet"
    table.assign(label=words(labels), weight=np.arange(COUNT) / 2).to_parquet(path)
    desk = make_desk(path)
    colours = desk.panel("map").colours
    titles = [colours.box.itemText(i) for i in range(colours.box.count())]
    assert {"Class", "Weight", "k-means", "z5"} <= set(titles)
    assert "KL" not in titles
    colours.box.setCurrentText("k-means")
    desk.until(lambda: desk.state.answer(ComputeMeasure) is not None)
    desk.settle()
    clusters = desk.state.answer(ComputeMeasure).values
    assert len(clusters) == COUNT
    desk.controller.selection.select(np.flatnonzero(labels == 1))
    assert len(desk.state.selection) == COUNT / 3
    desk.panel("neighbours")
    desk.settle()
    assert desk.state.answer(FindNeighbours).by_code.pictures is None
    assert desk.state.failure is None


def test_a_csv_that_names_image_files_shows_them(make_desk, codes, tmp_path):
    z, labels, images = codes
    (tmp_path / "crops").mkdir()
    rows = []
    for i, image in enumerate(images):
        Image.fromarray(image).save(tmp_path / "crops" / f"{i}.png")
        rows.append(f"crops/{i}.png;{CLASSES[labels[i]]};" + ";".join(map(str, z[i])))
    head = "file;label;" + ";".join(f"z{i + 1}" for i in range(DIMS))
    path = tmp_path / "table.csv"
    path.write_text("\n".join([head, *rows]))
    desk = make_desk(path)
    desk.controller.point.pick(8)
    desk.settle()
    np.testing.assert_array_equal(desk.state.original.picture, images[8])
    assert desk.state.original.name == "crops/8.png (owl)"
    desk.hand.key(Qt.Key.Key_R)
    desk.settle()
    assert desk.state.point == desk.state.original.point  # there is no prior to draw from
    assert find_model(scene_of(desk.state)) == (path, "")
    script = map_script(desk.state.model, desk.state.view)
    (line,) = (line for line in script.splitlines() if line.startswith("table"))
    found = {"latentlab": latentlab}
    exec(line, found)  # the script that the user would run
    np.testing.assert_allclose(found["table"].mu, z, rtol=1e-6)
    np.testing.assert_array_equal(found["table"].images[8], np.moveaxis(images[8], -1, 0))


def asked(desk):
    desk.until(lambda: desk.window.findChild(EmbeddingDialog))
    return desk.window.findChild(EmbeddingDialog)


@pytest.mark.usefixtures("same_process")
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_the_window_asks_which_of_several_embeddings_is_opened(make_desk, codes, tmp_path):
    anndata = pytest.importorskip("anndata")
    z, path = codes[0], tmp_path / "cells.h5ad"
    obsm = {"X_umap": z[:, :2], "X_scVI": z, "X_pca": z[:, :3]}
    anndata.AnnData(obsm=obsm).write_h5ad(path)
    desk = make_desk(path)
    dialog = asked(desk)
    shown = [dialog.list.item(i).text() for i in range(dialog.list.count())]
    assert shown == ["X_scVI, 5 dimensions", "X_pca, 3 dimensions", "X_umap, 2 dimensions"]
    dialog.reject()
    desk.until(lambda: not desk.window.findChild(EmbeddingDialog))
    assert desk.state.model.name == "digits-2d"
    assert drop(desk.window, path)
    dialog = asked(desk)
    dialog.list.setCurrentRow(1)
    QTest.keyClick(dialog.list, Qt.Key.Key_Return)
    desk.until(lambda: desk.state.model.name == path.name)
    desk.settle()
    np.testing.assert_array_equal(desk.state.codes.mu, z[:, :3])
    assert "The codes are obsm X_pca." in desk.panel("map").told.text()
    kept = tmp_path / "one.scene"
    desk.controller.scene.save(kept)
    desk.until(kept.exists)
    desk.controller.codes.open(path, "X_scVI")
    desk.until(lambda: desk.state.model.latent_dim == 5)
    desk.controller.open_path(kept)
    desk.until(lambda: desk.state.model.latent_dim == 3)
    assert "obsm='X_pca'" in map_script(desk.state.model, desk.state.view)


BAD = {
    "cut.npz": lambda path, z: path.write_bytes(_npz(path, z)[:300]),
    "pickle.npy": lambda path, z: np.save(path, np.array([{}, {}], object), allow_pickle=True),
    "text.csv": lambda path, z: path.write_text("name,mood\nann,good\nbob,bad\n"),
    "nan.npy": lambda path, z: np.save(path, z * np.nan),
    "empty.parquet": lambda path, z: path.write_bytes(b""),
    "one.npy": lambda path, z: np.save(path, z[:1]),
}


def _npz(path, z):
    np.savez(path, z=z)
    return path.read_bytes()


def test_bad_codes_leave_the_model_open(desk, codes, tmp_path):
    before = desk.state.model
    for name, write in BAD.items():
        write(path := tmp_path / name, codes[0])
        desk.controller.open_path(path)
        desk.settle()
        assert desk.state.model is before
        failure = desk.state.failure
        assert failure is not None, name
        assert name in f"{failure.title} {failure.advice}"
        desk.controller.store.dismiss_failure()


def offered(desk, path):
    """Drop codes of the open model, and return the dialog that asks what to do with them."""
    assert drop(desk.window, path)
    desk.until(lambda: desk.window.findChild(CodesDialog))
    dialog = desk.window.findChild(CodesDialog)
    desk.until(dialog.isVisible)
    return dialog


def choose(desk, dialog, use):
    dialog.uses[use].click()
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    desk.until(lambda: not desk.window.findChild(CodesDialog))
    desk.settle()


def test_codes_of_the_open_model_become_a_selection_a_path_or_bookmarks(desk, tmp_path):
    rows = [40, 3, 17]
    z = desk.state.codes.mu[rows]
    path = tmp_path / "chosen.csv"
    lines = [f"{a!r},{b!r}" for a, b in z.astype(float).tolist()]
    path.write_text("\n".join(["z1,z2", *lines]))
    model = desk.state.model
    choose(desk, offered(desk, path), CodeUse.SELECTION)
    np.testing.assert_array_equal(desk.state.selection.rows, sorted(rows))
    choose(desk, offered(desk, path), CodeUse.PATH)
    stops = [stop.point.z for stop in desk.state.ends.stops()]
    np.testing.assert_allclose(stops, z, rtol=1e-6)
    choose(desk, offered(desk, path), CodeUse.BOOKMARKS)
    marks = desk.state.answer(ReadBookmarks)
    assert [mark.note for mark in marks] == ["chosen 1", "chosen 2", "chosen 3"]
    np.testing.assert_allclose([mark.point.z for mark in marks], z, rtol=1e-6)
    assert marks[0].pixels.any()
    assert desk.state.model is model
    choose(desk, offered(desk, path), CodeUse.OPEN)
    desk.until(lambda: desk.state.model.name == path.name)


def test_codes_that_are_not_on_the_map_cannot_be_selected(desk, tmp_path):
    np.save(tmp_path / "far.npy", np.full((200, 2), 50.0) + np.arange(200)[:, None])
    dialog = offered(desk, tmp_path / "far.npy")
    enabled = {use for use, button in dialog.uses.items() if button.isEnabled()}
    assert enabled == {CodeUse.OPEN}
    assert dialog.uses[CodeUse.SELECTION].toolTip()
    dialog.reject()
    desk.settle()
    assert desk.state.model.name == "digits-2d"
