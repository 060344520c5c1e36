"""A classifier in the window: colours, boundary, and z on the other side."""

import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

import classifier_files
from PySide6.QtWidgets import QFileDialog, QMenu

from latentlab.directories import resources
from latentlab.session.classifier.requests import (
    CONFIDENCE,
    DECISION,
    ClassifyImages,
    ClassifyManifold,
    ClassifyPlane,
    OpenClassifier,
)
from latentlab.session.model import Decode
from latentlab.widgets.panels.map.decisions import fill_decision_menu
from latentlab.widgets.panels.map.overlay_menu import BOUNDARY

BUILT = ("map", "image", "manifold")


@pytest.fixture
def classified(desk, tmp_path, monkeypatch):
    """The window with a classifier, opened by its menu."""
    boundary = desk.panel("map").layers.actions[BOUNDARY]
    assert not boundary.isEnabled()
    assert "File > Open classifier" in boundary.toolTip()
    file = classifier_files.onnx_classifier(tmp_path / "digits.onnx")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(file), ""))
    menus = desk.window.menuBar().actions()
    entries = {action.text(): action for menu in menus for action in menu.menu().actions()}
    entries["Open classifier…"].trigger()
    desk.until(lambda: desk.state.answer(OpenClassifier) or desk.state.failure)
    assert "agrees with 8" in desk.window.messages.lines[0].text.text()
    return desk


def test_map_and_manifold_show_decisions_only_when_asked(classified):
    desk, panel = classified, classified.panel("map")
    desk.settle()
    assert not desk.state.answer(ClassifyImages)
    panel.colours.choose(DECISION)
    desk.until(lambda: desk.state.answer(ClassifyImages))
    desk.settle()
    assert panel.legend.isVisible()
    panel.colours.choose(CONFIDENCE)
    desk.settle()
    assert panel.bar.isVisible()
    panel.layers.actions[BOUNDARY].trigger()
    desk.until(lambda: desk.state.answer(ClassifyPlane))
    desk.settle()
    assert panel.layers.decisions.isVisible()
    manifold = desk.panel("manifold")
    before = manifold.view.grab().toImage()
    manifold.decisions.click()
    desk.until(lambda: desk.state.answer(ClassifyManifold))
    desk.settle()
    assert manifold.view.grab().toImage() != before


def test_z_goes_to_the_nearest_other_decision_and_back(classified):
    desk = classified
    before = desk.state.point
    menu = QMenu()
    fill_decision_menu(menu, desk.controller)
    inner = menu.actions()[0].menu()
    inner.actions()[0].trigger()
    desk.until(lambda: desk.state.point != before)
    desk.settle()
    assert desk.state.answer(Decode).point == desk.state.point
    assert "z moved by" in desk.window.messages.lines[0].text.text()
    desk.controller.undo.undo()
    assert desk.state.point == before
    # Another model closes the classifier.
    desk.controller.open_path(resources() / "models" / "digits-cvae")
    desk.until(lambda: desk.state.model.conditional)
    desk.settle()
    assert desk.state.answer(OpenClassifier) is None
    assert not desk.panel("map").layers.actions[BOUNDARY].isEnabled()
