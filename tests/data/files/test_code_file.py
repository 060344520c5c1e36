"""Codes in files of other programs."""

from pathlib import Path

import numpy as np
import pytest

from latentlab.data.files.code_file import read_code_file
from latentlab.data.files.listed_images import find_listed
from latentlab.errors import DataError

Z = np.random.default_rng(0).standard_normal((6, 3)).astype(np.float32)
Z[:, 2] = [-1, 1, 1, -1, 1, 1]


def written(path, head, rows, separator=","):
    lines = [separator.join(map(str, row)) for row in [head, *rows]]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_arrays_are_read_by_name_or_alone(tmp_path):
    np.save(tmp_path / "a.npy", Z)
    np.savez(tmp_path / "b.npz", mu=Z, sigma=Z**2, labels=[*"aabbcc"], images=np.zeros((6, 4, 4)))
    np.savez(tmp_path / "c.npz", points=Z)
    for name in "abc":
        found = read_code_file(next(tmp_path.glob(f"{name}.np*")), 3)
        np.testing.assert_array_equal(found.z, Z)
    found = read_code_file(tmp_path / "b.npz")
    assert found.labels == ("a", "a", "b", "b", "c", "c")
    assert found.images.shape == (6, 1, 4, 4)
    np.testing.assert_allclose(found.sigma, Z**2)


def test_labels_of_bytes_and_of_whole_floats_are_plain_words(tmp_path):
    table = {f"z{d + 1}": Z[:, d] for d in range(3)}
    for labels, words in ((np.array([b"cat", b"dog"] * 3), "cat"), (np.arange(3.0, 9), "3")):
        for arrays in ({"z": Z}, table):
            np.savez(tmp_path / "z.npz", **arrays, label=labels)
            assert read_code_file(tmp_path / "z.npz").labels[0] == words


def test_a_column_of_minus_one_and_one_stays_what_it_is(tmp_path):
    found = read_code_file(written(tmp_path / "z.csv", ["z1", "z2", "z3"], Z.tolist()))
    np.testing.assert_allclose(found.z, Z, rtol=1e-6)


def test_numbered_columns_are_taken_by_their_number(tmp_path):
    z = np.arange(24, dtype=np.float32).reshape(2, 12) + 0.5
    shuffled = np.random.default_rng(1).permutation(12).tolist()
    np.savez(tmp_path / "z.npz", **{f"z{d + 1}": z[:, d] for d in shuffled})
    head = [f"z{d + 1}" for d in shuffled]
    written(tmp_path / "z.csv", head, z[:, shuffled].tolist())
    for name in ("z.npz", "z.csv"):
        np.testing.assert_array_equal(read_code_file(tmp_path / name).z, z)


@pytest.mark.parametrize("head", [["x0", "x1", "x2"], ["PC1", "PC2", "PC3"], ["a", "b", "c"]])
def test_columns_of_other_programs(tmp_path, head):
    rows = [[i, f"{i}.png", "cat", *z] for i, z in enumerate(Z.tolist())]
    found = read_code_file(written(tmp_path / "z.csv", ["index", "file", "label", *head], rows), 3)
    np.testing.assert_allclose(found.z, Z, rtol=1e-6)
    assert found.files[2] == "2.png"
    assert found.labels == ("cat",) * 6
    assert head[0] in found.notes[0]


@pytest.mark.parametrize("name", ["//host/a.png", r"\\host\a.png", r"\/host/a.png", r" /\host/a"])
def test_files_of_network_shares_are_not_looked_for(tmp_path, monkeypatch, name):
    looked = []
    monkeypatch.setattr(Path, "is_file", lambda path: looked.append(path) or True)
    assert find_listed([name], tmp_path) is None
    assert not looked


def test_a_german_spreadsheet(tmp_path):
    rows = [[str(x).replace(".", ",") for x in z] for z in Z.tolist()]
    found = read_code_file(written(tmp_path / "z.csv", ["z1", "z2", "z3"], rows, ";"))
    np.testing.assert_allclose(found.z, Z, rtol=1e-6)


def test_parquet(tmp_path):
    pytest.importorskip("pyarrow")
    from pyarrow import parquet, table

    columns = {f"z{d + 1}": Z[:, d] for d in range(3)}
    parquet.write_table(
        table({**columns, "label": [*"aabbcc"], "age": range(6)}), tmp_path / "z.parquet"
    )
    found = read_code_file(tmp_path / "z.parquet")
    np.testing.assert_array_equal(found.z, Z)
    assert found.attributes.column("age").tolist() == [0, 1, 2, 3, 4, 5]


def test_numbers_without_a_line_of_names(tmp_path):
    np.savetxt(tmp_path / "z.csv", Z, delimiter=",")
    found = read_code_file(tmp_path / "z.csv")
    np.testing.assert_allclose(found.z, Z, rtol=1e-6)
    assert "no line of column names" in found.notes[0]
    # As pandas writes an array: the columns are called 0, 1, 2.
    lines = "\n".join(",".join(map(str, row)) for row in Z.tolist())
    (tmp_path / "named.csv").write_text(f"0,1,2\n{lines}\n")
    np.testing.assert_allclose(read_code_file(tmp_path / "named.csv").z, Z, rtol=1e-6)
    # As pandas writes it with the row numbers, whose column has no name.
    rows = "\n".join(f"{i},{line}" for i, line in enumerate(lines.splitlines()))
    (tmp_path / "indexed.csv").write_text(f",0,1,2\n{rows}\n")
    np.testing.assert_allclose(read_code_file(tmp_path / "indexed.csv").z, Z, rtol=1e-6)


def test_one_number_about_each_image_is_no_code(tmp_path):
    path = written(tmp_path / "a.csv", ["filename", "age"], [["x.png", 20], ["y.png", 30]])
    with pytest.raises(DataError, match="no columns of numbers that can be codes"):
        read_code_file(path)
    assert read_code_file(path, 1).z.shape == (2, 1)


@pytest.mark.parametrize(
    ("head", "told"),
    [(["z1", "z2", "pc1"], "several groups"), (["name", "row", "sigma1"], "no columns")],
)
def test_what_is_ambiguous_is_refused(tmp_path, head, told):
    if told == "several groups":
        head, rows = ["a1", "a2", "b1", "b2"], [[1, 2, 3, 4], [5, 6, 7, 8]]
    else:
        rows = [["x", 1, 2], ["y", 3, 4]]
    with pytest.raises(DataError, match=told):
        read_code_file(written(tmp_path / "z.csv", head, rows))


def test_bad_files_are_refused(tmp_path):
    np.save(tmp_path / "nan.npy", np.full((2, 2), np.nan))
    np.savez(tmp_path / "flat.npz", z=np.zeros(4))
    (tmp_path / "no.npz").write_bytes(b"PK\x03\x04 not a zip")
    (tmp_path / "no.parquet").write_bytes(b"PAR1")
    for name in ("nan.npy", "flat.npz", "no.npz", "no.parquet", "gone.csv"):
        with pytest.raises(Exception, match=name.replace(".", r"\.")) as caught:
            read_code_file(tmp_path / name)
        assert caught.type.__module__ == "latentlab.errors"
