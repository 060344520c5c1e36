"""Sums of losses: what they are, and that they stay where they are."""

import pytest
import torch

from latentlab.learning.loss_sums import LossSums, LossTransfer


def filled(*batches, names=("loss", "kl")):
    meter = LossSums()
    for batch in batches:
        meter.add({name: torch.tensor(batch) * (i + 1) for i, name in enumerate(names)})
        meter.count(len(batch))
    return meter


def test_means_are_over_images_not_over_batches():
    meter = filled([1.0, 2.0, 3.0], [10.0])
    assert meter.means() == {"loss": 4.0, "kl": 8.0}
    assert meter.images == 4


def test_an_empty_meter_has_no_means():
    assert LossSums().means() == {}
    assert LossSums().take().means() == {}


def test_sums_stay_at_one_address():
    """A captured step writes to where they were when it was captured."""
    meter = filled([1.0, 2.0])
    address, sums = meter.sums.data_ptr(), meter.sums
    meter.add({"loss": torch.ones(2), "kl": torch.ones(2)})
    assert meter.take().sums.data_ptr() != address
    meter.add({"loss": torch.full((2,), 7.0), "kl": torch.ones(2)})
    meter.count(2)
    assert meter.sums is sums
    assert meter.sums.data_ptr() == address
    assert meter.means() == {"loss": 7.0, "kl": 1.0}


def test_what_was_taken_does_not_change_any_more():
    meter = filled([1.0, 3.0])
    taken = meter.take()
    assert meter.means() == {}
    meter.add({"loss": torch.ones(1), "kl": torch.ones(1)})
    meter.count(1)
    assert taken.means() == {"loss": 2.0, "kl": 4.0}


def test_taken_parts_add_up_to_the_whole():
    whole, meter = LossSums(), LossSums()
    values = torch.rand(40, generator=torch.Generator().manual_seed(0)).split(7)
    for i, part in enumerate(values):
        meter.add({"loss": part})
        meter.count(len(part))
        if i % 2:
            whole.merge(meter.take())
    whole.merge(meter.take())
    assert whole.means()["loss"] == pytest.approx(torch.cat(values).mean().item(), rel=1e-6)
    assert whole.images == 40


def test_sums_of_a_million_images_lose_nothing():
    meter = LossSums()
    for _ in range(1000):
        meter.add({"loss": torch.full((1000,), 0.1)})
        meter.count(1000)
    assert meter.means()["loss"] == pytest.approx(0.1, rel=1e-6)


def test_other_terms_begin_anew():
    """As where a change of the objective adds one."""
    meter = filled([1.0, 3.0])
    meter.add({"loss": torch.tensor([5.0])})
    meter.count(1)
    assert meter.means() == {"loss": 5.0}
    whole = filled([1.0])
    whole.merge(meter)
    assert whole.means() == {"loss": 5.0}


def test_it_keeps_no_graph():
    weight = torch.ones(2, requires_grad=True)
    meter = LossSums()
    meter.add({"loss": weight * 2})
    assert not meter.sums.requires_grad


def test_a_reading_on_the_cpu_is_there_at_once():
    meter = filled([1.0, 3.0])
    reading = LossTransfer(meter.take())
    meter.add({"loss": torch.ones(1), "kl": torch.ones(1)})
    assert reading.arrived
    assert reading.means() == {"loss": 2.0, "kl": 4.0}


def test_a_reading_of_nothing_is_empty():
    assert LossTransfer(LossSums()).arrived
    assert LossTransfer(LossSums()).means() == {}
