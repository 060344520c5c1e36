"""The Samples panel shows draws of the prior, or the pseudo-inputs that define it."""

from dataclasses import replace

import numpy as np
import pytest

from latentlab.session.model import FetchPseudoInputs, MakeSamples
from latentlab.widgets.panels.samples import PSEUDO_INPUTS, SAMPLES


@pytest.fixture
def vamp(desk):
    """A window whose open model has a VampPrior of four pseudo-inputs."""
    desk.controller.store.set(model=replace(desk.state.model, pseudo_inputs=4))
    desk.settle()
    return desk


BUILT = ("samples",)


def test_only_a_model_with_pseudo_inputs_offers_them(desk):
    panel = desk.panel("samples")
    assert not panel.shown.isVisible()
    desk.controller.store.set(model=replace(desk.state.model, pseudo_inputs=4))
    desk.settle()
    assert panel.shown.isVisible()
    assert panel.shown.currentText() == SAMPLES
    assert not any(isinstance(each, FetchPseudoInputs) for each in desk.lab.asked)


def test_pseudo_inputs_are_fetched_shown_and_can_be_chosen(vamp):
    panel = vamp.panel("samples")
    panel.shown.setCurrentText(PSEUDO_INPUTS)
    vamp.settle()
    assert FetchPseudoInputs() in vamp.lab.asked
    found = vamp.state.answer(FetchPseudoInputs)
    np.testing.assert_array_equal(panel.view._tiles.pictures, found.pictures)
    for setting in (panel.new, panel.seed):
        assert not setting.isVisible()
    panel.view.chosen.emit(2)
    assert vamp.state.point == found.points[2]
    panel.shown.setCurrentText(SAMPLES)
    vamp.settle()
    assert panel.seed.isVisible()
    assert panel.view._tiles is vamp.state.answer(MakeSamples)


def test_another_model_without_them_brings_the_samples_back(vamp):
    panel = vamp.panel("samples")
    panel.shown.setCurrentText(PSEUDO_INPUTS)
    vamp.settle()
    vamp.controller.store.set(model=replace(vamp.state.model, pseudo_inputs=0))
    vamp.settle()
    assert panel.shown.currentText() == SAMPLES
    assert not panel.shown.isVisible()
    assert panel.new.isVisible()


def test_the_choice_of_images_is_undone(vamp):
    panel = vamp.panel("samples")
    panel.shown.setCurrentText(PSEUDO_INPUTS)
    vamp.controller.undo.undo()
    assert panel.shown.currentText() == SAMPLES


def test_as_many_samples_as_asked_for_are_shown_and_can_be_repeated(desk):
    desk.go("explore")
    panel = desk.panel("samples")
    before = desk.state.sampling.count
    panel.count.setValue(200)
    desk.settle()
    assert len(desk.state.answer(MakeSamples).points) == 200
    assert "sample(200" in panel._script(desk.state)
    desk.controller.undo.undo()
    desk.settle()
    assert panel.count.value() == before == len(panel.view._tiles.points)
