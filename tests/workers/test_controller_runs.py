"""What the controller makes of a run under way."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from controller_support import RUN, bare, bench, moved

from latentlab.session.failure import Failure
from latentlab.session.library.entries import Discard, LibraryEntry, ListLibrary, Restore
from latentlab.session.model import Adopt, Decode, Open
from latentlab.session.points import Original
from latentlab.session.runs import Run, RunLog, TrainingJob
from latentlab.workers.intents import training as running

__all__ = ["bare", "bench"]


# Training


def test_training_twice_is_refused(bench):
    bench.controller.training.set_draft({"model": "vae"})
    bench.controller.training.start()
    bench.controller.training.start()
    assert bench.training.calls == [("start", TrainingJob({"model": "vae"}))]
    assert "already in training" in bench.state.failure.title


def test_follows_the_model_under_training(bench):
    bench.controller.training.start()
    bench.adopt(epoch=1)
    bench.lane.answer_all()
    assert (bench.state.model.source, bench.state.model.epoch) == (RUN, 1)
    first = bench.state.codes
    bench.adopt(epoch=2)
    bench.lane.answer_all()
    assert bench.state.model.epoch == 2
    assert not np.array_equal(bench.state.codes.mu, first.mu)
    assert bench.state.answer(Decode).point == bench.state.point


def test_untouched_z_stays_on_its_image_while_codes_move(bench):
    bench.controller.training.start()
    for epoch in (1, 2):
        bench.adopt(epoch)
        bench.lane.answer_all()
        assert bench.state.original.row == 2
        assert bench.state.point.z == tuple(bench.state.codes.mu[2].tolist())


@pytest.fixture
def following(bench):
    """The window with the first weights of a run on show."""
    bench.controller.training.start()
    bench.adopt(1)
    bench.lane.answer_all()
    return bench


def test_picked_image_is_followed_too(following):
    following.controller.point.pick(7)
    following.lane.answer_all()
    following.adopt(2)
    following.lane.answer_all()
    assert following.state.original.row == 7
    assert following.state.point.z == tuple(following.state.codes.mu[7].tolist())


def test_undo_leads_to_the_present_code_of_a_picked_image(following):
    following.controller.point.pick(7)
    following.lane.answer_all()
    following.controller.point.set(moved(following.state, 0.5, 0.25))
    following.adopt(2)
    following.lane.answer_all()
    for _ in range(2):
        following.controller.undo.undo()
        following.lane.answer_all()
        assert following.state.original.row == 7
        assert following.state.point.z == tuple(following.state.codes.mu[7].tolist())
        following.controller.undo.redo()
        following.lane.answer_all()
        assert (following.state.original, following.state.point.z) == (None, (0.5, 0.25))


def test_chosen_z_stays_where_it_is_while_codes_move(following):
    following.controller.point.set(moved(following.state, 0.5, 0.25))
    following.adopt(2)
    following.lane.answer_all()
    assert following.state.point.z == (0.5, 0.25)
    assert following.state.answer(Decode).point.z == (0.5, 0.25)


def test_own_picture_is_not_followed(bench):
    pixels = np.zeros((4, 4), np.uint8)
    bench.controller.training.start()
    bench.adopt(1)
    bench.lane.answer_all()
    own = Original("mine.png", bench.state.model.point((0.5, 0.5)), pixels, pixels)
    bench.controller.point.show_original(own)
    bench.adopt(2)
    bench.lane.answer_all()
    assert bench.state.original is None
    assert bench.state.point == own.point


def test_opening_another_model_stops_following_until_asked(following):
    following.controller.runs.open(Path("/toys/big"))
    following.lane.answer_all()
    following.adopt(2)
    assert following.lane.waiting(Adopt) == []
    assert following.state.model.name == "big"
    assert following.state.training.run is not None
    following.controller.training.watch()
    following.adopt(3)
    following.lane.answer_all()
    assert (following.state.model.source, following.state.model.epoch) == (RUN, 3)


def test_opening_the_run_in_training_follows_it(bench):
    """As from a scene or by a drop: what it had saved until then would be shown for ever."""
    bench.controller.training.start()
    bench.training.folder = RUN
    bench.controller.runs.open(Path("/toys/big"))
    bench.lane.answer_all()
    bench.controller.runs.open(RUN)
    bench.lane.answer_all()
    assert looks(bench) == ["look again"]
    bench.adopt(2)
    bench.lane.answer_all()
    assert (bench.state.model.source, bench.state.model.epoch) == (RUN, 2)
    bench.lane.asked.clear()
    bench.training.end()
    assert RUN in [each.path for each in bench.lane.asked if isinstance(each, Open)]


def looks(bench):
    return [call for call in bench.training.calls if call in ("adopted", "look again")]


@pytest.mark.parametrize("failure", [None, Failure("It broke.")])
def test_the_next_weights_come_once_the_last_are_dealt_with(bench, failure):
    bench.controller.training.start()
    bench.adopt(1)
    assert looks(bench) == []
    bench.lane.answer(bench.lane.waiting(Adopt)[0], failure)
    assert looks(bench) == ["adopted"]


def test_weights_of_a_run_that_nobody_watches_are_not_asked_for_again(bench):
    bench.controller.training.start()
    bench.controller.runs.open(Path("/toys/big"))
    bench.adopt(1)
    bench.lane.answer_all()
    assert looks(bench) == []
    bench.controller.training.watch()
    assert looks(bench) == ["look again"]


@pytest.mark.parametrize(
    ("device", "share"), [("CPU", running.MODEST_TIME_FRACTION), ("H200", 1.0)]
)
def test_exploring_leaves_time_to_a_run_on_the_same_cores(bench, device, share):
    bench.controller.training.start()
    bench.training.progressed.emit(Run(device=device))
    assert bench.lane.share == share
    bench.training.progressed.emit(Run(device=device, phase="paused"))
    assert bench.lane.share == 1.0
    bench.training.progressed.emit(Run(device=device, phase="training"))
    assert bench.lane.share == share
    bench.training.end()
    assert bench.lane.share == 1.0


def test_weights_still_waiting_do_not_replace_an_opened_model(bench):
    """Else the lane would decode with one model what the window shows as another's."""
    bench.controller.training.start()
    bench.adopt(1)
    bench.controller.runs.open(Path("/toys/big"))
    bench.lane.answer_all()
    assert bench.lane.lab.card.name == bench.state.model.name == "big"


def test_weights_still_waiting_do_not_replace_what_follows_a_run(bench):
    bench.controller.training.start()
    bench.adopt(1)
    bench.training.end("stopped", discard=True)
    bench.lane.answer_all()
    assert bench.lane.lab.card.name == bench.state.model.name == "toy"
    assert bench.lane.lab.card.source == bench.state.model.source


def test_finished_run_is_opened_and_listed(following):
    following.lane.asked.clear()
    following.training.end()
    assert Open(RUN) in following.lane.asked
    assert ListLibrary() in following.lane.asked
    assert following.state.training.run is None


def test_cancelled_run_is_thrown_away_and_the_model_before_comes_back(following):
    following.controller.training.cancel()
    assert following.training.calls[-1] == ("stop", True)
    following.training.end("stopped", discard=True)
    assert Discard(RUN) in following.lane.asked
    following.lane.answer_all()
    assert following.state.model.source == Path("/toys/toy")
    assert following.lane.asked.count(ListLibrary()) >= 2


def test_a_discarded_run_can_be_brought_back(bench):
    said = []
    bench.controller.changed.connect(
        lambda state, changed: said.append(state.message) if "message" in changed else None
    )
    bench.controller.training.start()
    bench.training.end("stopped", discard=True)
    bench.lane.answer_all()
    message, _ = said
    assert message.text == "Discarded new"
    message.undo()
    assert Restore(RUN.parent / "discarded" / RUN.name) in bench.lane.asked
    bench.lane.asked.clear()
    bench.lane.answer_all()
    assert {Open(RUN), ListLibrary()} <= set(bench.lane.asked)
    assert said[2].text == "Restored new"


@pytest.mark.parametrize("answered", [True, False])
@pytest.mark.parametrize("queued", [True, False])
def test_after_several_discarded_runs_the_model_before_all_of_them_comes_back(
    bench, answered, queued
):
    """Never one that was discarded itself, however soon the next run begins."""
    folders = [RUN.with_name(f"new {number}") for number in range(3)]
    if queued:
        bench.controller.training.sweep("model.latent_dim", (2, 2, 2))
    for folder in folders:
        if not queued:
            bench.controller.training.start()
        bench.adopt(1, folder)
        if answered:
            bench.lane.answer_all()
        bench.training.end("stopped", discard=True, folder=folder)
    bench.lane.answer_all()
    assert [Discard(folder) in bench.lane.asked for folder in folders] == [True] * 3
    assert bench.state.model.source == Path("/toys/toy")
    assert bench.state.failure is None


def test_finished_run_does_not_interrupt_whoever_looks_elsewhere(bench):
    bench.controller.training.start()
    bench.controller.runs.open(Path("/toys/big"))
    bench.lane.answer_all()
    bench.lane.asked.clear()
    bench.training.end()
    assert bench.lane.asked == [ListLibrary()]
    assert bench.state.model.name == "big"


def test_a_new_run_is_listed_as_soon_as_it_has_been_saved(bench):
    bench.controller.training.start()
    bench.lane.asked.clear()
    run = Run("training", epochs=9, folder=RUN)
    for epoch in (0, 1, 1, 2):
        bench.training.progressed.emit(replace(run, epoch=epoch))
    assert bench.lane.asked == [ListLibrary()]
    bench.lane.answer_all()
    bench.training.progressed.emit(replace(run, epoch=3))
    assert bench.lane.asked == [ListLibrary(), ListLibrary()]
    bench.lane.answer_all()
    entry = LibraryEntry("new", "", RUN, shipped=False)
    bench.controller.store.put(ListLibrary, (entry,))
    bench.training.progressed.emit(replace(run, epoch=4))
    assert bench.lane.asked.count(ListLibrary()) == 2


def test_failed_start_keeps_model_and_curves(bench):
    """Nothing is lost where a recipe cannot be used."""
    before = bench.state
    bench.controller.training.start()
    bench.training.end("failed", Failure("Bad recipe."), folder=None)
    bench.lane.answer_all()
    after = bench.state
    assert after.failure == Failure("Bad recipe.")
    assert after.training.run is None
    for name in ("model", "point", "log", "codes", "ends"):
        assert getattr(after, name) is getattr(before, name), name


def test_curves_of_the_run_replace_the_models(bench):
    bench.controller.training.start()
    bench.training.past = RunLog({("running", "loss"): (np.ones(1), np.ones(1))})
    bench.training.progressed.emit(Run(phase="training"))
    assert bench.state.log.curves is bench.training.past.curves


def test_curves_of_a_run_unwatched_are_not_shown(bench):
    bench.controller.training.start()
    bench.controller.runs.open(Path("/toys/big"))
    bench.lane.answer_all()
    before = bench.state.log.curves
    bench.training.past = RunLog({("running", "loss"): (np.ones(1), np.ones(1))})
    bench.training.progressed.emit(Run(phase="training"))
    assert bench.state.log.curves is before
    assert bench.state.training.run.phase == "training"


def test_the_training_is_told_what_a_hand_wants(bench):
    bench.controller.training.start()
    bench.controller.training.pause()
    bench.controller.training.go_on()
    bench.controller.training.steer("objective.beta", 4.0)
    bench.controller.training.set_rhythm(2.5)
    bench.controller.training.stop()
    assert bench.training.calls[1:] == [
        "pause",
        "go on",
        ("steer", "objective.beta", 4.0),
        ("rhythm", 2.5),
        ("stop", False),
    ]
    assert bench.state.training.rhythm == 2.5


def test_a_refused_change_is_told(bench):
    bench.controller.training.start()
    bench.training.refused.emit("objective.beta: must be greater than or equal to 0 (not -1.0)")
    assert "objective.beta" in bench.state.failure.title
    assert bench.training.running


def test_more_epochs_go_to_the_run_under_way_else_to_the_open_one(bench):
    bench.controller.training.train_more(5)
    source, epoch = bench.state.model.source, bench.state.model.epoch
    assert bench.training.calls == [("start", TrainingJob(folder=source, epochs=epoch + 5))]
    bench.training.progressed.emit(Run(phase="training", epochs=30))
    bench.controller.training.train_more(5)
    assert bench.training.calls[-1] == ("steer", "training.epochs", 35)


def test_an_earlier_run_is_not_thrown_away_with_what_it_was_to_become(bench):
    """Cancelling what goes on with it must not cost what was there before."""
    said = []
    bench.controller.changed.connect(lambda state, _: said.append(state.message))
    bench.controller.training.resume(RUN)
    bench.lane.asked.clear()
    bench.controller.training.cancel()
    bench.training.end("stopped", discard=True)
    assert not [request for request in bench.lane.asked if isinstance(request, Discard)]
    assert Open(RUN) in bench.lane.asked
    assert any(message and "was kept" in message.text for message in said)


def test_resuming_while_a_run_is_under_way_is_refused(bench):
    bench.controller.training.start()
    bench.controller.training.resume(RUN)
    assert len(bench.training.calls) == 1
    assert "already in training" in bench.state.failure.title
