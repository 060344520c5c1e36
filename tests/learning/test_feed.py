"""Batches of images: the same ones, whether they are in memory or on a disk."""

import threading

import numpy as np
import psutil
import pytest
import torch

from latentlab.data.base import ImageSet, ImageSpec
from latentlab.learning.feed import AHEAD, ResidentFeed, StreamedFeed, make_feed

CPU = torch.device("cpu")
SPEC = ImageSpec((1, 4, 5), ("a", "b"))


@pytest.fixture
def images():
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (300, 1, 4, 5), np.uint8)
    return ImageSet(pixels, rng.integers(0, 2, 300), SPEC)


@pytest.fixture
def on_disk(images, tmp_path):
    np.save(tmp_path / "images.npy", images.images)
    mapped = np.load(tmp_path / "images.npy", mmap_mode="r")
    return ImageSet(mapped, images.labels, SPEC)


def parts(count=300, size=7):
    order = torch.randperm(count, generator=torch.Generator().manual_seed(1))
    return order.split(size)


def feeders():
    return [thread for thread in threading.enumerate() if thread.name.startswith("feed")]


def test_both_give_the_same_batches(images, on_disk):
    rows = parts()
    resident = list(ResidentFeed(images, CPU).batches(rows))
    streamed = list(StreamedFeed(on_disk, CPU).batches(rows))
    assert len(resident) == len(streamed) == len(rows)
    for (x, y), (other_x, other_y), each in zip(resident, streamed, rows, strict=True):
        assert torch.equal(x, other_x)
        assert torch.equal(y, other_y)
        assert np.array_equal(x.numpy(), images.images[each.numpy()] / np.float32(255))
        assert np.array_equal(y.numpy(), images.labels[each.numpy()])


def test_one_batch_is_that_of_many(on_disk):
    feed = StreamedFeed(on_disk, CPU)
    rows = parts()[3]
    (x, y), (other_x, other_y) = feed.batch(rows), next(feed.batches([rows]))
    assert torch.equal(x, other_x)
    assert torch.equal(y, other_y)


def test_images_without_labels(images):
    for kind in (ResidentFeed, StreamedFeed):
        _, y = kind(ImageSet(images.images, None, ImageSpec((1, 4, 5))), CPU).batch(parts()[0])
        assert y is None


def test_nothing_to_give(on_disk):
    assert list(StreamedFeed(on_disk, CPU).batches(())) == []


def test_closing_early_leaves_no_thread(on_disk):
    batches = StreamedFeed(on_disk, CPU).batches(parts())
    next(batches)
    assert feeders()
    batches.close()
    assert not feeders()


def test_an_error_of_a_reader_reaches_who_asks(on_disk):
    feed = StreamedFeed(on_disk, CPU)
    good, bad = torch.tensor([1]), torch.tensor([300])
    batches = feed.batches([good, bad, good])
    next(batches)
    with pytest.raises(IndexError):
        next(batches)
    assert not feeders()


def test_it_gathers_ahead_but_not_without_end(on_disk, monkeypatch):
    asked = []
    feed = StreamedFeed(on_disk, CPU)
    gather = feed._gather
    monkeypatch.setattr(feed, "_gather", lambda rows: asked.append(1) or gather(rows))
    batches = feed.batches(parts())
    next(batches)
    batches.close()
    assert 1 <= len(asked) <= AHEAD + 1


@pytest.mark.parametrize(("limit", "resident"), [(1, True), (0, False)])
def test_the_limit_decides(images, limit, resident):
    assert make_feed(images, CPU, limit).resident == resident


def test_a_file_is_not_loaded_whole(tmp_path):
    """256 MB are mapped, 32 images of 16 kB are read."""
    shape = (16_384, 1, 128, 128)
    mapped = np.lib.format.open_memmap(tmp_path / "big.npy", "w+", np.uint8, shape)
    del mapped
    mapped = np.load(tmp_path / "big.npy", mmap_mode="r")
    before = psutil.Process().memory_info().rss
    feed = make_feed(ImageSet(mapped, None, ImageSpec((1, 128, 128))), CPU, 100)
    rows = torch.arange(0, len(mapped), 512)
    assert len(list(feed.batches(rows.split(8)))) == 4
    assert psutil.Process().memory_info().rss - before < 64e6
