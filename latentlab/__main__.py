"""``latentlab``: the window without a subcommand, the command line with one."""

import multiprocessing
import os
import sys
from pathlib import Path

from latentlab.directories import expanded
from latentlab.streams import print_stand_ins


def limit_spinning() -> None:
    """Have threads that compute together wait for each other asleep, not busily.

    A thread that waits busily, as those of torch and numpy do for milliseconds, keeps a core from
    the one it waits for where another program wants a core too: training then takes up to thirty
    times as long. Only before torch and numpy are loaded; what the user has set stays.
    """
    os.environ.setdefault("GOMP_SPINCOUNT", "3000")  # torch on Linux: some dozen microseconds
    os.environ.setdefault("KMP_BLOCKTIME", "1")  # torch elsewhere: milliseconds
    os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "14")  # numpy: 2^14 cycles


def main() -> int:
    """Run latentlab; return the exit status."""
    multiprocessing.freeze_support()  # where a program of one file is started to train
    print_stand_ins()
    limit_spinning()
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

    return open_app(*(expanded(Path(word)) for word in words))


def _opens(word: str) -> bool:
    """Say whether a word is a path to open: a command comes before a file of its name."""
    from latentlab.cli import commands

    return word not in commands() and expanded(Path(word)).exists()


if __name__ == "__main__":
    sys.exit(main())
