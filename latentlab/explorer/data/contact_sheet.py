"""Answers about the preview of the user's images before training.

Problems with the images are part of the answer, not exceptions.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from typing import TYPE_CHECKING, Any

import numpy as np

from latentlab.config import parse
from latentlab.data.files.archive import find_pictures, shown
from latentlab.data.files.decoding import decoder
from latentlab.data.files.image_file import check_head, in_bytes, notes_of
from latentlab.data.files.pages import find_pages
from latentlab.data.files.thread_map import in_parallel
from latentlab.data.image_set import ImageSpec
from latentlab.data.parts import Outline
from latentlab.data.sources.folder import FolderConfig, describe_pictures
from latentlab.errors import DataError, LatentlabError, counted
from latentlab.explorer.answer import answer
from latentlab.explorer.explorer import Explorer
from latentlab.session.import_.images import (
    CheckImageFiles,
    ContactSheet,
    HeaderCheck,
    ShowContactSheet,
)
from latentlab.work import Progress, in_thread, with_progress

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from latentlab.data.files.archive import Entry, Source
    from latentlab.data.files.image_file import Decoded
    from latentlab.data.sources.folder import Known

SAMPLE_IMAGES = 24
MAX_DECODED = 4 * SAMPLE_IMAGES
"""Maximum number of files to decode until `SHOWN` are readable."""
SEED = 0


@answer.register
def _(request: ShowContactSheet, explorer: Explorer) -> Generator[Progress, None, ContactSheet]:
    try:
        return (yield from contact_sheet(request.values))
    except LatentlabError as error:
        return ContactSheet(request.values, problem=str(error))


@answer.register
def _(request: CheckImageFiles, explorer: Explorer) -> Generator[Progress, None, HeaderCheck]:
    try:
        return (yield from check_image_headers(request.root))
    except DataError:
        return HeaderCheck(request.root, 0, ())  # the contact sheet reports the reason


def contact_sheet(values: Mapping[str, Any]) -> Generator[Progress, None, ContactSheet]:
    """Make a contact sheet of a folder or ZIP of images, read as a data set of kind ``folder``.

    Raises
    ------
    DataError
        If the images cannot be used.
    RecipeError
        If `values` are not a valid config of that kind.
    """
    config = parse(FolderConfig, values)
    with closing((yield from find_pictures(config.root))) as source:
        yield from find_pages(source)
        known = yield from describe_pictures(
            source, config.attributes, config.classes_from, config.split
        )
        dividing = in_thread(lambda: known.divide(source, config.split))
        division = yield from with_progress(dividing, "Dividing the images")
        rows, pictures, notes = yield from _some(source, known, config)
    labels, names, beside = known.labels, known.class_names, known.beside
    outline = Outline.of_parts(ImageSpec(config.frame.shape), division.parts)
    counts = np.bincount(labels, minlength=len(names)).tolist() if labels is not None else []
    return ContactSheet(
        values,
        pictures[:, 0] if pictures.shape[1] == 1 else np.moveaxis(pictures, 1, -1),
        tuple(shown(source.entries[known.rows[row]].name) for row in rows),
        () if labels is None else tuple(labels[rows].tolist()),
        len(known.rows),
        tuple(zip(names, counts, strict=True)),
        outline.counts,
        beside.name,
        beside.how,
        beside.attributes.names if beside.attributes else (),
        tuple(filter(None, (*known.notes, division.note, *notes))),
    )


def _some(
    source: Source, known: Known, config: FolderConfig
) -> Generator[Progress, None, tuple[list[int], NDArray[np.uint8], list[str]]]:
    """Decode a sample of images; return their rows sorted by class, their pixels, and notes."""
    wanted = _spread(known.labels, len(known.rows))[:MAX_DECODED].tolist()
    units = [(source.entries[known.rows[i]],) for i in wanted]
    found: dict[int, Decoded] = {}
    reason, tried = "", 0
    with closing(in_parallel(decoder(source, config.frame), units, chunk=1)) as work:
        for finished in work:
            for (entry,), outcome in finished:
                pixels = outcome if isinstance(outcome, DataError) else outcome[0]
                if isinstance(pixels, DataError):
                    reason = f"{shown(entry.name)}: {pixels.message}"
                else:
                    found[wanted[tried]] = pixels
                tried += 1
            yield Progress("Reading some images", min(1.0, len(found) / SAMPLE_IMAGES))
            if len(found) >= SAMPLE_IMAGES:
                break
    if not found:
        raise DataError(
            f"None of {counted(tried, 'image')} in {source.root} can be read: {reason}."
        )
    labels = known.labels
    rows = sorted(
        list(found)[:SAMPLE_IMAGES], key=lambda row: (0 if labels is None else labels[row], row)
    )
    some = [found[row] for row in rows]
    return rows, np.stack(in_bytes(some)), notes_of(some)


def _spread(labels: NDArray[np.int64] | None, count: int) -> NDArray[np.int64]:
    """Return rows in random order, alternating between classes if there are labels."""
    order = np.random.default_rng(SEED).permutation(count)
    if labels is None:
        return order
    mixed = labels[order]
    by_class = np.argsort(mixed, kind="stable")
    starts = np.searchsorted(mixed[by_class], mixed[by_class])
    turn = np.empty(count, np.int64)
    turn[by_class] = np.arange(count) - starts
    return order[np.argsort(turn, kind="stable")]


def check_image_headers(root: Path) -> Generator[Progress, None, HeaderCheck]:
    """Check the header of every image file, which finds most unreadable files.

    Raises
    ------
    DataError
        If there are no image files.
    """
    with closing((yield from find_pictures(root))) as source:
        skipped, done = list(source.skipped), 0

        def check(entry: Entry) -> None:
            with source.open(entry) as file:
                check_head(file)

        with closing(in_parallel(check, source.entries)) as work:
            for finished in work:
                for entry, outcome in finished:
                    if isinstance(outcome, DataError):
                        skipped.append((shown(entry.name), outcome.message))
                done += len(finished)
                yield Progress(f"Checking images: {done:,}", done / len(source.entries))
        return HeaderCheck(root, len(source.entries), tuple(skipped))
