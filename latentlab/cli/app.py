"""The command line application, and what its commands share."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from latentlab import __version__
from latentlab.directories import expanded
from latentlab.streams import say

if TYPE_CHECKING:
    from collections.abc import Generator

    from latentlab.api.model import Model

INTERRUPTED = 130
"""Exit status after Ctrl-C, by the convention of shells: 128 + SIGINT."""

app = typer.Typer(
    name="latentlab",
    help="A laboratory for the latent spaces of variational autoencoders. Without a command it "
    "opens the window.",
    no_args_is_help=False,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def path(text: str) -> Path:
    """Parse an argument and expand ``~``; Typer shows the name of this function in the help."""
    return expanded(Path(text))


RunPath = Annotated[
    Path,
    typer.Argument(
        help="A run folder, a checkpoint, the name of a run or of a shipped model, or a model of "
        "another program.",
        parser=path,
    ),
]
Out = Annotated[Path, typer.Option(help="File to write.", parser=path)]
Label = Annotated[
    str | None,
    typer.Option(
        help="Class by name or number, or conditions such as 'age=30, sex=female', for a "
        "conditional model."
    ),
]
AN_END = "Class name, file within the data set, or image row."
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for other programs.")]
Obsm = Annotated[
    str, typer.Option(help="Embedding of an .h5ad file that holds several; info lists them.")
]
Seed = Annotated[int, typer.Option(help="Same seed, same result.", min=-(2**31), max=2**31 - 1)]


def _version(wanted: bool) -> None:
    if wanted:
        print(f"latentlab {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Define the options common to all commands."""


def load_model(run: Path, *, with_data: bool = False) -> Model:
    """Load a model; with its data, print the notes about them to standard error."""
    from latentlab.api.model import load

    model = load(run)
    if model.note:
        print(model.note, file=sys.stderr)
    if with_data and (card := model.explorer.card) and card.note:
        print(card.note, file=sys.stderr)
    return model


def print_lines(lines: Generator[str, None, bool]) -> None:
    """Print each line; if the generator returns False, exit with the status of an interruption."""
    from latentlab.work import finish, mapped

    if not finish(mapped(lines, say)):
        from latentlab.runs.stop_signals import exit_status

        raise typer.Exit(exit_status())


def print_json(value: object) -> None:
    """Print a value as JSON; NaN and infinity, which JSON does not have, become null."""
    # Imported here: --help needs no pydantic.
    from pydantic_core import to_json

    say(to_json(value, indent=2, inf_nan_mode="null", fallback=str).decode())
