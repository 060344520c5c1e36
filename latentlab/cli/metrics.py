"""Command that measures metrics."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 # Typer reads the annotations
from typing import Annotated

import typer

from latentlab.cli.app import INTERRUPTED, Json, app, load_model, path, print_json
from latentlab.errors import RunError
from latentlab.session.export import check_output
from latentlab.streams import say


@app.command()
def metrics(
    run: Annotated[
        Path | None,
        typer.Argument(help="A run folder, a checkpoint, or the name of a run.", parser=path),
    ] = None,
    metric: Annotated[
        list[str] | None, typer.Option(help="Metric to measure, several times; else all.")
    ] = None,
    k: Annotated[
        int, typer.Option(help="Draws per image of the log-likelihood.", min=1, max=5000)
    ] = 200,
    images: Annotated[
        int | None,
        typer.Option(help="Measure on so many random images of the part.", min=1),
    ] = None,
    split: Annotated[
        str, typer.Option(help="test or validation; else test images if there are any.")
    ] = "",
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="Setting of a metric: fid.samples=5000, several times."),
    ] = None,
    json_: Json = False,
    csv: Annotated[
        Path | None, typer.Option("--csv", help="Table to write, one row per number.", parser=path)
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="List all metrics.")] = False,
) -> None:
    """Measure a run on held-out images: likelihood, samples, disentanglement and others."""
    from latentlab.api import metrics as api

    if list_:
        cards = api.metric_cards()
        lines = (f"{each['kind']:<20}  {each['sentence']}" for each in cards)
        print_json(cards) if json_ else say("\n".join(lines))
        return
    if run is None:
        raise RunError("Give a run, or --list for the metrics.")
    if csv is not None:
        check_output(csv, ("csv",))
    values = api.settings_of(settings or (), k)
    names = tuple(metric) if metric else None
    found = api.measure_with_progress(
        load_model(run, with_data=True), names, values, images, split, quiet=json_
    )
    if found is None:
        raise typer.Exit(INTERRUPTED)
    if csv is not None:
        api.write_measurements(csv, found)
    if json_:
        print_json(api.plain(found))
        return
    for line in api.lines_of(found):
        say(line)
