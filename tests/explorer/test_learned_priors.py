"""What the explorer answers for models whose prior or posterior is not that of a plain VAE."""

from collections.abc import Generator
from statistics import NormalDist

import numpy as np
import pytest
import torch

from latentlab import load
from latentlab.api.files import write_scores
from latentlab.errors import RunError
from latentlab.explorer.answer import answer, find_answers
from latentlab.explorer.comparison import ModelB, summarise
from latentlab.explorer.explorer import Explorer
from latentlab.explorer.report import write_report
from latentlab.latent.grid import Spacing
from latentlab.latent.planes import axes_plane
from latentlab.latent.prior_samples import sample_prior
from latentlab.learning.events import EpochEnd
from latentlab.learning.recipe import make_recipe
from latentlab.runs.recorder import record
from latentlab.runs.run_log import read_run_log
from latentlab.session.abilities import (
    ALL,
    GAUSSIAN_POSTERIORS,
    KL,
    POSTERIORS,
    STANDARD_PRIOR,
    Ability,
)
from latentlab.session.contours import FindTruePosterior
from latentlab.session.directions import MeasureDimensions
from latentlab.session.interpolation import MakeTraversal, Range, TraversalSettings
from latentlab.session.model import (
    DrawPoint,
    FetchCodebook,
    FetchPseudoInputs,
    MakeManifold,
    MakeSamples,
    Open,
)
from latentlab.session.points import GridSettings, SampleSettings
from latentlab.work import finish

find_answers()
VQ = {
    **{"kind": "vq-vae", "hidden": None, "latent_dim": None, "width": 2, "halvings": 3},
    **{"codes": 7, "code_channels": 2, "prior_width": 6, "prior_layers": 1},
}
LADDER = {"kind": "ladder-vae", "latent_dim": None, "z1_dim": 2, "z2_dim": 1}
VAMP = {"prior": {"kind": "vamp", "pseudo_inputs": 6}}
GIVEN_LABEL = {"prior": "conditional"}
CASES = {
    "mixture": ({"prior": "mixture"}, "elbo", ALL - STANDARD_PRIOR),
    "vamp": (VAMP, "elbo", ALL - STANDARD_PRIOR),
    "vamp cvae": ({**VAMP, "kind": "cvae"}, "elbo", ALL - STANDARD_PRIOR),
    "flow": ({"prior": "flow"}, "elbo", ALL - STANDARD_PRIOR),
    "given label cvae": ({**GIVEN_LABEL, "kind": "cvae"}, "elbo", ALL - STANDARD_PRIOR),
    "flow posterior": ({"posterior": "flow"}, "iwae", ALL - (GAUSSIAN_POSTERIORS - POSTERIORS)),
    "codebook": (VQ, "elbo", ALL - POSTERIORS - STANDARD_PRIOR - {Ability.GRADIENT}),
    "ladder": (LADDER, "iwae", ALL - (GAUSSIAN_POSTERIORS - POSTERIORS) - STANDARD_PRIOR),
    "deterministic": ({"posterior": "deterministic"}, "rae", ALL - POSTERIORS),
}
"""Model, objective, and what the model can do."""


class Lab:
    def __init__(self, folder, model, objective):
        values = {"kind": "vae", "hidden": [8], "latent_dim": 3, **model}
        values = {key: value for key, value in values.items() if value is not None}
        training = {"epochs": 3, "batch_size": 500, "device": "cpu", "learning_rate": 3e-3}
        recipe = make_recipe(
            {"model": values, "data": "digits", "objective": objective, "training": training}
        )
        self.epochs = [e for e in record(recipe, folder) if isinstance(e, EpochEnd)]
        self.explorer = Explorer()
        self.opened = self(Open(folder))

    def __call__(self, request):
        found = answer(request, self.explorer)
        return finish(found) if isinstance(found, Generator) else found


@pytest.fixture(scope="module", params=CASES)
def case(request, tmp_path_factory):
    model, objective, abilities = CASES[request.param]
    lab = Lab(tmp_path_factory.mktemp("priors") / "run", model, objective)
    return request.param, lab, abilities


def test_it_says_what_it_can_and_keeps_what_was_measured(case):
    _, lab, abilities = case
    assert lab.opened.card.abilities == abilities
    assert all(epoch.latents is None for epoch in lab.epochs)
    log = read_run_log(lab.opened.card.source, lab.opened.card.recipe)
    assert log.latents is None
    assert len(log.curves["validation", "loss"][0]) == 3
    assert np.isnan(lab.opened.codes.sigma).all() == (not abilities >= POSTERIORS)


def test_samples_and_a_random_point_come_from_its_own_prior(case):
    _, lab, _ = case
    model = lab.explorer.model
    tiles = lab(MakeSamples(SampleSettings(seed=5, count=12)))
    labels = lab.opened.card.spec.labels_in_turn(12)
    expected = sample_prior(model, 12, 5, labels)
    np.testing.assert_allclose([point.z for point in tiles.points], expected)
    start = lab.opened.start
    drawn = lab(DrawPoint(start, 5))
    given = lab.opened.card.spec.label_array([start.label])
    np.testing.assert_allclose(drawn.z, sample_prior(model, 1, 5, given)[0])
    assert drawn.label == start.label


def test_a_traversal_spans_the_prior_that_it_has(case):
    _, lab, _ = case
    model = lab.explorer.model
    settings = TraversalSettings(range=Range.PRIOR, span=2.0)
    found = lab(MakeTraversal(lab.opened.start, settings))
    ends = found.values[:, [0, -1]]
    if model.has_standard_prior:
        assert np.allclose(ends, [-2, 2])
        return
    given = lab.opened.card.spec.label_array([lab.opened.start.label] * 20_000)
    z = sample_prior(model, 20_000, 1, given)[:, list(found.dimensions)]
    wanted = np.stack([z.mean(0) - 2 * z.std(0), z.mean(0) + 2 * z.std(0)], 1)
    np.testing.assert_allclose(ends, wanted, atol=0.15)


def test_what_needs_the_kl_of_each_dimension_says_that_it_is_unknown(case, tmp_path):
    _, lab, abilities = case
    assert not abilities >= KL
    measured = lab(MeasureDimensions())
    assert np.isnan(measured.kl).all()
    size = lab.opened.card.latent_dim
    assert measured.components.vectors.shape == (size, size)
    finish(write_report(lab.explorer, tmp_path / "report.html"))
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "unknown" in page
    assert "nan nats" not in page


@pytest.mark.parametrize("spacing", list(Spacing))
def test_a_grid_covers_the_prior_of_the_model(case, spacing):
    """Two deviations of it along each axis, or its shares within two deviations of N(0, 1)."""
    _, lab, _ = case
    model = lab.explorer.model
    frame = axes_plane(0, 1, lab.opened.card.latent_dim)
    axes = lab(MakeManifold(lab.opened.start, frame, GridSettings(5, 2.0, spacing))).axes
    assert (np.diff(axes) > 0).all()
    if model.has_standard_prior or not model.has_prior_density:
        assert axes[:, [0, -1]].tolist() == [pytest.approx([-2.0, 2.0])] * 2
        return
    given = lab.opened.card.spec.label_array([lab.opened.start.label] * 20_000)
    z = frame.place(sample_prior(model, 20_000, 1, given))
    if spacing is Spacing.UNIFORM:
        wanted = np.stack([z.mean(0) - 2 * z.std(0), z.mean(0) + 2 * z.std(0)])
    else:
        wanted = np.quantile(z, [NormalDist().cdf(-2.0), NormalDist().cdf(2.0)], axis=0)
    np.testing.assert_allclose(axes[:, [0, -1]].T, wanted, atol=0.25)


def test_pseudo_inputs_are_the_images_and_their_codes(case):
    name, lab, _ = case
    if "vamp" not in name:
        assert lab.opened.card.pseudo_inputs == 0
        with pytest.raises(RunError, match="no pseudo-inputs"):
            lab(FetchPseudoInputs())
        return
    assert lab.opened.card.pseudo_inputs == 6
    tiles = lab(FetchPseudoInputs())
    model = lab.explorer.model
    u, labels = model.pseudo_inputs()
    assert tiles.pictures.shape == (6, 28, 28)
    np.testing.assert_array_equal(tiles.pictures, (u[:, 0] * 255).round().numpy())
    with torch.no_grad():
        codes = model.encode(u, labels).mean.numpy()
    np.testing.assert_allclose([point.z for point in tiles.points], codes, atol=1e-6)
    wanted = [None] * 6 if labels is None else [0, 1, 2, 3, 4, 5]
    assert [point.label for point in tiles.points] == wanted


def test_the_codebook_has_a_picture_and_a_share_for_each_code(case):
    name, lab, _ = case
    if name != "codebook":
        assert lab.opened.card.codes == 0
        with pytest.raises(RunError, match="no codebook"):
            lab(FetchCodebook())
        return
    assert lab.opened.card.codes == 7
    found = lab(FetchCodebook())
    # Seven pixels are one of four positions, and a picture shows two along each side.
    assert found.tiles.pictures.shape == (7, 14, 14)
    z, shares = lab.explorer.model.codebook_points()
    np.testing.assert_allclose([point.z for point in found.tiles.points], z)
    np.testing.assert_allclose(found.shares, shares)
    with torch.no_grad():
        whole = lab.explorer.model.decode(z).mean[:, 0]
    np.testing.assert_allclose(found.tiles.pictures, 255 * whole[:, 7:21, 7:21], atol=0.51)


def test_two_models_are_compared_by_what_both_have(case, vae_run):
    name, lab, abilities = case
    if "cvae" in name:
        return
    other = ModelB(vae_run)
    summary = finish(summarise(lab.explorer, other, 20, 5, 0))
    assert summary.active[0] is None
    assert 0 <= summary.active[1] <= 2
    assert np.isfinite(summary.distortion.difference)
    assert np.isfinite(summary.error.difference)
    for paired in (summary.rate, summary.elbo):
        assert np.isnan(paired.first) == (not abilities >= POSTERIORS)
        assert np.isfinite(paired.second)


def test_without_a_distribution_of_the_codes_no_elbo_is_told(case, tmp_path):
    name, lab, _ = case
    if name != "deterministic":
        return
    model = load(lab.opened.card.source)
    with pytest.raises(RunError, match="has no ELBO"):
        model.score(np.zeros((2, 28, 28)))
    with pytest.raises(RunError, match="has no ELBO"):
        write_scores(model, tmp_path / "scores.csv", 2, 10, 0)


@pytest.mark.parametrize("posterior", ["gaussian", "flow"])
def test_the_divergence_is_told_of_gaussian_posteriors_only(posterior, tmp_path):
    lab = Lab(tmp_path / "run", {"latent_dim": 2, "posterior": posterior}, "iwae")
    request = FindTruePosterior(lab.explorer.original(0), axes_plane(0, 1, 2))
    found = lab(request)
    assert "log p(x) = " in found.note
    assert ("KL" in found.note) == (posterior == "gaussian")
