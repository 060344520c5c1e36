"""Views: there and back, and what is kept of them."""

from dataclasses import replace

import numpy as np
import pytest
import toy

from latentlab.directories import resources
from latentlab.explorer.view_cache import MAX_FILES, ViewCache
from latentlab.session.map import Layout, MapView, axes_view

RNG = np.random.default_rng(0)


def scattered(codes, anchors=None):
    xy = RNG.uniform(-3, 3, (len(codes), 2)).astype(np.float32)
    rows = np.arange(len(codes)) if anchors is None else anchors
    return MapView(Layout.TSNE, axes_view(0, 1, 5).frame, xy, rows)


def test_on_a_plane_there_and_back_is_exact():
    codes, z = toy.codes(5), tuple(range(5))
    view = axes_view(4, 2, 5)
    assert view.is_plane
    assert view.inverse == "exact plane"
    assert view.lift(0.5, -0.5, z, codes) == (0, 1, -0.5, 3, 0.5)
    assert view.place(z, codes) == (4, 2)
    assert np.array_equal(view.places(codes), codes.mu[:, [4, 2]])


def test_among_neighbours_an_image_s_place_is_its_code():
    codes = toy.codes(5)
    view = scattered(codes)
    assert view.inverse == "blend of the 5 nearest codes"
    for row in (0, 33, 89):
        assert view.place(codes.mu[row], codes) == pytest.approx(view.xy[row])
        assert view.lift(*view.xy[row], codes.mu[0], codes) == pytest.approx(codes.mu[row])


def test_only_what_was_laid_out_is_blended():
    codes = toy.codes(5)
    view = scattered(codes, np.array([3, 4]))
    mean = np.average(codes.mu[[3, 4]], axis=0, weights=1 / ((view.xy[[3, 4]]) ** 2).sum(1))
    assert view.lift(0, 0, codes.mu[0], codes) == pytest.approx(mean, rel=1e-5)


def test_codes_of_another_size_or_number_do_not_suit():
    view = scattered(toy.codes(5))
    assert view.suits(toy.codes(5, seed=3))
    assert not view.suits(toy.codes(5, count=9))
    assert not view.suits(toy.codes(4))


def cache(folder, mu, layout="t-SNE"):
    folder.mkdir(exist_ok=True)
    return ViewCache(replace(toy.card(), source=folder), mu, layout)


def test_a_map_is_found_again_by_its_codes_alone(tmp_path):
    mu = RNG.standard_normal((20, 3)).astype(np.float32)
    xy, anchors = RNG.standard_normal((20, 2)).astype(np.float32), np.arange(20)
    cache(tmp_path / "run", mu).write(xy, anchors)
    kept = cache(tmp_path / "run", mu.copy()).read()
    assert np.array_equal(kept[0], xy)
    assert np.array_equal(kept[1], anchors)
    assert cache(tmp_path / "run", mu, "UMAP").read() is None
    assert cache(tmp_path / "run", mu + 1).read() is None
    assert list((tmp_path / "run" / "views").iterdir())


@pytest.mark.parametrize("content", [b"", b"PK nonsense", b"\x00" * 400])
def test_a_damaged_map_is_made_again(tmp_path, content):
    mu = np.zeros((20, 3), np.float32)
    kept = cache(tmp_path / "run", mu)
    kept.write(np.zeros((20, 2), np.float32), np.arange(20))
    kept.path.write_bytes(content)
    assert kept.read() is None


def test_a_map_of_other_rows_is_not_taken(tmp_path):
    mu = np.zeros((20, 3), np.float32)
    kept = cache(tmp_path / "run", mu)
    for xy, anchors in (
        (np.zeros((19, 2)), np.arange(19)),
        (np.full((20, 2), np.nan), np.arange(20)),
        (np.zeros((20, 2)), np.array([25])),
    ):
        kept.write(xy.astype(np.float32), anchors)
        assert kept.read() is None


def test_few_maps_are_kept(tmp_path):
    for i in range(MAX_FILES + 3):
        cache(tmp_path / "run", np.full((4, 2), i, np.float32)).write(
            np.zeros((4, 2), np.float32), np.arange(4)
        )
    assert len(list((tmp_path / "run" / "views").iterdir())) == MAX_FILES


def test_maps_of_what_ships_are_kept_in_the_user_s_folder(own_place):
    card = replace(toy.card(), source=(resources() / "models" / "digits-2d").resolve())
    assert ViewCache(card, np.zeros((4, 2), np.float32), "t-SNE").path.is_relative_to(own_place)
