"""How long the window takes to stand, and to show its first decoded image.

Starts the real program in fresh processes with an empty home. Prints one JSON object on its
last line: medians over the runs, in seconds since the process was started.
``python tests/bench/startup.py [--runs 5]``
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time

CHILD = """
import sys, time
born = float(sys.argv[1])
from latentlab import app as program
from latentlab.session.model import Decode
from PySide6.QtCore import QObject, QEvent

application = program.make_application()
times = {}

class Watch(QObject):
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint and "window_s" not in times and watched.isVisible():
            times["window_s"] = time.monotonic() - born
        return False

def on_changed(state, changed):
    if Decode in changed and state.answer(Decode) is not None:
        application.processEvents()
        times.setdefault("ready_s", time.monotonic() - born)
        window.close()

watch = Watch()
window = program.open_window()
program.Collector(window)
window.installEventFilter(watch)
window.controller.changed.connect(on_changed)
application.exec()
import json
print(json.dumps(times))
"""


def start_once() -> dict[str, float]:
    """Start the program in a process of its own and return its two times."""
    with tempfile.TemporaryDirectory() as home:
        environment = {
            **os.environ,
            "LATENTLAB_HOME": home,
            "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen"),
        }
        command = [sys.executable, "-c", CHILD, str(time.monotonic())]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    start_once()  # fills the system's file cache, as any second start finds it
    times = [start_once() for _ in range(runs)]
    medians = {key: statistics.median(t[key] for t in times) for key in ("window_s", "ready_s")}
    spread = {f"{key}_all": [round(t[key], 3) for t in times] for key in medians}
    rounded = {key: round(value, 3) for key, value in medians.items()}
    print(json.dumps({**rounded, **spread, "machine": platform.processor() or platform.machine()}))


if __name__ == "__main__":
    main()
