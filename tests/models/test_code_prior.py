"""The autoregressive prior over maps of codes."""

import itertools

import pytest
import torch

from latentlab.models.code_prior import CodeDistribution, CodePrior
from latentlab.models.codebook import Codebook
from latentlab.models.thread_rng import SeededRng


def network(codes, size, layers=2, width=6):
    """Return a prior with large random weights, which depends strongly on what it sees."""
    with SeededRng(0):
        made = CodePrior(codes, size, width, layers)
        for weights in made.parameters():
            weights.data = 0.8 * torch.randn_like(weights)
    return made


@pytest.mark.parametrize("size", [(1, 2), (2, 1)])
def test_probabilities_of_all_maps_sum_to_one(size):
    prior = network(3, size)
    maps = torch.tensor([*itertools.product(range(3), repeat=2)]).reshape(9, *size)
    p = prior(maps).exp()
    assert p.sum().item() == pytest.approx(1, abs=1e-5)
    assert p.min() < 0.5 * p.max()


def test_a_position_sees_all_before_it_in_reach_and_nothing_else():
    height, width = 4, 5
    prior = network(7, (height, width), layers=3)
    maps = torch.randint(0, 7, (1, height, width))
    before = prior.logits(maps)
    for row, column in itertools.product(range(height), range(width)):
        changed = maps.clone()
        changed[0, row, column] = (changed[0, row, column] + 1) % 7
        differs = (prior.logits(changed) != before).any(1)[0].flatten()
        place = row * width + column
        assert not differs[: place + 1].any(), "a code may depend on those before it only"
        if column + 1 < width:
            assert differs[place + 1]
        if row + 1 < height:
            assert differs[place + width]


def test_samples_are_those_of_the_whole_network_position_by_position():
    """Sampling computes each position from stored outputs; drawing naively gives the same."""
    prior = network(6, (3, 4))
    with SeededRng(5):
        drawn = prior.sample(20)
    naive = torch.zeros_like(drawn)
    with SeededRng(5), torch.no_grad():
        for row, column in itertools.product(range(3), range(4)):
            p = prior.logits(naive)[:, :, row, column].softmax(1)
            naive[:, row, column] = torch.multinomial(p, 1)[:, 0]
    assert torch.equal(drawn, naive)
    assert len(drawn.unique(dim=0)) > 5


def test_samples_have_the_probabilities_that_the_network_states():
    prior = network(3, (1, 2), width=4)
    maps = torch.tensor([*itertools.product(range(3), repeat=2)])
    p = prior(maps[:, None]).exp()
    with SeededRng(1):
        drawn = prior.sample(20_000)[:, 0]
    counts = torch.stack([(drawn == each).all(1).float().mean() for each in maps])
    torch.testing.assert_close(counts, p.detach(), atol=0.015, rtol=0)


def test_as_a_distribution_it_draws_codes_and_measures_the_nearest_ones():
    shape = 2, 3, 4
    book, prior = Codebook(5, 2, 0.99), network(5, (3, 4))
    p = CodeDistribution(prior, book, shape)
    assert p.event_shape == (24,)
    with SeededRng(0):
        z = p.sample((2, 6))
    assert z.shape == (2, 6, 24)
    maps = z.reshape(12, *shape).permute(0, 2, 3, 1)
    indices = book.nearest(maps)
    assert torch.equal(book(indices), maps)
    torch.testing.assert_close(p.log_prob(z), prior(indices).reshape(2, 6))
    torch.testing.assert_close(p.log_prob(z + 1e-4), p.log_prob(z))
