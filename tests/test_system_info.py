"""What a report says of the system."""

from latentlab.directories import HOME
from latentlab.system_info import system_info


def test_a_folder_that_cannot_be_written_is_named_once(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    folder = tmp_path / "file" / "latentlab"
    monkeypatch.setenv(HOME, str(folder))
    assert system_info()["Folder"] == f"{folder} cannot be written: Not a directory."
    monkeypatch.setenv(HOME, str(tmp_path))
    assert system_info()["Folder"].endswith("GB free")
