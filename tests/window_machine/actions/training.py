"""Actions on runs: train, pause, steer, stop, queue, resume, rename, delete."""

import shutil

from hypothesis import strategies as st
from window_machine.actions import action

ENDLESS, BRIEF = 100_000, 2
MODELS = (("vae", 2), ("cvae", 3), ("vae", 4), ("vae", 1))
STEERED = (("objective.beta", 0.5), ("objective.beta", 4.0), ("training.learning_rate", 0.01))


def recipe(model, epochs):
    kind, latent_dim = model
    return {
        "model": {"kind": kind, "hidden": [16], "latent_dim": latent_dim},
        "data": {"kind": "digits"},
        "training": {"epochs": epochs, "batch_size": 1000, "device": "cpu", "seed": 0},
    }


def is_running(stage):
    run = stage.state.training.run
    return run is not None and run.phase in ("training", "paused")


@action(model=st.sampled_from(MODELS), epochs=st.sampled_from((BRIEF, ENDLESS)))
def train(stage, model, epochs):
    stage.controller.training.set_draft(recipe(model, epochs))
    if stage.state.training.run is None:
        stage.window.menus.train.trigger()
        stage.desk.until(lambda: stage.state.training.run is None or is_running(stage))


@action(epochs=st.sampled_from((BRIEF, ENDLESS)), is_sweep=st.booleans())
def queue(stage, epochs, is_sweep):
    """Queue one run, or one for each of two values of beta."""
    stage.controller.training.set_draft(recipe(MODELS[0], epochs))
    if is_sweep:
        stage.controller.training.sweep("objective.beta", (0.5, 2.0))
    else:
        stage.controller.training.enqueue()


@action(
    how=st.sampled_from(("pause", "steer", "stop", "cancel", "watch", "unqueue")),
    change=st.sampled_from(STEERED),
    consents=st.booleans(),
)
def change_run(stage, how, change, consents):
    """Pause or continue, steer, stop, discard or show the run, or take one out of the queue."""
    training, menu = stage.controller.training, stage.window.menus.training
    stage.answers.decide(consents=consents)
    if how == "pause":
        menu.pause.trigger()
    elif how == "stop":
        menu.stop.trigger()
    elif how == "cancel":
        menu.cancel.trigger()
    elif how == "steer" and is_running(stage):
        training.steer(*change)
    elif how == "watch" and stage.state.training.run:
        training.watch()
    elif how == "unqueue" and stage.state.training.queue:
        training.unqueue(0)


@action(
    nth=st.integers(0, 5),
    how=st.sampled_from(("open", "rename", "resume", "compare", "trash", "delete")),
    name=st.sampled_from(("a name", "", "é" * 90)),
)
def use_run(stage, nth, how, name):
    """Use a run that was trained in this window; `delete` deletes its folder behind its back."""
    controller = stage.controller
    if not (found := [each for each in stage.own_runs() if each.is_dir()]):
        return
    run = found[nth % len(found)]
    if how == "open":
        controller.runs.open(run)
    elif how == "rename":
        controller.runs.rename(run, name)
    elif how == "resume":
        controller.training.resume(run, None)
    elif how == "compare":
        controller.runs.compare(tuple(found[:3]))
    elif how == "trash":
        controller.runs.delete(run)
    elif run != controller._worker.folder:
        shutil.rmtree(run, ignore_errors=True)
