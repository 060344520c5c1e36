"""The controller against a lane and a training that do only what the test says."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import toy
from PySide6.QtCore import QObject, Signal

from latentlab.learning.events import Portrait
from latentlab.session.failure import Failure
from latentlab.session.reports import Compared, Order, Past, Remedy, Run
from latentlab.session.requests.exploring import (
    Adopt,
    Decode,
    EncodeFile,
    Hover,
    MakeManifold,
    MakeSamples,
    MakeStrip,
    Open,
    PickImage,
)
from latentlab.session.requests.files import DescribeForm, Export, ReadRecipe
from latentlab.session.requests.runs import Compare, Discard, ListLibrary, ReadMoment, Rename, Trash
from latentlab.session.scene import GridSettings, Original, Picture, Point, SampleSettings
from latentlab.workers.controller import Controller
from latentlab.workers.job import Outcome
from latentlab.workers.lane import Answer

RUN = Path("/runs/new")


class HandLane(QObject):
    """Keeps requests until the test answers them."""

    answered = Signal(object)
    progressed = Signal(object)

    def __init__(self):
        super().__init__()
        self.number, self.asked, self.open, self.lab = 0, [], {}, toy.ToyLab()

    def submit(self, request):
        self.number += 1
        self.asked.append(request)
        self.open[self.number] = request
        return self.number

    def withdraw(self, kind):
        self.open = {n: request for n, request in self.open.items() if type(request) is not kind}

    def close(self):
        self.open.clear()

    def answer(self, number, failure=None):
        request = self.open.pop(number)
        response = None if failure else self.lab(request)
        self.answered.emit(Answer(number, request, response, failure))

    def answer_all(self):
        """Answer everything in the order the real lane would."""
        while self.open:
            self.answer(min(self.open, key=lambda number: (self.open[number].urgency, number)))

    def waiting(self, kind):
        return [number for number, request in self.open.items() if type(request) is kind]


class HandTraining(QObject):
    progressed = Signal(object)
    adoptable = Signal(object)
    refused = Signal(str)
    ended = Signal(object, object, bool)

    def __init__(self):
        super().__init__()
        self.running, self.past, self.calls = False, Past(), []
        self.folder, self.recipe = None, {}

    def start(self, order):
        self.running = True
        self.calls.append(("start", order))
        self.progressed.emit(Run())

    def stop(self, *, discard):
        self.calls.append(("stop", discard))

    def steer(self, key, value):
        self.calls.append(("steer", key, value))

    def pause(self):
        self.calls.append("pause")

    def go_on(self):
        self.calls.append("go on")

    def set_rhythm(self, seconds):
        self.calls.append(("rhythm", seconds))

    def close(self):
        self.calls.append("close")

    def end(self, how="succeeded", failure=None, *, folder=RUN, discard=False):
        self.running = False
        self.ended.emit(Outcome(how, failure), folder, discard)


class Bench:
    def __init__(self):
        self.lane, self.training = HandLane(), HandTraining()
        self.lane.lab.models["new"] = toy.card(name="new")
        self.controller = Controller(self.lane, self.training)
        self.changes = []
        self.controller.changed.connect(lambda state, changed: self.changes.append(changed))

    @property
    def state(self):
        return self.controller.state

    def adopt(self, epoch=1, folder=RUN):
        splits = toy.started().splits
        self.training.adoptable.emit(Adopt({}, splits, {"w": np.zeros(1)}, epoch, folder))


@pytest.fixture
def bare(qapp):
    return Bench()


@pytest.fixture
def bench(bare):
    """A controller with the toy model open and every question answered."""
    bare.controller.open(Path("/toys/toy"))
    bare.lane.answer_all()
    bare.lane.asked.clear()
    bare.lane.open.clear()
    bare.changes.clear()
    return bare


def moved(state, x, y=0.0):
    return state.point.along({0: x, 1: y})


# What follows from what


def test_start_asks_for_all_there_is_to_choose_from(bare):
    bare.controller.start(Path("/toys/toy"))
    assert bare.lane.asked == [Open(Path("/toys/toy")), DescribeForm(), ListLibrary()]
    assert bare.state.opening == "toy"
    bare.lane.answer_all()
    assert bare.state.form == toy.FORM
    assert bare.state.library == toy.LIBRARY
    assert bare.state.opening == ""


def test_opened_model_fills_every_panel(bare):
    bare.controller.open(Path("/toys/toy"))
    bare.lane.answer_all()
    state = bare.state
    assert state.model.name == "toy"
    assert state.picture.point == state.point == state.original.point
    assert state.strip.points[0].z == pytest.approx(state.ends.a.z)
    assert len(state.manifold.tiles.points) == state.grid.n**2
    assert len(state.samples.points) == state.sampling.count
    assert ("train", "loss") in state.curves


def test_moving_z_asks_only_for_what_depends_on_it(bench):
    bench.controller.set_point(moved(bench.state, 1.0, 2.0))
    assert bench.lane.asked == [Decode(bench.state.point)]
    bench.lane.asked.clear()
    bench.controller.set_ends(replace(bench.state.ends, steps=5))
    assert bench.lane.asked == [MakeStrip(bench.state.ends)]
    bench.lane.asked.clear()
    bench.controller.set_grid(GridSettings(n=5))
    assert bench.lane.asked == [MakeManifold(bench.state.point, (0, 1), GridSettings(n=5))]
    bench.lane.asked.clear()
    bench.controller.set_sampling(SampleSettings(seed=7))
    assert bench.lane.asked == [MakeSamples(SampleSettings(seed=7))]


def test_moving_out_of_the_plane_makes_a_new_manifold(bench):
    bench.controller.open(Path("/toys/big"))
    bench.lane.answer_all()
    bench.lane.asked.clear()
    bench.controller.set_point(bench.state.point.along({0: 1.5}))
    assert [type(request) for request in bench.lane.asked] == [Decode]
    bench.lane.asked.clear()
    bench.controller.set_point(bench.state.point.along({4: 1.5}))
    assert [type(request) for request in bench.lane.asked] == [Decode, MakeManifold]


def test_says_what_changed(bench):
    bench.controller.set_plane((1, 0))
    assert bench.changes == [frozenset({"plane"})]


# Stale answers


def test_late_answer_does_not_replace_a_newer_one(bench):
    for x in (1.0, 2.0):
        bench.controller.set_point(moved(bench.state, x))
    older, newer = bench.lane.waiting(Decode)
    bench.lane.answer(newer)
    bench.lane.answer(older)
    assert bench.state.picture.point.z[0] == 2.0


def test_answers_about_a_model_no_longer_open_are_dropped(bench):
    """A picture asked of one model must not be shown as another's."""
    bench.controller.set_point(moved(bench.state, 1.0))
    (decode,) = bench.lane.waiting(Decode)
    bench.controller.open(Path("/toys/big"))
    (opening,) = bench.lane.waiting(Open)
    bench.lane.answer(opening)
    point, picture = bench.state.point, bench.state.picture
    bench.lane.answer(decode)
    assert bench.state.picture is picture
    bench.lane.answer_all()
    assert bench.state.picture.point == bench.state.point == point
    assert len(point.z) == 5


def test_what_is_asked_while_a_model_opens_is_dropped(bench):
    """Points of the old model have the wrong size for the new one: no error may come of them."""
    bench.controller.open(Path("/toys/big"))
    (opening,) = bench.lane.waiting(Open)
    bench.controller.set_point(moved(bench.state, 1.0))
    bench.controller.hover(moved(bench.state, 2.0))
    asked = bench.lane.waiting(Decode) + bench.lane.waiting(Hover)
    assert len(asked) == 2
    bench.lane.answer(opening)
    for number in asked:
        bench.lane.answer(number, Failure("mat1 and mat2 do not fit"))
    assert bench.state.failure is None
    bench.lane.answer_all()
    assert bench.state.picture.point == bench.state.point
    assert len(bench.state.point.z) == 5


def test_picked_image_of_a_model_no_longer_open_is_dropped(bench):
    bench.controller.pick(5)
    (pick,) = bench.lane.waiting(PickImage)
    bench.controller.open(Path("/toys/big"))
    bench.lane.answer(bench.lane.waiting(Open)[0])
    point = bench.state.point
    bench.lane.answer(pick)
    assert bench.state.point == point


def test_failure_of_a_model_no_longer_open_is_silent(bench):
    bench.controller.pick(5)
    (pick,) = bench.lane.waiting(PickImage)
    bench.controller.open(Path("/toys/big"))
    bench.lane.answer(bench.lane.waiting(Open)[0])
    bench.lane.answer(pick, Failure("no such image"))
    assert bench.state.failure is None


# Failures


def test_failed_open_keeps_the_open_model(bench):
    bench.controller.set_point(moved(bench.state, 1.5))
    bench.lane.answer_all()
    before = bench.state
    bench.controller.open(Path("/toys/no such"))
    assert bench.state.opening == "no such"
    bench.lane.answer(bench.lane.waiting(Open)[0], Failure("It is not a run."))
    after = bench.state
    assert after.failure == Failure("It is not a run.")
    assert after.opening == ""
    kept = ("model", "point", "codes", "picture", "manifold", "strip", "samples", "curves")
    assert [getattr(after, name) for name in kept] == [getattr(before, name) for name in kept]
    bench.controller.dismiss_failure()
    assert bench.state.failure is None


def test_open_path_tells_kinds_apart(bench, tmp_path):
    for name in ("a.toml", "b.png", "c", "d.safetensors", "e.json"):
        path = tmp_path / name
        if "." not in name:
            path.mkdir()
        bench.controller.open_path(path)
    kinds = [type(request) for request in bench.lane.asked]
    assert kinds == [ReadRecipe, EncodeFile, Open, Open, Open]


def test_picture_is_encoded_under_the_present_label(bench, tmp_path):
    bench.controller.open(Path("/toys/big"))
    bench.lane.answer_all()
    bench.controller.set_label(1)
    bench.controller.open_path(tmp_path / "b.png")
    assert bench.lane.asked[-1] == EncodeFile(tmp_path / "b.png", 1)


def test_first_model_that_fails_gives_way_to_another(bare):
    """The window is never empty, and says why it shows another model."""
    bare.controller.start(Path("/toys/gone"), Path("/toys/toy"))
    bare.lane.answer(bare.lane.waiting(Open)[0], Failure("It is gone."))
    bare.lane.answer_all()
    assert bare.state.model.name == "toy"
    assert bare.state.failure == Failure("It is gone.")
    bare.controller.open(Path("/toys/gone too"))
    bare.lane.answer(bare.lane.waiting(Open)[0], Failure("It is gone too."))
    assert bare.lane.waiting(Open) == []


# z and undo


def test_undo_and_redo_of_z_and_path(bench):
    first = bench.state
    bench.controller.set_point(moved(first, 1.0))
    bench.controller.set_ends(first.ends.moved("a", moved(first, 3.0)))
    second = bench.state
    assert (second.can_undo, second.can_redo) == (True, False)
    bench.controller.undo()
    assert bench.state.ends == first.ends
    assert bench.state.point == second.point
    bench.controller.undo()
    assert (bench.state.point, bench.state.original) == (first.point, first.original)
    assert (bench.state.can_undo, bench.state.can_redo) == (False, True)
    bench.controller.undo()
    assert bench.state.point == first.point
    bench.controller.redo()
    bench.controller.redo()
    bench.controller.redo()
    assert (bench.state.point, bench.state.ends) == (second.point, second.ends)
    bench.lane.answer_all()
    assert bench.state.picture.point == second.point
    assert bench.state.strip.points[0].z == pytest.approx(second.ends.a.z)


def test_drag_is_one_step_of_undo(bench):
    start = bench.state.point
    for x in np.linspace(0, 1, 20):
        bench.controller.set_point(moved(bench.state, float(x)), settled=False)
    bench.controller.set_point(moved(bench.state, 1.0))
    bench.controller.undo()
    assert bench.state.point == start
    assert not bench.state.can_undo


def test_moving_after_undo_forgets_what_was_undone(bench):
    for x in (1.0, 2.0):
        bench.controller.set_point(moved(bench.state, x))
    bench.controller.undo()
    bench.controller.set_point(moved(bench.state, 9.0))
    assert not bench.state.can_redo
    bench.controller.undo()
    assert bench.state.point.z[0] == 1.0


def test_moving_nowhere_is_no_step(bench):
    bench.controller.set_ends(bench.state.ends)
    assert not bench.state.can_undo


def test_random_z_keeps_the_label_and_differs(bench):
    bench.controller.open(Path("/toys/big"))
    bench.lane.answer_all()
    bench.controller.set_label(2)
    seen = set()
    for _ in range(5):
        bench.controller.randomize()
        assert bench.state.point.label == 2
        seen.add(bench.state.point.z)
    assert len(seen) == 5


def test_home_is_the_mean_of_the_codes(bench):
    bench.controller.go_home()
    assert bench.state.point.z == pytest.approx(toy.codes().mu.mean(0), abs=1e-6)


def test_put_a_and_b(bench):
    bench.controller.set_point(moved(bench.state, 1.0))
    bench.controller.put_a()
    bench.controller.set_point(moved(bench.state, 2.0))
    bench.controller.put_b()
    assert (bench.state.ends.a.z[0], bench.state.ends.b.z[0]) == (1.0, 2.0)


@pytest.mark.parametrize("role", ["z", "a", "b"])
def test_picked_image_goes_where_it_was_meant(bench, role):
    before = bench.state
    bench.controller.pick(7, role)
    bench.lane.answer_all()
    image = bench.lane.lab.PickImage(PickImage(7)).point
    after = bench.state
    expected = {"z": before.point, "a": before.ends.a, "b": before.ends.b} | {role: image}
    assert {"z": after.point, "a": after.ends.a, "b": after.ends.b} == expected
    assert (after.original.row == 7) is (role == "z")
    bench.controller.undo()
    assert (bench.state.point, bench.state.ends) == (before.point, before.ends)


def test_new_samples_have_another_seed(bench, monkeypatch):
    monkeypatch.setattr("latentlab.workers.exploring.RANDOM.randrange", lambda stop: 42)
    bench.controller.new_samples()
    assert bench.lane.asked == [MakeSamples(SampleSettings(seed=42))]


# Hovering


def test_hover_previews_and_leaving_restores(bench):
    point = moved(bench.state, 1.0)
    bench.controller.hover(point, 3)
    bench.lane.answer_all()
    assert bench.state.preview.point == point
    assert bench.state.hovered.row == 3
    assert bench.state.point != point
    bench.controller.preview(None)
    assert bench.state.preview is None
    assert bench.state.hovered is None


def test_preview_that_comes_after_leaving_is_dropped(bench):
    bench.controller.hover(moved(bench.state, 1.0))
    bench.controller.preview(None)
    bench.lane.answer_all()
    assert bench.state.preview is None


def test_committing_ends_the_preview(bench):
    bench.controller.preview(Picture(Point((9.0, 9.0)), toy.picture_of(Point((9.0, 9.0)))))
    bench.controller.set_point(moved(bench.state, 1.0))
    assert bench.state.preview is None
    assert bench.state.original is None


# Training


def test_training_twice_is_refused(bench):
    bench.controller.set_draft({"model": "vae"})
    bench.controller.start_training()
    bench.controller.start_training()
    assert bench.training.calls == [("start", Order({"model": "vae"}))]
    assert "already under way" in bench.state.failure.title


def test_follows_the_model_under_training(bench):
    bench.controller.start_training()
    bench.adopt(epoch=1)
    bench.lane.answer_all()
    assert (bench.state.model.source, bench.state.model.epoch) == (RUN, 1)
    first = bench.state.codes
    bench.adopt(epoch=2)
    bench.lane.answer_all()
    assert bench.state.model.epoch == 2
    assert not np.array_equal(bench.state.codes.mu, first.mu)
    assert bench.state.picture.point == bench.state.point


def test_untouched_z_stays_on_its_image_while_codes_move(bench):
    bench.controller.start_training()
    for epoch in (1, 2):
        bench.adopt(epoch)
        bench.lane.answer_all()
        assert bench.state.original.row == 2
        assert bench.state.point.z == tuple(bench.state.codes.mu[2].tolist())


def test_picked_image_is_followed_too(bench):
    bench.controller.start_training()
    bench.adopt(1)
    bench.lane.answer_all()
    bench.controller.pick(7)
    bench.lane.answer_all()
    bench.adopt(2)
    bench.lane.answer_all()
    assert bench.state.original.row == 7
    assert bench.state.point.z == tuple(bench.state.codes.mu[7].tolist())


def test_chosen_z_stays_where_it_is_while_codes_move(bench):
    bench.controller.start_training()
    bench.adopt(1)
    bench.lane.answer_all()
    bench.controller.set_point(moved(bench.state, 0.5, 0.25))
    bench.adopt(2)
    bench.lane.answer_all()
    assert bench.state.point.z == (0.5, 0.25)
    assert bench.state.picture.point.z == (0.5, 0.25)


def test_own_picture_is_not_followed(bench):
    pixels = np.zeros((4, 4), np.uint8)
    own = Original("mine.png", Point((0.5, 0.5)), pixels, pixels)
    bench.controller.start_training()
    bench.adopt(1)
    bench.lane.answer_all()
    bench.controller._on_original(own, "z")
    bench.adopt(2)
    bench.lane.answer_all()
    assert bench.state.original is None
    assert bench.state.point == own.point


def test_opening_another_model_stops_following_until_asked(bench):
    bench.controller.start_training()
    bench.adopt(1)
    bench.lane.answer_all()
    bench.controller.open(Path("/toys/big"))
    bench.lane.answer_all()
    bench.adopt(2)
    assert bench.lane.waiting(Adopt) == []
    assert bench.state.model.name == "big"
    assert bench.state.run is not None
    bench.controller.watch_run()
    bench.adopt(3)
    bench.lane.answer_all()
    assert (bench.state.model.source, bench.state.model.epoch) == (RUN, 3)


def test_weights_still_waiting_do_not_replace_an_opened_model(bench):
    """Else the lane would decode with one model what the window shows as another's."""
    bench.controller.start_training()
    bench.adopt(1)
    bench.controller.open(Path("/toys/big"))
    bench.lane.answer_all()
    assert bench.lane.lab.card.name == bench.state.model.name == "big"


def test_weights_still_waiting_do_not_replace_what_follows_a_run(bench):
    bench.controller.start_training()
    bench.adopt(1)
    bench.training.end("stopped", discard=True)
    bench.lane.answer_all()
    assert bench.lane.lab.card.name == bench.state.model.name == "toy"
    assert bench.lane.lab.card.source == bench.state.model.source


def test_finished_run_is_opened_and_listed(bench):
    bench.controller.start_training()
    bench.adopt(1)
    bench.lane.answer_all()
    bench.lane.asked.clear()
    bench.training.end()
    assert Open(RUN) in bench.lane.asked
    assert ListLibrary() in bench.lane.asked
    assert bench.state.run is None


def test_cancelled_run_is_thrown_away_and_the_model_before_comes_back(bench):
    bench.controller.start_training()
    bench.adopt(1)
    bench.lane.answer_all()
    bench.controller.cancel_training()
    assert bench.training.calls[-1] == ("stop", True)
    bench.training.end("stopped", discard=True)
    assert Discard(RUN) in bench.lane.asked
    bench.lane.answer_all()
    assert bench.state.model.source == Path("/toys/toy")
    assert bench.lane.asked.count(ListLibrary()) >= 2


def test_finished_run_does_not_interrupt_whoever_looks_elsewhere(bench):
    bench.controller.start_training()
    bench.controller.open(Path("/toys/big"))
    bench.lane.answer_all()
    bench.lane.asked.clear()
    bench.training.end()
    assert bench.lane.asked == [ListLibrary()]
    assert bench.state.model.name == "big"


def test_failed_start_keeps_model_and_curves(bench):
    """Nothing is lost where a recipe cannot be used."""
    before = bench.state
    bench.controller.start_training()
    bench.training.end("failed", Failure("Bad recipe."), folder=None)
    bench.lane.answer_all()
    after = bench.state
    assert after.failure == Failure("Bad recipe.")
    assert after.run is None
    for name in ("model", "point", "curves", "codes", "ends"):
        assert getattr(after, name) is getattr(before, name), name


def test_curves_of_the_run_replace_the_models(bench):
    bench.controller.start_training()
    bench.training.past = Past({("running", "loss"): (np.ones(1), np.ones(1))})
    bench.training.progressed.emit(Run(phase="training"))
    assert bench.state.curves is bench.training.past.curves


def test_curves_of_a_run_unwatched_are_not_shown(bench):
    bench.controller.start_training()
    bench.controller.open(Path("/toys/big"))
    bench.lane.answer_all()
    before = bench.state.curves
    bench.training.past = Past({("running", "loss"): (np.ones(1), np.ones(1))})
    bench.training.progressed.emit(Run(phase="training"))
    assert bench.state.curves is before
    assert bench.state.run.phase == "training"


def test_the_training_is_told_what_a_hand_wants(bench):
    bench.controller.start_training()
    bench.controller.pause_training()
    bench.controller.continue_training()
    bench.controller.steer("objective.beta", 4.0)
    bench.controller.set_rhythm(2.5)
    bench.controller.stop_training()
    assert bench.training.calls[1:] == [
        "pause",
        "go on",
        ("steer", "objective.beta", 4.0),
        ("rhythm", 2.5),
        ("stop", False),
    ]
    assert bench.state.rhythm == 2.5


def test_a_refused_change_is_told(bench):
    bench.controller.start_training()
    bench.training.refused.emit("objective.beta: must be greater than or equal to 0 (not -1.0)")
    assert "objective.beta" in bench.state.failure.title
    assert bench.training.running


def test_more_epochs_go_to_the_run_under_way_else_to_the_open_one(bench):
    bench.controller.train_more(5)
    source, epoch = bench.state.model.source, bench.state.model.epoch
    assert bench.training.calls == [("start", Order(folder=source, epochs=epoch + 5))]
    bench.training.progressed.emit(Run(phase="training", epochs=30))
    bench.controller.train_more(5)
    assert bench.training.calls[-1] == ("steer", "training.epochs", 35)


def test_an_earlier_run_is_not_thrown_away_with_what_it_was_to_become(bench):
    """Cancelling what goes on with it must not cost what was there before."""
    said = []
    bench.controller.changed.connect(lambda state, _: said.append(state.message))
    bench.controller.resume_run(RUN)
    bench.lane.asked.clear()
    bench.controller.cancel_training()
    bench.training.end("stopped", discard=True)
    assert not [request for request in bench.lane.asked if isinstance(request, Discard)]
    assert Open(RUN) in bench.lane.asked
    assert any("was kept" in text for text in said)


def test_resuming_while_a_run_is_under_way_is_refused(bench):
    bench.controller.start_training()
    bench.controller.resume_run(RUN)
    assert len(bench.training.calls) == 1
    assert "already under way" in bench.state.failure.title


# The queue


def orders(bench):
    return [call[1] for call in bench.training.calls if call[0] == "start"]


def test_what_is_queued_begins_when_the_run_before_has_ended(bench):
    bench.controller.start_training()
    for name in ("one", "two"):
        bench.controller.set_draft({"model": name})
        bench.controller.enqueue()
    assert len(orders(bench)) == 1
    assert [draft["model"] for draft in bench.state.queue] == ["one", "two"]
    bench.training.end()
    assert orders(bench)[1:] == [Order({"model": "one"})]
    assert [draft["model"] for draft in bench.state.queue] == ["two"]
    bench.training.end()
    assert orders(bench)[2:] == [Order({"model": "two"})]
    assert bench.state.queue == ()
    bench.lane.asked.clear()
    bench.training.end()
    assert len(orders(bench)) == 3
    assert Open(RUN) in bench.lane.asked


def test_what_is_queued_while_nothing_runs_begins_at_once(bench):
    bench.controller.set_draft({"model": "one"})
    bench.controller.enqueue()
    assert orders(bench) == [Order({"model": "one"})]
    assert bench.state.queue == ()


def test_what_waits_can_be_taken_out_of_the_queue(bench):
    bench.controller.start_training()
    for name in ("one", "two", "three"):
        bench.controller.set_draft({"model": name})
        bench.controller.enqueue()
    bench.controller.unqueue(1)
    assert [draft["model"] for draft in bench.state.queue] == ["one", "three"]


def test_a_sweep_queues_the_draft_with_each_value(bench):
    bench.controller.set_draft({"objective": {"beta": 1.0, "free_bits": 0.5}})
    bench.controller.sweep("objective.beta", (0.5, 4.0))
    assert orders(bench) == [Order({"objective": {"beta": 0.5, "free_bits": 0.5}})]
    assert bench.state.queue == ({"objective": {"beta": 4.0, "free_bits": 0.5}},)
    assert bench.state.draft == {"objective": {"beta": 1.0, "free_bits": 0.5}}


def test_a_failure_is_told_though_the_next_run_begins(bench):
    bench.controller.start_training()
    bench.controller.enqueue()
    bench.training.end("failed", Failure("Bad recipe."), folder=None)
    assert len(orders(bench)) == 2
    assert bench.state.failure == Failure("Bad recipe.")


# Remedies


BETA = Remedy("Less beta", (("objective.beta", 0.5),))
MODEL = Remedy("More latents", (("model.latent_dim", 8), ("objective.beta", 0.5)))


def test_a_remedy_steers_the_run_under_way_where_it_can(bench):
    bench.controller.start_training()
    bench.training.recipe = {"objective": {"beta": 1.0}}
    bench.controller.apply_remedy(BETA)
    assert bench.training.calls[-1] == ("steer", "objective.beta", 0.5)
    assert bench.state.draft is None


@pytest.mark.parametrize("running", [True, False])
def test_a_remedy_changes_the_draft_where_it_cannot(bench, running):
    if running:
        bench.controller.start_training()
        bench.training.recipe = {"model": {"kind": "vae", "latent_dim": 2}}
    calls = list(bench.training.calls)
    bench.controller.apply_remedy(MODEL)
    assert bench.training.calls == calls
    assert bench.state.draft["model"]["latent_dim"] == 8
    assert bench.state.draft["objective"] == {"beta": 0.5}
    assert bench.state.draft["model"].get("kind") == ("vae" if running else None)


def test_a_remedy_for_an_open_model_does_not_steer_the_run_under_way(bench):
    bench.controller.start_training()
    bench.controller.open(Path("/toys/big"))
    bench.lane.answer_all()
    bench.controller.apply_remedy(BETA)
    assert [call[0] for call in bench.training.calls] == ["start"]
    assert bench.state.draft["objective"] == {"beta": 0.5}


# Runs of the past


def test_the_run_under_way_is_not_deleted(bench):
    bench.controller.start_training()
    bench.training.folder = RUN
    bench.lane.asked.clear()
    bench.controller.delete_run(RUN)
    assert bench.lane.asked == []
    assert "under way" in bench.state.failure.title
    bench.controller.delete_run(Path("/runs/other"))
    assert bench.lane.asked == [Trash(Path("/runs/other"))]


def test_what_is_asked_of_other_runs(bench):
    bench.controller.duplicate_run(RUN)
    bench.controller.rename_run(RUN, "new name")
    bench.controller.compare((RUN, Path("/runs/other")))
    assert bench.lane.asked == [
        ReadRecipe(RUN),
        Rename(RUN, "new name"),
        Compare((RUN, Path("/runs/other"))),
    ]


def test_the_library_is_read_anew_after_a_run_has_changed(bench):
    for request in (Rename(RUN, "name"), Trash(RUN)):
        number = bench.lane.submit(request)
        bench.lane.asked.clear()
        bench.lane.open.pop(number)
        bench.lane.answered.emit(Answer(number, request, None))
        assert bench.lane.asked == [ListLibrary()]


@pytest.mark.parametrize("way", ["moment", "compare"])
def test_an_answer_on_its_way_does_not_bring_back_what_was_left(bench, way):
    """The lane had begun to answer before it was told to forget it."""
    if way == "moment":
        bench.controller.show_moment(3)
        (request,) = bench.lane.asked
        response = toy_portrait(3)
    else:
        bench.controller.compare((RUN, RUN))
        (request,) = bench.lane.asked
        response = (Compared("one", RUN, {}), Compared("two", RUN, {}))
    number = bench.lane.number
    if way == "moment":
        bench.controller.show_moment(None)
    else:
        bench.controller.compare(())
    bench.lane.answered.emit(Answer(number, request, response))
    assert bench.state.moment is None
    assert bench.state.portrait is None
    assert bench.state.compared == ()


def toy_portrait(epoch):
    pictures = np.zeros((2, 4, 4), np.uint8)
    codes = np.zeros((3, 2), np.float32)
    return Portrait(epoch, codes, codes, None, pictures, pictures, pictures)


def test_a_moment_stays_while_the_run_goes_on(bench):
    bench.controller.start_training()
    bench.training.folder = RUN
    bench.lane.asked.clear()
    bench.controller.show_moment(3)
    (request,) = bench.lane.asked
    assert request == ReadMoment(RUN, 3)
    bench.lane.answered.emit(Answer(bench.lane.number, request, toy_portrait(3)))
    latest = toy_portrait(9)
    curves = {("running", "loss"): (np.ones(1), np.ones(1))}
    bench.training.past = Past(curves, portrait=latest, moments=(3, 9))
    bench.training.progressed.emit(Run(phase="training"))
    assert (bench.state.moment, bench.state.portrait.epoch) == (3, 3)
    assert bench.state.moments == (3, 9)
    bench.controller.show_moment(None)
    assert bench.state.moment is None
    assert bench.state.portrait is latest


# Files


def test_export_tells_how_it_was_made(bench):
    bench.controller.export(bench.state.samples, Path("s.png"), {"seed": 3}, gap=1)
    (request,) = bench.lane.asked
    assert isinstance(request, Export)
    assert request.info == {"model": "toy", "epoch": 3, "recipe": {}, "seed": 3}
    assert (request.path, request.gap) == (Path("s.png"), 1)


def test_close_ends_training_and_lane(bench):
    bench.controller.set_point(moved(bench.state, 1.0))
    bench.controller.close()
    assert bench.training.calls == ["close"]
    assert not bench.lane.open
