"""Compare training in the window with training on the command line, and see who can explore then.

    python tests/bench/window_training.py [--data FOLDER] [--count 2000] [--slices 8]
        [--seconds 1.5] [--only conv-vae]

For each recipe the command line and a window, each in a process of its own, take turns of some
seconds; while one trains the other rests, so that a machine whose speed drifts is fair to both. In
the window a hand moves a slider ten times a second. The last line is one JSON object:
``window_vs_cli`` (the ratio of the medians of images per second, validation and saving included),
``images_per_second`` of both, ``slider_to_picture_p50_ms`` and ``_p95_ms`` (from the move until the
large image is painted with it or with a later one), ``gap_p95_ms``, ``gap_p999_ms`` and
``gap_max_ms`` (between the events of a timer of the window), ``looks`` (pictures of the model under
training per second), ``others`` (cores that other programs used meanwhile), and ``in`` (the
precision in which each was faster when it began). Only the turns that other programs disturbed
least count, half of all.

``--data`` is a folder with MNIST for `vae` and `cvae`; without one they learn the bundled digits.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import tempfile
import time
from contextlib import redirect_stdout
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil

from latentlab.__main__ import limit_threads
from latentlab.session.export import DescribeForm
from latentlab.session.model import Decode, MakeSamples

if TYPE_CHECKING:
    from collections.abc import Generator
    from multiprocessing.connection import Connection

    from latentlab.widgets.window.main_window import MainWindow

    Recipe = dict[str, Any]
    Figures = dict[str, Any]

WARM_UP = 8.0
"""Seconds of training before anything is measured: slow steps are recorded after five."""
MOVE_EVERY_MS = 100
TICK_MS = 16


def recipes(data: Path | None, count: int) -> dict[str, Recipe]:
    """Return what is trained."""
    digits = {"kind": "mnist", "root": str(data)} if data else {"kind": "digits"}
    mlp = {"batch_size": 128, "epochs": 100_000, "device": "cpu"}
    faces = {"kind": "synthetic-faces", "count": count, "held_out": 0.1}
    conv = {"kind": "conv-vae", "architecture": "residual", "width": 16, "latent_dim": 32}
    return {
        "conv-vae": {"model": conv, "data": faces, "training": {**mlp, "batch_size": 64}},
        "cvae": {
            "model": {"kind": "cvae", "hidden": [400], "latent_dim": 20},
            "data": digits,
            "training": mlp,
        },
        "vae": {
            "model": {"kind": "vae", "hidden": [512, 256], "latent_dim": 2},
            "data": digits,
            "training": mlp,
        },
    }


# The command line


def serve_command_line(pipe: Connection, recipe: Recipe) -> None:
    """Train as ``latentlab train`` does, for as long as the pipe says each time."""
    from latentlab.learning.events import Started, Step
    from latentlab.learning.recipe import make_recipe
    from latentlab.runs.recorder import record
    from latentlab.runs.terminal import show

    def paced(folder: Path) -> Generator[object]:
        images, first, began, end, precision = 0.0, 0, 0.0, 0.0, ""
        for event in record(make_recipe(recipe), folder):
            if isinstance(event, Started):
                images = len(event.splits.train) / event.steps_per_epoch
                precision = event.precision
            yield event
            if isinstance(event, Step) and time.perf_counter() >= end:
                if end:
                    taken = time.perf_counter() - began
                    speed = (event.step - first) * images / taken
                    pipe.send({"speed": speed, "precision": precision})
                if not (seconds := pipe.recv()):
                    return
                began, first = time.perf_counter(), event.step
                end = began + seconds

    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        show(paced(Path(tempfile.mkdtemp()) / "run"))


# The window


def serve_window(pipe: Connection, recipe: Recipe) -> None:
    """Train in a real window, for as long as the pipe says each time."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ["LATENTLAB_HOME"] = tempfile.mkdtemp()
    from latentlab import app as program
    from latentlab.directories import resources

    program.make_application()
    window = program.open_window(resources() / "models" / "digits-2d")
    program.Collector(window)
    controller = window.controller
    wait_for(
        lambda: (
            controller.state.answer(MakeSamples) is not None
            and controller.state.answer(DescribeForm)
        )
    )
    controller.training.set_draft(recipe)
    controller.training.start()
    wait_for(
        lambda: controller.state.training.run.fraction and controller.state.training.run.device
    )
    wait_for(lambda: controller.state.model.kind == recipe["model"]["kind"])
    controller.workspaces.go("explore")  # where the sliders are seen, which have rows then
    sliders, size = window.docks["sliders"].build(), recipe["model"]["latent_dim"]
    wait_for(lambda: len(sliders.rows) > 1 and controller.state.model.latent_dim == size)
    images = len(controller._worker._started.splits.train)
    controller.training.pause()
    while seconds := pipe.recv():
        watched = Watched(window, images)
        figures = watched.run(seconds)
        wait_for_rest()
        pipe.send(figures)
        del watched  # and so it is told no more
    controller.training.cancel()
    wait_for(lambda: controller.state.training.run is None)
    window.close()


def wait_for(condition, seconds: float = 120.0) -> None:
    """Run the event loop, as the program does, until a condition holds."""
    end = time.perf_counter() + seconds
    while not condition():
        if time.perf_counter() > end:
            raise TimeoutError
        run_for(0.005)


def wait_for_rest() -> None:
    """Wait until the paused run has come to its next event, and no panel computes any more."""
    process, before = psutil.Process(), -1.0
    while (now := processor_seconds(process)) > before + 0.02:
        before = now
        run_for(0.3)


def run_for(seconds: float) -> None:
    """Run the event loop for a while."""
    from PySide6.QtCore import QEventLoop, QTimer

    loop = QEventLoop()
    QTimer.singleShot(round(1000 * seconds), loop.quit)
    loop.exec()


class Watched:
    """A window in which a hand moves sliders while a run goes on."""

    def __init__(self, window: MainWindow, images: int) -> None:
        self.controller, self.images = window.controller, images
        self.rows = window.docks["sliders"].build().rows
        self.view = window.docks["image"].build().view
        self.moves: list[tuple[float, Any]] = []
        self.delays: list[float] = []
        self.ticks: list[float] = []
        self.looks = self.count = 0
        # After the panel with the picture, which leads too: it is told even while the hand moves.
        self.controller.watchers.add(self.look, leads=True)

    def run(self, seconds: float) -> Figures:
        """Let it train for some seconds, and return how that went."""
        from PySide6.QtCore import QTimer

        hand, clock = QTimer(interval=MOVE_EVERY_MS), QTimer(interval=TICK_MS)
        hand.timeout.connect(self.move)
        clock.timeout.connect(lambda: self.ticks.append(time.perf_counter()))
        began, first = time.perf_counter(), self.done()
        self.controller.training.go_on()
        hand.start()
        clock.start()
        run_for(seconds)
        taken, learned = time.perf_counter() - began, self.done() - first
        self.controller.training.pause()
        hand.stop()
        clock.stop()
        # A move that is never answered counts as long as it was waited for.
        self.delays += [time.perf_counter() - at for at, _ in self.moves]
        gaps = np.diff(self.ticks)
        return {
            "speed": learned / taken,
            "precision": self.controller.state.training.run.precision,
            "delays": self.delays,
            "gaps": gaps.tolist(),
            "looks": self.looks / taken,
        }

    def done(self) -> float:
        """Return how many images were learned from."""
        run = self.controller.state.training.run
        return run.fraction * run.epochs * self.images

    def move(self) -> None:
        """Move a slider."""
        self.count += 1
        slider = self.rows[self.count // 10 % len(self.rows)].slider
        at = time.perf_counter()
        slider.setValue(int(600 * np.sin(self.count)) + 1)
        assert slider.isVisible(), "nothing is moved"
        self.moves.append((at, self.controller.state.point))

    def look(self, state, changed: frozenset[str]) -> None:
        """Take note of pictures that have come."""
        self.looks += "codes" in changed
        if Decode not in changed or state.answer(Decode) is None:
            return
        known = [
            i for i, (_, point) in enumerate(self.moves) if point == state.answer(Decode).point
        ]
        if known:
            self.view.repaint()
            now = time.perf_counter()
            self.delays += [now - at for at, _ in self.moves[: known[-1] + 1]]
            del self.moves[: known[-1] + 1]


# Both


def compare(recipe: Recipe, slices: int, seconds: float) -> dict[str, Any]:
    """Let both take turns."""
    context = get_context("spawn")
    pipes, processes = {}, []
    for name, serve in (("cli", serve_command_line), ("window", serve_window)):
        pipes[name], there = context.Pipe()
        # Not as a daemon, which could not have the process that trains.
        processes.append(context.Process(target=serve, args=(there, recipe)))
        processes[-1].start()
        # One after the other: each measures at its start in which precision it is faster.
        pipes[name].send(WARM_UP)
        pipes[name].recv()
    found: dict[str, list[Figures]] = {name: [] for name in pipes}
    for _ in range(slices):
        for (name, pipe), process in zip(pipes.items(), processes, strict=True):
            before = Cores.now(process.pid)
            pipe.send(seconds)
            found[name].append(pipe.recv() | {"others": Cores.now(process.pid).others(before)})
        print(
            ", ".join(
                f"{name} {each[-1]['speed']:,.0f}/s (others {each[-1]['others']:.2f} cores)"
                for name, each in found.items()
            ),
            flush=True,
        )
    for pipe in pipes.values():
        pipe.send(0)
    for process in processes:
        process.join()
    return {name: calmest(figures) for name, figures in found.items()}


def calmest(figures: list[Figures]) -> list[Figures]:
    """Return the half of the turns that other programs disturbed least."""
    ordered = sorted(figures, key=lambda part: part["others"])
    return ordered[: (len(ordered) + 1) // 2]


def processor_seconds(process: psutil.Process) -> float:
    """Return what a process and its children have computed."""
    times = [each.cpu_times() for each in (process, *process.children(recursive=True))]
    return sum(each.user + each.system for each in times)


@dataclass(frozen=True)
class Cores:
    """What was computed until now, in seconds of a core: by a process, and by all."""

    at: float
    mine: float
    everyone: float

    @classmethod
    def now(cls, pid: int) -> Cores:
        """Look at the clocks."""
        process, all_cores = psutil.Process(pid), psutil.cpu_times()
        idle = all_cores.idle + getattr(all_cores, "iowait", 0.0)
        everyone = sum(all_cores[:8]) - idle
        return cls(time.perf_counter(), processor_seconds(process), everyone)

    def others(self, before: Cores) -> float:
        """Return how many cores other programs used since then."""
        used = (self.everyone - before.everyone) - (self.mine - before.mine)
        return max(0.0, used / (self.at - before.at))


def summary(found: dict[str, list[Figures]]) -> dict[str, float]:
    """Return what is told of one recipe."""
    cli, window = ([part["speed"] for part in found[name]] for name in ("cli", "window"))
    delays, gaps = (
        1000 * np.concatenate([part[name] for part in found["window"]])
        for name in ("delays", "gaps")
    )
    told = {
        "window_vs_cli": statistics.median(window) / statistics.median(cli),
        "window": statistics.median(window),
        "cli": statistics.median(cli),
        "slider_to_picture_p50_ms": np.percentile(delays, 50),
        "slider_to_picture_p95_ms": np.percentile(delays, 95),
        "gap_p95_ms": np.percentile(gaps, 95),
        "gap_p999_ms": np.percentile(gaps, 99.9),
        "gap_max_ms": gaps.max(),
        "looks": statistics.mean(part["looks"] for part in found["window"]),
        "others": statistics.mean(part["others"] for each in found.values() for part in each),
    }
    precisions = {name: each[0]["precision"] for name, each in found.items()}
    return {name: round(float(value), 3) for name, value in told.items()} | {"in": precisions}


def main() -> None:
    """Measure what was asked for and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder with MNIST")
    parser.add_argument("--count", type=int, default=2000, help="faces for conv-vae")
    parser.add_argument("--slices", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=1.5)
    parser.add_argument("--only", action="append", help="recipe to measure; may be repeated")
    options = parser.parse_args()
    limit_threads()
    known = recipes(options.data, options.count)
    results = {}
    for name in options.only or known:
        results[name] = summary(compare(known[name], options.slices, options.seconds))
        print(name, results[name], flush=True)
    ratios = {name: result["window_vs_cli"] for name, result in results.items()}
    machine = f"{platform.machine()}, {os.cpu_count()} cores"
    print(json.dumps({"window_vs_cli": ratios, "recipes": results, "machine": machine}))


if __name__ == "__main__":
    main()
