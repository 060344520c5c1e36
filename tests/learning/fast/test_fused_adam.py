"""Quick steps of Adam are torch's own, to the last bit."""

from copy import deepcopy

import pytest
import torch
from torch import nn

from latentlab.learning.fast import fused_adam as adam

KINDS = {
    "adam": ("Adam", {}),
    "decaying adam": ("Adam", {"weight_decay": 0.1}),
    "adamw": ("AdamW", {"betas": (0.8, 0.9)}),
    "unfused": ("Adam", {"fused": False, "foreach": True}),
    "amsgrad": ("Adam", {"amsgrad": True}),
}


def fresh(kind):
    """Return two like models, one with torch's optimizer and one with ours."""
    name, options = KINDS[kind]
    pairs = []
    for home in (torch.optim, adam):
        model = nn.Linear(8, 4)
        with torch.no_grad():
            for weight in model.parameters():
                weight.copy_(torch.linspace(-1, 1, weight.numel()).view_as(weight))
        make = getattr(home, name)
        pairs.append((model, make(model.parameters(), **{"lr": 0.1, "fused": True, **options})))
    return pairs


def learn(pair, count=1, first=0):
    model, optimizer = pair
    for number in range(first, first + count):
        for weight in model.parameters():
            weight.grad = (weight.detach() * (number + 1)).sin()
        optimizer.step()


def assert_same(pairs):
    (one, _), (other, _) = pairs
    for a, b in zip(one.parameters(), other.parameters(), strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize("kind", KINDS)
def test_steps_and_state_are_those_of_torch(kind):
    pairs = fresh(kind)
    for pair in pairs:
        learn(pair, 10)
    assert_same(pairs)
    states = [optimizer.state_dict()["state"] for _, optimizer in pairs]
    for one, two in zip(*(state.values() for state in states), strict=True):
        assert one.keys() == two.keys()
        for name in one:
            assert torch.equal(torch.as_tensor(one[name]), torch.as_tensor(two[name])), name


@pytest.mark.parametrize("kind", ["adam", "adamw"])
def test_it_steps_without_torch(kind, monkeypatch):
    """Else nothing would be gained."""
    _, pair = fresh(kind)
    learn(pair)
    monkeypatch.setattr(torch.optim.Adam, "step", None)
    learn(pair, 3)


def test_the_learning_rate_may_change():
    pairs = fresh("adam")
    for number, rate in enumerate([0.1, 0.01, 0.5]):
        for pair in pairs:
            pair[1].param_groups[0]["lr"] = rate
            learn(pair, first=number)
    assert_same(pairs)


def test_a_state_that_was_loaded_is_gone_on_from():
    pairs = fresh("adam")
    (model, optimizer), (other, own) = pairs
    learn(pairs[0], 5)
    learn(pairs[1], 2)
    other.load_state_dict(model.state_dict())
    own.load_state_dict(deepcopy(optimizer.state_dict()))
    for pair in pairs:
        learn(pair, 3, first=5)
    assert_same(pairs)


def test_a_weight_without_a_gradient_stays():
    pairs = fresh("adam")
    for pair in pairs:
        learn(pair, 2)
        pair[0].bias.grad = None
        pair[1].step()
    assert_same(pairs)
