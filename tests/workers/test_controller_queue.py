"""What the controller makes of queued runs, remedies and runs of the past."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from controller_support import RUN, bare, bench
from toy import portrait

from latentlab.session import cores
from latentlab.session.diagnosis.finding import Remedy
from latentlab.session.export import ReadRecipe
from latentlab.session.failure import Failure
from latentlab.session.library.entries import LibraryEntry, ListLibrary, Rename, Trash
from latentlab.session.library.notes import Annotate, Notes
from latentlab.session.model import Open
from latentlab.session.runs import Compare, ComparedRun, ReadEpochPreview, Run, RunLog, TrainingJob
from latentlab.workers.intents import training
from latentlab.workers.lane import Answer

__all__ = ["bare", "bench"]


@pytest.fixture(autouse=True)
def one_core(monkeypatch):
    monkeypatch.setattr(training, "core_count", lambda: 1)
    monkeypatch.setattr(cores, "MEMORY_PER_RUN", 1)


# The queue


def orders(bench):
    return [call[1] for call in bench.training.calls if call[0] == "start"]


def test_what_is_queued_begins_when_the_run_before_has_ended(bench):
    bench.controller.training.start()
    for name in ("one", "two"):
        bench.controller.training.set_draft({"model": name})
        bench.controller.training.enqueue()
    assert len(orders(bench)) == 1
    assert [draft["model"] for draft in bench.state.training.queue] == ["one", "two"]
    bench.training.end()
    assert orders(bench)[1:] == [TrainingJob({"model": "one"})]
    assert [draft["model"] for draft in bench.state.training.queue] == ["two"]
    bench.training.end()
    assert orders(bench)[2:] == [TrainingJob({"model": "two"})]
    assert bench.state.training.queue == ()
    bench.lane.asked.clear()
    bench.training.end()
    assert len(orders(bench)) == 3
    assert Open(RUN) in bench.lane.asked


def test_after_discarding_all_of_a_queue_the_model_before_it_is_open(bench):
    before = bench.state.model.source
    bench.controller.training.start()
    bench.controller.training.enqueue()
    bench.adopt()
    bench.lane.answer_all()
    bench.training.end("stopped", discard=True)
    bench.lane.answer_all()
    bench.lane.asked.clear()
    bench.training.end("stopped", folder=RUN.with_name("second"), discard=True)
    assert [each.path for each in bench.lane.asked if isinstance(each, Open)] == [before]


def test_closing_begins_nothing_that_waits(bench):
    bench.controller.training.start()
    bench.controller.training.enqueue()
    bench.controller.close()
    bench.training.end()
    assert len(orders(bench)) == 1


def test_what_is_queued_while_nothing_runs_begins_at_once(bench):
    bench.controller.training.set_draft({"model": "one"})
    bench.controller.training.enqueue()
    assert orders(bench) == [TrainingJob({"model": "one"})]
    assert bench.state.training.queue == ()


def test_what_waits_can_be_taken_out_of_the_queue(bench):
    bench.controller.training.start()
    for name in ("one", "two", "three"):
        bench.controller.training.set_draft({"model": name})
        bench.controller.training.enqueue()
    bench.controller.training.unqueue(1)
    assert [draft["model"] for draft in bench.state.training.queue] == ["one", "three"]


def test_a_sweep_queues_the_draft_with_each_value(bench):
    bench.controller.training.set_draft({"objective": {"beta": 1.0, "free_bits": 0.5}})
    bench.controller.training.sweep("objective.beta", (0.5, 4.0))
    (job,) = orders(bench)
    assert job.recipe == {"objective": {"beta": 0.5, "free_bits": 0.5}}
    assert bench.state.training.queue == ({"objective": {"beta": 4.0, "free_bits": 0.5}},)
    assert bench.state.draft.values == {"objective": {"beta": 1.0, "free_bits": 0.5}}


def test_a_draft_with_seeds_is_trained_once_with_each(bench):
    once = {"training": {"seed": 3, "seeds": 1}}
    bench.controller.training.set_draft({"training": {"seed": 3, "seeds": 2}})
    bench.controller.training.start()
    assert [job.recipe for job in orders(bench)] == [once]
    assert bench.state.training.queue == ({"training": {"seed": 4, "seeds": 1}},)
    bench.controller.training.sweep("objective.beta", (2.0,))
    assert [each["training"]["seed"] for each in bench.state.training.queue] == [4, 3, 4]


def test_a_failure_is_told_though_the_next_run_begins(bench):
    bench.controller.training.start()
    bench.controller.training.enqueue()
    bench.training.end("failed", Failure("Bad recipe."), folder=None)
    assert len(orders(bench)) == 2
    assert bench.state.failure == Failure("Bad recipe.")


# Runs beside the current one


def betas(*values):
    return [{"objective": {"beta": value}} for value in values]


def sweep(bench, monkeypatch, count, *values):
    """Sweep over beta; the first run says that it trains on the CPU."""
    monkeypatch.setattr(training, "core_count", lambda: count)
    bench.controller.training.set_draft({"objective": {"beta": 1.0}})
    bench.controller.training.sweep("objective.beta", values)
    bench.training.progressed.emit(Run(device="CPU"))


def test_runs_of_a_sweep_train_beside_the_first_on_cores_of_their_own(bench, monkeypatch):
    sweep(bench, monkeypatch, 3, 1.0, 2.0, 3.0, 4.0)
    (first,) = orders(bench)
    assert (first.recipe, first.threads) == (betas(1.0)[0], 1)
    jobs = [call[1] for each in bench.training.others for call in each.calls]
    assert jobs == [TrainingJob(values, threads=1) for values in betas(2.0, 3.0)]
    assert [run.recipe for run in bench.state.training.beside] == betas(2.0, 3.0)
    assert list(bench.state.training.queue) == betas(4.0)
    bench.training.others[1].progressed.emit(Run(epoch=3, epochs=9, recipe={"more": 1}))
    assert bench.state.training.beside[1].epoch == 3
    assert bench.state.training.beside[1].recipe == betas(3.0)[0]


def test_runs_of_a_sweep_compute_in_the_precision_of_the_first(bench, monkeypatch):
    monkeypatch.setattr(training, "core_count", lambda: 2)
    bench.controller.training.set_draft({"data": {"kind": "digits"}})
    bench.controller.training.sweep("objective.beta", (1.0, 2.0, 3.0))
    elsewhere = {"data": {"kind": "sprites"}}
    bench.controller.training.set_draft(elsewhere)
    bench.controller.training.enqueue()
    digits = {"data": {"kind": "digits"}, "objective": {"beta": 1.0}}
    bench.training.progressed.emit(Run(device="CPU", precision="bf16", recipe=digits))
    (beside,) = [call[1] for each in bench.training.others for call in each.calls]
    assert (beside.recipe["objective"]["beta"], beside.precision) == (2.0, "bf16")
    bench.training.end()
    assert orders(bench)[-1].precision == "bf16"
    bench.training.progressed.emit(Run(device="CPU", precision="bf16", recipe=digits))
    bench.training.end()
    assert (orders(bench)[-1].recipe, orders(bench)[-1].precision) == (elsewhere, None)


def test_two_runs_on_many_cores_have_half_of_them_each(bench, monkeypatch):
    sweep(bench, monkeypatch, 8, 1.0, 2.0)
    assert orders(bench)[0].threads == 4
    assert bench.training.others[0].calls == [("start", TrainingJob(betas(2.0)[0], threads=4))]


def test_one_is_stopped_alone_and_the_next_takes_its_place(bench, monkeypatch):
    sweep(bench, monkeypatch, 3, 1.0, 2.0, 3.0, 4.0)
    first, second = bench.training.others
    bench.controller.training.stop_beside(0)
    assert first.calls[1:] == [("stop", False)]
    assert len(second.calls) == 1
    bench.lane.asked.clear()
    first.end("stopped")
    assert ListLibrary() in bench.lane.asked
    assert [run.recipe for run in bench.state.training.beside] == betas(3.0, 4.0)
    assert bench.state.training.queue == ()
    second.end("failed", Failure("The loss was no longer a finite number."))
    assert bench.state.failure.title.startswith("The loss")
    assert [run.recipe for run in bench.state.training.beside] == betas(4.0)
    bench.controller.close()
    assert bench.training.others[2].calls[1:] == ["close"]


def test_a_run_beside_that_is_open_is_opened_again_at_its_end(bench, monkeypatch, tmp_path):
    """Else the window would show what it had saved in the middle."""
    (folder := tmp_path / "new").mkdir()
    bench.lane.lab.models["new"] = replace(bench.state.model, name="new", source=folder)
    sweep(bench, monkeypatch, 3, 1.0, 2.0, 3.0)
    bench.controller.runs.open(folder)
    bench.lane.answer_all()
    bench.lane.asked.clear()
    first, second = bench.training.others
    first.end("succeeded", folder=tmp_path / "another")
    assert not [each for each in bench.lane.asked if isinstance(each, Open)]
    second.end("succeeded", folder=folder)
    assert [each.path for each in bench.lane.asked if isinstance(each, Open)] == [folder]


def test_runs_train_after_one_that_began_alone(bench, monkeypatch):
    monkeypatch.setattr(training, "core_count", lambda: 3)
    bench.controller.training.start()
    bench.controller.training.enqueue()
    for device in ("CPU", "NVIDIA"):
        bench.training.progressed.emit(Run(device=device))
        assert bench.training.others == []
    assert len(bench.state.training.queue) == 1


def test_on_a_gpu_the_runs_of_a_sweep_learn_together_and_others_after_them(bench, monkeypatch):
    monkeypatch.setattr(training, "core_count", lambda: 8)
    draft = {"model": {"kind": "vae"}, "objective": {"beta": 1.0}}
    bench.controller.training.set_draft(draft)
    bench.controller.training.sweep("objective.beta", (1.0, 2.0, 3.0))
    bench.controller.training.set_draft({"model": {"kind": "cvae"}})
    bench.controller.training.enqueue()
    bench.training.progressed.emit(Run(device="NVIDIA"))
    bench.training.progressed.emit(Run(device="NVIDIA"))
    jobs = [orders(bench)[0], *(call[1] for each in bench.training.others for call in each.calls)]
    assert [job.recipe["objective"]["beta"] for job in jobs] == [1.0, 2.0, 3.0]
    assert len({job.together for job in jobs}) == 1
    assert jobs[0].together
    assert [each["model"]["kind"] for each in bench.state.training.queue] == ["cvae"]
    bench.training.others[0].end("succeeded")
    assert len(bench.training.others) == 2, "the other kind would take the GPU from them"
    bench.training.end()
    assert len(orders(bench)) == 1
    bench.training.others[1].end("succeeded")
    assert orders(bench)[-1].recipe["model"]["kind"] == "cvae"
    assert orders(bench)[-1].together == ""


def on_a_gpu(bench, monkeypatch, device, *values):
    """Sweep over beta on a machine with many cores and a GPU."""
    monkeypatch.setattr(training, "core_count", lambda: 8)
    bench.controller.training.set_draft({"model": {"kind": "vae"}, "objective": {"beta": 1.0}})
    bench.controller.training.sweep("objective.beta", values)
    bench.training.progressed.emit(Run(device=device))


def test_where_runs_cannot_share_a_gpu_they_train_one_after_another(bench, monkeypatch):
    on_a_gpu(bench, monkeypatch, "MPS", 1.0, 2.0, 3.0)
    assert bench.training.others == []
    assert len(bench.state.training.queue) == 2


def test_nothing_is_started_beside_a_run_whose_device_is_not_known(bench, monkeypatch):
    monkeypatch.setattr(training, "MAX_TOGETHER", 2)
    on_a_gpu(bench, monkeypatch, "NVIDIA", 1.0, 2.0, 3.0, 4.0, 5.0)
    assert len(bench.training.others) == 1
    bench.training.end()
    bench.training.progressed.emit(Run())
    bench.training.others[0].end("succeeded")
    assert len(bench.training.others) == 1
    bench.training.progressed.emit(Run(device="NVIDIA"))
    assert len(bench.training.others) == 2


def test_a_run_beside_the_current_one_cannot_be_deleted(bench, monkeypatch):
    sweep(bench, monkeypatch, 2, 1.0, 2.0)
    bench.training.others[0].progressed.emit(Run(folder=Path("/runs/beside")))
    bench.controller.runs.delete(Path("/runs/beside"))
    assert "in training" in bench.state.failure.title
    assert not [each for each in bench.lane.asked if isinstance(each, Trash)]


# Remedies


BETA = Remedy("Less beta", (("objective.beta", 0.5),))
MODEL = Remedy("More latents", (("model.latent_dim", 8), ("objective.beta", 0.5)))


def test_a_remedy_steers_the_run_under_way_where_it_can(bench):
    bench.controller.training.start()
    bench.training.recipe = {"objective": {"beta": 1.0}}
    bench.controller.training.apply_remedy(BETA)
    assert bench.training.calls[-1] == ("steer", "objective.beta", 0.5)
    assert bench.state.draft.values is None


@pytest.mark.parametrize("running", [True, False])
def test_a_remedy_changes_the_draft_where_it_cannot(bench, running):
    if running:
        bench.controller.training.start()
        bench.training.recipe = {"model": {"kind": "vae", "latent_dim": 2}}
    calls = list(bench.training.calls)
    bench.controller.training.apply_remedy(MODEL)
    assert bench.training.calls == calls
    assert bench.state.draft.values["model"]["latent_dim"] == 8
    assert bench.state.draft.values["objective"] == {"beta": 0.5}
    assert bench.state.draft.values["model"].get("kind") == ("vae" if running else None)


def test_a_remedy_for_an_open_model_does_not_steer_the_run_under_way(bench):
    bench.controller.training.start()
    bench.controller.runs.open(Path("/toys/big"))
    bench.lane.answer_all()
    bench.controller.training.apply_remedy(BETA)
    assert [call[0] for call in bench.training.calls] == ["start"]
    assert bench.state.draft.values["objective"] == {"beta": 0.5}


# Runs of the past


def test_the_run_under_way_is_not_deleted(bench):
    bench.controller.training.start()
    bench.training.folder = RUN
    bench.lane.asked.clear()
    bench.controller.runs.delete(RUN)
    assert bench.lane.asked == []
    assert "in training" in bench.state.failure.title
    bench.controller.runs.delete(Path("/runs/other"))
    assert bench.lane.asked == [Trash(Path("/runs/other"))]


def test_what_is_asked_of_other_runs(bench):
    bench.controller.runs.duplicate(RUN)
    bench.controller.runs.rename(RUN, "new name")
    bench.controller.runs.annotate(RUN, Notes("note"))
    bench.controller.runs.compare((RUN, Path("/runs/other")))
    assert bench.lane.asked == [
        ReadRecipe(RUN),
        Rename(RUN, "new name"),
        Annotate(RUN, Notes("note")),
        Compare((RUN, Path("/runs/other"))),
    ]


def reply(bench, request, response=None):
    number = bench.lane.submit(request)
    bench.lane.asked.clear()
    bench.lane.open.pop(number)
    bench.lane.answered.emit(Answer(number, request, response))


@pytest.mark.parametrize(
    ("request_", "response"),
    [(Rename(RUN, "name"), "name"), (Trash(RUN), None), (Annotate(RUN, Notes("a")), Notes())],
)
def test_the_library_is_read_anew_after_a_run_has_changed(bench, request_, response):
    before = bench.state.model
    reply(bench, request_, response)
    assert bench.lane.asked == [ListLibrary()]
    assert bench.state.model is before


def test_new_notes_can_be_undone(bench):
    said = []
    bench.controller.changed.connect(lambda state, _: said.append(state.message))
    before, after = Notes("old", ("tag",)), Notes("new")
    reply(bench, Annotate(RUN, after), before)
    (message,) = [message for message in said if message]
    bench.lane.asked.clear()
    message.undo()
    assert bench.lane.asked == [Annotate(RUN, before)]


def test_a_new_name_of_the_open_run_is_known_at_once(bench):
    reply(bench, Rename(bench.state.model.source, "best one"), "best one")
    assert bench.state.model.name == "best one"


@pytest.mark.parametrize(
    ("trashed", "opened"), [(0, 2), (2, 3), (3, 2)], ids=["the next", "the next", "the one before"]
)
def test_the_open_run_is_left_once_it_is_in_the_trash(bench, tmp_path, trashed, opened):
    """The second one listed has gone already."""
    paths = [tmp_path / name for name in "abcd"]
    entries = tuple(LibraryEntry(f"run {path.name}", "", path, shipped=False) for path in paths)
    for path in (*paths[:1], *paths[2:]):
        path.mkdir()
    told = []
    bench.controller.changed.connect(
        lambda state, _: told.append(state.message and state.message.text)
    )
    bench.controller.store.set(answers={ListLibrary: entries})
    bench.controller.runs.open(paths[trashed])
    paths[trashed].rmdir()
    reply(bench, Trash(paths[trashed]))
    assert bench.lane.asked[0] == Open(paths[opened])
    assert f"run {paths[trashed].name} was moved to the trash" in told


def test_another_run_in_the_trash_leaves_the_open_one(bench, tmp_path):
    bench.controller.store.set(
        answers={ListLibrary: (LibraryEntry("run", "", tmp_path, shipped=False),)}
    )
    reply(bench, Trash(RUN))
    assert not [each for each in bench.lane.asked if isinstance(each, Open)]


@pytest.mark.parametrize("way", ["moment", "compare"])
def test_an_answer_on_its_way_does_not_bring_back_what_was_left(bench, way):
    """The lane had begun to answer before it was told to forget it."""
    if way == "moment":
        bench.controller.runs.show_moment(3)
        (request,) = bench.lane.asked
        response = portrait(3)
    else:
        bench.controller.runs.compare((RUN, RUN))
        (request,) = bench.lane.asked
        response = (ComparedRun("one", RUN, {}), ComparedRun("two", RUN, {}))
    number = bench.lane.number
    if way == "moment":
        bench.controller.runs.show_moment(None)
    else:
        bench.controller.runs.compare(())
    bench.lane.answered.emit(Answer(number, request, response))
    assert bench.state.moment is None
    assert bench.state.portrait is None
    assert (bench.state.answer(Compare) or ()) == ()


def test_a_moment_stays_while_the_run_goes_on(bench):
    bench.controller.training.start()
    bench.training.folder = RUN
    bench.lane.asked.clear()
    bench.controller.runs.show_moment(3)
    (request,) = bench.lane.asked
    assert request == ReadEpochPreview(RUN, 3)
    bench.lane.answered.emit(Answer(bench.lane.number, request, portrait(3)))
    latest = portrait(9)
    curves = {("running", "loss"): (np.ones(1), np.ones(1))}
    bench.training.past = RunLog(curves, portrait=latest, moments=(3, 9))
    bench.training.progressed.emit(Run(phase="training"))
    assert (bench.state.moment, bench.state.portrait.epoch) == (3, 3)
    assert bench.state.log.moments == (3, 9)
    bench.controller.runs.show_moment(None)
    assert bench.state.moment is None
    assert bench.state.portrait is latest


def test_a_moment_asked_for_before_the_first_model_of_a_run_is_still_shown(bench):
    bench.controller.training.start()
    bench.training.folder = RUN
    bench.controller.runs.show_moment(3)
    bench.adopt(1)
    bench.lane.answer_all()
    assert (bench.state.moment, bench.state.portrait.epoch) == (3, 3)


def test_a_moment_of_another_run_than_the_one_shown_is_dropped(bench):
    bench.controller.runs.show_moment(3)
    (late,) = bench.lane.waiting(ReadEpochPreview)
    bench.controller.runs.open(Path("/toys/part"))
    bench.lane.answer(bench.lane.waiting(Open)[0])
    bench.lane.answer(late)
    assert bench.state.moment is None
