"""Results of a model as files: what the commands of the command line write."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from latentlab.api.images import data_config, save_images
from latentlab.atomic_write import write_atomically
from latentlab.data.own_image.crop import OwnImage, Preprocessing
from latentlab.data.own_image.preprocess import fit_picture, read_source
from latentlab.data.parts import TEST, TRAIN, VALIDATION
from latentlab.data.pixels import as_bytes
from latentlab.errors import RunError
from latentlab.explorer import report
from latentlab.explorer.codes.code_files import read_codes
from latentlab.explorer.data.other_data import show_data
from latentlab.explorer.files import synthetic
from latentlab.explorer.naming import (
    BACKGROUND_SAMPLE,
    background_hint,
    image_row,
    label_of,
)
from latentlab.latent.elbo_scores import check_has_elbo, elbo_scores
from latentlab.latent.ranking import Score
from latentlab.runs.terminal import show
from latentlab.session.export import format_of
from latentlab.session.files.provenance import FORMAT
from latentlab.session.files.scene import path_record
from latentlab.session.points import LatentPath
from latentlab.session.scores.anomalies import compare_sets, save_scores, with_eta
from latentlab.work import finish, with_progress

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from latentlab.api.model import Model
    from latentlab.explorer.naming import GivenLabel
    from latentlab.latent.ranking import Scores
    from latentlab.session.points import Point
    from latentlab.work import Progress


def write_samples(
    model: Model, out: Path, count: int, label: GivenLabel, seed: int, prior: str
) -> None:
    """Write samples as a grid, or as an animation; without a label the classes alternate."""
    chosen = label_of(model.card, label)
    images = model.sample(count, chosen, seed=seed, prior=prior)
    columns = min(count, max(8, round(count**0.5)))
    info = {"seed": seed, "label": chosen, "count": count, "prior": prior}
    shown = model.displayed(images)
    save_images(out, shown, columns=columns, gap=1, info=about_model(model, info))


def write_manifold(
    model: Model,
    out: Path,
    n: int,
    span: float,
    spacing: str,
    plane: tuple[int, int] | None,
    label: GivenLabel,
) -> None:
    """Write a decoded grid; `plane` holds dimensions counted from 1, None for the first two."""
    size, chosen = model.latent_dim, label_of(model.card, label, needed=True)
    across, up = plane or (1, min(2, size))
    if not all(1 <= dimension <= size for dimension in (across, up)):
        raise RunError(f"--plane {across} {up}: this model has dimensions 1 to {size}.")
    if across == up and size > 1:
        raise RunError(f"--plane {across} {up}: choose two different dimensions.")
    dimensions = (across - 1, up - 1)
    images = model.manifold(n, span, spacing=spacing, dimensions=dimensions, label=chosen)
    info = {"plane": (across, up), "span": span, "spacing": spacing, "label": chosen}
    save_images(out, model.displayed(images), info=about_model(model, info))


def write_path(model: Model, out: Path, start: str, end: str, steps: int, path: str) -> None:
    """Write the path between two images of the run's data, given by class name, file or row."""
    _ = model.explorer.images  # raises if there are none
    a, b = chosen_ends(model, start, end)
    labels = None if a.label is None or b.label is None else (a.label, b.label)
    images = model.interpolate(a.z, b.z, steps, path=path, labels=labels)
    info = {**path_info(a, b, steps), "way": path}
    shown = model.displayed(images)
    save_images(out, shown, columns=steps, gap=1, animation=True, info=about_model(model, info))


def path_info(a: Point, b: Point, steps: int) -> dict[str, Any]:
    """Return the recipe of a path, which brings it back as the path of the window."""
    route = path_record(LatentPath(a, b, steps))
    return {"z": a.z, "label": a.label, "route": route.model_dump(mode="json")}


def chosen_ends(model: Model, start: str, end: str) -> tuple[Point, Point]:
    """Return both end points; a missing one is chosen different from the other."""
    explorer = model.explorer
    _, ends, _ = explorer.start()

    def point(name: str) -> Point:
        return explorer.original(image_row(explorer, name)).point

    a, b = (point(name) if name else None for name in (start, end))
    if a and a == b:
        raise RunError(f"{start} and {end} are the same image.", "Choose two different ones.")
    if a is None:
        a = ends.a if b != ends.a else ends.b
    if b is None:
        b = ends.b if a != ends.b else ends.a
    return a, b


def encode_file(
    model: Model, picture: Path, label: GivenLabel, *, invert: bool = False, center: bool = False
) -> tuple[tuple[float, ...], str]:
    """Return the code of an image file after preprocessing, and a hint, which may be empty."""
    chosen = label_of(model.card, label, needed=True)
    own = OwnImage(read_source(picture), Preprocessing(invert=invert, center=center))
    explorer = model.explorer
    z = explorer.encode_own(own, chosen).point.z
    if not len(explorer.codes):
        return z, ""
    fitted = fit_picture(own.source, Preprocessing(invert=invert), model.spec)[None]
    images = explorer.images[:BACKGROUND_SAMPLE].images
    return z, background_hint(fitted, images, invert=invert)


def write_scores(
    model: Model,
    out: Path,
    draws: int,
    count: int | None,
    seed: int,
    against: Path | None = None,
) -> str:
    """Write the scores of all images of the run, or of the first `count`, as a table.

    With `against`, another file or folder of images, up to `KEPT_OF_RUN` images of the run and
    those are scored, and the attribute `SET_ATTRIBUTE` tells which image is of which set.

    Returns
    -------
    str
        Summary of what was scored; empty if interrupted with Ctrl-C.
    """
    explorer = model.explorer
    found: list[Scores] = []
    check_has_elbo(explorer.model)
    _ = explorer.images  # raises if there are none

    def work() -> Generator[Progress]:
        if against is not None:
            config = data_config(against, model.spec)
            yield from show_data(explorer, config, together=True)
        elif count is None or count > len(explorer.codes):
            yield from with_progress(explorer.show_all(), "Encoding all images")
        images = explorer.images[:count]
        pieces = elbo_scores(explorer.model, images, draws, seed)
        found.append((yield from with_eta(pieces, len(images))))

    if not show(work()):
        return ""
    codes, scored = explorer.codes, len(found[0])
    card = explorer.card
    assert card
    save_scores(found[0], out, codes=codes, class_names=card.spec.class_names)
    sentences = [compare_sets(found[0], by, codes, card) for by in Score]
    if against is not None:
        return "\n".join(filter(None, [card.note, *sentences]))
    parts = [] if codes.parts is None else codes.parts[:scored].tolist()
    split = f": {parts.count(VALIDATION):,} held out, {parts.count(TRAIN):,} learned from"
    split += f", {parts.count(TEST):,} for the test" if TEST in parts else ""
    counted = f"Scored {scored:,} of {card.images:,} images{split if parts else ''}."
    return "\n".join(filter(None, [counted, *sentences]))


def about_model(model: Model, info: dict[str, Any]) -> dict[str, Any]:
    """Return the recipe of a picture, which brings the model back when the picture is opened."""
    card = model.card
    return {
        "scene": FORMAT,
        "model": card.name,
        "weights": card.weights,
        "epoch": card.epoch,
        "recipe": card.recipe,
        **info,
    }


def write_report(model: Model, out: Path) -> bool:
    """Write the report of a run, with a progress bar; return False if interrupted with Ctrl-C."""
    return show(report.write_report(model.explorer, out))


def write_dataset(model: Model, out: Path, per_class: int, seed: int) -> bool:
    """Write a generated data set with a progress bar; return False if interrupted with Ctrl-C."""
    return show(synthetic.write_dataset(model.explorer, out, per_class, seed))


def write_codes(model: Model, out: Path, data: Path | None) -> str:
    """Write the codes of all images of the run, or of other data, and return a summary."""
    table = model.codes(data)
    table.save(out)
    return " ".join(filter(None, [f"Encoded {len(table):,} images.", table.note]))


def write_decoded(model: Model, codes: Path, out: Path, label: GivenLabel, obsm: str = "") -> None:
    """Decode the codes of a file into one image of all, an NPZ, or a folder of PNG files.

    A conditional model takes the labels of the file, or `label` for all; with several conditions
    only the latter. `obsm` names an embedding of an AnnData file.

    Raises
    ------
    LatentlabError
        If the codes do not fit the model, or `out` cannot be written.
    """
    found = finish(read_codes(codes, model.latent_dim, obsm))
    from_file = label is None and model.conditional and not model.spec.conditions
    labels = found.labels if from_file else label
    images = model.decode(found.z, None if labels is None else labels)
    info = about_model(model, {"codes": codes.name})
    if format_of(out) == "npz":
        content = io.BytesIO()
        np.savez(content, images=as_bytes(images), z=found.z)
        write_atomically(out, content.getvalue())
    elif out.suffix:
        save_images(out, model.displayed(images), gap=1, info=info)
    else:
        width = len(str(len(images)))
        for i, image in enumerate(model.displayed(images)):
            each = {**info, "z": found.z[i].tolist(), "row": i}
            save_images(out / f"{i:0{width}}.png", image[None], info=each)
