"""Quick steps of Adam are torch's own, to the last bit."""

from copy import deepcopy

import pytest
import torch
from torch import nn

from latentlab.learning.quick_adam import QuickAdam

KINDS = {
    "adam": lambda weights: torch.optim.Adam(weights, lr=0.1, fused=True),
    "decaying adam": lambda weights: torch.optim.Adam(
        weights, lr=0.1, weight_decay=0.1, fused=True
    ),
    "adamw": lambda weights: torch.optim.AdamW(weights, lr=0.1, betas=(0.8, 0.9), fused=True),
    "unfused": lambda weights: torch.optim.Adam(weights, lr=0.1, foreach=True),
    "amsgrad": lambda weights: torch.optim.Adam(weights, lr=0.1, amsgrad=True, fused=True),
    "sgd": lambda weights: torch.optim.SGD(weights, lr=0.1, momentum=0.9),
}


def fresh(make):
    """Return a small model and its optimizer, always the same."""
    model = nn.Linear(8, 4)
    with torch.no_grad():
        for weight in model.parameters():
            weight.copy_(torch.linspace(-1, 1, weight.numel()).view_as(weight))
    return model, make(model.parameters())


def learn(model, step, count=1, first=0):
    for number in range(first, first + count):
        for weight in model.parameters():
            weight.grad = (weight.detach() * (number + 1)).sin()
        step()


def assert_same(one, other):
    for a, b in zip(one.parameters(), other.parameters(), strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)
def test_steps_and_state_are_those_of_the_optimizer(make):
    (model, optimizer), (other, own) = fresh(make), fresh(make)
    learn(model, optimizer.step, 10)
    learn(other, QuickAdam(own).step, 10)
    assert_same(model, other)
    states = [kept.state_dict()["state"] for kept in (optimizer, own)]
    for one, two in zip(*(state.values() for state in states), strict=True):
        for name in one:
            assert torch.equal(torch.as_tensor(one[name]), torch.as_tensor(two[name])), name


def test_adam_steps_without_its_optimizer(monkeypatch):
    """Else nothing would be gained."""
    model, optimizer = fresh(KINDS["adam"])
    quick = QuickAdam(optimizer)
    learn(model, quick.step)
    monkeypatch.setattr(optimizer, "step", None)
    learn(model, quick.step, 3)


def test_the_learning_rate_may_change():
    (model, optimizer), (other, own) = fresh(KINDS["adam"]), fresh(KINDS["adam"])
    quick = QuickAdam(own)
    for number, rate in enumerate([0.1, 0.01, 0.5]):
        optimizer.param_groups[0]["lr"] = own.param_groups[0]["lr"] = rate
        learn(model, optimizer.step, first=number)
        learn(other, quick.step, first=number)
    assert_same(model, other)


def test_a_state_that_was_loaded_is_gone_on_from():
    (model, optimizer), (other, own) = fresh(KINDS["adam"]), fresh(KINDS["adam"])
    learn(model, optimizer.step, 5)
    quick = QuickAdam(own)
    learn(other, quick.step, 2)
    other.load_state_dict(model.state_dict())
    own.load_state_dict(deepcopy(optimizer.state_dict()))
    learn(model, optimizer.step, 3, first=5)
    learn(other, quick.step, 3, first=5)
    assert_same(model, other)


def test_a_weight_without_a_gradient_stays():
    (model, optimizer), (other, own) = fresh(KINDS["adam"]), fresh(KINDS["adam"])
    quick = QuickAdam(own)
    for each, step in ((model, optimizer.step), (other, quick.step)):
        learn(each, step, 2)
        each.bias.grad = None
        step()
    assert_same(model, other)
