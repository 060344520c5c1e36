"""Metrics against closed forms and known answers."""

from pathlib import Path

import numpy as np
import pytest
import torch
from linear_gaussian import LinearGaussian
from torch.distributions import Independent, MultivariateNormal, Normal

from latentlab.data.image_set import Attributes, ImageSet, ImageSpec
from latentlab.errors import DataError
from latentlab.learning.recipe import make_recipe
from latentlab.metrics.extractors import Extractor, extractor
from latentlab.metrics.factors import factors_of
from latentlab.metrics.measurement import Measurement, Refusal
from latentlab.metrics.measures.dci import disentanglement
from latentlab.metrics.measures.log_likelihood import bound, curve_points
from latentlab.metrics.measures.marginal_kl import entropy_of
from latentlab.metrics.measures.mig import gaps_of
from latentlab.metrics.measures.modularity import modularity_of
from latentlab.metrics.measures.similarity_matrix import similarities
from latentlab.metrics.measures.ssim import similarity
from latentlab.metrics.metric import METRICS
from latentlab.metrics.run import chosen_metrics, measure_all
from latentlab.metrics.source import Source
from latentlab.metrics.two_samples import (
    balls,
    frechet_distance,
    frechet_of_moments,
    kernel_distances,
    radii,
)
from latentlab.models.base import Model
from latentlab.work import finish

SHAPE = (1, 4, 5)


class Crafted(Model):
    """The first pixels are the code; the decoder draws them again."""

    def __init__(self, latent_dim=2, shape=(1, 12, 12), sigma=0.1, conditional=False):
        super().__init__()
        self.latent_dim, self.shape, self.sigma = latent_dim, shape, sigma
        self.anchor = torch.nn.Parameter(torch.zeros(1))

    def encode(self, x, y=None):
        mean = x.flatten(1)[:, : self.latent_dim] * 4 - 2
        q = Normal(mean, torch.full_like(mean, self.sigma), validate_args=False)
        return Independent(q, 1)

    def decode(self, z, y=None):
        pixels = torch.zeros(len(z), int(np.prod(self.shape)))
        pixels[:, : self.latent_dim] = (z + 2) / 4
        mean = pixels.view(-1, *self.shape)
        p = Normal(mean, torch.full_like(mean, 0.1), validate_args=False)
        return Independent(p, 3)


def images_of(pixels, labels=None, names=(), attributes=None):
    return ImageSet(pixels, labels, ImageSpec(pixels.shape[1:], names), attributes)


def noise(count, shape=(1, 12, 12), seed=0):
    rng = np.random.default_rng(seed)
    return rng.random((count, *shape)).astype(np.float32)


def measured(kind, source, **settings):
    (found,) = finish(measure_all(chosen_metrics([kind], {kind: settings}), source))
    return found


def with_factors(codes):
    """Images whose code is `codes`, of factors that are its columns in 10 levels."""
    pixels = np.zeros((len(codes), 1, 12, 12), np.float32)
    pixels.reshape(len(codes), -1)[:, : codes.shape[1]] = codes
    names = tuple(f"f{i}" for i in range(codes.shape[1]))
    return images_of(pixels, attributes=Attributes(names, np.round(codes * 9).astype(np.float32)))


def aligned(count=600, dimensions=2, seed=0):
    rng = np.random.default_rng(seed)
    return with_factors((rng.integers(10, size=(count, dimensions)) / 9).astype(np.float32))


def test_images_sorted_by_class_are_measured_on_all_classes():
    """A part of them is a random one, and its labels are those of the same images."""
    pixels = np.repeat(np.array([0.0, 0.5, 1.0], np.float32), 40).reshape(120, 1, 1, 1)
    pixels = np.broadcast_to(pixels, (120, 1, 12, 12))
    labels = np.repeat(np.arange(3), 40)
    source = Source(Crafted(), images_of(pixels, labels, ("a", "b", "c")), "test")
    features = finish(source.image_features(extractor(None), 30))
    assert len(np.unique(features.round(6), axis=0)) == 3
    rows = source.rows(30)
    assert set(source.labels[rows]) == {0, 1, 2}
    np.testing.assert_array_equal(source.images.images[rows][:, 0, 0, 0] * 2, labels[rows])


# Likelihood


@pytest.fixture(scope="module")
def linear():
    model = LinearGaussian(SHAPE)
    with torch.no_grad():
        z = torch.randn(40, 3, generator=torch.Generator().manual_seed(1))
        x = model.decode(z).mean + 0.2 * torch.randn(
            40, *SHAPE, generator=torch.Generator().manual_seed(2)
        )
        covariance = model.weight @ model.weight.T + model.sigma**2 * torch.eye(20)
        exact = MultivariateNormal(model.bias, covariance).log_prob(x.flatten(1))
    return model, x.numpy(), exact.double().numpy()


def test_the_log_likelihood_of_a_linear_gaussian_is_exact(linear):
    """Its posterior is exact, so that every weight is p(x)."""
    model, x, exact = linear
    found = measured("log-likelihood", Source(model, images_of(x), "test"), k=7)
    assert found.value == pytest.approx(-exact.mean(), abs=1e-3)
    assert found.values[0].error == pytest.approx(exact.std(ddof=1) / 40**0.5, rel=1e-3)
    assert found.named("Effective draws").value == pytest.approx(7, rel=1e-3)
    assert found.series[0].x == (1, 2, 5, 7)
    np.testing.assert_allclose(found.series[0].y, -exact.mean(), atol=2e-3)
    assert found.on.text == "40 images (test), k = 7, seed 0"


def test_a_wrong_posterior_is_corrected_by_many_draws(linear, monkeypatch):
    model, x, exact = linear
    right = model.encode

    def wide(x, y=None):
        q = right(x).base_dist
        return Independent(Normal(q.loc + 0.05, 1.3 * q.scale), 1)

    monkeypatch.setattr(model, "encode", wide)
    found = measured("log-likelihood", Source(model, images_of(x), "test"), k=2000)
    bounds = found.series[0].y
    assert bounds[0] > bounds[3] > bounds[-1]
    assert bounds[-1] == pytest.approx(-exact.mean(), abs=0.02)
    assert bounds[0] > -exact.mean() + 0.1


def test_the_elbo_of_an_exact_posterior_is_the_log_likelihood(linear):
    model, x, exact = linear
    found = measured("elbo", Source(model, images_of(x), "test"), draws=500)
    assert found.value == pytest.approx(-exact.mean(), abs=0.1)
    parts = found.named("Rate").value + found.named("Distortion").value
    assert parts == pytest.approx(found.value)


def test_the_bound_of_known_weights():
    log_w = torch.tensor([[0.0], [2.0], [1.0], [3.0]]).double()
    pairs = [np.logaddexp(0, 2), np.logaddexp(1, 3)]
    assert bound(log_w, 2).item() == pytest.approx(np.mean(pairs) - np.log(2))
    assert bound(log_w, 3).item() == pytest.approx(np.logaddexp.reduce([0, 2, 1]) - np.log(3))
    assert curve_points(1) == [1]
    assert curve_points(200) == [1, 2, 5, 10, 20, 50, 100, 200]


def test_a_bernoulli_of_grey_pixels_is_named_as_no_likelihood(vae_run):
    from latentlab.api.model import load

    model = load(vae_run)
    grey = noise(5, (1, 28, 28))
    for pixels, noted in ((grey, True), (grey.round(), False)):
        found = measured("log-likelihood", Source(model.network, images_of(pixels), "x"), k=2)
        assert bool(found.notes) is noted


# Latent space


def test_active_units_are_those_that_vary():
    pixels = noise(500)
    pixels.reshape(500, -1)[:, 1] = 0.5
    found = measured("active-units", Source(Crafted(3), images_of(pixels), "test"))
    assert (found.value, found.values[0].unit) == (2, "of 3")


def test_equal_posteriors_tell_nothing_of_the_image():
    pixels = np.full((300, 1, 12, 12), 0.75, np.float32)  # code 1, sigma 1/2
    found = measured("aggregate-posterior", Source(Crafted(2, sigma=0.5), images_of(pixels), "t"))
    kl = 2 * (0.5 * (1 + 0.25 - 1) - np.log(0.5))
    assert found.named("Mean KL").value == pytest.approx(kl, rel=1e-5)
    assert found.value == pytest.approx(0, abs=1e-4)
    assert found.named("Marginal KL").value == pytest.approx(kl, abs=1e-3)


@pytest.mark.parametrize(("mean", "deviation"), [(0.0, 1.0), (1.0, 0.5)])
@pytest.mark.parametrize("sigma", [1e-6, 0.1])
def test_the_marginal_kl_of_gaussian_codes_is_the_closed_form(mean, deviation, sigma):
    codes = np.random.default_rng(0).normal(mean, deviation, (4000, 2))
    pixels = np.zeros((4000, 1, 12, 12), np.float32)
    pixels.reshape(4000, -1)[:, :2] = (codes + 2) / 4
    found = measured("marginal-kl", Source(Crafted(2, sigma=sigma), images_of(pixels), "test"))
    variance = deviation**2 + sigma**2
    kl = 2 * 0.5 * (mean**2 + variance - 1 - np.log(variance))
    assert found.value == pytest.approx(kl, abs=0.06)


def test_equal_codes_have_no_density():
    with pytest.raises(DataError, match="equal"):
        entropy_of(np.zeros((20, 2)), 5)


def test_separate_posteriors_tell_log_n():
    rng = np.random.default_rng(0)
    found = measured(
        "aggregate-posterior",
        Source(Crafted(8, sigma=1e-3), images_of(rng.random((64, 1, 12, 12), np.float32)), "t"),
    )
    assert found.value == pytest.approx(np.log(64), abs=0.02)


@pytest.mark.parametrize("kind", ["linear-probe", "neighbour-accuracy"])
def test_separate_classes_are_told_apart_by_their_codes(kind):
    labels = np.arange(200) % 2
    pixels = 0.2 * noise(200)
    pixels[labels == 1] += 0.7
    images = images_of(pixels, labels, ("a", "b"))
    source = Source(Crafted(), images[:100], "test", images[100:])
    found = measured(kind, source)
    assert found.value == 1
    assert found.values[1].value == 0.5
    shuffled = images_of(pixels, np.random.default_rng(0).permutation(labels), ("a", "b"))
    assert measured(kind, Source(Crafted(), shuffled, "test")).value < 0.75


# Disentanglement


@pytest.mark.parametrize(
    ("kind", "least"),
    [("mig", 0.9), ("sap", 0.05), ("dci", 0.9), ("factor-vae", 0.99), ("modularity", 0.95)],
)
def test_aligned_codes_score_high_and_mixed_codes_low(kind, least):
    few = {"factor-vae": {"votes": 200, "other_votes": 100}}.get(kind, {})
    images = aligned()
    found = measured(kind, Source(Crafted(), images, "test"), **few)
    assert found.value > least
    turned = np.array([[1, 1], [1, -1]]) / 2
    mixed = images.images.copy()
    codes = mixed.reshape(len(mixed), -1)[:, :2]
    mixed.reshape(len(mixed), -1)[:, :2] = (codes - 0.5) @ turned + 0.5
    worse = measured(kind, Source(Crafted(), images.with_pixels(mixed, slice(None)), "t"), **few)
    assert worse.value < found.value - 0.04
    assert "Factors: f0, f1." in found.notes[0]


def test_irs_of_aligned_codes_is_one():
    assert measured("irs", Source(Crafted(), aligned(), "test")).value == pytest.approx(1)


def test_the_gap_of_identical_codes_is_one_and_of_copies_zero():
    levels = np.random.default_rng(0).integers(10, size=(4000, 2))
    np.testing.assert_allclose(gaps_of(levels.astype(float), levels), 1, atol=0.01)
    np.testing.assert_allclose(gaps_of(levels[:, [0, 0, 1, 1]].astype(float), levels), 0)


def test_known_importances():
    assert disentanglement(np.eye(3)) == pytest.approx(1)
    assert disentanglement(np.ones((2, 4))) == pytest.approx(0)
    assert disentanglement(np.array([[1, 0], [1, 1]])) == pytest.approx(1 / 3)
    assert modularity_of(np.array([[1.0, 0, 0], [1, 1, 0], [0, 0, 0]])) == pytest.approx(0.5)


def test_continuous_factors_are_binned_and_constant_or_unknown_ones_left_out():
    rng = np.random.default_rng(0)
    values = np.stack([rng.random(500), np.arange(500) % 3, np.ones(500), np.arange(500)], 1)
    values[3, 3] = np.nan
    found = factors_of(Attributes(("x", "shape", "same", "odd"), values.astype(np.float32)))
    assert found.names == ("x", "shape")
    assert found.binned == ("x",)
    assert found.levels.max(0).tolist() == [19, 2]
    assert np.abs(found.levels[:, 0] + 0.5 - 20 * values[:, 0]).max() < 0.7


# Samples


def test_the_frechet_distance_of_two_gaussians():
    one, other = np.diag([1.0, 4.0]), np.diag([9.0, 4.0])
    assert frechet_of_moments(np.zeros(2), one, np.array([3.0, 4]), other) == pytest.approx(25 + 4)
    rng = np.random.default_rng(0)
    x = rng.standard_normal((20_000, 2))
    assert frechet_distance(x, 3 * x + [1, 2]) == pytest.approx(2 * 4 + 5, rel=0.03)
    assert frechet_distance(x, x) == pytest.approx(0, abs=1e-6)


def test_the_kernel_distance_is_unbiased_and_that_of_two_points():
    rng = np.random.default_rng(0)
    same = kernel_distances(rng.standard_normal((2000, 4)), rng.standard_normal((2000, 4)), 0)
    assert abs(same.mean()) < 3 * same.std(ddof=1) / len(same) ** 0.5
    ones, zeros = np.ones((40, 2)), np.zeros((40, 2))
    np.testing.assert_allclose(kernel_distances(ones, zeros, 0), 8 + 1 - 2)


def test_neighbourhoods_of_points_on_a_line():
    real, fake = np.array([[0.0], [1], [2], [10]]), np.array([[0.5], [1.5], [30]])
    reach = finish(radii(real, 1))
    np.testing.assert_allclose(reach, [1, 1, 1, 64])
    counts, used = finish(balls(real, reach, fake))
    assert counts.tolist() == [2, 2, 0]
    assert used.tolist() == [True, True, True, False]


@pytest.fixture(scope="module")
def digits_source():
    from latentlab.api.model import load
    from latentlab.explorer.scores.metrics import source_of

    found = source_of(load("digits-2d").explorer, 300)
    return Source(found.model, found.images, "test", found.images[100:])


@pytest.mark.parametrize("kind", ["fid", "kid", "precision-recall", "density-coverage"])
def test_samples_equal_to_the_images_are_perfect(kind, digits_source, monkeypatch):
    source = Source(digits_source.model, digits_source.images, "test")

    def same(self, network, count, seed):
        return self.image_features(network, count)

    worse = measured(kind, source)
    monkeypatch.setattr(Source, "sample_features", same)
    best = measured(kind, source)
    assert "latentlab perceptual 64" in best.on.text
    if kind in ("fid", "kid"):
        assert abs(best.value) < 0.02 < worse.value
    else:
        assert all(value.value >= 1 for value in best.values)
        assert worse.values[1].value < 1


def test_a_model_that_repeats_training_images_is_noticed(digits_source, monkeypatch):
    source = Source(digits_source.model, digits_source.images[:100], "t", digits_source.training)

    def repeated(self, count, seed):
        yield from ()
        return np.asarray(source.training.images[:count])

    honest = measured("nearest-training", source, samples=100)
    assert honest.named("Held-out images").value > 0.05
    monkeypatch.setattr(Source, "samples", repeated)
    copied = measured("nearest-training", source, samples=100)
    assert copied.value == pytest.approx(0, abs=1e-4)
    assert honest.value > 0.3


def test_classes_of_samples_are_named_by_their_neighbours(digits_source, monkeypatch):
    def ones(self, count, seed):
        yield from ()
        rows = np.flatnonzero(self.training.labels == 1)
        return np.asarray(self.training.images[np.resize(rows, count)])

    spread = measured("class-histogram", digits_source, samples=200)
    monkeypatch.setattr(Source, "samples", ones)
    found = measured("class-histogram", digits_source, samples=200, classifier="codes")
    assert found.named("Classes without a sample").value > spread.values[1].value
    assert found.value > 0.7 > spread.value
    assert found.on.classifier == "nearest neighbours by own codes"
    refused = measured("class-histogram", digits_source, classifier="opened")
    assert refused.reason.startswith("No classifier is open")


def test_an_ex_post_mixture_samples_where_the_codes_are(monkeypatch):
    """Codes near (1.5, 1.5), prior at the origin: the mixture draws the images better."""
    pixels = np.zeros((200, 1, 28, 28), np.float32)
    pixels[:, 0] = 0.875 + 0.01 * noise(200, (28, 28))
    model = Crafted(784, (1, 28, 28))
    monkeypatch.setattr("latentlab.metrics.source.sample_mixture", lambda c, n, *_: c.mu[:n])
    found = measured("mixture-kid", Source(model, images_of(pixels), "test"))
    assert found.named("KID, mixture").value < 0.1 * found.named("KID, prior").value
    assert found.named("Change").value < -90
    assert found.notes == ("Mixture fitted to codes of the images themselves (test).",)


def test_inception_is_taken_only_from_a_file(tmp_path):
    with pytest.raises(DataError, match=r"no \.safetensors file of Inception"):
        extractor(tmp_path / "inception.pth")
    (tmp_path / "other.safetensors").write_bytes(b"nothing")
    with pytest.raises(DataError, match="does not hold Inception"):
        extractor(tmp_path / "other.safetensors")


# Reconstructions


def test_reconstructions_with_a_known_error():
    pixels = np.zeros((4, 1, 12, 12), np.float32)
    pixels.reshape(4, -1)[:, 2] = 0.5  # the decoder draws the first two pixels only
    source = Source(Crafted(), images_of(pixels), "test")
    found = measured("pixel-error", source)
    assert found.value == pytest.approx(0.25 / 144)
    assert found.named("PSNR").value == pytest.approx(10 * np.log10(144 / 0.25))
    exact = Source(Crafted(), images_of(np.zeros((4, 1, 12, 12), np.float32)), "test")
    assert measured("pixel-error", exact).value == 0
    assert measured("ssim", exact).value == pytest.approx(1)
    assert measured("perceptual-distance", exact).value == 0
    assert measured("ssim", source).value < 1
    assert measured("perceptual-distance", source).value > 0


def test_the_similarity_of_constant_images():
    a, b = np.full((1, 1, 16, 16), 0.2), np.full((1, 1, 16, 16), 0.8)
    wanted = (2 * 0.16 + 1e-4) / (0.04 + 0.64 + 1e-4)
    np.testing.assert_allclose(similarity(a, b), wanted, rtol=1e-6)
    np.testing.assert_allclose(similarity(a, a), 1)


# Anomalies and interpolation


def test_anomalies_are_the_classes_without_training_images():
    labels = np.arange(100) % 2
    pixels = 0.4 + 0.05 * noise(100)
    pixels[:, :, 6:] = 0
    pixels[labels == 1, :, 6:] = 1
    images = images_of(pixels, labels, ("usual", "odd"))
    training = images[np.flatnonzero(labels == 0)]
    found = measured("anomalies", Source(Crafted(), images, "test", training))
    assert found.value == 1
    assert found.named("Average precision").value == 1
    assert "50 images of odd" in found.notes[0]
    error = measured("pixel-error", Source(Crafted(), images, "test", training))
    assert error.notes[-1] == "The images include odd, of which none was trained on."
    refused = measured("anomalies", Source(Crafted(), images, "test", images))
    assert isinstance(refused, Refusal)
    assert "not known which classes are anomalies" in refused.reason
    named = measured("anomalies", Source(Crafted(), images, "test", images), classes=("usual",))
    assert named.value == 0


def test_lines_of_a_linear_decoder_are_even_and_straight():
    found = measured("interpolation", Source(Crafted(), images_of(noise(50)), "test"), lines=20)
    assert found.value == pytest.approx(1)
    assert found.named("Length / distance").value == pytest.approx(1)


# All metrics


def test_each_metric_has_a_title_a_sentence_and_its_own_test():
    text = Path(__file__).read_text(encoding="utf-8")
    for kind, config in METRICS.kinds().items():
        assert f'"{kind}"' in text, kind
        assert config.model_config.get("title")
        assert config.sentence().endswith(".")


def test_what_is_missing_is_said_and_never_measured():
    model = Crafted()
    for outcome in finish(measure_all(chosen_metrics(), Source(model, None, "test"))):
        assert isinstance(outcome, Refusal), outcome
        assert "images" in outcome.reason
    model.has_posterior = False
    found = measured("log-likelihood", Source(model, images_of(noise(9)), "test"))
    assert found.reason.startswith("This needs standard deviations of the posteriors")
    model.has_encoder = False
    assert "an encoder" in measured("pixel-error", Source(model, images_of(noise(9)), "t")).reason
    assert "classes" in measured("linear-probe", Source(Crafted(), images_of(noise(9)), "t")).reason
    assert "factors" in measured("mig", Source(Crafted(), images_of(noise(9)), "t")).reason
    assert "too few" in measured("fid", Source(Crafted(), images_of(noise(9)), "t")).reason


def test_a_prior_over_discrete_codes_has_no_density():
    values = {"kind": "vq-vae", "width": 2, "halvings": 3, "codes": 7, "code_channels": 2}
    model = make_recipe({"model": values}).model.build(ImageSpec((1, 16, 16))).eval()
    found = measured("marginal-kl", Source(model, images_of(noise(20, (1, 16, 16))), "test"))
    assert "a prior with a density" in found.reason


@pytest.mark.parametrize("kind", ["mig", "sap", "dci"])
def test_one_latent_dimension_is_not_compared_with_others(kind):
    found = measured(kind, Source(Crafted(latent_dim=1), aligned(), "test"))
    assert "two or more latent dimensions" in found.reason


def test_factors_are_found_once():
    source = Source(Crafted(), aligned(), "test")
    assert source.factors is source.factors


def test_files_of_one_name_are_different_extractors(tmp_path):
    source = Source(Crafted(), images_of(noise(4)), "test")
    features = [
        finish(source.image_features(Extractor("same", compute, tmp_path / folder / "a"), 4))
        for folder, compute in (("one", torch.zeros_like), ("two", torch.ones_like))
    ]
    assert features[0].max() == 0
    assert features[1].min() == 1


def test_a_number_that_is_not_finite_is_refused():
    pixels = noise(9)
    pixels[0] = np.nan
    found = measured("pixel-error", Source(Crafted(), images_of(pixels), "test"))
    assert found.reason.startswith("MSE is no finite number")


def test_measurements_are_cancelled_between_two_steps():
    work = measure_all(chosen_metrics(["elbo"]), Source(Crafted(), images_of(noise(99)), "t"))
    assert next(work).fraction == 0
    assert "Drawing codes" in next(work).message
    work.close()


def test_unknown_metrics_and_settings_are_refused():
    with pytest.raises(DataError, match="no metric 'fidd'"):
        chosen_metrics(["fidd"])
    with pytest.raises(Exception, match="draw"):
        chosen_metrics(["elbo"], {"elbo": {"drawz": 1}})


def test_measurements_survive_json():
    found = measured("log-likelihood", Source(Crafted(), images_of(noise(3)), "test"), k=2)
    assert Measurement.model_validate_json(found.model_dump_json(), strict=True) == found


def test_inception_of_a_file_gives_the_features_of_its_last_pooling(tmp_path):
    """The weights are zero but for the shift of one channel of the last block."""
    from safetensors.torch import save_file
    from torchvision.models import inception_v3

    with torch.device("meta"):
        network = inception_v3(weights=None, init_weights=False)
    weights = {
        name: torch.zeros(value.shape, dtype=torch.float16)
        for name, value in network.state_dict().items()
        if "num_batches" not in name
    }
    weights["Mixed_7c.branch1x1.bn.bias"][3] = 2
    save_file(weights, tmp_path / "inception.safetensors")
    found = extractor(tmp_path / "inception.safetensors")
    features = finish(found.features(noise(1), "Features"))
    assert features.shape == (1, 2048)
    assert features[0, 3] == 2
    assert features.sum() == 2
    assert found.name == "Inception v3, pool3 2048, inception.safetensors"


def test_bits_per_dimension_are_given_of_eight_bit_likelihoods_only():
    pixels = (255 * noise(6, (1, 8, 8))).astype(np.uint8)
    for likelihood, given in (("discretized-gaussian", True), ("gaussian", False)):
        recipe = make_recipe({"model": {"kind": "vae", "hidden": [8], "likelihood": likelihood}})
        model = recipe.model.build(ImageSpec((1, 8, 8))).eval()
        for kind in ("log-likelihood", "elbo"):
            found = measured(kind, Source(model, images_of(pixels), "test"))
            names = [value.name for value in found.values]
            assert ("Bits per dimension" in names) is given
            if given:
                bits = found.named("Bits per dimension").value
                assert bits == pytest.approx(found.value / 64 / np.log(2))
            assert bool(found.notes) is not given


@pytest.mark.parametrize("kind", ["log-likelihood", "elbo"])
def test_the_bits_of_one_image_have_no_error(kind):
    recipe = make_recipe(
        {"model": {"kind": "vae", "hidden": [8], "likelihood": "discretized-gaussian"}}
    )
    model = recipe.model.build(ImageSpec((1, 8, 8))).eval()
    pixels = (255 * noise(1, (1, 8, 8))).astype(np.uint8)
    found = measured(kind, Source(model, images_of(pixels), "test"))
    assert found.values[0].error is None
    assert found.named("Bits per dimension").error is None


def test_similarities_are_means_over_pairs_of_different_images():
    rng = np.random.default_rng(0)
    codes, labels = rng.standard_normal((12, 3)), np.arange(12) % 3
    found = similarities(codes, labels)
    z = codes - codes.mean(0)
    cosines = (z @ z.T) / np.outer(*[np.linalg.norm(z, axis=1)] * 2)
    for a in range(3):
        for b in range(3):
            pairs = [
                cosines[i, j]
                for i in np.flatnonzero(labels == a)
                for j in np.flatnonzero(labels == b)
                if i != j
            ]
            assert found[a, b] == pytest.approx(np.mean(pairs))
    assert np.isnan(similarities(codes[:3], labels[:3])[0, 0])


def test_classes_with_codes_on_opposite_sides_have_similarity_minus_one():
    labels = np.arange(40) % 2
    pixels = np.zeros((40, 1, 12, 12), np.float32)
    pixels[labels == 1, 0, 0, :2] = 1
    source = Source(Crafted(), images_of(pixels, labels, ("left", "right")), "test")
    found = measured("similarity-matrix", source)
    assert found.value == pytest.approx(1)
    assert found.named("Similarity of different classes").value == pytest.approx(-1)
    assert [row.name for row in found.series] == ["left", "right"]
    assert found.series[0].y == pytest.approx((1, -1))
