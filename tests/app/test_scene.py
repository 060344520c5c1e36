"""A picture or a scene file brings back what was on screen; a crash loses little."""

import json
from dataclasses import replace

import numpy as np
import pytest
import toy
from gui_support import drop
from PySide6.QtWidgets import QFileDialog, QMessageBox

from latentlab.api.info import info
from latentlab.directories import home, resources
from latentlab.runs.image_files import save_image
from latentlab.runs.scene_files import find_scene, read_picture_scene
from latentlab.session.bookmarks import ReadBookmarks
from latentlab.session.export import ANIMATIONS, PICTURES, Export
from latentlab.session.files.film import FilmOptions
from latentlab.session.files.provenance import recipe_of
from latentlab.session.files.scene import SCENE, restored, scene_of
from latentlab.session.interpolation import Bookmark
from latentlab.session.map import Layout
from latentlab.session.model import Decode, MakeManifold
from latentlab.session.points import Key, LatentPath, Loop, Tiles
from latentlab.session.selection import Selection, select
from latentlab.session.state import State
from latentlab.workers.intents.scene import _parts

pytestmark = pytest.mark.filterwarnings("ignore:Function.*QDrag:DeprecationWarning")
BUILT = ("map", "image", "bookmarks", "interpolate")


def moved(desk, *values):
    point = desk.state.point.at(tuple(values))
    desk.controller.point.set(point)
    desk.settle()
    return point


def saved_pictures(desk, folder):
    """Save the decoded image in every format; return the files."""
    picture = desk.state.answer(Decode)
    tiles = Tiles((picture.point,), picture.pixels[None], 1)
    paths = [folder / f"z.{ending}" for ending in (*PICTURES, "gif")]
    for path in paths:
        desk.controller.files.save(Export(tiles, path, recipe_of(desk.state, {"picture": "image"})))
    desk.until(lambda: all(path.exists() for path in paths))
    return paths


def test_every_kind_of_picture_carries_its_scene(desk, tmp_path):
    point = moved(desk, 1.25, -0.5)
    for path in saved_pictures(desk, tmp_path):
        scene = read_picture_scene(path)
        assert scene is not None, path.suffix
        assert scene.z == pytest.approx(point.z)
        found = find_scene(path)
        assert found.model == resources() / "models" / "digits-2d", path.suffix


def answer_one(box, text):
    next(b for b in box.buttons() if b.text().replace("&", "") == text).click()


def answer_offer(desk, text):
    desk.until(lambda: desk.window.findChildren(QMessageBox))
    answer_one(desk.window.findChildren(QMessageBox)[-1], text)
    desk.until(lambda: not desk.window.findChildren(QMessageBox))
    desk.settle()


def test_an_opened_picture_offers_its_scene(desk, tmp_path):
    point = moved(desk, 1.25, -0.5)
    (path, *_) = saved_pictures(desk, tmp_path)
    moved(desk, 0.0, 0.0)
    desk.controller.open_path(path)
    answer_offer(desk, "Bring the scene back")
    assert desk.state.point.z == pytest.approx(point.z)
    assert desk.state.answer(Decode).point == desk.state.point
    desk.controller.undo.undo()
    assert desk.state.point.z != pytest.approx(point.z)


@pytest.mark.parametrize("ending", ANIMATIONS)
def test_a_film_of_a_path_brings_the_path_back(old_desk, tmp_path, monkeypatch, ending):
    if ending == "mp4":
        pytest.importorskip("imageio_ffmpeg")
    desk, path = old_desk, tmp_path / f"path.{ending}"
    desk.go("edit")
    start, end = (desk.state.model.point(z) for z in ([1.25, -0.5], [-1.0, 2.0]))
    desk.controller.path.set(LatentPath(start, end, 5))
    desk.until(lambda: desk.panel("interpolate").rows.lead.tiles is not None)
    desk.settle()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    module = "latentlab.widgets.kit.export.exporting.ask_film_options"
    monkeypatch.setattr(module, lambda *_: FilmOptions(scale=2, loop=Loop.ROUND))
    desk.panel("interpolate").rows.lead.view.exporting.save()
    desk.until(path.exists)
    desk.settle()
    desk.controller.path.set(LatentPath(end, start, 7))
    desk.settle()
    if ending == "mp4":
        assert drop(desk.window, path)
    else:
        monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
        desk.window.menus.scenes.open()
    answer_offer(desk, "Bring the scene back")
    assert desk.state.ends.a.z == pytest.approx(start.z)
    assert desk.state.ends.steps == 5
    assert desk.state.failure is None
    found = info(path)
    assert found.opens
    assert found.facts["model"] == "digits-2d"


def test_a_file_named_on_the_command_line_brings_its_scene_back(make_desk, tmp_path):
    shown = {"scene": 1, "model": "digits-cvae", "z": [0.25] * 20, "label": 7}
    (tmp_path / "a.latentlab").write_text(json.dumps(shown))
    save_image(np.zeros((28, 28), np.uint8), tmp_path / "a.png", shown)
    first = make_desk(tmp_path / "a.latentlab")
    first.until(lambda: first.state.model.name == "digits-cvae" and first.state.point.label == 7)
    assert first.state.failure is None
    first.clear()
    second = make_desk(tmp_path / "a.png")
    answer_offer(second, "Bring the scene back")
    second.until(lambda: second.state.model.name == "digits-cvae")
    assert second.state.failure is None


def test_a_picture_of_another_model_opens_that_model(desk, tmp_path):
    desk.controller.runs.open(resources() / "models" / "digits-cvae")
    desk.settle()
    point = desk.state.model.point([0.5] * desk.state.model.latent_dim, 7)
    desk.controller.point.set(point)
    desk.settle()
    (path, *_) = saved_pictures(desk, tmp_path)
    desk.controller.runs.open(resources() / "models" / "digits-2d")
    desk.settle()
    desk.controller.open_path(path)
    answer_offer(desk, "Bring the scene back")
    desk.until(lambda: desk.state.model.name == "digits-cvae" and desk.state.point.label == 7)
    assert desk.state.point.z == pytest.approx(point.z)


def test_a_scene_file_brings_everything_back(desk, tmp_path, monkeypatch):
    controller, path = desk.controller, tmp_path / "mine.latentlab"
    point = moved(desk, 0.75, 1.5)
    ends = desk.state.ends.with_keys(Key(0.5, point))
    controller.path.set(replace(ends, steps=9))
    controller.map.set_plane((1, 0))
    controller.decoding.set_grid(replace(desk.state.grid, n=7, span=2.0))
    pixels = desk.state.answer(Decode).pixels
    controller.bookmarks.keep((Bookmark(point, "here", pixels),))
    controller.store.set(selection=select([3, 5]), kept=(Selection(select([1]).rows, "one"),))
    controller.workspaces.go("edit")
    desk.settle()
    before = scene_of(desk.state)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    desk.window.menus.scenes.save()
    desk.until(path.exists)
    assert json.loads(path.read_text())["scene"] == 1

    controller.bookmarks.keep(())
    desk.settle()
    controller.runs.open(resources() / "models" / "digits-cvae")
    desk.settle()
    controller.workspaces.go("explore")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    desk.window.menus.scenes.open()
    desk.until(lambda: desk.state.model.name == "digits-2d" and desk.state.point.z == point.z)
    desk.settle()
    desk.until(lambda: desk.state.answer(ReadBookmarks))
    after = scene_of(desk.state)
    assert after.model_dump() == before.model_dump()
    assert desk.state.failure is None


def test_a_computed_view_is_computed_again(desk, tmp_path):
    desk.controller.map.lay_out(Layout.PCA)
    desk.settle()
    found = SCENE.validate_python(recipe_of(desk.state, {}), strict=False)
    assert found.view.layout == "PCA"
    path = tmp_path / "pca.scene"
    desk.controller.scene.save(path)
    desk.until(path.exists)
    desk.controller.map.set_plane((0, 1))
    desk.controller.open_path(path)
    desk.until(lambda: desk.state.view.layout is Layout.PCA and not desk.state.view.is_pending)
    desk.settle()
    assert desk.state.answer(MakeManifold) is None or desk.state.failure is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b'{"scene": 2}',
        b'{"scene": 1, "z": ["a"]}',
        b'{"scene": 1, "z": [1e300]}',
        b'{"scene": 1, "z": [NaN]}',
        b'{"scene": 1, "model": 7}',
        b"\x80\x04K\x01.",
        b'{"scene": 1, "route": {"a": {"z": [0]}, "b": {"z": [0]}, "steps": 100000000}}',
    ],
)
def test_a_damaged_scene_is_told_and_nothing_changes(old_desk, tmp_path, content):
    path, before = tmp_path / "bad.scene", old_desk.state.point
    path.write_bytes(content)
    old_desk.controller.open_path(path)
    old_desk.until(lambda: old_desk.state.failure)
    assert "bad.scene is not a scene" in old_desk.state.failure.title
    old_desk.controller.store.dismiss_failure()
    assert old_desk.state.point == before


def test_a_scene_without_its_model_is_told(old_desk, tmp_path):
    path = tmp_path / "far.scene"
    path.write_text(json.dumps({"scene": 1, "model": "far", "weights": "0" * 16, "z": [0, 0]}))
    old_desk.controller.open_path(path)
    old_desk.until(lambda: old_desk.state.failure)
    assert "far is not on this machine" in old_desk.state.failure.title
    old_desk.controller.store.dismiss_failure()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("other.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("other.mp4", b"\0\0\0\x18ftypmp42" + bytes(50)),
    ],
)
def test_a_drawing_or_film_without_a_scene_is_told(old_desk, tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    old_desk.controller.open_path(path)
    old_desk.until(lambda: old_desk.state.failure)
    assert "carries no scene" in old_desk.state.failure.title
    old_desk.controller.store.dismiss_failure()


def test_the_last_session_is_offered_after_a_crash_only(make_desk):
    first = make_desk()
    scene = first.controller.scene
    assert scene.last_session() is None
    point = moved(first, -1.0, 2.0)
    scene.keep_session()
    first.settle()
    (kept,) = (home() / "sessions").glob("*.scene")
    first.until(lambda: read_picture_scene(kept) is None and kept.stat().st_size > 0)
    # As after a crash: the file is there, and nothing holds its lock.
    crashed = kept.with_name("1.scene")
    crashed.write_bytes(kept.read_bytes())
    first.clear()
    assert not kept.exists(), "closing leaves no session"
    second = make_desk()
    assert second.controller.scene.last_session() == crashed
    second.window.menus.scenes.offer_session(crashed)
    answer_offer(second, "Bring the scene back")
    assert second.state.point.z == pytest.approx(point.z)
    second.until(lambda: not crashed.exists())


def kept_session(desk):
    """Return the session of a window that crashed, whose scene is that of the present one."""
    scene = desk.controller.scene
    crashed = home() / "sessions" / "1.scene"
    crashed.parent.mkdir(parents=True, exist_ok=True)
    scene.save(crashed)
    desk.until(crashed.exists)
    desk.settle()
    return crashed


def test_a_session_is_kept_until_it_is_back_or_refused(old_desk):
    crashed = kept_session(old_desk)
    content = json.loads(crashed.read_text())
    away = content | {"weights": "0" * 16, "path": "/nowhere", "model": "far"}
    crashed.write_text(json.dumps(away))
    scenes = old_desk.window.menus.scenes
    scenes.offer_session(crashed)
    answer_offer(old_desk, "Bring the scene back")
    assert "far is not on this machine" in old_desk.state.failure.title
    assert crashed.exists()
    old_desk.controller.store.dismiss_failure()
    scenes.offer_session(crashed)
    answer_offer(old_desk, "Not now")
    old_desk.until(lambda: not crashed.exists())


def test_a_damaged_session_is_told_once(old_desk):
    crashed = kept_session(old_desk)
    crashed.write_bytes(b"{")
    old_desk.window.menus.scenes.offer_session(crashed)
    old_desk.until(lambda: old_desk.state.failure)
    old_desk.until(lambda: not crashed.exists())
    old_desk.controller.store.dismiss_failure()


def test_two_questions_keep_their_scenes(desk, tmp_path):
    files = [tmp_path / "one.png", tmp_path / "two.png"]
    for path, x in zip(files, (1.25, -1.25), strict=True):
        point = moved(desk, x, 0.5)
        tiles = Tiles((point,), desk.state.answer(Decode).pixels[None], 1)
        desk.controller.files.save(Export(tiles, path, recipe_of(desk.state, {"picture": "image"})))
        desk.until(path.exists)
        desk.settle()
    for count, path in enumerate(files, 1):
        desk.controller.scene.look_for(path)
        desk.until(lambda n=count: len(desk.window.findChildren(QMessageBox)) == n)
    answer_one(desk.window.findChildren(QMessageBox)[0], "Bring the scene back")
    desk.settle()
    assert desk.state.point.z[0] == pytest.approx(1.25)
    answer_one(desk.window.findChildren(QMessageBox)[-1], "Bring the scene back")
    desk.settle()
    assert desk.state.point.z[0] == pytest.approx(-1.25)


def test_a_scene_is_built_only_after_a_change(desk, monkeypatch):
    built = []
    monkeypatch.setattr(
        "latentlab.workers.intents.scene.scene_of",
        lambda state: built.append(state) or scene_of(state),
    )
    scene = desk.controller.scene
    scene.last_session()
    for count, x in enumerate((0.5, 1.5), 1):
        moved(desk, x, 0.0)
        scene.keep_session()
        scene.keep_session()
        assert len(built) == count
    scene.end_session()
    desk.settle()


class Recording:
    """A state that records what is read of it."""

    def __init__(self, state):
        self._state, self.read = state, set()

    def __getattr__(self, name):
        self.read.add(name)
        return getattr(self._state, name)

    def answer(self, kind):
        self.read.add(kind)
        return self._state.answer(kind)


def test_a_change_of_anything_in_a_scene_counts_as_one(old_desk):
    built, compared = Recording(old_desk.state), Recording(old_desk.state)
    assert scene_of(built)
    _parts(compared)
    assert built.read - compared.read == set()
    assert {"point", "view", "workspace", ReadBookmarks} <= built.read


def test_selections_are_left_out_on_other_images():
    state = State(model=toy.card(), codes=toy.codes(), point=toy.card().point([0, 0]))
    scene = scene_of(replace(state, selection=select([3, 5])))
    assert restored(scene, state)["selection"].rows.tolist() == [3, 5]
    others = (
        replace(state, model=replace(state.model, data="others")),
        replace(state, codes=toy.codes(count=91)),
        replace(state, codes=None),
    )
    for other in others:
        changes = restored(scene, other)
        assert not {"selection", "kept"} & changes.keys()
        assert "selections are left out" in changes["message"].text
