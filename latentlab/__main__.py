"""``latentlab``: the window without a subcommand, the command line with one."""

import os
import sys
from pathlib import Path

from latentlab.streams import print_stand_ins


def main() -> int:
    """Run latentlab; return the exit status."""
    # Threads of torch's that wait for each other keep a core busy meanwhile, for longer than there
    # is need: beside other programs a third of that made steps 1.6 times as fast, alone as fast.
    os.environ.setdefault("GOMP_SPINCOUNT", "100000")
    print_stand_ins()
    if sys.platform == "win32":
        # On Windows torch cannot be loaded any more once Qt is (pytorch issue 166628).
        import torch  # noqa: F401
    words = sys.argv[1:]
    opens = bool(words) and _opens(words[0])
    if opens and len(words) > 1:
        print("latentlab: the window opens one file or folder at a time.", file=sys.stderr)
        return 2
    if words and not opens:
        from latentlab.cli import run

        return run()
    from latentlab.app import main as open_app

    return open_app(*map(Path, words))


def _opens(word: str) -> bool:
    """Say whether a word is a path to open: a command comes before a file of its name."""
    from latentlab.cli import commands

    return word not in commands() and Path(word).exists()


if __name__ == "__main__":
    sys.exit(main())
