"""Command line; the work is done by `latentlab.api` and `latentlab.runs`.

Each module defines some commands; importing it registers them.
"""

from __future__ import annotations

import sys

import typer

from latentlab.cli import images, metrics, models, rate_distortion, train  # noqa: F401 # they register their commands
from latentlab.cli.app import INTERRUPTED, app
from latentlab.errors import MEMORY_ADVICE, LatentlabError, RunError, is_out_of_memory
from latentlab.streams import fall_silent

__all__ = ["app", "commands", "run"]


def run() -> int:
    """Run the command line and return the exit status."""
    try:
        if "" in sys.argv:
            raise RunError("An argument is empty.", "Check the variables of your shell.")
        status = app(standalone_mode=False) or 0
        if sys.stdout is not None:
            sys.stdout.flush()
        return status
    except BrokenPipeError:
        # The reader has closed the pipe, as in `latentlab list | head -1`.
        fall_silent(sys.stdout)
        return 0
    except (LatentlabError, OSError) as error:
        print(f"latentlab: {error}", file=sys.stderr)
        return 2
    except typer.Exit as done:
        return done.exit_code
    except (typer.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except Exception as error:
        if is_out_of_memory(error):
            print(f"latentlab: There was not enough memory. {MEMORY_ADVICE}", file=sys.stderr)
            return 2
        # Usage errors of Typer have a `show` method.
        if not hasattr(error, "show"):
            raise
        error.show()
        return int(getattr(error, "exit_code", 2))
    finally:
        _report_broken_plugins()


def _report_broken_plugins() -> None:
    # Do not import `latentlab.config` only for this: it would slow down --help.
    if kinds := sys.modules.get("latentlab.config"):
        for problem in kinds.broken_plugins():
            print(f"latentlab: {problem}", file=sys.stderr)


def commands() -> frozenset[str]:
    """Return the names of all commands."""
    return frozenset(
        each.name or each.callback.__name__ for each in app.registered_commands if each.callback
    )
