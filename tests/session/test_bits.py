"""Bits per dimension, and which nats compare."""

import itertools
import math

import pytest

from latentlab.learning.recipe import make_recipe
from latentlab.models.likelihoods import LIKELIHOODS
from latentlab.session.curves.bits import bits_per_dimension, bits_text
from latentlab.session.library.comparable import DISCRETE, scale_of

LOSSES = {"loss": 1e9, "reconstruction": 700.0, "kl": 84.0}


def recipe(likelihood, **data):
    return make_recipe({"model": {"likelihood": likelihood}, "data": data or {}}).to_dict()


@pytest.mark.parametrize("likelihood", sorted(LIKELIHOODS.kinds()))
def test_only_likelihoods_of_8_bit_values_have_bits(likelihood):
    bits = bits_per_dimension(recipe(likelihood), 784, LOSSES)
    if likelihood.startswith("discretized"):
        assert likelihood in DISCRETE
        assert bits == pytest.approx(1 / math.log(2))
        assert bits_text(recipe(likelihood), 784, LOSSES) == "1.443 bits per dimension"
    else:
        assert bits is None
        assert bits_text(recipe(likelihood), 784, LOSSES) == ""


def test_losses_without_the_terms_of_an_elbo_have_none():
    assert bits_per_dimension(recipe(DISCRETE[0]), 784, {"loss": 3.0}) is None


def test_densities_probabilities_and_cross_entropies_do_not_compare():
    groups = [["bernoulli"], ["gaussian", "laplace-learned"], list(DISCRETE)]
    for one, other in itertools.product(range(3), repeat=2):
        for first, second in itertools.product(groups[one], groups[other]):
            why = scale_of(recipe(first)).difference(scale_of(recipe(second)))
            assert bool(why) == (one != other), (first, second)


def test_losses_of_observed_pixels_have_none():
    partial = recipe(DISCRETE[0]) | {"training": {"missing": 0.5}}
    assert bits_per_dimension(partial, 784, LOSSES) is None
