"""Models of other programs in the window: opened, corrected, imported, refused."""

import pickle

import numpy as np
import torch
from foreign_models import DeepHeads, PyTorchExample, digits, seeded, train
from safetensors.torch import save_file

from latentlab.session.import_.model import ListForeignFormats
from latentlab.session.model import Decode
from latentlab.widgets.window.import_model.dialog import ImportModelDialog

BUILT = ("image",)


def opened_dialog(desk):
    """Return the visible import dialog, or None."""
    dialogs = desk.window.findChildren(ImportModelDialog)
    return next((dialog for dialog in dialogs if dialog.isVisible()), None)


def choose(dialog, key, value):
    """Choose a value in a box, as a person does."""
    box = dialog.choices.boxes[key]
    box.setCurrentIndex(box.findData(value))
    box.activated.emit(box.currentIndex())


def test_weights_open_after_a_look_at_how_they_are_understood(desk, tmp_path):
    images, _ = digits()
    model = train(seeded(PyTorchExample, hidden=64, latent=8), images)
    file = tmp_path / "example.safetensors"
    save_file(model.state_dict(), file)
    desk.controller.open_path(file)
    desk.until(lambda: opened_dialog(desk))
    dialog = opened_dialog(desk)
    assert dialog.title.text() == "example.safetensors"
    assert "VAE, images 28×28 grey, 8 latent dimensions" in dialog.summary.text()
    assert dialog.images._tiles.pictures.shape == (16, 28, 28)
    assert "Output: sigmoid (0 to 1), with a squared error" in dialog.details.toPlainText()
    understood = dialog.images._tiles.pictures
    choose(dialog, "heads", "mean last")
    assert not dialog.open_button.isEnabled()
    desk.until(dialog.open_button.isEnabled)
    wrong = dialog.images._tiles.pictures
    assert np.array_equal(wrong[:8], understood[:8])
    assert not np.array_equal(wrong[8:], understood[8:])
    assert "as you chose" in dialog.details.toPlainText()
    choose(dialog, "heads", "mean first")
    desk.until(dialog.open_button.isEnabled)
    assert np.array_equal(dialog.images._tiles.pictures, understood)
    dialog.open_button.click()
    desk.until(lambda: desk.state.model.name == "example")
    desk.settle()
    assert desk.state.model.kind == "vae"
    assert desk.state.original is not None, "the map shows the digits"
    z = torch.tensor([desk.state.point.z])
    with torch.no_grad():
        pixels = model.decode(z).view(28, 28).mul(255).round().numpy()
    assert np.abs(desk.state.answer(Decode).pixels.astype(float) - pixels).max() <= 1


def test_heads_with_hidden_layers_open_and_can_be_corrected(desk, tmp_path):
    model = train(seeded(DeepHeads), digits()[0], steps=200, rate=5e-3)
    save_file(model.state_dict(), tmp_path / "deep.safetensors")
    desk.controller.open_path(tmp_path / "deep.safetensors")
    desk.until(lambda: opened_dialog(desk))
    dialog = opened_dialog(desk)
    box = dialog.choices.boxes["head-activation"]
    assert box.currentData() == "elu"
    choose(dialog, "head-activation", "tanh")
    desk.until(dialog.open_button.isEnabled)
    choose(dialog, "head-activation", "elu")
    desk.until(dialog.open_button.isEnabled)
    dialog.open_button.click()
    desk.until(lambda: desk.state.model.name == "deep")
    desk.settle()
    assert desk.state.model.kind == "sequential"
    assert desk.state.failure is None


def test_files_that_cannot_be_opened_leave_the_window_as_it_is(desk, tmp_path):
    suffixes = {
        suffix for each in desk.state.answer(ListForeignFormats) for suffix in each.suffixes
    }
    assert {".safetensors", ".pt", ".pth", ".h5"} <= suffixes
    name = desk.state.model.name
    (tmp_path / "model.pkl").write_bytes(pickle.dumps({}))
    (tmp_path / "half.safetensors").write_bytes(b"\x20\x00\x00\x00\x00\x00\x00\x00{}")
    (tmp_path / "data.xyz").write_bytes(b"?")
    for file, text in (
        ("model.pkl", "could run code, so nothing of it was read"),
        ("half.safetensors", "is damaged or no safetensors file"),
        ("data.xyz", "is not a model, a recipe or an image"),
    ):
        desk.controller.open_path(tmp_path / file)
        desk.until(lambda text=text: desk.state.failure and text in desk.state.failure.title)
        assert not desk.state.opening
    assert opened_dialog(desk) is None
    assert desk.state.model.name == name
    desk.settle()
