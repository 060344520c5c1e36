"""Notes and tags of runs, and their files."""

import json

import pytest

from latentlab.directories import home, resources, runs
from latentlab.errors import RunError
from latentlab.runs.notes import notes_file, read_notes, write_notes
from latentlab.session.library.notes import MAX_TAG_LENGTH, MAX_TAGS, MAX_TEXT_LENGTH, Notes

NOTES = Notes("blurry,\nbut ünïque", ("best", "paper"))


def test_notes_are_kept_with_the_run():
    folder = runs() / "run"
    assert read_notes(folder) == Notes()
    folder.mkdir(parents=True)
    write_notes(folder, NOTES)
    assert read_notes(folder) == NOTES
    stored = json.loads((folder / "notes.json").read_text("utf-8"))
    assert stored == {"format": 1, "notes": NOTES.text, "tags": ["best", "paper"]}
    moved = folder.rename(runs() / "moved")
    assert read_notes(moved) == NOTES


def test_notes_on_a_shipped_model_are_kept_in_the_folder_of_the_user():
    shipped = resources() / "models" / "digits-2d"
    write_notes(shipped, NOTES)
    assert notes_file(shipped) == home() / "notes" / "digits-2d.json"
    assert read_notes(shipped) == NOTES
    assert not (shipped / "notes.json").exists()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"format": 2}',
        '{"notes": 3}',
        '{"tags": "best"}',
        '{"tags": [""]}',
        json.dumps({"notes": "x" * (MAX_TEXT_LENGTH + 1)}),
        json.dumps({"tags": ["x" * (MAX_TAG_LENGTH + 1)]}),
        json.dumps({"tags": [str(i) for i in range(MAX_TAGS + 1)]}),
    ],
)
def test_damaged_notes_are_no_end_and_are_not_overwritten(text):
    folder = runs() / "run"
    folder.mkdir(parents=True)
    (folder / "notes.json").write_text(text)
    assert read_notes(folder) == Notes()
    write_notes(folder, NOTES)
    assert read_notes(folder) == NOTES
    assert (folder / "notes.damaged").read_text() == text


def test_what_cannot_be_printed_is_replaced():
    folder = runs() / "run"
    folder.mkdir(parents=True)
    content = {"notes": "a\x1b[2J", "tags": ["b\x00", "b\x01"]}
    (folder / "notes.json").write_text(json.dumps(content))
    assert read_notes(folder) == Notes("a\ufffd[2J", ("b\ufffd",))


def test_notes_that_cannot_be_written_say_so(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(RunError, match="cannot be written"):
        write_notes(tmp_path / "file", NOTES)


def test_long_notes_can_be_read_back():
    folder = runs() / "run"
    folder.mkdir(parents=True)
    write_notes(folder, Notes("ä" * (MAX_TEXT_LENGTH + 5)))
    assert read_notes(folder) == Notes("ä" * MAX_TEXT_LENGTH)
