"""Pairs of images by class."""

import numpy as np
import pytest

from latentlab.errors import DataError
from latentlab.latent.pairs import PairKind, choose_pairs

LABELS = np.array([2, 0, 0, 2, 2, 0, 1, -1])


def test_pairs_of_the_same_class_are_two_images_of_each_class_in_turn():
    pairs = choose_pairs(LABELS, 8, PairKind.SAME, 6, 0)
    assert [LABELS[a] for a, _ in pairs] == [0, 2] * 3  # of class 1 there is one image
    assert all(LABELS[a] == LABELS[b] and a != b for a, b in pairs)
    assert pairs == choose_pairs(LABELS, 8, PairKind.SAME, 6, 0)
    assert pairs != choose_pairs(LABELS, 8, PairKind.SAME, 6, 1)


def test_pairs_of_different_classes_differ_and_begin_with_each_class():
    pairs = choose_pairs(LABELS, 8, PairKind.DIFFERENT, 9, 0)
    assert [LABELS[a] for a, _ in pairs] == [0, 1, 2] * 3
    assert all(LABELS[b] >= 0 and LABELS[a] != LABELS[b] for a, b in pairs)


def test_without_classes_any_two_images_are_a_pair():
    assert all(a != b for a, b in choose_pairs(None, 2, PairKind.ANY, 20, 0))
    for kind in (PairKind.SAME, PairKind.DIFFERENT):
        with pytest.raises(DataError, match=r"no two images.*"):
            choose_pairs(None, 2, kind, 1, 0)
    with pytest.raises(DataError, match="two images"):
        choose_pairs(None, 1, PairKind.ANY, 1, 0)
