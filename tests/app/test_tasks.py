"""The tasks of the references, done by hand in the real window, and how many clicks each takes.

Only what can be seen is clicked, and nothing is opened or moved to get at it.
"""

import pytest
from PIL import Image

from latentlab.directories import resources
from latentlab.session.comparison import OpenModelB
from latentlab.session.map import Layout
from latentlab.session.model import Decode, DecodePath, MakeManifold, MakeSamples
from latentlab.session.scores.anomalies import ScoreImages

BUILT = None


class Clicks:
    """Counts the clicks of a hand; a choice in a box or a menu takes two."""

    def __init__(self, desk):
        self.desk, self.count = desk, 0

    def click(self, widget, place=None):
        self.desk.hand.click(widget, place)
        self.count += 1
        self.desk.settle()

    def choose(self, box, text):
        assert not box.visibleRegion().isEmpty(), box.accessibleName()
        index = box.findText(text)
        assert index >= 0, [box.itemText(row) for row in range(box.count())]
        box.setCurrentIndex(index)
        box.activated.emit(index)
        self.count += 2
        self.desk.settle()

    def workspace(self, key):
        bar = self.desk.window.workspace_bar
        self.click(bar.widgetForAction(bar.actions_by_key[key]))


@pytest.fixture
def clicks(desk):
    return Clicks(desk)


def seen(desk, *keys):
    """Return whether panels can be seen, without opening any."""
    docks = [desk.window.docks[key] for key in keys]
    return all(dock.isVisible() and not dock.visibleRegion().isEmpty() for dock in docks)


def test_look_around(clicks):
    """D: the scatter by class, the 20x20 manifold, an image, a path and samples, at once."""
    desk = clicks.desk
    assert seen(desk, "map", "manifold", "image", "interpolate", "samples", "sliders", "library")
    for kind in (Decode, MakeManifold, DecodePath, MakeSamples):
        assert desk.state.answer(kind), kind
    assert len(desk.state.codes) == 5000
    clicks.click(desk.map.viewport(), desk.pixel_of(0.5, 0.5))
    assert desk.state.point.z == pytest.approx((0.5, 0.5), abs=0.05)
    assert clicks.count == 1


def test_a_digit_on_demand(clicks):
    """A: choose a digit, draw z from the prior, decode; a new image each time."""
    desk = clicks.desk
    library = desk.panel("library")
    library.list.setFocus()
    desk.controller.open_path(resources() / "models" / "digits-cvae")
    clicks.count += 1
    desk.until(lambda: desk.state.model.conditional)
    desk.settle()
    samples = desk.panel("samples")
    clicks.choose(samples.label, "7")
    clicks.click(samples.new)
    assert {point.label for point in desk.state.answer(MakeSamples).points} == {7}
    assert clicks.count == 4


def test_a_health_check_by_pca(clicks):
    """C: encode validation data, PCA or t-SNE, expect clusters."""
    desk = clicks.desk
    desk.controller.map.show_all()
    box = desk.panel("map").views.layouts
    index = next(row for row in range(box.count()) if box.itemData(row) == Layout.PCA)
    clicks.choose(box, box.itemText(index))
    assert desk.state.view.layout is Layout.PCA
    assert clicks.count == 2


def test_anomalies(clicks):
    """C and D: the Monte Carlo negative ELBO of each image, worst first."""
    desk = clicks.desk
    clicks.workspace("analyse")
    anomalies = desk.panel("anomalies")
    anomalies.draws.setValue(1)  # for the test's sake
    clicks.click(anomalies.start)
    desk.until(lambda: desk.state.answer(ScoreImages))
    assert seen(desk, "anomalies", "map", "image", "neighbours", "diagnosis", "latents")
    assert clicks.count == 2


def test_an_image_of_ones_own(clicks, tmp_path):
    """C: encode a person's own image file and edit it; then back."""
    desk = clicks.desk
    path = tmp_path / "seven.png"
    Image.new("L", (28, 28), 90).save(path)
    desk.controller.open_path(path)  # dropped on the window
    clicks.count += 1
    desk.settle()
    assert seen(desk, "picture", "image", "sliders", "directions", "arithmetic")
    assert desk.state.original.name == "seven.png"
    clicks.click(
        desk.window.workspace_bar.widgetForAction(
            desk.window.workspace_bar.actions_by_key["explore"]
        )
    )
    assert clicks.count == 2


def test_training_is_watched_and_steered_in_one_place(clicks):
    """A to E: train, watch loss and KL, the map and samples form, change beta, stop and keep."""
    desk = clicks.desk
    clicks.workspace("train")
    clicks.click(desk.panel("train").start)
    assert seen(desk, "train", "curves", "map", "samples", "latents", "diagnosis")
    desk.until(lambda: ("running", "loss") in desk.state.log.curves)
    clicks.click(desk.panel("train").stop)
    desk.until(lambda: desk.state.training.run is None)
    assert clicks.count == 3


def test_two_models(clicks):
    """E: another model beside the open one."""
    desk = clicks.desk
    clicks.workspace("compare")
    box = desk.panel("compare").choice.box
    row = next(r for r in range(box.count()) if "digits-cvae" in box.itemText(r))
    clicks.choose(box, box.itemText(row))
    desk.until(lambda: desk.state.answer(OpenModelB))
    assert seen(desk, "compare", "library", "curves", "map")
    assert clicks.count == 3
