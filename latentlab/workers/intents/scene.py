"""Saving and restoring scenes, and keeping the session for the case of a crash."""

from __future__ import annotations

import os
from operator import is_
from typing import TYPE_CHECKING

from PySide6.QtCore import QLockFile

from latentlab.directories import home
from latentlab.errors import LatentlabError
from latentlab.session.bookmarks import ReadBookmarks
from latentlab.session.directions import ReadDirections
from latentlab.session.files.scene import (
    AddMarks,
    FoundScene,
    KeepSession,
    ReadScene,
    SaveScene,
    Scene,
    layout_to_compute,
    restored,
    scene_of,
)
from latentlab.session.model import EncodeFile

if TYPE_CHECKING:
    from pathlib import Path

    from latentlab.session.state import State
    from latentlab.workers.demand import Demand
    from latentlab.workers.intents.map import MapIntents
    from latentlab.workers.intents.runs import RunIntents
    from latentlab.workers.intents.undo import Undo
    from latentlab.workers.intents.workspace import WorkspaceIntents
    from latentlab.workers.store import Store

SESSIONS = "sessions"
"""Folder of the scenes of running windows."""


class SceneIntents:
    """Actions on scenes.

    Parameters
    ----------
    store, demand, undo : Store, Demand, Undo
        Those of the controller.
    map_, runs, workspaces : MapIntents, RunIntents, WorkspaceIntents
        Compute the layout, open the model and show the workspace of a scene.
    """

    def __init__(
        self,
        store: Store,
        demand: Demand,
        undo: Undo,
        map_: MapIntents,
        runs: RunIntents,
        workspaces: WorkspaceIntents,
    ) -> None:
        self._store, self._demand, self._undo = store, demand, undo
        self._map, self._runs, self._workspaces = map_, runs, workspaces
        self._pending: FoundScene | None = None
        self._lock: QLockFile | None = None
        self._kept: Scene | None = None
        self._seen: tuple[object, ...] = ()
        """Parts of the state from which the last scene was built."""
        runs.on_open = self._drop_pending
        demand.on(ReadScene, self._on_found, failed=self._on_damaged)
        demand.on(AddMarks, self._on_marks)
        demand.on(KeepSession, self._on_kept)

    def save(self, path: Path) -> None:
        """Write the present scene to a file."""
        self._store.dismiss_failure()
        if scene := scene_of(self._store.state):
            self._demand.ask(SaveScene(scene, path))

    def look_for(self, path: Path, *, is_needed: bool = False) -> None:
        """Look for a scene in a file; the window then offers it. Refuse none if `is_needed`."""
        self._store.put(ReadScene, None)
        self._demand.withdraw(ReadScene)
        self._demand.ask(ReadScene(path, is_needed))

    def _on_found(self, request: ReadScene, found: FoundScene) -> None:
        self._store.put(ReadScene, found)
        if found.scene is None and request.is_needed:
            self._store.refuse(
                f"{request.path.name} carries no scene.",
                "Only files that latentlab has saved carry one. Open images as .png.",
            )

    def _on_damaged(self, request: ReadScene) -> None:
        """Forget a session that cannot be read, which would otherwise fail at each start."""
        if self.is_session(request.path):
            self.forget_session(request.path)

    def restore(self, found: FoundScene) -> None:
        """Restore a scene; open its model first if it is another one."""
        scene, model = found.scene, self._store.state.model
        if scene is None:
            return
        is_open = model is not None and (
            (scene.weights and model.weights == scene.weights)
            or ((model.source or model.file) == found.model and model.obsm == scene.obsm)
        )
        if is_open:
            self._apply(found)
        elif found.model is None:
            name = scene.model or "of the scene"
            self._store.refuse(
                f"The model {name} is not on this machine.",
                "Copy its run folder here, open it, and then open the scene again.",
            )
        else:
            self._runs.open(found.model, obsm=scene.obsm)
            self._pending = found

    def continue_restoring(self, path: Path, *, failed: bool) -> None:
        """Restore the scene that waits for the model at a path, which was opened or failed."""
        pending = self._pending
        if pending is None or pending.model != path:
            return
        self._drop_pending()
        if not failed:
            self._apply(pending)

    def _drop_pending(self) -> None:
        """Forget the scene that waits for its model; it must not be applied to another one."""
        self._pending = None

    def _apply(self, found: FoundScene) -> None:
        scene, state = found.scene, self._store.state
        if scene is None:
            return
        try:
            changes = restored(scene, state)
        except LatentlabError as error:
            self._store.refuse(error.message, error.advice)
            return
        # The picture of the scene is encoded too, which would then replace z.
        self._store.set(**changes, preview=None, **self._demand.withdrawn(EncodeFile))
        self._undo.remember()
        if layout := layout_to_compute(scene):
            self._map.lay_out(layout)
        if state.model and (scene.bookmarks or scene.directions):
            self._demand.ask(AddMarks(state.model, scene))
        if scene.workspace:
            self._workspaces.go(scene.workspace)
        self._store.say(found.note or "The scene is back")
        if self.is_session(found.path):
            self.forget_session(found.path)

    def _on_marks(self, _: AddMarks, added: tuple[int, int]) -> None:
        """Read the bookmarks and directions again, which are now in their files."""
        for kind, count in zip((ReadBookmarks, ReadDirections), added, strict=True):
            if count:
                self._demand.withdraw(kind)
                self._demand.ask(kind())

    # The last session

    def last_session(self) -> Path | None:
        """Return the scene of a window that ended without closing, and keep one for this window.

        A lock tells which windows still run.
        """
        folder = home() / SESSIONS
        folder.mkdir(parents=True, exist_ok=True)
        crashed = [file for file in folder.glob("*.scene") if _is_abandoned(file)]
        self._lock = QLockFile(str(self._session.with_suffix(".lock")))
        self._lock.setStaleLockTime(0)
        self._lock.tryLock(0)
        return max(crashed, key=lambda file: file.stat().st_mtime, default=None)

    def is_session(self, path: Path) -> bool:
        """Return whether a file is the scene of an earlier window."""
        return path.parent == home() / SESSIONS and path != self._session

    def forget_session(self, path: Path) -> None:
        """Delete the scene of an earlier window."""
        self._demand.ask(KeepSession(None, path))

    def keep_session(self) -> None:
        """Write the present scene if it has changed, unless a run is in training."""
        state = self._store.state
        if self._lock is None or state.is_training:
            self._seen = ()
            return
        parts = _parts(state)
        if len(parts) == len(self._seen) and all(map(is_, parts, self._seen)):
            return  # building a scene takes a while, with many bookmarks or a large selection
        self._seen = parts
        scene = scene_of(state)
        if scene and scene != self._kept:
            self._kept = scene
            self._demand.submit(KeepSession(scene, self._session))

    def end_session(self) -> None:
        """Delete the scene of this window, which closes normally."""
        if self._lock is not None:
            self._demand.submit(KeepSession(None, self._session))
            self._lock.unlock()

    @property
    def _session(self) -> Path:
        return home() / SESSIONS / f"{os.getpid()}.scene"

    def _on_kept(self, _: KeepSession, __: None) -> None:
        """Do nothing: the user did not ask for this file."""


def _parts(state: State) -> tuple[object, ...]:
    """Return everything that `scene_of` reads."""
    marks = (state.answer(ReadBookmarks), state.answer(ReadDirections))
    arranged = (state.point, state.view, state.ends, state.grid, state.sampling)
    chosen = (state.selection, state.kept, state.workspace)
    return state.model, state.codes, *marks, *arranged, *chosen


def _is_abandoned(session: Path) -> bool:
    """Return whether the window of a session no longer runs; its lock is then removed."""
    lock = QLockFile(str(session.with_suffix(".lock")))
    lock.setStaleLockTime(0)
    if not lock.tryLock(0):
        return False
    lock.unlock()
    return True
