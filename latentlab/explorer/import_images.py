"""Answers about pictures on disk; what is wrong with them is part of the answer."""

from __future__ import annotations

from collections.abc import Generator

from latentlab.errors import DataError, LatentlabError
from latentlab.explorer.answer import answer
from latentlab.explorer.explorer import Explorer
from latentlab.session.import_images import (
    Checked,
    CheckPictures,
    Contact,
    ShowPictures,
    check_pictures,
    contact_sheet,
)
from latentlab.work import Progress


@answer.register
def _(request: ShowPictures, explorer: Explorer) -> Generator[Progress, None, Contact]:
    try:
        return (yield from contact_sheet(request.values))
    except LatentlabError as error:
        return Contact(request.values, problem=str(error))


@answer.register
def _(request: CheckPictures, explorer: Explorer) -> Generator[Progress, None, Checked]:
    try:
        return (yield from check_pictures(request.root))
    except DataError:
        return Checked(request.root, 0, ())  # the other answer says why
