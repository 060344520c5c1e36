"""``latentlab``: the window without a subcommand, the command line with one."""

import sys
from pathlib import Path


def main() -> int:
    """Run latentlab; return the exit status."""
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
