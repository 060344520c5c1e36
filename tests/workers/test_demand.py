"""What waits until somebody sees its answer, and what until z stands still."""

import pytest

from latentlab.latent.planes import axes_frame
from latentlab.session.model import Decode, MakeManifold, MakeSamples
from latentlab.session.points import GridSettings, Point, SampleSettings
from latentlab.workers.demand import Demand


def manifold(x):
    return MakeManifold(Point((float(x), 0.0)), axes_frame(0, 1, 2), GridSettings())


DECODE, SAMPLES = Decode(Point((0.0, 0.0))), MakeSamples(SampleSettings())


@pytest.fixture
def sent():
    return []


@pytest.fixture
def demand(qapp, sent):
    return Demand(sent.append)


def test_what_nobody_has_spoken_of_is_sent_at_once(demand, sent):
    demand.look("Samples", {MakeSamples}, visible=False)
    for request in (manifold(1), DECODE):
        demand.ask(request)
    assert sent == [manifold(1), DECODE]


def test_what_nobody_sees_waits_and_only_the_newest_is_sent(demand, sent):
    demand.look("Manifold", {MakeManifold}, visible=False)
    for x in range(3):
        demand.ask(manifold(x))
    demand.ask(SAMPLES)
    assert sent == [SAMPLES]
    demand.look("Manifold", {MakeManifold}, visible=True)
    assert sent == [SAMPLES, manifold(2)]
    demand.look("Manifold", {MakeManifold}, visible=True)
    assert sent == [SAMPLES, manifold(2)]


def test_one_who_sees_it_is_enough(demand, sent):
    demand.look("Manifold", {MakeManifold}, visible=False)
    demand.look("Map", {MakeManifold}, visible=True)
    demand.ask(manifold(1))
    assert sent == [manifold(1)]
    demand.look("Map", (), visible=True)
    demand.ask(manifold(2))
    assert sent == [manifold(1)]


def test_what_is_forgotten_is_never_sent(demand, sent):
    demand.look("Manifold", {MakeManifold}, visible=False)
    demand.ask(manifold(1))
    demand.forget(MakeManifold)
    demand.look("Manifold", {MakeManifold}, visible=True)
    assert sent == []


def test_beside_a_run_modest_requests_wait_until_no_newer_one_comes(demand, sent, until):
    demand.set_busy(True)
    for x in range(3):
        demand.ask(manifold(x))
        demand.ask(DECODE)
    assert sent == [DECODE] * 3
    until(lambda: len(sent) == 4)
    assert sent[-1] == manifold(2)


def test_when_the_run_ends_nothing_waits_any_longer(demand, sent):
    demand.set_busy(True)
    demand.ask(manifold(1))
    demand.set_busy(False)
    demand.ask(manifold(2))
    assert sent == [manifold(1), manifold(2)]


def test_what_comes_into_sight_is_sent_while_z_never_rests(demand, sent):
    """A hand that drags all the time holds back only what follows from where it is."""
    demand.set_busy(True)
    demand.look("Map", {Decode}, visible=False)
    demand.ask(DECODE)
    demand.ask(manifold(1))
    demand.look("Map", {Decode}, visible=True)
    assert sent == [DECODE]


def test_each_kind_waits_for_its_own_calm(demand, sent, until):
    demand.set_busy(True)
    demand.ask(SAMPLES)

    def keep_dragging():
        demand.ask(manifold(1))
        return SAMPLES in sent

    until(keep_dragging)
    assert sent == [SAMPLES]


def test_under_a_hand_that_never_rests_something_is_made_now_and_then(demand, sent, until):
    demand.set_busy(True)

    def keep_dragging():
        demand.ask(manifold(len(sent)))
        return sent

    until(keep_dragging)
    assert sent == [manifold(0)]
