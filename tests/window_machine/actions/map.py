"""Actions on the map."""

from gui_support import LEFT
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication
from window_machine import mouse
from window_machine.actions import action

from latentlab.session.map import Layout
from latentlab.widgets.panels.map.view_bar import CHOICES

PERCENT = st.integers(0, 100)
SHIFT, PLAIN = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.NoModifier


def seen_plot(stage):
    dock = stage.window.docks["map"]
    plot = dock.build().plot if dock.is_built else None
    return plot if plot and not plot.viewport().visibleRegion().isEmpty() else None


@action(across=PERCENT, down=PERCENT, to_image=st.booleans())
def click_map(stage, across, down, to_image):
    if plot := seen_plot(stage):
        place = stage.place(plot.viewport(), across, down)
        mouse.click(plot.viewport(), place, modifier=SHIFT if to_image else PLAIN)


@action(across=PERCENT, down=PERCENT)
def hover_map(stage, across, down):
    if plot := seen_plot(stage):
        mouse.move(plot.viewport(), stage.place(plot.viewport(), across, down))


@action(start=st.tuples(PERCENT, PERCENT), end=st.tuples(PERCENT, PERCENT))
def drag_map(stage, start, end):
    if plot := seen_plot(stage):
        places = (stage.place(plot.viewport(), *each) for each in (start, end))
        mouse.drag(plot.viewport(), *places)


@action(name=st.sampled_from("ab"), across=PERCENT, down=PERCENT)
def drag_end_of_path(stage, name, across, down):
    if not (plot := seen_plot(stage)):
        return
    inside = plot.viewport()
    handle = plot.mapFromScene(plot.handles[name].scenePos())
    if inside.visibleRegion().contains(handle):
        mouse.drag(inside, handle, stage.place(inside, across, down))


@action(across=PERCENT, down=PERCENT, turns=st.integers(-8, 8))
def zoom_map(stage, across, down, turns):
    if not (plot := seen_plot(stage)):
        return
    place = QPointF(stage.place(plot.viewport(), across, down))
    everywhere = QPointF(plot.viewport().mapToGlobal(place))
    none, phase = Qt.MouseButton.NoButton, Qt.ScrollPhase.NoScrollPhase
    wheel = QWheelEvent(
        place, everywhere, QPoint(), QPoint(0, 120 * turns), none, PLAIN, phase, False
    )
    QApplication.sendEvent(plot.viewport(), wheel)


@action(
    tool=st.sampled_from(("box", "lasso")),
    start=st.tuples(PERCENT, PERCENT),
    end=st.tuples(PERCENT, PERCENT),
)
def select_on_map(stage, tool, start, end):
    if not (plot := seen_plot(stage)):
        return
    button = stage.window.docks["map"].build().buttons.buttons[tool]
    if button.visibleRegion().isEmpty():
        return
    mouse.click(button, button.rect().center())
    if not seen_plot(stage):
        return  # what was asked for before has come, and shows another workspace
    corners = (start, (end[0], start[1]), end)
    places = [stage.place(plot.viewport(), *corner) for corner in corners]
    mouse.move(plot.viewport(), *places, button=LEFT)


@action(layout=st.sampled_from((Layout.AXES, Layout.PCA, Layout.PLANE, Layout.TSNE, Layout.UMAP)))
def lay_out(stage, layout):
    if seen_plot(stage):
        views, row = stage.window.docks["map"].build().views, list(CHOICES).index(layout)
        if views.layouts.model().item(row).isEnabled():
            views.layouts.setCurrentIndex(row)
            views.layouts.activated.emit(row)
