"""What breaks when hands do anything at random in the real window.

    python tests/bench/random_hands.py [ACTIONS [SEED [WINDOWS]]]

Prints all that went wrong, and one JSON object on its last line: ``actions``, ``seed``, the number
of ``exceptions``, ``failures``, ``warnings`` of Qt and ``broken`` rules of the state, and
``stalls_100_ms`` and ``stalls_500_ms``: by the clock and, with ``own``, by the processor time of
the window's thread; the longest stall in milliseconds of that time by what was done, how long the
windows took to close, and the memory in megabytes at the start, after each 100 actions and at the
end of each window.
"""

import json
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
os.environ["LATENTLAB_HOME"] = tempfile.mkdtemp(prefix="latentlab-hands-")

from gui_support import Desk, living, wait
from random_files import break_run, make_runs
from random_hands import Hands
from random_watch import resident_mb

from latentlab import app as program
from latentlab.directories import resources

HOME = Path(os.environ["LATENTLAB_HOME"])
REST_MS = 3000
"""How long the window rests before its memory is measured."""
SHIPPED = ("digits-2d", "digits-cvae", "faces")
KINDS = ("exceptions", "failures", "warnings", "broken")


def recipes():
    """Return what is trained: small models, each for a few seconds."""
    kinds = (("vae", 2), ("vae", 4), ("cvae", 3), ("vae", 1))
    return [
        {
            "model": {"kind": kind, "hidden": [32], "latent_dim": latent_dim},
            "data": {"kind": "digits"},
            "training": {"epochs": 40, "batch_size": 200, "device": "cpu"},
        }
        for kind, latent_dim in kinds
    ]


def at_rest(megabytes):
    """Return what is told of memory each time the hands rest."""

    def rested(done):
        if done % 100 == 0:
            wait(REST_MS // 2)
            megabytes.append(round(resident_mb()))

    return rested


def work(models, actions, seed, megabytes):
    """Let the hands loose in a window; return what was heard, and how long it took to close."""
    desk = Desk(program.open_window(resources() / "models" / SHIPPED[0]))
    program.Collector(desk.window)
    desk.settle()
    megabytes.append(round(resident_mb()))
    hands = Hands(desk.window, models, recipes(), HOME / f"hands {seed}", seed)
    hands.run(actions, rested=at_rest(megabytes))
    desk.controller.runs.open(models[0])
    wait(REST_MS)
    megabytes.append(round(resident_mb()))
    began = time.perf_counter()
    desk.clear()
    return hands.watch, round(1000 * (time.perf_counter() - began))


def main(actions=750, seed=0, windows=1):
    """Let them loose in one window after another."""
    program.make_application()
    made = make_runs(HOME / "made")
    models = [resources() / "models" / name for name in SHIPPED] + made
    models += break_run(made[0], HOME / "made")
    found, longest, stalls, closed = Counter(), Counter(), [], []
    megabytes = []
    for window in range(windows):
        watch, took = work(models, actions, seed + window, of_window := [])
        megabytes.append(of_window)
        closed.append(took)
        found.update({kind: len(getattr(watch, kind)) for kind in KINDS})
        stalls += watch.stalls
        print(*watch.faults, sep="\n")
    before = living()
    for doing, seconds, own in sorted(stalls, key=lambda stall: stall[2]):
        if own > 0.1:
            print(f"{1000 * own:.0f} ms of {1000 * seconds:.0f}: {doing}")
        what = doing.split()[0]
        longest[what] = max(longest[what], round(1000 * own))
    told = {"actions": actions, "seed": seed, **found, "left": len(before) - 1}
    for limit in (100, 500):
        told[f"stalls_{limit}_ms"] = sum(1000 * seconds > limit for _, seconds, _ in stalls)
        told[f"own_stalls_{limit}_ms"] = sum(1000 * own > limit for *_, own in stalls)
    told |= {"longest_own_ms": dict(longest.most_common()), "closed_ms": closed}
    print(json.dumps({**told, "memory_mb": megabytes}))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
