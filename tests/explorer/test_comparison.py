"""Two real models side by side: the same z, the same images, the same numbers."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

from latentlab.data.data_set import load
from latentlab.data.image_set import ImageSpec
from latentlab.data.own_image.crop import OwnImage, Preprocessing, SourceImage
from latentlab.data.parts import Splits
from latentlab.data.sources.digits import DigitsConfig
from latentlab.errors import DataError, RunError
from latentlab.explorer.answer import answer, find_answers
from latentlab.explorer.explorer import Explorer
from latentlab.latent.codes import Codes
from latentlab.latent.dimensions import kl_per_dimension
from latentlab.latent.elbo_scores import elbo_scores
from latentlab.latent.encode import decode, encode
from latentlab.latent.paired import paired
from latentlab.latent.planes import pca_plane
from latentlab.learning.checkpoint import load_model
from latentlab.learning.events import is_active
from latentlab.session.comparison import (
    CompareImage,
    CompareImages,
    CompareMaps,
    ComparePoint,
    CompareSummary,
    OpenModelB,
    are_nats_comparable,
    image_incompatibility,
    nats_warning,
    needs_class,
    point_incompatibility,
    training_data_note,
)
from latentlab.session.points import ModelCard, Point
from latentlab.session.request import Lifetime
from latentlab.work import Progress
from latentlab.work import finish as work_off

find_answers()


@pytest.fixture
def explorer(vae_run):
    explorer = Explorer()
    explorer.open(vae_run)
    return explorer


@pytest.fixture
def twin(vae_run, tmp_path):
    """A second run of two dimensions, whose files may be written to."""
    folder = tmp_path / "twin"
    shutil.copytree(vae_run, folder)
    return folder


def finish(pieces):
    told = []
    while True:
        try:
            told.append(next(pieces))
        except StopIteration as done:
            return told, done.value


def test_one_z_is_decoded_by_both(explorer, twin, vae_run):
    known = answer(OpenModelB(twin), explorer)
    assert (known.path, known.card.latent_dim, known.problem) == (twin, 2, "")
    with torch.no_grad():
        list(explorer.second.model.parameters())[-1].add_(1.0)
    point = Point((0.5, -1.0))
    twins = answer(ComparePoint(point), explorer).twins
    model, _ = load_model(vae_run)
    z = np.array([point.z], np.float32)
    assert np.array_equal(twins.first, decode(model, z, None)[0])
    assert np.array_equal(twins.second, decode(explorer.second.model, z, None)[0])
    away = (twins.first.astype(float) - twins.second) / 255
    assert twins.difference == pytest.approx(np.mean(away**2))
    assert twins.difference > 0.01


def test_a_model_beside_itself_differs_in_nothing(explorer, vae_run):
    answer(OpenModelB(vae_run), explorer)
    assert answer(ComparePoint(Point((1.0, 1.0))), explorer).twins.difference == 0
    _, known = finish(answer(CompareSummary(images=6, samples=2), explorer))
    assert known.summary.elbo.difference == pytest.approx(0, abs=1e-3)
    assert known.summary.rate.difference == 0
    assert not known.summary.elbo.clear
    assert known.twins is not None


def test_one_image_is_judged_as_everywhere(explorer, cvae_run):
    answer(OpenModelB(cvae_run), explorer)
    original = explorer.original(7)
    told, known = finish(answer(CompareImage(original, samples=9), explorer))
    assert all(isinstance(each, Progress) for each in told)
    second, _ = load_model(cvae_run)
    image = explorer.images[7:8]
    for side, model in ((known.judgement.first, explorer.model), (known.judgement.second, second)):
        want = work_off(elbo_scores(model, image, 9))
        assert side.distortion + side.rate == pytest.approx(want.elbo[0], rel=1e-5)
        assert side.rate == pytest.approx(want.rate[0], rel=1e-6)
        assert side.error == pytest.approx(want.error[0], rel=1e-6)
    assert np.array_equal(known.judgement.first.pixels, original.reconstruction)
    assert known.judgement.original is original


def test_an_own_picture_is_told_to_b_as_the_class_that_was_chosen(explorer, cvae_run):
    answer(OpenModelB(cvae_run), explorer)
    pixels = np.random.default_rng(0).integers(0, 256, (28, 28, 3), np.uint8)
    original = explorer.encode_own(OwnImage(SourceImage("scrawl", pixels), Preprocessing()), None)
    rates = []
    for label in (0, 4):
        _, known = finish(answer(CompareImage(original, label), explorer))
        assert known.judgement.label == label
        rates.append(known.judgement.second.rate)
    assert rates[0] != rates[1]


def test_the_map_of_b_has_the_codes_of_b(explorer, cvae_run):
    answer(OpenModelB(cvae_run), explorer)
    told, known = finish(answer(CompareMaps(50), explorer))
    assert all(isinstance(each, Progress) for each in told)
    second, _ = load_model(cvae_run)
    mu = encode(second, explorer.images[:50]).mu
    expected = mu if mu.shape[1] == 2 else pca_plane(mu).place(mu)
    assert np.allclose(known.map.xy, expected, atol=1e-4)


def test_columns_show_what_each_makes_of_the_rows(explorer, cvae_run):
    answer(OpenModelB(cvae_run), explorer)
    rows = (3, 11, 400)
    columns = answer(CompareImages(rows), explorer).columns
    assert columns.rows == rows
    for place, row in enumerate(rows):
        original = explorer.original(row)
        assert np.array_equal(columns.pictures[place], original.picture)
        assert np.array_equal(columns.first[place], original.reconstruction)
    away = (columns.pictures.astype(float) - columns.second) / 255
    assert columns.errors[1] == pytest.approx(np.mean(away**2, (1, 2)))
    with pytest.raises(DataError, match="only 5,000"):
        answer(CompareImages((5000,)), explorer)


def test_the_summary_is_paired_over_held_out_images(explorer, cvae_run):
    known = answer(OpenModelB(cvae_run), explorer)
    # Of the 5,000 bundled digits, the last 1,000 are held out and come first on the map.
    assert known.held_out == explorer.held_out == 1000
    told, known = finish(answer(CompareSummary(images=12, samples=3, seed=5), explorer))
    rows = np.sort(np.random.default_rng(5).permutation(1000)[:12])
    images, (second, _) = explorer.images[rows], load_model(cvae_run)
    a, b = (work_off(elbo_scores(model, images, 3, 5)) for model in (explorer.model, second))
    found = known.summary
    want = paired(a.elbo, b.elbo)
    assert found.elbo.difference == pytest.approx(want.difference, rel=1e-4)
    assert found.elbo.error == pytest.approx(want.error, rel=1e-3)
    assert found.elbo.first == pytest.approx(found.distortion.first + found.rate.first)
    assert found.rate.second == pytest.approx(b.rate.mean(), rel=1e-5)
    assert found.error.first == pytest.approx(a.error.mean(), rel=1e-5)
    codes = explorer.codes
    kl = kl_per_dimension(Codes(codes.mu[rows], codes.sigma[rows], None))
    assert found.active[0] == is_active(kl).sum()
    assert (found.images, found.samples, found.dimensions) == (12, 3, (2, 3))
    shares = [each.fraction for each in told]
    assert 0 <= min(shares) <= max(shares) <= 1


def test_a_model_under_training_is_compared_by_what_it_holds_out(vae_run, cvae_run):
    explorer, (model, checkpoint) = Explorer(), load_model(vae_run)
    whole = load(DigitsConfig())
    splits = Splits(whole.train[:50], whole.validation[:20])
    weights = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
    finish(explorer.adopt(checkpoint.recipe.to_dict(), splits, weights, 1, None))
    assert answer(OpenModelB(cvae_run), explorer).held_out == 20
    _, known = finish(answer(CompareSummary(samples=1), explorer))
    assert known.summary.images == 20


def test_the_open_model_is_left_alone(explorer, cvae_run):
    card, codes = explorer.card, explorer.codes
    answer(OpenModelB(cvae_run), explorer)
    assert explorer.card is card
    assert explorer.codes is codes
    assert explorer.model.latent_dim == 2


def test_what_cannot_be_opened_says_why_and_leaves_the_place_empty(explorer, cvae_run, tmp_path):
    answer(OpenModelB(cvae_run), explorer)
    known = answer(OpenModelB(tmp_path), explorer)
    assert known.card is None
    assert "is not a run" in known.problem
    with pytest.raises(RunError, match="no second model"):
        answer(ComparePoint(Point((0.0, 0.0))), explorer)


def test_the_place_can_be_emptied(explorer, cvae_run):
    answer(OpenModelB(cvae_run), explorer)
    assert answer(OpenModelB(None), explorer) is None
    assert explorer.second is None


def test_it_is_read_again_only_where_its_files_have_changed(explorer, twin):
    answer(OpenModelB(twin), explorer)
    first = explorer.second
    answer(ComparePoint(Point((0.0, 0.0))), explorer)
    assert answer(OpenModelB(twin), explorer).twins is None
    assert explorer.second is first
    file = next(twin.glob("*.safetensors"))
    file.write_bytes(file.read_bytes())
    answer(OpenModelB(twin), explorer)
    assert explorer.second is not first


def test_what_does_not_fit_is_not_computed(explorer, cvae_run):
    answer(OpenModelB(cvae_run), explorer)
    assert answer(ComparePoint(Point((0.0, 0.0))), explorer).twins is None


@pytest.mark.parametrize(
    "kind", [OpenModelB, ComparePoint, CompareImage, CompareImages, CompareSummary]
)
def test_answers_go_when_the_codes_do(kind):
    assert kind.lifetime is Lifetime.CODES
    assert (kind.updates or kind) is OpenModelB


# What the cards say


def card(latent_dim=2, shape=(1, 4, 4), names=("ant", "bee"), likelihood="bernoulli", **more):
    recipe = {"model": {"likelihood": {"kind": likelihood}}, "data": {"kind": "toys"}}
    spec = ImageSpec(shape, names)
    made = ModelCard("one", None, "vae", latent_dim, False, spec, "toys", recipe=recipe)
    return replace(made, **more)


def test_says_why_nothing_is_in_common():
    assert point_incompatibility(card(), card()) == image_incompatibility(card(), card()) == ""
    assert point_incompatibility(card(1), card(3)) == (
        "The latent spaces differ in size, so no z can be decoded by both: A has 1 latent "
        "dimension, B 3."
    )
    assert "A 4×4 grey, B 4×4 colour" in image_incompatibility(card(), card(shape=(3, 4, 4)))
    others = card(names=("cat",), conditional=True)
    assert "B is conditional" in image_incompatibility(card(), others)
    assert image_incompatibility(card(), replace(others, conditional=False)) == ""


def test_b_needs_a_class_where_z_bears_none():
    told = card(conditional=True)
    assert needs_class(card(), told)
    assert not needs_class(told, told)
    assert needs_class(told, card(names=("cat",), conditional=True))
    assert not needs_class(told, card())


def test_warns_of_nats_that_do_not_compare():
    grey = card(likelihood="gaussian")
    assert are_nats_comparable(card(), card())
    assert are_nats_comparable(grey, card(likelihood="laplace"))
    assert not are_nats_comparable(card(), grey)
    assert "Compare the squared error" in nats_warning(card(), grey)
    assert "is given the class" in nats_warning(card(), card(conditional=True))
    assert nats_warning(card(), card()) == ""


def test_tells_who_may_have_learned_from_the_images():
    a = card()
    assert training_data_note(a, a, 10) == "Neither model was trained on these images."
    assert training_data_note(a, a, 0) == training_data_note(replace(a, data="digits"), a, 10)
    assert "may have" in training_data_note(
        a, replace(a, recipe={**a.recipe, "data": {"kind": "x"}}), 10
    )
