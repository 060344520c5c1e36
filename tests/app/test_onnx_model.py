"""A decoder in ONNX in the window: it decodes, and what needs more is greyed."""

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

import onnx_files
from onnx.reference import ReferenceEvaluator

from latentlab.session.model import Decode, MakeManifold
from latentlab.widgets.window.import_model.dialog import ImportModelDialog

BUILT = ("image", "manifold", "picture")


def opened(desk):
    return desk.window.findChild(ImportModelDialog)


def test_a_decoder_alone(desk, tmp_path):
    model = onnx_files.decoder()
    desk.controller.open_path(onnx_files.save(model, tmp_path / "decoder.onnx"))
    desk.until(lambda: opened(desk) or desk.state.failure)
    opened(desk).accept()
    desk.until(lambda: desk.state.model.kind == "onnx")
    desk.settle()
    desk.controller.point.set(desk.state.point.at((0.5, -1.0, 2.0)))
    desk.settle()
    z = np.array([[0.5, -1.0, 2.0]], np.float32)
    (image,) = ReferenceEvaluator(model).run(None, {"z": z})
    np.testing.assert_allclose(desk.state.answer(Decode).pixels, 255 * image[0, 0], atol=1)
    assert desk.state.answer(MakeManifold)
    desk.controller.workspaces.go("edit")
    desk.settle()
    reason = desk.window.docks["picture"].reason
    assert reason.text() == "This needs an encoder, which decoder does not have."
    assert desk.state.failure is None


def test_a_file_that_is_refused_leaves_the_window_as_it_was(desk, tmp_path):
    before = desk.state.model
    desk.controller.open_path(onnx_files.external(tmp_path / "decoder.onnx"))
    desk.until(lambda: desk.state.failure)
    assert "has weights in other files" in desk.state.failure.title
    assert desk.state.model is before
    desk.controller.point.randomize()
    desk.settle()
    assert desk.state.answer(Decode).point == desk.state.point
