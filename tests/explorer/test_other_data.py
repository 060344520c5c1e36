"""Another data set with the open model: scaled, joined with that of the run, scored."""

import numpy as np
import pytest

from latentlab.config import parse
from latentlab.data.data_set import DATA
from latentlab.data.image_set import Attributes, ImageSet, ImageSpec
from latentlab.directories import resources
from latentlab.errors import DataError, RunError
from latentlab.explorer.answer import answer, find_answers
from latentlab.explorer.data.other_data import join_sets, show_data
from latentlab.explorer.explorer import Explorer
from latentlab.latent.encode import encode
from latentlab.session.model import SET_ATTRIBUTE, ShowData
from latentlab.session.neighbours import FindNeighbours
from latentlab.session.scores.anomalies import ScoreImages
from latentlab.work import finish

find_answers()
COUNT = 40


def opened(name="digits-2d"):
    explorer = Explorer()
    explorer.open(resources() / "models" / name)
    return explorer


def noise(tmp_path, labels=None, side=28):
    images = np.random.default_rng(0).integers(0, 256, (COUNT, side, side), np.uint8)
    more = {} if labels is None else {"labels": np.array(labels)[np.arange(COUNT) % len(labels)]}
    np.savez(tmp_path / "noise.npz", images=images, **more)
    return parse(DATA.kinds()["arrays"], {"kind": "arrays", "images": tmp_path / "noise.npz"})


def shown(explorer, config, **options):
    return finish(show_data(explorer, config, **options))


def test_other_images_replace_those_of_the_run_and_back(tmp_path):
    explorer = opened()
    before, codes = explorer.card, explorer.codes
    card = shown(explorer, noise(tmp_path, ["x", "y"]))
    assert (card.other, card.images, len(explorer.codes)) == ("arrays noise.npz", COUNT, COUNT)
    assert card.spec.class_names == ("x", "y")
    assert card.number == before.number + 1
    expected = encode(explorer.model, explorer.images)
    np.testing.assert_allclose(explorer.codes.mu, expected.mu, atol=1e-5)
    card = explorer.show_run_images()
    assert (card.other, card.spec, card.data) == ("", before.spec, before.data)
    np.testing.assert_array_equal(explorer.codes.mu, codes.mu)


@pytest.mark.parametrize("together", [False, True])
def test_images_made_for_a_model_are_not_shown_with_the_next(tmp_path, together):
    explorer = opened()
    request = ShowData({"kind": "arrays", "images": str(noise(tmp_path, side=20).images)}, together)
    steps = answer(request, explorer)
    next(steps)
    explorer.open(resources() / "models" / "faces")
    codes = explorer.codes
    with pytest.raises(RunError, match="Another model was opened before arrays"):
        finish(steps)
    assert explorer.codes is codes


def test_both_sets_are_told_apart_and_noise_scores_worse(tmp_path):
    explorer = opened()
    own = len(explorer.codes)
    request = ShowData({"kind": "arrays", "images": str(noise(tmp_path).images)}, together=True)
    shown_both = finish(answer(request, explorer))
    codes = shown_both.codes
    assert len(codes) == own + COUNT
    assert codes.attributes.levels[SET_ATTRIBUTE] == ("run", "arrays noise.npz")
    other = codes.attributes.column(SET_ATTRIBUTE) == 1
    assert other.sum() == COUNT
    names = shown_both.card.spec.class_names
    assert {names[label] for label in codes.labels[other]} == {"unlabelled"}
    few = np.flatnonzero(other)[0]
    # No special case: neighbours and scores work on what is shown.
    point = shown_both.card.point_of(codes, int(few))
    near = finish(answer(FindNeighbours(point, 3), explorer))
    assert near.by_code.rows[0] == few
    explorer.show_images(explorer.images[own - COUNT :], "the last", "")
    scores = finish(answer(ScoreImages(samples=2), explorer)).elbo
    assert scores[:COUNT].max() < scores[COUNT:].min()


def test_images_of_another_size_are_scaled(tmp_path):
    explorer = opened()
    card = shown(explorer, noise(tmp_path, side=50))
    assert "Images of 50×50 grey are scaled to 28×28 grey." in card.note
    assert explorer.images.images.shape == (COUNT, 1, 28, 28)


def test_conditional_model_needs_its_classes(tmp_path):
    explorer = opened("digits-cvae")
    before = explorer.codes
    for labels in (None, ["cat", "3"]):
        with pytest.raises(DataError, match="needs the class of each image"):
            shown(explorer, noise(tmp_path, labels))
    assert explorer.codes is before
    shown(explorer, noise(tmp_path, ["7", "3"]), together=True)
    assert explorer.codes.labels[-COUNT:].tolist().count(7) == COUNT / 2


def test_joined_attributes_keep_their_words():
    def of(names, values, levels):
        about = Attributes(names, np.array(values, np.float32), levels)
        return ImageSet(np.zeros((2, 1, 2, 2), np.uint8), None, ImageSpec((1, 2, 2)), about)

    first = of(("hair", "age"), [[0, 20], [np.nan, 30]], {"hair": ("black", "red")})
    second = of(("hair",), [[0], [1]], {"hair": ("red", "white")})
    both = join_sets(first, second, ("a", "b"))
    assert [both.attributes.values_of(row) for row in range(4)] == [
        ["a", "black", 20],
        ["a", "", 30],
        ["b", "red", ""],
        ["b", "white", ""],
    ]
    assert both.files.tolist() == ["a 0", "a 1", "b 0", "b 1"]
