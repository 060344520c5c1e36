"""The reader of factors that other tests trust."""

import numpy as np
import pytest
from face_support import FactorReader, smoothed

from latentlab.data.drawing.faces import draw_faces
from latentlab.data.drawing.factors import FACTORS, random_factors

MAIN = ("skin", "hair_light", "face_width", "eye_size", "eye_open", "smile", "mouth_open")
MAIN += ("glasses", "turn", "light", "background", "clothes")


@pytest.fixture(scope="module")
def reader():
    return FactorReader(2000)


def r_squared(found, factors):
    truth = dict(zip(FACTORS, factors.T, strict=True))
    return {
        name: 1 - ((found[name] - truth[name]) ** 2).mean() / truth[name].var() for name in found
    }


@pytest.mark.parametrize("softness", [0, 2])
def test_factors_are_read_back_from_sharp_and_from_soft_faces(reader, softness):
    factors = random_factors(0, 400, 1)
    images = draw_faces(dict(zip(FACTORS, factors.T, strict=True)))
    scores = r_squared(reader(smoothed(images.astype(np.float32), softness)), factors)
    assert min(scores[name] for name in MAIN) > 0.8, scores
    assert scores["brow_raise"] > 0.6
    assert scores["brow_tilt"] > 0.2


def test_only_what_changes_is_read_as_changed(reader):
    """In shares of each factor's range, for one factor driven from end to end."""
    base = dict(zip(FACTORS, random_factors(0, 60, 3).T, strict=True))
    for name in ("smile", "glasses", "skin"):
        low, high = FACTORS[name].low, FACTORS[name].high
        before = reader(draw_faces(base | {name: low}))
        after = reader(draw_faces(base | {name: high}))
        change = {
            other: (after[other] - before[other]).mean() / (factor.high - factor.low)
            for other, factor in FACTORS.items()
        }
        assert change.pop(name) > 0.7
        assert max(map(abs, change.values())) < 0.15, (name, change)
