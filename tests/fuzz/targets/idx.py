"""IDX files of MNIST, gzipped or not."""

from fuzz.harness import target

from latentlab.data.files.idx import read_idx, read_idx_shape


@target()
def reads(content, folder):
    file = folder / "train-images-idx3-ubyte"
    file.write_bytes(content)
    return [lambda: read_idx(file), lambda: read_idx_shape(file)]
