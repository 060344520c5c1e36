"""Answers about scenes."""

from __future__ import annotations

import numpy as np

from latentlab.explorer.answer import answer
from latentlab.explorer.bookmarks import FILE_STEM, read_bookmarks, write_bookmarks
from latentlab.explorer.explorer import Explorer
from latentlab.explorer.files.direction_files import load_directions, save_directions
from latentlab.explorer.files.user_files import path_for
from latentlab.runs.scene_files import find_scene, write_scene
from latentlab.session.directions import merge_directions
from latentlab.session.files.scene import AddMarks, FoundScene, KeepSession, ReadScene, SaveScene
from latentlab.session.interpolation import Bookmark
from latentlab.session.request import Exported


@answer.register
def _(request: ReadScene, explorer: Explorer) -> FoundScene:
    return find_scene(request.path)


@answer.register
def _(request: SaveScene, explorer: Explorer) -> Exported:
    write_scene(request.path, request.scene)
    return Exported(request.path)


@answer.register
def _(request: KeepSession, explorer: Explorer) -> None:
    if request.scene is None:
        request.path.unlink(missing_ok=True)
    else:
        write_scene(request.path, request.scene)


@answer.register
def _(request: AddMarks, explorer: Explorer) -> tuple[int, int]:
    """Write the bookmarks and directions of a scene; return the numbers of new ones."""
    card, scene = request.card, request.scene
    path = path_for(card, FILE_STEM)
    known = read_bookmarks(path, card) if path.exists() else []
    found = [
        (card.point(each.z, each.label), each.note)
        for each in scene.bookmarks
        if len(each.z) == card.latent_dim
    ]
    points = {point for point, _ in known}
    new = [(point, note) for point, note in found if point not in points]
    if new:
        # The file holds no pixels; they are decoded when it is read.
        pixels = np.zeros((1, 1), np.uint8)
        marks = (Bookmark(point, note, pixels) for point, note in (*known, *new))
        write_bookmarks(path, card, tuple(marks))
    fitting = tuple(each for each in scene.directions if len(each.vector) == card.latent_dim)
    if fitting:
        save_directions(card, merge_directions(load_directions(card), fitting))
    return len(new), len(fitting)
