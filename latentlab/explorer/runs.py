"""Answers about runs."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

from latentlab.explorer.answer import answer
from latentlab.explorer.explorer import Explorer
from latentlab.learning.events import EpochPreview
from latentlab.runs.library import compare, discard, library, rename, restore, run_name, trash
from latentlab.runs.notes import read_notes, write_notes
from latentlab.runs.portraits import read_epoch_preview
from latentlab.runs.run_data import relink
from latentlab.session.library.entries import (
    Discard,
    LibraryEntry,
    ListLibrary,
    MovedRun,
    Relink,
    Rename,
    Restore,
    Trash,
)
from latentlab.session.library.notes import Annotate, Notes
from latentlab.session.runs import Compare, ComparedRun, ReadEpochPreview
from latentlab.work import Progress


@answer.register
def _(request: ListLibrary, explorer: Explorer) -> tuple[LibraryEntry, ...]:
    return library()


@answer.register
def _(request: Discard, explorer: Explorer) -> MovedRun:
    name = run_name(request.folder)
    return MovedRun(name, discard(request.folder))


@answer.register
def _(request: Restore, explorer: Explorer) -> MovedRun:
    folder = restore(request.folder)
    return MovedRun(run_name(folder), folder)


@answer.register
def _(request: ReadEpochPreview, explorer: Explorer) -> EpochPreview:
    return read_epoch_preview(request.folder, request.epoch)


@answer.register
def _(request: Compare, explorer: Explorer) -> tuple[ComparedRun, ...]:
    return compare(request.folders)


@answer.register
def _(request: Rename, explorer: Explorer) -> str:
    rename(request.folder, request.name)
    name, card = run_name(request.folder), explorer.card
    if card and card.source == request.folder.resolve():
        explorer.card = replace(card, name=name)
    return name


@answer.register
def _(request: Annotate, explorer: Explorer) -> Notes:
    previous = read_notes(request.folder)
    write_notes(request.folder, request.notes)
    return previous


@answer.register
def _(request: Relink, explorer: Explorer) -> Generator[Progress, None, str]:
    return relink(request.folder, request.path)


@answer.register
def _(request: Trash, explorer: Explorer) -> None:
    trash(request.folder)
