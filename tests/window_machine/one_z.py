"""One z everywhere: all that is seen in a window shows the same point."""

import numpy as np

from latentlab.session.map import map_position
from latentlab.session.model import Decode
from latentlab.widgets.kit.axis.slider import SLIDER_RANGE_SIGMA, TICKS
from latentlab.widgets.panels.image.panel import point_text
from latentlab.widgets.panels.manifold import _marker


def one_z(desk):
    """Yield what shows another point than z."""
    controller, state = desk.controller, desk.state
    if state.model is None or state.point is None or state.codes is None:
        return
    if len(state.point.z) != state.model.latent_dim:
        yield f"z has {len(state.point.z)} dimensions, {state.model.name} {state.model.latent_dim}"
        return
    if any(watcher.waiting for watcher in controller.watchers._watchers):
        return  # z is under the hand
    for dock in desk.window.docks.values():
        panel, check = dock._inside, SHOWN.get(dock.panel.key)
        if check and panel and panel.isVisible() and panel._in_front:
            for problem in check(panel, state):
                yield f"{dock.panel.title}: {problem}"
    for wants in list(controller.demand._viewers.values()):
        for request in wants(state):
            yield from _answered(request, state)


def _answered(request, state):
    """The answer about a point is about this one, or marked as outdated."""
    answer, wanted = state.answer(type(request)), getattr(request, "point", None)
    about = getattr(answer, "point", wanted)
    if about != wanted and type(request) not in state.awaited:
        yield f"the answer to {type(request).__name__} is about {about}, wanted is {wanted}"


def _of_slider(slider, z):
    position = slider.axis.position(z)
    if not np.isclose(slider.position, position, atol=1e-6):
        yield f"{slider.accessibleName()} stands for {slider.position}, z is at {position}"
    inside = np.clip(position, -SLIDER_RANGE_SIGMA, SLIDER_RANGE_SIGMA)
    if not slider.isSliderDown() and abs(slider.value() - inside / SLIDER_RANGE_SIGMA * TICKS) > 1:
        yield f"the handle of {slider.accessibleName()} is at {slider.value()}, z is at {position}"


def _sliders(panel, state):
    z = np.array(state.point.z)
    for row in panel.rows:
        if row.slider.axis is None:
            yield f"{row.slider.accessibleName()} has no axis"
            continue
        yield from _of_slider(row.slider, z)
        value = float(z @ row.slider.axis.vector)
        if abs(float(row._value.text()) - value) > (0.006 if abs(value) < 999 else 0.6):
            yield f"{row.slider.accessibleName()} says {row._value.text()}, z has {value}"
    if panel.label.isVisible():
        name = state.model.spec.class_names[state.point.label]
        button = panel.label._buttons.checkedButton()
        chosen = button.text() if button else panel.label._list.currentText()
        if chosen != name:
            yield f"the class {chosen} is chosen, z has {name}"


def _directions(panel, state):
    z = np.array(state.point.z)
    for row in panel.rows:
        if row.direction and len(row.direction.vector) == len(z):
            yield from _of_slider(row.slider, z)


def _map(panel, state):
    if not state.view.suits(state.codes):
        return
    place = panel.pointer._placed.get(state.point.z) or map_position(state, state.point)
    cross = panel.plot.cross.pos()
    if not np.allclose((cross.x(), cross.y()), place, rtol=1e-6, atol=1e-6):
        yield f"the cross is at {cross.x(), cross.y()}, z at {place}"


def _image(panel, state):
    shown = panel._sample_of(state) or state.shown
    point = shown.point if shown else state.point
    if shown is state.answer(Decode) and Decode not in state.awaited and point != state.point:
        yield f"the picture is of {point}, z is {state.point}"
    if (text := point_text(point, state)) not in panel.place.text():
        yield f"it says {panel.place.text()}, and shows {text}"


def _manifold(panel, state):
    if panel.view._marker != _marker(state):
        yield f"the mark is at {panel.view._marker}, z at {_marker(state)}"


SHOWN = {
    "sliders": _sliders,
    "directions": _directions,
    "map": _map,
    "image": _image,
    "manifold": _manifold,
}
"""Checks of a panel and a state, by the key of the panel."""
