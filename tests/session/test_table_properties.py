"""Tables of any codes and any selection, read back by latentlab and by other libraries."""

import csv
import io

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from latentlab.data.files.code_file import read_code_file
from latentlab.data.image_set import Attributes
from latentlab.latent.codes import Codes
from latentlab.session.files.tables import escape_cell, save_selection, write_table
from latentlab.session.selection import select

COUNT = 8
NUMBERS = st.floats(-1e6, 1e6, width=32)
NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8)


@st.composite
def coded(draw):
    """Codes of `COUNT` images, of which all is known, and the names of their two classes."""
    size = draw(st.integers(1, 3))
    mu, sigma = draw(arrays(np.float32, (2, COUNT, size), elements=NUMBERS))
    files = np.array([f"{i}{draw(NAMES)}.png" for i in range(COUNT)], object)
    values = draw(arrays(np.float32, (COUNT, 1), elements=NUMBERS))
    labels = draw(arrays(np.int64, COUNT, elements=st.integers(0, 1)))
    return Codes(
        mu,
        np.abs(sigma),
        labels,
        Attributes(("age",), values),
        files,
        np.array(["train", "test"] * (COUNT // 2), object),
    )


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("tables")


@pytest.mark.parametrize("ending", ["csv", "npz", "parquet"])
@settings(max_examples=40)
@given(coded(), st.lists(st.integers(0, COUNT - 1), min_size=1, max_size=COUNT))
def test_any_selection_is_read_back_as_it_was_in_its_order(place, ending, codes, rows):
    if ending == "parquet":
        pytest.importorskip("pyarrow")
    path, selection = place / f"codes.{ending}", select(np.array(rows))
    save_selection(selection, codes, ("ant", "bee"), path)
    found = read_code_file(path)
    rows = sorted(set(rows))
    np.testing.assert_array_equal(found.z, codes.mu[rows])
    np.testing.assert_array_equal(found.sigma, codes.sigma[rows])
    assert found.files == tuple(codes.files[rows])
    assert found.labels == tuple(map(str, codes.labels[rows].tolist()))
    assert found.parts == tuple(codes.parts[rows])


@given(st.lists(st.tuples(st.integers(), st.text(), st.floats()), max_size=5))
@example([(0, "=1+1", 0.0), (1, "\r", -0.0), (2, '"', 5e-324)])
def test_any_cells_are_read_back_by_others_and_run_by_none(place, rows):
    rows = [(n, text.encode("utf-8", "backslashreplace").decode(), x) for n, text, x in rows]
    write_table(place / "t.csv", ("n", "text", "x"), rows)
    content = (place / "t.csv").read_bytes().decode("utf-8")
    head, *found = csv.reader(io.StringIO(content, newline=""))
    assert head == ["n", "text", "x"]
    assert len(found) == len(rows)
    for (n, text, x), (n_read, text_read, x_read) in zip(rows, found, strict=True):
        assert int(n_read) == n
        assert text_read == escape_cell(text)
        assert text_read.removeprefix("'") == text.removeprefix("'")
        assert text_read == text or text_read[0] == "'"
        assert (float(x_read) == x) if np.isfinite(x) else x_read == ""
