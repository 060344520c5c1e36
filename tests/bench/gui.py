"""How fast the window answers, measured in the real window with the shipped models.

Prints one JSON object on its last line, in milliseconds:
``slider_to_pixel_p95_ms``, ``manifold_20x20_ms``, ``map_60k_ms`` and, while recipe A trains,
``training_gap_p95_ms`` and ``training_gap_p999_ms`` between two ticks of a timer, and the same of
the processor time of the window's thread, which other programs do not lengthen.
``python tests/bench/gui.py [--data FOLDER] [--seconds 30] [--model RUN]``; with ``--model``, such
as ``resources/models/faces``, it only moves the sliders of that model.
"""

import argparse
import json
import os
import platform
import tempfile
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["LATENTLAB_HOME"] = tempfile.mkdtemp()

import numpy as np
from PySide6.QtCore import QEventLoop, QTimer

from latentlab import app as program
from latentlab.directories import resources
from latentlab.session.export import DescribeForm
from latentlab.session.model import Decode, DecodePath, MakeManifold, MakeSamples
from latentlab.widgets.window.main_window import MainWindow

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data" / "mnist"


def run_for(seconds: float) -> None:
    loop = QEventLoop()
    QTimer.singleShot(round(1000 * seconds), loop.quit)
    loop.exec()


def wait_for(condition, seconds: float = 60.0) -> None:
    end = time.perf_counter() + seconds
    while not condition():
        if time.perf_counter() > end:
            raise TimeoutError
        run_for(0.005)


def run_until_changed(window: MainWindow, kind: type, before: object) -> None:
    """Run the event loop, as the program does, until a kind of request has another answer."""
    loop = QEventLoop()

    def look(state, changed):
        if state.answer(kind) is not before:
            loop.quit()

    window.controller.changed.connect(look)
    guard = QTimer(singleShot=True, interval=5000)
    guard.timeout.connect(loop.quit)
    guard.start()
    loop.exec()
    window.controller.changed.disconnect(look)
    if window.controller.state.answer(kind) is before:
        raise TimeoutError(kind.__name__)


def open_model(window: MainWindow, folder: Path) -> None:
    window.controller.runs.open(folder)
    state = window.controller
    wait_for(lambda: state.state.model and state.state.model.source == folder.resolve())
    wait_for(
        lambda: (
            state.state.answer(MakeSamples) is not None
            and state.state.answer(DecodePath) is not None
        )
    )
    run_for(0.5)


def slider_to_pixel(window: MainWindow, repeats: int = 200) -> list[float]:
    """Move a slider; wait until the large image is painted with what it decodes to."""
    controller = window.controller
    panel, view = window.docks["sliders"].build(), window.docks["image"].build().view
    times = []
    for i in range(repeats):
        slider = panel.rows[i % len(panel.rows)].slider
        before, start = controller.state.answer(Decode), time.perf_counter()
        slider.setSliderDown(True)
        slider.setValue(int(600 * np.sin(i)) + 1)
        run_until_changed(window, Decode, before)
        view.repaint()
        times.append(1000 * (time.perf_counter() - start))
        slider.setSliderDown(False)
        run_for(0.01)
    return times


def manifold(window: MainWindow, repeats: int = 30) -> list[float]:
    """Change the grid's reach as a click on its box does; wait until the new one is painted."""
    controller, panel = window.controller, window.docks["manifold"].build()
    times = []
    for i in range(repeats):
        before, start = controller.state.answer(MakeManifold), time.perf_counter()
        panel.span.setValue(3.0 if i % 2 else 2.0)
        run_until_changed(window, MakeManifold, before)
        panel.view.repaint()
        times.append(1000 * (time.perf_counter() - start))
        run_for(0.02)
    return times


def pan(window: MainWindow, points: int = 60_000, repeats: int = 100) -> list[float]:
    """Pan the map and paint it at once."""
    plot = window.docks["map"].build().plot
    rng = np.random.default_rng(0)
    plot.set_codes(
        rng.standard_normal((points, 2)).astype(np.float32), rng.integers(0, 10, points), None
    )
    run_for(0.2)
    times = []
    for i in range(repeats):
        start = time.perf_counter()
        plot.getViewBox().translateBy(x=0.02 * np.sin(i), y=0.02)
        plot.viewport().repaint()
        times.append(1000 * (time.perf_counter() - start))
        run_for(0.001)
    return times


def training_gaps(
    window: MainWindow, data: Path | None, seconds: float
) -> tuple[list[float], list[float]]:
    """Return the times between ticks of a fast timer while recipe A trains and the map refreshes.

    They are in milliseconds: first on the clock, then on the processor.
    """
    controller = window.controller
    source = {"kind": "mnist", "root": str(data)} if data else {"kind": "digits"}
    controller.training.set_draft(
        {
            "model": {"kind": "cvae", "hidden": [400], "latent_dim": 20},
            "data": source,
            "training": {"epochs": 1000},
        }
    )
    controller.training.start()
    wait_for(
        lambda: controller.state.training.run and controller.state.training.run.epoch >= 2, 120
    )
    ticks: list[tuple[float, float]] = []
    timer = QTimer()
    timer.timeout.connect(lambda: ticks.append((time.perf_counter(), time.thread_time())))
    timer.start(5)
    run_for(seconds)
    timer.stop()
    controller.training.cancel()
    wait_for(lambda: controller.state.training.run is None)
    gaps, work = (1000 * np.diff(ticks, axis=0)).T.tolist()
    return gaps, work


def of_sliders(times: list[float]) -> dict[str, float]:
    return {
        "slider_to_pixel_p95_ms": round(float(np.percentile(times, 95)), 2),
        "slider_to_pixel_median_ms": round(float(np.median(times)), 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, default=DATA if DATA.is_dir() else None)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--model", type=Path, help="move only the sliders of this run")
    options = parser.parse_args()
    program.make_application()
    shipped = resources() / "models"
    window = program.open_window(shipped / "digits-2d")
    program.Collector(window)
    wait_for(
        lambda: (
            window.controller.state.answer(MakeSamples) is not None
            and window.controller.state.answer(DescribeForm)
        )
    )
    run_for(1)
    open_model(window, options.model or shipped / "digits-cvae")
    slider = slider_to_pixel(window)
    if options.model:
        window.close()
        print(json.dumps(of_sliders(slider) | {"model": options.model.name}))
        return
    open_model(window, shipped / "digits-2d")
    grid = manifold(window)
    panned = pan(window)
    gaps, work = training_gaps(window, options.data, options.seconds)
    window.close()
    result = of_sliders(slider) | {
        "manifold_20x20_ms": np.median(grid),
        "map_60k_ms": np.median(panned),
        "map_60k_p95_ms": np.percentile(panned, 95),
        "training_gap_p95_ms": np.percentile(gaps, 95),
        "training_gap_p999_ms": np.percentile(gaps, 99.9),
        "training_gap_max_ms": max(gaps),
        "training_work_p999_ms": np.percentile(work, 99.9),
        "training_work_max_ms": max(work),
    }
    rounded = {key: round(float(value), 2) for key, value in result.items()}
    data = "mnist" if options.data else "digits"
    print(json.dumps({**rounded, "data": data, "machine": platform.processor()}))


if __name__ == "__main__":
    main()
