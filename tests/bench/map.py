"""How fast the map is, measured in the real window.

Prints one JSON object on its last line: milliseconds of a pan or zoom with its paint
(``pan_60k_ms``, ``pan_1m_ms``; medians, with p95), of new colours for a million points until they
are painted, of a lasso through 100,000, of the neighbours of z among a million once their index
is made, of hovering (p95, until the picture under the cursor is shown), seconds of a PCA of
60,000 codes of 20 dimensions, and megabytes that a million points take.
``python tests/bench/map.py``
"""

import argparse
import gc
import json
import os
import platform
import tempfile
import time

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["LATENTLAB_HOME"] = tempfile.mkdtemp()

import numpy as np
import psutil
from PySide6.QtCore import QEventLoop, QPointF, QTimer

from latentlab import app as program
from latentlab.directories import resources
from latentlab.latent.nearest import NearestCodes
from latentlab.latent.planes import pca_plane
from latentlab.session.export import DescribeForm
from latentlab.session.model import MakeSamples
from latentlab.widgets.kit.scatter.point_colours import by_class, by_value

MILLION = 1_000_000


def run_for(seconds):
    loop = QEventLoop()
    QTimer.singleShot(round(1000 * seconds), loop.quit)
    loop.exec()


def wait_for(condition, seconds=120.0):
    end = time.perf_counter() + seconds
    while not condition():
        if time.perf_counter() > end:
            raise TimeoutError
        run_for(0.002)


def cloud_of(count, seed=0):
    """Return ten overlapping bells, as codes of classes lie."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 10, count)
    centres = rng.normal(0, 1.3, (10, 2))
    xy = centres[labels] + 0.6 * rng.standard_normal((count, 2))
    return xy.astype(np.float32), labels


def milliseconds(start):
    return 1000 * (time.perf_counter() - start)


def show(plot, xy, labels):
    plot.set_codes(xy, labels, None)
    plot.viewport().repaint()
    wait_for(lambda: plot.cloud.is_fresh)
    run_for(0.3)
    wait_for(lambda: plot.cloud.is_fresh)


def pan(plot, repeats=150):
    """Pan, and every few frames zoom, painting each time as a hand that drags does."""
    times = []
    for i in range(repeats):
        start = time.perf_counter()
        box = plot.getViewBox()
        box.translateBy(x=0.03 * np.sin(i / 9), y=0.03 * np.cos(i / 7))
        if i % 5 == 0:
            box.scaleBy((0.97, 0.97) if (i // 40) % 2 == 0 else (1.03, 1.03))
        plot.viewport().repaint()
        times.append(milliseconds(start))
        run_for(0.002)
    return times


def recolour(plot, repeats=12):
    """Colour by value and back; wait until a picture in the new colours is painted."""
    count = len(plot.cloud)
    rng = np.random.default_rng(1)
    paints = [by_value(rng.random(count).astype(np.float32))[0], by_class(np.arange(count), count)]
    times = []
    for i in range(repeats):
        loop = QEventLoop()
        plot.cloud.drawn.connect(loop.quit)
        start = time.perf_counter()
        plot.cloud.set_paint(paints[i % 2])
        plot.viewport().repaint()
        loop.exec()
        plot.viewport().repaint()
        times.append(milliseconds(start))
        plot.cloud.drawn.disconnect(loop.quit)
        run_for(0.05)
    return times


def lasso(plot, repeats=20):
    """Choose what lies within an outline of 200 corners, among a hundred thousand."""
    angle = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    reach = 1.5 + 0.4 * np.sin(5 * angle)
    outline = np.column_stack([reach * np.cos(angle), reach * np.sin(angle)])
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        rows = plot.rows_inside(outline)
        times.append(milliseconds(start))
    assert 20_000 < len(rows) < 100_000
    return times


def neighbours(repeats=30, size=20):
    rng = np.random.default_rng(2)
    codes = rng.standard_normal((MILLION, size)).astype(np.float32)
    index = NearestCodes(codes)
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        index.nearest(rng.standard_normal((1, size), np.float32), 12)
        times.append(milliseconds(start))
    return times


def pca(size=20):
    rng = np.random.default_rng(3)
    codes = rng.standard_normal((60_000, size)).astype(np.float32)
    start = time.perf_counter()
    pca_plane(codes).place(codes)
    return time.perf_counter() - start


def hover(window, repeats=80):
    """Move over the map; wait until what lies there is decoded, and the map painted."""
    controller, plot = window.controller, window.docks["map"].build().plot
    rng = np.random.default_rng(4)
    times = []
    for x, y in rng.uniform(-2, 2, (repeats, 2)):
        scene = plot.getViewBox().mapViewToScene(QPointF(x, y))
        before = controller.state.preview
        start = time.perf_counter()
        plot.hovered.emit(plot.spot_at(scene))
        loop = QEventLoop()
        controller.changed.connect(loop.quit)
        while controller.state.preview is before:
            loop.exec()
        plot.viewport().repaint()
        times.append(milliseconds(start))
        controller.changed.disconnect(loop.quit)
        run_for(0.005)
    return times


def memory():
    gc.collect()
    return psutil.Process().memory_info().rss / 2**20


def main():
    argparse.ArgumentParser().parse_args()
    program.make_application()
    window = program.open_window(resources() / "models" / "digits-2d")
    program.Collector(window)
    wait_for(
        lambda: (
            window.controller.state.answer(MakeSamples) is not None
            and window.controller.state.answer(DescribeForm)
        )
    )
    wait_for(lambda: not window.unbuilt())
    run_for(1)
    plot = window.docks["map"].build().plot
    result = {"hover_ms": np.percentile(hover(window), 95), "pca_60k_s": pca()}
    show(plot, *cloud_of(60_000))
    few = pan(plot)
    show(plot, *cloud_of(100_000))
    result["lasso_100k_ms"] = np.median(lasso(plot))
    before = memory()
    show(plot, *cloud_of(MILLION))
    many = pan(plot)
    result["recolour_1m_ms"] = np.median(recolour(plot))
    result["memory_1m_mb"] = memory() - before
    window.close()
    result |= {
        "pan_60k_ms": np.median(few),
        "pan_60k_p95_ms": np.percentile(few, 95),
        "pan_1m_ms": np.median(many),
        "pan_1m_p95_ms": np.percentile(many, 95),
        "neighbours_1m_ms": np.median(neighbours()),
    }
    rounded = {key: round(float(value), 3) for key, value in result.items()}
    print(json.dumps({**rounded, "machine": platform.processor()}))


if __name__ == "__main__":
    main()
