"""Answers about the runs there are."""

from __future__ import annotations

from dataclasses import replace

from latentlab.learning.events import Portrait
from latentlab.session.answers.base import answer
from latentlab.session.explorer import Explorer
from latentlab.session.replay import read_portrait
from latentlab.session.reports import Compared, Entry
from latentlab.session.requests.runs import (
    Compare,
    Discard,
    Discarded,
    ListLibrary,
    ReadMoment,
    Rename,
    Restore,
    Restored,
    Trash,
)
from latentlab.session.runs import compare, discard, library, rename, restore, run_name, trash


@answer.register
def _(request: ListLibrary, explorer: Explorer) -> tuple[Entry, ...]:
    return library()


@answer.register
def _(request: Discard, explorer: Explorer) -> Discarded:
    name = run_name(request.folder)
    return Discarded(name, discard(request.folder))


@answer.register
def _(request: Restore, explorer: Explorer) -> Restored:
    folder = restore(request.folder)
    return Restored(run_name(folder), folder)


@answer.register
def _(request: ReadMoment, explorer: Explorer) -> Portrait:
    return read_portrait(request.folder, request.epoch)


@answer.register
def _(request: Compare, explorer: Explorer) -> tuple[Compared, ...]:
    return compare(request.folders)


@answer.register
def _(request: Rename, explorer: Explorer) -> str:
    rename(request.folder, request.name)
    name, card = run_name(request.folder), explorer.card
    if card and card.source == request.folder.resolve():
        explorer.card = replace(card, name=name)
    return name


@answer.register
def _(request: Trash, explorer: Explorer) -> None:
    trash(request.folder)
