"""``latentlab``: the window without a subcommand, the command line with one."""

import os
import sys
from pathlib import Path


def limit_spinning() -> None:
    """Have torch's threads wait for each other asleep; only before torch is loaded.

    They keep a core busy while they wait, by default for milliseconds: beside another program that
    wants the core, the thread they wait for then has none, and training takes up to thirty times
    as long.
    """
    os.environ.setdefault("GOMP_SPINCOUNT", "3000")  # on Linux, some dozens of microseconds
    os.environ.setdefault("KMP_BLOCKTIME", "1")  # elsewhere, milliseconds


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
