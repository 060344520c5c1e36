"""Scene files, scenes in the metadata of pictures and films, and the search for their models."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import ExifTags, Image

from latentlab.atomic_write import is_incomplete, write_atomically
from latentlab.directories import is_run, resources, runs
from latentlab.errors import LatentlabError, RunError, reading
from latentlab.json_files import LARGE, parse_json, read_bytes, read_json
from latentlab.learning.checkpoint import hash_of_weights
from latentlab.runs.mp4_comment import read_mp4_comment
from latentlab.session.codes import is_code_file
from latentlab.session.export import check_suffix, format_of
from latentlab.session.files.scene import SCENE, SCENES, FoundScene, Scene

if TYPE_CHECKING:
    from collections.abc import Iterator

RASTERS = {"png": "PNG", "jpg": "JPEG", "webp": "WEBP", "tiff": "TIFF", "gif": "GIF"}
TIFF_DESCRIPTION = 270
SVG_DESCRIPTION = re.compile(rb"<dc:description>(.*?)</dc:description>", re.S)
PDF_SUBJECT = re.compile(rb"/Subject \(((?:[^()\\]|\\.)*)\)", re.S)
PDF_ESCAPE = re.compile(rb"\\(.)", re.S)
MAX_VECTOR_BYTES = 64 << 20
MAX_JSON = 1 << 20
"""Maximum size of the metadata of a picture, in bytes."""


def write_scene(path: Path, scene: Scene) -> None:
    """Write a scene.

    Raises
    ------
    RunError
        If the file cannot be written, or its name does not end in ``.latentlab`` or ``.scene``.
    """
    check_suffix(path, SCENES)
    text = SCENE.dump_json(scene, indent=1, exclude_defaults=False)
    write_atomically(path, text + b"\n")


def find_scene(path: Path) -> FoundScene:
    """Return the scene of a scene file, a picture or a film, and where its model is.

    Raises
    ------
    RunError
        If a scene file is damaged or is another kind of file.
    """
    if format_of(path) in SCENES:
        scene = read_json(
            path, SCENE, RunError, "Choose one that latentlab has saved.", "is not a scene", LARGE
        )
    else:
        found = read_picture_scene(path)
        if found is None:
            return FoundScene(path)
        scene = found
    model, note = find_model(scene)
    return FoundScene(path, scene, model, note)


def read_picture_scene(path: Path) -> Scene | None:
    """Return the scene in the metadata of a picture; None if there is none that can be used."""
    try:
        text = _metadata(path)
        # The settings of the picture are beside the fields of the scene, and may share a name.
        return parse_json(text, SCENE) if text and len(text) <= MAX_JSON else None
    except (LatentlabError, OSError, ValueError):
        return None


def _metadata(path: Path) -> bytes:
    kind = format_of(path)
    if kind == "mp4":
        return read_mp4_comment(path)
    if kind in RASTERS:
        with reading(path), Image.open(path, formats=[RASTERS[kind]]) as file:
            return _description(file, kind)
    if kind == "svg":
        found = SVG_DESCRIPTION.search(read_bytes(path, MAX_VECTOR_BYTES))
        return unescape(found[1].decode()).encode() if found else b""
    if kind == "pdf":
        subject = PDF_SUBJECT.search(read_bytes(path, MAX_VECTOR_BYTES))
        return PDF_ESCAPE.sub(rb"\1", subject[1]) if subject else b""
    return b""


def _description(file: Image.Image, kind: str) -> bytes:
    if kind == "png":
        # Reading the pixels finds texts after them.
        file.load()
        text = getattr(file, "text", {}).get("latentlab", "")
    elif kind == "gif":
        text = file.info.get("comment", b"")
    elif kind == "tiff":
        text = getattr(file, "tag_v2", {}).get(TIFF_DESCRIPTION, "")
    else:
        text = file.getexif().get(ExifTags.Base.ImageDescription, "")
    return text if isinstance(text, bytes) else str(text).encode()


def find_model(scene: Scene) -> tuple[Path | None, str]:
    """Return the path of the model of a scene, and a note; None if it is not on this machine.

    The path in the scene comes first, then a model with the same weights, then one with the same
    name.
    """
    stated = Path(scene.path) if scene.path else None
    if stated and is_code_file(stated):
        return (stated, "") if stated.is_file() else (None, "")
    candidates = [*([stated] if stated and is_run(stated) else []), *_library()]
    for folder in candidates:
        if scene.weights and _hash(folder) == scene.weights:
            return folder, ""
    same_name = (folder for folder in candidates if folder.name == scene.model)
    found = stated if stated and is_run(stated) else next(same_name, None)
    changed = f"The weights of {found.name} have changed since." if found and scene.weights else ""
    return found, changed


def _library() -> Iterator[Path]:
    for parent in (resources() / "models", runs()):
        if parent.is_dir():
            folders = (each for each in sorted(parent.iterdir()) if not is_incomplete(each))
            yield from filter(is_run, folders)


def _hash(folder: Path) -> str:
    try:
        return hash_of_weights(folder)
    except LatentlabError:
        return ""
