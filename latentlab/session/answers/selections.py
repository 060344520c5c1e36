"""Answers about the images that were chosen."""

from __future__ import annotations

from latentlab.session.answers.base import answer
from latentlab.session.explorer import Explorer
from latentlab.session.requests.files import Exported
from latentlab.session.requests.selections import SaveSelection
from latentlab.session.tables import save_selection


@answer.register
def _(request: SaveSelection, explorer: Explorer) -> Exported:
    save_selection(request.selection, request.codes, request.names, request.path)
    return Exported(request.path)
