"""Scenes in the metadata of pictures and films; the suffix says which format is expected."""

from fuzz.harness import target

from latentlab.runs.scene_files import find_scene

MAGIC = {
    b"\x89P": "png",
    b"\xff\xd8": "jpg",
    b"RI": "webp",
    b"II": "tiff",
    b"MM": "tiff",
    b"GI": "gif",
    b"%P": "pdf",
    b"\0\0": "mp4",
}


@target()
def reads(content, folder):
    file = folder / f"my.{MAGIC.get(content[:2], 'svg')}"
    file.write_bytes(content)
    return [lambda: find_scene(file)]
