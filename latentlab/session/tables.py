"""Chosen images as a table that other programs read."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from latentlab.files import write_atomically

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from latentlab.latent.codes import Codes
    from latentlab.session.selections import Selection


def save_selection(selection: Selection, codes: Codes, names: Sequence[str], path: Path) -> None:
    """Write row, label and class, attributes, and z of each selected image as CSV.

    Raises
    ------
    RunError
        Where the file cannot be written.
    """
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    attributes = codes.attributes.names if codes.attributes else ()
    size = codes.mu.shape[1]
    table.writerow(["row", "label", "class", *attributes, *(f"z{d + 1}" for d in range(size))])
    for row in selection.rows.tolist():
        label = None if codes.labels is None else int(codes.labels[row])
        known = label is not None and 0 <= label < len(names)
        named = [
            "" if label is None else label,
            names[label] if label is not None and known else "",
        ]
        values = [] if codes.attributes is None else codes.attributes.told(row)
        table.writerow([row, *named, *values, *(f"{z:.7g}" for z in codes.mu[row].tolist())])
    write_atomically(path, text.getvalue().encode())
