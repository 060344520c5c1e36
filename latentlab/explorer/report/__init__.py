"""Report of a run: one self-contained HTML page."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

from latentlab.explorer.answer import answer
from latentlab.explorer.explorer import Explorer
from latentlab.session.export import check_output
from latentlab.session.files.report import REPORTS, SaveReport
from latentlab.session.request import Exported
from latentlab.work import Progress

__all__ = ["write_report"]


def write_report(explorer: Explorer, path: Path) -> Generator[Progress, None, None]:
    """Write the report of the open model.

    Raises
    ------
    RunError
        If the file cannot be written, or its ending is not that of HTML.
    """
    # Importing matplotlib takes half a second, and few sessions write a report.
    from latentlab.atomic_write import write_atomically
    from latentlab.explorer.report.page import make_report

    check_output(path, REPORTS)
    page = yield from make_report(explorer)
    write_atomically(path, page.encode())


@answer.register
def _(request: SaveReport, explorer: Explorer) -> Generator[Progress, None, Exported]:
    yield from write_report(explorer, request.path)
    return Exported(request.path)
