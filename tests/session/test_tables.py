"""One table writer: what CSV, NPZ and Parquet files hold, read by other libraries."""

import csv

import numpy as np
import pytest

from latentlab.data.files.code_file import read_code_file
from latentlab.errors import RunError
from latentlab.session.files.tables import write_table

HEAD = ["row", "file", "score", "z1", "z2", "z3", "10"]
ROWS = [[0, "a.png", 0.5, 1.0, 2.0, -3.25, 1], [1, "=b", "", 4.0, 5.0, 1e-7, 2]]


def test_npz_has_numbered_columns_as_one_array(tmp_path):
    write_table(tmp_path / "t.npz", HEAD, iter(ROWS))
    with np.load(tmp_path / "t.npz", allow_pickle=False) as file:
        assert set(file.files) == {"row", "file", "score", "z", "10"}
        np.testing.assert_array_equal(file["z"], [[1, 2, -3.25], [4, 5, 1e-7]])
        np.testing.assert_array_equal(file["score"], [0.5, np.nan])
        assert file["file"].tolist() == ["a.png", "=b"]
        assert file["row"].dtype == np.int64


def test_parquet_has_typed_columns(tmp_path):
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    write_table(tmp_path / "t.parquet", HEAD, iter(ROWS))
    table = pandas.read_parquet(tmp_path / "t.parquet")
    assert list(table.columns) == HEAD
    assert table["z3"].tolist() == [-3.25, 1e-7]
    assert table["file"].tolist() == ["a.png", "=b"]
    assert table["score"].isna().tolist() == [False, True]


def test_a_column_of_zeros_is_one_of_numbers(tmp_path):
    """Such as the deviations of an autoencoder without noise."""
    write_table(tmp_path / "t.npz", ["file", "sigma1", "age"], [["a", 0.0, ""], ["b", 0.0, ""]])
    with np.load(tmp_path / "t.npz", allow_pickle=False) as file:
        np.testing.assert_array_equal(file["sigma"], [[0], [0]])
        assert file["age"].tolist() == ["", ""]


def test_csv_is_plain_and_safe(tmp_path):
    write_table(tmp_path / "t.csv", HEAD, iter(ROWS))
    with (tmp_path / "t.csv").open() as file:
        lines = list(csv.reader(file))
    assert lines[1] == ["0", "a.png", "0.5", "1.0", "2.0", "-3.25", "1"]
    assert lines[2][1:3] == ["'=b", ""]


@pytest.mark.parametrize("ending", ["csv", "npz", "parquet"])
def test_codes_are_read_back_as_codes(tmp_path, ending):
    if ending == "parquet":
        pytest.importorskip("pyarrow")
    z = np.random.default_rng(0).standard_normal((7, 3)).astype(np.float32)
    rows = [[i, "ab"[i % 2], *z[i].tolist()] for i in range(7)]
    write_table(tmp_path / f"c.{ending}", ["row", "label", "z1", "z2", "z3"], rows)
    found = read_code_file(tmp_path / f"c.{ending}")
    np.testing.assert_allclose(found.z, z, rtol=1e-6)
    assert found.labels == tuple("ab"[i % 2] for i in range(7))


@pytest.mark.parametrize("ending", ["npz", "parquet"])
def test_an_empty_table_and_a_place_that_cannot_be_written(tmp_path, ending):
    pytest.importorskip("pyarrow")
    write_table(tmp_path / f"t.{ending}", HEAD, [])
    assert (tmp_path / f"t.{ending}").stat().st_size > 0
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match="cannot be written"):
        write_table(tmp_path / "file" / f"t.{ending}", HEAD, ROWS)
    with pytest.raises(RunError, match="not a format"):
        write_table(tmp_path / "t.xlsx", HEAD, ROWS)
