"""Real processes that are killed or interrupted, or run out of disk space or memory."""

import json
import os
import random
import signal
import sys
import time

import numpy as np
import pytest
from process_support import COMMAND_LINE, ForkServer
from training_support import lines_of, recipe_of, same, trained

from latentlab.learning.checkpoint import load_model
from latentlab.learning.recipe import read_recipe
from latentlab.learning.training_state import read_training_state
from latentlab.runs.recorder import record, resume
from latentlab.runs.run_log import read_run_log

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
JSON_LINES = ("metrics.jsonl", "latents.jsonl", "changes.jsonl", "steps.jsonl")

SAVING_OFTEN = """
from latentlab.learning import monitor
monitor.SAVE_INTERVAL_S = monitor.PREVIEW_INTERVAL_S = 0.05
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = ForkServer(tmp_path_factory.mktemp("server"))
    yield server
    server.close()


def weights_of(path):
    return {name: value.numpy() for name, value in load_model(path)[0].state_dict().items()}


def test_a_run_that_was_killed_goes_on_as_if_it_had_not_been(server, tmp_path):
    """Killed within an epoch, with all features that use random numbers or a schedule."""
    recipe = recipe_of(
        "cvae",
        {"beta": 2.0, "schedule": {"kind": "linear", "epochs": 4}},
        model={"dropout": 0.2, "norm": "batch"},
        epochs=5,
        average=0.9,
        missing=0.1,
        augment={"shift": 0.1, "rotate": 10},
        schedule={"kind": "cosine", "epochs": 5, "start": 1, "end": 0},
    )
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    file = tmp_path / "recipe.toml"
    file.write_text(recipe.to_toml())
    server.start(SAVING_OFTEN + COMMAND_LINE, "train", file, "--out", killed)
    server.until((killed / "replay" / "epoch-00002.npz").exists)
    assert server.kill()[0] == -signal.SIGKILL
    assert 0 < read_training_state(killed).epoch < 5
    for events in (resume(killed), record(recipe, whole)):
        for _ in events:
            pass
    assert same(weights_of(whole), weights_of(killed))
    one, other = read_training_state(whole), read_training_state(killed)
    assert same(dict(one.arrays), dict(other.arrays))
    assert (one.step, one.best_epoch, one.best_loss) == (5 * 14, other.best_epoch, other.best_loss)
    for name in ("metrics.jsonl", "latents.jsonl"):
        assert lines_of(whole / name) == lines_of(killed / name)
    assert same(weights_of(whole / "best.json"), weights_of(killed / "best.json"))


def test_killed_at_any_moment_a_run_can_be_opened_and_resumed(server, tmp_path):
    """At least ten times, each resuming the previous one, with checkpoints at every step."""
    chance = random.Random(0)
    recipe = recipe_of(epochs=100_000, hidden=(8,), batch_size=1000)
    folder, file = tmp_path / "run", tmp_path / "recipe.toml"
    file.write_text(recipe.to_toml())
    before = shown = opened = 0
    kills = 0
    while kills < 10 or opened < 5 or not before:
        kills += 1
        assert kills < 100, "no checkpoint was written"
        server.start(GOING_ON, file, folder)
        # Longer and longer: a slow machine needs more to reach the first save.
        time.sleep(chance.uniform(0, 0.4 + 0.02 * kills))
        assert server.kill()[0] == -signal.SIGKILL
        if not (folder / "recipe.toml").exists():
            continue
        assert read_recipe(folder / "recipe.toml") == recipe
        if (folder / "checkpoint.json").exists():
            opened += 1
            # It may be one save older than resume.safetensors, which is written first.
            step = load_model(folder)[1].step
            assert step >= shown
            shown = step
        if (folder / "resume.safetensors").exists():
            step = read_training_state(folder).step
            assert step >= before
            before = step
        if (folder / "best.json").exists():
            load_model(folder / "best.json")
        parse_all_but_the_last_line(folder)
        read_run_log(folder, recipe.to_dict())
    assert before > 0
    for event in resume(folder):
        if getattr(event, "step", 0) > before + 20:
            break
    position = read_training_state(folder)
    assert position.step > before
    epochs = [line["epoch"] for line in lines_of(folder / "metrics.jsonl")]
    assert epochs == [epoch for epoch in range(1, position.epoch + 1) for _ in range(2)]
    assert len(epochs) // 2 == len(lines_of(folder / "latents.jsonl"))


def parse_all_but_the_last_line(folder):
    """Only the last line may be truncated by the kill."""
    for name in JSON_LINES:
        if (folder / name).exists():
            *lines, last = (folder / name).read_text().split("\n")
            for line in lines:
                json.loads(line)
            assert "\n" not in last


GOING_ON = """
import sys
from pathlib import Path
from latentlab.learning import monitor
from latentlab.learning.recipe import read_recipe
from latentlab.runs.recorder import record, resume
monitor.SAVE_INTERVAL_S = monitor.PREVIEW_INTERVAL_S = 0.0
file, folder = map(Path, sys.argv[1:])
begun = (folder / "recipe.toml").exists()
for _ in resume(folder) if begun else record(read_recipe(file), folder):
    pass
"""


# Interrupted, or without a reader


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_keeps_what_was_learned(server, tmp_path, number):
    folder, file = tmp_path / "run", tmp_path / "recipe.toml"
    file.write_text(recipe_of(epochs=100_000).to_toml())
    server.start(COMMAND_LINE, "train", file, "--out", folder)
    server.until((folder / "metrics.jsonl").exists)
    status, said, errors = server.kill(number)
    assert status == 128 + number, errors
    assert "Stopped and kept" in said
    assert "Traceback" not in said + errors
    checkpoint = load_model(folder)[1]
    assert 0 < checkpoint.epoch < 100_000
    assert all(np.isfinite(value).all() for value in weights_of(folder).values())
    assert lines_of(folder / "metrics.jsonl")[-1]["epoch"] == checkpoint.epoch


def test_signals_at_any_moment_stop_a_run_without_an_error(server, tmp_path):
    """Also in the middle of a step or of a save, with saves after each step."""
    chance = random.Random(1)
    file = tmp_path / "recipe.toml"
    file.write_text(recipe_of(epochs=100_000, hidden=(8,), batch_size=1000).to_toml())
    for i in range(6):
        folder = tmp_path / f"run {i}"
        server.start(SAVING_OFTEN + COMMAND_LINE, "train", file, "--out", folder)
        server.until((folder / "metrics.jsonl").exists)
        time.sleep(chance.uniform(0, 0.2))
        number = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)[i % 3]
        status, said, errors = server.kill(number)
        assert (status, errors) == (128 + number, ""), errors
        assert "Stopped and kept" in said
        assert load_model(folder)[1].step == read_training_state(folder).step


def test_training_goes_on_when_nobody_reads_any_more(server, tmp_path):
    folder, file, pipe = tmp_path / "run", tmp_path / "recipe.toml", tmp_path / "pipe"
    file.write_text(recipe_of(epochs=3).to_toml())
    os.mkfifo(pipe)
    server.start(COMMAND_LINE, "train", file, "--out", folder, out=pipe)
    os.close(os.open(pipe, os.O_RDONLY))
    assert server.wait() == (0, "", "")
    assert load_model(folder)[1].epoch == 3


# Out of space


LIMITED = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))
"""


def test_a_full_disk_leaves_the_old_checkpoint_whole(server, tmp_path):
    folder = tmp_path / "run"
    for _ in record(recipe_of(hidden=(64,)), folder):
        pass
    saved = ("checkpoint.safetensors", "checkpoint.json", "resume.safetensors")
    before = {name: (folder / name).read_bytes() for name in saved}
    size = 64 * 1024
    assert len(before["checkpoint.safetensors"]) > size
    limited = LIMITED.format(size=size) + COMMAND_LINE
    status, _, errors = server.run(limited, "train", "--resume", folder, "--epochs", 2)
    assert status == 2
    assert errors.startswith("latentlab: ")
    assert "cannot be written: File too large" in errors
    assert "free disk space" in errors
    assert "Traceback" not in errors
    assert {name: (folder / name).read_bytes() for name in saved} == before
    assert not list(folder.rglob("*.part"))
    for _ in resume(folder, 2):
        pass
    assert same(weights_of(folder), trained(recipe_of(hidden=(64,), epochs=2)))


CROWDED = """
import contextlib, io, json, resource, sys
import psutil, torch
from latentlab import cli
from latentlab.runs import recorder

def tell(*words):
    sys.argv = ["latentlab", "train", recipe, *words]
    errors = io.StringIO()
    with contextlib.redirect_stderr(errors), contextlib.redirect_stdout(io.StringIO()):
        return cli.run(), errors.getvalue()

recipe, folder = sys.argv[1:]
size = psutil.Process().memory_info().vms + 448 * 2**20
resource.setrlimit(resource.RLIMIT_AS, (size, size))
status, errors = tell("--out", folder + "/crowded")
fits = errors.partition("; ")[2].split()[0]
again = tell("--out", folder + "/fits", "--set", f"training.batch_size={fits}")
print(json.dumps([status, errors, fits, again]))
"""


def test_a_batch_too_large_for_the_memory_is_told_with_one_that_fits(
    server, tmp_path, write_idx_folder
):
    """The process has 0.45 GB for activations of 0.12 GB each."""
    write_idx_folder(tmp_path / "images", train=30_000, held_out=10, shape=(4, 4))
    data = {"kind": "mnist", "root": str(tmp_path / "images")}
    file = tmp_path / "recipe.toml"
    file.write_text(recipe_of(hidden=(1000,), data=data, batch_size=30_000).to_toml())
    status, said, errors = server.run(CROWDED, file, tmp_path)
    assert status == 0, errors
    status, errors, fits, again = json.loads(said)
    assert status == 2
    assert errors.startswith(
        "latentlab: training.batch_size: 30000 images at once need more memory"
    )
    assert load_model(tmp_path / "crowded")[1].step == 0
    assert 100 <= int(fits) <= 20_000
    assert again == [0, ""]


LACKING = """
import json, resource, sys
import psutil
from latentlab.directories import resources
from latentlab.explorer.answer import Answerer
from latentlab.session.failure import Failure
from latentlab.session.model import Decode, Open

def told(request):
    try:
        return type(answer(request)).__name__
    except Exception as error:
        failure = Failure.of(error)
        return [failure.title, failure.advice, failure.details]

def limit(size):
    resource.setrlimit(resource.RLIMIT_AS, (size, resource.RLIM_INFINITY))

answer = Answerer()
start = answer(Open(resources() / "models" / "digits-2d")).start
answer(Decode(start))
found = []
for megabytes in (8, 30, 60):
    limit(psutil.Process().memory_info().vms + megabytes * 2**20)
    found.append([told(Open(resources() / "models" / "faces")), told(Decode(start))])
    limit(resource.RLIM_INFINITY)
print(json.dumps([found, told(Open(resources() / "models" / "faces"))]))
"""


def test_a_model_that_finds_no_memory_is_told_and_the_one_before_goes_on(server):
    status, said, errors = server.run(LACKING)
    assert status == 0, errors
    found, at_last = json.loads(said)
    lacking = [opened for opened, _ in found if opened != "Opened"]
    assert lacking
    for title, advice, details in lacking:
        assert "memory" in title
        assert "Close other programs" in advice
        assert details == ""
    decoded = [decoded for opened, decoded in found if opened != "Opened"]
    assert decoded == ["Picture"] * len(lacking)
    assert at_last == "Opened"
