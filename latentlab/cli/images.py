"""Commands on images, codes and other files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from latentlab.cli.app import (
    INTERRUPTED,
    Json,
    Label,
    Obsm,
    Out,
    RunPath,
    Seed,
    app,
    load_model,
    path,
    print_json,
)
from latentlab.errors import RunError
from latentlab.session.export import TABLES, check_output
from latentlab.streams import say


@app.command()
def encode(
    run: RunPath,
    images: Annotated[
        Path | None,
        typer.Argument(
            help="An image file; with --out also a folder, ZIP, NPY, NPZ or table of images. "
            "Without it, all images of the run.",
            parser=path,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Table to write: one row per image, and what is known.", parser=path),
    ] = None,
    label: Label = None,
    invert: Annotated[
        bool, typer.Option("--invert", help="Invert the brightness, as for ink on paper.")
    ] = False,
    center: Annotated[
        bool,
        typer.Option("--center", help="Cut out a light drawing on dark and centre it as in MNIST."),
    ] = False,
) -> None:
    """Print the latent code of an image file, or write the codes of many images as a table."""
    from latentlab.api.files import encode_file, write_codes

    if out is not None:
        if invert or center or label is not None:
            raise RunError("--label, --invert and --center go with one image, without --out.")
        check_output(out, TABLES)
        print(write_codes(load_model(run, with_data=images is None), out, images))
        print(out)
        return
    if images is None:
        raise RunError("Give an image file, or --out to write the codes of all images of the run.")
    model = load_model(run, with_data=True)
    z, hint = encode_file(model, images, label, invert=invert, center=center)
    if hint:
        print(hint, file=sys.stderr)
    print(" ".join(f"{value:.5f}" for value in z))


@app.command()
def decode(
    run: RunPath,
    codes: Annotated[
        Path,
        typer.Argument(
            help="Table of codes (columns z1, z2, ...; label), or NPY or NPZ with z.", parser=path
        ),
    ],
    out: Annotated[
        Path, typer.Option(help="Image of all, NPZ, or a folder with one PNG each.", parser=path)
    ],
    label: Label = None,
    obsm: Obsm = "",
) -> None:
    """Decode latent codes of a file into images."""
    from latentlab.api.files import write_decoded

    write_decoded(load_model(run), codes, out, label, obsm)
    print(out)


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
    against: Annotated[
        Path | None,
        typer.Option(
            help="Other images: a folder, ZIP, NPZ or table. Both sets are scored and compared.",
            parser=path,
        ),
    ] = None,
) -> None:
    """Write the anomaly score of each image, its negative ELBO, to a table.

    With --against, tell how well each score separates other images from those of the run.
    """
    from latentlab.api.files import write_scores

    check_output(out, TABLES)
    if against is not None and count is not None:
        raise RunError("--count goes without --against.", "Leave one of them out.")
    model = load_model(run, with_data=True)
    summary = write_scores(model, out, samples, count, seed, against)
    if not summary:
        raise typer.Exit(INTERRUPTED)
    print(summary)
    print(out)


@app.command()
def info(
    file: Annotated[
        Path | None, typer.Argument(help="Any file or folder, or a model's name.", parser=path)
    ] = None,
    obsm: Obsm = "",
    json_: Json = False,
    system: Annotated[
        bool, typer.Option("--system", help="Tell versions, system and memory instead.")
    ] = False,
) -> None:
    """Tell what a file or folder is, whether it can be opened, and how it is understood."""
    if system == (file is not None):
        raise RunError("Give either a file or folder, or --system.")
    if file is None:
        print_system(json_=json_)
        return
    from latentlab.api.info import info as describe

    found = describe(file, obsm=obsm)
    print_json(found.to_dict()) if json_ else say(str(found))
    if not found.opens:
        raise typer.Exit(1)


def print_system(*, json_: bool) -> None:
    """Print versions, system, memory, and the device that trains."""
    from latentlab.learning.fast.device import device_name, pick_device
    from latentlab.system_info import system_info

    found = {**system_info(), "Device": device_name(pick_device())}
    if json_:
        print_json(found)
        return
    for name, value in found.items():
        say(f"{name}: {value}")
