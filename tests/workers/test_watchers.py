"""Who is told of a change, and in what order: at rest all at once, in a drag the picture first."""

import sys

import pytest
import toy
from PySide6.QtCore import QObject
from shiboken6 import delete

from latentlab.session.model import Decode, MakeManifold
from latentlab.session.state import State
from latentlab.workers.watchers import Watchers

POINT = frozenset({"point"})
PICTURE = frozenset({Decode})


class Ear(QObject):
    """Writes down what it is told."""

    def __init__(self, name, heard):
        super().__init__()
        self.name, self.heard = name, heard

    def told(self, state, changed):
        self.heard.append((self.name, state.point, changed))


@pytest.fixture
def heard():
    return []


@pytest.fixture
def watchers(qapp):
    return Watchers()


@pytest.fixture
def ears(watchers, heard):
    panel, other, picture = (Ear(name, heard) for name in ("panel", "other", "picture"))
    watchers.add(panel.told, POINT | PICTURE)
    watchers.add(other.told)
    watchers.add(picture.told, PICTURE, leads=True)
    return panel, other, picture


def at(x, *awaited):
    return State(point=toy.card().point((x, 0.0)), awaited=frozenset(awaited))


def names(heard):
    return [name for name, _, _ in heard]


def test_at_rest_all_are_told_at_once_of_what_they_watch(watchers, ears, heard):
    watchers.tell(at(1.0), POINT)
    assert names(heard) == ["panel", "other"]
    heard.clear()
    watchers.tell(at(1.0), frozenset({Decode, MakeManifold}))
    assert [(name, changed) for name, _, changed in heard] == [
        ("picture", PICTURE),
        ("panel", PICTURE),
        ("other", frozenset({Decode, MakeManifold})),
    ]


def test_in_a_drag_only_the_picture_is_told_at_once(watchers, ears, heard, until):
    watchers.move()
    watchers.tell(at(1.0, Decode), POINT)
    assert heard == []
    watchers.tell(at(1.0), PICTURE)
    assert names(heard) == ["picture"]
    until(lambda: len(heard) == 3)
    assert names(heard) == ["picture", "panel", "other"]


def test_many_moves_are_one_change_with_the_last_state(watchers, ears, heard, until):
    for x in range(10):
        watchers.move()
        watchers.tell(at(float(x), Decode), POINT)
    watchers.tell(at(9.0), PICTURE)
    until(lambda: len(heard) == 3)
    last = at(9.0).point
    assert heard[1:] == [("panel", last, POINT | PICTURE), ("other", last, POINT | PICTURE)]


def test_nothing_follows_before_its_picture_but_not_for_ever(watchers, ears, heard, until):
    watchers.move()
    watchers.tell(at(1.0, Decode), POINT)
    watchers._take_turn()
    assert heard == []
    watchers._since -= 1.0
    watchers._take_turn()
    assert names(heard) == ["panel", "other"]


def test_when_z_settles_all_are_told(watchers, ears, heard):
    watchers.move()
    watchers.tell(at(1.0, Decode), POINT)
    watchers.rest()
    assert names(heard) == ["panel", "other"]
    watchers.tell(at(2.0), POINT)
    assert names(heard) == 2 * ["panel", "other"]


def test_a_hand_that_stays_rests(watchers, ears, heard, until):
    moved = []
    watchers.moved.connect(moved.append)
    watchers.move()
    watchers.move()
    watchers.tell(at(1.0, Decode), POINT)
    until(lambda: moved == [True, False])
    assert names(heard) == ["panel", "other"]


def test_who_is_gone_is_told_nothing(watchers, ears, heard):
    panel = ears[0]
    delete(panel)
    watchers.tell(at(1.0), POINT)
    assert names(heard) == ["other"]


def test_the_others_are_told_though_one_fails(watchers, ears, heard, monkeypatch):
    failed = []
    monkeypatch.setattr(sys, "excepthook", lambda *error: failed.append(error[0]))
    monkeypatch.setattr(ears[0], "heard", None)
    watchers.tell(at(1.0), POINT)
    assert names(heard) == ["other"]
    assert failed == [AttributeError]
