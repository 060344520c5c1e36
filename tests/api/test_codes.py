"""Codes that other libraries have written, by the API."""

import sys

import numpy as np
import pytest

import latentlab
from latentlab import __main__
from latentlab.data.files.code_file import CODE_ARRAYS, FILE_NAMES, LABEL_NAMES, PART_NAMES
from latentlab.errors import LatentlabError
from latentlab.explorer.codes import anndata_child

RNG = np.random.default_rng(0)
Z = RNG.normal(size=(40, 6)).astype(np.float32)
KINDS = np.array(["B", "NK", "T"])[np.arange(40) % 3]


def test_an_npz_of_numpy_is_read_with_its_images(tmp_path):
    images = RNG.random((40, 3, 8, 9)).astype(np.float32)
    np.savez(tmp_path / "a.npz", latents=Z, y=KINDS, images=images, age=np.arange(40.0))
    found = latentlab.read_codes(tmp_path / "a.npz")
    np.testing.assert_array_equal(found.mu, Z)
    assert found.class_names == ("B", "NK", "T")
    np.testing.assert_array_equal(np.array(found.class_names)[found.labels], KINDS)
    np.testing.assert_array_equal(found.attributes["age"], np.arange(40))
    np.testing.assert_allclose(found.images / 255, images, atol=0.51 / 255)
    assert "sigma1" not in found.columns()
    about = latentlab.info(tmp_path / "a.npz")
    assert about.opens


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_embeddings_of_anndata_are_read_in_another_process(tmp_path):
    anndata = pytest.importorskip("anndata")
    pandas = pytest.importorskip("pandas")
    cells = pandas.DataFrame(
        {"batch": pandas.Categorical(list("ab") * 20), "cell_type": pandas.Categorical(KINDS)},
        index=[f"cell{i}" for i in range(40)],
    )
    data = anndata.AnnData(obs=cells, obsm={"X_umap": Z[:, :2], "X_scVI": Z})
    data.write_h5ad(tmp_path / "cells.h5ad")
    about = latentlab.info(tmp_path / "cells.h5ad")
    assert about.facts["codes"] == 40
    assert about.facts["latent_dim"] == 6
    assert about.facts["classes"] == {"B": 14, "NK": 13, "T": 13}
    assert about.facts["attributes"] == ["batch"]
    assert "X_scVI" in about.note
    assert "X_umap" in about.note


@pytest.fixture
def cells(tmp_path):
    """A file of AnnData with three embeddings of 40 cells, of 6, 3 and 2 dimensions."""
    anndata = pytest.importorskip("anndata")
    path = tmp_path / "cells.h5ad"
    obsm = {"X_umap": Z[:, :2], "X_scVI": Z, "X_pca": Z[:, ::2]}
    anndata.AnnData(obsm=obsm).write_h5ad(path)
    return path


@pytest.mark.usefixtures("same_process")
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_an_embedding_is_chosen_by_its_name(cells, tmp_path, monkeypatch, capsys):
    np.testing.assert_array_equal(latentlab.read_codes(cells).mu, Z)
    found = latentlab.read_codes(cells, obsm="X_pca")
    np.testing.assert_array_equal(found.mu, Z[:, ::2])
    assert "The codes are obsm X_pca. It also has X_scVI, X_umap." in found.note
    with pytest.raises(LatentlabError, match="no obsm of this name") as caught:
        latentlab.read_codes(cells, obsm="X_tsne")
    assert caught.value.advice == "It has X_scVI, X_pca, X_umap."
    out = tmp_path / "decoded.npz"
    for words, status in (
        (["info", cells, "--obsm", "X_pca", "--json"], 0),
        (["decode", "digits-2d", cells, "--obsm", "X_umap", "--out", out], 0),
        (["decode", "digits-2d", cells, "--obsm", "X_pca", "--out", out], 2),
    ):
        monkeypatch.setattr(sys, "argv", ["latentlab", *map(str, words)])
        assert __main__.main() == status
    said, errors = capsys.readouterr()
    assert '"latent_dim": 3' in said
    assert "cells.h5ad holds codes of 3 dimensions; the model has 2" in errors
    with np.load(out) as decoded:
        np.testing.assert_array_equal(decoded["z"], Z[:, :2])


@pytest.mark.usefixtures("same_process")
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_columns_of_anndata_may_have_any_names_and_missing_words(tmp_path):
    anndata = pytest.importorskip("anndata")
    pandas = pytest.importorskip("pandas")
    words = pandas.array(["a", None] * 20, "string")
    columns = {"cell_type": KINDS, "file": KINDS, "sigma": Z[:, 0], "part": KINDS, "label": KINDS}
    numbers = pandas.array([1, None] * 20, "Int64")
    cells = pandas.DataFrame(
        {**columns, "site": words, "age": numbers}, index=list(map(str, range(40)))
    )
    with anndata.settings.override(allow_write_nullable_strings=True):
        anndata.AnnData(obs=cells, obsm={"X_scVI": Z}).write_h5ad(tmp_path / "cells.h5ad")
    found = latentlab.read_codes(tmp_path / "cells.h5ad")
    assert found.class_names == ("B", "NK", "T")
    assert {"obs file", "obs sigma", "obs part", "site", "age"} <= set(found.attributes)
    assert {*CODE_ARRAYS, *LABEL_NAMES, *FILE_NAMES, *PART_NAMES} <= anndata_child.RESERVED


def test_a_damaged_file_of_anndata_is_refused_with_what_to_do(tmp_path):
    pytest.importorskip("anndata")
    path = tmp_path / "cells.h5ad"
    path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(2000))
    with pytest.raises(LatentlabError, match=r"cells\.h5ad is damaged") as caught:
        latentlab.read_codes(path)
    assert "numpy.savez" in caught.value.advice
