"""What breaks when hands do anything at random in the real window.

Prints one JSON object on its last line: ``actions``, ``seed``, ``exceptions`` and ``failures``
(the texts of both come before), ``stalls_100_ms`` and ``stalls_500_ms``, the longest stall in
milliseconds by what was done, and the memory in megabytes at the start and at the end.
``python tests/bench/random_hands.py [ACTIONS [SEED]]``
"""

import json
import os
import sys
import tempfile
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
os.environ["LATENTLAB_HOME"] = tempfile.mkdtemp(prefix="latentlab-hands-")

from gui_support import Desk, wait
from random_hands import Hands, make_runs, resident_mb

from latentlab import app as program
from latentlab.paths import resources

HOME = Path(os.environ["LATENTLAB_HOME"])
REST_MS = 3000
"""How long the window rests before its memory is measured."""
SHIPPED = ("digits-2d", "digits-cvae", "faces")


def recipes():
    """Return what is trained: small models, each for a few seconds."""
    kinds = (("vae", 2), ("vae", 4), ("cvae", 3))
    return [
        {
            "model": {"kind": kind, "hidden": [32], "latent_dim": latent_dim},
            "data": {"kind": "digits"},
            "training": {"epochs": 40, "batch_size": 200, "device": "cpu"},
        }
        for kind, latent_dim in kinds
    ]


def main(actions=750, seed=0):
    """Let the hands loose."""
    program.make_application()
    made = make_runs(HOME)
    desk = Desk(program.open_window(resources() / "models" / SHIPPED[0]))
    desk.settle()
    models = [resources() / "models" / name for name in SHIPPED] + made
    hands = Hands(desk.window, models, recipes(), HOME / "files", seed)
    start = resident_mb()
    hands.run(actions)
    desk.controller.open(models[0])
    wait(REST_MS)
    for text in (*hands.exceptions, *hands.failures):
        print(text)
    longest = Counter()
    for doing, seconds in hands.stalls:
        if seconds > 0.5:
            print(f"{1000 * seconds:.0f} ms: {doing}")
        what = doing.split()[0]
        longest[what] = max(longest[what], round(1000 * seconds))
    found = {
        "actions": actions,
        "seed": seed,
        "exceptions": len(hands.exceptions),
        "failures": len(hands.failures),
        "stalls_100_ms": len(hands.stalls),
        "stalls_500_ms": sum(seconds > 0.5 for _, seconds in hands.stalls),
        "longest_ms": dict(longest.most_common()),
        "memory_start_mb": round(start),
        "memory_end_mb": round(resident_mb()),
    }
    desk.clear()
    print(json.dumps(found))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
