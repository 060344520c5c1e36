"""A quantised and a hierarchical model in the window: sliders, samples, codebook and layers."""

import numpy as np
import pytest
from PySide6.QtWidgets import QComboBox

from latentlab.session.abilities import Ability
from latentlab.session.axes import AxisOrder
from latentlab.session.model import Decode, FetchCodebook, MakeSamples

BUILT = ("map", "image", "sliders", "samples", "curves", "latents")
VQ = {
    "kind": "vq-vae",
    "width": 4,
    "codes": 16,
    "code_channels": 2,
    "prior_width": 8,
    "prior_layers": 1,
    "likelihood": "bernoulli",
}
LADDER = {"kind": "ladder-vae", "hidden": [32], "z1_dim": 6, "z2_dim": 2}


def trained(folder, model, epochs):
    # Imported here: the window is tested in the process that starts it without torch.
    from latentlab.learning.recipe import make_recipe
    from latentlab.runs.recorder import record

    training = {"epochs": epochs, "batch_size": 200, "device": "cpu", "learning_rate": 5e-3}
    for _ in record(make_recipe({"model": model, "data": "digits", "training": training}), folder):
        pass
    return folder


@pytest.fixture(scope="module")
def vq_desk(share_desk, tmp_path_factory):
    """One window: it takes seconds to sample the codes of each position from their prior."""
    desk = share_desk(trained(tmp_path_factory.mktemp("quantized") / "vq", VQ, 2), BUILT)
    for key in BUILT:
        desk.panel(key)
    return desk


@pytest.fixture(scope="module")
def ladder_run(tmp_path_factory):
    return trained(tmp_path_factory.mktemp("layers") / "ladder", LADDER, 2)


def pixels(desk):
    return desk.state.answer(Decode).pixels.astype(int)


def choose(box: QComboBox, text):
    box.setCurrentText(text)
    assert box.currentText() == text


def test_sliders_along_components_change_the_picture(vq_desk):
    desk = vq_desk
    assert desk.state.model.latent_shape == (2, 7, 7)
    panel = desk.panel("sliders")
    assert panel.order.currentText() == AxisOrder.COMPONENTS
    desk.settle()
    before, z = pixels(desk), desk.state.point.z
    slider = panel.rows[0].slider
    slider.setFocus()
    desk.controller.point.set(desk.state.point.at(panel.rows[0].slider.axis.moved(z, 3.0)))
    desk.settle()
    assert np.abs(pixels(desk) - before).max() > 10
    assert slider.position == pytest.approx(3.0, abs=0.01)


def test_samples_come_from_the_prior_of_the_codes(vq_desk):
    desk = vq_desk
    tiles = desk.state.answer(MakeSamples)
    used = {tuple(np.reshape(point.z, (2, 49)).T[7]) for point in tiles.points}
    assert 1 < len(used) <= 16, "one position has codes of the codebook only"
    desk.panel("samples").new.click()
    desk.settle()
    assert not np.array_equal(desk.state.answer(MakeSamples).pictures, tiles.pictures)


def test_the_codebook_is_shown_as_pictures_with_their_use(vq_desk):
    desk = vq_desk
    panel = desk.panel("samples")
    assert panel.shown.isVisible()
    assert desk.state.answer(FetchCodebook) is None, "what is not shown costs nothing"
    choose(panel.shown, "codebook")
    desk.settle()
    codebook = desk.state.answer(FetchCodebook)
    assert codebook.tiles.pictures.shape == (16, 8, 8)
    assert sorted(codebook.shares, reverse=True) == list(codebook.shares)
    assert sum(codebook.shares) == pytest.approx(1, abs=1e-5)
    assert np.ptp(codebook.tiles.pictures.mean((1, 2))) > 20, "codes are dark and bright"
    assert panel.view.count == 16
    assert not panel.new.isVisible()
    with_bars = panel.view.grab().toImage()
    panel.view.set_bars(())
    assert panel.view.grab().toImage() != with_bars
    panel.view.chosen.emit(3)
    desk.settle()
    assert desk.state.point == codebook.tiles.points[3]
    assert panel.view.exporting is not None
    assert panel.view.content().tiles.pictures is codebook.tiles.pictures
    choose(panel.shown, "samples")
    assert panel.view.count == len(desk.state.answer(MakeSamples).points)


def test_what_quantised_codes_lack_is_said(vq_desk):
    desk = vq_desk
    lacking = {Ability.GRADIENT, Ability.POSTERIOR, Ability.STANDARD_PRIOR}
    assert not lacking & desk.state.model.abilities
    titles = [cell._title for cell in desk.panel("curves")._cells.values()]
    assert "Perplexity, codes" in titles
    assert "Commitment" in titles


def test_sliders_offer_the_layers_of_a_hierarchical_model(make_desk, ladder_run):
    desk = make_desk(ladder_run, BUILT)
    panel = desk.panel("sliders")
    items = [panel.order.itemText(i) for i in range(panel.order.count())]
    assert items == [*AxisOrder, "layer z1", "layer z2"]
    assert len(panel.rows) == 8
    choose(panel.order, "layer z2")
    assert [row.dimension for row in panel.rows] == [6, 7]
    before = pixels(desk), np.array(desk.state.point.z)
    panel.rows[0].slider.moved.emit(panel.rows[0].slider.axis.moved(desk.state.point.z, 3.0), True)
    desk.settle()
    changed = np.array(desk.state.point.z) != before[1]
    assert changed.tolist() == 6 * [False] + [True, False]
    assert np.abs(pixels(desk) - before[0]).max() > 0
    choose(panel.order, "layer z1")
    assert [row.dimension for row in panel.rows] == [*range(6)]
    desk.controller.undo.undo()
    assert panel.order.currentText() == "layer z2"
    # Another model has no layers.
    choose(panel.order, AxisOrder.DIMENSIONS)
    assert [row.dimension for row in panel.rows] == [*range(8)]
