"""Dropout with noise of its own, and batch normalisation of any batch."""

import copy

import pytest
import torch
from torch import nn

from latentlab.models.layers import BatchNorm, Dropout


def rng(seed=0, device="cpu"):
    return torch.Generator(device).manual_seed(seed)


def dropout(rate, generator=None):
    layer = Dropout(rate)
    layer.generator = generator
    return layer


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_share_is_silenced_and_the_mean_stays(rate, dtype):
    x = torch.full((200, 1000), 3.0, dtype=dtype)
    heard = dropout(rate, rng())(x)
    assert heard.dtype == dtype
    silent = (heard == 0).float().mean().item()
    assert silent == pytest.approx(rate, abs=0.01)
    assert heard.unique().tolist() == pytest.approx([0, 3 / (1 - rate)], rel=5e-3)
    # In bf16 each value is rounded once, to 8 bits.
    assert heard.float().mean().item() == pytest.approx(3.0, rel=0.02)


def test_it_leaves_a_model_that_is_not_training_alone():
    x = torch.rand(4, 5)
    assert torch.equal(dropout(0.5, rng()).eval()(x), x)


def test_it_repeats_from_its_generator_and_leaves_the_global_one_alone():
    x, before = torch.ones(50, 20), torch.get_rng_state()
    first, again, other = (dropout(0.5, rng(seed))(x) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), before)


def test_without_a_generator_it_takes_the_global_one():
    x = torch.ones(50, 20)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        first = dropout(0.5)(x)
        then = dropout(0.5)(x)
        torch.manual_seed(3)
        assert torch.equal(dropout(0.5)(x), first)
    assert not torch.equal(first, then)


def test_gradients_pass_where_it_lets_values_pass():
    x = torch.ones(8, 9, requires_grad=True)
    heard = dropout(0.25, rng())(x)
    heard.sum().backward()
    torch.testing.assert_close(x.grad, heard.detach())


def test_a_model_with_it_can_be_copied_and_has_no_more_weights():
    model = nn.Sequential(nn.Linear(3, 4), dropout(0.5, rng()))
    assert [*copy.deepcopy(model).state_dict()] == ["0.weight", "0.bias"]


def test_a_batch_is_brought_to_mean_0_and_deviation_1():
    x = 5 + 3 * torch.randn(400, 6, generator=rng())
    y = BatchNorm(6)(x)
    torch.testing.assert_close(y.mean(0), torch.zeros(6), atol=1e-5, rtol=0)
    torch.testing.assert_close(y.std(0, correction=0), torch.ones(6), atol=1e-4, rtol=0)


def test_it_is_torchs_own_for_more_than_one_image():
    x = torch.randn(40, 6, generator=rng())
    ours, theirs = BatchNorm(6), nn.BatchNorm1d(6)
    for _ in range(3):
        assert torch.equal(ours(x), theirs(x))
    assert torch.equal(ours.eval()(x), theirs.eval()(x))
    assert ours.num_batches_tracked.tolist() == [3]


def test_a_single_image_is_measured_by_those_before_it():
    layer = BatchNorm(6)
    for seed in range(100):
        layer(5 + 3 * torch.randn(100, 6, generator=rng(seed)))
    seen = copy.deepcopy(layer.state_dict())
    y = layer(torch.full((1, 6), 8.0))
    torch.testing.assert_close(y, torch.ones(1, 6), atol=0.2, rtol=0)
    assert all(torch.equal(layer.state_dict()[name], value) for name, value in seen.items())


def test_it_keeps_to_bf16():
    x = torch.randn(10, 6, generator=rng()).bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        assert BatchNorm(6)(x).dtype == BatchNorm(6)(x[:1]).dtype == torch.bfloat16
