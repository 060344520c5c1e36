"""Answers about the open model beside a second one."""

from __future__ import annotations

from collections.abc import Generator

from latentlab.data.base import Loading
from latentlab.errors import DataError, LatentlabError, RunError
from latentlab.session.answers.base import answer
from latentlab.session.comparing import Comparison, why_no_image, why_no_point
from latentlab.session.explorer import Explorer
from latentlab.session.requests.compare import (
    LinkImage,
    LinkPoint,
    OpenSecond,
    ShowColumns,
    Summarise,
)
from latentlab.session.second import (
    Second,
    columns,
    link_image,
    link_point,
    noted,
    open_second,
    summarise,
)
from latentlab.session.workshop import channels_first


@answer.register
def _(request: OpenSecond, explorer: Explorer) -> Comparison | None:
    if request.path is None:
        explorer.second = None
        return None
    try:
        return open_second(explorer, request.path)
    except LatentlabError as error:
        return Comparison(request.path, problem=str(error))


@answer.register
def _(request: LinkPoint, explorer: Explorer) -> Comparison:
    second = _second(explorer)
    if explorer.card is None or why_no_point(explorer.card, second.card):
        return second.known
    return noted(second, twins=link_point(explorer, second, request.point, request.label))


@answer.register
def _(request: LinkImage, explorer: Explorer) -> Generator[Loading, None, Comparison]:
    second, original = _second(explorer), request.original
    if explorer.card is None or why_no_image(explorer.card, second.card):
        return second.known
    if channels_first(original.picture).shape != explorer.card.spec.shape:
        return second.known
    judgement = yield from link_image(explorer, second, original, request.label, request.samples)
    return noted(second, judgement=judgement)


@answer.register
def _(request: ShowColumns, explorer: Explorer) -> Comparison:
    second, count = _second(explorer), len(explorer.images)
    if explorer.card is None or why_no_image(explorer.card, second.card):
        return second.known
    if request.rows and not 0 <= min(request.rows) <= max(request.rows) < count:
        raise DataError(f"There are only {count:,} images on the map.")
    return noted(second, columns=columns(explorer, second, request.rows))


@answer.register
def _(request: Summarise, explorer: Explorer) -> Generator[Loading, None, Comparison]:
    second = _second(explorer)
    if explorer.card is None or why_no_image(explorer.card, second.card):
        return second.known
    found = yield from summarise(explorer, second, request.images, request.samples, request.seed)
    return noted(second, summary=found)


def _second(explorer: Explorer) -> Second:
    if explorer.second is None:
        raise RunError("There is no second model to compare with.", "Choose one under Compare.")
    return explorer.second
