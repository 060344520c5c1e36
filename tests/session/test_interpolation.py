"""Ways, footing, arithmetic and traversals, answered with a real model."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.distributions import Independent, Normal

from latentlab.errors import DataError
from latentlab.explorer.answer import answer, find_answers
from latentlab.explorer.codes.code_index import RoundTripStatistics, code_statistics
from latentlab.explorer.explorer import Explorer
from latentlab.explorer.interpolation import drift
from latentlab.latent.encode import encode
from latentlab.latent.interpolation.curves import PathKind
from latentlab.models.base import Model
from latentlab.session.interpolation import (
    DecodeGeodesic,
    DecodePaths,
    MakeBlend,
    MakeTraversal,
    MeasureSupport,
    Range,
    TraversalSettings,
    describe_level,
)
from latentlab.session.model import DecodePath
from latentlab.session.points import Key, LatentPath, Loop, Point
from latentlab.work import finish

find_answers()


@pytest.fixture(params=["vae", "cvae"])
def explorer(request, vae_run, cvae_run):
    explorer = Explorer()
    explorer.open({"vae": vae_run, "cvae": cvae_run}[request.param])
    return explorer


def ask(request, explorer):
    pieces = answer(request, explorer)
    while True:
        try:
            next(pieces)
        except StopIteration as done:
            return done.value


def ends_of(explorer, steps=7):
    return replace(explorer.start()[1], steps=steps)


def test_every_kind_goes_from_a_to_b(explorer):
    ends = ends_of(explorer)
    made = ask(DecodePaths(ends, tuple(PathKind)), explorer)
    assert made.ends == ends
    assert [strip.way for strip in made.strips] == list(PathKind)
    for strip in made.strips:
        points = strip.tiles.points
        assert len(points) == strip.tiles.columns == 7
        np.testing.assert_allclose(points[0].z, ends.a.z, rtol=1e-5)
        np.testing.assert_allclose(points[-1].z, ends.b.z, rtol=1e-5)
        np.testing.assert_array_equal(explorer.decode(points[3]).pixels, strip.tiles.pictures[3])
        assert len(strip.support.level) == 7
        assert strip.length > 0
        expected = [ends.a.label] * 4 + [ends.b.label] * 3
        assert [point.label for point in points] == expected


def test_the_straight_way_is_the_strip(explorer):
    ends = ends_of(explorer).with_keys(Key(0.4, explorer.start()[0]))
    made = ask(DecodePaths(ends, (PathKind.STRAIGHT,)), explorer)
    assert made.strips[0].tiles.points == ask(DecodePath(ends), explorer).points


def test_the_geodesic_changes_pictures_least(vae_run):
    explorer = Explorer()
    explorer.open(vae_run)
    # Fine steps, for what lies between two pictures counts too.
    ends = ends_of(explorer, 25)
    lengths = {
        strip.way: strip.length
        for way in PathKind
        for strip in ask(DecodePaths(ends, (way,)), explorer).strips
    }
    assert lengths[PathKind.GEODESIC] <= 1.005 * min(lengths.values())
    apart = ask(DecodeGeodesic(ends), explorer)
    assert [strip.way for strip in apart.strips] == [PathKind.GEODESIC]


def test_a_route_through_keys_and_round_meets_them_all(explorer):
    start, ends, _ = explorer.start()
    ends = replace(ends, steps=10, loop=Loop.ROUND).with_keys(Key(0.5, start))
    for strip in ask(DecodePaths(ends, tuple(PathKind)), explorer).strips:
        points = strip.tiles.points
        met = [points[i].z for i in (0, 3, 6, 9)]
        np.testing.assert_allclose(met, [ends.a.z, start.z, ends.b.z, ends.a.z], rtol=1e-4)


def test_support_counts_the_codes_within_the_radius(explorer):
    ends = ends_of(explorer)
    if explorer.model.conditional:
        ends = replace(ends, b=replace(ends.b, label=(ends.a.label + 1) % 10))
    strip = ask(DecodePaths(ends, (PathKind.STRAIGHT,)), explorer).strips[0]
    z = np.array([point.z for point in strip.tiles.points])
    away = np.linalg.norm(z[:, None] - explorer.codes.mu.astype(float), axis=2)
    counted = away <= strip.support.radius[:, None]
    if explorer.model.conditional:
        labels = np.array([point.label for point in strip.tiles.points])
        assert len(set(labels)) == len(set(strip.support.radius)) == 2
        counted &= labels[:, None] == explorer.codes.labels
    assert strip.support.near.tolist() == counted.sum(1).tolist()


def test_what_was_learned_of_the_codes_is_kept_until_they_change(explorer):
    ends = ends_of(explorer)
    ask(DecodePaths(ends, (PathKind.DATA,)), explorer)
    known = code_statistics(explorer)
    assert len(list(known.graph())) == len(list(known.support(ends.a.label))) == 0
    explorer.codes = replace(explorer.codes, mu=explorer.codes.mu + 1)
    assert len(list(code_statistics(explorer).support(ends.a.label))) >= 3


def test_without_codes_there_are_ways_but_no_support(explorer):
    ends = ends_of(explorer)
    explorer.codes = replace(explorer.codes, mu=np.empty((0, explorer.model.latent_dim), "f4"))
    for strip in ask(DecodePaths(ends, (PathKind.STRAIGHT, PathKind.DATA)), explorer).strips:
        assert strip.support is None
        assert len(strip.tiles.points) == 7
    footing = ask(MeasureSupport(ends.a), explorer)
    assert footing.level is None
    assert footing.drift > 0


# The meter


def test_a_code_is_on_the_map_and_far_away_is_off_it(explorer):
    here = explorer.original(explorer.codes.typical(2)).point
    there = replace(here, z=tuple(value + 40 for value in here.z))
    near, far = (ask(MeasureSupport(point), explorer) for point in (here, there))
    assert describe_level(near.level) == "well supported by the data"
    assert near.nearest < 0.01
    assert (describe_level(far.level), far.level) == ("unsupported by the data", 1)
    assert far.density < near.density
    assert far.nearest > 10
    assert far.point == there


def test_a_conditional_model_compares_with_the_codes_of_the_label_alone(cvae_run):
    """The codes of one class are far away, and so no ground for any other class."""
    explorer = Explorer()
    explorer.open(cvae_run)
    mu = explorer.codes.mu.copy()
    mu[explorer.codes.labels == 7] += 40
    explorer.codes = replace(explorer.codes, mu=mu)
    code_statistics(explorer).returns = RoundTripStatistics()
    here = explorer.original(0).point
    there = here.at(tuple(mu[explorer.codes.labels == 7].mean(0).tolist()))
    assert ask(MeasureSupport(replace(there, label=7)), explorer).density > 0.1
    assert ask(MeasureSupport(replace(there, label=2)), explorer).density < 1e-3
    assert ask(MeasureSupport(replace(here, label=7)), explorer).density < 1e-3


def untrained(explorer):
    for value in explorer.model.state_dict().values():
        value.copy_(0.01 * torch.randn(value.shape, generator=torch.Generator().manual_seed(0)))


def diverged(explorer):
    next(iter(explorer.model.state_dict().values())).fill_(float("nan"))


@pytest.mark.parametrize("break_", [untrained, diverged])
def test_no_place_of_a_model_that_shows_nothing_of_z_is_well_trodden(explorer, break_):
    break_(explorer)
    explorer.codes = encode(explorer.model, explorer.images)
    here, ends = explorer.original(0).point, explorer.start()[1]
    footing = ask(MeasureSupport(here), explorer)
    assert footing.is_blind
    assert footing.level is None
    assert ask(DecodePaths(ends, (PathKind.STRAIGHT,)), explorer).strips[0].support is None


class Linear(Model):
    """Decodes to z times an orthonormal matrix, and encodes with its transpose."""

    def __init__(self, size=3, pixels=16):
        super().__init__()
        self.latent_dim = size
        noise = torch.randn(pixels, size, generator=torch.Generator().manual_seed(0))
        self.basis = torch.linalg.qr(noise).Q

    def encode(self, x, y=None):
        mu = x.flatten(1) @ self.basis
        return Independent(Normal(mu, torch.full_like(mu, 0.5)), 1)

    def decode(self, z, y=None):
        mean = (z @ self.basis.T).reshape(len(z), 1, 4, 4)
        return Independent(Normal(mean, torch.ones_like(mean)), 3)


def test_a_linear_autoencoder_does_not_drift():
    z = np.random.default_rng(0).standard_normal((5, 3)).astype(np.float32)
    assert drift(Linear(), z, np.zeros(5, np.int64)) == pytest.approx(0, abs=1e-5)


def test_drift_is_told_in_deviations_of_the_posterior():
    model = Linear()
    encode = model.encode
    model.encode = lambda x, y=None: Independent(
        Normal(encode(x).mean + torch.tensor([1.0, 0, 0]), torch.full((len(x), 3), 0.5)), 1
    )
    z = np.zeros((2, 3), np.float32)
    # One coordinate of three is off by two deviations.
    assert drift(model, z, np.zeros(2, np.int64)) == pytest.approx(np.sqrt(4 / 3))


# Arithmetic and traversals


def test_a_minus_b_plus_c(explorer):
    size = explorer.model.latent_dim
    label = [4, 5, 6] if explorer.model.conditional else [None] * 3
    a, b, c = (Point((value,) * size, y) for value, y in zip((3.0, 1.0, 0.5), label, strict=True))
    made = answer(MakeBlend((a, b, c), 0.25), explorer)
    assert made.points[:3] == (a, b, c)
    assert made.points[3] == Point((1.0,) * size, label[2])
    for point, picture in zip(made.points, made.pictures, strict=True):
        np.testing.assert_array_equal(explorer.decode(point).pixels, picture)


def test_a_slot_takes_rows_and_files(explorer, tmp_path):
    point = explorer.original(7).point
    made = answer(MakeBlend((7, point, point)), explorer)
    np.testing.assert_allclose(made.points[3].z, point.z, rtol=1e-5)
    (tmp_path / "no.png").write_text("no picture")
    with pytest.raises(DataError):
        answer(MakeBlend((tmp_path / "no.png", point, point)), explorer)


def test_a_traversal_varies_one_dimension_a_row_the_weightiest_first(explorer):
    point = explorer.start()[0]
    made = finish(answer(MakeTraversal(point, TraversalSettings(columns=5)), explorer))
    size = explorer.model.latent_dim
    assert sorted(made.dimensions) == list(range(size))
    assert list(made.kl) == sorted(made.kl, reverse=True)
    assert made.values.shape == (size, 5)
    assert made.total == size
    z = np.array([p.z for p in made.tiles.points]).reshape(size, 5, size)
    for row, dimension in enumerate(made.dimensions):
        np.testing.assert_allclose(z[row, :, dimension], made.values[row], rtol=1e-5)
        others = [d for d in range(size) if d != dimension]
        np.testing.assert_allclose(z[row][:, others], np.tile(point.z, (5, 1))[:, others])
    assert {p.label for p in made.tiles.points} == {point.label}


@pytest.mark.parametrize("kind", list(Range))
def test_a_traversal_reaches_as_far_as_its_range(explorer, kind):
    point, codes = explorer.start()[0], explorer.codes
    made = finish(answer(MakeTraversal(point, TraversalSettings(5, kind, 1.5, most=1)), explorer))
    assert len(made.dimensions) == 1
    own = codes.mu[:, made.dimensions[0]].astype(float)
    expected = {
        Range.DEVIATIONS: [own.mean() - 1.5 * own.std(), own.mean() + 1.5 * own.std()],
        Range.QUANTILES: np.quantile(own, [0.01, 0.99]),
        Range.PRIOR: [-1.5, 1.5],
    }[kind]
    np.testing.assert_allclose(made.values[0, [0, -1]], expected, rtol=1e-4)


def test_ends_without_keys_are_as_they_were():
    ends = LatentPath(Point((0.0,)), Point((1.0,)))
    assert ends.steps == 12
    assert ends.moved("a", ends.b) == LatentPath(ends.b, ends.b)
