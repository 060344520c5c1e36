"""Workspaces: which one is shown, and the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from latentlab.workers.store import Store

MAX_VISITS = 20


class WorkspaceIntents:
    """Switches between workspaces; each is a key of `widgets.window.layout.WORKSPACES` or a name.

    Parameters
    ----------
    store : Store
        Holds the visited workspaces.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def go(self, key: str) -> None:
        """Show a workspace."""
        visits = self._store.state.workspaces
        if visits[-1] != key:
            self._store.set(workspaces=(*visits, key)[-MAX_VISITS:])

    def back(self) -> None:
        """Show the workspace that was shown before."""
        visits = self._store.state.workspaces
        if len(visits) > 1:
            self._store.set(workspaces=visits[:-1])
