"""One's own picture under the controller: it becomes z, stays, follows the model, is undone."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from controller_support import bare, bench, moved

from latentlab.data.own_image.crop import SourceImage
from latentlab.session.model import Adopt
from latentlab.session.own_image import EstimateElbo, Inpaint, InpaintSamples

__all__ = ["bare", "bench"]


def drawing(value, name="drawing"):
    return SourceImage(name, np.full((6, 8), value, np.uint8))


def test_own_picture_becomes_z_and_can_be_undone(bench):
    before = bench.state
    bench.controller.own_image.show(drawing(255))
    bench.lane.answer_all()
    assert bench.state.point.z == (1.0, 3.0)
    assert bench.state.original is bench.state.own
    assert bench.state.own.own.source.name == "drawing"
    bench.controller.undo.undo()
    assert bench.state.point == before.point
    assert bench.state.own is None
    bench.controller.undo.redo()
    assert bench.state.original is bench.state.own
    assert bench.state.point.z == (1.0, 3.0)


def test_a_picture_brought_in_while_the_model_is_replaced_is_shown(bench):
    bench.controller.training.start()
    bench.controller.own_image.show(drawing(255))
    bench.adopt(1)
    bench.lane.answer(bench.lane.waiting(Adopt)[0])
    bench.lane.answer_all()
    assert bench.state.original is bench.state.own
    assert bench.state.own.own.source.name == "drawing"
    assert bench.state.point == bench.state.own.point


def test_a_stroke_under_way_is_no_step_of_its_own(bench):
    first = bench.state.point
    for value in (10, 90, 200):
        bench.controller.own_image.show(drawing(value), settled=False)
        bench.lane.answer_all()
        assert bench.state.point.z[0] == pytest.approx(value / 255)
        assert not bench.state.can_undo
    bench.controller.own_image.show(drawing(255))
    bench.lane.answer_all()
    bench.controller.undo.undo()
    assert bench.state.point == first


def test_own_picture_stays_while_z_moves_on(bench):
    bench.controller.own_image.show(drawing(255))
    bench.lane.answer_all()
    own = bench.state.own
    bench.controller.point.set(moved(bench.state, -1.0))
    assert (bench.state.original, bench.state.own) == (None, own)
    bench.controller.own_image.return_to()
    assert bench.state.point == own.point
    assert bench.state.original is own
    bench.controller.undo.undo()
    assert bench.state.point.z[0] == -1.0


def test_undo_brings_the_picture_before_back(bench):
    for value in (51, 255):
        bench.controller.own_image.show(drawing(value))
        bench.lane.answer_all()
    bench.controller.undo.undo()
    assert bench.state.own.point.z[0] == pytest.approx(0.2)
    assert bench.state.original is bench.state.own


def test_own_picture_is_followed_while_codes_move(bench):
    bench.controller.training.start()
    bench.adopt(1)
    bench.lane.answer_all()
    bench.controller.own_image.show(drawing(255))
    bench.lane.answer_all()
    for epoch in (2, 3):
        bench.adopt(epoch)
        bench.lane.answer_all()
        assert bench.state.point.z == bench.state.own.point.z == (1.0, epoch)
        assert bench.state.original is bench.state.own
    bench.controller.point.set(moved(bench.state, -1.0))
    here = bench.state.point
    bench.adopt(4)
    bench.lane.answer_all()
    assert bench.state.point == here
    assert bench.state.own.point.z == (1.0, 4.0)
    bench.controller.undo.undo()  # to the code of the picture, which the weights of then gave
    bench.lane.answer_all()
    assert bench.state.point.z == bench.state.own.point.z == (1.0, 4.0)
    bench.controller.own_image.forget()
    bench.adopt(5)
    bench.lane.answer_all()
    assert bench.state.original is None, "what is forgotten cannot be encoded again"


def test_a_picture_brought_while_the_model_moves_is_not_lost(bench):
    """Not to the old one, which is encoded once more at the same moment."""
    bench.controller.training.start()
    bench.adopt(1)
    bench.lane.answer_all()
    bench.controller.own_image.show(drawing(51))
    bench.lane.answer_all()
    bench.adopt(2)
    bench.lane.answer(bench.lane.waiting(Adopt)[0])
    bench.controller.own_image.show(drawing(255))
    bench.lane.answer_all()
    assert bench.state.own.point.z == bench.state.point.z == (1.0, 2.0)


def test_another_model_sees_the_same_picture(bench):
    bench.controller.own_image.show(drawing(255))
    bench.lane.answer_all()
    bench.controller.runs.open(Path("/toys/big"))
    bench.lane.answer_all()
    assert bench.state.own.point.z == (1.0, 3.0, 0.0, 0.0, 0.0)
    assert bench.state.original.row == 2
    assert bench.state.point == bench.state.original.point
    assert not bench.state.can_undo


def test_a_forgotten_picture_does_not_come_back(bench):
    bench.controller.own_image.show(drawing(255))
    bench.lane.answer_all()
    here = bench.state.point
    bench.controller.own_image.show(drawing(51))
    bench.controller.own_image.forget()
    bench.lane.answer_all()
    assert bench.state.own is None
    assert bench.state.point == here
    bench.controller.runs.open(Path("/toys/big"))
    bench.lane.answer_all()
    assert bench.state.own is None


def test_filling_in_goes_there_and_other_fills_do_not(bench):
    bench.controller.own_image.show(drawing(255))
    bench.lane.answer_all()
    own, hidden = bench.state.own, np.eye(4, dtype=bool)
    bench.controller.ask(InpaintSamples(own, hidden))
    bench.lane.answer_all()
    assert len(bench.state.answer(Inpaint).tiles.points) == 6
    assert bench.state.point == own.point
    bench.controller.ask(Inpaint(own, hidden))
    bench.lane.answer_all()
    assert bench.state.point.z == (0.25, 0.25)
    bench.controller.undo.undo()
    assert bench.state.point == own.point
    bench.controller.own_image.show(drawing(51))
    bench.lane.answer_all()
    assert bench.state.answer(Inpaint) is None


def test_a_picture_can_be_of_another_class(bench):
    bench.controller.runs.open(Path("/toys/big"))
    bench.lane.answer_all()
    bench.controller.own_image.show(drawing(255))
    bench.lane.answer_all()
    bench.controller.own_image.relabel(1)
    bench.lane.answer_all()
    assert bench.state.own.point.label == bench.state.point.label == 1


OTHERS = {
    "another drawing of the same name": lambda bench, own: bench.controller.own_image.show(
        drawing(90)
    ),
    "inverted": lambda bench, own: bench.controller.own_image.show(
        own.source, replace(own.fitting, invert=True)
    ),
    "of another class": lambda bench, own: bench.controller.own_image.relabel(1),
    "undone": lambda bench, own: bench.controller.undo.undo(),
    "taken away": lambda bench, own: bench.controller.own_image.forget(),
}


@pytest.mark.parametrize("change", OTHERS)
def test_numbers_never_stand_beside_another_picture(bench, change):
    bench.controller.runs.open(Path("/toys/big"))
    bench.lane.answer_all()
    for value in (10, 200):
        bench.controller.own_image.show(drawing(value))
        bench.lane.answer_all()
    own = bench.state.own
    bench.controller.ask(EstimateElbo(own))
    bench.lane.answer_all()
    assert bench.state.answer(EstimateElbo).original is own
    OTHERS[change](bench, own.own)
    bench.lane.answer_all()
    assert bench.state.own is not own
    assert bench.state.answer(EstimateElbo) is None


def test_numbers_stay_while_the_same_picture_is_encoded_anew(bench):
    bench.controller.training.start()
    bench.adopt(1)
    bench.lane.answer_all()
    bench.controller.own_image.show(drawing(200))
    bench.lane.answer_all()
    bench.controller.ask(EstimateElbo(bench.state.own))
    bench.lane.answer_all()
    own = bench.state.own
    bench.adopt(2)
    bench.lane.answer_all()
    assert bench.state.own is not own
    assert bench.state.answer(EstimateElbo) is not None
