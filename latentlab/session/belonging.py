"""Check that points, planes, directions and image rows belong to the open model.

`workers.store` rejects values of another model, both in the state and in requests about the model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from latentlab.latent.codes import Codes
from latentlab.latent.planes import Plane
from latentlab.session.points import ModelCard, Point

if TYPE_CHECKING:
    from latentlab.session.state import State


def belongs_to_model(value: Any, state: State) -> bool:
    """Return whether a value and all its parts belong to the model of a state.

    Parameters
    ----------
    value : object
        A record, or a tuple or a mapping of records; any other value belongs to every model.
    state : State
        Provides the model and the codes.

    Returns
    -------
    bool
        False for a point of another model or with an invalid label, for a plane or a direction
        with another number of dimensions, and for rows that are not on the map.
    """
    match value:
        case Point():
            return state.model is not None and state.model.owns(value)
        case Plane():
            return _has_latent_dim(value.across, state)
        case Codes() | ModelCard():
            return True
        case tuple():
            return all(belongs_to_model(each, state) for each in value)
        case Mapping():
            return all(belongs_to_model(each, state) for each in value.values())
    return not is_dataclass(value) or all(
        _part_belongs(each.name, getattr(value, each.name), state) for each in fields(value)
    )


def _part_belongs(name: str, part: Any, state: State) -> bool:
    if name == "vector":
        return _has_latent_dim(part, state)
    if name in ("row", "rows") and part is not None:
        rows, count = np.atleast_1d(part), 0 if state.codes is None else len(state.codes)
        return not rows.size or bool(rows.min() >= 0 and rows.max() < count)
    return belongs_to_model(part, state)


def _has_latent_dim(vector: Any, state: State) -> bool:
    return state.model is not None and len(vector) == state.model.latent_dim
