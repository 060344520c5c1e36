"""Real processes that are killed, or run out of disk space or memory."""

import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest
from training_support import lines_of, recipe_of, same, trained

from latentlab.learning.checkpoint import load_model
from latentlab.learning.recipe import read_recipe
from latentlab.learning.training_state import read_training_state
from latentlab.runs.recorder import record, resume
from latentlab.runs.run_log import read_run_log

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
JSON_LINES = ("metrics.jsonl", "latents.jsonl", "changes.jsonl", "steps.jsonl")

SAVING_OFTEN = """
import sys
from latentlab.learning import monitor
monitor.KEEP_EVERY = monitor.PORTRAY_EVERY = 0.05
from latentlab.__main__ import main
sys.exit(main())
"""


def until(condition, process):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "timed out"
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.005)


def weights_of(path):
    return {name: value.numpy() for name, value in load_model(path)[0].state_dict().items()}


def kill(process):
    process.kill()
    process.communicate(timeout=30)
    assert process.returncode == -signal.SIGKILL


def test_a_run_that_was_killed_goes_on_as_if_it_had_not_been(tmp_path):
    """Killed within an epoch, with all features that use random numbers or a schedule."""
    recipe = recipe_of(
        "cvae",
        {"beta": 2.0, "schedule": {"kind": "linear", "epochs": 4}},
        model={"dropout": 0.2, "norm": "batch"},
        epochs=8,
        average=0.9,
        missing=0.1,
        augment={"shift": 0.1, "rotate": 10},
        schedule={"kind": "cosine", "epochs": 8, "start": 1, "end": 0},
    )
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    file = tmp_path / "recipe.toml"
    file.write_text(recipe.to_toml())
    words = ("train", str(file), "--out", str(killed))
    process = subprocess.Popen(
        [sys.executable, "-c", SAVING_OFTEN, *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    until(lambda: (killed / "replay" / "epoch-00002.npz").exists(), process)
    kill(process)
    assert 0 < read_training_state(killed).epoch < 8
    for events in (resume(killed), record(recipe, whole)):
        for _ in events:
            pass
    assert same(weights_of(whole), weights_of(killed))
    one, other = read_training_state(whole), read_training_state(killed)
    assert same(dict(one.arrays), dict(other.arrays))
    assert (one.step, one.best_epoch, one.best_loss) == (8 * 14, other.best_epoch, other.best_loss)
    for name in ("metrics.jsonl", "latents.jsonl"):
        assert lines_of(whole / name) == lines_of(killed / name)
    assert same(weights_of(whole / "best.json"), weights_of(killed / "best.json"))


def test_killed_at_any_moment_a_run_can_be_opened_and_resumed(tmp_path):
    """At least ten times, each resuming the previous one, with checkpoints at every step."""
    chance = random.Random(0)
    recipe = recipe_of(epochs=100_000, hidden=(8,), batch_size=1000)
    folder = tmp_path / "run"
    before = shown = opened = 0
    server = Server(recipe, folder, tmp_path)
    kills = 0
    while kills < 10 or opened < 5 or not before:
        kills += 1
        assert kills < 100, "no checkpoint was written"
        server.start()
        time.sleep(chance.uniform(0, 0.4))
        server.kill()
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
    server.close()
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


FORKING = """
import os, sys
from pathlib import Path
from latentlab.learning import monitor
monitor.KEEP_EVERY = monitor.PORTRAY_EVERY = 0.0
from latentlab.learning.recipe import read_recipe
from latentlab.runs.recorder import record, resume
recipe, folder = read_recipe(Path(sys.argv[1])), Path(sys.argv[2])
# Load everything that is imported on first use before the forks.
for _ in record(recipe.changed("training.epochs", 1), folder.with_name("first")):
    pass
for _ in sys.stdin:
    child = os.fork()
    if not child:
        begun = (folder / "recipe.toml").exists()
        for _ in resume(folder) if begun else record(recipe, folder):
            pass
        os._exit(0)
    print(child, flush=True)
    os.waitpid(child, 0)
"""


class Server:
    """Process that imports torch once, and forks runs that can be killed."""

    def __init__(self, recipe, folder, tmp_path):
        file = tmp_path / "recipe.toml"
        file.write_text(recipe.to_toml())
        code = [sys.executable, "-c", FORKING, str(file), str(folder)]
        self._process = subprocess.Popen(
            code, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def start(self):
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        self._child = int(self._process.stdout.readline())

    def kill(self):
        os.kill(self._child, signal.SIGKILL)
        # The process remains a zombie until its parent waits for it.
        while True:
            try:
                os.kill(self._child, 0)
            except ProcessLookupError:
                return
            time.sleep(0.002)

    def close(self):
        self._process.stdin.close()
        assert self._process.wait(30) == 0
        self._process.stdout.close()


# Out of space


LIMITED = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
{limit}
from latentlab.__main__ import main
sys.exit(main())
"""


def limited(limit, *words):
    code = [sys.executable, "-c", LIMITED.format(limit=limit), *map(str, words)]
    return subprocess.run(code, capture_output=True, text=True, timeout=100, check=False)


def test_a_full_disk_leaves_the_old_checkpoint_whole(tmp_path):
    folder = tmp_path / "run"
    for _ in record(recipe_of(hidden=(64,)), folder):
        pass
    saved = ("checkpoint.safetensors", "checkpoint.json", "resume.safetensors")
    before = {name: (folder / name).read_bytes() for name in saved}
    size = 64 * 1024
    assert len(before["checkpoint.safetensors"]) > size
    limit = f"resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))"
    done = limited(limit, "train", "--resume", folder, "--epochs", 2)
    assert done.returncode == 2
    assert done.stderr.startswith("latentlab: ")
    assert "cannot be written: File too large" in done.stderr
    assert "free disk space" in done.stderr
    assert "Traceback" not in done.stderr
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

recipe = sys.argv[1]
size = psutil.Process().memory_info().vms + 1536 * 2**20
resource.setrlimit(resource.RLIMIT_AS, (size, size))
status, errors = tell("--out", "crowded")
fits = errors.partition("; ")[2].split()[0]
again = tell("--out", "fits", "--set", f"training.batch_size={fits}")
print(json.dumps([status, errors, fits, again]))
"""


def test_a_batch_too_large_for_the_memory_is_told_with_one_that_fits(tmp_path, write_idx_folder):
    """The process has 1.5 GB for activations of 0.5 GB each."""
    write_idx_folder(tmp_path / "images", train=30_000, held_out=10, shape=(4, 4))
    data = {"kind": "mnist", "root": str(tmp_path / "images")}
    file = tmp_path / "recipe.toml"
    file.write_text(recipe_of(hidden=(4000,), data=data, batch_size=30_000).to_toml())
    code = [sys.executable, "-c", CROWDED, str(file)]
    said = subprocess.run(
        code, capture_output=True, text=True, timeout=100, check=True, cwd=tmp_path
    ).stdout
    status, errors, fits, again = json.loads(said)
    assert status == 2
    assert errors.startswith(
        "latentlab: training.batch_size: 30000 images at once need more memory"
    )
    assert load_model(tmp_path / "crowded")[1].step == 0
    assert 1000 <= int(fits) <= 15_000
    assert again == [0, ""]
