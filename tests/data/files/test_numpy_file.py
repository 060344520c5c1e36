"""Text in NumPy files has characters that exist."""

import numpy as np
import pytest

from latentlab.data.files.numpy_file import NumpyFile
from latentlab.errors import DataError

WORDS = np.array([["ten", "zwölf", ""], ["十", "𝟏", "x"]])


def read(path, words, order="C"):
    np.save(path, np.asarray(words, order=order))
    return NumpyFile(path, "data.labels").read()


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("byte_order", ["<", ">"])
def test_text_of_any_script_and_byte_order_is_read(tmp_path, order, byte_order):
    words = WORDS.astype(WORDS.dtype.newbyteorder(byte_order))
    found = read(tmp_path / "words.npy", words, order)
    assert found.tolist() == WORDS.tolist()


@pytest.mark.parametrize("point", [0x110000, 0xFFFFFFFF, 0xD800])
def test_a_character_that_does_not_exist_is_refused(tmp_path, point):
    words = WORDS.copy()
    words.view("u4")[0, 0] = point
    with pytest.raises(DataError, match="its text is not Unicode"):
        read(tmp_path / "words.npy", words)
