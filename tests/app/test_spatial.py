"""An autoencoder of diffusers in the real window: its code has channels, height and width."""

import pytest
import torch
from PySide6.QtCore import Qt

from latentlab.session.axes import AxisOrder
from latentlab.widgets.panels.sliders.panel import MAX_SLIDERS
from latentlab.widgets.window.import_model.dialog import ImportModelDialog

BUILT = ("map", "image", "sliders", "latents")
pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")


def test_a_spatial_code_is_shown_as_maps_and_moved_along_components(desk, tmp_path, monkeypatch):
    diffusers = pytest.importorskip("diffusers")
    monkeypatch.setattr("latentlab.explorer.import_.fitting.FACES_ON_MAP", 24)
    torch.manual_seed(0)
    blocks = {f"{part}_block_out_channels": (8, 8, 8, 8) for part in ("encoder", "decoder")}
    counts = {f"num_{part}_blocks": (1, 1, 1, 1) for part in ("encoder", "decoder")}
    model = diffusers.AutoencoderTiny(**blocks, **counts)
    model.save_pretrained(tmp_path / "tiny")
    desk.controller.open_path(tmp_path / "tiny")
    desk.until(lambda: desk.window.findChild(ImportModelDialog))
    desk.window.findChild(ImportModelDialog).accept()
    desk.until(lambda: desk.state.model.kind == "autoencoder-tiny")
    desk.settle()
    assert desk.state.model.latent_shape == (4, 8, 8)
    channels = desk.panel("image").channels
    assert channels.isVisible()
    assert channels.count == 4
    sliders = desk.panel("sliders")
    desk.settle()
    assert sliders.order.currentText() == AxisOrder.COMPONENTS
    assert len(sliders.rows) == MAX_SLIDERS
    desk.panel("latents")
    reason = desk.window.docks["latents"].reason.text()
    assert reason == "This needs standard deviations of the posteriors, which tiny does not have."
    before = desk.state.point
    sliders.rows[0].slider.setFocus()
    desk.hand.key(Qt.Key.Key_Right)
    desk.settle()
    # Moving along a component changes all dimensions.
    assert sum(a != b for a, b in zip(before.z, desk.state.point.z, strict=True)) > 200
    assert desk.state.failure is None
