"""Directions in the real window: learned from the digits, decoded by the real model, kept."""

import numpy as np
import pytest

from latentlab.directories import home
from latentlab.session.directions import ReadDirections
from latentlab.session.model import Decode


def show(desk):
    desk.window.docks["directions"].raise_()
    panel = desk.panel("directions")
    desk.until(
        lambda: (
            not panel.visibleRegion().isEmpty() and desk.state.answer(ReadDirections) is not None
        )
    )
    return panel


def learn(desk, text):
    panel = desk.panel("directions")
    count = len(panel.rows)
    panel.form.source.setCurrentText(text)
    desk.hand.click(panel.form.learn)
    desk.until(lambda: len(panel.rows) == count + 1)
    return panel.rows[-1]


def test_a_class_is_learned_moved_along_and_there_again_next_time(make_desk):
    desk = make_desk()
    panel = show(desk)
    row = learn(desk, "class 1 against the rest")
    assert row.direction.d > 1.5
    assert row.badge.text == f"d = {row.direction.d:.1f}"
    before = desk.state.answer(Decode).pixels
    row.slider.setValue(420)
    desk.settle()
    assert row.value.text() == "+2.10 σ"
    mu, labels = desk.state.codes.mu, desk.state.codes.labels
    nearest = np.argsort(((mu - np.array(desk.state.point.z)) ** 2).sum(1))[:20]
    assert (labels[nearest] == 1).mean() > 0.8
    assert np.abs(desk.state.answer(Decode).pixels.astype(int) - before).mean() > 5
    desk.until(lambda: row.strip.tiles is not None)
    assert row.strip.tiles.pictures.shape == (7, 28, 28)
    assert (home() / "directions" / "digits-2d.json").exists()
    panel.rows[0].name.setText("ones")
    panel.rows[0].name.editingFinished.emit()
    desk.until(lambda: desk.state.answer(ReadDirections)[0].name == "ones")
    kept = desk.state.answer(ReadDirections)
    again = make_desk()
    show(again)
    assert again.state.answer(ReadDirections) == kept
    assert [row.name.text() for row in again.panel("directions").rows] == ["ones"]


def test_what_a_conditional_model_is_told_leaves_no_direction(cvae):
    """Its z knows little of the class, which it is told: the panel says so, and keeps the label."""
    show(cvae)
    row = learn(cvae, "class 7 against the rest")
    assert row.badge.text == "weak"
    assert "overlap widely" in row.badge.toolTip()
    label = cvae.state.point.label
    row.slider.setValue(-300)
    cvae.settle()
    assert cvae.state.point.label == cvae.state.answer(Decode).point.label == label


@pytest.mark.parametrize("order", ["by KL", "PCA"])
def test_sliders_in_another_order_move_the_real_model(cvae, order):
    panel = cvae.panel("sliders")
    panel.order.setCurrentText(order)
    cvae.settle()
    assert not panel.pictures.isChecked()
    panel.pictures.click()
    first = panel.rows[0]
    cvae.until(lambda: first.strip.tiles is not None)
    first.slider.setValue(600)
    cvae.settle()
    assert first.slider.position == pytest.approx(3.0, abs=1e-6)
    cvae.until(lambda: first.strip.is_of(cvae.state.point, cvae.state.codes))
    shown = first.strip.tiles.pictures[-1].astype(int)
    assert np.abs(shown - cvae.state.answer(Decode).pixels).max() <= 2
