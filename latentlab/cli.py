"""Command line; the work is done by `latentlab.explorer.headless` and `latentlab.runs`."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from latentlab import __version__
from latentlab.directories import expanded
from latentlab.errors import LatentlabError, RunError
from latentlab.session.export import GRID_FORMATS, STEPS, TABLES, check_output
from latentlab.streams import fall_silent, say

if TYPE_CHECKING:
    from collections.abc import Generator

    from latentlab.explorer.headless import Lab

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
    Path, typer.Argument(help="A run folder, or the name of a shipped model.", parser=path)
]
Out = Annotated[Path, typer.Option(help="File to write.", parser=path)]
Label = Annotated[
    str | None, typer.Option(help="Class by name or number, for a conditional model.")
]
AN_END = "Class name, file within the data set, or image row."
Seed = Annotated[int, typer.Option(help="Same seed, same result.", min=-(2**31), max=2**31 - 1)]


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
    except MemoryError:
        print("latentlab: Not enough memory.", file=sys.stderr)
        return 2
    except typer.Exit as done:
        return done.exit_code
    except (typer.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except Exception as error:
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


def _lab(run: Path) -> Lab:
    """Open a model and print the notes about its data to standard error."""
    from latentlab.explorer.headless import Lab

    lab = Lab(run)
    if lab.card.note:
        print(lab.card.note, file=sys.stderr)
    return lab


def _print_lines(lines: Generator[str, None, bool]) -> None:
    """Print each line; exit with `INTERRUPTED` if the generator returns False."""
    while True:
        try:
            say(next(lines))
        except StopIteration as done:
            if not done.value:
                raise typer.Exit(INTERRUPTED) from None
            return


@app.command()
def train(
    recipes: Annotated[
        list[Path] | None,
        typer.Argument(help="Recipes, trained one after another.", parser=path),
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
            help="Train once per value: objective.beta=0.5,1,4. Several sweeps are combined."
        ),
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

    # Treat the SIGTERM of a job scheduler like Ctrl-C, so that the trained weights are saved.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if bool(recipes) == bool(resume):
        raise RunError("Give either recipes to train, or --resume RUN.")
    if resume and (out or settings or sweep):
        raise RunError("--resume cannot be combined with --out, --set or --sweep.")
    if epochs is not None and not resume:
        raise RunError("--epochs goes with --resume.", "Without it, use --set training.epochs=N.")
    if resume:
        lines = resume_run(resume, epochs)
    else:
        lines = train_all(tuple(recipes or ()), out, tuple(settings or ()), tuple(sweep or ()))
    _print_lines(lines)


@app.command("list")
def list_models() -> None:
    """List the shipped models and your runs."""
    from latentlab.runs.library import library

    entries = library()
    name = max(len(entry.name) for entry in entries)
    summary = max(len(entry.summary) for entry in entries)
    for entry in entries:
        print(f"{entry.name:<{name}}  {entry.summary:<{summary}}  {entry.path}")


@app.command()
def sample(
    run: RunPath,
    out: Out,
    count: Annotated[int, typer.Option(help="Number of images.", min=1, max=10_000)] = 64,
    label: Label = None,
    seed: Seed = 0,
) -> None:
    """Decode points drawn from the prior into an image; without --label, all classes in turn."""
    check_output(out, GRID_FORMATS)
    _lab(run).sample(out, count, label, seed)
    print(out)


@app.command()
def manifold(
    run: RunPath,
    out: Out,
    n: Annotated[int, typer.Option(help="Tiles along each side.", min=2, max=200)] = 20,
    span: Annotated[float, typer.Option(help="Reach, in σ of the prior.", min=0.1, max=100)] = 3.0,
    quantiles: Annotated[bool, typer.Option(help="Space by quantiles of the prior.")] = False,
    plane: Annotated[
        tuple[int, int] | None,
        typer.Option(help="Dimensions across and up, from 1; else the first two."),
    ] = None,
    label: Label = None,
) -> None:
    """Decode a grid over a plane of the latent space into an image."""
    check_output(out, GRID_FORMATS)
    _lab(run).manifold(out, n, span, quantiles, plane, label)
    print(out)


@app.command()
def interpolate(
    run: RunPath,
    out: Out,
    start: Annotated[str, typer.Option("--from", help=AN_END)] = "",
    end: Annotated[str, typer.Option("--to", help=AN_END)] = "",
    steps: Annotated[int, typer.Option(help="Images, ends included.", min=2, max=1000)] = 12,
    way: Annotated[
        str, typer.Option(help="straight, spherical, data (through codes) or geodesic.")
    ] = "straight",
) -> None:
    """Decode a path between two images into an animation (GIF, WebP) or a single image."""
    check_output(out, STEPS)
    _lab(run).interpolate(out, start, end, steps, way)
    print(out)


@app.command()
def encode(
    run: RunPath,
    picture: Annotated[Path, typer.Argument(help="An image file.", parser=path)],
    label: Label = None,
    invert: Annotated[
        bool, typer.Option("--invert", help="Invert the brightness, as for ink on paper.")
    ] = False,
    center: Annotated[
        bool,
        typer.Option("--center", help="Cut out a light drawing on dark and centre it as in MNIST."),
    ] = False,
) -> None:
    """Print the latent code of an image file."""
    lab = _lab(run)
    z = lab.encode(picture, label, invert=invert, center=center)
    if hint := lab.hint(picture, invert=invert):
        print(hint, file=sys.stderr)
    print(" ".join(f"{value:.5f}" for value in z))


@app.command()
def score(
    run: RunPath,
    out: Out = Path("scores.csv"),
    samples: Annotated[
        int, typer.Option(help="Draws from the posterior of each image.", min=1, max=10_000)
    ] = 50,
    count: Annotated[
        int | None, typer.Option(help="Only the first images; held-out ones come first.", min=1)
    ] = None,
    seed: Seed = 0,
) -> None:
    """Write the anomaly score of each image, its negative ELBO, to a CSV."""
    check_output(out, TABLES)
    summary = _lab(run).score(out, samples, count, seed)
    if not summary:
        raise typer.Exit(INTERRUPTED)
    print(summary)
    print(out)


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Folder to fill.", parser=path)] = Path("demo"),
    epochs: Annotated[int, typer.Option(help="How long to train.", min=1)] = 20,
) -> None:
    """Train briefly on the bundled digits and export one image of every kind."""
    from latentlab.explorer.headless import demonstrate

    _print_lines(demonstrate(out, epochs))
