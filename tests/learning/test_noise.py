"""Random numbers that belong to one thread."""

import threading

import pytest
import torch
from torch import nn

from latentlab.models.thread_rng import SeededRng

DRAWS = {
    "normal": lambda: torch.distributions.Normal(torch.ones(3), torch.ones(3)).sample((2,)),
    "bernoulli": lambda: torch.distributions.Bernoulli(torch.full((20,), 0.5)).sample(),
    "categorical": lambda: torch.distributions.Categorical(torch.ones(9)).sample((20,)),
    "gamma": lambda: torch.distributions.Gamma(torch.ones(5), torch.ones(5)).sample(),
    "randn": lambda: torch.randn(2, 3),
    "rand": lambda: torch.rand(4),
    "rand_like": lambda: torch.rand_like(torch.ones(3, 2)),
    "randint": lambda: torch.randint(0, 1000, (9,)),
    "randint from": lambda: torch.randint(5, 1000, (9,)),
    "randperm": lambda: torch.randperm(30),
    "linear": lambda: nn.Linear(5, 7).weight.detach(),
    "convolution": lambda: nn.Conv2d(3, 4, 3).bias.detach(),
    "orthogonal": lambda: nn.init.orthogonal_(torch.empty(4, 4)),
}


@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)
def test_draws_are_those_of_the_seed_and_leave_the_global_generator_alone(draw):
    before = torch.get_rng_state()
    with SeededRng(4):
        first, then = draw(), draw()
    assert torch.equal(torch.get_rng_state(), before)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(4)
        assert torch.equal(first, draw())
        assert torch.equal(then, draw())
    assert not torch.equal(first, then)
    with SeededRng(5):
        assert not torch.equal(draw(), first)


def test_another_thread_neither_sees_nor_disturbs_it():
    drawn = []
    with SeededRng(0):
        alone = torch.randn(3), torch.randn(3)
    with SeededRng(0):
        first = torch.randn(3)
        thread = threading.Thread(target=lambda: drawn.append(torch.randn(3)))
        thread.start()
        thread.join()
        then = torch.randn(3)
    assert torch.equal(torch.stack([first, then]), torch.stack(alone))
    assert not any(torch.equal(drawn[0], own) for own in alone)


def test_a_layer_made_within_still_learns():
    with SeededRng(0):
        layer = nn.Linear(3, 2)
    assert type(layer.weight) is nn.Parameter
    layer(torch.ones(1, 3)).sum().backward()
    assert layer.weight.grad.abs().sum() > 0


def test_torch_wraps_nothing_around_it_that_would_import_its_compiler():
    """That took a second of the time until the first samples are seen."""
    assert not hasattr(SeededRng.__torch_dispatch__, "__wrapped__")
