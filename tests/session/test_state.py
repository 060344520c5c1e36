"""What is told of a change from one state to another."""

from dataclasses import replace

import toy

from latentlab.session.model import Decode
from latentlab.session.points import Picture, Point
from latentlab.session.runs import ReadEpochPreview, Run, RunLog, TrainingStatus
from latentlab.session.state import State, changes_between

PICTURE = Picture(Point((0.0, 0.0)), toy.picture_of(Point((0.0, 0.0))))


def test_answers_are_told_by_the_type_of_their_request():
    old = State()
    new = replace(old, answers={Decode: PICTURE})
    assert changes_between(old, new) == {"answers", Decode}
    assert new.answer(Decode) is PICTURE
    assert changes_between(new, replace(new, answers=dict(new.answers))) == {"answers"}


def test_parts_of_training_and_log_are_told_by_their_own_names():
    old = State()
    new = replace(old, training=TrainingStatus(run=Run()), log=RunLog(toy.curves()))
    assert changes_between(old, new) == {"training", "run", "log", "curves", "is_training"}
    going_on = replace(new, training=TrainingStatus(run=Run(epoch=1)))
    assert changes_between(new, going_on) == {"training", "run"}


def test_the_portrait_is_that_of_the_moment_looked_back_at():
    old = State(log=RunLog(portrait=toy.portrait(8)))
    back = replace(old, moment=3, answers={ReadEpochPreview: toy.portrait(3)})
    assert (old.portrait.epoch, back.portrait.epoch) == (8, 3)
    assert "portrait" in changes_between(old, back)
    later = replace(back, log=RunLog(portrait=toy.portrait(9)))
    assert "portrait" not in changes_between(back, later)
    assert "portrait" in changes_between(later, replace(later, moment=None))
