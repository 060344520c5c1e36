"""The controller: takes intents from panels, keeps the state, asks lane and training.

Panels call its methods and render what it emits; it alone replaces the state. Every method
runs on the GUI thread and returns at once; answers arrive later as signals.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import SystemRandom
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal, Slot

from latentlab.session.failure import Failure
from latentlab.session.follow import follow
from latentlab.session.history import History
from latentlab.session.requests import (
    Adopt,
    Adopted,
    Decode,
    DescribeForm,
    Discard,
    EncodeFile,
    Export,
    Exported,
    Hover,
    Hovered,
    ListLibrary,
    MakeManifold,
    MakeSamples,
    MakeStrip,
    Open,
    Opened,
    PickImage,
    ReadRecipe,
    Request,
)
from latentlab.session.state import (
    Ends,
    GridSettings,
    Original,
    Picture,
    Point,
    Run,
    SampleSettings,
    State,
    Tiles,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from latentlab.workers.job import Outcome
    from latentlab.workers.lane import Answer, Lane
    from latentlab.workers.training import Training

RANDOM = SystemRandom()
MODEL_FILES = (".safetensors", ".json")


@dataclass(frozen=True, slots=True)
class Place:
    """What undo goes back to."""

    point: Point | None = None
    ends: Ends | None = None
    original: Original | None = None


class Controller(QObject):
    """See the module's text.

    Parameters
    ----------
    lane : Lane
        Answers requests.
    training : Training
        Runs training.
    """

    changed = Signal(object, object)
    """The new ``State`` and the names of the fields that changed, as a frozenset."""

    def __init__(self, lane: Lane, training: Training, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.state = State()
        self._lane = lane
        self._training = training
        self._history = History(Place())
        self._shown: dict[type, int] = {}
        self._asked = 0
        self._model_since = 0
        self._hovering = False
        self._previous: Path | None = None
        self._fallback: Path | None = None
        lane.answered.connect(self._on_answer)
        training.progressed.connect(self._on_progress)
        training.adoptable.connect(self._on_adoptable)
        training.ended.connect(self._on_training_ended)

    # The one place where the state changes

    def _set(self, **changes: Any) -> None:
        old, new = self.state, replace(self.state, **changes)
        fields = frozenset(name for name in changes if getattr(new, name) is not getattr(old, name))
        if not fields:
            return
        self.state = new
        for request in follow(old, new):
            self.ask(request)
        self.changed.emit(new, fields)

    # Models and files

    def start(self, path: Path, fallback: Path | None = None) -> None:
        """Open the first model, or another should that fail, and learn what there is to choose."""
        self._fallback = fallback
        self.open(path)
        self.ask(DescribeForm())
        self.ask(ListLibrary())

    def ask(self, request: Request) -> None:
        """Hand a request to the lane."""
        self._asked = self._lane.submit(request)

    def open(self, path: Path) -> None:
        """Open a run or a checkpoint."""
        self._set(opening=path.name, following=False, failure=None)
        self._replace_model(path)

    def _replace_model(self, path: Path) -> None:
        # Answered later, weights still waiting would take the opened model's place.
        self._lane.withdraw(Adopt)
        self.ask(Open(path))

    def watch_run(self) -> None:
        """Show the model under training again."""
        self._set(following=True, curves=self._training.curves)

    def open_path(self, path: Path) -> None:
        """Open whatever a path is: a run, a checkpoint, a recipe, else a picture."""
        if path.is_dir() or path.suffix.lower() in MODEL_FILES:
            self.open(path)
        elif path.suffix.lower() == ".toml":
            self.ask(ReadRecipe(path))
        else:
            label = self.state.point.label if self.state.point else None
            self.ask(EncodeFile(path, label))

    def export(self, tiles: Tiles, path: Path, info: Mapping[str, Any], gap: int = 0) -> None:
        """Write pictures to a file, with what made them inside it."""
        model = self.state.model
        about = {"model": model.name, "epoch": model.epoch, "recipe": model.recipe} if model else {}
        self.ask(Export(tiles, path, {**about, **info}, gap))

    def export_picture(self, picture: Picture, path: Path) -> None:
        """Write one picture to a file."""
        tiles = Tiles((picture.point,), picture.pixels[None], 1)
        self.export(tiles, path, {"z": picture.point.z, "label": picture.point.label})

    def refuse(self, title: str, advice: str = "") -> None:
        """Tell the user why something cannot be done."""
        self._set(failure=Failure(title, advice))

    def dismiss_failure(self) -> None:
        """Take an error message away."""
        self._set(failure=None)

    # z and what else one explores with

    def set_point(self, point: Point, *, settled: bool = True) -> None:
        """Move z; `settled` False while a drag goes on, so that undo takes it as one step."""
        self._set(point=point, original=None, preview=None, hovered=None)
        if settled:
            self._remember()

    def randomize(self) -> None:
        """Draw z anew from the standard normal prior, keeping the label."""
        if self.state.point:
            z = tuple(RANDOM.gauss(0, 1) for _ in self.state.point.z)
            self.set_point(replace(self.state.point, z=z))

    def go_home(self) -> None:
        """Move z to the mean of the data's codes."""
        if self.state.point and self.state.codes is not None:
            center = self.state.codes.center.tolist()
            self.set_point(replace(self.state.point, z=tuple(center)))

    def put_a(self) -> None:
        """Begin the path at z."""
        if self.state.ends and self.state.point:
            self.set_ends(replace(self.state.ends, a=self.state.point))

    def put_b(self) -> None:
        """End the path at z."""
        if self.state.ends and self.state.point:
            self.set_ends(replace(self.state.ends, b=self.state.point))

    def set_label(self, label: int) -> None:
        """Change the class that a conditional model is asked for, keeping z."""
        if self.state.point:
            self.set_point(replace(self.state.point, label=label))

    def hover(self, point: Point, row: int | None = None) -> None:
        """Preview the point under the cursor, and the image nearest to it."""
        self._hovering = True
        self.ask(Hover(point, row))

    def preview(self, picture: Picture | None) -> None:
        """Preview a picture that is at hand, or none: what is committed shows again."""
        self._hovering = False
        self._set(preview=picture, hovered=None)

    def pick(self, row: int, role: str = "z") -> None:
        """Take the code of an image on the map as z, or as the path's A or B."""
        self.ask(PickImage(row, role))

    def set_plane(self, plane: tuple[int, int]) -> None:
        """Choose the two dimensions that map and manifold show."""
        self._set(plane=plane)

    def set_grid(self, grid: GridSettings) -> None:
        """Change how the manifold is laid out."""
        self._set(grid=grid)

    def set_ends(self, ends: Ends, *, settled: bool = True) -> None:
        """Move the path's ends or change its steps."""
        self._set(ends=ends)
        if settled:
            self._remember()

    def set_sampling(self, settings: SampleSettings) -> None:
        """Change which samples are drawn."""
        self._set(sampling=settings)

    def new_samples(self) -> None:
        """Draw other samples."""
        seed = RANDOM.randrange(10_000)
        self._set(sampling=replace(self.state.sampling, seed=seed))

    def undo(self) -> None:
        """Go back to the place before."""
        self._go(self._history.undo())

    def redo(self) -> None:
        """Go forward to the place after."""
        self._go(self._history.redo())

    def _remember(self) -> None:
        state = self.state
        self._history.push(Place(state.point, state.ends, state.original))
        self._set(can_undo=self._history.can_undo, can_redo=self._history.can_redo)

    def _go(self, place: Place) -> None:
        self._set(
            point=place.point,
            ends=place.ends,
            original=place.original,
            preview=None,
            hovered=None,
            can_undo=self._history.can_undo,
            can_redo=self._history.can_redo,
        )

    # Training

    def set_draft(self, draft: Mapping[str, Any]) -> None:
        """Change what would be trained."""
        self._set(draft=draft)

    def start_training(self) -> None:
        """Begin a run of the draft, unless one is under way."""
        if self._training.running:
            self.refuse("A run is already under way.", "Stop it first, or let it finish.")
            return
        self._previous = self.state.model.source if self.state.model else None
        self._set(following=True, failure=None)
        self._training.start(self.state.draft or {})

    def stop_training(self) -> None:
        """End the run and keep what was learned."""
        self._training.stop(discard=False)

    def cancel_training(self) -> None:
        """End the run and throw it away."""
        self._training.stop(discard=True)

    @Slot(object)
    def _on_progress(self, run: Run) -> None:
        # Until the run has curves of its own, those of the model before stay.
        curves = self._training.curves if self.state.following else None
        self._set(run=run, curves=curves or self.state.curves)

    @Slot(object)
    def _on_adoptable(self, request: Adopt) -> None:
        if self.state.following:
            self.ask(request)

    @Slot(object, object, bool)
    def _on_training_ended(self, outcome: Outcome, folder: Path | None, discard: bool) -> None:
        self._set(run=None, failure=outcome.failure)
        if discard and folder:
            self.ask(Discard(folder))
        after = self._previous if discard else folder
        if self.state.following and after:
            self._replace_model(after)
        self._set(following=False)
        self.ask(ListLibrary())

    # Answers

    @Slot(object)
    def _on_answer(self, answer: Answer) -> None:
        stale = answer.request.about_model and answer.number <= self._model_since
        if stale or answer.number < self._shown.get(type(answer.request), 0):
            return
        self._shown[type(answer.request)] = answer.number
        if answer.failure:
            self._set(failure=answer.failure, opening="")
            self._fall_back(answer.request)
            return
        match (answer.request, answer.response):
            case (_, Opened() | Adopted() as opened):
                self._on_model(opened)
            case (_, Hovered() as hovered):
                self._on_hovered(hovered)
            case (PickImage(role=role) | EncodeFile(role=role), Original() as original):
                self._on_original(original, role)
            case (_, Exported() as exported):
                self._on_exported(exported)
            case (Discard(), _):
                self.ask(ListLibrary())
            case (request, response):
                self._set(**{FIELDS[type(request)]: response})

    def _fall_back(self, failed: Request) -> None:
        """Open another model where the very first could not be, so as never to stand empty."""
        if isinstance(failed, Open) and self.state.model is None and self._fallback:
            self.ask(Open(self._fallback))
            self._fallback = None

    def _on_model(self, opened: Opened | Adopted) -> None:
        if isinstance(opened, Adopted) and not self.state.following:
            return
        changes: dict[str, Any] = {"model": opened.card, "codes": opened.codes, "opening": ""}
        old = self.state.model
        is_new = old is None or _identity(old) != _identity(opened.card)
        # A path nobody has touched shows the same images again, wherever training moves them.
        if is_new or not self._history.can_undo:
            changes |= {"point": opened.start, "ends": opened.ends, "original": opened.original}
            self._history = History(Place(opened.start, opened.ends, opened.original))
        elif self.state.original:
            self._follow_image(self.state.original)
        if is_new:
            # Whatever was asked until now, even while it opened, was asked of the one before.
            self._model_since = self._asked
            fits = max(self.state.plane) < opened.card.latent_dim
            second = min(1, opened.card.latent_dim - 1)
            changes |= {
                "plane": self.state.plane if fits and second else (0, second),
                "sampling": replace(self.state.sampling, label=None),
                "can_undo": False,
                "can_redo": False,
            }
        if isinstance(opened, Opened):
            changes["curves"] = opened.curves
        self._set(**changes, preview=None, hovered=None)

    def _on_hovered(self, hovered: Hovered) -> None:
        if self._hovering:
            self._set(preview=hovered.picture, hovered=hovered.original)

    def _follow_image(self, original: Original) -> None:
        """Keep z on its image now that the image's code has moved."""
        if original.row is None:
            self._set(original=None)
        else:
            self.ask(PickImage(original.row, "follow"))

    def _on_original(self, original: Original, role: str) -> None:
        ends = self.state.ends
        if role == "follow":
            here = self.state.original
            if here and here.row == original.row:
                self._set(point=original.point, original=original)
            return
        if role == "z" or ends is None:
            self._set(point=original.point, original=original, preview=None, hovered=None)
        else:
            self._set(ends=ends.moved(role, original.point))
        self._remember()

    def _on_exported(self, exported: Exported) -> None:
        self._set(message=f"Saved {exported.path}")
        self._set(message="")

    def close(self) -> None:
        """Stop training and keep it, then close the lane; waits for both."""
        self._training.close()
        self._lane.close()


FIELDS: dict[type, str] = {
    Decode: "picture",
    MakeManifold: "manifold",
    MakeStrip: "strip",
    MakeSamples: "samples",
    ListLibrary: "library",
    DescribeForm: "form",
    ReadRecipe: "draft",
}


def _identity(card: Any) -> Any:
    return card.source, card.latent_dim, card.spec
