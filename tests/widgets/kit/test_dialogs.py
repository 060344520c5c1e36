"""Asking where to save: an ending is kept or refused, and nothing is replaced unasked."""

import pytest
from PySide6.QtWidgets import QDialog, QFileDialog, QMessageBox, QWidget

from latentlab.session.export import IMAGE_FORMATS, NAMES
from latentlab.widgets.kit import dialogs as save
from latentlab.widgets.kit.dialogs import DatasetDialog, ask_dataset, ask_image_file, ask_save_path


@pytest.fixture
def answers(monkeypatch):
    """What the person says: files in turn, and whether one may be replaced."""
    files, warnings, questions = [], [], []

    def dialog(parent, title, suggestion, filters):
        return (str(files.pop(0)), NAMES["jpg"]) if files else ("", "")

    monkeypatch.setattr(QFileDialog, "getSaveFileName", dialog)
    monkeypatch.setattr(QMessageBox, "warning", lambda *words: warnings.append(words[2]))
    monkeypatch.setattr(save, "confirm", lambda *words: questions.append(words[1]))
    return files, warnings, questions


@pytest.mark.parametrize("name", ["figure.jpeg", "figure.TIF", "my.own figure.png"])
def test_an_ending_that_can_be_written_is_kept(qtbot, answers, tmp_path, name):
    answers[0].append(tmp_path / name)
    assert ask_save_path(QWidget(), "figure", IMAGE_FORMATS) == tmp_path / name


@pytest.mark.parametrize("name", ["figure", "beta 0.5", "v1."])
def test_a_name_without_an_ending_gets_that_of_the_filter(qtbot, answers, tmp_path, name):
    answers[0].append(tmp_path / name)
    assert ask_save_path(QWidget(), "figure", IMAGE_FORMATS) == tmp_path / f"{name}.jpg"


@pytest.mark.parametrize("name", ["figure.pdf", "film.mp4", "table.xlsx"])
def test_another_ending_is_refused_and_asked_for_again(qtbot, answers, tmp_path, name):
    files, warnings, _ = answers
    files += [tmp_path / name, tmp_path / "figure.png"]
    assert ask_save_path(QWidget(), "figure", IMAGE_FORMATS) == tmp_path / "figure.png"
    assert ".png, .jpg, .webp or .tiff" in warnings[0]
    files.append(tmp_path / name)
    assert ask_save_path(QWidget(), "figure", IMAGE_FORMATS) is None


def test_a_file_that_is_there_is_not_replaced_unasked(qtbot, answers, tmp_path):
    """The dialog has asked about ``figure``, and ``figure.jpg`` would be written."""
    (tmp_path / "figure.jpg").touch()
    answers[0].append(tmp_path / "figure")
    assert ask_save_path(QWidget(), "figure", IMAGE_FORMATS) is None
    assert answers[2] == ["figure.jpg already exists."]


def test_images_are_looked_for_where_the_last_one_was(qtbot, own_place, monkeypatch, tmp_path):
    folders = []

    def dialog(parent, title, folder, filters):
        folders.append(folder)
        return str(tmp_path / "a.png"), ""

    monkeypatch.setattr(QFileDialog, "getOpenFileName", dialog)
    assert ask_image_file(QWidget()) == tmp_path / "a.png"
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("", folders.append(_[2])))
    assert ask_image_file(QWidget()) is None
    assert folders[1] == str(tmp_path) != folders[0]


@pytest.mark.parametrize("ending", ["", "zip", "npz"])
def test_a_generated_data_set_is_saved_in_each_format(
    qtbot, answers, tmp_path, monkeypatch, ending
):
    def accept(dialog):
        dialog.format.setCurrentIndex(dialog.format.findData(ending))
        dialog.box.setValue(7)
        return QDialog.DialogCode.Accepted

    monkeypatch.setattr(DatasetDialog, "exec", accept)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path / "set"))
    wanted = tmp_path / (f"set.{ending}" if ending else "set")
    answers[0].append(wanted)
    request = ask_dataset(QWidget(), by_class=True)
    assert (request.path, request.count) == (wanted, 7)
