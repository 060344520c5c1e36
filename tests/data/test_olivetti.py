"""The Olivetti faces: from an NPZ, never from a pickle."""

import pickle
from pathlib import Path

import numpy as np
import pytest

from latentlab.data.data_set import load
from latentlab.data.sources.olivetti import OlivettiConfig
from latentlab.errors import DataError

SHARED = Path(__file__).parents[3] / "shared" / "data" / "olivetti_400x64x64.npz"


def save(path, people=3, each=10, **changes):
    """Write faces that are as bright as their subject's number, times ten."""
    subject = np.repeat(np.arange(people), each)
    images = np.broadcast_to((10 * subject[:, None, None]), (len(subject), 64, 64))
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **{"images": images.astype(np.uint8), "subject": subject, **changes})
    return path


def test_one_portrait_in_ten_of_each_subject_is_held_out(tmp_path):
    splits = load(OlivettiConfig(root=save(tmp_path / "mine.npz")))
    assert splits.spec.shape == (1, 64, 64)
    assert splits.spec.class_names == ("subject 1", "subject 2", "subject 3")
    assert splits.validation.labels.tolist() == [0, 1, 2]
    for part in (splits.train, splits.validation):
        np.testing.assert_array_equal(part.images[:, 0, 0, 0], 10 * part.labels)


def test_fractions_as_scikit_learn_has_them(tmp_path):
    images = np.full((30, 64, 64), 0.5, np.float32)
    splits = load(OlivettiConfig(root=save(tmp_path / "olivetti.npz", images=images).parent))
    assert (splits.train.images == 128).all()


@pytest.mark.parametrize(
    "changes",
    [
        {"images": np.zeros((30, 8), np.uint8)},
        {"images": np.zeros((30, 8, 8), np.int64)},
        {"subject": np.zeros(7, np.int64)},
        {"subject": np.arange(30)},
    ],
)
def test_other_arrays_are_told(tmp_path, changes):
    with pytest.raises(DataError) as caught:
        load(OlivettiConfig(root=save(tmp_path / "olivetti.npz", **changes)))
    assert "numpy.savez" in caught.value.advice


def test_an_npz_of_something_else_is_told(tmp_path):
    np.savez(tmp_path / "x.npz", faces=np.zeros((3, 8, 8)))
    with pytest.raises(DataError, match="no arrays called images and subject"):
        load(OlivettiConfig(root=tmp_path / "x.npz"))


class Trap:
    """Runs code when it is unpickled."""

    def __reduce__(self):
        return pytest.fail, ("a pickle was opened",)


@pytest.mark.parametrize("named", [True, False])
def test_the_pickle_of_scikit_learn_is_never_opened(tmp_path, named):
    path = tmp_path / "scikit_learn_data" / "olivetti_py3.pkz"
    path.parent.mkdir()
    path.write_bytes(pickle.dumps(Trap()))
    for root in (path if named else path.parent,):
        assert not OlivettiConfig(root=root).available()
        with pytest.raises(DataError, match="is a pickle") as caught:
            load(OlivettiConfig(root=root))
        assert "fetch_olivetti_faces" in caught.value.advice


def test_where_they_are_nowhere_one_is_told_what_to_do():
    assert not OlivettiConfig().available()
    with pytest.raises(DataError, match="are not in LATENTLAB_DATA") as caught:
        load(OlivettiConfig())
    assert "numpy.savez" in caught.value.advice


@pytest.mark.skipif(not SHARED.exists(), reason=f"no Olivetti faces on this machine: {SHARED}")
def test_the_real_ones(monkeypatch):
    monkeypatch.setenv("LATENTLAB_DATA", str(SHARED.parent))
    splits = load(OlivettiConfig())
    assert (len(splits.train), len(splits.validation)) == (360, 40)
    assert splits.spec.classes == 40
