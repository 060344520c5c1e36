"""``latentlab``: the window without a subcommand, the command line with one."""

import os
import sys
from pathlib import Path


def main() -> int:
    """Run latentlab; return the exit status."""
    # Threads of torch's that wait for each other keep a core busy meanwhile, for longer than there
    # is need: beside other programs a third of that made steps 1.6 times as fast, alone as fast.
    os.environ.setdefault("GOMP_SPINCOUNT", "100000")
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
