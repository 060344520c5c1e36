"""What is painted by hand is as large on a screen with other pixels."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from latentlab.widgets.kit.scatter.rasterize import disc_offsets

MEASURE = """
import json
import numpy as np
from PySide6.QtCore import QPointF
from PySide6.QtGui import QImage
from latentlab.app import make_application
from latentlab.widgets.panels.curves.loss_plot import LossPlot, CurvesView
from latentlab.widgets.panels.map.plot import MapPlot
from latentlab.widgets.kit.scatter.rasterize import PointColours

RED = np.array([[200, 0, 0]], np.uint8)
app = make_application()

def pixels(widget):
    app.processEvents()
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    view = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1, 4)
    return view[..., 2::-1].astype(int), image.devicePixelRatio()

def diameter(count):
    'Of a dot that stands alone beside a heap of others, in pixels of the layout.'
    plot = MapPlot()
    plot.resize(300, 300)
    plot.show()
    xy = np.full((count, 2), -3, np.float32)
    xy[0] = 2
    plot.set_cloud(xy, PointColours(np.zeros(count, np.uint8), RED))
    plot.setRange(xRange=(-4, 4), yRange=(-4, 4), padding=0)
    picture, ratio = pixels(plot)
    place = plot.getViewBox().mapViewToScene(QPointF(2, 2))
    x, y, reach = (round(v * ratio) for v in (place.x(), place.y(), 10))
    near = picture[y - reach : y + reach, x - reach : x + reach]
    return float(np.sqrt((np.abs(near - RED[0]).max(-1) < 12).sum() / 0.785) / ratio)

def width():
    'Of a level curve, in pixels of the layout.'
    plot = LossPlot("loss")
    plot.resize(300, 200)
    plot.show()
    level = {("validation", "loss"): (np.array([0.0, 10.0]), np.array([3.0, 3.0]))}
    plot.show_curves(level, (), (), CurvesView())
    picture, ratio = pixels(plot)
    colour = np.array(plot.curves["validation"].opts["pen"].color().getRgb()[:3]) - 255
    share = np.clip((picture - 255) @ colour / (colour @ colour), 0, 1)
    return float(np.median(share[:, 120 * int(ratio) : 160 * int(ratio)].sum(0)) / ratio)

print(json.dumps([diameter(1), diameter(2000), diameter(30_000), width()]))
"""


def measured(ratio):
    tests = Path(__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", MEASURE],
        cwd=tests.parent,
        env={**os.environ, "PYTHONPATH": f"{tests.parent}", "QT_SCALE_FACTOR": str(ratio)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("ratio", [1.25, 1.5, 2])
def test_dots_and_lines_are_as_large_at_every_scale(ratio):
    *dots, line = measured(ratio)
    assert dots == pytest.approx([5.2, 3.4, 2.3], abs=0.75)
    assert line == pytest.approx(2.2, abs=0.5)


@pytest.mark.parametrize("size", range(2, 13))
def test_points_are_round(size):
    core, rim = disc_offsets(size)
    assert not set(core) & set(rim)
    assert len(core) == pytest.approx(0.785 * size**2, rel=0.3)
    wide, tall = ({place[i] for place in core} for i in (0, 1))
    assert wide == tall
    assert len(wide) == size
