"""Support of z: in a conditional model only codes of the chosen class count."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from latentlab.data.image_set import ImageSpec
from latentlab.explorer.codes.code_index import CodeStatistics, RoundTripStatistics
from latentlab.explorer.interpolation import measure_support
from latentlab.latent.codes import Codes
from latentlab.session.interpolation import EDGE, OFF
from latentlab.session.points import Point
from latentlab.work import finish


class Mirror:
    """Model whose images are their own codes."""

    conditional = True
    has_encoder = True

    def decode(self, z, y=None):
        return SimpleNamespace(mean=z)

    def encode(self, x, y=None):
        return SimpleNamespace(mean=x, stddev=torch.ones_like(x))


@pytest.fixture
def explorer():
    """Class 0 lies around (-5, 0), class 1 around (5, 0)."""
    rng = np.random.default_rng(0)
    labels = np.arange(400) % 2
    mu = rng.standard_normal((400, 2)).astype(np.float32)
    mu[:, 0] += np.where(labels == 0, -5, 5)
    codes = Codes(mu, np.full_like(mu, 0.1), labels.astype(np.int64))
    index = CodeStatistics(codes)
    index.returns = RoundTripStatistics()
    spec = ImageSpec((1, 1, 2), ("left", "right"))
    card = SimpleNamespace(spec=spec)
    return SimpleNamespace(codes=codes, path_index=index, model=Mirror(), card=card)


@pytest.mark.parametrize("label", [0, 1])
def test_codes_of_other_classes_give_no_support(explorer, label):
    own, other = (Point((x, 0.0), label) for x in ((-5.0, 5.0) if label == 0 else (5.0, -5.0)))
    assert finish(measure_support(explorer, own)).level < EDGE
    assert finish(measure_support(explorer, other)).level > OFF


def test_without_labels_all_codes_count(explorer):
    for x in (-5.0, 5.0):
        assert finish(measure_support(explorer, Point((x, 0.0)))).level < EDGE
