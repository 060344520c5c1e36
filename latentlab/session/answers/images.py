"""Answers about pictures on disk; what is wrong with them is part of the answer."""

from __future__ import annotations

from collections.abc import Generator

from latentlab.data.base import Loading
from latentlab.errors import DataError, LatentlabError
from latentlab.session.answers.base import answer
from latentlab.session.contact import Checked, Contact, check_pictures, contact_sheet
from latentlab.session.explorer import Explorer
from latentlab.session.requests.images import CheckPictures, ShowPictures


@answer.register
def _(request: ShowPictures, explorer: Explorer) -> Generator[Loading, None, Contact]:
    try:
        return (yield from contact_sheet(request.values))
    except LatentlabError as error:
        return Contact(request.values, problem=str(error))


@answer.register
def _(request: CheckPictures, explorer: Explorer) -> Generator[Loading, None, Checked]:
    try:
        return (yield from check_pictures(request.root))
    except DataError:
        return Checked(request.root, 0, ())  # the other answer says why
