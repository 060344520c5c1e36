"""Directions of a real model: learned, kept, shared, and refused where they do not fit."""

import json
from dataclasses import replace
from types import GeneratorType

import numpy as np
import pytest

from latentlab.data.image_set import Attributes
from latentlab.directories import home, resources, runs
from latentlab.errors import DataError, RunError
from latentlab.explorer.answer import answer, find_answers
from latentlab.explorer.explorer import Explorer
from latentlab.explorer.files.direction_files import FILE_STEM, read_directions
from latentlab.explorer.files.user_files import path_for
from latentlab.latent.codes import Codes
from latentlab.latent.directions import Method
from latentlab.latent.encode import decode
from latentlab.session.axes import STRIP_POSITIONS, Axis, component_axis, dimension_axis
from latentlab.session.directions import (
    Direction,
    DirectionSource,
    ExportDirections,
    Groups,
    ImportDirections,
    LearnDirection,
    MakeSliderStrips,
    MeasureDimensions,
    Origin,
    ReadDirections,
    ReplaceDirection,
    unique_name,
    warnings_for,
)
from latentlab.session.model import Open
from latentlab.session.points import Point

ORIGIN = Origin("toy", "toy-run", "vae", "toys", 3, 7)
SMILE = Direction(
    "smile", (0.6, 0.0, 0.8), 1.5, str(Method.MEANS), "attribute smile", (40, 60), 2.0, 0.84, ORIGIN
)

find_answers()


@pytest.fixture
def explorer(vae_run):
    explorer = Explorer()
    answer(Open(vae_run), explorer)
    return explorer


def ask(explorer, request):
    """Answer a request to its end."""
    result = answer(request, explorer)
    if not isinstance(result, GeneratorType):
        return result
    while True:
        try:
            next(result)
        except StopIteration as done:
            return done.value


def learn(explorer, source, **more):
    return ask(explorer, LearnDirection(explorer.card, source, **more))


def with_attributes(explorer, names, values):
    codes = explorer.codes
    attributes = Attributes(names, np.asarray(values, np.float32))
    explorer.codes = Codes(codes.mu, codes.sigma, codes.labels, attributes)


# Learning


def test_a_class_against_the_rest(explorer):
    (ones,) = learn(explorer, DirectionSource("class", "1"))
    codes = explorer.codes
    is_one = codes.labels == 1
    wanted = codes.mu[is_one].astype(float).mean(0) - codes.mu[~is_one].astype(float).mean(0)
    assert ones.vector == pytest.approx(wanted / np.linalg.norm(wanted))
    assert ones.scale == pytest.approx((codes.mu @ np.array(ones.vector)).std(), rel=1e-5)
    assert ones.counts == (is_one.sum(), (~is_one).sum())
    assert (ones.name, ones.source) == ("1", "class 1 against the rest")
    assert ones.origin.latent_dim == 2
    assert ones.d > 1.5
    assert ones.accuracy > 0.8
    assert ones.weaknesses == ()


def test_an_attribute_and_another_left_as_it_is(explorer):
    mu = explorer.codes.mu
    with_attributes(
        explorer, ("left", "tilt"), np.column_stack([mu[:, 0] < np.median(mu[:, 0]), mu.sum(1)])
    )
    (left,) = learn(explorer, DirectionSource("attribute", "left"), method=Method.LINEAR)
    assert left.vector[0] < -0.99
    assert left.method == "linear classifier"
    _, tilt = learn(explorer, DirectionSource("attribute", "tilt"), apart=True)
    assert tilt.apart_from == ("left",)
    assert np.dot(left.vector, tilt.vector) == pytest.approx(0, abs=1e-12)
    assert tilt.source == "attribute tilt: top third against the bottom third"
    *_, free = learn(explorer, DirectionSource("attribute", "tilt"), method=Method.LINEAR)
    assert free.vector == pytest.approx(np.full(2, np.sqrt(0.5)), abs=1e-3)
    assert (free.name, free.method) == ("tilt 2", "linear regression")


def test_a_word_or_a_code_of_an_attribute_against_its_others(explorer):
    """Unknown ones are in neither group; words are never high and low."""
    codes = explorer.codes
    left = np.where(codes.mu[:, 0] < np.median(codes.mu[:, 0]), 2.0, np.arange(len(codes)) % 2)
    left[:50] = np.nan
    levels = {"land": ("AT", "CH", "DE")}
    for name, level, known in (("land", "DE", levels), ("grade", "2", {})):
        attributes = Attributes((name,), left[:, None].astype(np.float32), known)
        explorer.codes = Codes(codes.mu, codes.sigma, codes.labels, attributes)
        *_, learned = learn(explorer, DirectionSource("attribute", name, level=level))
        assert learned.vector[0] < -0.5
        assert learned.counts == ((left == 2).sum(), (left < 2).sum())
        assert (learned.name, learned.source) == (
            f"{name} {level}",
            f"{name} {level} against the rest",
        )
    explorer.codes = Codes(
        codes.mu, codes.sigma, None, Attributes(("land",), attributes.values, levels)
    )
    with pytest.raises(DataError, match="land is not a number"):
        learn(explorer, DirectionSource("attribute", "land"))
    with pytest.raises(DataError, match="none of its values is FR"):
        learn(explorer, DirectionSource("attribute", "land", level="FR"))


def test_two_groups_by_hand(explorer):
    mu = explorer.codes.mu
    rows = np.argsort(mu[:, 1])
    groups = Groups(tuple(rows[-30:].tolist()), tuple(rows[:30].tolist()))
    (up,) = learn(explorer, DirectionSource("groups", groups=groups))
    assert up.vector[1] > 0.9
    assert up.counts == (30, 30)
    assert up.source == "two groups of images"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (DirectionSource("attribute", "smile"), "no attribute smile"),
        (DirectionSource("class", "cow"), "no class cow"),
        (DirectionSource("groups", groups=Groups()), "Both groups are empty"),
        (DirectionSource("groups"), "Both groups are empty"),
        (DirectionSource("groups", groups=Groups((1, 10_000), (2,))), "another data set"),
    ],
)
def test_what_cannot_be_learned_is_said(explorer, source, said):
    with pytest.raises(DataError, match=said):
        learn(explorer, source)
    assert ask(explorer, ReadDirections()) == ()


def test_without_images_there_is_nothing_to_learn_from(explorer):
    empty = np.empty((0, 2), np.float32)
    explorer.codes = Codes(empty, empty, None)
    with pytest.raises(DataError, match="no images on the map"):
        learn(explorer, DirectionSource("class", "1"))


def test_what_was_asked_of_a_model_before_is_not_learned_of_the_next(explorer, cvae_run):
    before = explorer.card
    answer(Open(cvae_run), explorer)
    assert ask(explorer, LearnDirection(before, DirectionSource("class", "1"))) == ()
    assert not path_for(explorer.card, FILE_STEM).exists()
    assert not path_for(before, FILE_STEM).exists()


def test_weaknesses_are_told_in_words():
    assert SMILE.weaknesses == ()
    assert "only 5 and 60 images" in replace(SMILE, counts=(5, 60)).weaknesses[0]
    assert "overlap widely" in replace(SMILE, d=0.5).weaknesses[0]
    assert "no better than chance" in replace(SMILE, accuracy=0.6).weaknesses[0]
    assert "no better than chance" in replace(SMILE, accuracy=0.4).weaknesses[0]
    assert replace(SMILE, accuracy=0.69).weaknesses == (), "with as many images no chance"
    few = replace(SMILE, accuracy=0.67, counts=(20, 20))
    assert any("no better than chance" in said for said in few.weaknesses)
    assert "unknown" in replace(SMILE, d=None, accuracy=None).weaknesses[0]
    assert len(replace(SMILE, counts=(2, 3), d=0.1, accuracy=0.5).weaknesses) == 3
    assert SMILE.strength == "Cohen's d 2.00 · held-out accuracy 84% · 40 against 60 images"


def test_doubts_about_a_direction_of_another_model_or_epoch(explorer):
    (ones,) = learn(explorer, DirectionSource("class", "1"))
    assert warnings_for(ones, explorer.card) == ()
    assert "Learn it again" in warnings_for(ones, replace(explorer.card, epoch=99))[0]
    assert warnings_for(ones, replace(explorer.card, name="renamed")) == ()
    other = replace(explorer.card, source=runs() / "other")
    assert "another model, run" in warnings_for(replace(ones, counts=(1, 1)), other)[0]
    assert len(warnings_for(replace(ones, counts=(1, 1)), other)) == 2


# Keeping


def test_directions_come_back_when_the_model_is_opened_again(explorer, vae_run):
    learned = learn(explorer, DirectionSource("class", "7"))
    again = Explorer()
    answer(Open(vae_run), again)
    assert ask(again, ReadDirections()) == learned


def test_where_they_are_kept(explorer, tmp_path):
    card = explorer.card
    own = replace(card, source=runs() / "mine")
    own.source.mkdir(parents=True)
    assert path_for(own, FILE_STEM) == runs() / "mine" / "directions.json"
    shipped = replace(card, source=resources() / "models" / "faces")
    assert path_for(shipped, FILE_STEM) == home() / "directions" / "faces.json"
    a, b = (path_for(replace(card, source=tmp_path / name / "run"), FILE_STEM) for name in "ab")
    assert a != b
    assert a.parent == b.parent == home() / "directions"
    assert path_for(replace(card, source=None), FILE_STEM).parent == home() / "directions"


def test_renaming_deleting_and_putting_back(explorer):
    card = explorer.card
    first, second = (learn(explorer, DirectionSource("class", name))[-1] for name in "12")
    renamed = ask(explorer, ReplaceDirection(card, first, replace(first, name="one")))
    assert [each.name for each in renamed] == ["one", "2"]
    taken = ask(explorer, ReplaceDirection(card, renamed[0], replace(first, name=" 2 ")))
    assert [each.name for each in taken] == ["2 2", "2"]
    left = ask(explorer, ReplaceDirection(card, taken[0], None))
    assert left == (second,)
    assert ask(explorer, ReplaceDirection(card, taken[0], None)) == left
    assert ask(explorer, ReplaceDirection(card, None, first)) == (second, first)
    assert ask(explorer, ReadDirections()) == (second, first)


def test_a_name_that_is_taken_gets_a_number():
    assert unique_name("smile", []) == "smile"
    assert unique_name(" smile ", ["smile", "smile 2"]) == "smile 3"
    assert unique_name("  ", ["direction"]) == "direction 2"


def test_the_groups_of_a_person_hold_an_image_once():
    groups = Groups().added("a", 1).added("a", 2).added("b", 3).added("b", 1).added("b", 3)
    assert (groups.a, groups.b) == ((2,), (1, 3))
    assert groups.cleared("b") == Groups((2,))
    assert groups.cleared("a") == Groups((), (1, 3))
    assert groups.added("a", 3, 4, 1) == Groups((2, 3, 4, 1))


# Sharing


def test_shared_and_taken_in_by_someone_else(explorer, tmp_path, monkeypatch):
    directions = learn(explorer, DirectionSource("class", "3"))
    path = tmp_path / "shared" / "threes.json"
    ask(explorer, ExportDirections(directions, path))
    monkeypatch.setenv("LATENTLAB_HOME", str(tmp_path / "other"))
    assert ask(explorer, ReadDirections()) == ()
    assert ask(explorer, ImportDirections(explorer.card, path)) == directions
    assert ask(explorer, ImportDirections(explorer.card, path)) == directions
    book = json.loads(path.read_text(encoding="utf-8"))
    assert book["version"] == 1
    assert book["directions"][0]["origin"]["data"] == "digits"


def test_directions_of_another_latent_space_are_refused(explorer, tmp_path):
    path = tmp_path / "smile.json"
    ask(explorer, ExportDirections((SMILE,), path))
    with pytest.raises(DataError, match=r"smile was learned in toy, which has 3 dim.* model has 2"):
        ask(explorer, ImportDirections(explorer.card, path))
    assert read_directions(path, 3) == (SMILE,)


def damaged(**changes):
    return {"format": "latentlab directions", "version": 1, "directions": [], **changes}


def entry(**changes):
    whole = json.loads(json.dumps({**vars_of(SMILE), "origin": vars_of(ORIGIN)}))
    return damaged(directions=[{**whole, **changes}])


def vars_of(record):
    return {name: getattr(record, name) for name in type(record).__slots__}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "not a file of directions"),
        ("[1, 2", "not a file of directions"),
        ("[" * 100_000, "not a file of directions"),
        (json.dumps([1]), "not a file of directions"),
        (json.dumps({"format": "other"}), "not a file of directions"),
        (json.dumps(damaged(version=2)), "another version of latentlab"),
        (json.dumps(damaged(version="one")), "version: must be a valid integer"),
        (json.dumps(damaged(directions=None)), "directions: must be a valid array"),
        (
            json.dumps(damaged(directions=[{"name": "smile"}])),
            "0.vector: Field required",
        ),
        (json.dumps(entry(vector=["x", 0, 1])), "vector.0: must be a valid number"),
        (json.dumps(entry(vector=[0, 0, 0])), "smile is not a direction"),
        (json.dumps(entry(vector=[float("nan"), 0, 1])), "vector.0: must be a finite number"),
        (json.dumps(entry(vector=[1e300, 0, 1])), "smile is not a direction"),
        (json.dumps(entry(scale=0)), "smile is not a direction"),
        (json.dumps(entry(d=float("inf"))), "d: must be a finite number"),
    ],
)
def test_files_that_are_no_directions(tmp_path, content, said):
    path = tmp_path / "some.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=said):
        read_directions(path, 3)
    assert path.read_text(encoding="utf-8") == content


def test_files_that_cannot_be_read(tmp_path):
    for path in (tmp_path / "gone.json", tmp_path, tmp_path / ("long" * 1000)):
        with pytest.raises(DataError, match="cannot be read"):
            read_directions(path, 3)


def test_a_vector_of_another_length_is_made_a_unit(tmp_path):
    path = tmp_path / "some.json"
    path.write_text(json.dumps(entry(vector=[3, 0, 4])), encoding="utf-8")
    (found,) = read_directions(path, 3)
    assert found.vector == pytest.approx((0.6, 0, 0.8))


def test_a_damaged_file_is_not_written_over(explorer):
    path = path_for(explorer.card, FILE_STEM)
    path.parent.mkdir(parents=True)
    path.write_text("precious", encoding="utf-8")
    with pytest.raises(DataError, match="not a file of directions"):
        learn(explorer, DirectionSource("class", "1"))
    assert path.read_text(encoding="utf-8") == "precious"


def test_a_folder_in_the_way_is_said(explorer, tmp_path):
    (tmp_path / "taken.json").mkdir()
    with pytest.raises(RunError, match="cannot be written"):
        ask(explorer, ExportDirections((SMILE,), tmp_path / "taken.json"))


# Axes


def test_an_axis_moves_z_along_itself_alone():
    axis = Axis("tilt", np.array([0.6, 0.0, 0.8]), middle=1.0, unit=2.0)
    z = (1.0, 5.0, 2.0)
    assert axis.position(z) == pytest.approx((0.6 + 1.6 - 1) / 2)
    moved = axis.moved(z, -1.5)
    assert axis.position(moved) == pytest.approx(-1.5)
    across = np.array([0.8, 0.0, -0.6])
    assert np.dot(moved, across) == pytest.approx(np.dot(z, across))
    assert moved[1] == 5.0


def test_importance_of_a_real_model(explorer):
    weighed = ask(explorer, MeasureDimensions())
    codes = explorer.codes
    order = weighed.by_kl
    assert weighed.kl[order[0]] >= weighed.kl[order[1]] > 0
    assert not weighed.dead.any()
    first = component_axis(codes, weighed.components, 0)
    across = (codes.mu - codes.center) @ first.vector
    assert first.unit == pytest.approx(across.std(), rel=1e-4)
    assert first.position(codes.center) == pytest.approx(0, abs=1e-5)
    second = dimension_axis(codes, 1)
    assert second.position(codes.center + np.array([0, codes.spread[1]])) == pytest.approx(1)


def test_strips_are_what_the_decoder_makes_of_points_along_each_axis(cvae_run):
    explorer = Explorer()
    answer(Open(cvae_run), explorer)
    axes = tuple(dimension_axis(explorer.codes, d) for d in (0, 2))
    point = Point((0.5, -0.5, 1.0), 4)
    strips = ask(explorer, MakeSliderStrips(point, axes))
    assert list(strips.along) == ["z1", "z3"]
    assert strips.codes is explorer.codes
    for axis in axes:
        tiles = strips.along[axis.key]
        z = np.array([axis.moved(point.z, mark) for mark in STRIP_POSITIONS], np.float32)
        np.testing.assert_allclose([p.z for p in tiles.points], z, atol=1e-6)
        assert {p.label for p in tiles.points} == {4}
        wanted = decode(explorer.model, z, np.full(len(STRIP_POSITIONS), 4))
        np.testing.assert_array_equal(tiles.pictures, wanted)
        assert [axis.position(p.z) for p in tiles.points] == pytest.approx(STRIP_POSITIONS)
