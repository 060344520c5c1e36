"""An autoencoder of diffusers in the real window: its code has channels, height and width."""

import json

import torch
from PySide6.QtCore import Qt
from safetensors.torch import save_file

from latentlab.data.image_set import ImageSpec
from latentlab.models.autoencoder_tiny import AutoencoderTinyConfig
from latentlab.session.axes import AxisOrder
from latentlab.widgets.window.import_model.dialog import ImportModelDialog

BUILT = ("map", "image", "sliders", "latents")
CONFIG = {
    "encoder_block_out_channels": (8, 8, 8, 8),
    "decoder_block_out_channels": (8, 8, 8, 8),
    "num_encoder_blocks": (1, 1, 1, 1),
    "num_decoder_blocks": (1, 1, 1, 1),
}


def written(folder):
    """Write a folder with the names of diffusers; `test_diffusers` compares with diffusers."""
    folder.mkdir()
    torch.manual_seed(0)
    model = AutoencoderTinyConfig(**CONFIG).build(ImageSpec((3, 64, 64)))
    save_file(model.state_dict(), folder / "diffusion_pytorch_model.safetensors")
    about = {"_class_name": "AutoencoderTiny", "_diffusers_version": "0.35.0", **CONFIG}
    (folder / "config.json").write_text(json.dumps(about))
    return folder


def test_a_spatial_code_is_shown_as_maps_and_moved_along_components(desk, tmp_path, monkeypatch):
    monkeypatch.setattr("latentlab.explorer.import_.fitting.FACES_ON_MAP", 24)
    desk.controller.open_path(written(tmp_path / "tiny"))
    desk.until(lambda: desk.window.findChild(ImportModelDialog))
    desk.window.findChild(ImportModelDialog).accept()
    desk.until(lambda: desk.state.model.kind == "autoencoder-tiny")
    desk.settle()
    assert desk.state.model.latent_shape == (4, 8, 8)
    channels = desk.panel("image").channels
    assert channels.isVisible()
    assert len(channels._maps) == 4
    sliders = desk.panel("sliders")
    desk.settle()
    assert sliders.order.currentText() == AxisOrder.COMPONENTS
    assert sliders._limit.isHidden()
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
