"""Command that measures rate and distortion of several runs."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 # Typer reads the annotations
from typing import Annotated

import typer

from latentlab.cli.app import INTERRUPTED, Json, app, path, print_json
from latentlab.session.export import check_output
from latentlab.session.scores.rate_distortion import FORMATS
from latentlab.streams import say


@app.command()
def rate_distortion(
    runs: Annotated[
        list[Path],
        typer.Argument(help="Run folders or names of runs, such as those of a sweep.", parser=path),
    ],
    out: Annotated[
        Path | None, typer.Option(help="Plot or table to write: .svg, .pdf, .csv.", parser=path)
    ] = None,
    images: Annotated[
        int | None,
        typer.Option(help="Measure on so many random images of the part.", min=1),
    ] = None,
    json_: Json = False,
) -> None:
    """Measure rate (KL) and distortion of runs on held-out images, with PCA as the baseline."""
    from latentlab.api import rate_distortion as api

    if out is not None:
        check_output(out, FORMATS)
    found = api.measure_with_progress(runs, images, quiet=json_)
    if found is None:
        raise typer.Exit(INTERRUPTED)
    if out is not None:
        api.write(out, found)
    if json_:
        print_json(api.plain(found))
        return
    for line in api.lines_of(found):
        say(line)
