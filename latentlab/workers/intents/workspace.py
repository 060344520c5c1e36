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

    def begin(self, key: str) -> None:
        """Show a workspace and forget the visited ones."""
        self._store.set(workspaces=(key,))

    def go(self, key: str) -> None:
        """Show a workspace."""
        visits = self._store.state.workspaces
        if visits[-1] != key:
            self._store.set(workspaces=(*visits, key)[-MAX_VISITS:])

    def offer(self, key: str) -> None:
        """Show a workspace, unless a lesson shows its own panels."""
        if self._store.state.workspace != "learn" or self._store.state.lesson is None:
            self.go(key)

    def forget(self, key: str) -> None:
        """Remove a deleted workspace from the visited ones; show the one before it."""
        visits = tuple(visit for visit in self._store.state.workspaces if visit != key)
        self._store.set(workspaces=visits or ("explore",))

    def back(self) -> None:
        """Show the workspace that was shown before."""
        visits = self._store.state.workspaces
        if len(visits) > 1:
            self._store.set(workspaces=visits[:-1])
