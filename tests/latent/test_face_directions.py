"""The smile direction of drawn faces changes the mouth, as the generator's own factors tell."""

from dataclasses import dataclass

import numpy as np
import pytest
from face_support import FactorReader

from latentlab.data.drawing.faces import draw_faces
from latentlab.data.drawing.factors import FACTORS, random_factors
from latentlab.data.image_set import Attributes, ImageSet, ImageSpec
from latentlab.directories import resources
from latentlab.latent.contrast import by_values
from latentlab.latent.directions import Method, fit_direction
from latentlab.work import finish

COUNT, DIM, BASES, REACH = 1000, 64, 60, 1.5
SHIPPED = resources() / "models" / "faces"


@dataclass
class Faces:
    """Codes of faces of which every factor is known, and a way back to pictures."""

    mu: np.ndarray
    factors: np.ndarray
    decode: callable

    def column(self, name, rows=slice(None)):
        """A factor of some rows, as if it were not known of the others."""
        known = np.full(len(self.factors), np.nan, np.float32)
        known[rows] = self.factors[rows, list(FACTORS).index(name)]
        return known

    def learned(self, name, rows=slice(None), **more):
        return finish(fit_direction(self.mu, by_values(self.column(name, rows)), **more))

    def change(self, reader, learned):
        """How much of its range each factor moves, from -1.5 to 1.5 deviations, on the mean."""
        base, by = self.mu[:BASES].astype(float), REACH * learned.scale * learned.vector
        before, after = (reader(self.decode(base + side * by)) for side in (-1, 1))
        return {
            name: float((after[name] - before[name]).mean()) / (factor.high - factor.low)
            for name, factor in FACTORS.items()
        }


def drawn(count):
    factors = random_factors(0, count, 0)
    return factors, draw_faces(dict(zip(FACTORS, factors.T, strict=True)), 64)


@pytest.fixture(scope="module")
def reader():
    return FactorReader(1000)


@pytest.fixture(scope="module")
def faces():
    """Coded by principal components: what a linear VAE learns, and exactly (Lucas et al. 2019)."""
    factors, images = drawn(COUNT)
    flat = images.reshape(COUNT, -1).astype(np.float32)
    mean = flat.mean(0)
    flat -= mean
    columns = np.linalg.eigh(flat @ flat.T)[1][:, ::-1][:, :DIM] * np.sqrt(COUNT)
    weights = flat.T @ columns / COUNT

    def decode(z):
        return np.clip(mean + z @ weights.T, 0, 255).reshape(-1, 3, 64, 64)

    return Faces(columns.astype(np.float32), factors, decode)


@pytest.mark.parametrize("method", list(Method))
def test_the_smile_changes_the_mouth_and_little_else(faces, reader, method):
    learned = faces.learned("smile", method=method)
    assert learned.d > 2
    assert learned.accuracy > 0.8
    change = faces.change(reader, learned)
    assert change.pop("smile") > 0.5
    assert max(map(abs, change.values())) < 0.15, change


def test_the_glasses_put_glasses_on(faces, reader):
    change = faces.change(reader, faces.learned("glasses", method=Method.LINEAR))
    assert change.pop("glasses") > 1.0
    # Behind glasses the eyes are hard to read.
    assert max(map(abs, change.values())) < 0.25, change


def test_a_smile_of_people_with_glasses_puts_none_on_where_those_are_left(faces, reader):
    """Nine in ten who smile wear glasses, and one in ten of the others does."""
    smiles, glasses = faces.column("smile") > 0, faces.column("glasses") > 0.5
    odd = np.random.default_rng(0).random(COUNT) < 0.1
    rows = np.flatnonzero((smiles == glasses) | odd)
    mixed = faces.change(reader, faces.learned("smile", rows))
    assert mixed["glasses"] > 0.7
    other = faces.learned("glasses", rows, method=Method.LINEAR)
    alone = faces.change(reader, faces.learned("smile", rows, apart_from=other.vector[None]))
    assert alone["smile"] > 0.4
    assert abs(alone["glasses"]) < 0.35
    rest = [abs(alone[name]) for name in FACTORS if name not in ("smile", "glasses")]
    assert max(rest) < 0.2


@pytest.mark.skipif(not SHIPPED.is_dir(), reason="no model of faces is shipped yet")
def test_the_smile_of_the_shipped_model_changes_the_mouth_and_little_else(reader):
    from latentlab.latent.encode import decode, encode
    from latentlab.learning.checkpoint import load_model

    model, checkpoint = load_model(SHIPPED)
    assert checkpoint.spec.shape == (3, 64, 64)
    factors, images = drawn(1000)
    labels = factors[:, list(FACTORS).index("hair")].astype(np.int64)
    spec = ImageSpec(checkpoint.spec.shape, checkpoint.spec.class_names)
    attributes = Attributes(tuple(FACTORS), factors)
    codes = encode(model, ImageSet(images, labels, spec, attributes))

    def pictures(z):
        decoded = decode(model, z.astype(np.float32), labels[: len(z)])
        return np.moveaxis(decoded, -1, 1)

    shipped = Faces(codes.mu, factors, pictures)
    learned = shipped.learned("smile")
    change = shipped.change(reader, learned)
    assert learned.d > 1
    smile = change.pop("smile")
    assert smile > 0.3
    assert max(map(abs, change.values())) < smile / 2, change
