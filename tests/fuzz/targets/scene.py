"""Scene files."""

from fuzz.harness import target
from mutation_support import JSON
from mutation_targets import card

from latentlab.runs.scene_files import find_scene
from latentlab.session.files.scene import restored
from latentlab.session.state import State


@target(JSON)
def reads(content, folder):
    file = folder / "my.scene"
    file.write_bytes(content)
    return [lambda: restored(find_scene(file).scene, State(model=card()))]
