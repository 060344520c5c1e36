"""What belongs to the open model: points, planes, directions and rows of images.

The store lets nothing else into the state, nor into a request about the model (`workers.store`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from latentlab.latent.codes import Codes
from latentlab.latent.planes import Frame
from latentlab.session.points import ModelCard, Point

if TYPE_CHECKING:
    from latentlab.session.state import State


def belongs(value: Any, state: State) -> bool:
    """Say whether a value, or all that it is made of, belongs to the model of a state.

    Parameters
    ----------
    value : object
        A record, a tuple or a mapping of them, or anything else, which belongs everywhere.
    state : State
        Its model and its codes decide.

    Returns
    -------
    bool
        False for a point of another model or with a label that the model does not know, for a
        plane or a direction of another size, and for rows of images that are not on the map.
    """
    match value:
        case Point():
            return state.model is not None and state.model.owns(value)
        case Frame():
            return _is_long(value.across, state)
        case Codes() | ModelCard():
            return True
        case tuple():
            return all(belongs(each, state) for each in value)
        case Mapping():
            return all(belongs(each, state) for each in value.values())
    return not is_dataclass(value) or all(
        _part_belongs(each.name, getattr(value, each.name), state) for each in fields(value)
    )


def _part_belongs(name: str, part: Any, state: State) -> bool:
    if name == "vector":
        return _is_long(part, state)
    if name in ("row", "rows") and part is not None:
        rows, count = np.atleast_1d(part), 0 if state.codes is None else len(state.codes)
        return not rows.size or bool(rows.min() >= 0 and rows.max() < count)
    return belongs(part, state)


def _is_long(vector: Any, state: State) -> bool:
    return state.model is not None and len(vector) == state.model.latent_dim
