"""What is sent to the lane: what visible viewers want, once, and at the right time."""

import gc
import weakref
from dataclasses import replace

import pytest
import toy

from latentlab.session import wants
from latentlab.session.directions import ReadDirections, SaveDirections
from latentlab.session.failure import Failure
from latentlab.session.model import Decode, MakeManifold, MakeSamples
from latentlab.session.points import SampleSettings
from latentlab.work import Progress
from latentlab.workers.demand import Demand
from latentlab.workers.lane import Answer, LaneProgress
from latentlab.workers.store import Store


class Lane:
    """Keeps what it was sent."""

    def __init__(self):
        self.sent, self.withdrawn = [], []

    def submit(self, request):
        self.sent.append(request)
        return len(self.sent)

    def withdraw(self, kind):
        self.withdrawn.append(kind)


@pytest.fixture
def lane():
    return Lane()


@pytest.fixture
def store(qapp):
    store = Store()
    card = toy.card()
    store.set(model=card, codes=toy.codes(2), point=card.point((0.0, 0.0)))
    return store


@pytest.fixture
def demand(store, lane):
    return Demand(store, lane)


def draw(store, seed):
    store.set(sampling=SampleSettings(seed=seed))


def move(store, x):
    store.set(point=store.state.point.at((float(x), 0.0)))


def seeds(lane):
    return [request.settings.seed for request in lane.sent if isinstance(request, MakeSamples)]


def test_what_nobody_sees_is_not_sent_and_then_only_the_newest(demand, store, lane):
    for seed in (1, 2, 3):
        draw(store, seed)
    assert lane.sent == []
    demand.show("Samples", wants.samples)
    assert seeds(lane) == [3]
    draw(store, 4)
    assert seeds(lane) == [3, 4]
    demand.hide("Samples")
    draw(store, 5)
    assert seeds(lane) == [3, 4]


def test_what_was_sent_is_not_sent_again(demand, store, lane):
    demand.show("Samples", wants.samples)
    demand.show("More samples", wants.samples)
    demand.renew()
    demand.hide("Samples")
    demand.show("Samples", wants.samples)
    move(store, 1)
    assert len(lane.sent) == 1


def test_other_codes_need_other_answers(demand, store, lane):
    demand.show("Samples", wants.samples)
    store.set(codes=toy.codes(2, seed=1))
    assert len(lane.sent) == 2


def test_an_answer_that_was_taken_away_is_wanted_again(demand, store, lane):
    demand.show("Samples", wants.samples)
    demand.take(Answer(1, lane.sent[0], toy.tiles([store.state.point], 1)))
    assert store.state.answer(MakeSamples).columns == 1
    store.put(MakeSamples, None)
    assert len(lane.sent) == 2


def test_cancelled_requests_stay_cancelled_and_withdrawn_ones_do_not(demand, store, lane):
    demand.show("Samples", wants.samples)
    demand.cancel(MakeSamples)
    demand.renew()
    assert len(lane.sent) == 1
    assert MakeSamples not in store.state.awaited
    demand.withdraw(MakeSamples)
    assert len(lane.sent) == 2
    assert lane.withdrawn == [MakeSamples] * 2


def test_a_cancelled_request_is_sent_again_once_it_was_not_wanted_for_a_while(demand, store, lane):
    """As when a layer of the map is switched off and on."""
    demand.show("Samples", wants.samples)
    demand.cancel(MakeSamples)
    demand.show("Samples", lambda state: ())
    demand.show("Samples", wants.samples)
    assert len(lane.sent) == 2


def test_other_codes_let_go_of_the_ones_before(demand, store):
    demand.show("Samples", wants.samples)
    codes = weakref.ref(store.state.codes)
    store.set(**demand.expire(is_new=False), codes=toy.codes(2, seed=1))
    gc.collect()
    assert codes() is None


def test_what_is_asked_for_is_not_wanted_again(demand, store, lane):
    demand.ask(MakeSamples(store.state.sampling))
    demand.show("Samples", wants.samples)
    assert len(lane.sent) == 1


def test_what_is_wanted_is_awaited_in_the_same_change(demand, store):
    heard = []
    store.changed.connect(lambda state, changed: heard.append((changed, state.awaited)))
    demand.show("Image", wants.picture)
    heard.clear()
    demand.take(Answer(1, Decode(store.state.point), None))
    move(store, 2)
    assert heard[-1] == ({"point", "awaited"}, frozenset({Decode}))


def test_requests_about_another_model_are_not_sent(demand, store, lane):
    demand.ask(Decode(replace(store.state.point, model=7)))
    assert lane.sent == []
    assert store.state.awaited == frozenset()


# Beside a run on the same cores


@pytest.mark.parametrize("failure", [None, Failure("The disk is full.")])
def test_what_is_written_of_the_model_before_is_awaited_to_its_end(demand, store, failure):
    save = SaveDirections(store.state.model, ())
    demand.ask(save)
    store.set(model=toy.card(name="other"), **demand.expire(is_new=True))
    assert SaveDirections in store.state.awaited
    demand.take(Answer(1, save, (), failure))
    assert SaveDirections not in store.state.awaited
    assert store.state.answer(ReadDirections) is None
    assert store.state.failure == failure


def test_modest_requests_wait_until_no_newer_one_comes(demand, store, lane, until):
    demand.set_busy(True)
    demand.show("Both", lambda state: [*wants.picture(state), *wants.samples(state)])
    for step in (1, 2, 3):
        draw(store, step)
        move(store, step)
    assert [type(request) for request in lane.sent] == [Decode] * 4
    until(lambda: seeds(lane))
    assert seeds(lane) == [3]


def test_when_the_run_ends_nothing_waits_any_longer(demand, store, lane):
    demand.set_busy(True)
    demand.show("Samples", wants.samples)
    assert lane.sent == []
    demand.set_busy(False)
    draw(store, 2)
    assert seeds(lane) == [0, 2]


def test_each_kind_waits_for_its_own_calm(demand, store, lane, until):
    demand.set_busy(True)
    demand.show("Samples", wants.samples)
    demand.show("Manifold", wants.manifold)

    def keep_turning():
        store.set(grid=replace(store.state.grid, n=3 + store.state.grid.n % 40))
        return seeds(lane)

    until(keep_turning)
    assert not any(isinstance(request, MakeManifold) for request in lane.sent)


def test_under_a_hand_that_never_rests_something_is_made_now_and_then(demand, store, lane, until):
    demand.set_busy(True)
    demand.show("Samples", wants.samples)

    def keep_drawing():
        draw(store, store.state.sampling.seed + 1)
        return lane.sent

    until(keep_drawing)
    assert len(lane.sent) == 1


# While the hand moves z


def test_in_a_drag_the_next_work_waits_for_the_one_before(demand, store, lane):
    demand.set_moving(True)
    demand.show("Samples", wants.samples)
    for seed in range(1, 5):
        draw(store, seed)
    assert seeds(lane) == [0]
    demand.take(Answer(1, lane.sent[0], toy.tiles([store.state.point], 1)))
    assert seeds(lane) == [0, 4]
    assert MakeSamples in store.state.awaited
    draw(store, 5)
    draw(store, 6)
    assert seeds(lane) == [0, 4]
    demand.set_moving(False)
    assert seeds(lane) == [0, 4, 6]


def test_in_a_drag_every_picture_is_asked_for(demand, store, lane):
    demand.show("Picture", wants.picture)
    lane.sent.clear()
    demand.set_moving(True)
    for x in range(1, 4):
        move(store, x)
    assert [request.point.z[0] for request in lane.sent] == [1.0, 2.0, 3.0]


def test_progress_is_shown_of_work_that_takes_a_while(demand, store, lane, until):
    quick, slow = MakeSamples(SampleSettings()), Decode(store.state.point)
    for number, request in enumerate((quick, slow), start=1):
        demand.ask(request)
        demand.show_progress(LaneProgress(number, request, Progress("Working", 0.1)))
    demand.show_progress(LaneProgress(2, slow, Progress("Working", 0.2)))
    demand.take(Answer(1, quick, "soon"))
    assert store.state.working == {}
    until(lambda: store.state.working)
    assert store.state.working == {Decode: Progress("Working", 0.2)}
    demand.take(Answer(2, slow, "late"))
    assert store.state.working == {}


def test_progress_of_what_was_cancelled_is_not_shown(demand, store, lane, until):
    stopped, goes_on = MakeSamples(SampleSettings()), Decode(store.state.point)
    for number, request in enumerate((stopped, goes_on), start=1):
        demand.ask(request)
        demand.show_progress(LaneProgress(number, request, Progress("Working")))
    demand.cancel(MakeSamples)
    until(lambda: store.state.working)
    assert set(store.state.working) == {Decode}
