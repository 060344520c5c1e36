"""Commands that list models and decode them into images."""

from __future__ import annotations

from dataclasses import asdict, fields
from pathlib import Path  # Typer reads the annotations
from typing import TYPE_CHECKING, Annotated, Any

import typer

from latentlab.cli.app import (
    AN_END,
    INTERRUPTED,
    Json,
    Label,
    Out,
    RunPath,
    Seed,
    app,
    load_model,
    path,
    print_json,
)
from latentlab.session.export import ANIMATIONS, GRID_FORMATS, STEPS, check_output
from latentlab.session.files.dataset import MAX_PER_CLASS
from latentlab.session.files.report import REPORTS

if TYPE_CHECKING:
    from latentlab.session.library.entries import LibraryEntry


@app.command("list")
def list_models(json_: Json = False) -> None:
    """List the shipped models and your runs."""
    from latentlab.runs.library import library

    entries = library()
    if json_:
        print_json([_plain(entry) for entry in entries])
        return
    name = max(len(entry.name) for entry in entries)
    summary = max(len(entry.summary) for entry in entries)
    for entry in entries:
        print(f"{entry.name:<{name}}  {entry.summary:<{summary}}  {entry.path}")


def _plain(entry: LibraryEntry) -> dict[str, Any]:
    """Return an entry as values for JSON, without its picture."""
    values = {
        each.name: getattr(entry, each.name) for each in fields(entry) if each.name != "thumbnail"
    }
    return {**values, "notes": asdict(entry.notes)}


@app.command()
def sample(
    run: RunPath,
    out: Out,
    count: Annotated[int, typer.Option(help="Number of images.", min=1, max=10_000)] = 64,
    label: Label = None,
    seed: Seed = 0,
    prior: Annotated[
        str,
        typer.Option(
            help="model: its own prior; standard: N(0, I); mixture: Gaussians fitted to the codes "
            "of the data."
        ),
    ] = "model",
) -> None:
    """Decode points drawn from the prior into an image; without --label, all classes in turn."""
    from latentlab.api.files import write_samples

    check_output(out, GRID_FORMATS)
    write_samples(load_model(run), out, count, label, seed, prior)
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
    from latentlab.api.files import write_manifold

    check_output(out, GRID_FORMATS)
    spacing = "quantile" if quantiles else "uniform"
    write_manifold(load_model(run), out, n, span, spacing, plane, label)
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
    from latentlab.api.files import write_path

    check_output(out, STEPS)
    write_path(load_model(run, with_data=True), out, start, end, steps, way)
    print(out)


@app.command()
def report(run: RunPath, out: Out = Path("report.html")) -> None:
    """Write a report of a run: one web page with all figures, which also prints well."""
    from latentlab.api.files import write_report

    check_output(out, REPORTS)
    if not write_report(load_model(run, with_data=True), out):
        raise typer.Exit(INTERRUPTED)
    print(out)


@app.command()
def export(
    run: RunPath,
    out: Annotated[
        Path,
        typer.Option(
            help="Folder for encoder.onnx, decoder.onnx and model.toml; or a file ending in .onnx "
            "(one part) or .safetensors (the weights).",
            parser=path,
        ),
    ],
    half: Annotated[
        bool, typer.Option("--half", help="Store the weights in half precision.")
    ] = False,
    part: Annotated[
        str, typer.Option(help="Part that an ONNX file holds: decoder or encoder.")
    ] = "decoder",
) -> None:
    """Write a model for other programs: ONNX, compared with torch, or safetensors."""
    load_model(run).export(out, half=half, part=part)
    print(out)


@app.command()
def film(
    run: RunPath,
    out: Out,
    of: Annotated[
        str, typer.Option(help="interpolation, traversal (each dimension) or training (epochs).")
    ] = "interpolation",
    start: Annotated[str, typer.Option("--from", help=AN_END)] = "",
    end: Annotated[str, typer.Option("--to", help=AN_END)] = "",
    steps: Annotated[int, typer.Option(help="Images of a path or of each dimension.")] = 24,
    way: Annotated[
        str, typer.Option(help="straight, spherical, data (through codes) or geodesic.")
    ] = "straight",
    scale: Annotated[int, typer.Option(help="Size: enlarges each pixel to a square.")] = 4,
    fps: Annotated[float | None, typer.Option(help="Images per second.")] = None,
    loop: Annotated[
        str | None, typer.Option(help="back (there and back), round (from the start) or once.")
    ] = None,
) -> None:
    """Write a film (GIF, WebP, MP4) of a path, of a traversal or of the training."""
    from latentlab.api.films import film as pieces_of
    from latentlab.runs.terminal import show

    check_output(out, ANIMATIONS)
    model = load_model(run, with_data=True)
    source = (of, start, end, steps, way)
    if not show(pieces_of(model, out, *source, scale=scale, fps=fps, loop=loop)):
        raise typer.Exit(INTERRUPTED)
    print(out)


@app.command()
def dataset(
    run: RunPath,
    out: Annotated[
        Path,
        typer.Option(
            help="New or empty folder, or a file ending in .npz (arrays) or .zip.", parser=path
        ),
    ],
    per_class: Annotated[
        int,
        typer.Option(
            help="Images of each class; in all without classes.", min=1, max=MAX_PER_CLASS
        ),
    ] = 100,
    seed: Seed = 0,
) -> None:
    """Write generated images as a data set, with a table of their labels and codes."""
    from latentlab.api.files import write_dataset

    if not write_dataset(load_model(run), out, per_class, seed):
        raise typer.Exit(INTERRUPTED)
    print(out)
