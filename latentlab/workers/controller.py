"""The controller: takes intents from panels, keeps the state, asks lane and training.

Panels call its methods and show what it emits; it alone replaces the state (`Store`,
`Exploring` for everything about z, `Pictures` for one's own, `Viewing` for the map, `Running` for
training). Every method runs on the GUI thread and returns at once;
answers arrive later as signals.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Slot

from latentlab.session.bookmarks import ImportBookmarks, ReadBookmarks
from latentlab.session.directions import Groups
from latentlab.session.export import CheckPlugins, DescribeForm, Export, Exported, ReadRecipe
from latentlab.session.history import History
from latentlab.session.interpolation import Blend, MakeBlend
from latentlab.session.map import MakeView, View
from latentlab.session.model import (
    Adopt,
    Adopted,
    EncodeFile,
    Hovered,
    Open,
    Opened,
    PickImage,
    ShowAll,
    ShowRest,
    Whole,
)
from latentlab.session.own_image import EncodePicture, FillIn, Inpaintings
from latentlab.session.points import Original, Picture, Tiles
from latentlab.session.request import asked_for
from latentlab.session.runs import Discarded, ListLibrary, ReadMoment, Rename, Restored, Trash
from latentlab.session.state import OF_CODES, OF_MODEL, emptied
from latentlab.workers.intents.point import place_of
from latentlab.workers.intents.training import Running, shown

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from PySide6.QtCore import QObject

    from latentlab.latent.codes import Codes
    from latentlab.session.request import Request
    from latentlab.work import Progress
    from latentlab.workers.lane import Answer, Lane, LaneProgress
    from latentlab.workers.training import Training

MODEL_FILES = (".safetensors", ".json")


class Controller(Running):
    """See the module's text.

    Parameters
    ----------
    lane : Lane
        Answers requests.
    training : Training
        Runs training.
    """

    def __init__(self, lane: Lane, training: Training, parent: QObject | None = None) -> None:
        super().__init__(lane, training, parent)
        self._model_since = 0
        self._fallback: Path | None = None
        lane.answered.connect(self._on_answer)
        lane.progressed.connect(self._on_work)

    # Models and files

    def start(self, path: Path, fallback: Path | None = None) -> None:
        """Open the first model, or another should that fail, and learn what there is to choose."""
        self._fallback = fallback
        self.open(path)
        self.ask(DescribeForm())
        self.ask(ListLibrary())
        self.ask(CheckPlugins())

    def open_path(self, path: Path) -> None:
        """Open whatever a path is: a run, a checkpoint, a recipe, else a picture."""
        self.dismiss_failure()
        if path.is_dir() or path.suffix.lower() in MODEL_FILES:
            self.open(path)
        elif path.suffix.lower() == ".toml":
            self.ask(ReadRecipe(path))
        else:
            self.open_picture(path)

    def export(
        self,
        tiles: Tiles,
        path: Path,
        info: Mapping[str, Any],
        gap: int = 0,
        *,
        back: bool = True,
        steps: bool = False,
    ) -> None:
        """Write pictures to a file, with what made them inside it."""
        self.dismiss_failure()
        model = self.state.model
        about = {"model": model.name, "epoch": model.epoch, "recipe": model.recipe} if model else {}
        self.ask(Export(tiles, path, {**about, **info}, gap, back, steps))

    def export_picture(self, picture: Picture, path: Path) -> None:
        """Write one picture to a file."""
        tiles = Tiles((picture.point,), picture.pixels[None], 1)
        self.export(tiles, path, {"z": picture.point.z, "label": picture.point.label})

    # Answers

    @Slot(object)
    def _on_work(self, progress: LaneProgress) -> None:
        # Looks at a model under training come all the time: nobody waits for one.
        if not self._is_stale(progress) and not isinstance(progress.request, Adopt):
            kind = type(progress.request)
            self._set(working={**self.state.working, kind: progress.loading})

    def _is_stale(self, answer: Answer | LaneProgress) -> bool:
        replaced = answer.request.about_model and answer.number <= self._model_since
        return replaced or answer.number < self._shown.get(type(answer.request), 0)

    def _is_fact(self, answer: Answer) -> bool:
        """Say whether the explorer has changed for good: giving it up came too late."""
        # The state must know which model answers, whoever wanted it.
        is_whole = isinstance(answer.response, Whole) and answer.number > self._model_since
        return is_whole or isinstance(answer.response, Opened | Adopted)

    @Slot(object)
    def _on_answer(self, answer: Answer) -> None:
        if isinstance(answer.request, Adopt):
            self._training.adopted()
        if self._is_stale(answer) and not self._is_fact(answer):
            return
        self._end_work(type(answer.request))
        self._end_waiting(answer)
        if answer.failure:
            self._set(failure=answer.failure, opening="")
            self._fall_back(answer.request)
            return
        match (answer.request, answer.response):
            case (_, Opened() | Adopted() as opened):
                self._on_model(opened)
            case (_, Hovered() as hovered):
                self._on_hovered(hovered)
            case (PickImage(role=role), Original() as original):
                self._on_original(original, role)
            case (MakeView() as request, View() as view):
                self._on_view(request, view)
            case (_, Whole(codes=codes)):
                self._on_whole(codes)
            case (EncodeFile() as request, Original() as original):
                self._on_file(original, request)
            case (EncodePicture() as request, Original() as original):
                self._on_own(original, request)
            case (FillIn(), Inpaintings() as fills):
                self._on_filled(fills)
            case (ReadBookmarks(), tuple() as marks):
                self._on_bookmarks(marks)
            case (ImportBookmarks(), marks):
                self._set(bookmarks=marks)
                self._remember()
            case (MakeBlend() as request, Blend() as blend):
                self._on_blend(request, blend)
            case (_, Exported() as exported):
                self._on_exported(exported)
            case (CheckPlugins(), (str() as title, *more)):
                self.refuse(title, " ".join(map(str, more)))
            case (_, Discarded() as discarded):
                self._on_discarded(discarded)
            case (_, Restored() as restored):
                self._on_restored(restored)
            case (Rename(folder=folder), str() as name):
                self._on_renamed(folder, name)
            case (Trash(folder=folder), _):
                self._on_trashed(folder)
            case (ReadMoment(folder=folder, epoch=epoch), _):
                if folder == self._shown_run():
                    self._set(portrait=answer.response, moment=epoch)
            case (request, response):
                self._set(**{request.field: response} if request.field else {})

    def _fall_back(self, failed: Request) -> None:
        """Open another model where the very first could not be, so as never to stand empty."""
        if isinstance(failed, Open) and self.state.model is None and self._fallback:
            self.ask(Open(self._fallback))
            self._fallback = None

    def _on_model(self, opened: Opened | Adopted) -> None:
        changes: dict[str, Any] = {"model": opened.card, "codes": opened.codes}
        old = self.state.model
        is_new = old is None or old.number != opened.card.number
        if self.state.codes is not None and len(self.state.codes) != len(opened.codes):
            # Rows would name other images.
            changes |= {"selection": None, "kept": (), "groups": Groups()}
        # A path nobody has touched shows the same images again, wherever training moves them.
        if is_new or not self._history.can_undo:
            changes |= {"point": opened.start, "ends": opened.ends, "original": opened.original}
        elif self.state.original:
            self._follow_image(self.state.original)
        if is_new:
            changes = {**emptied(OF_MODEL), **changes, **self._first_look(opened.card.latent_dim)}
        changes |= {**emptied(OF_CODES), "working": self._withdraw_stale(is_new=is_new)}
        if isinstance(opened, Opened):
            changes |= {**shown(opened.past), "moment": None, "opening": ""}
            self._latest = opened.past.portrait
        if is_new or not self._history.can_undo:
            self._history = History(place_of(replace(self.state, **changes)))
        self._set(**changes)
        self._renew_own()
        if isinstance(opened, Opened) and opened.has_more:
            self.ask(ShowRest())

    def _first_look(self, latent_dim: int) -> dict[str, Any]:
        """Begin with another model; return how it is looked at."""
        # Whatever was asked until now, even while it opened, was asked of the one before.
        self._model_since = self._asked
        return {
            **self._fresh_look(latent_dim),
            "sampling": replace(self.state.sampling, label=None),
            "awaited": frozenset(kind for kind in self.state.awaited if not kind.about_model),
            "can_undo": False,
            "can_redo": False,
        }

    def _on_whole(self, codes: Codes) -> None:
        """Take the codes of all images; the rows known before name the same images."""
        working = self._withdraw_stale(is_new=False)
        self._set(**emptied(OF_CODES), codes=codes, working=working)

    def _withdraw_stale(self, *, is_new: bool) -> dict[type[Request], Progress]:
        """Ask no more what is worthless now; return the work that goes on.

        Told together with the model: a panel that heard of it before would ask once more.
        """
        stale: set[type[Request]] = {ShowAll, ShowRest, *asked_for(emptied(OF_CODES))}
        stale |= set(self._demand.held)
        if is_new:
            begun = {*self.state.working, *self.state.awaited}
            stale |= {kind for kind in begun if kind.about_model and not kind.writes}
        for kind in stale:
            self.withdraw(kind)
        return {kind: how for kind, how in self.state.working.items() if kind not in stale}

    def _on_exported(self, exported: Exported) -> None:
        self.say(f"Saved {exported.path}")

    def close(self) -> None:
        """Stop training and keep it, then close the lane; waits for both."""
        # What waits in the queue would begin as soon as the run under way has ended.
        self._set(queue=())
        self._demand.close()
        self._training.close()
        self._lane.close()
