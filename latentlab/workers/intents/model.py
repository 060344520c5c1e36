"""Updates of the state when a model is opened or its codes change."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from latentlab.session.directions import Groups
from latentlab.session.model import (
    Adopt,
    Adopted,
    AllCodes,
    Decode,
    Open,
    Opened,
    ShowAll,
    ShowData,
    ShowRest,
)
from latentlab.session.points import Picture, grid_side
from latentlab.session.state import OF_CODES, OF_MODEL, initial
from latentlab.session.undo.snapshot import outdated
from latentlab.workers.intents.map import initial_view

if TYPE_CHECKING:
    from collections.abc import Mapping

    from latentlab.latent.codes import Codes
    from latentlab.session.points import ModelCard
    from latentlab.session.undo.snapshot import Snapshot
    from latentlab.workers.demand import Demand
    from latentlab.workers.intents.own_image import OwnImageIntents
    from latentlab.workers.intents.point import PointIntents
    from latentlab.workers.intents.runs import RunIntents
    from latentlab.workers.intents.undo import Undo
    from latentlab.workers.store import Store


class ModelIntents:
    """Handlers that store models and codes in the state.

    Parameters
    ----------
    store, demand, undo : Store, Demand, Undo
        Those of the controller.
    point, own_image : PointIntents, OwnImageIntents
        Encode their images again when the codes change.
    runs : RunIntents
        Opens the fallback if the first model cannot be opened.
    """

    def __init__(
        self,
        store: Store,
        demand: Demand,
        undo: Undo,
        point: PointIntents,
        own_image: OwnImageIntents,
        runs: RunIntents,
    ) -> None:
        self._store, self._demand, self._undo = store, demand, undo
        self._point, self._own_image = point, own_image
        undo.followed_by(self._follow)
        demand.on(Open, self._on_opened, failed=runs.fall_back, is_fact=True)
        demand.on(Adopt, self._on_adopted, is_fact=True)
        demand.on(ShowData, self._on_other_data, is_fact=True)
        demand.on(ShowAll, self._on_whole, is_fact=True)
        demand.on(ShowRest, self._on_whole, is_fact=True)

    def show_data(self, values: Mapping[str, Any] | None, *, together: bool = False) -> None:
        """Show the images of a data set with the open model; None for those of its run.

        Parameters
        ----------
        values : mapping or None
            Plain values of its data config.
        together : bool
            Whether the images of the run stay on the map.
        """
        self._store.set(failure=None)
        self._demand.ask(ShowData(values, together))

    def _on_other_data(self, _: ShowData, shown: Adopted) -> None:
        self._take(shown)
        if len(shown.codes) < shown.card.images:
            self._demand.ask(ShowRest())

    def _on_opened(self, _: Open, opened: Opened) -> None:
        self._take(opened, log=opened.past, moment=None, opening="")
        if opened.has_more:
            self._demand.ask(ShowRest())

    def _on_adopted(self, _: Adopt, adopted: Adopted) -> None:
        self._take(adopted)

    def _take(self, opened: Opened | Adopted, **changes: Any) -> None:
        """Show a model, at its initial point if it is new or z was not moved, else at z."""
        old = self._store.state
        is_new = old.model is None or old.model.number != opened.card.number
        # If the user has changed nothing, z and the path follow their images during training.
        resets_point = is_new or self._undo.is_untouched
        if is_new:
            changes |= self._initial_fields(opened.card, len(opened.codes))
        elif old.codes is not None and len(old.codes) != len(opened.codes):
            # Rows would refer to other images.
            changes |= {"selection": None, "kept": (), "groups": Groups()}
        if resets_point:
            changes |= {"point": opened.start, "ends": opened.ends, "original": opened.original}
        changes |= initial(OF_CODES) | self._demand.expire(is_new=is_new)
        if resets_point and (picture := _picture_of(opened)):
            # It is decoded already: it need not wait for an answer from the lane.
            changes["answers"] = {**changes["answers"], Decode: picture}
        self._store.set(**changes, model=opened.card, codes=opened.codes)
        if is_new:
            self._undo.begin()
        else:
            self._undo.amend(outdated)
            if resets_point:
                self._undo.amend(partial(_at_start, start=opened))
            else:
                self._point.follow_image()
        self._own_image.renew()

    def _follow(self, place: Snapshot) -> None:
        """Encode the images of the restored state again if that was done with earlier weights."""
        if place.original and place.original.is_outdated:
            self._point.follow_image()
        if any(image and image.is_outdated for image in (place.original, place.own)):
            self._own_image.renew()

    def _initial_fields(self, card: ModelCard, codes: int) -> dict[str, Any]:
        """Return the fields that are reset for a new model."""
        old = self._store.state
        is_default = old.model is None or old.grid.n == grid_side(old.model.spec)
        return {
            **initial(OF_MODEL - {"model", "codes"}),
            "view": initial_view(old.view, card.latent_dim, codes),
            "grid": replace(old.grid, n=grid_side(card.spec)) if is_default else old.grid,
            "sampling": replace(old.sampling, label=None),
        }

    def _on_whole(self, _: ShowAll | ShowRest, whole: AllCodes | None) -> None:
        """Store the codes of all images; existing rows still refer to the same images."""
        if whole is not None:
            self._set_codes(whole.codes)

    def _set_codes(self, codes: Codes) -> None:
        ended = self._demand.expire(is_new=False)
        self._store.set(**initial(OF_CODES), **ended, codes=codes)


def _picture_of(opened: Opened | Adopted) -> Picture | None:
    """Return the decoded image at the initial point, if the model has a decoder and images."""
    original = opened.original
    if original is None or original.reconstruction is None or original.point != opened.start:
        return None
    return Picture(opened.start, original.reconstruction)


def _at_start(place: Snapshot, *, start: Opened | Adopted) -> Snapshot:
    return replace(place, point=start.start, ends=start.ends, original=start.original)
