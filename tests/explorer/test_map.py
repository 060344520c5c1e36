"""What the map's points can be coloured by, and choosing and saving by it."""

import csv
from dataclasses import replace

import numpy as np
import pytest
import toy

from latentlab.data.image_set import Attributes
from latentlab.data.parts import TRAIN, VALIDATION
from latentlab.errors import RunError
from latentlab.session.colourings import Measure, MeasuredValues, colourings, values_of
from latentlab.session.files.tables import escape_cell, save_selection
from latentlab.session.map import ComputeMeasure
from latentlab.session.scores.anomalies import ScoreImages
from latentlab.session.selection import (
    SetOperation,
    by_range,
    by_text,
    combine,
    inverted,
    mask_of,
    select,
)
from latentlab.session.state import State

ATTRIBUTES = Attributes(("smiling", "age"), np.arange(180, dtype=np.float32).reshape(90, 2))


def state(**more):
    return State(codes=replace(toy.codes(3), attributes=ATTRIBUTES), **more)


def test_all_that_is_known_can_be_shown():
    keys = [colouring.key for colouring in colourings(state())]
    assert keys[:3] == ["class", "attribute:smiling", "attribute:age"]
    assert keys[3:] == ["kl", "density", "k-means", "HDBSCAN", "z:0", "z:1", "z:2"]
    plain = State(codes=replace(toy.codes(1), labels=None))
    assert [c.key for c in colourings(plain)] == ["kl", "density", "k-means", "HDBSCAN", "z:0"]
    assert colourings(State()) == ()
    assert colourings(State(codes=toy.codes(2, count=0))) == ()


def test_each_has_one_value_per_image_once_it_is_known():
    known = state()
    for colouring in colourings(known):
        values = values_of(colouring.key, known)
        if colouring.measure:
            assert values is None
            measured = MeasuredValues(colouring.measure, 3, np.zeros(90, np.int64))
            assert (
                values_of(colouring.key, state(answers={ComputeMeasure: measured}))
                is measured.values
            )
            fewer = MeasuredValues(colouring.measure, 3, np.zeros(89, np.int64))
            assert values_of(colouring.key, state(answers={ComputeMeasure: fewer})) is None
        else:
            assert values.shape == (90,)
    assert values_of("attribute:age", known)[:2].tolist() == [1, 3]
    assert np.array_equal(values_of("z:2", known), known.codes.mu[:, 2])
    assert values_of("z:7", known) is None
    assert values_of("attribute:gone", known) is None
    assert values_of(Measure.DENSITY, State()) is None


def test_scores_can_be_shown_as_long_as_they_are_of_these_images():
    scores = toy.scores(90, 2)
    known = state(answers={ScoreImages: scores})
    keys = [colouring.key for colouring in colourings(known)]
    assert keys[3:6] == ["score:negative ELBO", "score:reconstruction error", "score:KL"]
    assert [c.unit for c in colourings(known)][3:6] == ["nats", "MSE", "nats"]
    for key, values in zip(keys[3:6], (scores.elbo, scores.error, scores.rate), strict=True):
        assert values_of(key, known).dtype == np.float32
        np.testing.assert_allclose(values_of(key, known), values, rtol=1e-6)
        assert values_of(key, state()) is None
        assert values_of(key, state(answers={ScoreImages: toy.scores(89, 2)})) is None


def test_words_are_groups_with_names_of_their_own():
    countries = np.array([0, 2, np.nan] * 30, np.float32)[:, None]
    known = Attributes(("country",), countries, {"country": ("AT", "CH", "DE")})
    words = State(codes=replace(toy.codes(3), attributes=known))
    shown = {colouring.key: colouring for colouring in colourings(words)}["attribute:country"]
    assert shown.names == ("AT", "CH", "DE")
    values = values_of(shown.key, words)
    assert values.dtype == np.int64
    assert values[:3].tolist() == [0, 2, -1]


def test_selections_are_sets():
    first = select([5, 1, 5])
    assert first.rows.tolist() == [1, 5]
    assert combine(first, [2], SetOperation.ADD).rows.tolist() == [1, 2, 5]
    assert combine(first, [5, 9], SetOperation.REMOVE).rows.tolist() == [1]
    assert combine(first, [5, 9], SetOperation.COMMON).rows.tolist() == [5]
    assert combine(first, [9]).rows.tolist() == [9]
    assert combine(first, [], SetOperation.COMMON) is None
    assert combine(None, [3], SetOperation.ADD).rows.tolist() == [3]
    assert inverted(first, 6).rows.tolist() == [0, 2, 3, 4]
    assert inverted(None, 2).rows.tolist() == [0, 1]
    assert mask_of(first, 6).nonzero()[0].tolist() == [1, 5]
    assert select([]) is None


def test_text_and_range():
    labels = np.array([0, 1, 2, 1])
    assert by_text("EE", ("ant", "bee", "cat"), labels).tolist() == [1, 3]
    assert not len(by_text(" ", ("ant",), labels))
    assert not len(by_text("a", ("ant",), None))
    values = np.array([0.5, np.nan, 1.0, 2.0], np.float32)
    assert by_range(values, 0.5, 1.0).tolist() == [0, 2]


def test_a_table_holds_what_was_chosen(tmp_path):
    codes = state().codes
    save_selection(select([7, 3]), codes, toy.NAMES, tmp_path / "some.csv")
    with (tmp_path / "some.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(row["row"], row["label"], row["class"]) for row in rows] == [
        ("3", "0", "ant"),
        ("7", "1", "bee"),
    ]
    assert [float(rows[1][f"z{d}"]) for d in (1, 2, 3)] == pytest.approx(codes.mu[7], rel=1e-5)
    assert float(rows[0]["age"]) == 7


def test_a_table_says_which_image_each_is_and_what_words_stand_for(tmp_path):
    attributes = Attributes(
        ("country", "=age"),
        np.array([[1, -4.5], [np.nan, np.nan], [0, 3]], np.float32),
        {"country": ("Chad", "@Peru")},
    )
    files = np.array(["a/1.png", "+2.png", "\udcff.png"], object)
    codes = replace(
        toy.codes(3),
        attributes=attributes,
        files=files,
        parts=np.array([VALIDATION, TRAIN, TRAIN], object),
    )
    save_selection(select([0, 1, 2]), codes, toy.NAMES, tmp_path / "some.csv")
    with (tmp_path / "some.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["file"] for row in rows] == ["a/1.png", "'+2.png", "\\udcff.png"]
    assert [row["part"] for row in rows] == ["validation", "train", "train"]
    assert [row["country"] for row in rows] == ["'@Peru", "", "Chad"]
    assert [row["'=age"] for row in rows] == ["-4.5", "", "3.0"]


@pytest.mark.parametrize("text", ["=1+1", "+cmd", "-x", "@SUM(A1)", "\tx", "-", "-inf"])
def test_text_that_a_spreadsheet_would_run_is_written_as_text(text):
    assert escape_cell(text) == f"'{text}"


@pytest.mark.parametrize("value", ["a=b", "-1.5", "+3", "1e5", "", "'", -2.0, 7, "2026-01-02"])
def test_other_cells_stay_as_they_are(value):
    assert escape_cell(value) == value


def test_a_table_of_codes_without_labels(tmp_path):
    plain = replace(toy.codes(2), labels=None)
    save_selection(select([0]), plain, (), tmp_path / "some.csv")
    assert (tmp_path / "some.csv").read_text().splitlines()[1].startswith("0,,,")


def test_a_table_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="cannot be written"):
        save_selection(select([0]), toy.codes(), (), tmp_path / "file" / "some.csv")
