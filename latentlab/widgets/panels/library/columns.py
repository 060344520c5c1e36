"""Columns of the table of runs."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from latentlab.session.library.entries import LibraryEntry

    Key = str | float | None


@dataclass(frozen=True, slots=True)
class Column:
    """Column of the table of runs.

    Parameters
    ----------
    title, tip : str
        Header and its tooltip.
    text : callable
        Text of an entry.
    key : callable
        Sort key of an entry; None is last in both orders.
    width : int
        Initial width in pixels.
    is_number : bool
        Whether the text is aligned to the right.
    is_rare : bool
        Whether the column is hidden while it is empty.
    """

    title: str
    tip: str
    text: Callable[[LibraryEntry], str]
    key: Callable[[LibraryEntry], Key]
    width: int
    is_number: bool = False
    is_rare: bool = False


def _number(
    title: str, tip: str, value: Callable[[LibraryEntry], float | None], width: int = 70
) -> Column:
    def text(entry: LibraryEntry) -> str:
        number = value(entry)
        return "" if number is None else f"{number:.1f}"

    return Column(
        title, f"{tip}, in nats per image. Validation images, last epoch.", text, value, width, True
    )


def date_text(entry: LibraryEntry) -> str:
    """Return the start of a run, with the year if it is not the present one."""
    if entry.started is None:
        return ""
    moment = time.localtime(entry.started)
    is_this_year = moment.tm_year == time.localtime().tm_year
    return time.strftime("%d %b %H:%M" if is_this_year else "%d %b %Y", moment)


def _text(title: str, tip: str, text: Callable[[LibraryEntry], str], width: int) -> Column:
    return Column(title, tip, text, lambda entry: text(entry).casefold() or None, width)


COLUMNS = (
    _text("Name", "Name of the run, its model and data set. F2 renames it.", lambda e: e.name, 240),
    _text(
        "Differs in",
        "Values of its recipe that most runs of the same model and data set do not share.",
        lambda entry: entry.differences,
        118,
    ),
    _number(
        "−ELBO, nats",
        "Reconstruction + KL, at any beta. Compare only runs of the same data set and "
        "likelihood; grey ones differ from the open model. Lower is better",
        lambda entry: entry.negative_elbo,
        104,
    ),
    _number("KL", "KL(q(z|x) ‖ p(z)): how much the code says about the image", lambda e: e.rate),
    _number(
        "Reconstruction",
        "−log p(x|z): how much of the image its code leaves open",
        lambda entry: entry.distortion,
        120,
    ),
    Column(
        "Test",
        "Loss of the test images, in nats per image, of the last epoch.",
        lambda entry: "" if entry.test is None else f"{entry.test:.1f}",
        lambda entry: entry.test,
        70,
        is_number=True,
        is_rare=True,
    ),
    Column(
        "Over seeds",
        "Mean ± standard deviation of the loss over finished runs that differ in their seed only, "
        "and their number.",
        lambda entry: str(entry.over_seeds or ""),
        lambda entry: entry.over_seeds.mean if entry.over_seeds else None,
        112,
        is_number=True,
        is_rare=True,
    ),
    Column("Date", "When its training began.", date_text, lambda entry: entry.started, 96),
    _text(
        "Tags",
        "Your tags, separated by commas. Double-click to edit them.",
        lambda entry: entry.notes.tags_text,
        112,
    ),
    _text(
        "Notes",
        "Your notes, kept with the run. Double-click to edit them.",
        lambda entry: entry.notes.text,
        160,
    ),
)
NAME, DIFFERENCES, ELBO, DATE, TAGS, NOTES = 0, 1, 2, 7, 8, 9
"""Positions in `COLUMNS`."""
RARE = frozenset(i for i, column in enumerate(COLUMNS) if column.is_rare)
"""Positions of columns that are hidden while they are empty."""
EDITED_IN_PLACE = (TAGS, NOTES)
