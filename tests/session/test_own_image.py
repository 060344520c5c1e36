"""A person's own picture under the explorer: encoded, judged, filled in, and told in words."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from latentlab.data.data_set import load
from latentlab.data.image_set import ImageSpec
from latentlab.data.own_image.crop import CropBox, OwnImage, Preprocessing, SourceImage
from latentlab.data.sources.digits import DigitsConfig
from latentlab.errors import DataError
from latentlab.explorer.answer import answer, find_answers
from latentlab.explorer.explorer import Explorer
from latentlab.latent.codes import Codes
from latentlab.latent.ranking import percentile as unlike
from latentlab.learning.checkpoint import Checkpoint, save_checkpoint
from latentlab.learning.recipe import make_recipe
from latentlab.session.model import EncodeFile, PickImage
from latentlab.session.own_image import (
    EncodeOwnImage,
    EstimateElbo,
    EstimateReferenceElbo,
    ImageElbo,
    Inpaint,
    InpaintSamples,
    ReferenceElbo,
    background_differs,
    error_map,
    pixel_rmse,
    unlikeness,
)
from latentlab.session.points import Original, Point
from latentlab.work import Progress

find_answers()


def finish(request, explorer):
    """Return the answer to a request whose work is done in pieces."""
    steps = answer(request, explorer)
    while True:
        try:
            assert isinstance(next(steps), Progress)
        except StopIteration as done:
            return done.value


@pytest.fixture(params=["vae", "cvae"])
def explorer(request, vae_run, cvae_run):
    found = Explorer()
    found.open({"vae": vae_run, "cvae": cvae_run}[request.param])
    return found


@pytest.fixture
def vae(vae_run):
    found = Explorer()
    found.open(vae_run)
    return found


@pytest.fixture
def digit():
    return load(DigitsConfig()).validation.images[3, 0]


def hidden_below(row=14):
    hidden = np.zeros((28, 28), bool)
    hidden[row:] = True
    return hidden


def original(picture, made=None, nats=100.0):
    picture = np.asarray(picture, np.uint8)
    made = np.zeros_like(picture) if made is None else np.asarray(made, np.uint8)
    return ImageElbo(Original("mine", Point((0.0,)), picture, made), nats - 5, 5.0)


# Encoding


def test_a_picture_at_hand_is_encoded_as_its_file_is(explorer, digit, tmp_path):
    Image.fromarray(digit).save(tmp_path / "digit.png")
    file = answer(EncodeFile(tmp_path / "digit.png", 3), explorer)
    hand = answer(
        EncodeOwnImage(OwnImage(SourceImage("digit.png", digit), Preprocessing()), 3), explorer
    )
    assert (hand.point, hand.sigma, hand.name) == (file.point, file.sigma, file.name)
    np.testing.assert_array_equal(hand.picture, digit)
    assert hand.own.fitting.frame == CropBox(0, 0, 28, 28)


def test_an_image_of_the_map_and_a_copy_of_it_have_the_same_posterior(explorer, digit):
    of_map = answer(PickImage(3), explorer)
    label = of_map.point.label
    mine = answer(
        EncodeOwnImage(OwnImage(SourceImage("copy", digit), Preprocessing()), label), explorer
    )
    assert mine.point.z == pytest.approx(of_map.point.z, abs=1e-5)
    assert mine.sigma == pytest.approx(of_map.sigma, abs=1e-5)
    np.testing.assert_allclose(of_map.sigma, explorer.codes.sigma[3], atol=1e-5)
    assert all(sigma > 0 for sigma in mine.sigma)


def test_a_picture_encoded_again_is_the_same_own(explorer, digit):
    """So that what is asked again can be known as the same picture."""
    first = answer(
        EncodeOwnImage(OwnImage(SourceImage("mine", digit), Preprocessing()), 3), explorer
    )
    again = answer(EncodeOwnImage(first.own, 3), explorer)
    assert again.own is first.own


def test_a_frame_for_another_shape_is_chosen_anew(vae, digit):
    wide = OwnImage(
        SourceImage("mine", np.zeros((40, 90), np.uint8)), Preprocessing(CropBox(0, 0, 90, 30))
    )
    mine = answer(EncodeOwnImage(wide), vae)
    assert mine.own.fitting.frame == CropBox(25, 0, 40, 40)


def test_a_label_that_another_model_had_is_brought_into_reach(cvae_run, digit):
    explorer = Explorer()
    explorer.open(cvae_run)
    mine = answer(
        EncodeOwnImage(OwnImage(SourceImage("mine", digit), Preprocessing()), 37), explorer
    )
    assert mine.point.label == 0


def test_colour_pictures_are_encoded_in_colour(tmp_path):
    recipe = make_recipe({"model": {"hidden": [6], "latent_dim": 3}})
    spec = ImageSpec((3, 8, 6))
    weights = {name: w.numpy() for name, w in recipe.model.build(spec).state_dict().items()}
    save_checkpoint(tmp_path / "run", Checkpoint(recipe, spec), weights)
    explorer = Explorer()
    explorer.open(tmp_path / "run")
    red = np.zeros((50, 40, 3), np.uint8)
    red[..., 0] = 200
    mine = answer(EncodeOwnImage(OwnImage(SourceImage("red", red), Preprocessing())), explorer)
    assert mine.picture.shape == mine.reconstruction.shape == (8, 6, 3)
    assert mine.picture[4, 3].tolist() == [200, 0, 0]
    judged = finish(EstimateElbo(mine), explorer)
    assert np.isfinite(judged.bound)
    usual = finish(EstimateReferenceElbo(), explorer)
    assert len(usual.bounds) == 0
    hidden = np.zeros((8, 6), bool)
    hidden[:, :3] = True
    fills = finish(InpaintSamples(mine, hidden), explorer)
    assert fills.tiles.pictures.shape == (6, 8, 6, 3)
    assert (fills.tiles.pictures[:, :, 3:] == mine.picture[:, 3:]).all()
    assert error_map(mine).shape == (8, 6)


# Judging


def test_a_digit_is_usual_and_noise_is_not(explorer, digit):
    usual = finish(EstimateReferenceElbo(), explorer)
    assert len(usual.bounds) == 300
    assert (np.diff(usual.bounds) >= 0).all()
    assert usual.codes is explorer.codes
    noise = np.random.default_rng(0).integers(0, 256, (28, 28), np.uint8)
    shares = {}
    for name, pixels in (("digit", digit), ("noise", noise)):
        mine = answer(
            EncodeOwnImage(OwnImage(SourceImage(name, pixels), Preprocessing()), 3), explorer
        )
        judged = finish(EstimateElbo(mine), explorer)
        assert judged.original is mine
        shares[name] = unlike(judged.bound, usual.bounds) / 100
    assert shares["noise"] == 1
    assert shares["digit"] < 0.99


def test_judging_agrees_with_the_loss_of_training(vae, digit):
    """Reconstruction and rate are those that curves show, but for the draws of z."""
    mine = answer(EncodeOwnImage(OwnImage(SourceImage("mine", digit), Preprocessing())), vae)
    judged = finish(EstimateElbo(mine), vae)
    mu, sigma = np.array(mine.point.z), np.array(mine.sigma)
    rate = 0.5 * (mu**2 + sigma**2 - 1 - np.log(sigma**2)).sum()
    assert judged.rate == pytest.approx(rate, rel=1e-4)
    x = torch.from_numpy(digit / 255.0).float()[None, None]
    z = mu + sigma * np.random.default_rng(0).standard_normal((4000, 2))
    with torch.no_grad():
        p = vae.model.decode(torch.from_numpy(z).float())
        expected = -float(p.log_prob(x.expand(4000, 1, 28, 28)).mean())
    assert judged.reconstruction == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize(
    ("nats", "level", "words"),
    [
        (-1.0, "fine", "Typical: less likely than 0 % of 100 images"),
        (69.5, "fine", "Fairly typical: less likely than 70 % of 100 images"),
        (94.5, "watch", "Unusual: less likely than 95 % of 100 images"),
        (1e6, "trouble", "Unlike the data: less likely than 100 % of 100 images"),
    ],
)
def test_unlikeness_in_words(nats, level, words):
    codes = Codes(np.empty((0, 1), np.float32), np.empty((0, 1), np.float32), None)
    judged = original(np.zeros((3, 3)), nats=nats)
    assert unlikeness(judged, ReferenceElbo(np.arange(100.0), codes)) == (level, words)


def test_without_images_there_is_nothing_to_compare_with():
    codes = Codes(np.empty((0, 1), np.float32), np.empty((0, 1), np.float32), None)
    level, words = unlikeness(original(np.zeros((3, 3))), ReferenceElbo(np.empty(0), codes))
    assert (level, words) == ("fine", "There are no images on the map to compare it with")


def test_a_light_ground_is_told_what_to_try():
    paper = np.full((9, 9), 230)
    codes = Codes(np.empty((0, 1), np.float32), np.empty((0, 1), np.float32), None)
    _, words = unlikeness(original(paper), ReferenceElbo(np.arange(100.0), codes))
    assert words.endswith("try Crop, Invert")
    assert background_differs(original(paper).original)
    assert not background_differs(original(paper, paper).original)
    assert not background_differs(original(np.zeros((9, 9))).original)
    assert not background_differs(original(np.full((9, 9, 3), 230)).original)


def test_errors_are_shares_of_white():
    grey = original([[0, 255], [51, 0]], [[0, 0], [0, 102]]).original
    np.testing.assert_allclose(error_map(grey), [[0, 1], [0.2, 0.4]])
    assert pixel_rmse(grey) == pytest.approx(np.sqrt((1 + 0.04 + 0.16) / 4))
    colour = original([[[255, 0, 51]]]).original
    np.testing.assert_allclose(error_map(colour), [[0.4]])


# Filling in


@pytest.mark.parametrize("kind", [Inpaint, InpaintSamples])
def test_fills_keep_what_is_seen_and_the_label(explorer, digit, kind):
    mine = answer(
        EncodeOwnImage(OwnImage(SourceImage("mine", digit), Preprocessing()), 3), explorer
    )
    hidden = hidden_below()
    fills = finish(kind(mine, hidden), explorer)
    assert len(fills.tiles.points) == len(fills.log_joint) == (1 if kind is Inpaint else 6)
    for point, picture in zip(fills.tiles.points, fills.tiles.pictures, strict=True):
        np.testing.assert_array_equal(picture[~hidden], digit[~hidden])
        np.testing.assert_array_equal(picture[hidden], explorer.decode(point).pixels[hidden])
        assert point.label == mine.point.label


def test_filling_in_beats_the_code_of_the_whole(vae, digit):
    """It is free to ignore what is hidden, and so explains what is seen no worse."""
    mine = answer(EncodeOwnImage(OwnImage(SourceImage("mine", digit), Preprocessing())), vae)
    hidden = hidden_below()
    fills = finish(Inpaint(mine, hidden), vae)
    z = torch.tensor([mine.point.z])
    with torch.no_grad():
        each = vae.model.decode(z).base_dist.log_prob(torch.from_numpy(digit / 255.0).float())
        seen = torch.from_numpy(~hidden)
        own = float((each * seen).sum() + vae.model.prior().log_prob(z))
    assert fills.log_joint[0] > own


def test_what_cannot_be_filled_in_is_told(vae, digit):
    mine = answer(EncodeOwnImage(OwnImage(SourceImage("mine", digit), Preprocessing())), vae)
    with pytest.raises(DataError, match="The whole image is hidden"):
        finish(Inpaint(mine, np.ones((28, 28), bool)), vae)
    other = replace(mine, picture=np.zeros((5, 5), np.uint8))
    for request in (Inpaint(other, np.eye(5, dtype=bool)), EstimateElbo(other)):
        with pytest.raises(DataError, match="does not have the size"):
            finish(request, vae)
