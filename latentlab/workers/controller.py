"""The controller, through which panels read and change the state.

The actions of panels are in `workers.intents`, one file per topic, as in
``controller.point.set(z)``. All methods run on the GUI thread and return immediately; answers
arrive later as changes of the state.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal, Slot

from latentlab.directories import LESSON_SUFFIX, is_checkpoint, is_run
from latentlab.session.codes import is_code_file, may_hold_several
from latentlab.session.export import (
    IMAGE_SUFFIXES,
    SCENE_ONLY,
    CheckPlugins,
    DescribeForm,
    ReadRecipe,
    format_of,
)
from latentlab.session.files.scene import SCENES
from latentlab.session.import_.model import ListForeignFormats
from latentlab.session.model import Adopt, Open
from latentlab.workers.beside import RunsBeside
from latentlab.workers.demand import Demand
from latentlab.workers.intents.arithmetic import ArithmeticIntents
from latentlab.workers.intents.bookmarks import BookmarkIntents
from latentlab.workers.intents.classifier import ClassifierIntents
from latentlab.workers.intents.codes import CodeIntents
from latentlab.workers.intents.directions import DirectionIntents
from latentlab.workers.intents.files import FileIntents
from latentlab.workers.intents.imports import ImportIntents
from latentlab.workers.intents.lesson import LessonIntents
from latentlab.workers.intents.map import MapIntents
from latentlab.workers.intents.model import ModelIntents
from latentlab.workers.intents.own_image import OwnImageIntents
from latentlab.workers.intents.point import DecodingIntents, PathIntents, PointIntents
from latentlab.workers.intents.preview import PreviewIntents
from latentlab.workers.intents.runs import RunIntents
from latentlab.workers.intents.scene import SceneIntents
from latentlab.workers.intents.selection import SelectionIntents
from latentlab.workers.intents.training import TrainingIntents
from latentlab.workers.intents.undo import Undo
from latentlab.workers.intents.workspace import WorkspaceIntents
from latentlab.workers.store import Store
from latentlab.workers.watchers import Watchers

if TYPE_CHECKING:
    from pathlib import Path

    from latentlab.session.request import Request
    from latentlab.session.runs import Run
    from latentlab.session.state import State
    from latentlab.workers.job import Outcome
    from latentlab.workers.lane import Answer, Lane, LaneProgress
    from latentlab.workers.training import Training


class Controller(QObject):
    """State, intents and the two workers.

    Parameters
    ----------
    lane : Lane
        Answers requests.
    training : Training
        Runs training.
    """

    changed = Signal(object, object)
    """The new ``State`` and the result of `session.state.changes_between`."""
    setting_wanted = Signal(object)
    """A `Setting` of a panel that a lesson wants to be chosen."""

    def __init__(self, lane: Lane, training: Training, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lane, self._worker = lane, training
        self.store = store = Store(self)
        self.demand = demand = Demand(store, lane, self)
        self.undo = undo = Undo(store)
        self.workspaces = workspaces = WorkspaceIntents(store)
        self.watchers = watchers = Watchers(self)
        self.point = PointIntents(store, demand, undo, watchers)
        self.path = PathIntents(store, demand, undo)
        self.preview = PreviewIntents(store, demand)
        self.decoding = DecodingIntents(store, undo)
        self.map = MapIntents(store, demand, undo)
        self.selection = SelectionIntents(store, demand, undo, self.point, self.path)
        self.own_image = OwnImageIntents(store, demand, undo, self.point, workspaces)
        self.bookmarks = BookmarkIntents(store, demand, undo)
        self.directions = DirectionIntents(store, demand, undo)
        self.arithmetic = ArithmeticIntents(store, demand, undo)
        self.runs = RunIntents(store, demand, training)
        self.codes = CodeIntents(
            store, demand, self.runs, self.selection, self.path, self.bookmarks
        )
        self.model = ModelIntents(store, demand, undo, self.point, self.own_image, self.runs)
        beside = RunsBeside(training, self)
        self.training = TrainingIntents(
            store, demand, lane, training, beside, self.runs, workspaces, undo
        )
        self.files = FileIntents(store, demand)
        self.classifier = ClassifierIntents(store, demand, self.point)
        self.imports = ImportIntents(
            store, demand, self.runs, self.own_image, self.codes, self.training
        )
        self.scene = SceneIntents(store, demand, undo, self.map, self.runs, workspaces)
        self.lesson = LessonIntents(self)
        demand.on(CheckPlugins, self._on_plugins)
        store.changed.connect(watchers.tell)
        store.changed.connect(self.changed)
        watchers.moved.connect(demand.set_moving)
        lane.answered.connect(demand.take)
        lane.answered.connect(self._on_answer)
        lane.progressed.connect(self._on_lane_progress)
        training.progressed.connect(self._on_run)
        training.adoptable.connect(self._on_adoptable)
        training.refused.connect(self._on_refused)
        training.ended.connect(self._on_training_ended)
        beside.progressed.connect(self._on_beside)
        beside.ended.connect(self._on_beside_ended)

    @property
    def state(self) -> State:
        """Current state."""
        return self.store.state

    def ask(self, request: Request[Any]) -> None:
        """Send a request to the lane; the answer changes the state."""
        self.demand.ask(request)

    def cancel(self, kind: type[Request[Any]]) -> None:
        """Cancel requests of a kind and keep the last answer."""
        self.demand.cancel(kind)

    # Models and files

    def start(self, path: Path, fallback: Path | None = None) -> None:
        """Open the first model, or `fallback` on failure, and request form, runs and plug-ins."""
        if fallback and not _opens_alone(path):
            self.runs.open(fallback)
            self.open_path(path)
        else:
            self.runs.open(path, fallback)
        self.ask(DescribeForm())
        self.runs.list()
        self.ask(CheckPlugins())
        self.ask(ListForeignFormats())

    def open_path(self, path: Path) -> None:
        """Open a run, model, data set, codes, recipe, lesson, scene or image of any program."""
        self.store.dismiss_failure()
        if is_code_file(path):
            self.imports.find_dataset(path)
        elif is_run(path) or is_checkpoint(path):
            self.runs.open(path)
        elif path.suffix.lower() == ".toml":
            self.ask(ReadRecipe(path))
        elif path.suffix.lower() == LESSON_SUFFIX:
            self.lesson.open(path)
        elif format_of(path) in (*SCENES, *SCENE_ONLY):
            self.scene.look_for(path, is_needed=True)
        elif not path.is_dir() and path.suffix.lower() in ("", *IMAGE_SUFFIXES):
            self.scene.look_for(path)
            self.own_image.open(path)
        else:
            self.imports.inspect(path)

    def close(self) -> None:
        """Stop and save training, then close the lane; wait for both."""
        self.demand.close()
        self.scene.end_session()
        self.training.close()
        self._lane.close()

    # Signals of the workers

    @Slot(object)
    def _on_answer(self, answer: Answer) -> None:
        if isinstance(answer.request, Adopt):
            self._worker.adopted()
        elif isinstance(answer.request, Open):
            failed = answer.failure is not None
            self.scene.continue_restoring(answer.request.path, failed=failed)

    @Slot(object)
    def _on_lane_progress(self, progress: LaneProgress) -> None:
        # Weights of a model under training arrive continuously; their progress is not shown.
        if not isinstance(progress.request, Adopt):
            self.demand.show_progress(progress)

    def _on_plugins(self, _: CheckPlugins, problems: tuple[str, ...]) -> None:
        if problems:
            self.store.refuse(problems[0], " ".join(problems[1:]))

    @Slot(object)
    def _on_run(self, run: Run) -> None:
        self.training.show_run(run)

    @Slot(object)
    def _on_adoptable(self, request: Adopt) -> None:
        self.training.adopt(request)

    @Slot(str)
    def _on_refused(self, problem: str) -> None:
        self.store.refuse(problem)

    @Slot(object, object, bool)
    def _on_training_ended(self, outcome: Outcome, folder: Path | None, discard: bool) -> None:
        self.training.end(outcome, folder, discard=discard)

    @Slot(object)
    def _on_beside(self, runs: tuple[Run, ...]) -> None:
        self.training.show_beside(runs)

    @Slot(object, object)
    def _on_beside_ended(self, outcome: Outcome, folder: Path | None) -> None:
        self.training.end_beside(outcome, folder)


def _opens_alone(path: Path) -> bool:
    """Return whether a path is opened as a model or codes, without a question, or is missing."""
    is_model = is_run(path) or is_checkpoint(path) or not path.exists()
    return is_model or (is_code_file(path) and not may_hold_several(path))
