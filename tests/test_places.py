"""Places where the program may have to start: each works, or is told in one plain message."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from latentlab import __main__ as entry
from latentlab.atomic_write import (
    ABANDONED_S,
    check_writable,
    delete_abandoned,
    set_aside,
    write_atomically,
)
from latentlab.directories import cache, check_home, home, runs
from latentlab.errors import RunError
from latentlab.runs.library import library

ODD = ["with space", 'it\'s "quoted"', "数据 données", "<b>bold</b> & 100 % #1", "-o", "a\nb"]


@pytest.fixture
def set_home(monkeypatch, tmp_path):
    """Set the latentlab folder; the current and the user's folder are empty."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "user"))
    return lambda place: monkeypatch.setenv("LATENTLAB_HOME", str(place))


def test_a_tilde_in_the_name_of_the_folder_is_the_users(set_home, tmp_path):
    set_home("~/lab")
    write_atomically(runs() / "a", b"1")
    assert home() == tmp_path / "user" / "lab"
    assert cache() == tmp_path / "user" / "lab" / "cache"
    assert [path.name for path in tmp_path.iterdir()] == ["user"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not allow these names")
@pytest.mark.parametrize("name", ODD)
def test_a_folder_of_any_name_is_used(set_home, tmp_path, vae_run, name):
    place = tmp_path / name
    set_home(place)
    check_home()
    (place / "runs").mkdir(parents=True)
    vae_run.rename(place / "runs" / "run")
    try:
        assert [each.name for each in library() if not each.shipped] == ["run"]
    finally:
        (place / "runs" / "run").rename(vae_run)


@pytest.mark.parametrize("place", ["a" * 300, "a/" * 2500, "\0"], ids=["name", "path", "null"])
def test_a_path_that_is_too_long_is_told_before_anything_starts(
    monkeypatch, set_home, capsys, place
):
    if "\0" in place:
        monkeypatch.setattr("latentlab.directories._chosen_home", lambda: Path(place))
    else:
        set_home(place)
    monkeypatch.setattr(sys, "argv", ["latentlab", "list"])
    assert entry.main() == 2
    message = capsys.readouterr().err
    assert message.startswith("latentlab: The latentlab folder ")
    assert message.endswith("Set LATENTLAB_HOME to a folder with a shorter path.\n")
    assert message.count("\n") == 1


def no_home(*_, **__):
    """Fail as newer versions of platformdirs do."""
    raise RuntimeError("could not determine the home directory")


@pytest.mark.parametrize("found", [lambda *_, **__: "~/.local/share/latentlab", no_home])
def test_without_any_home_the_variable_is_named(monkeypatch, capsys, found):
    monkeypatch.delenv("LATENTLAB_HOME")
    monkeypatch.setattr("platformdirs.user_data_dir", found)
    monkeypatch.setattr(sys, "argv", ["latentlab", "list"])
    assert entry.main() == 2
    assert capsys.readouterr().err == (
        "latentlab: This user has no home folder. "
        "Set LATENTLAB_HOME to a folder for models and settings.\n"
    )


def test_a_folder_that_cannot_be_written_is_told_with_advice(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="cannot be written: Not a directory"):
        check_writable(tmp_path / "file" / "home")
    check_writable(tmp_path / "new" / "home")
    assert list((tmp_path / "new" / "home").iterdir()) == []


@pytest.mark.skipif(
    not Path("/sys/kernel").is_dir() or os.access("/sys/kernel/x", os.W_OK), reason="Linux only"
)
def test_the_command_line_in_a_read_only_home_lists_but_cannot_train(set_home, tmp_path):
    set_home("/sys/latentlab")
    recipe = tmp_path / "r.toml"
    recipe.write_text('training = {epochs = 1, device = "cpu"}\nmodel = {kind = "vae"}\n')
    program = "import sys; from latentlab.__main__ import main; sys.exit(main())"
    command = [sys.executable, "-c", program, "train", str(recipe)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=100)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "cannot be written" in done.stderr


def test_names_as_long_as_the_disk_allows_can_be_written(tmp_path):
    file = tmp_path / ("n" * 250 + ".json")
    write_atomically(file, b"1")
    assert file.read_bytes() == b"1"
    with pytest.raises(RunError, match="too long") as caught:
        write_atomically(tmp_path / ("n" * 256), b"1")
    assert "shorter name" in caught.value.advice


def test_what_cannot_be_read_is_set_aside_under_a_new_name(tmp_path):
    for content in ("first", "second"):
        (tmp_path / "a.json").write_text(content)
        set_aside(tmp_path / "a.json")
    found = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert found == {"a.damaged": "first", "a.damaged-2": "second"}


@pytest.mark.parametrize("shift", [-10 * ABANDONED_S, 10 * ABANDONED_S])
def test_a_clock_that_is_set_back_deletes_nothing_that_is_written(tmp_path, shift):
    """And what is old by any clock is deleted."""
    part = tmp_path / ".latentlab-x.part"
    part.touch()
    os.utime(part, (time.time() + shift, time.time() + shift))
    delete_abandoned(tmp_path)
    assert part.exists() == (shift > 0)


# Settings


def settings_after(content):
    pytest.importorskip("PySide6")
    from latentlab.widgets.kit.settings import settings

    home().mkdir(parents=True, exist_ok=True)
    (home() / "settings.json").write_bytes(content)
    return settings()


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe\x00", b"[]", b"", b'{"version": 2, "a": 1}'])
def test_settings_that_cannot_be_used_are_kept_aside(content):
    found = settings_after(content)
    assert "could not be used" in found.problem.message
    assert (home() / "settings.damaged").read_bytes() == content
    assert str(home() / "settings.damaged") in found.problem.advice
    found.setValue("a", 3)
    assert json.loads((home() / "settings.json").read_text()) == {"version": 1, "a": 3}


def test_settings_of_the_first_version_have_no_number():
    found = settings_after(b'{"a": 7}')
    assert found.problem is None
    assert found.value("a", 0) == 7
