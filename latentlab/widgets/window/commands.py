"""Commands of the window: the actions of its menus and its panels, collected on request."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QMenu

from latentlab.glossary import read_words
from latentlab.widgets.window.view_menu import MAX_SHORTCUTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from PySide6.QtGui import QAction

    from latentlab.widgets.window.main_window import MainWindow

PANEL = "Panel"
TITLE_START, TITLE_WORDS, PATH_WORDS, TIP_WORDS = range(4)
"""Quality of a match, the best first."""


@dataclass(frozen=True, slots=True)
class Command:
    """Something that the window can do.

    Parameters
    ----------
    path : tuple of str
        Menus that lead to it.
    title : str
        Name on screen.
    run : callable
        Does it.
    tip : str
        What it does, in one sentence; may be empty.
    keys : str
        Shortcut, in the notation of the system; empty if there is none.
    enabled, checked : bool
        Whether it can be run now, and whether it is a setting that is on.
    """

    path: tuple[str, ...]
    title: str
    run: Callable[[], object] = field(repr=False, compare=False)
    tip: str = ""
    keys: str = ""
    enabled: bool = True
    checked: bool = False

    @property
    def name(self) -> str:
        """Path and title, such as ``Train > Pause``: unique in a window."""
        return " > ".join((*self.path, self.title))


def find_commands(window: MainWindow) -> list[Command]:
    """Return all panels of a window, and all actions of its menus as they are now."""
    found = [*_panels(window)]
    hiding = {dock.toggleViewAction(): dock for dock in window.docks.values()}
    for action, path in _actions(window.menuBar().actions(), ()):
        dock = hiding.get(action)
        title = f"Hide {dock.panel.title}" if dock else plain(action.text())
        if not dock or not dock.isHidden():
            found.append(_command(action, path, title, checked=action.isChecked() and not dock))
    return found


def find_terms(window: MainWindow) -> list[Command]:
    """Return a command for each entry of the glossary, which shows it."""
    look_up = window.menus.look_up
    return [
        Command(("Help", "Words"), word.term, partial(look_up, word.term), word.text)
        for word in read_words()
    ]


def rank_commands(
    commands: Iterable[Command], query: str, recent: Sequence[str] = ()
) -> list[Command]:
    """Return the commands that match a query, best matches first, then the most recently used.

    Each word of the query is the beginning of a word of the command's name or tip. If no command
    matches, the letters of the query must follow each other in the name: ``trps`` finds
    ``Train > Pause``.

    Parameters
    ----------
    commands : iterable of Command
        Commands to search.
    query : str
        What the user typed; empty for all commands.
    recent : sequence of str
        Names of the commands that were used, the last one first.
    """
    commands = list(commands)
    used = {name: index for index, name in enumerate(recent)}

    def rank(found: Command) -> tuple[int, int]:
        return _quality(found, query) or 0, used.get(found.name, len(used))

    matching = [each for each in commands if _quality(each, query) is not None]
    return sorted(matching or [each for each in commands if _is_scattered(query, each)], key=rank)


def plain(text: str) -> str:
    """Return the text of an action without the mark of its letter; see also `labels.literal`."""
    return re.sub("&(.)", r"\1", text)


def _panels(window: MainWindow) -> Iterator[Command]:
    contents = window.workspaces.contents()[:MAX_SHORTCUTS]
    keys = {key: _native(QKeySequence(f"Alt+{n}")) for n, key in enumerate(contents, 1)}
    for key in dict.fromkeys([*contents, *window.docks]):
        panel = window.docks[key].panel
        run = partial(window.show_panel, key)
        yield Command((PANEL,), panel.title, run, _first_sentence(panel.help), keys.get(key, ""))


def _actions(
    actions: Iterable[QAction], path: tuple[str, ...]
) -> Iterator[tuple[QAction, tuple[str, ...]]]:
    """Yield the actions of menus and their submenus, each with the menus that lead to it."""
    for action in actions:
        menu = action.menu()
        if isinstance(menu, QMenu):
            # Some menus are filled when they are shown.
            menu.aboutToShow.emit()
            yield from _actions(menu.actions(), (*path, plain(action.text())))
        elif action.isVisible() and not action.isSeparator():
            yield action, path


def _command(action: QAction, path: tuple[str, ...], title: str, *, checked: bool) -> Command:
    tip, keys = action.statusTip(), _native(action.shortcut())
    return Command(path, title, action.trigger, tip, keys, action.isEnabled(), checked)


def _first_sentence(text: str) -> str:
    """Return the first sentence of rich text, as plain text."""
    return re.split(r"(?<=[.?!])\s", re.sub(r"<[^>]*>", "", text))[0]


def _native(keys: QKeySequence) -> str:
    return keys.toString(QKeySequence.SequenceFormat.NativeText)


def _quality(command: Command, query: str) -> int | None:
    """Return how well a command matches; None if a word of the query is not found."""
    typed = _words(query)
    title = _words(command.title)
    if " ".join(title).startswith(" ".join(typed)):
        return TITLE_START
    if _begin(typed, title):
        return TITLE_WORDS
    if _begin(typed, _words(command.name)):
        return PATH_WORDS
    return TIP_WORDS if _begin(typed, _words(f"{command.name} {command.tip}")) else None


def _begin(typed: list[str], words: list[str]) -> bool:
    return all(any(word.startswith(start) for word in words) for start in typed)


def _is_scattered(query: str, command: Command) -> bool:
    """Return whether the name has the letters of the query in their order."""
    letters = iter(command.name.casefold())
    return all(letter in letters for letter in "".join(_words(query)))


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())
