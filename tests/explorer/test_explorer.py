"""Every request of the window, answered by a real model; and what happens when it cannot be."""

import gc
import json
import math
import shutil
import weakref
from collections.abc import Generator
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules

import numpy as np
import pytest
import torch
from PIL import Image, ImageSequence

from latentlab import session
from latentlab.data.data_set import load
from latentlab.data.image_set import ImageSet, ImageSpec
from latentlab.data.parts import Splits
from latentlab.data.sources.sprites import SpritesConfig
from latentlab.directories import resources
from latentlab.errors import DataError, RecipeError, RunError
from latentlab.explorer import explorer
from latentlab.explorer import model as exploring
from latentlab.explorer.answer import answer, find_answers
from latentlab.explorer.codes import code_cache
from latentlab.explorer.codes.code_cache import CodeCache
from latentlab.explorer.data import matching_data as showing
from latentlab.explorer.explorer import Explorer
from latentlab.latent.encode import MIN_ENCODED_IMAGES, encode
from latentlab.latent.grid import Spacing
from latentlab.latent.planes import axes_plane
from latentlab.learning.checkpoint import DESCRIPTION_FILE, Checkpoint, load_model, save_checkpoint
from latentlab.learning.recipe import Recipe, make_recipe
from latentlab.runs.library import library
from latentlab.session.codes import ReadCodes
from latentlab.session.export import DescribeForm, Export, ReadRecipe
from latentlab.session.form import describe
from latentlab.session.library.entries import Discard, ListLibrary, Restore
from latentlab.session.library.notes import Annotate, Notes
from latentlab.session.model import (
    Adopt,
    Decode,
    DecodePath,
    EncodeFile,
    Hover,
    MakeManifold,
    MakeSamples,
    Open,
    Opened,
    PickImage,
    ShowAll,
    ShowRest,
)
from latentlab.session.points import GridSettings, LatentPath, Point, SampleSettings, Tiles
from latentlab.session.request import Exported, Request
from latentlab.work import finish

NAMES = ("ant", "bee", "cat")
PACKAGE = "latentlab.session."

find_answers()


@dataclass
class Lab:
    explorer: Explorer
    opened: Opened

    def __call__(self, request):
        return whole(answer(request, self.explorer))

    def point(self, *z, label=None):
        card = self.opened.card
        z = (*z, *[0.0] * (card.latent_dim - len(z)))
        return Point(z, label if card.conditional else None)


def whole(answered):
    """Return an answer, also where it is made piece by piece."""
    return finish(answered) if isinstance(answered, Generator) else answered


def opened(path):
    explorer = Explorer()
    return Lab(explorer, answer(Open(path), explorer))


@pytest.fixture(params=["vae", "cvae"])
def lab(request, vae_run, cvae_run):
    return opened({"vae": vae_run, "cvae": cvae_run}[request.param])


@pytest.fixture
def vae(vae_run):
    return opened(vae_run)


@pytest.fixture
def cvae(cvae_run):
    return opened(cvae_run)


@pytest.fixture(scope="module")
def digits():
    return load(make_recipe({}).data)


def saved(folder, spec, data="digits", **model):
    """Save a fresh model of images that no data set has, or of data that is not there."""
    small = {"width": 2} if model.get("kind", "").startswith("conv") else {"hidden": [6]}
    recipe = make_recipe({"model": {**small, "latent_dim": 3, **model}, "data": data})
    weights = {name: w.numpy() for name, w in recipe.model.build(spec).state_dict().items()}
    save_checkpoint(folder, Checkpoint(recipe, spec), weights)
    return folder


def by_hand(folder, point):
    model, _ = load_model(folder)
    label = None if point.label is None else torch.tensor([point.label])
    with torch.no_grad():
        return model.decode(torch.tensor([point.z]), label).mean[0, 0].numpy() * 255


# Open


def test_codes_of_classes_that_the_model_does_not_know_are_refused(cvae, tmp_path):
    z = np.zeros((3, cvae.opened.card.latent_dim), np.float32)
    np.savez(tmp_path / "known.npz", z=z, labels=np.array(["2", "0", "1"]))
    found = finish(answer(ReadCodes(tmp_path / "known.npz"), cvae.explorer))
    assert [point.label for point in found.points] == [2, 0, 1]
    np.savez(tmp_path / "other.npz", z=z, labels=np.array(["2", "owl", "1"]))
    with pytest.raises(RunError, match="does not know: owl"):
        finish(answer(ReadCodes(tmp_path / "other.npz"), cvae.explorer))


def test_open_says_what_it_is(lab):
    card, codes = lab.opened.card, lab.opened.codes
    assert card.latent_dim == (3 if card.conditional else 2)
    assert card.kind == ("cvae" if card.conditional else "vae")
    assert card.title == ("Conditional VAE 3-D" if card.conditional else "VAE 2-D")
    assert (card.data, card.note, card.name) == ("digits", "", "run")
    assert card.epoch == load_model(card.source)[1].epoch > 0
    assert card.spec == ImageSpec((1, 28, 28), tuple("0123456789"))
    assert card.recipe["model"]["kind"] == card.kind
    assert codes.mu.shape == codes.sigma.shape == (5000, card.latent_dim)
    assert (codes.sigma > 0).all()
    assert sorted(set(codes.labels.tolist())) == list(range(10))


def test_open_brings_the_curves(lab):
    assert {key for key in lab.opened.past.curves if key[0] != "running"} == {
        (split, name)
        for split in ("train", "validation")
        for name in ("loss", "reconstruction", "kl")
    }
    epochs, values = lab.opened.past.curves["validation", "loss"]
    _, checkpoint = load_model(lab.opened.card.source)
    assert epochs.tolist() == list(range(1, checkpoint.epoch + 1))
    assert values[-1] == checkpoint.metrics["validation"]["loss"]


def test_open_begins_at_a_2_between_a_3_and_an_8(lab):
    start, ends, original = lab.opened.start, lab.opened.ends, lab.opened.original
    labels = lab.opened.codes.labels
    assert labels[original.row] == 2
    assert start == original.point
    np.testing.assert_allclose(start.z, lab.opened.codes.mu[original.row], atol=1e-5)
    if lab.opened.card.conditional:
        assert (start.label, ends.a.label, ends.b.label) == (2, 3, 3)
    else:
        assert (start.label, ends.a.label, ends.b.label) == (None, None, None)
    mu = lab.opened.codes.mu
    for end, digit in ((ends.a, 3), (ends.b, 8)):
        assert labels[np.abs(mu - np.array(end.z)).sum(1).argmin()] == digit


def test_open_takes_the_checkpoint_file_too(vae_run):
    assert opened(vae_run / DESCRIPTION_FILE).opened.card.source == vae_run.resolve()


@pytest.mark.parametrize(("name", "dim"), [("digits-2d", 2), ("digits-cvae", 20)])
def test_the_shipped_models_open_on_the_bundled_digits(name, dim):
    lab = opened(resources() / "models" / name)
    card = lab.opened.card
    assert (card.name, card.latent_dim, card.data, card.note) == (name, dim, "digits", "")
    assert len(lab.opened.codes) == 5000
    assert lab.opened.original.name.startswith("digits ")
    assert lab.opened.past.curves["validation", "loss"][1][-1] < 142


def test_a_run_that_cannot_be_opened_leaves_the_old_model(lab, tmp_path):
    before = lab(Decode(lab.opened.start)).pixels
    card, codes = lab.explorer.card, lab.explorer.codes
    with pytest.raises(RunError, match="is not a run"):
        lab(Open(tmp_path))
    (tmp_path / DESCRIPTION_FILE).write_text("{", "utf-8")
    with pytest.raises(RunError, match="damaged"):
        lab(Open(tmp_path))
    assert lab.explorer.card is card
    assert lab.explorer.codes is codes
    assert np.array_equal(lab(Decode(lab.opened.start)).pixels, before)


def test_nothing_can_be_asked_before_a_model_is_open(vae_run):
    explorer = Explorer()
    point = Point((0.0, 0.0))
    for request in (
        Decode(point),
        Hover(point),
        DecodePath(LatentPath(point, point)),
        MakeManifold(point, axes_plane(0, 1, len(point.z)), GridSettings()),
        MakeSamples(SampleSettings()),
        EncodeFile(vae_run / "preview.png"),
    ):
        with pytest.raises(RunError, match="No model is open"):
            whole(answer(request, explorer))
    with pytest.raises(DataError):
        answer(PickImage(0), explorer)
    assert len(explorer.codes) == 0


def test_missing_data_leaves_the_map_empty_with_a_note(tmp_path):
    data = {"kind": "mnist", "root": str(tmp_path / "nowhere")}
    run = saved(tmp_path / "run", ImageSpec((1, 28, 28), tuple("0123456789")), data)
    card = opened(run).opened.card
    assert card.data == ""
    assert card.note == f"mnist in {tmp_path / 'nowhere'} is not on this machine: the map is empty."
    assert len(opened(run).opened.codes) == 0


def test_images_of_another_size_leave_the_map_empty_with_a_note(tmp_path):
    lab = opened(saved(tmp_path / "run", ImageSpec((1, 4, 6), NAMES)))
    assert lab.opened.card.data == ""
    assert lab.opened.card.note.endswith("the map is empty.")
    assert lab.opened.codes.mu.shape == (0, 3)
    assert lab.opened.original is None
    assert lab.opened.start.z == (-1.0, -1.0, -1.0)
    assert lab.opened.ends.b.z == (1.0, 1.0, 1.0)
    assert lab(Decode(lab.opened.start)).pixels.shape == (4, 6)
    assert lab(DecodePath(lab.opened.ends)).pictures.shape == (12, 4, 6)
    with pytest.raises(DataError, match="no image 0"):
        lab(PickImage(0))


def test_a_conditional_model_of_other_classes_leaves_the_map_empty(tmp_path):
    lab = opened(saved(tmp_path / "run", ImageSpec((1, 28, 28), NAMES), kind="cvae"))
    assert len(lab.opened.codes) == 0
    assert lab.opened.start.label == 0
    samples = lab(MakeSamples(SampleSettings(count=7)))
    assert [point.label for point in samples.points] == [0, 1, 2, 0, 1, 2, 0]


def test_colour_images_decode_to_colour(tmp_path):
    lab = opened(saved(tmp_path / "run", ImageSpec((3, 4, 6))))
    assert lab(Decode(lab.opened.start)).pixels.shape == (4, 6, 3)
    Image.new("RGB", (60, 40), (255, 0, 0)).save(tmp_path / "red.png")
    original = lab(EncodeFile(tmp_path / "red.png"))
    assert original.picture.shape == original.reconstruction.shape == (4, 6, 3)
    assert original.picture[2, 3].tolist() == [255, 0, 0]


# Opening in pieces


@pytest.fixture
def slow(monkeypatch):
    """Have no time at all for encoding when a model is opened."""
    monkeypatch.setattr(exploring, "OPEN_ENCODE_S", 0.0)


@pytest.mark.parametrize("folder", ["vae_run", "cvae_run"])
def test_a_slow_model_is_shown_with_some_codes_and_the_others_follow(slow, request, folder):
    folder = request.getfixturevalue(folder)
    lab = opened(folder)
    assert lab.opened.has_more
    assert len(lab.opened.codes) == len(lab.explorer.images) == MIN_ENCODED_IMAGES
    assert lab.opened.original is not None
    rest = lab(ShowRest()).codes
    quick = Explorer()
    quick.open(folder)
    assert len(rest) == len(lab.explorer.images) == len(quick.codes)
    np.testing.assert_allclose(rest.mu, quick.codes.mu, atol=1e-5)
    np.testing.assert_array_equal(rest.labels, quick.codes.labels)
    np.testing.assert_array_equal(rest.mu[:MIN_ENCODED_IMAGES], lab.opened.codes.mu)
    # The second time they are all there at once.
    again = opened(folder).opened
    assert not again.has_more
    np.testing.assert_array_equal(again.codes.mu, rest.mu)
    np.testing.assert_array_equal(again.codes.sigma, rest.sigma)


def test_codes_are_kept_of_these_weights_and_images_only(slow, vae_run, cvae_run, tmp_path):
    opened(vae_run)(ShowRest())
    changed = shutil.copytree(vae_run, tmp_path / "changed")
    model, checkpoint = load_model(changed)
    weights = {name: w.numpy() * 1.001 for name, w in model.state_dict().items()}
    save_checkpoint(changed, checkpoint, weights)
    assert opened(changed).opened.has_more
    images = load(make_recipe({}).data).to_explore()
    model, _ = load_model(vae_run)
    assert CodeCache(model, images).read() is not None
    assert CodeCache(model, images[::-1]).read() is None
    assert CodeCache(load_model(cvae_run)[0], images).read() is None


@pytest.mark.parametrize("damage", [b"", b"no zip", None])
def test_kept_codes_that_are_damaged_are_computed_again(slow, vae_run, own_place, damage):
    opened(vae_run)(ShowRest())
    (file,) = (own_place / "cache" / "codes").iterdir()
    if damage is None:
        np.savez(file, mu=np.full((5000, 2), np.nan, np.float32), sigma=np.zeros(3))
    else:
        file.write_bytes(damage)
    assert opened(vae_run).opened.has_more


def test_few_files_of_codes_are_kept(own_place, monkeypatch, vae_run):
    monkeypatch.setattr(code_cache, "MAX_FILES", 2)
    model, _ = load_model(vae_run)
    images = load(make_recipe({}).data).to_explore()
    for count in range(1, 6):
        CodeCache(model, images[:count]).write(encode(model, images[:count]))
    assert len(list((own_place / "cache" / "codes").iterdir())) == 2
    assert CodeCache(model, images[:5]).read() is not None


# Adopt


def adopt(lab, splits, recipe, epoch=1, seed=0, folder=None):
    torch.manual_seed(seed)
    weights = {name: w.numpy() for name, w in recipe.model.build(splits.spec).state_dict().items()}
    return lab(Adopt(recipe.to_dict(), splits, weights, epoch, folder))


@pytest.mark.parametrize("kind", ["vae", "cvae"])
def test_adopting_new_weights_changes_the_codes(digits, tmp_path, kind):
    recipe = make_recipe({"model": {"kind": kind, "hidden": [8], "latent_dim": 4}})
    lab = Lab(Explorer(), None)
    first = adopt(lab, digits, recipe, 1, seed=0, folder=tmp_path / "20260102-030405-vae-digits")
    again = adopt(lab, digits, recipe, 2, seed=0)
    later = adopt(lab, digits, recipe, 3, seed=1)
    assert first.card.name == "vae-digits · 02 Jan 03:04"
    assert (again.card.name, again.card.source) == ("Untitled", None)
    assert [adopted.card.epoch for adopted in (first, again, later)] == [1, 2, 3]
    assert first.codes.mu.shape == (5000, 4)
    assert np.allclose(first.codes.mu, again.codes.mu, atol=1e-5)
    assert not np.allclose(first.codes.mu, later.codes.mu, atol=1e-3)
    assert later.start == later.original.point
    assert later.start.label == (2 if kind == "cvae" else None)


def test_all_else_is_answered_of_the_model_before_while_another_is_adopted(vae, digits):
    """Encoding takes long: nobody waits for it, and nothing is of two models."""
    here = vae.point(0.5)
    before = vae(Decode(here)).pixels
    recipe = load_model(vae.opened.card.source)[1].recipe
    weights = {n: w.numpy() for n, w in recipe.model.build(digits.spec).state_dict().items()}
    for seed in range(2):
        pieces = answer(Adopt(recipe.to_dict(), digits, weights, 7 + seed, None), vae.explorer)
        adopted = None
        while adopted is None:
            try:
                next(pieces)
            except StopIteration as done:
                adopted = done.value
            if vae.explorer.card is vae.opened.card:
                np.testing.assert_array_equal(vae(Decode(here)).pixels, before)
        assert (adopted.card.epoch, len(adopted.codes)) == (7 + seed, 5000)


def test_a_slow_model_under_training_is_shown_with_some_of_its_codes(digits, monkeypatch):
    monkeypatch.setattr(explorer, "ADOPT_ENCODE_S", 0.0)
    lab = Lab(Explorer(), None)
    recipe = make_recipe({"model": {"hidden": [8]}})
    first, later = adopt(lab, digits, recipe), adopt(lab, digits, recipe, 2, seed=1)
    assert len(first.codes) == len(later.codes) == len(lab.explorer.images) == MIN_ENCODED_IMAGES
    assert first.card.images == 5000
    assert len(lab(ShowAll()).codes) == 5000


def test_opening_another_keeps_no_model_of_the_run_before(vae_run, digits):
    explorer = Explorer()
    recipe = make_recipe({"model": {"kind": "vae", "hidden": [8]}})
    models = []
    for epoch in range(3):
        adopt(Lab(explorer, None), digits, recipe, epoch)
        models.append(weakref.ref(explorer.model))
    explorer.open(vae_run)
    gc.collect()
    assert [model() for model in models] == [None] * 3


def test_adopting_after_opening_the_same_recipe_shows_the_runs_own_images(vae_run, digits):
    """A run of the recipe that is open may have other images than the map shows."""
    lab = opened(vae_run)
    few = Splits(digits.train[:30], digits.validation[:20])
    recipe = load_model(vae_run)[1].recipe
    adopted = adopt(lab, few, recipe)
    assert len(adopted.codes) == 50
    assert np.array_equal(adopted.codes.labels[:20], few.validation.labels)


def test_opening_while_a_run_goes_on_and_coming_back(vae_run, digits):
    lab = opened(vae_run)
    recipe = make_recipe({"model": {"hidden": [8]}})
    few = Splits(digits.train[:30], digits.validation[:20])
    first = adopt(lab, few, recipe)
    assert len(lab(Open(vae_run)).codes) == 5000
    again = adopt(lab, few, recipe)
    assert np.allclose(first.codes.mu, again.codes.mu, atol=1e-5)


def test_weights_that_do_not_fit_the_run_are_refused(vae, digits):
    recipe = make_recipe({"model": {"hidden": [8]}})
    with pytest.raises(RunError, match="does not fit"):
        vae(Adopt(recipe.to_dict(), digits, {"w": np.zeros(2)}, 1, None))
    assert vae.explorer.card is vae.opened.card


def test_a_map_shows_at_most_ten_thousand_images(monkeypatch):
    monkeypatch.setattr(explorer, "ADOPT_ENCODE_S", math.inf)
    spec = ImageSpec((1, 2, 2), NAMES)
    many = ImageSet(np.zeros((9000, 1, 2, 2), np.uint8), np.arange(9000) % 3, spec)
    adopted = adopt(Lab(Explorer(), None), Splits(many, many), make_recipe({}))
    assert len(adopted.codes) == 10_000


# Decode and Hover


def test_decode_is_the_mean_of_the_likelihood(lab):
    point = lab.point(0.5, -1.0, label=7)
    picture = lab(Decode(point))
    assert picture.point == point
    assert (picture.pixels.shape, picture.pixels.dtype) == ((28, 28), np.uint8)
    np.testing.assert_allclose(picture.pixels, by_hand(lab.opened.card.source, point), atol=0.51)


def test_decode_heeds_the_label(cvae):
    one, other = (cvae(Decode(cvae.point(label=label))).pixels for label in (0, 1))
    assert np.abs(one.astype(int) - other).max() > 10


def test_points_far_out_decode_too(lab):
    pixels = lab(Decode(lab.point(1e4, -1e4, label=0))).pixels
    assert pixels.shape == (28, 28)


def test_hover_brings_the_decoded_point_and_the_image(lab):
    point = lab.point(0.3, label=4)
    bare = lab(Hover(point))
    assert bare.original is None
    assert np.array_equal(bare.pixels, lab(Decode(point)).pixels)
    assert lab(Hover(point, 17)).original == lab(PickImage(17))


# PickImage and EncodeFile


def test_pick_brings_an_image_and_its_reconstruction(lab, digits):
    original = lab(PickImage(17))
    label = int(digits.validation.labels[17])
    assert original.row == 17
    assert original.name == f"digits 17 ({label})"
    assert np.array_equal(original.picture, digits.validation.images[17, 0])
    np.testing.assert_allclose(original.point.z, lab.opened.codes.mu[17], atol=1e-5)
    assert original.point.label == (label if lab.opened.card.conditional else None)
    assert np.array_equal(original.reconstruction, lab(Decode(original.point)).pixels)


@pytest.mark.parametrize("row", [-1, 5000, 10**9])
def test_a_row_that_is_not_there_is_refused(lab, row):
    for request in (PickImage(row), Hover(lab.point(), row)):
        with pytest.raises(DataError, match=f"no image {row} "):
            lab(request)


def test_a_file_of_a_known_image_has_its_code(lab, digits, tmp_path):
    label = int(digits.validation.labels[5])
    Image.fromarray(digits.validation.images[5, 0]).save(tmp_path / "digit.png")
    original = lab(EncodeFile(tmp_path / "digit.png", label))
    np.testing.assert_allclose(original.point.z, lab.opened.codes.mu[5], atol=1e-5)
    assert (original.name, original.row) == ("digit.png", None)
    assert np.array_equal(original.picture, digits.validation.images[5, 0])
    assert original.point.label == (label if lab.opened.card.conditional else None)


def test_a_file_that_is_no_image_is_named(lab, tmp_path):
    (tmp_path / "notes.png").write_text("no picture", "utf-8")
    with pytest.raises(DataError, match=r"notes\.png is not an image"):
        lab(EncodeFile(tmp_path / "notes.png"))
    with pytest.raises(DataError, match=r"gone\.png"):
        lab(EncodeFile(tmp_path / "gone.png"))


# Strip, manifold, samples


@pytest.mark.parametrize("steps", [2, 5, 12])
def test_a_strip_goes_from_end_to_end_in_equal_steps(lab, steps):
    ends = LatentPath(lab.point(-1.0, 0.5, label=3), lab.point(2.0, 0.25, label=8), steps)
    strip = lab(DecodePath(ends))
    assert strip.columns == len(strip.points) == steps
    assert strip.pictures.shape == (steps, 28, 28)
    assert (strip.points[0], strip.points[-1]) == (ends.a, ends.b)
    z = np.array([point.z for point in strip.points])
    np.testing.assert_allclose(np.diff(z[:, 0]), 3 / (steps - 1), rtol=1e-5)
    for i in (0, -1):
        assert np.array_equal(strip.pictures[i], lab(Decode(strip.points[i])).pixels)


@pytest.mark.parametrize(("steps", "labels"), [(4, "3388"), (5, "33388"), (2, "38")])
def test_the_label_of_a_strip_changes_half_way(cvae, steps, labels):
    ends = LatentPath(cvae.point(label=3), cvae.point(1.0, label=8), steps)
    assert "".join(str(point.label) for point in cvae(DecodePath(ends)).points) == labels


@pytest.mark.parametrize("spacing", list(Spacing))
def test_a_manifold_is_a_grid_with_its_top_at_the_top(lab, spacing):
    point = lab.point(9.0, 9.0, 0.75, label=6) if lab.opened.card.conditional else lab.point(9.0)
    manifold = lab(
        MakeManifold(point, axes_plane(0, 1, len(point.z)), GridSettings(5, 2.0, spacing))
    )
    tiles = manifold.tiles
    assert (manifold.frame.dimensions, tiles.columns) == ((0, 1), 5)
    assert tiles.pictures.shape == (25, 28, 28)
    assert manifold.axes[:, [0, 2, 4]] == pytest.approx(np.array([[-2.0, 0.0, 2.0]] * 2), abs=1e-9)
    assert tiles.points[0].z[:2] == pytest.approx((-2.0, 2.0))
    assert tiles.points[4].z[:2] == pytest.approx((2.0, 2.0))
    assert tiles.points[20].z[:2] == pytest.approx((-2.0, -2.0))
    for tile_point, picture in zip(tiles.points[:3], tiles.pictures, strict=False):
        assert tile_point.z[2:] == point.z[2:]
        assert tile_point.label == point.label
        np.testing.assert_allclose(picture.astype(int), lab(Decode(tile_point)).pixels, atol=1)


def test_a_manifold_over_other_dimensions_holds_the_rest(cvae):
    point = cvae.point(0.5, 9.0, 9.0, label=1)
    manifold = cvae(MakeManifold(point, axes_plane(2, 1, 3), GridSettings(3, 1.0)))
    z = np.array([point.z for point in manifold.tiles.points])
    assert (z[:, 0] == 0.5).all()
    assert z[:3, 2].tolist() == [-1.0, 0.0, 1.0]
    assert z[:3, 1].tolist() == [1.0, 1.0, 1.0]


def test_a_manifold_of_one_dimension(tmp_path):
    lab = opened(saved(tmp_path / "run", ImageSpec((1, 4, 6)), latent_dim=1))
    manifold = lab(MakeManifold(lab.opened.start, axes_plane(0, 0, 1), GridSettings(3, 2.0)))
    assert [point.z for point in manifold.tiles.points[:3]] == [(-2.0,), (0.0,), (2.0,)]


def test_samples_repeat_from_their_seed(lab):
    first, again, other = (lab(MakeSamples(SampleSettings(seed, None, 30))) for seed in (1, 1, 2))
    assert first.pictures.shape == (30, 28, 28)
    assert first.points == again.points
    assert np.array_equal(first.pictures, again.pictures)
    assert first.points != other.points
    assert first.columns == 6


def test_samples_come_from_the_prior(lab):
    z = np.array([point.z for point in lab(MakeSamples(SampleSettings(3, 0, 3000))).points])
    assert np.abs(z.mean(0)).max() < 4 / 3000**0.5
    assert np.abs(z.std(0) - 1).max() < 0.06


def test_samples_are_of_the_label_or_of_each_in_turn(cvae, vae):
    wanted = cvae(MakeSamples(SampleSettings(0, 7, 5)))
    assert [point.label for point in wanted.points] == [7] * 5
    each = cvae(MakeSamples(SampleSettings(0, None, 12)))
    assert [point.label for point in each.points] == [*range(10), 0, 1]
    assert {point.label for point in vae(MakeSamples(SampleSettings(0, 7, 5))).points} == {None}


def test_samples_do_not_disturb_the_global_generator(lab):
    before = torch.get_rng_state()
    lab(MakeSamples(SampleSettings()))
    assert torch.equal(torch.get_rng_state(), before)


# Export


def coloured(count=5, side=6):
    """Frames that all differ, so that a GIF keeps every one."""
    pictures = np.zeros((count, side, side), np.uint8)
    for i in range(count):
        pictures[i, i] = 50 + 40 * i
    return Tiles(tuple(Point((float(i),)) for i in range(count)), pictures, 3)


def test_a_sheet_is_written_with_its_recipe_inside(lab, tmp_path):
    tiles = lab(MakeSamples(SampleSettings(count=5)))
    path = tmp_path / "deep" / "samples.png"
    info = {"model": "run", "seed": 0, "z": [0.5]}
    done = lab(Export(tiles, path, info, gap=1))
    assert done == Exported(path)
    with Image.open(path) as picture:
        assert json.loads(picture.text["latentlab"]) == info
        assert picture.text["Software"].startswith("latentlab ")
        pixels = np.asarray(picture)
    assert pixels.shape == (2 * (2 * 28 + 1), 2 * (3 * 28 + 2))
    assert np.array_equal(pixels[:56:2, :56:2], tiles.pictures[0])
    assert np.array_equal(pixels[58::2, 58:114:2], tiles.pictures[4])
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("name", ["way.gif", "WAY.GIF"])
def test_a_film_plays_there_and_back(lab, tmp_path, name):
    tiles = coloured()
    lab(Export(tiles, tmp_path / name, {"steps": 5}))
    with Image.open(tmp_path / name) as film:
        assert json.loads(film.info["comment"])["steps"] == 5
        assert film.info["loop"] == 0
        frames = [np.asarray(frame.convert("L")) for frame in ImageSequence.Iterator(film)]
        assert film.info["duration"] == 60
    assert len(frames) == 8
    for frame, i in zip(frames, [0, 1, 2, 3, 4, 3, 2, 1], strict=True):
        assert frame.shape == (24, 24)
        np.testing.assert_allclose(frame[::4, ::4].astype(int), tiles.pictures[i], atol=2)


def test_a_file_that_cannot_be_written_is_named(lab, tmp_path):
    (tmp_path / "file").write_text("mine", "utf-8")
    for path in (tmp_path / "file" / "out.png", tmp_path):
        with pytest.raises(RunError, match="cannot be written") as caught:
            lab(Export(coloured(), path, {}))
        assert str(path) in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def unlabelled(count):
    images = np.random.default_rng(0).integers(0, 256, (count, 1, 28, 28), np.uint8)
    return Splits.of(ImageSet(images, None, ImageSpec((1, 28, 28))), 0.5)


@pytest.mark.parametrize("count", [2, 3, 50])
def test_a_way_begins_between_two_different_images(count):
    """Also where no image has a class: never from the first image to the first image."""
    splits = unlabelled(count)
    recipe = make_recipe({"model": {"hidden": [6], "latent_dim": 2}, "data": "digits"})
    weights = {n: w.numpy() for n, w in recipe.model.build(splits.spec).state_dict().items()}
    explorer = Explorer()
    finish(explorer.adopt(recipe.to_dict(), splits, weights, 0, None))
    _, ends, original = explorer.start()
    assert ends.a.z != ends.b.z
    assert original is not None
    rows = [np.abs(explorer.codes.mu - end.z).sum(1).argmin() for end in (ends.a, ends.b)]
    assert len(set(rows)) == 2


def test_classes_without_images_are_no_ends(digits):
    """Of ten classes there may be images of two only."""
    few = digits.validation[np.isin(digits.validation.labels, [1, 7])][:20]
    splits = Splits(few[:10], few[10:])
    recipe = make_recipe({"model": {"hidden": [6], "latent_dim": 2}, "data": "digits"})
    weights = {n: w.numpy() for n, w in recipe.model.build(splits.spec).state_dict().items()}
    explorer = Explorer()
    finish(explorer.adopt(recipe.to_dict(), splits, weights, 0, None))
    assert explorer.start()[1].a.z != explorer.start()[1].b.z


def test_parts_are_told_of_a_run_and_not_of_what_a_shipped_model_is_shown_with(vae):
    assert vae.explorer.codes.parts.tolist()[:1000] == ["validation"] * 1000
    assert set(vae.explorer.codes.parts.tolist()[1000:]) == {"train"}
    shipped = opened(resources() / "models" / "digits-2d")
    assert shipped.explorer.codes.parts is None
    assert finish(shipped.explorer.show_all()).parts is None


# The rest


def test_library_form_recipe_and_discard(lab, tmp_path):
    assert lab(ListLibrary()) == library()
    shipped = library()[0].path
    assert lab(Annotate(shipped, Notes("good"))) == Notes()
    assert lab(Annotate(shipped, Notes("better"))) == Notes("good")
    assert lab(ListLibrary())[0].notes == Notes("better")
    model, *others = lab(DescribeForm())
    assert tuple(others) == describe(Recipe)[1:]
    assert {kind.name for kind in model.kinds} >= {"vae", "cvae", "conv-vae", "conv-cvae"}
    assert "onnx" not in {kind.name for kind in model.kinds}
    file = tmp_path / "recipe.toml"
    file.write_text("[training]\nepochs = 3", "utf-8")
    assert lab(ReadRecipe(file)) == make_recipe({"training": {"epochs": 3}}).to_dict()
    file.write_text("[training]\nepoch = 3", "utf-8")
    with pytest.raises(RecipeError, match="epochs"):
        lab(ReadRecipe(file))
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "file").write_text("x", "utf-8")
    discarded = lab(Discard(tmp_path / "run"))
    assert not (tmp_path / "run").exists()
    assert lab(Restore(discarded.folder)).folder == tmp_path / "run"
    assert (tmp_path / "run" / "file").read_text("utf-8") == "x"
    assert file.exists()


def test_every_request_has_an_answer_of_its_own():
    modules = [import_module(each.name) for each in iter_modules(session.__path__, PACKAGE)]
    kinds = [
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Request)
    ]
    # What others are derived from stands in a module of its own.
    kinds = [kind for kind in kinds if kind.__module__ != Request.__module__]
    assert len(kinds) >= 14
    fallback = answer.dispatch(Request)
    assert [kind for kind in kinds if answer.dispatch(kind) is fallback] == []
    with pytest.raises(NotImplementedError, match="Request"):
        answer(Request(), Explorer())


def test_a_shipped_model_of_drawn_images_shows_new_ones(tmp_path, monkeypatch):
    """Any machine can draw them, so the map has images that the model has never seen."""
    monkeypatch.setattr(showing, "GENERATED_IMAGES", 30)
    monkeypatch.setattr(explorer, "resources", lambda: tmp_path)
    data = SpritesConfig(count=20, size=32)
    folder = tmp_path / "models" / "sprites"
    saved(folder, load(data).spec, data=data.model_dump(), kind="conv-vae")
    lab = Explorer()
    card = lab.open(folder)
    assert (card.data, card.note) == ("sprites", "")
    assert len(lab.codes) == 30


def test_all_images_come_behind_those_on_the_map(vae_run, monkeypatch):
    monkeypatch.setattr("latentlab.data.image_set.TO_EXPLORE", 200)
    lab = Explorer()
    card = lab.open(vae_run)
    few, first = lab.codes, lab.original(150)
    assert len(few) == 200 < card.images
    steps = answer(ShowAll(), lab)
    fractions = []
    while True:
        try:
            fractions.append(next(steps).fraction)
        except StopIteration as done:
            codes = done.value.codes
            break
    assert fractions == sorted(fractions)
    assert len(codes) == len(codes.labels) == card.images == len(lab.images)
    assert lab.codes is codes
    np.testing.assert_array_equal(codes.mu[:200], few.mu)
    np.testing.assert_array_equal(lab.original(150).picture, first.picture)
    # Point and picture agree, wherever in the data set the image lies.
    for row in (199, 200, 400, card.images - 1):
        alone = encode(lab.model, lab.images[row : row + 1])
        np.testing.assert_allclose(codes.mu[row], alone.mu[0], atol=1e-5)
        np.testing.assert_allclose(codes.sigma[row], alone.sigma[0], atol=1e-5)
        assert codes.labels[row] == alone.labels[0]
    assert list(answer(ShowAll(), lab)) == [], "there are no more"


def test_all_images_of_a_model_that_is_gone_are_not_shown(vae_run, cvae_run, monkeypatch):
    monkeypatch.setattr("latentlab.data.image_set.TO_EXPLORE", 200)
    lab = Explorer()
    lab.open(vae_run)
    steps = answer(ShowAll(), lab)
    next(steps)
    lab.open(cvae_run)
    now = lab.codes
    with pytest.raises(StopIteration) as done:
        next(steps)
    assert done.value.value is None
    assert lab.codes is now


def test_the_first_path_of_a_conditional_model_keeps_its_class(cvae_run):
    """With a class at each end, the strip would jump from one to the other in the middle."""
    explorer = Explorer()
    explorer.open(cvae_run)
    _, ends, _ = explorer.start()
    assert ends.a.label == ends.b.label
    assert ends.a.z != ends.b.z
