"""The house stays as CONTRIBUTING.md draws it; `python tests/architecture/house.py` prints it."""

import subprocess
import sys

import pytest
from architecture.house import (
    PACKAGE,
    fields_of_state,
    files_per_folder,
    function_lines,
    methods,
    private_words,
    sources,
)


@pytest.fixture(scope="module")
def modules():
    """Every module of the package."""
    return sources()


def test_no_folder_is_a_drawer():
    assert {folder: count for folder, count in files_per_folder().items() if count > 30} == {}


def test_functions_are_short(modules):
    lengths = function_lines(modules)
    assert {name: count for name, count in lengths.items() if count > 60} == {}
    assert sorted(lengths.values())[int(0.9 * len(lengths))] <= 22


def test_nothing_grows_while_it_waits_to_be_taken_apart(modules):
    """These two are to become 20 and 25: the controller by composition, the state by records."""
    assert methods(modules)["Controller"] <= 123
    assert fields_of_state() <= 64


def test_names_are_those_of_the_field(modules):
    assert private_words(modules) == set()


def test_every_room_is_on_the_map():
    drawn = (PACKAGE.parent / "CONTRIBUTING.md").read_text()
    rooms = {path.parent.name for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE}
    panels = {path.name for path in (PACKAGE / "widgets" / "panels").iterdir() if path.is_dir()}
    assert {room for room in rooms - panels if f"{room}/" not in drawn} == set()


def test_the_window_is_imported_without_what_only_the_lane_needs():
    pytest.importorskip("PySide6")
    code = (
        "import sys, latentlab.app, latentlab.widgets.panels.map\n"
        "print(*{'torch', 'safetensors', 'PIL', 'latentlab.data.files.archive'} & {*sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.split() == []
