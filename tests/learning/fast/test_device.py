"""How many threads compute: training with all of them, exploring with one beside it."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import nn
from training_support import recipe_of

from latentlab.learning.events import Step
from latentlab.learning.fast.device import Share, spare_core, training_on
from latentlab.learning.fit import fit

CPU = torch.device("cpu")


def on(thread, function, *values):
    return thread.submit(function, *values).result()


def everywhere():
    """Return the number that threads to come compute with."""
    with ThreadPoolExecutor(1) as new:
        return on(new, torch.get_num_threads)


@pytest.fixture
def three():
    """Have threads to come compute with three; this one keeps its own number."""
    before = everywhere()
    with ThreadPoolExecutor(1) as other:
        on(other, torch.set_num_threads, 3)
        yield
        on(other, torch.set_num_threads, before)


@pytest.fixture
def lane(three):
    """A thread that explores, and its share."""
    with ThreadPoolExecutor(1) as thread:
        share = Share()

        def threads():
            share.take()
            return torch.get_num_threads()

        yield lambda: on(thread, threads)


def test_exploring_has_one_thread_while_a_run_trains_and_all_again_afterwards(lane):
    assert lane() == 3
    with training_on(CPU):
        assert lane() == 1
        assert everywhere() == 3
        with training_on(CPU):
            pass
        assert lane() == 1
    assert lane() == 3


def test_a_run_on_a_gpu_leaves_the_cores_alone(lane):
    with training_on(torch.device("cuda")):
        assert lane() == 3


def test_training_says_so_and_computes_with_all(lane):
    with ThreadPoolExecutor(1) as job:
        events = fit(recipe_of(epochs=1000))
        on(job, lambda: next(event for event in events if isinstance(event, Step)))
        assert on(job, torch.get_num_threads) == 3
        assert lane() == 1
        assert on(job, torch.get_num_threads) == 3
        on(job, events.close)
    assert lane() == 3


@pytest.mark.parametrize(
    ("layer", "spared"), [(nn.Linear(2, 2), 1), (nn.Conv2d(1, 1, 3), 0)], ids=["linear", "conv"]
)
@pytest.mark.parametrize("cores", [1, 3])
def test_a_run_beside_a_window_leaves_it_a_core_where_products_are_small(layer, spared, cores):
    with ThreadPoolExecutor(1) as other:
        before = on(other, torch.get_num_threads)
        on(other, torch.set_num_threads, cores)
        on(other, spare_core, nn.Sequential(layer))
        assert on(other, torch.get_num_threads) == max(1, cores - spared)
        on(other, torch.set_num_threads, before)
