"""``latentlab``: the window without a subcommand, the command line with one."""

import os
import sys
from pathlib import Path


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
    limit_spinning()
    if sys.platform == "win32":
        # On Windows torch cannot be loaded any more once Qt is (pytorch issue 166628).
        import torch  # noqa: F401
    if len(sys.argv) == 2 and Path(sys.argv[1]).exists():
        from latentlab.app import main as open_app

        return open_app(Path(sys.argv[1]))
    if len(sys.argv) > 1:
        from latentlab.cli import run

        return run()
    from latentlab.app import main as open_app

    return open_app()


if __name__ == "__main__":
    sys.exit(main())
