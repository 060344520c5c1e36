"""Fuzz the readers: ``run.py SECONDS [TARGET ...]`` prints one JSON object on its last line.

Each target runs in a process of its own, for `SECONDS`. An example of each finding is written into
the corpus, so that the suite fails until the reader is mended.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE.parents[1])]

from fuzz.harness import CORPUS, fuzz, keep, names  # noqa: E402  # needs the path

ONE = "--one"
SPARE_S = 300
"""Time for the start of a process and for one hanging input, in seconds."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seconds", type=float)
    parser.add_argument("names", nargs="*", metavar="TARGET")
    parser.add_argument(ONE, type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        run_here(arguments.names[0], arguments.seconds, arguments.one)
    chosen = arguments.names or names()
    result = {name: run_apart(name, arguments.seconds) for name in chosen}
    print(json.dumps(result))
    sys.exit(any(each["findings"] for each in result.values()))


def run_apart(name: str, seconds: float) -> dict[str, object]:
    """Fuzz a target in another process; a process that ends early is a finding too."""
    with tempfile.TemporaryDirectory(prefix="latentlab-fuzz-") as home:
        answer = Path(home) / "answer.json"
        call = [sys.executable, __file__, str(seconds), name, ONE, str(answer)]
        variables = {**os.environ, "LATENTLAB_HOME": home, "TMPDIR": home}
        done = subprocess.run(
            call, env=variables, cwd=home, capture_output=True, timeout=seconds + SPARE_S
        )
        if answer.exists():
            found = json.loads(answer.read_text())
        else:
            ended = done.stderr.decode(errors="replace")[-2000:]
            found = {"executions": 0, "findings": {f"ended with {done.returncode}: {ended}": 1}}
            for file in [*Path(home).glob("crash-*"), *Path(home).glob("timeout-*")]:
                (CORPUS / name / f"found-{file.name[-8:]}").write_bytes(file.read_bytes())
    print(f"{name}: {found}", file=sys.stderr)
    return found


def run_here(name: str, seconds: float, answer: Path) -> None:
    def report(executions, outcome) -> None:
        keep(CORPUS / name, outcome)
        found = {
            "executions": executions,
            "findings": dict(outcome.escaped.most_common()),
            "slowest_s": round(outcome.slowest, 2),
        }
        answer.write_text(json.dumps(found))
        os._exit(0)

    fuzz(name, seconds, report)


if __name__ == "__main__":
    main()
