"""Take the README's pictures from the real window: ``python packaging/make_screenshots.py``."""

import os
import tempfile
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["LATENTLAB_HOME"] = tempfile.mkdtemp()

from PySide6.QtCore import QEventLoop, Qt, QTimer

from latentlab import app
from latentlab.widgets.kit import theme

TARGET = Path(__file__).parent / "screenshots"


def run_for(seconds):
    loop = QEventLoop()
    QTimer.singleShot(round(1000 * seconds), loop.quit)
    loop.exec()


def wait_for(condition):
    while not condition():
        run_for(0.05)


def main():
    TARGET.mkdir(exist_ok=True)
    app.make_application()
    window = app.open_window()
    theme.choose(Qt.ColorScheme.Light)
    controller = window.controller
    wait_for(lambda: controller.state.samples is not None and controller.state.form)
    run_for(1)
    window.grab().save(str(TARGET / "first-start.png"))
    controller.set_draft(
        {
            "model": {"kind": "vae", "hidden": [512, 256], "latent_dim": 2},
            "training": {"epochs": 60, "batch_size": 64},
        }
    )
    controller.start_training()
    wait_for(lambda: controller.state.run and controller.state.run.epoch > 25)
    run_for(1)
    window.grab().save(str(TARGET / "training.png"))
    wait_for(lambda: controller.state.run is None and not controller.state.opening)
    theme.choose(Qt.ColorScheme.Dark)
    run_for(1)
    window.grab().save(str(TARGET / "finished-dark.png"))
    window.close()


if __name__ == "__main__":
    main()
