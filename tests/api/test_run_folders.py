"""Folders that `fit` makes and fills: one for each run, and no file of the user is touched."""

import numpy as np
import pytest

import latentlab
from latentlab.runs.library import new_folder
from latentlab.runs.run_lock import training_in

TINY = {
    "model": {"kind": "vae", "hidden": [4], "latent_dim": 2},
    "training": {"epochs": 1, "batch_size": 50, "device": "cpu"},
}


def pictures(count=60):
    return np.random.default_rng(0).integers(0, 256, (count, 8, 8), np.uint8)


def test_two_processes_that_start_in_one_second_get_different_folders(monkeypatch):
    taken = []

    def between(recipe):
        """Return a new folder, which another process makes before this one can."""
        folder = new_folder(recipe)
        if not taken:
            folder.mkdir(parents=True)
            taken.append(folder)
        return folder

    monkeypatch.setattr("latentlab.runs.library.new_folder", between)
    run = latentlab.fit(TINY, pictures())
    assert run.folder != taken[0]
    assert not list(taken[0].iterdir())
    assert run.model.latent_dim == 2


@pytest.mark.parametrize("images", [pictures(1), pictures(), None])
def test_a_run_that_cannot_begin_leaves_no_folder_in_the_library(own_place, images):
    with pytest.raises(latentlab.LatentlabError):
        latentlab.fit(TINY, images, [1])
    assert not (own_place / "runs").exists() or not list((own_place / "runs").iterdir())


def test_images_of_a_run_in_training_are_left_to_it(tmp_path):
    folder = tmp_path / "run"
    events = latentlab.iter_fit(TINY, pictures(), folder=folder)
    next(events)
    before = (folder / "images.npz").read_bytes()
    with pytest.raises(latentlab.LatentlabError, match="in training"):
        latentlab.fit(TINY, pictures(40), folder=folder)
    assert (folder / "images.npz").read_bytes() == before
    assert [*events]
    assert latentlab.load(folder).latent_dim == 2


def test_a_file_of_the_user_is_neither_replaced_nor_deleted(tmp_path):
    mine = tmp_path / "images.npz"
    np.savez(mine, images=pictures())
    before = mine.read_bytes()
    with pytest.raises(latentlab.LatentlabError, match="exists already"):
        latentlab.fit(TINY, pictures(40), folder=tmp_path)
    with training_in(tmp_path), pytest.raises(latentlab.LatentlabError, match="in training"):
        latentlab.fit(TINY, mine, folder=tmp_path)
    assert mine.read_bytes() == before
