"""Everything that a person sets is undone and redone by Ctrl+Z and Ctrl+Shift+Z."""

import time
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QComboBox

from latentlab.session.recipes import with_value

BUILT = None
CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def later(monkeypatch):
    """Let a second pass, so that the next change is a step of its own."""
    shift = [0.0]
    now = time.monotonic
    monkeypatch.setattr("latentlab.workers.intents.undo.time.monotonic", lambda: now() + shift[0])

    def pass_time():
        shift[0] += 2.0

    return pass_time


def other_value(control):
    """Set a control to another value, and return a function that reads it."""
    if isinstance(control, QComboBox):
        control.setCurrentIndex((control.currentIndex() + 1) % control.count())
        return control.currentIndex
    if isinstance(control, QAction):
        control.toggle()
        return control.isChecked
    if hasattr(control, "click"):
        control.click()
        return control.isChecked
    control.setValue(control.value() + (1 if control.value() < control.maximum() else -1))
    return control.value


def controls(desk):
    """Return the controls of all panels whose values undo restores, by title of their step."""
    panel = {key: desk.window.docks[key].build() for key in desk.window.docks}
    sliders, traversals, curves = panel["sliders"], panel["traversals"], panel["curves"].options
    return {
        "order of sliders": sliders.order,
        "images of sliders": sliders.pictures,
        "steps of traversals": traversals.columns,
        "extent of traversals": traversals.span,
        "range of traversals": traversals.range,
        "number of neighbours": panel["neighbours"].count,
        "score": panel["anomalies"].by,
        "draws of scores": panel["anomalies"].draws,
        "scores per class": panel["anomalies"].per_class,
        "strength of Arithmetic": panel["arithmetic"].strength,
        "images of directions": panel["directions"].pictures,
        "smoothing of the image": panel["image"]._smooth,
        "sample of the image": panel["image"].sample,
        "classes on the map": panel["map"].legend.buttons[1],
        "colour of the map": panel["map"].colours.box,
        "layers of the map": panel["map"].layers.actions["marbles"],
        "kinds of path": list(panel["interpolate"].ways.actions_.values())[1],
        "view of the curves": curves.smoothing,
        "sheet of pairs": panel["interpolate"].pairs,
        "kind of pairs": panel["interpolate"].page.kind,
        "number of pairs": panel["interpolate"].page.count,
        "images of pairs": panel["interpolate"].page.steps,
        "seed of pairs": panel["interpolate"].page.seed,
        "the manifold": panel["manifold"].count,
        "samples": panel["samples"].seed,
        "the path": panel["interpolate"].steps,
    }


def test_each_control_of_a_panel_is_undone_and_redone(old_big, later):
    desk = old_big
    undo = desk.controller.undo
    undo.begin()
    for title, control in controls(desk).items():
        later()
        read = other_value(control)
        changed = read()
        assert desk.window.menus.undo.text() == f"Undo: change of {title}"
        undo.undo()
        assert read() != changed, title
        assert desk.window.menus.redo.text() == f"Redo: change of {title}"
        undo.redo()
        assert read() == changed, title
        undo.undo()
    desk.settle()


def test_model_b_and_the_page_of_the_comparison_are_undone(old_desk, later):
    panel, undo = old_desk.window.docks["compare"].build(), old_desk.controller.undo
    undo.begin()
    before = panel._path
    panel.choose(old_desk.state.model.source.parent / "other")
    assert panel._path != before
    undo.undo()
    assert panel._path == before
    old_desk.settle()


def test_own_image_and_groups_of_a_direction_are_undone(desk):
    from latentlab.session.directions import Groups

    desk.controller.selection.set_groups(Groups((1, 2), (3,)))
    desk.controller.undo.undo()
    assert desk.state.groups == Groups()
    desk.controller.undo.redo()
    assert desk.state.groups == Groups((1, 2), (3,))


def test_a_drawing_and_its_code_are_one_step(desk):
    desk.go("edit")
    panel, undo = desk.panel("picture"), desk.controller.undo
    before = desk.state.point
    panel.canvas.fill()
    desk.settle()
    (drawn,) = panel.canvas.strokes
    assert desk.state.own is not None
    there = desk.state.point
    undo.undo()
    assert (panel.canvas.strokes, desk.state.own, desk.state.point) == ((), None, before)
    assert not desk.state.can_undo
    undo.redo()
    desk.settle()
    assert panel.canvas.strokes == (drawn,)
    assert desk.state.own.own.source.name == "drawing"
    assert desk.state.point == there
    desk.controller.own_image.forget()
    undo.undo()
    assert desk.state.own is not None, "the button that removes it can be undone too"
    desk.settle()


def test_typing_is_one_step_and_the_form_shows_what_is_restored(desk, later):
    panel, undo = desk.panel("train"), desk.controller.undo
    desk.go("train")
    assert not desk.state.can_undo, "the defaults of the form are no step"
    first = desk.state.draft.values
    beta = panel.form.row("model.beta")
    for value in (2.0, 2.5, 2.55):
        beta.set_value(value)
    later()
    panel.form.row("model.latent_dim").set_value(3)
    assert desk.window.menus.undo.text() == "Undo: change of latent dim"
    undo.undo()
    assert desk.window.menus.undo.text() == "Undo: change of beta"
    assert panel.form.row("model.beta").value() == 2.55
    undo.undo()
    assert desk.state.draft.values == first
    assert panel.form.values() == first
    assert not desk.state.can_undo
    undo.redo()
    assert desk.state.draft.values["model"]["beta"] == 2.55


def test_a_preset_is_undone_even_after_another_model_was_opened(desk):
    panel = desk.panel("train")
    first = desk.state.draft.values
    desk.controller.training.use_recipe(with_value(first, "model.beta", 77.0), "Seven")
    desk.controller.point.randomize()
    moved = desk.state.point
    desk.controller.runs.open(desk.state.model.source.parent / "big")
    desk.settle()
    assert desk.window.menus.undo.text() == "Undo: change of beta"
    desk.controller.undo.undo()
    assert desk.state.draft.values == first
    assert panel.form.values() == first
    assert not desk.state.can_undo
    assert desk.state.point != moved, "z of the other model stays gone"


def test_undo_of_colours_leads_back_through_the_same_steps(desk, later):
    """A colouring without groups has no number of them, whichever colouring was shown before."""
    choice = desk.panel("map").colours
    for key in ("z:0", "k-means", "HDBSCAN", "class"):
        later()
        choice.choose(key)
        assert choice.chosen.key == key
    undo = desk.controller.undo
    for move in (undo.undo, undo.redo):
        for _ in range(3):
            move()
            assert choice._read() == undo.current.choices["colour of the map"]


def test_text_fields_keep_their_own_undo(desk):
    desk.go("train")
    panel = desk.panel("train")
    desk.controller.point.randomize()
    there = desk.state.point
    panel.search.setFocus()
    desk.hand.type("beta")
    desk.hand.key(Qt.Key.Key_Z, CTRL)
    assert panel.search.text() == ""
    assert desk.state.point == there
    desk.hand.key(Qt.Key.Key_Z, CTRL)
    assert desk.state.point == there, "a field with nothing to undo does not undo something else"
    desk.map.setFocus()
    desk.hand.key(Qt.Key.Key_Z, CTRL)
    assert desk.state.point != there


def test_z_follows_training_while_only_other_things_were_changed(desk):
    desk.controller.decoding.set_grid(replace(desk.state.grid, n=7))
    assert desk.controller.undo.is_untouched
    desk.controller.point.randomize()
    assert not desk.controller.undo.is_untouched
