"""The page of a report, from its template."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import tomli_w
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from latentlab import __version__
from latentlab.directories import resources
from latentlab.explorer.report.contents import PATH_STEPS, Contents, gather
from latentlab.explorer.report.figures import bars_svg, curves_svg, images_png, map_svg
from latentlab.runs.run_data import read_run_data
from latentlab.session.recipes import recipe_title
from latentlab.work import Progress

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from latentlab.explorer.explorer import Explorer

TEMPLATE = "report.html"
SAMPLE_COLUMNS = 16


def make_report(explorer: Explorer) -> Generator[Progress, None, str]:
    """Make the report of the open model as one HTML page without links to other files.

    Yields
    ------
    Progress
        What is computed.
    """
    contents = yield from gather(explorer)
    yield Progress("Writing the report", 0.95)
    # A class or file name is text from the user: the template escapes all but our drawings.
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    template = (resources() / TEMPLATE).read_text(encoding="utf-8")
    return environment.from_string(template).render(_values(contents, explorer))


def _values(found: Contents, explorer: Explorer) -> dict[str, Any]:
    card = found.card
    axes = found.plane.names
    codes = explorer.codes
    return {
        "version": __version__,
        "date": time.strftime("%Y-%m-%d"),
        "card": card,
        "title": recipe_title(card.recipe),
        "recipe": tomli_w.dumps(card.recipe),
        "data": _data(card.source) if card.source else {},
        "findings": found.log.findings,
        "metrics": found.metrics,
        "curves": Markup(curves_svg(found.log.curves)),
        "map": ""
        if found.xy is None
        else Markup(map_svg(found.xy, codes, card.spec.class_names, axes)),
        "kl": Markup(bars_svg(found.kl)) if found.kl is not None else "",
        "samples": images_png(found.samples, SAMPLE_COLUMNS),
        "manifold": images_png(found.manifold, found.manifold_side, 0),
        "plane": " and ".join(axes),
        "reconstructions": ""
        if found.reconstructions is None
        else images_png(found.reconstructions, len(found.reconstructions) // 2),
        "paths": images_png(found.paths, PATH_STEPS),
        "pairs": [
            (sheet.settings, images_png(sheet.tiles.pictures, sheet.tiles.columns))
            for sheet in found.pairs
        ],
        "traversals": ""
        if found.traversals is None
        else images_png(found.traversals, len(found.traversals) // len(found.traversed)),
        "traversed": found.traversed,
    }


def _data(folder: Path) -> dict[str, str]:
    """Return what is known of the data of a run, by name."""
    record = read_run_data(folder)
    if record is None:
        return {}
    return {"kind": record.kind, **{name: place.absolute for name, place in record.paths.items()}}
