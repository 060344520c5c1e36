"""Batches from memory and from disk: the same images, and no more in memory than is asked for."""

import threading
import tracemalloc
from contextlib import closing

import numpy as np
import pytest
import torch

from latentlab.data.image_set import ImageSet, ImageSpec
from latentlab.learning.loader import PREFETCH_BATCHES, ResidentLoader, StreamingLoader, make_loader

CPU = torch.device("cpu")
COUNT, SHAPE = 1000, (3, 32, 32)


@pytest.fixture(scope="module")
def mapped(tmp_path_factory):
    """1000 small colour pictures in a file, 3 MB, channels last as most people save them."""
    path = tmp_path_factory.mktemp("feed") / "images.npy"
    random = np.random.default_rng(0)
    np.save(path, random.integers(0, 256, (COUNT, *SHAPE[1:], SHAPE[0]), np.uint8))
    pixels = np.moveaxis(np.lib.format.open_memmap(path, mode="r"), -1, 1)
    return ImageSet(pixels, np.arange(COUNT) % 7, ImageSpec(SHAPE, tuple("abcdefg")))


@pytest.fixture
def order():
    """The batches of an epoch, the last of which is smaller."""
    return torch.randperm(COUNT, generator=torch.Generator().manual_seed(0)).split(64)


def readers():
    return [thread for thread in threading.enumerate() if thread.name.startswith("feed")]


def test_both_feeds_give_the_images_asked_for(mapped, order):
    resident, streamed = ResidentLoader(mapped, CPU), StreamingLoader(mapped, CPU)
    pairs = zip(order, resident.batches(order), streamed.batches(order), strict=True)
    for rows, (x, y), (x_streamed, y_streamed) in pairs:
        assert torch.equal(x, x_streamed)
        assert torch.equal(y, y_streamed)
        assert (x.shape, x.dtype, x.is_contiguous()) == ((len(rows), *SHAPE), torch.float32, True)
        np.testing.assert_allclose(x, mapped.images[rows] / 255, atol=1e-6)
        assert y.tolist() == (rows % 7).tolist()
    assert not readers()


def test_a_single_batch_is_the_same_from_both(mapped):
    rows = torch.tensor([999, 0, 500, 0])
    (x, y), (x_streamed, y_streamed) = (
        feed.batch(rows) for feed in (ResidentLoader(mapped, CPU), StreamingLoader(mapped, CPU))
    )
    assert torch.equal(x, x_streamed)
    assert torch.equal(y, y_streamed)


@pytest.mark.parametrize("form", [ResidentLoader, StreamingLoader])
def test_images_may_have_no_labels(mapped, order, form):
    feed = form(ImageSet(mapped.images, None, ImageSpec(SHAPE)), CPU)
    assert len(feed) == COUNT
    assert [y for _, y in feed.batches(order)] == [None] * len(order)


def test_a_feed_can_be_read_again_and_of_nothing(mapped, order):
    feed = StreamingLoader(mapped, CPU)
    first, second = ([x.sum() for x, _ in feed.batches(order)] for _ in range(2))
    assert first == second
    assert list(feed.batches(())) == []


def test_closing_early_ends_the_threads_and_reads_no_further(mapped, order):
    read = []

    class Counting(StreamingLoader):
        def _gather(self, rows):
            read.append(rows)
            return super()._gather(rows)

    with closing(Counting(mapped, CPU).batches(order)) as batches:
        next(batches)
        assert readers()
    assert not readers()
    assert len(read) <= PREFETCH_BATCHES + 1


def test_an_error_of_who_reads_ends_the_threads(mapped, order):
    def read():
        with closing(StreamingLoader(mapped, CPU).batches(order)) as batches:
            next(batches)
            raise ArithmeticError

    with pytest.raises(ArithmeticError):
        read()
    assert not readers()


def test_an_error_of_a_thread_is_raised_where_the_batch_is_asked_for(mapped, order):
    feed = StreamingLoader(mapped, CPU)
    batches = feed.batches([order[0], torch.tensor([COUNT])])
    next(batches)
    with pytest.raises(IndexError, match="1000"):
        next(batches)
    assert not readers()


def test_what_is_mapped_from_disk_is_never_in_memory_whole(mapped, order):
    assert peak(lambda: ResidentLoader(mapped, CPU)) > mapped.images.nbytes
    feed = StreamingLoader(mapped, CPU)
    used = peak(lambda: sum(len(x) for x, _ in feed.batches([rows[:4] for rows in order])))
    assert used < mapped.images.nbytes / 4


def peak(act):
    """Return the most bytes of arrays held at once."""
    tracemalloc.start()
    try:
        act()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_only_what_is_large_and_elsewhere_is_streamed(mapped):
    inside = ImageSet(np.array(mapped.images), None, ImageSpec(SHAPE))
    assert make_loader(mapped, CPU, resident_mb=4).resident
    assert not make_loader(mapped, CPU, resident_mb=3).resident
    # In memory already: on the CPU there is nothing to save.
    assert make_loader(inside, CPU, resident_mb=3).resident
    assert not make_loader(inside, torch.device("cuda"), resident_mb=3).resident
