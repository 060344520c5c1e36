"""Manifests of models in ONNX files."""

from fuzz.harness import target
from mutation_support import TEXT

from latentlab.runs.onnx_manifest import read_manifest


@target(TEXT)
def reads(content, folder):
    file = folder / "model.toml"
    file.write_bytes(content)
    return [lambda: read_manifest(file)]
