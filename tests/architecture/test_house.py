"""Limits of the structure in CONTRIBUTING.md; `python tests/architecture/house.py` measures it."""

import subprocess
import sys
from dataclasses import fields

import pytest
from architecture.house import (
    PACKAGE,
    fields_of_state,
    files_per_folder,
    function_lines,
    methods,
    private_words,
    single_importers,
    sources,
)


@pytest.fixture(scope="module")
def modules():
    """Syntax trees of all modules of the package."""
    return sources()


def test_no_folder_is_a_drawer():
    assert {folder: count for folder, count in files_per_folder().items() if count > 30} == {}


def test_what_one_panel_uses_stands_in_its_folder(modules):
    assert len(single_importers(modules)) <= 3


def test_functions_are_short(modules):
    lengths = function_lines(modules)
    assert {name: count for name, count in lengths.items() if count > 60} == {}
    assert sorted(lengths.values())[int(0.9 * len(lengths))] <= 22


def test_no_object_does_everything(modules):
    """The controller has one object per topic, and the state one record per topic."""
    counts = methods(modules)
    assert {name: count for name, count in counts.items() if count > 40} == {}
    assert counts["Controller"] <= 20
    assert fields_of_state() <= 25


def test_panels_watch_what_there_is():
    """Names of state fields are strings, which the type checker cannot verify."""
    pytest.importorskip("PySide6")
    from latentlab.session.request import Request
    from latentlab.session.state import NAMES, RECORDS, State
    from latentlab.widgets.panel import find_panels

    parts = {part.name for name in RECORDS for part in fields(getattr(State(), name))}
    known = {*NAMES, *parts, "is_training"}
    for panel in find_panels():
        watched = panel.widget.watches
        names = {each for each in watched if isinstance(each, str)}
        assert names <= known, panel.key
        assert all(issubclass(each, Request) for each in watched - names), panel.key


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
