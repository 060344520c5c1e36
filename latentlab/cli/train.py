"""Commands that train models."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Annotated

import typer

from latentlab.cli.app import app, path, print_lines
from latentlab.errors import RunError


@app.command()
def train(
    recipes: Annotated[
        list[Path] | None,
        typer.Argument(help="Recipes to train.", parser=path),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Run folder to make; of several runs, their folder.", parser=path),
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="Change a value: training.epochs=11.")
    ] = None,
    sweep: Annotated[
        list[str] | None,
        typer.Option(
            help="Train once per value: objective.beta=0.5,1,4. Several sweeps are combined. On "
            "the CPU several runs train at once."
        ),
    ] = None,
    seeds: Annotated[
        int | None,
        typer.Option(help="Train once per seed; the results have mean and deviation.", min=1),
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option(help="Continue this run exactly where it stopped.", parser=path),
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(help="Epochs in all, with --resume.", min=1, max=100_000)
    ] = None,
) -> None:
    """Train with a progress bar; Ctrl-C stops and keeps the weights trained so far."""
    from latentlab.runs.batch_training import resume_run, train_all
    from latentlab.runs.stop_signals import handle_stop_signals

    # Before and after training; `latentlab.runs.terminal.show` stops a run without an exception.
    handle_stop_signals(signal.default_int_handler)
    if bool(recipes) == bool(resume):
        raise RunError("Give either recipes to train, or --resume RUN.")
    if resume and (out or settings or sweep or seeds):
        raise RunError("--resume cannot be combined with --out, --set, --sweep or --seeds.")
    if epochs is not None and not resume:
        raise RunError("--epochs goes with --resume.", "Without it, use --set training.epochs=N.")
    if resume:
        lines = resume_run(resume, epochs)
    else:
        changes = (*(settings or ()), *([f"training.seeds={seeds}"] if seeds else ()))
        lines = train_all(tuple(recipes or ()), out, changes, tuple(sweep or ()))
    print_lines(lines)


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Folder to fill.", parser=path)] = Path("demo"),
    epochs: Annotated[int, typer.Option(help="How long to train.", min=1)] = 20,
) -> None:
    """Train briefly on the bundled digits and export one image of every kind."""
    from latentlab.api.demo import demonstrate

    print_lines(demonstrate(out, epochs))


@app.command()
def relink(
    run: Annotated[Path, typer.Argument(help="Run folder, or the name of a run.", parser=path)],
    data: Annotated[
        Path, typer.Argument(help="Folder or file that holds its images now.", parser=path)
    ],
) -> None:
    """Point a run whose images have moved to them again, after comparing them with its record."""
    from latentlab.api.training import relink as link

    print(link(run, data))
