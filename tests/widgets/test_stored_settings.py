"""The settings' file: plain values come back, and whatever else is in it does nothing."""

import json
import os
import struct

import pytest
from PySide6.QtCore import QByteArray, QSettings

from latentlab.directories import home
from latentlab.widgets.kit.settings import NAME, OLD_NAME, recent, remember, settings

VALUES = [True, False, 3, -1, 0.5, "text", "", "Ü 数 🙂", b"\x00\xff", ["a", "b,c"], {"a": [1]}]


def write(text):
    home().mkdir(parents=True, exist_ok=True)
    (home() / NAME).write_text(text, "utf-8")


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_plain_values_come_back_with_their_type(value):
    settings().setValue("key", value)
    default = type(value)()
    assert settings().value("key", default) == value
    assert type(settings().value("key", default)) is type(value)
    settings().remove("key")
    assert settings().value("key", default) == default


@pytest.mark.parametrize(
    "stored", [None, True, 3, 1e999, "word", [1], ["a", 1], {"base64": "%"}, {"a": "b"}], ids=repr
)
@pytest.mark.parametrize("default", [False, 7, 0.25, "default", b"default", ["default"]], ids=repr)
def test_a_value_of_another_type_gives_way_to_the_default(stored, default):
    write(json.dumps({"key": stored}))
    value = settings().value("key", default)
    assert value == default or type(value) is type(default)
    assert type(value) is type(default)


@pytest.mark.parametrize("text", ["", "{", "[]", "7", "[" * 10_000, '{"a": ' + "1" * 5000 + "}"])
def test_a_damaged_file_is_replaced(text):
    write(text)
    assert recent() == []
    remember("run")
    assert recent() == ["run"]


def test_a_folder_that_cannot_be_written_costs_nothing_but_the_memory(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LATENTLAB_HOME", str(tmp_path / "file" / "home"))
    remember("run")
    assert recent() == []


def test_a_name_that_is_no_unicode_harms_no_other():
    remember("good")
    remember(os.fsdecode(b"bad\xff"))
    assert "good" in recent()


# The INI file of earlier versions


def old_file(**values):
    home().mkdir(parents=True, exist_ok=True)
    stored = QSettings(str(home() / OLD_NAME), QSettings.Format.IniFormat)
    for key, value in values.items():
        stored.setValue(key, value)
    stored.sync()
    return home() / OLD_NAME


@pytest.mark.parametrize(
    "paths",
    [
        ["/one"],
        ["/one", "/two, with a comma", '/three "quoted"'],
        ["/ünder/数", "C:\\runs\\new 1"],
        ["@home/run"],
    ],
    ids=repr,
)
def test_recent_models_and_the_layout_are_taken_over(paths):
    layout = bytes(range(256))
    old_file(recent=paths, layout=QByteArray(layout), geometry=QByteArray(b"\x00\x01 (a, b)\n"))
    assert recent() == paths
    assert settings().value("layout", b"") == layout
    assert settings().value("geometry", b"") == b"\x00\x01 (a, b)\n"
    remember("new")
    assert recent() == ["new", *paths]
    assert settings().value("layout", b"") == layout


class Trap:
    """Runs a command where it is unpickled."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (str(self.mark),)


def variant(mark, *, written_by_hand):
    """Return an old file with a pickle among its recent models, as Qt writes and reads it."""
    if not written_by_hand:
        return old_file(recent=[Trap(mark)], layout=Trap(mark), other=Trap(mark)).read_bytes()
    name = b"PySide::PyObjectWrapper\0"
    pickled = b"cos\nmkdir\n(S" + repr(str(mark)).encode() + b"\ntR."
    packed = struct.pack(">IBI", 0x7F, 0, len(name)) + name + struct.pack(">I", len(pickled))
    text = "".join(f"\\x{byte:x}" for byte in packed + pickled)
    return "\n".join(
        ["[General]", f"recent=@Variant({text})", f"layout=\\x40Variant({text})", "other=1"]
    ).encode()


@pytest.mark.parametrize("written_by_hand", [False, True])
@pytest.mark.parametrize("name", [OLD_NAME, NAME])
def test_a_pickle_in_the_settings_is_never_run(tmp_path, name, written_by_hand):
    mark = tmp_path / "ran"
    content = variant(mark, written_by_hand=written_by_hand)
    (home() / OLD_NAME).unlink(missing_ok=True)
    home().mkdir(exist_ok=True)
    (home() / name).write_bytes(content)
    assert all("Variant" not in path for path in recent())
    assert settings().value("layout", b"") == b""
    remember("run")
    assert not mark.exists()


def test_nothing_in_the_window_reads_settings_of_qt():
    from pathlib import Path

    import latentlab

    files = (Path(latentlab.__file__).parent / "widgets").rglob("*.py")
    assert [file.name for file in files if "import QSettings" in file.read_text("utf-8")] == []
