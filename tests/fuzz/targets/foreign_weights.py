"""Weights of other programs, whose architecture is inferred."""

from fuzz.harness import target
from mutation_support import TENSORS

from latentlab.explorer.import_.foreign import model_of, read_foreign
from latentlab.work import finish


def read_model(file):
    _, found = finish(read_foreign(file, {}, ()))
    model_of(found.config, found.spec, found.weights)


@target(TENSORS)
def reads(content, folder):
    file = folder / "model.safetensors"
    file.write_bytes(content)
    return [lambda: read_model(file)]
