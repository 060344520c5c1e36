"""Portraits on disk: what is kept, how much of it, and what damage says."""

import numpy as np
import pytest

from latentlab.errors import RunError
from latentlab.learning.events import EpochPreview
from latentlab.runs.portraits import (
    FOLDER,
    MAX_CODES,
    EpochPreviewLog,
    delete_previews_after,
    preview_epochs,
    read_epoch_preview,
)
from latentlab.session.curves.curves import MAX_PREVIEWS


def portrait(epoch=1, images=50, dim=3, side=4, labels=True, channels=()):
    rng = np.random.default_rng(epoch)
    shape = (side, side, *channels)
    return EpochPreview(
        epoch,
        rng.standard_normal((images, dim)).astype(np.float32),
        rng.random((images, dim)).astype(np.float32),
        rng.integers(0, 10, images) if labels else None,
        *(rng.integers(0, 256, (count, *shape), np.uint8) for count in (8, 8, 12)),
    )


@pytest.mark.parametrize("labels", [True, False])
@pytest.mark.parametrize("channels", [(), (3,)])
def test_comes_back_as_it_was(tmp_path, labels, channels):
    saved = portrait(12, labels=labels, channels=channels)
    EpochPreviewLog(tmp_path).add(saved)
    assert (tmp_path / FOLDER / "epoch-00012.npz").is_file()
    read = read_epoch_preview(tmp_path, 12)
    assert read.epoch == 12
    assert (read.mu.dtype, read.sigma.dtype) == (np.float32, np.float32)
    np.testing.assert_allclose(read.mu, saved.mu, rtol=1e-3)
    np.testing.assert_allclose(read.sigma, saved.sigma, rtol=1e-3)
    for name in ("originals", "reconstructions", "samples"):
        np.testing.assert_array_equal(getattr(read, name), getattr(saved, name))
    assert (read.labels is None) is not labels
    if labels:
        assert read.labels.dtype == np.int64
        np.testing.assert_array_equal(read.labels, saved.labels)


def test_no_more_codes_than_a_small_map_shows(tmp_path):
    EpochPreviewLog(tmp_path).add(portrait(1, images=MAX_CODES + 500))
    read = read_epoch_preview(tmp_path, 1)
    assert len(read.mu) == len(read.sigma) == len(read.labels) == MAX_CODES


def test_wild_codes_stay_finite(tmp_path):
    wild = portrait(1)
    wild.mu[0], wild.sigma[0] = 1e9, 1e-12
    EpochPreviewLog(tmp_path).add(wild)
    assert np.isfinite(read_epoch_preview(tmp_path, 1).mu).all()


@pytest.mark.parametrize("every", [1, 3, 7])
def test_a_long_run_keeps_few_evenly(tmp_path, every):
    log = EpochPreviewLog(tmp_path)
    for epoch in range(1, 401, every):
        log.add(portrait(epoch, images=2, side=1))
        kept = preview_epochs(tmp_path)
        assert len(kept) <= MAX_PREVIEWS
        assert (kept[0], kept[-1]) == (1, epoch)
    gaps = np.diff(kept)[:-1]
    assert len(kept) > MAX_PREVIEWS / 3
    assert gaps.max() <= 2 * gaps.min()


def test_a_short_run_keeps_all(tmp_path):
    for epoch in range(1, 31):
        EpochPreviewLog(tmp_path).add(portrait(epoch, images=2, side=1))
    assert preview_epochs(tmp_path) == tuple(range(1, 31))


def test_goes_on_where_an_earlier_log_stopped(tmp_path):
    for epoch in range(1, 151):
        EpochPreviewLog(tmp_path).add(portrait(epoch, images=2, side=1))
    assert len(preview_epochs(tmp_path)) <= MAX_PREVIEWS
    assert preview_epochs(tmp_path)[-1] == 150


def test_resuming_forgets_what_will_be_lived_again(tmp_path):
    for epoch in (1, 2, 3, 4):
        EpochPreviewLog(tmp_path).add(portrait(epoch))
    delete_previews_after(tmp_path, 2)
    assert preview_epochs(tmp_path) == (1, 2)


def test_a_run_without_portraits(tmp_path):
    assert preview_epochs(tmp_path) == ()
    delete_previews_after(tmp_path, 0)
    with pytest.raises(RunError, match="no preview of epoch 3"):
        read_epoch_preview(tmp_path, 3)


def test_other_files_are_no_moments(tmp_path):
    EpochPreviewLog(tmp_path).add(portrait(1))
    for name in ("epoch-x.npz", ".latentlab-2.part", "notes.txt"):
        (tmp_path / FOLDER / name).write_text("?")
    assert preview_epochs(tmp_path) == (1,)


@pytest.mark.parametrize("size", [0, 1, 20, 500, -30])
def test_half_a_file_is_said_to_be_damaged(tmp_path, size):
    EpochPreviewLog(tmp_path).add(portrait(5))
    file = tmp_path / FOLDER / "epoch-00005.npz"
    file.write_bytes(file.read_bytes()[:size])
    with pytest.raises(RunError, match=r"epoch-00005\.npz is damaged"):
        read_epoch_preview(tmp_path, 5)


def test_a_flipped_byte_is_said_to_be_damage(tmp_path):
    EpochPreviewLog(tmp_path).add(portrait(5))
    file = tmp_path / FOLDER / "epoch-00005.npz"
    content = bytearray(file.read_bytes())
    content[len(content) // 3] ^= 0xFF
    file.write_bytes(content)
    with pytest.raises(RunError, match="damaged"):
        read_epoch_preview(tmp_path, 5)


@pytest.mark.parametrize(
    "change",
    [
        {"mu": np.zeros((50, 2), np.float16)},
        {"labels": np.zeros(3, np.int32)},
        {"samples": np.zeros((2, 4, 4))},
        {"originals": np.zeros((2, 4, 4), np.uint8)},
        {"mu": np.array([object()])},
    ],
)
def test_what_does_not_fit_together_is_refused(tmp_path, change):
    """Pickled objects too: reading them would run their code."""
    EpochPreviewLog(tmp_path).add(portrait(5))
    file = tmp_path / FOLDER / "epoch-00005.npz"
    with np.load(file) as arrays:
        values = {**arrays, **change}
    np.savez(file, **values)
    with pytest.raises(RunError, match="damaged"):
        read_epoch_preview(tmp_path, 5)


def test_a_big_portrait_is_small_on_disk(tmp_path):
    """64 dimensions and faces: 48 of them stay well under 30 MB."""
    EpochPreviewLog(tmp_path).add(portrait(1, images=1000, dim=64, side=64, channels=(3,)))
    assert (tmp_path / FOLDER / "epoch-00001.npz").stat().st_size < 640_000
