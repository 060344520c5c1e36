"""The digits that come with the program."""

import numpy as np
import pytest

from latentlab.data.data_set import load
from latentlab.data.sources import digits
from latentlab.errors import DataError


@pytest.fixture(scope="module")
def bundled():
    return load(digits.DigitsConfig())


def test_there_are_4000_to_learn_from_and_1000_held_out(bundled):
    assert (len(bundled.train), len(bundled.validation)) == (4000, 1000)
    assert bundled.spec.shape == (1, 28, 28)
    assert bundled.spec.class_names == tuple("0123456789")


def test_every_class_is_in_both_parts_in_fair_shares(bundled):
    for part in (bundled.train, bundled.validation):
        shares = np.bincount(part.labels, minlength=10) / len(part)
        assert shares.min() > 0.05
        assert shares.max() < 0.15


def test_they_look_like_digits(bundled):
    """White strokes on black, in the middle: the border is empty, a one has less ink than a 0."""
    images, labels = bundled.train.images[:, 0], bundled.train.labels
    assert images[:, 0].mean() < 1
    assert 20 < images.mean() < 50
    assert images[labels == 1].mean() < 0.6 * images[labels == 0].mean()
    middle = images[:, 11:17, 13:15].mean((1, 2))
    assert middle[labels == 1].mean() > 3 * middle[labels == 0].mean()


def test_they_are_missed_by_name(tmp_path, monkeypatch):
    monkeypatch.setattr(digits, "resources", lambda: tmp_path)
    with pytest.raises(DataError) as caught:
        load(digits.DigitsConfig())
    assert str(tmp_path / "digits.npz") in caught.value.message
    assert caught.value.advice == "Install latentlab again."


@pytest.mark.parametrize("keep", [0, 10, 20_000, -10_000])
def test_damaged_digits_are_a_data_error(tmp_path, monkeypatch, keep):
    whole = (digits.resources() / "digits.npz").read_bytes()
    (tmp_path / "digits.npz").write_bytes(whole[:keep])
    monkeypatch.setattr(digits, "resources", lambda: tmp_path)
    with pytest.raises(DataError) as caught:
        load(digits.DigitsConfig())
    assert str(tmp_path / "digits.npz") in caught.value.message


def test_a_text_in_place_of_the_digits_is_a_data_error(tmp_path, monkeypatch):
    """As where a large file was not fetched with the repository."""
    (tmp_path / "digits.npz").write_text("version https://git-lfs.github.com/spec/v1\n")
    monkeypatch.setattr(digits, "resources", lambda: tmp_path)
    with pytest.raises(DataError, match="damaged"):
        load(digits.DigitsConfig())
