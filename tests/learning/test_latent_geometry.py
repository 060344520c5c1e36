"""How codes lie, against closed forms."""

import math
import time
from itertools import pairwise

import pytest
import torch

from latentlab.learning.evaluate import validate
from latentlab.learning.latent_geometry import (
    STEPS,
    LatentGeometry,
    chance_same_class,
    same_class,
    unevenness,
)
from latentlab.learning.latent_statistics import latent_statistics
from latentlab.learning.loader import make_loader
from latentlab.learning.recipe import make_recipe
from latentlab.learning.trainer import Trainer
from latentlab.work import finish


def noise(seed=0):
    return torch.Generator().manual_seed(seed)


def line(generate, length=1.0, dim=1):
    return unevenness(lambda z, _: generate(z), torch.zeros(1, dim), torch.full((1, dim), length))


# The nearest other code


def test_pairs_of_a_class_find_each_other():
    points = torch.tensor([[0.0, 0], [0, 1], [9, 0], [9, 1]])
    assert same_class(points, torch.tensor([0, 0, 1, 1])) == 1
    assert same_class(points, torch.tensor([0, 1, 0, 1])) == 0
    assert same_class(points, torch.tensor([0, 0, 0, 1])) == 0.5


def test_of_equally_near_codes_each_counts_as_its_part():
    """Codes that are all the same tell just what chance tells."""
    labels = torch.arange(90) % 3
    points = torch.full((90, 4), 0.3, dtype=torch.float64)
    assert same_class(points, labels) == pytest.approx(chance_same_class(labels), abs=1e-12)
    middle = torch.tensor([[-1.0], [0.0], [1.0]])
    assert same_class(middle, torch.tensor([0, 0, 1])) == pytest.approx((1 + 0.5 + 0) / 3)


def test_codes_far_from_the_origin_are_no_trouble():
    """The product that all distances come from cancels large terms."""
    points = torch.randn(200, 3, generator=noise(), dtype=torch.float64)
    labels = (points[:, 0] > 0).long()
    assert same_class(points + 1e6, labels) == same_class(points, labels)


def test_as_a_search_through_all_pairs_finds():
    points, labels = torch.randn(60, 5, generator=noise()), torch.arange(60) % 4
    found = []
    for row, point in enumerate(points):
        others = [each for each in range(60) if each != row]
        nearest = min(others, key=lambda each: float((points[each] - point).norm()))
        found.append(bool(labels[nearest] == labels[row]))
    assert same_class(points, labels) == pytest.approx(sum(found) / 60)


def test_chance_is_that_of_another_image():
    assert chance_same_class(torch.tensor([0, 0, 1, 1])) == pytest.approx(1 / 3)
    many = torch.arange(10_000) % 10
    assert chance_same_class(many) == pytest.approx(0.1, abs=1e-4)
    shares = torch.tensor([0] * 7000 + [1] * 3000)
    assert chance_same_class(shares) == pytest.approx(0.7**2 + 0.3**2, abs=1e-4)


def test_codes_without_a_class_tell_what_chance_tells():
    points = torch.randn(4000, 2, generator=noise())
    assert same_class(points, torch.arange(4000) % 10) == pytest.approx(0.1, abs=0.02)


# The pace along a line


def test_a_linear_decoder_is_even():
    grad = torch.randn(6, 50, generator=noise())
    starts, ends = (torch.randn(9, 6, generator=noise(seed)) for seed in (1, 2))
    for at_once in (1, 4, 9):
        made = unevenness(lambda z, _: z @ grad + 3, starts, ends, at_once)
        assert made == pytest.approx(1, abs=1e-5)


def test_a_curve_at_an_even_pace_is_even_however_it_bends():
    assert line(lambda z: torch.cat([z.sin(), z.cos()], 1), 5.0) == pytest.approx(1, abs=1e-5)


def test_a_jump_is_as_uneven_as_can_be():
    assert line(lambda z: (z > 0.51).float()) == pytest.approx(STEPS)


def test_a_parabola():
    """Steps 1, 3, 5, … 2K-1 of K²: K Σ d² / (Σ d)² = (4K² - 1) / 3K²."""
    assert line(torch.square) == pytest.approx((4 * STEPS**2 - 1) / (3 * STEPS**2), rel=1e-5)


def test_it_is_one_plus_the_squared_variation_of_the_steps():
    at = torch.linspace(0, 1, STEPS + 1)
    steps = torch.tensor([float(b**3 - a**3) for a, b in pairwise(at)])
    want = 1 + float(steps.var(correction=0) / steps.mean() ** 2)
    assert line(lambda z: z**3) == pytest.approx(want, rel=1e-4)


def test_lines_weigh_by_what_changes():
    """One jumps by 3, one goes evenly by 1: (K·9 + 1) / (9 + 1)."""

    def generate(z):
        return torch.where(z < 2, z, 3 * (z > 10.51).float())

    made = unevenness(
        lambda z, _: generate(z), torch.tensor([[0.0], [10]]), torch.tensor([[1.0], [11]])
    )
    assert made == pytest.approx((9 * STEPS + 1) / 10, rel=1e-4)


def test_pictures_that_stand_still_have_no_pace():
    assert math.isnan(line(lambda z: torch.ones(len(z), 20)))
    assert math.isnan(line(lambda z: torch.ones(len(z), 20) + 1e-6 * z))
    assert math.isnan(line(lambda z: z * math.nan))


# In a run


def trainer(kind="vae", **data):
    values = {
        "model": {"kind": kind, "hidden": [16], "latent_dim": 2},
        "data": {"kind": "digits", **data},
        "training": {"batch_size": 100, "device": "cpu", "epochs": 1},
    }
    recipe = make_recipe(values)
    return Trainer(recipe, finish(recipe.data.load()), torch.device("cpu"))


def test_it_is_measured_after_each_epoch():
    made = trainer()
    latents = validate(made)[1]
    assert 0 < latents.same_class < 1
    assert latents.by_chance == pytest.approx(0.1, abs=0.005)
    assert latents.by_pixels > 0.7
    assert 1 <= latents.unevenness < 2
    assert made.model.training


def test_a_model_that_is_told_the_class_is_not_asked_for_it():
    latents = validate(trainer("cvae"))[1]
    assert math.isnan(latents.same_class)
    assert math.isnan(latents.by_chance)
    assert latents.unevenness >= 1


@pytest.mark.parametrize("labels", ["none", "one"])
def test_images_without_two_classes_are_asked_nothing(labels):
    made = trainer()
    feed = made.validation_feed
    feed._labels = None if labels == "none" else torch.zeros_like(feed._labels)
    latents = validate(made)[1]
    assert math.isnan(latents.same_class)
    assert latents.unevenness >= 1


def test_one_image_is_too_few():
    made = trainer()
    few = finish(made.recipe.data.load()).validation[:1]
    made.validation_feed = make_loader(few, torch.device("cpu"), 100)
    made.geometry = LatentGeometry(made.validation_feed)
    latents = validate(made)[1]
    assert math.isnan(latents.same_class)
    assert math.isnan(latents.unevenness)


def test_it_draws_no_noise_and_changes_nothing():
    made = trainer()
    mu = torch.randn(len(made.validation_feed), 2, generator=noise())
    states = [torch.get_rng_state(), made.noise.generator.get_state(), made.rng.get_state()]
    weights = [each.clone() for each in made.model.state_dict().values()]
    before = latent_statistics(mu, torch.ones_like(mu), noise())
    first, second = (made.geometry.add_to(before, made.model.eval(), mu) for _ in range(2))
    assert (first.same_class, first.unevenness) == (second.same_class, second.unevenness)
    now = [torch.get_rng_state(), made.noise.generator.get_state(), made.rng.get_state()]
    assert all(map(torch.equal, states, now))
    assert all(map(torch.equal, weights, made.model.state_dict().values()))
    assert (first.marginal_kl, first.images) == (before.marginal_kl, before.images)


def test_it_costs_little():
    made = trainer()
    mu = torch.randn(len(made.validation_feed), 2, generator=noise())
    before = latent_statistics(mu, torch.ones_like(mu), noise())
    times = []
    for _ in range(6):
        start = time.perf_counter()
        made.geometry.add_to(before, made.model.eval(), mu)
        times.append(time.perf_counter() - start)
    # 2 ms on a core that has nothing else to do.
    assert min(times) < 0.03
