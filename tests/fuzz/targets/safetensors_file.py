"""Safetensors files: weights of a model, of another program, and training states."""

from fuzz.harness import target
from mutation_support import TENSORS

from latentlab.explorer.import_.state_dict.tensors import read_tensors
from latentlab.learning.tensors import read_weights
from latentlab.learning.training_state import RESUME_FILE, read_training_state

SHAPES = {"fc.weight": (3, 2), "fc.bias": (3,)}


@target(TENSORS)
def reads(content, folder):
    file = folder / RESUME_FILE
    file.write_bytes(content)
    return [
        lambda: read_weights(file, SHAPES),
        lambda: read_tensors(file),
        lambda: read_training_state(folder),
    ]
