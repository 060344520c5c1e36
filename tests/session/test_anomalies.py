"""Scores of real models on their way to window and file."""

import csv
from dataclasses import replace

import numpy as np
import pytest
import toy

from latentlab import work
from latentlab.api.files import write_scores
from latentlab.api.model import load
from latentlab.data.image_set import Attributes, ImageSpec
from latentlab.data.parts import TRAIN, VALIDATION
from latentlab.errors import DataError, RunError
from latentlab.explorer.answer import answer, find_answers
from latentlab.explorer.explorer import Explorer
from latentlab.latent.codes import Codes
from latentlab.latent.elbo_scores import elbo_scores
from latentlab.latent.ranking import Score, Scores
from latentlab.session.model import MakeSamples
from latentlab.session.request import Exported, Lifetime
from latentlab.session.scores.anomalies import (
    COLUMNS,
    DecodeThumbnails,
    SaveScores,
    ScoreImages,
    compare_sets,
    save_scores,
    with_eta,
)
from latentlab.session.state import valid_answers
from latentlab.work import Progress, finish


@pytest.fixture
def make_explorer():
    find_answers()

    def make(run, count=40):
        explorer = Explorer()
        explorer.open(run)
        # All 5,000 would take a second and tell no more.
        explorer._images = explorer.images[:count]
        return explorer

    return make


def followed(pieces):
    """Return what work has told on its way, and its answer."""
    told = []
    while True:
        try:
            told.append(next(pieces))
        except StopIteration as done:
            return told, done.value


def read(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def codes(files=None):
    """Return the codes of five images; the first two are held out."""
    z = np.zeros((5, 2), np.float32)
    files = np.array(files or [f"in/{row}.png" for row in range(5)], object)
    parts = np.array([VALIDATION] * 2 + [TRAIN] * 3, object)
    return Codes(z, z + 1, np.array([0, 1, 0, 1, 0]), files=files, parts=parts)


def made(count=5):
    row = np.arange(count, dtype=np.float64)
    return Scores(100 + row, 0.5 - row / 100, np.full(count, 3.25), 50)


@pytest.mark.parametrize("run", ["vae_run", "cvae_run"])
def test_scores_are_those_of_the_map_s_images_in_their_order(make_explorer, run, request):
    explorer = make_explorer(request.getfixturevalue(run))
    told, scores = followed(answer(ScoreImages(7, seed=3), explorer))
    want = finish(elbo_scores(explorer.model, explorer.images, 7, seed=3))
    assert len(scores) == 40
    assert (scores.samples, scores.seed) == (7, 3)
    np.testing.assert_allclose(scores.elbo, want.elbo, rtol=1e-5)
    assert all(isinstance(loading, Progress) for loading in told)
    assert told[0].message == "Scoring 40 images"


@pytest.mark.parametrize("run", ["vae_run", "cvae_run"])
def test_thumbnails_are_what_picking_shows(make_explorer, run, request):
    explorer = make_explorer(request.getfixturevalue(run))
    shown = answer(DecodeThumbnails((7, 2)), explorer)
    assert shown.rows == (7, 2)
    for i, row in enumerate(shown.rows):
        original = explorer.original(row)
        np.testing.assert_array_equal(shown.pictures[i], original.picture)
        np.testing.assert_allclose(
            shown.reconstructions[i].astype(int), original.reconstruction, atol=1
        )


def test_rows_that_are_not_there(make_explorer, vae_run):
    for rows in ((40,), (-1, 3)):
        with pytest.raises(DataError, match="only 40 images"):
            answer(DecodeThumbnails(rows), make_explorer(vae_run))


def test_without_images_it_says_so(make_explorer, vae_run):
    explorer = make_explorer(vae_run)
    explorer._images = None
    with pytest.raises(DataError, match="no images on the map"):
        answer(ScoreImages(), explorer)
    with pytest.raises(RunError, match="No model"):
        answer(DecodeThumbnails((0,)), Explorer())


def test_time_left_follows_from_the_time_taken(monkeypatch):
    monkeypatch.setattr(work, "PIECE", 0)
    seconds = iter([0.0, 10.0, 300.0])

    def pieces():
        yield from (0.0, 0.25, 0.5, 1.0)
        return made()

    told, scores = followed(with_eta(pieces(), 10_000, clock=lambda: next(seconds)))
    assert [loading.fraction for loading in told] == [0.0, 0.25, 0.5, 1.0]
    assert [loading.message for loading in told] == [
        "Scoring 10,000 images",
        "Scoring 10,000 images · 30 s left",
        "Scoring 10,000 images · 5 min left",
        "Scoring 10,000 images",
    ]
    assert len(scores) == 5


def test_csv_has_every_image_the_strangest_first(tmp_path):
    path = tmp_path / "scores.csv"
    names = ("a, with a comma", "bee")
    request = SaveScores(made(), path, Score.ELBO, codes(), names)
    assert answer(request, Explorer()) == Exported(path)
    head, *rows = read(path)
    assert tuple(head) == COLUMNS
    want = ["4", "in/4.png", "train", "a, with a comma", "104.0", "0.46", "3.25"]
    assert rows[0] == want
    assert [row[0] for row in rows] == ["4", "3", "2", "1", "0"]


def test_csv_tells_all_that_is_known_of_each_image(tmp_path):
    values = np.array([[20, 1], [21, 0], [22, np.nan], [23, 1], [24, 0]], np.float32)
    known = Attributes(("age", "label"), values, {"label": ("no", "yes")})
    known_codes = replace(codes(), attributes=known)
    save_scores(made(), tmp_path / "s.csv", codes=known_codes, class_names=("a", "b"))
    head, *rows = read(tmp_path / "s.csv")
    assert head == [*COLUMNS, "age", "label 2"]
    assert [row[-2:] for row in rows][:3] == [["24.0", "no"], ["23.0", "yes"], ["22.0", ""]]


def test_csv_by_another_score_and_without_labels(tmp_path):
    path = tmp_path / "scores.csv"
    save_scores(made(3), path, Score.ERROR)
    assert [row[:4] for row in read(path)[1:]] == [[row, "", "", ""] for row in "012"]
    with pytest.raises(RunError, match="cannot be written"):
        save_scores(made(3), path / "below a file.csv")


def test_the_first_images_are_scored(vae_run, tmp_path, capsys):
    model, out = load(vae_run), tmp_path / "scores.csv"
    assert write_scores(model, out, 5, 30, seed=1)
    rows = read(out)[1:]
    assert sorted(int(row[0]) for row in rows) == list(range(30))
    want = finish(elbo_scores(model.explorer.model, model.explorer.images[:30], 5, seed=1))
    for row, file, part, label, elbo, *_ in rows:
        assert (file, part) == ("", VALIDATION)
        assert float(elbo) == pytest.approx(want.elbo[int(row)], rel=1e-4)
        assert label == str(model.explorer.images.labels[int(row)])


def test_scores_hold_for_the_codes():
    for kind in (ScoreImages, DecodeThumbnails):
        assert kind.lifetime is Lifetime.CODES
        assert valid_answers({kind: 1, MakeSamples: 2}, Lifetime.CODES) == {MakeSamples: 2}


# Two sets


def test_the_left_out_classes_are_told_from_the_other_held_out_images():
    labels, parts = np.array([0, 1, 2, 0, 1, 2]), np.array([VALIDATION] * 4 + [TRAIN] * 2, object)
    known = Codes(np.zeros((6, 2), np.float32), np.ones((6, 2), np.float32), labels, parts=parts)
    values = np.array([5.0, 9.0, 6.0, 7.0, 0.0, 99.0])
    scores = Scores(values, values, values, 1)
    spec = ImageSpec((1, 4, 4), ("a", "b", "c"))
    recipe = {"data": {"kind": "digits", "leave_out": ["c"]}}
    model = toy.card(spec=spec, recipe=recipe)
    said = compare_sets(scores, Score.ELBO, known, model)
    # Of a, b and a, with 5, 9 and 7 nats, one scores below c with 6.
    assert said == (
        "The negative ELBO in nats of held-out images: classes of the training 7.0 ± 1.6, "
        "left out (c) 6.0 ± 0.0. AUROC 0.333."
    )
    assert compare_sets(scores, Score.ELBO, known, toy.card(spec=spec)) == ""
    assert compare_sets(scores, Score.ELBO, replace(known, parts=None), model) == ""
    assert compare_sets(scores, Score.ELBO, known, replace(model, other="others")) == ""
