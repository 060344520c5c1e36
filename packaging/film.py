"""Record the film and the pictures of the README from the real window.

    python packaging/film.py

Writes `packaging/screenshots/`: ``film.webp``, and each workspace in light and dark. It drives the
window with the intents of its controller and with real mouse events, without a display, and takes
two to three minutes on two cores.
"""

import json
import os
import tempfile
import time
from pathlib import Path

SIZE = (1280, 800)
SCREEN = {"name": "film", "x": 0, "y": 0, "width": 1920, "height": 1080, "dpr": 1}
SCREEN |= {"logicalDpi": 96, "logicalBaseDpi": 96}
HOME = tempfile.TemporaryDirectory()
CONFIG = Path(HOME.name) / "screen.json"
CONFIG.write_text(json.dumps({"screens": [SCREEN]}))
os.environ["QT_QPA_PLATFORM"] = f"offscreen:configfile={CONFIG}"
os.environ["LATENTLAB_HOME"] = HOME.name

import numpy as np  # noqa: E402
from PIL import Image  # noqa: E402
from PySide6.QtCore import QEventLoop, QPoint, QPointF, Qt, QTimer  # noqa: E402
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF  # noqa: E402
from PySide6.QtTest import QTest  # noqa: E402
from PySide6.QtWidgets import QApplication  # noqa: E402

from latentlab import app as program  # noqa: E402
from latentlab.directories import resources  # noqa: E402
from latentlab.session.model import ShowRest  # noqa: E402
from latentlab.widgets.kit import theme  # noqa: E402

TARGET = Path(__file__).parent / "screenshots"
FRAME_MS, STEP_MS = 72, 80
"""Time that a frame is shown, and time between frames while the cursor moves: a bit slower."""
PATIENCE = 600.0
"""Seconds that the window may take to answer; a machine that does other work is slow."""
MAP_SECONDS = 40.0
TRAINING_FRAMES = 34
DIGIT = 3
FILM_QUALITY, PICTURE_QUALITY = 45, 88
LEFT, PLAIN = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
ARROW = ((0, 0), (0, 17), (4, 13), (7, 20), (10, 19), (7, 12), (12, 12))
"""Outline of the cursor, which no picture of a window contains."""
RECIPE = {
    "model": {"kind": "vae", "hidden": [512, 256], "latent_dim": 2},
    "data": {"kind": "digits"},
    "training": {"epochs": 16, "batch_size": 128, "seed": 1},
}


def run_for(milliseconds):
    """Run the event loop for a while."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def run_until(condition, seconds=PATIENCE):
    """Run the event loop until a condition holds; fail if it never does."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("The window did not answer.")
        run_for(10)


class Film:
    """Frames of a window, with a cursor that moves and clicks in it."""

    def __init__(self, window):
        self.window, self.controller = window, window.controller
        self.place = QPointF(SIZE[0] * 0.4, SIZE[1] * 0.9)
        self.frames, self.durations = [], []

    def settle(self):
        """Wait until all panels are built and all their requests answered."""
        run_until(lambda: self.controller.state.model is not None)
        for _ in range(3):
            run_until(lambda: not self._is_busy())
            run_for(60)

    def fill_map(self):
        """Wait for the images that the map lacks at first; of a large data set, for a while."""
        self.settle()
        end = time.monotonic() + MAP_SECONDS
        run_until(lambda: ShowRest not in self.controller.state.awaited or time.monotonic() > end)
        self.settle()

    def _is_busy(self):
        state = self.controller.state
        # See `fill_map`.
        pending = {*state.awaited, *state.working} - {ShowRest}
        return self.window.unbuilt() or state.opening or pending

    def take(self, milliseconds=FRAME_MS):
        """Add a frame that is shown for a while."""
        self.frames.append(self._picture())
        self.durations.append(milliseconds)

    def _grab(self):
        if focused := QApplication.focusWidget():
            # Its frame would be distracting.
            focused.clearFocus()
        return self.window.grab().toImage()

    def _picture(self):
        image = self._grab().convertToFormat(QImage.Format.Format_RGB888)
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor("white"), 1.2))
        painter.setBrush(QColor("#1c2230"))
        painter.drawPolygon(QPolygonF([self.place + QPointF(*corner) for corner in ARROW]))
        painter.end()
        rows = np.frombuffer(image.constBits(), np.uint8).reshape(SIZE[1], image.bytesPerLine())
        return Image.fromarray(rows[:, : 3 * SIZE[0]].reshape(SIZE[1], SIZE[0], 3).copy())

    def glide(self, widget, across=0.5, down=0.5, seconds=0.6):
        """Move the cursor to a place in a widget, given as fractions of its size."""
        inside = QPointF(widget.width() * across, widget.height() * down).toPoint()
        start, goal = self.place, QPointF(widget.mapTo(self.window, inside))
        steps = max(2, round(1000 * seconds / STEP_MS))
        for step in range(1, steps + 1):
            share = step / steps
            self.place = start + (goal - start) * (share * share * (3 - 2 * share))
            QTest.mouseMove(self.window.windowHandle(), self.place.toPoint())
            run_for(20)
            # Frames show the answers to the cursor; slow ones are not waited for.
            end = time.monotonic() + 0.4
            run_until(lambda end=end: not self._is_busy() or time.monotonic() > end)
            run_for(20)
            self.take()

    def click(self, hold=400):
        """Click at the cursor, and show the result for some milliseconds."""
        QTest.mouseClick(self.window.windowHandle(), LEFT, PLAIN, self.place.toPoint())
        self.settle()
        self.take(hold)

    def go(self, key, hold=600):
        """Click on a workspace."""
        bar = self.window.workspace_bar
        self.glide(bar.widgetForAction(bar.actions_by_key[key]))
        self.click(hold)

    def panel(self, key):
        """Return the content of a panel."""
        return self.window.docks[key].build()

    def save(self, path):
        """Write all frames as an animation that repeats."""
        first, *others = self.frames
        first.save(
            path,
            save_all=True,
            append_images=others,
            duration=self.durations,
            loop=0,
            quality=FILM_QUALITY,
            method=4,
        )

    def keep(self, name):
        """Write two pictures of the window, in light and dark."""
        QTest.mouseMove(self.window.windowHandle(), QPoint(2, SIZE[1] - 2))
        for scheme in (Qt.ColorScheme.Dark, Qt.ColorScheme.Light):
            theme.choose(scheme)
            run_for(300)
            self.settle()
            path = TARGET / f"{name}-{scheme.name.lower()}.webp"
            self._grab().save(str(path), quality=PICTURE_QUALITY)


def explore(film):
    """Move over the map and the manifold; the image follows."""
    film.keep("explore")
    film.take(700)
    around = ((0.30, 0.35), (0.48, 0.18), (0.72, 0.40), (0.55, 0.72))
    plot = film.panel("map").plot
    for across, down in around:
        film.glide(plot, across, down, seconds=0.6)
    film.click()
    manifold = film.panel("manifold").view
    for across, down in ((0.30, 0.75), (0.75, 0.35)):
        film.glide(manifold, across, down, seconds=0.6)


def train(film):
    """Train a small model; its curves and its map grow."""
    film.controller.training.set_draft(RECIPE)
    film.go("train")
    film.glide(film.panel("train").start)
    QTest.mouseClick(film.window.windowHandle(), LEFT, PLAIN, film.place.toPoint())
    training = film.controller.state.training
    if training.run is None:
        film.controller.training.start()
    run_until(lambda: film.controller.state.training.run is not None)
    run_until(lambda: len(film.controller.state.log.curves) > 0)
    start = len(film.frames)
    while film.controller.state.training.run is not None:
        film.take()
        run_for(200)
    film.fill_map()
    film.take(800)
    thin_out(film, start)
    film.keep("train")


def thin_out(film, start):
    """Leave `TRAINING_FRAMES` of the frames from `start` on, which are as many as time allows."""
    count = len(film.frames) - start
    kept = np.unique(np.linspace(0, count - 1, TRAINING_FRAMES).round().astype(int)) + start
    film.frames[start:] = [film.frames[index] for index in kept]
    film.durations[start:] = [film.durations[index] for index in kept]


def edit(film):
    """Encode an image file."""
    with np.load(resources() / "digits.npz") as digits:
        image = digits["images"][digits["labels"] == DIGIT][0]
    path = Path(HOME.name) / "my-digit.png"
    Image.fromarray(image).save(path)
    film.controller.open_path(path)
    film.settle()
    film.keep("edit")
    film.take(400)
    film.glide(film.panel("image"), seconds=0.8)
    film.take(800)


def compare(film, other):
    """Compare the open model with another."""
    film.go("compare")
    film.panel("compare").choose(other)
    film.settle()
    _, _, several, *_ = film.panel("compare").modes.buttons
    film.glide(several)
    film.click(1200)
    film.keep("compare")


def faces(film):
    """Show a model of faces, and the traversals of its dimensions."""
    film.controller.workspaces.go("explore")
    film.controller.runs.open(resources() / "models" / "faces")
    film.fill_map()
    film.take(600)
    plot = film.panel("map").plot
    for across, down in ((0.35, 0.35), (0.65, 0.30), (0.60, 0.70)):
        film.glide(plot, across, down, seconds=0.5)
    film.go("analyse", hold=1200)
    film.keep("analyse")
    theme.choose(Qt.ColorScheme.Dark)
    run_for(200)
    film.take(1500)


def main():
    """Open the window, play all scenes and write the files."""
    began = time.monotonic()
    TARGET.mkdir(exist_ok=True)
    program.make_application()
    first = resources() / "models" / "digits-2d"
    window = program.open_window(first)
    theme.choose(Qt.ColorScheme.Light)
    window.resize(*SIZE)
    film = Film(window)
    film.fill_map()
    for scene in (explore, train, edit, lambda film: compare(film, first), faces):
        scene(film)
        print(f"{len(film.frames)} frames after {time.monotonic() - began:.0f} s", flush=True)
    film.save(TARGET / "film.webp")
    window.close()
    for path in sorted(TARGET.glob("*.webp")):
        print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")
    print(f"{sum(film.durations) / 1000:.0f} s of film after {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
