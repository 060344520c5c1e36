"""Help > Report a problem: what it holds, what it does not, and that it is only copied or saved."""

from pathlib import Path

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog

from latentlab import __version__
from latentlab.directories import home
from latentlab.log_file import start_logging
from latentlab.widgets.window.problem_dialog import ProblemDialog


def report_of(desk):
    menus = desk.window.menus
    (action,) = (each for each in menus._actions if each.text().startswith("Report a problem"))
    action.trigger()
    dialog = desk.window.findChild(ProblemDialog)
    desk.until(dialog.text.toPlainText)
    return dialog


def test_a_report_tells_versions_recipe_error_and_actions_but_no_paths(desk, monkeypatch, tmp_path):
    start_logging()
    desk.controller.open_path(home() / "private" / "run")
    desk.until(lambda: desk.state.failure is not None)
    dialog = report_of(desk)
    text = dialog.text.toPlainText()
    for expected in (f"latentlab: {__version__}", "torch: ", '"latent_dim": 2', "## Last actions"):
        assert expected in text
    assert "~latentlab/private/run" in text
    assert str(home()) not in text
    assert str(Path.home()) not in text
    dialog.copy.click()
    assert QGuiApplication.clipboard().text() == text
    assert dialog.copy.text() == "Copied"
    file = tmp_path / "report.txt"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(file), ""))
    dialog.save.click()
    desk.until(file.exists)
    assert file.read_text("utf-8") == text
    dialog.text.appendPlainText("It was slow.")
    assert dialog.copy.text() == "Copy"
    dialog.close()


def test_a_report_that_cannot_be_saved_says_why(desk, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    place = str(tmp_path / "file" / "report.txt")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (place, ""))
    dialog = report_of(desk)
    dialog.save.click()
    desk.until(lambda: "cannot be written" in dialog.problem.text())
    assert not dialog.problem.isHidden()
    monkeypatch.setattr(
        QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "report.txt"), "")
    )
    dialog.save.click()
    desk.until(dialog.problem.isHidden)
    dialog.close()
