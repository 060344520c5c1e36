"""The open model leaves the window as a file for other programs."""

from PySide6.QtWidgets import QFileDialog
from safetensors.numpy import load_file

from latentlab.widgets.window.export_model import VARIANTS, ExportModelDialog

BUILT = ("image",)


def export(desk, title, path, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    desk.window.menus.export_model.trigger()
    dialog = desk.window.findChild(ExportModelDialog)
    dialog.variant.setCurrentIndex([each.title for each in VARIANTS].index(title))
    dialog.half.setChecked(True)
    dialog.buttons.button(dialog.buttons.StandardButton.Save).click()
    desk.until(lambda: desk.state.failure or desk.window.messages.lines)


def test_file_export_model(desk, tmp_path, monkeypatch):
    file = tmp_path / "weights.safetensors"
    export(desk, "Weights (safetensors)", file, monkeypatch)
    assert str(file) in desk.window.messages.lines[0].text.text()
    assert {value.dtype.name for value in load_file(file).values()} == {"float16"}


def test_what_cannot_be_written_is_told(desk, tmp_path, monkeypatch):
    (tmp_path / "taken").write_bytes(b"")
    export(desk, "Weights (safetensors)", tmp_path / "taken" / "w.safetensors", monkeypatch)
    assert "File exists" in desk.state.failure.title
