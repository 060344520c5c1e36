"""NPY and NPZ files, as arrays and as codes."""

from fuzz.harness import target
from mutation_support import PACKED

from latentlab.data.files.code_file import read_code_file
from latentlab.data.files.numpy_file import NumpyFile


def read_all(file):
    found = NumpyFile(file, "data.images")
    found.listing()
    for name in found.arrays:
        found.read(name)


@target(PACKED)
def reads(content, folder):
    file = folder / "codes.npz"
    file.write_bytes(content)
    return [lambda: read_all(file), lambda: read_code_file(file)]
