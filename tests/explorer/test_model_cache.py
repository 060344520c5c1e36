"""A model that was opened before is shown at once, and read again if anything has changed."""

import shutil
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from latentlab.data.image_set import ImageSet, ImageSpec
from latentlab.directories import resources
from latentlab.explorer import explorer as exploring
from latentlab.explorer.answer import answer, find_answers
from latentlab.explorer.explorer import Explorer
from latentlab.explorer.model_cache import ModelCache, OpenedModel, RunFiles, RunImages
from latentlab.latent.codes import Codes
from latentlab.learning.checkpoint import load_model, save_checkpoint
from latentlab.session.model import Open, ShowRest
from latentlab.session.points import ModelCard
from latentlab.work import finish

SHIPPED = resources() / "models"
KIB = 1024

find_answers()


@pytest.fixture
def read(monkeypatch):
    """What was read and encoded: weights, data sets, and sets of more than one image."""
    calls = []

    def counted(name, number=lambda *args: 2):
        function = getattr(exploring, name)

        def call(*args, **kwargs):
            if number(*args) > 1:
                calls.append(name)
            return function(*args, **kwargs)

        monkeypatch.setattr(exploring, name, call)

    counted("load_probed")
    counted("find_images")
    counted("encode", lambda model, images: len(images))
    return calls


def test_the_second_time_nothing_is_read_or_encoded(read):
    explorer = Explorer()
    first = answer(Open(SHIPPED / "digits-2d"), explorer)
    pictures = explorer.images[:5].images.copy()
    other = answer(Open(SHIPPED / "digits-cvae"), explorer)
    assert {"load_probed", "find_images", "encode"} <= set(read)
    read.clear()
    again = answer(Open(SHIPPED / "digits-2d"), explorer)
    assert read == []
    assert again.card.number > other.card.number > first.card.number
    assert again.card == replace(first.card, number=again.card.number)
    assert again.start.model == again.card.number
    assert again.start.z == first.start.z
    assert again.past.findings == first.past.findings
    assert again.codes is first.codes
    assert explorer.held_out == 1000
    np.testing.assert_array_equal(explorer.images[:5].images, pictures)
    decoded = explorer.decode(again.start).pixels
    np.testing.assert_array_equal(decoded, again.original.reconstruction)


def test_the_open_model_opened_again_has_new_codes(read):
    """Equal ones, but of their own: what was asked for the earlier ones is asked for again."""
    explorer = Explorer()
    explorer.open(SHIPPED / "digits-2d")
    codes = explorer.codes
    read.clear()
    explorer.open(SHIPPED / "digits-2d")
    assert read == []
    assert explorer.codes is not codes
    assert explorer.codes.mu is codes.mu


def test_a_changed_checkpoint_is_read_again(vae_run, tmp_path, read):
    folder = shutil.copytree(vae_run, tmp_path / "run")
    explorer = Explorer()
    before = explorer.open(folder)
    mu = explorer.codes.mu
    read.clear()
    explorer.open(folder)
    assert read == []
    model, checkpoint = load_model(folder)
    weights = {name: 1.01 * weight.numpy() for name, weight in model.state_dict().items()}
    save_checkpoint(folder, checkpoint, weights)
    after = explorer.open(folder)
    assert "load_probed" in read
    assert after.weights != before.weights
    assert not np.array_equal(explorer.codes.mu, mu)


def test_images_that_may_change_are_read_again(tmp_path, vae_run, read, monkeypatch):
    monkeypatch.setattr("latentlab.data.sources.digits.DigitsConfig.fixed", False)
    explorer = Explorer()
    explorer.open(vae_run)
    read.clear()
    explorer.open(vae_run)
    assert "find_images" in read


def test_a_model_is_kept_once_all_its_images_are_encoded(read):
    explorer = Explorer()
    assert answer(Open(SHIPPED / "faces"), explorer).codes
    if explorer.has_more:
        read.clear()
        explorer.open(SHIPPED / "faces", 0.0)
        assert "find_images" in read
        finish(answer(ShowRest(), explorer))
    codes = explorer.codes
    explorer.open(SHIPPED / "digits-2d")
    read.clear()
    explorer.open(SHIPPED / "faces")
    assert read == []
    assert explorer.codes is codes
    assert not explorer.has_more


def opened(images):
    """Return a model of some images of 1 KiB each."""
    spec = ImageSpec((1, 32, 32))
    few = ImageSet(np.zeros((images, *spec.shape), np.uint8), None, spec)
    none = np.zeros((images, 0), np.float32)
    model = SimpleNamespace(state_dict=dict)
    card = ModelCard("run", None, "vae", 0, False, spec)
    return OpenedModel(model, card, RunImages(None, spec, "", "", 0), few, Codes(none, none, None))


def test_the_one_that_was_not_opened_for_longest_is_dropped(tmp_path):
    cache = ModelCache(max_bytes=10 * KIB)
    a, b, c, large = (RunFiles.at(tmp_path / name) for name in ("a", "b", "c", "large"))
    for files in (a, b):
        cache.keep(files, opened(4))
    assert cache.find(a)
    cache.keep(c, opened(4))
    assert cache.find(a)
    assert cache.find(b) is None
    assert cache.find(c)
    cache.keep(large, opened(11))
    assert len(cache) == 0


def test_each_change_of_a_file_shows(tmp_path):
    file = tmp_path / "checkpoint.json"
    file.write_text("one")
    seen = [RunFiles.at(tmp_path)]
    assert RunFiles.at(tmp_path) == seen[0]
    (tmp_path / "new").write_text("one")
    file.with_suffix(".copy").write_text("two")
    seen.append(RunFiles.at(tmp_path))
    file.with_suffix(".copy").replace(file)
    seen.append(RunFiles.at(tmp_path))
    file.unlink()
    seen.append(RunFiles.at(tmp_path))
    assert len(set(seen)) == len(seen)
