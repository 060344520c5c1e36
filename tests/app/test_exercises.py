"""What courses set as exercises, on the shipped models in the real window."""

import numpy as np

from latentlab.api.model import load
from latentlab.session.image_sample import SampleImage
from latentlab.session.model import Decode

BUILT = ("map", "image")


def test_the_image_is_a_mean_or_a_sample_that_the_api_repeats(desk):
    panel, state = desk.panel("image"), desk.state
    mean = state.answer(Decode).pixels
    assert len(np.unique(mean)) > 50
    desk.hand.click(panel.sample)
    desk.settle()
    sample = desk.state.answer(SampleImage)
    assert set(np.unique(sample.pixels)) == {0, 255}
    assert panel.view.image.pixelColor(9, 14).red() == sample.pixels[14, 9]
    assert "sample, Bernoulli" in panel.place.text()
    again = load("digits-2d").decode(sample.point.z, sample=True, seed=sample.seed)[0]
    np.testing.assert_array_equal(again, sample.pixels / 255)
    desk.hand.click(panel.another)
    desk.settle()
    assert (desk.state.answer(SampleImage).pixels != sample.pixels).any()
    desk.controller.undo.undo()
    desk.settle()
    assert not panel.sample.isChecked()
    assert panel.view.image.pixelColor(9, 14).red() == mean[14, 9]
