"""What no memory can hold is refused before it is allocated, and what finds none is told."""

import pytest
import torch
from training_support import recipe_of, run

from latentlab.errors import RecipeError, TrainingError
from latentlab.learning import memory
from latentlab.learning.trainer import Trainer


@pytest.fixture
def total(monkeypatch):
    """Set the size of the memory in bytes."""
    return lambda size: monkeypatch.setattr(memory, "total_memory", lambda device: size)


def test_a_network_larger_than_all_memory_is_refused_with_its_size(total):
    """784 · 5 + 5 and 5 · 4 + 4 weights of the encoder, 2 · 5 + 5 and 5 · 784 + 784 others."""
    weights = 784 * 5 + 5 + 5 * 4 + 4 + 2 * 5 + 5 + 5 * 784 + 784
    total(8 * weights - 1)
    with pytest.raises(RecipeError) as caught:
        run(recipe_of(hidden=(5,), batch_size=2))
    (text,) = caught.value.problems.values()
    assert list(caught.value.problems) == ["model"]
    assert f"{weights:,} weights" in text
    total(8 * weights)
    with pytest.raises(RecipeError) as caught:
        run(recipe_of(hidden=(5,)))
    assert list(caught.value.problems) == ["training.batch_size"]


def test_a_batch_counts_no_more_images_than_there_are(total):
    total(4 * 4000 * 784)
    run(recipe_of(batch_size=60_000))


def test_the_largest_network_that_a_form_takes_allocates_nothing():
    """It has 7.6 GB of weights and gradients."""
    recipe = recipe_of(hidden=(8192,) * 8)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(memory, "total_memory", lambda device: 2**30)
        with pytest.raises(RecipeError, match=r"GB, but there are 1\.1 GB"):
            run(recipe)


@pytest.mark.parametrize(
    "error", [RuntimeError("DefaultCPUAllocator: not enough memory: you tried"), MemoryError()]
)
def test_images_without_room_beside_the_network_are_told_with_advice(monkeypatch, error):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr("latentlab.learning.trainer.make_loader", fail)
    with pytest.raises(TrainingError, match="do not fit into the memory") as caught:
        run(recipe_of())
    assert "training.resident_mb" in caught.value.advice


def test_other_errors_of_a_network_are_not_taken_for_a_lack_of_memory(monkeypatch):
    def fail(self, weights):
        raise RuntimeError("no such optimizer")

    monkeypatch.setattr(Trainer, "make_optimizer", fail)
    with pytest.raises(RuntimeError, match="no such optimizer"):
        run(recipe_of())


def test_the_memory_of_this_machine_is_known():
    assert memory.total_memory(torch.device("cpu")) > 2**28
