"""The answer with all codes of a data set."""

from __future__ import annotations

from collections.abc import Generator

from latentlab.data.base import Loading, told
from latentlab.latent.codes import Codes
from latentlab.session.answers.base import answer
from latentlab.session.explorer import Explorer
from latentlab.session.requests.whole import ShowAll, ShowRest, Whole


@answer.register
def _(request: ShowAll, explorer: Explorer) -> Generator[Loading, None, Whole | None]:
    total = explorer.card.images if explorer.card else 0
    return _whole(explorer.show_all(), f"Encoding all {total:,} images")


@answer.register
def _(request: ShowRest, explorer: Explorer) -> Generator[Loading, None, Whole | None]:
    return _whole(explorer.show_rest(), "Encoding images")


def _whole(
    pieces: Generator[float, None, Codes | None], message: str
) -> Generator[Loading, None, Whole | None]:
    codes = yield from told(pieces, message)
    return None if codes is None else Whole(codes)
