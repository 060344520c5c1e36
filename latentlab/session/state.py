"""Application state as one frozen record: no torch, no Qt.

``State`` is a snapshot of everything on screen. Only the store replaces it; panels render what
changed. All arrays are read-only by convention.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, cast

from latentlab.session.directions import Groups
from latentlab.session.lessons.lesson import ReadLesson
from latentlab.session.map import MapView, axes_view
from latentlab.session.model import Decode
from latentlab.session.points import GridSettings, SampleSettings
from latentlab.session.runs import Draft, ReadEpochPreview, RunLog, TrainingStatus
from latentlab.session.undo.history import Steps

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from latentlab.latent.codes import Codes
    from latentlab.learning.events import EpochPreview
    from latentlab.session.failure import Failure
    from latentlab.session.lessons.lesson import OpenedLesson
    from latentlab.session.points import LatentPath, ModelCard, Original, Picture, Point, Preview
    from latentlab.session.request import Lifetime, Request
    from latentlab.session.runs import Message
    from latentlab.session.selection import Selection
    from latentlab.work import Progress

    Answers = Mapping[type[Request[Any]], object]
    Changes = frozenset[str | type[Request[Any]]]


@dataclass(frozen=True, slots=True)
class State:
    """Everything on screen; see each record.

    Parameters
    ----------
    model, opening
        The open model, and the name of the one being opened.
    codes, point, original, ends
        Its codes; z and the real image that it is the code of, if any; the path from A to B.
    preview
        Decoded point under the cursor.
    view, grid, selection, kept, groups
        Layout of the map and of the manifold; the selected images, the named selections, and the
        two groups that a direction is learned from.
    own
        The user's own image, which is kept while z moves.
    sampling
        Settings of the prior samples.
    training, draft, log, moment
        The current run, the recipe in the form, the log of the shown run, and its displayed epoch,
        None for the latest.
    answers, awaited, working
        By kind of request: the latest answer, the kinds with a pending newer one (their panels are
        dimmed, see `widgets.kit.veil`), and the progress of long work.
    message, failure
        Temporary status message, and the last error until it is dismissed.
    steps
        Whether undo and redo are possible.
    workspaces
        Keys of the visited workspaces, the present one last.
    """

    model: ModelCard | None = None
    opening: str = ""
    codes: Codes | None = None
    point: Point | None = None
    original: Original | None = None
    ends: LatentPath | None = None
    preview: Preview | None = None
    view: MapView = field(default=axes_view(0, 1, 2))
    grid: GridSettings = field(default=GridSettings())
    selection: Selection | None = None
    kept: tuple[Selection, ...] = ()
    groups: Groups = field(default=Groups())
    own: Original | None = None
    sampling: SampleSettings = field(default=SampleSettings())
    training: TrainingStatus = field(default=TrainingStatus())
    draft: Draft = field(default=Draft())
    log: RunLog = field(default_factory=RunLog)
    moment: int | None = None
    answers: Answers = field(default_factory=dict)
    awaited: frozenset[type[Request[Any]]] = frozenset()
    working: Mapping[type[Request[Any]], Progress] = field(default_factory=dict)
    message: Message | None = None
    failure: Failure | None = None
    steps: Steps = field(default=Steps())
    workspaces: tuple[str, ...] = ("explore",)

    def answer[Response](self, kind: type[Request[Response]]) -> Response | None:
        """Return the latest answer to a kind of request; None if there is none yet."""
        return cast("Response | None", self.answers.get(kind))

    @property
    def shown(self) -> Picture | Preview | None:
        """The image to show: the preview under the cursor, else the decoded z."""
        return self.preview or self.answer(Decode)

    @property
    def portrait(self) -> EpochPreview | None:
        """Preview of the shown run at the displayed epoch, by default the latest."""
        return self.log.portrait if self.moment is None else self.answer(ReadEpochPreview)

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to undo."""
        return self.steps.can_undo

    @property
    def can_redo(self) -> bool:
        """Whether there is a step to redo."""
        return self.steps.can_redo

    @property
    def lesson(self) -> OpenedLesson | None:
        """The open lesson and its present step."""
        return self.answer(ReadLesson)

    @property
    def workspace(self) -> str:
        """Key of the present workspace."""
        return self.workspaces[-1]

    @property
    def is_training(self) -> bool:
        """Whether a run is in progress; `changes_between` reports its change by this name."""
        return self.training.run is not None


OF_MODEL = frozenset(
    {"model", "codes", "point", "original", "ends", "view", "selection", "kept", "groups", "own"}
)
"""Fields that are reset when another model is opened."""
OF_CODES = frozenset({"preview"})
"""Fields that are reset when the codes change, as in training."""
RECORDS = ("log", "training")
"""Fields whose attributes are reported individually by `changes_between`."""


def initial(names: Collection[str]) -> dict[str, Any]:
    """Return the initial values of fields."""
    first = State()
    return {name: getattr(first, name) for name in names}


def valid_answers(answers: Answers, *ended: Lifetime) -> Answers:
    """Return the answers whose lifetime has not ended."""
    return {kind: value for kind, value in answers.items() if kind.lifetime not in ended}


def changes_between(old: State, new: State) -> Changes:
    """Return what differs: names of fields, of attributes of `RECORDS`, and kinds of answers."""
    names = {name for name in NAMES if getattr(old, name) is not getattr(new, name)}
    changed: set[str | type[Request[Any]]] = {*names}
    for name in names.intersection(RECORDS):
        before, after = getattr(old, name), getattr(new, name)
        parts = (part.name for part in fields(before))
        changed |= {part for part in parts if getattr(before, part) is not getattr(after, part)}
    if "answers" in names:
        kinds = {*old.answers, *new.answers}
        changed |= {kind for kind in kinds if old.answer(kind) is not new.answer(kind)}
    # These two depend on several fields.
    changed.discard("portrait")
    for name in ("is_training", "portrait"):
        if getattr(old, name) is not getattr(new, name):
            changed.add(name)
    return frozenset(changed)


NAMES = tuple(each.name for each in fields(State))
