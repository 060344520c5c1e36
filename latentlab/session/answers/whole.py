"""The answer with all codes of a data set."""

from __future__ import annotations

from collections.abc import Generator

from latentlab.data.base import Loading
from latentlab.session.answers.base import answer
from latentlab.session.explorer import Explorer
from latentlab.session.requests.whole import ShowAll, Whole


@answer.register
def _(request: ShowAll, explorer: Explorer) -> Generator[Loading, None, Whole | None]:
    pieces = explorer.show_all()
    total = explorer.card.images if explorer.card else 0
    while True:
        try:
            share = next(pieces)
        except StopIteration as done:
            return None if done.value is None else Whole(done.value)
        yield Loading(f"Encoding all {total:,} images", share)
