"""Bookmarks on disk: where they go, what comes back, and what is never lost."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from latentlab.directories import resources, runs
from latentlab.errors import RunError
from latentlab.explorer.answer import answer, find_answers
from latentlab.explorer.bookmarks import FILE_STEM
from latentlab.explorer.explorer import Explorer
from latentlab.explorer.files.user_files import path_for
from latentlab.session.bookmarks import (
    ExportBookmarks,
    ImportBookmarks,
    ReadBookmarks,
    SaveBookmarks,
)
from latentlab.session.interpolation import Bookmark
from latentlab.session.request import Exported

find_answers()


def opened(folder):
    explorer = Explorer()
    explorer.open(folder)
    return explorer


@pytest.fixture
def explorer(cvae_run, tmp_path):
    return opened(shutil.copytree(cvae_run, tmp_path / "run"))


def mark(explorer, row, note=""):
    original = explorer.original(row)
    return Bookmark(original.point, note, original.reconstruction)


def write(explorer, text):
    place = path_for(explorer.card, FILE_STEM)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text)
    return place


def test_what_is_kept_comes_back_after_a_restart(explorer):
    marks = (mark(explorer, 3, "a nice ¾"), mark(explorer, 8))
    assert answer(SaveBookmarks(explorer.card, marks), explorer) == marks
    again = opened(explorer.card.source)
    found = answer(ReadBookmarks(), again)
    assert [m.note for m in found] == ["a nice ¾", ""]
    for old, new in zip(marks, found, strict=True):
        assert new.point == old.point
        np.testing.assert_array_equal(new.pixels, old.pixels)


def test_they_lie_with_the_run_or_among_the_users_own(explorer, own_place):
    own = replace(explorer.card, source=runs() / "mine")
    with pytest.raises(RunError, match="was moved or deleted"):
        path_for(own, FILE_STEM)
    (runs() / "mine").mkdir(parents=True)
    assert path_for(own, FILE_STEM) == runs() / "mine" / "bookmarks.json"
    assert path_for(explorer.card, FILE_STEM).parent == own_place / "bookmarks"
    shipped = opened(resources() / "models" / "digits-2d")
    assert path_for(shipped.card, FILE_STEM) == own_place / "bookmarks" / "digits-2d.json"
    answer(SaveBookmarks(shipped.card, (mark(shipped, 0),)), shipped)
    assert len(answer(ReadBookmarks(), shipped)) == 1


def test_a_model_without_has_none(explorer):
    assert answer(ReadBookmarks(), explorer) == ()
    assert answer(ReadBookmarks(), Explorer()) == ()


def test_export_and_import_add_what_is_new(explorer, tmp_path):
    first, second = mark(explorer, 1, "one"), mark(explorer, 2, "two")
    path = tmp_path / "marks.json"
    request = ExportBookmarks(explorer.card, (first, second), path)
    assert answer(request, explorer) == Exported(path)
    mine = Bookmark(first.point, "my own words", first.pixels)
    marks = answer(ImportBookmarks(explorer.card, (mine,), path), explorer)
    assert [m.note for m in marks] == ["my own words", "two"]
    assert [m.note for m in answer(ReadBookmarks(), explorer)] == ["my own words", "two"]


def test_those_of_another_model_are_refused(explorer, vae_run, tmp_path):
    other = opened(vae_run)
    path = tmp_path / "marks.json"
    answer(ExportBookmarks(other.card, (mark(other, 1),), path), other)
    with pytest.raises(RunError, match="2 dimensions, and run has 3"):
        answer(ImportBookmarks(explorer.card, (), path), explorer)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"bookmarks": [{"z": ["x", 1, 2]}]}',
        '{"bookmarks": [{"z": [NaN, 1, 2]}]}',
        '{"bookmarks": [3]}',
    ],
)
def test_what_is_no_file_of_bookmarks_is_refused_and_lost_nowhere(explorer, text):
    place = write(explorer, text)
    with pytest.raises(RunError, match=r"\.json is not a file of bookmarks"):
        answer(ReadBookmarks(), explorer)
    answer(SaveBookmarks(explorer.card, (mark(explorer, 1),)), explorer)
    assert place.with_suffix(".damaged").read_text() == text
    assert len(answer(ReadBookmarks(), explorer)) == 1


def test_labels_that_there_are_not_become_ones_that_there_are(explorer):
    z = [0.0] * explorer.card.latent_dim
    entries = [{"z": z, "label": label} for label in (3, 99, None, "x")]
    write(explorer, json.dumps({"bookmarks": entries}))
    assert [m.point.label for m in answer(ReadBookmarks(), explorer)] == [3, 0, 0, 0]


def test_a_missing_file_is_said_to_be_missing(explorer, tmp_path):
    with pytest.raises(RunError, match="cannot be read"):
        answer(ImportBookmarks(explorer.card, (), tmp_path / "none.json"), explorer)


def test_two_windows_on_one_model_keep_the_bookmarks_of_both(explorer):
    """And what one of them deletes stays deleted."""
    other = Explorer()
    other.open(explorer.card.source)
    for each in (explorer, other):
        assert answer(ReadBookmarks(), each) == ()
    answer(SaveBookmarks(explorer.card, (mark(explorer, 1),)), explorer)
    both = answer(SaveBookmarks(other.card, (mark(other, 2),)), other)
    assert [each.point.z[0] for each in both] == [
        mark(other, 2).point.z[0],
        mark(other, 1).point.z[0],
    ]
    assert both[1].pixels.shape == explorer.card.spec.shape[1:]
    left = answer(SaveBookmarks(other.card, both[:1]), other)
    assert len(left) == len(answer(ReadBookmarks(), other)) == 1
