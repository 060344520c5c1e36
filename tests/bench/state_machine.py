"""What breaks when a person does anything in any order in the real window.

    python tests/bench/state_machine.py [--steps 10000] [--seed 0] [--as-found]

Drives the state machine of ``tests/window_machine``, 100 actions in each window. Prints each fault
after the shrunk sequence of actions that leads to it, or the sequence it was found by with
``--as-found``, which takes less long, and one JSON object on its last line: ``steps`` driven in
how many ``windows``, ``findings``, ``stalls`` of more than 100 ms of the processor time of the
window's thread, the ``longest_stall_ms`` by what was done, the resident ``memory_mb`` after each
thousand steps and the ``growth_mb`` of the second half.
"""

import argparse
import faulthandler
import json
import os
import signal
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import gui_support  # noqa: F401  it sets the screen
from hypothesis.errors import Flaky
from PySide6.QtGui import QGuiApplication
from window_machine.machine import Driven, drive
from window_machine.stage import WindowFault
from window_machine.watch import resident_mb

from latentlab import app as program

STEPS, WINDOWS = 100, 5
SLOW_MS = 100


def of_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--as-found", action="store_true")
    return parser.parse_args()


def longest(stalls):
    """Return the longest stall above the limit by the action, the longest first."""
    found = Counter()
    for stall in stalls:
        action = stall.doing.split()[0]
        found[action] = max(found[action], stall.own)
    return {action: own for action, own in found.most_common() if own > SLOW_MS}


def main():
    given = of_arguments()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    faulthandler.register(signal.SIGUSR1)
    program.make_application()
    driven, findings, megabytes = Driven(), Counter(), []
    number = given.seed * 1_000_000
    while driven.steps < given.steps:
        try:
            drive(WINDOWS, STEPS, number=number, shrinks=not given.as_found, driven=driven)
        except (WindowFault, Flaky, ExceptionGroup) as raised:
            found = dict(driven.faults) or {type(raised).__name__: str(raised)}
            print(*found.values(), sep="\n", flush=True)
            findings.update(map(str, found))
            driven.faults.clear()
        number += 1
        megabytes.append(round(resident_mb()))
        seconds = round(time.process_time())
        print(f"{driven.steps} steps, {sum(findings.values())} findings, {seconds} s", flush=True)
    told = {"seed": given.seed, "steps": driven.steps, "windows": driven.windows}
    told |= {"findings": sum(findings.values()), "found": findings}
    told["stalls"] = sum(stall.own > SLOW_MS for stall in driven.stalls)
    told |= {"longest_stall_ms": longest(driven.stalls), "memory_mb": megabytes}
    told["growth_mb"] = megabytes[-1] - megabytes[len(megabytes) // 2]
    # The offscreen platform would destroy what was copied when Python is gone, and crash.
    QGuiApplication.clipboard().clear()
    print(json.dumps(told))


if __name__ == "__main__":
    main()
