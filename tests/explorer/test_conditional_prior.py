"""Every point that is drawn from a prior given the label is decoded with that label.

The mean of the planted prior is far away along the first dimension, by the label, and its
deviation is small: whoever draws for one label and decodes with another is found out.
"""

from collections.abc import Generator

import numpy as np
import pytest
import torch

from latentlab import load
from latentlab.api.files import write_samples
from latentlab.data.condition import Condition
from latentlab.data.image_set import ImageSpec
from latentlab.errors import LatentlabError
from latentlab.explorer.answer import answer, find_answers
from latentlab.explorer.explorer import Explorer
from latentlab.latent.inpaint import MaskedImage, map_inpaint, sample_inpaintings
from latentlab.latent.planes import axes_plane
from latentlab.latent.prior_samples import range_of_prior
from latentlab.latent.true_posterior import true_posterior
from latentlab.learning.checkpoint import Checkpoint, load_model, save_checkpoint
from latentlab.learning.recipe import make_recipe
from latentlab.metrics.measurement import Refusal
from latentlab.metrics.source import Source
from latentlab.models.mlp_vae import CVAE
from latentlab.runs.library import write_preview
from latentlab.session.abilities import STANDARD_PRIOR
from latentlab.session.contours import FindPriorContours
from latentlab.session.files.dataset import SaveDataset
from latentlab.session.interpolation import MakeTraversal, Range, TraversalSettings
from latentlab.session.model import DrawPoint, MakeManifold, MakeSamples
from latentlab.session.points import GridSettings, SampleSettings
from latentlab.work import finish

find_answers()
DIGITS = ImageSpec((1, 28, 28), tuple("0123456789"))
AGED = ImageSpec(
    (1, 28, 28),
    (),
    (Condition("sex", ("female", "male")), Condition("age", low=10, high=90, mean=50, scale=10)),
)
STEP, SIGMA = 10.0, 0.01
"""Distance of the means of two neighbouring labels, and the deviation of each."""


def plant(folder, spec):
    """Write a run whose prior has the mean STEP · label, or STEP · (sex + age - 50)."""
    recipe = make_recipe(
        {
            "model": {"kind": "cvae", "hidden": [8], "latent_dim": 2, "prior": "conditional"},
            "data": "digits",
        }
    )
    torch.manual_seed(0)
    model = recipe.model.build(spec)
    heads = model.prior_network.heads
    with torch.no_grad():
        steps = [0.0, STEP, 10 * STEP] if spec.conditions else [STEP * i for i in range(10)]
        heads.weight[0] = torch.tensor(steps)
        heads.bias[2:] = np.log(SIGMA)
    weights = {name: value.numpy() for name, value in model.state_dict().items()}
    save_checkpoint(folder, Checkpoint(recipe, spec), weights)
    return folder


def mean_of(y):
    """Return the planted mean of the first dimension, by labels (N,) or (N, 2)."""
    y = np.asarray(y, np.float64)
    return STEP * (y if y.ndim == 1 else y[:, 0] + y[:, 1] - 50)


@pytest.fixture(scope="module", params=[DIGITS, AGED], ids=["classes", "conditions"])
def run(request, tmp_path_factory):
    return plant(tmp_path_factory.mktemp("given") / "run", request.param), request.param


@pytest.fixture(scope="module")
def explorer(run):
    explorer = Explorer()
    explorer.open(run[0])
    return explorer


@pytest.fixture
def decoded(monkeypatch):
    """Check z against the label whenever the model decodes; returns the labels that were used."""
    seen, original = [], CVAE.decode

    def decode(self, z, y=None):
        np.testing.assert_allclose(z.detach()[:, 0], mean_of(y), atol=8 * SIGMA)
        np.testing.assert_allclose(z.detach()[:, 1], 0, atol=8 * SIGMA)
        seen.extend(y.tolist())
        return original(self, z, y)

    monkeypatch.setattr(CVAE, "decode", decode)
    return seen


def ask(request, explorer):
    found = answer(request, explorer)
    return finish(found) if isinstance(found, Generator) else found


def labels_of(spec):
    return [(1.0, 63.5), (0.0, 20.0)] if spec.conditions else [7, 2]


def test_samples_of_a_label_and_of_all_in_turn(run, explorer, decoded):
    spec = run[1]
    for label in labels_of(spec):
        tiles = ask(MakeSamples(SampleSettings(3, label, 9)), explorer)
        assert {point.label for point in tiles.points} == {label}
    tiles = ask(MakeSamples(SampleSettings(3, None, 20)), explorer)
    assert len({point.label for point in tiles.points}) == (2 if spec.conditions else 10)
    again = explorer.samples(SampleSettings(3, None, 20))
    assert [point.z for point in again.points] == [point.z for point in tiles.points]
    assert len(decoded) == 2 * 9 + 2 * 20


def test_random_z_keeps_its_label(run, explorer, decoded):
    for label in labels_of(run[1]):
        drawn = ask(DrawPoint(explorer.card.point([0.0, 0.0], label), 5), explorer)
        assert drawn.label == label
        explorer.decode(drawn)
    assert len(decoded) == 2


def test_a_data_set_of_samples(run, explorer, decoded, tmp_path):
    ask(SaveDataset(tmp_path / "made.npz", 3, 0), explorer)
    assert len(decoded) == 3 * (2 if run[1].conditions else 10)


def test_the_api_and_the_command_line(run, decoded, tmp_path):
    model, spec = load(run[0]), run[1]
    model.sample(12)
    label = {"sex": "male", "age": 63.5} if spec.conditions else "7"
    model.sample(4, label, seed=2)
    z = model.draw(4, label, seed=2)
    model.decode(z, label)
    text = "sex=male, age=63.5" if spec.conditions else "7"
    write_samples(model, tmp_path / "samples.png", 4, text, 0, "model")
    assert len(decoded) == 12 + 4 + 4 + 4
    with pytest.raises(LatentlabError, match="needs"):
        model.draw(4)
    with pytest.raises(LatentlabError, match="depend on the label"):
        model.sample(4, label, prior="mixture")
    model.draw(4, label, prior="standard")


def test_the_picture_of_the_library(run, decoded):
    write_preview(run[0])
    assert len(decoded) == 16


def test_inpainting_starts_from_the_prior_of_its_label(run, monkeypatch):
    model, spec = load_model(run[0])[0], run[1]
    label, original, starts = labels_of(spec)[0], model.draw_prior, []

    def draw_prior(count, y):
        z = original(count, y)
        np.testing.assert_allclose(z[:, 0], mean_of([label] * count), atol=8 * SIGMA)
        starts.append(count)
        return z

    monkeypatch.setattr(model, "draw_prior", draw_prior)
    known = np.ones((28, 28), bool)
    known[16:] = False
    damaged = MaskedImage(np.zeros((1, 28, 28), np.uint8), known, label)
    finish(map_inpaint(model, damaged, steps=2, restarts=3))
    finish(sample_inpaintings(model, damaged, count=3, sweeps=1))
    assert len(starts) == 2


def test_ranges_and_contours_are_those_of_the_label_of_z(run, explorer):
    spec, size = run[1], 4 if run[1].conditions else 5
    for label in labels_of(spec):
        (middle,) = mean_of([label])
        point = explorer.card.point([0.0, 0.0], label)
        settings = TraversalSettings(range=Range.PRIOR, span=2.0)
        found = ask(MakeTraversal(point, settings), explorer)
        ends = found.values[found.dimensions.index(0), [0, -1]]
        np.testing.assert_allclose(ends, [middle - 2 * SIGMA, middle + 2 * SIGMA], atol=SIGMA / 4)
        contours = ask(FindPriorContours(axes_plane(0, 1, 2), label), explorer)
        assert contours.label == label
        outer = np.concatenate(contours.lines[-1])
        assert np.abs(outer[:, 0] - middle).max() < size * SIGMA
    # Without a label they are those of all classes, with equal weights.
    if not spec.conditions:
        low, high = range_of_prior(explorer.model, 1.0, None)[0]
        assert (low + high) / 2 == pytest.approx(45, abs=3)
        assert (high - low) / 2 == pytest.approx(STEP * np.sqrt(99 / 12), rel=0.05)


def test_the_manifold_spans_the_prior_of_its_label(run, explorer, monkeypatch):
    spec, seen, original = run[1], [], CVAE.decode
    label = labels_of(spec)[0]
    given = dict(zip(("sex", "age"), label, strict=True)) if spec.conditions else label
    point = explorer.card.point([0.0, 0.0], label)
    frame, grid = axes_plane(0, 1, 2), GridSettings(5, 2.0)
    axes = ask(MakeManifold(point, frame, grid), explorer).axes
    (middle,) = mean_of([label])
    np.testing.assert_allclose(
        axes[0, [0, -1]], [middle - 2 * SIGMA, middle + 2 * SIGMA], atol=SIGMA / 4
    )

    def decode(self, z, y=None):
        seen.append(z[:, 0])
        return original(self, z, y)

    monkeypatch.setattr(CVAE, "decode", decode)
    load(run[0]).manifold(5, 2.0, label=given)
    assert torch.cat(seen).unique().tolist() == pytest.approx(axes[0].tolist(), abs=1e-4)


def test_the_true_posterior_lies_where_the_prior_of_the_label_is(run, explorer):
    if run[1].conditions:
        return
    image = explorer.images[3:4]
    (middle,), near = mean_of(image.y), np.array([0.0, 0.0])
    found = finish(true_posterior(explorer.model, image, near, np.array([0.01, 0.01])))
    mass = found.density.values.sum(0)
    assert (mass * found.density.x).sum() / mass.sum() == pytest.approx(middle, abs=0.5)


def test_metrics_of_samples_and_what_needs_one_prior_for_all(run, explorer, decoded):
    if run[1].conditions:
        return
    source = Source(explorer.model, explorer.images[:40], "test")
    finish(source.samples(12, 4))
    assert decoded == source.sample_labels(12, 4).tolist()
    model = load(run[0])
    kinds = ["marginal-kl", "aggregate-posterior", "mixture-kid"]
    found = model.metrics(kinds, explorer.images.images[:40], explorer.images.labels[:40])
    for kind in kinds:
        assert isinstance(found[kind], Refusal)
        assert "one prior for all labels" in found[kind].reason


def test_the_card_tells_it(explorer):
    assert explorer.card.prior_given_label
    assert not explorer.card.abilities >= STANDARD_PRIOR
