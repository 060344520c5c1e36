"""What holds in a window when all requests are answered."""

from functools import lru_cache

import numpy as np

from latentlab.api.model import load
from latentlab.session.image_sample import SampleImage
from latentlab.session.model import Decode, Open
from latentlab.widgets.kit.veil import StaleOverlay


def at_rest(desk, failed):
    """Yield what is wrong with a window in which nothing is going on.

    Requests of the kinds in `failed` have failed, so that their answers stay outdated.
    """
    menus, state = desk.window.menus, desk.state
    if endless := {*state.awaited, *state.working} - failed:
        yield f"{', '.join(kind.__name__ for kind in endless)} is awaited and never comes"
    yield from _picture_of_z(desk)
    yield from _veils(desk)
    steps = menus.undo.isEnabled(), menus.redo.isEnabled()
    if steps != (state.can_undo, state.can_redo):
        yield f"undo and redo are {steps} in the menu, {state.steps} in the state"


def _veils(desk):
    for veil in desk.window.findChildren(StaleOverlay):
        if veil.isVisible() and not veil._kinds & desk.state.awaited:
            yield f"{type(veil.parent()).__name__} is dimmed, and nothing is awaited"


def _picture_of_z(desk):
    """Yield how the picture on screen differs from that of z, decoded without the window."""
    state, panel = desk.state, desk.window.docks["image"]._inside
    shown, card = state.answer(Decode), state.model
    is_wanted = any(
        isinstance(request, Decode)
        for wants in desk.controller.demand._viewers.values()
        for request in wants(state)
    )
    is_settled = is_wanted and not state.awaited & {Decode, Open, SampleImage}
    path = (card.source or card.file) if card else None
    if not (is_settled and shown and path and path.exists()):
        return
    pixels = _decoded(path, path.stat().st_mtime_ns, state.point)
    if np.abs(pixels - shown.pixels.astype(float)).max() > 1:
        yield f"the picture of {card.name} is not that of {state.point}"
    is_plain = panel and panel.isVisible() and not state.preview and not panel.sample.isChecked()
    if is_plain and panel.view._pixels is not shown.pixels:
        yield "the Image panel shows another picture than that of z"


@lru_cache(maxsize=8)
def _loaded(path, _):
    return load(path)


def _decoded(path, changed, point):
    """Return the picture of a point by the model at a path, shape (H, W) or (H, W, 3), 0 to 255."""
    image = _loaded(path, changed).decode([point.z], None if point.label is None else [point.label])
    return 255 * image[0].astype(float)
