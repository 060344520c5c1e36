"""From images to codes and back, and new points from the prior."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from latentlab.data import image_set as base
from latentlab.data.data_set import load
from latentlab.data.image_set import ImageSet, ImageSpec
from latentlab.data.sources.digits import DigitsConfig
from latentlab.latent import encode as module
from latentlab.latent.encode import (
    BATCH,
    decode,
    decode_means,
    decode_samples,
    encode,
    encode_within,
    to_hwc,
    to_model_input,
)
from latentlab.latent.prior_samples import sample_prior
from latentlab.learning.checkpoint import load_model
from latentlab.models.mlp_vae import CVAEConfig, VAEConfig
from latentlab.work import finish

NAMES = ("ant", "bee", "cat")
GREY, COLOUR = ImageSpec((1, 4, 6), NAMES), ImageSpec((3, 5, 7), NAMES)
ACROSS = 2 * BATCH + 3
"""Images that need two whole batches and a bit."""


def make(config=VAEConfig, spec=GREY, latent_dim=2):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return config(hidden=(8,), latent_dim=latent_dim).build(spec).eval()


def images(count=ACROSS, spec=GREY):
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (count, *spec.shape), np.uint8)
    return ImageSet(pixels, rng.integers(0, spec.classes, count), spec)


def test_large_images_are_taken_fewer_at_a_time():
    assert ImageSpec((1, 28, 28)).at_once(BATCH) == BATCH
    assert ImageSpec((3, 128, 128)).at_once(BATCH) == 42
    assert ImageSpec((3, 5000, 5000)).at_once(BATCH) == 1


def test_pieces_make_no_difference(monkeypatch):
    monkeypatch.setattr(base, "AT_ONCE", 10 * GREY.pixels)
    model, some = make(), images(130)
    z = encode(model, some).mu
    pictures = decode(model, z, None)
    monkeypatch.undo()
    np.testing.assert_allclose(encode(model, some).mu, z, atol=1e-5)
    assert pictures.shape == (130, 4, 6)
    assert np.abs(decode(model, z, None).astype(int) - pictures).max() <= 1


@pytest.mark.parametrize("config", [VAEConfig, CVAEConfig])
def test_codes_are_what_the_encoder_says_across_batches(config):
    model, some = make(config), images()
    codes = encode(model, some)
    with torch.no_grad():
        x = torch.from_numpy(some.images).float() / 255
        q = model.encode(x, torch.from_numpy(some.labels))
    np.testing.assert_allclose(codes.mu, q.mean, atol=1e-5)
    np.testing.assert_allclose(codes.sigma, q.stddev, atol=1e-5)
    np.testing.assert_array_equal(codes.labels, some.labels)
    assert codes.mu.dtype == codes.sigma.dtype == np.float32
    assert codes.mu.shape == (ACROSS, 2)


def test_exactly_one_batch_is_one_batch():
    assert len(encode(make(), images(BATCH))) == BATCH


def test_no_images_have_no_codes():
    codes = encode(make(latent_dim=5), images()[:0])
    assert codes.mu.shape == codes.sigma.shape == (0, 5)
    assert codes.labels.shape == (0,)


def test_images_without_labels_have_codes_without():
    some = ImageSet(images(3).images, None, ImageSpec(GREY.shape))
    assert encode(make(), some).labels is None
    with pytest.raises(ValueError, match="needs labels"):
        encode(make(CVAEConfig), some)


def test_pictures_are_the_decoders_means_rounded_to_bytes_across_batches():
    model = make()
    z = 3 * np.random.default_rng(1).standard_normal((ACROSS, 2)).astype(np.float32)
    pictures = decode(model, z, None)
    with torch.no_grad():
        means = 255 * model.decode(torch.from_numpy(z)).mean.numpy()[:, 0].astype(np.float64)
    assert (pictures.shape, pictures.dtype) == ((ACROSS, 4, 6), np.uint8)
    assert np.abs(pictures - means).max() <= 0.5 + 1e-3
    assert (pictures > means).mean() > 0.3, "half of them should be rounded up"


def test_every_point_is_decoded_with_its_own_label_across_batches():
    model = make(CVAEConfig)
    z = np.zeros((ACROSS, 2), np.float32)
    labels = np.arange(ACROSS) % 3
    pictures = decode(model, z, labels)
    for label in range(3):
        alone = decode(model, z[:1], np.array([label]))
        assert (pictures[labels == label] == alone).all()
    assert len({picture.tobytes() for picture in pictures}) == 3
    with pytest.raises(ValueError, match="needs labels"):
        decode(model, z, None)


def test_points_of_any_layout_are_decoded():
    model = make()
    z = np.random.default_rng(2).standard_normal((6, 4))
    expected = decode(model, z[::2, 1:3].astype(np.float32), None)
    np.testing.assert_array_equal(decode(model, z[::2, 1:3], None), expected)


def test_colours_lie_last_as_screens_want_them():
    model = make(spec=COLOUR)
    z = np.random.default_rng(3).standard_normal((4, 2)).astype(np.float32)
    pictures = decode(model, z, None)
    assert pictures.shape == (4, 5, 7, 3)
    assert pictures.flags.c_contiguous
    with torch.no_grad():
        means = 255 * model.decode(torch.from_numpy(z)).mean.numpy()
    assert np.abs(pictures[2, 3, 6] - means[2, :, 3, 6]).max() <= 0.501


def test_to_picture_keeps_leading_dimensions():
    grey = np.arange(24, dtype=np.uint8).reshape(2, 1, 3, 4)
    np.testing.assert_array_equal(to_hwc(grey), grey[:, 0])
    assert to_hwc(grey[0]).shape == (3, 4)
    colour = np.arange(24, dtype=np.uint8).reshape(3, 2, 4)
    assert to_hwc(colour)[1, 2].tolist() == colour[:, 1, 2].tolist()


def test_pixels_go_from_black_0_to_white_1_and_are_a_copy():
    some = np.array([0, 51, 255], np.uint8).reshape(1, 1, 1, 3)
    some.flags.writeable = False  # as arrays over file content are
    pixels = to_model_input(some)
    assert pixels.dtype == torch.float32
    torch.testing.assert_close(pixels.flatten(), torch.tensor([0.0, 0.2, 1.0]))


def test_the_same_seed_draws_the_same_points():
    model = make(latent_dim=4)
    first = sample_prior(model, 9, 5, None)
    assert (first.shape, first.dtype) == ((9, 4), np.float32)
    np.testing.assert_array_equal(sample_prior(model, 9, 5, None), first)
    assert not (sample_prior(model, 9, 6, None) == first).any()


def test_drawing_points_leaves_torchs_own_dice_alone():
    before = torch.random.get_rng_state()
    sample_prior(make(), 10, 1, None)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_points_are_standard_normal():
    points = sample_prior(make(latent_dim=3), 20_000, 0, None).astype(np.float64)
    np.testing.assert_allclose(points.mean(0), 0, atol=0.03)
    np.testing.assert_allclose(np.cov(points.T), np.eye(3), atol=0.04)
    np.testing.assert_allclose((points**4).mean(0), 3, atol=0.25)


def test_labels_are_every_class_in_turn():
    spec = ImageSpec((1, 2, 2), ("a", "b", "c"))
    assert spec.labels_in_turn(5).tolist() == [0, 1, 2, 0, 1]
    assert ImageSpec((1, 2, 2)).labels_in_turn(2).tolist() == [0, 0]
    assert spec.labels_in_turn(2).dtype == np.int64


@pytest.mark.parametrize(("run", "latent_dim"), [("vae_run", 2), ("cvae_run", 3)])
def test_a_trained_model_tells_digits_apart(run, latent_dim, request):
    """Real weights and images: reconstructions are nearer to their image than to another."""
    model, _ = load_model(request.getfixturevalue(run))
    held_out = load(DigitsConfig()).validation[:200]
    codes = encode(model, held_out)
    assert codes.mu.shape == (200, latent_dim)
    pictures = decode(model, codes.mu, held_out.labels).astype(np.float64)
    originals = held_out.images[:, 0].astype(np.float64)
    own = ((pictures - originals) ** 2).mean()
    others = ((pictures - np.roll(originals, 1, axis=0)) ** 2).mean()
    assert own < 0.9 * others


@pytest.mark.parametrize(
    ("each", "seconds", "count"),
    [(0.001, 2.0, 1000), (0.001, 0.9, 512), (0.001, 0.5, 256), (0.001, 0.0, 256), (0.0, 0.0, 1000)],
)
def test_as_many_images_are_encoded_as_there_is_time_for(monkeypatch, each, seconds, count):
    """Twice as many each time, so that it is the same number when it is timed once more."""
    clock, plain = [0.0], module.encode

    def with_eta(model, some):
        clock[0] += each * len(some)
        return plain(model, some)

    monkeypatch.setattr(module, "time", SimpleNamespace(thread_time=lambda: clock[0]))
    monkeypatch.setattr(module, "encode", with_eta)
    model, some = make(), images(1000)
    codes = finish(encode_within(model, some, seconds))
    assert len(codes) == count
    np.testing.assert_allclose(codes.mu, plain(model, some).mu[:count], atol=1e-5)


# Samples of p(x|z)


def test_samples_of_bernoulli_pixels_are_black_and_white_with_the_decoded_mean():
    model = make()
    z = np.repeat(np.array([[0.5, -1.0]], np.float32), 4000, 0)
    mean, drawn = decode_means(model, z[:1], None)[0], decode_samples(model, z, None, 0)
    assert set(np.unique(drawn)) == {0, 1}
    error = np.sqrt(mean * (1 - mean) / len(z))
    assert np.all(np.abs(drawn.mean(0) - mean) < 4.5 * error)


def test_samples_of_gaussian_pixels_have_the_deviation_of_the_likelihood():
    from linear_gaussian import LinearGaussian

    model = LinearGaussian(sigma=0.05)
    torch.nn.init.constant_(model.bias, 0.5)
    drawn = decode_samples(model, np.zeros((2000, 3), np.float32), None, 1)
    assert drawn.std(0) == pytest.approx(0.05, rel=0.1)
    assert drawn.mean(0) == pytest.approx(0.5, abs=0.006)


def test_equal_seeds_give_equal_samples_and_leave_torch_alone():
    model, z = make(), np.zeros((2, 2), np.float32)
    before = torch.get_rng_state()
    first, again, other = (decode_samples(model, z, None, seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert torch.equal(before, torch.get_rng_state())
