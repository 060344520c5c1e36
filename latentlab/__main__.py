"""Entry point: opens the window without a subcommand, runs the command line with one."""

import multiprocessing
import os
import sys
from pathlib import Path

from latentlab.directories import check_home, expanded
from latentlab.errors import RunError
from latentlab.log_file import start_logging
from latentlab.streams import print_stand_ins


def limit_threads() -> None:
    """Give numpy one thread, and let those of torch spin for a short time before they sleep.

    By default they spin for milliseconds. If another program also needs a core, a spinning thread
    blocks the thread that it waits for, and training takes up to thirty times as long. numpy waits
    for its threads with the interpreter's lock: beside a run, the product of a few codes stopped
    the window for 50 ms. Must run before torch and numpy are imported; variables that are already
    set are kept.
    """
    os.environ.setdefault("GOMP_SPINCOUNT", "3000")  # torch on Linux: some dozen microseconds
    os.environ.setdefault("KMP_BLOCKTIME", "1")  # torch elsewhere: milliseconds
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy


def main() -> int:
    """Run latentlab and return the exit status."""
    multiprocessing.freeze_support()  # the one-file program starts itself as the training process
    print_stand_ins()
    limit_threads()
    try:
        check_home()
    except RunError as error:
        print(f"latentlab: {error}", file=sys.stderr)
        return 2
    start_logging()
    if sys.platform == "win32":
        # On Windows torch must be imported before Qt (pytorch issue 166628).
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
    """Return whether an argument is an existing path; command names take precedence."""
    from latentlab.cli import commands

    return word not in commands() and expanded(Path(word)).exists()


if __name__ == "__main__":
    sys.exit(main())
