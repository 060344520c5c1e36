"""Another data set on the map, from the menu and back."""

import numpy as np

from latentlab.latent.ranking import Score
from latentlab.session.model import SET_ATTRIBUTE
from latentlab.session.scores.anomalies import ScoreImages
from latentlab.widgets.window.other_data import OtherDataDialog


def action(desk, text):
    (file,) = [a.menu() for a in desk.window.menuBar().actions() if a.text() == "&File"]
    return next(each for each in file.actions() if each.text() == text)


def test_other_images_are_shown_beside_those_of_the_run_and_coloured_by_set(desk, tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (30, 20, 20), np.uint8)
    np.savez(tmp_path / "batch.npz", images=images)
    back = action(desk, "Show the images of the run")
    own = len(desk.state.codes)
    assert not back.isEnabled()
    action(desk, "Show other images with this model…").trigger()
    dialog = desk.window.findChild(OtherDataDialog)
    assert dialog.form.row("data.split.by").key == "data"  # nothing of training is asked
    path = str(tmp_path / "batch.npz")
    dialog.form.set_values({"data": {"kind": "arrays", "images": path}})
    dialog.accept()
    desk.until(lambda: desk.state.model.other == "run and arrays batch.npz")
    desk.settle()
    colour = desk.panel("map").colours.chosen
    assert colour.key == f"attribute:{SET_ATTRIBUTE}"
    assert colour.names == ("run", "arrays batch.npz")
    assert len(desk.state.codes) == own + 30
    assert "scaled to 28×28 grey" in desk.panel("map").told.text()
    panel = desk.panel("anomalies")
    panel.draws.setValue(1)
    panel.start.click()
    desk.until(lambda: desk.state.answer(ScoreImages) is not None)
    desk.settle()
    assert panel.sets.text().startswith("The negative ELBO in nats: run ")
    assert panel.sets.text().endswith("AUROC 1.000.")
    panel.by.setCurrentText(Score.RATE.value)
    assert panel.sets.text().startswith("The KL in nats: run ")
    desk.go("explore")
    assert back.isEnabled()
    back.trigger()
    desk.until(lambda: not desk.state.model.other)
    desk.settle()
    assert len(desk.state.codes) == own
