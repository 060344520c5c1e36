"""Actions on whatever is seen: sliders, images, buttons, lists, number boxes, text, menus."""

from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QScrollBar,
    QWidget,
)
from window_machine import mouse
from window_machine.actions import action

from latentlab.widgets.kit.axis.slider import AxisSlider
from latentlab.widgets.kit.axis.strip import ImageStrip
from latentlab.widgets.kit.images.tile_view import ImageGrid
from latentlab.widgets.panels.neighbours.neighbour_grid import NeighbourGrid

NTH, PERCENT = st.integers(0, 60), st.integers(0, 100)
PICTURES = (ImageGrid, ImageStrip, NeighbourGrid)
PRESSED = (QAbstractButton, QAbstractItemView)
KEYS = ("Left", "Right", "Up", "Down", "Return", "Space", "Escape", "Home", "End", "Delete", "Tab")
TEXTS = ("0.5", "3", "-1", "1e-3", "x", "", "è<b>")
STARTS_LONG_WORK = {"Train", "Add to queue", "Sweep…", "qt_toolbar_ext_button"}
"""Buttons that train what the form has, or open a menu of Qt's own; `train` trains small models."""


def inside(widget):
    """Return the part of a widget that gets the mouse: the viewport of a scroll area."""
    viewport = getattr(widget, "viewport", None)
    return viewport() if viewport else widget


def click_at(stage, widget, across, down, button=Qt.MouseButton.LeftButton):
    part = inside(widget)
    if not part.visibleRegion().isEmpty():
        mouse.click(part, stage.place(part, across, down), button)


@action(nth=NTH, across=PERCENT, down=PERCENT)
def click(stage, nth, across, down):
    safe = [
        each
        for each in stage.seen(*PRESSED)
        if not {each.objectName(), getattr(each, "text", str)()} & STARTS_LONG_WORK
    ]
    if widget := stage.pick(nth, safe):
        click_at(stage, widget, across, down)


@action(nth=NTH, across=PERCENT, down=PERCENT)
def double_click(stage, nth, across, down):
    if widget := stage.pick(nth, stage.seen(QAbstractItemView)):
        part = inside(widget)
        if not part.visibleRegion().isEmpty():
            mouse.double_click(part, stage.place(part, across, down))


@action(nth=NTH, across=PERCENT, down=PERCENT)
def click_image(stage, nth, across, down):
    if widget := stage.pick(nth, stage.seen(*PICTURES)):
        click_at(stage, widget, across, down)


@action(nth=NTH, across=PERCENT, down=PERCENT)
def hover_image(stage, nth, across, down):
    if widget := stage.pick(nth, stage.seen(*PICTURES)):
        mouse.move(inside(widget), stage.place(inside(widget), across, down))


@action(nth=NTH, start=PERCENT, end=PERCENT, down=PERCENT)
def drag_across(stage, nth, start, end, down):
    """Drag over anything: images, the canvas, the crop, the timeline, a plot."""
    if not (widget := stage.pick(nth, stage.seen(QWidget))):
        return
    part = inside(widget)
    if not part.visibleRegion().isEmpty():
        places = (stage.place(part, across, down) for across in (start, end))
        mouse.drag(part, *places, steps=3)


@action(nth=NTH, start=PERCENT, end=PERCENT)
def drag_slider(stage, nth, start, end):
    if slider := stage.pick(nth, stage.seen(AxisSlider)):
        mouse.drag(slider, *(stage.place(slider, across, 50) for across in (start, end)))


@action(nth=NTH, value=PERCENT)
def set_slider(stage, nth, value):
    found = [each for each in stage.seen(QAbstractSlider) if not isinstance(each, QScrollBar)]
    if slider := stage.pick(nth, found):
        low, high = slider.minimum(), slider.maximum()
        slider.setValue(low + value * (high - low) // 100)


@action(nth=NTH, row=st.integers(0, 12))
def choose(stage, nth, row):
    if box := stage.pick(nth, [box for box in stage.seen(QComboBox) if box.count()]):
        stage.say(box.itemText(row % box.count()))
        box.setCurrentIndex(row % box.count())
        box.activated.emit(row % box.count())


@action(nth=NTH, steps=st.integers(-3, 3))
def step_number(stage, nth, steps):
    if box := stage.pick(nth, stage.seen(QAbstractSpinBox)):
        box.stepBy(steps)


@action(nth=NTH, text=st.sampled_from(TEXTS))
def write(stage, nth, text):
    """Replace the text of a field, or of a number box."""
    if line := stage.pick(nth, stage.seen(QLineEdit)):
        line.setFocus()
        line.selectAll()
        stage.hand.key(Qt.Key.Key_Delete)
        line.insert(text)
        stage.hand.key(Qt.Key.Key_Return)


@action(key=st.sampled_from(KEYS), times=st.integers(1, 3))
def press_key(stage, key, times):
    if QApplication.focusWidget():
        stage.say(type(QApplication.focusWidget()).__name__)
        for _ in range(times):
            stage.hand.key(getattr(Qt.Key, f"Key_{key}"))


@action(nth=NTH, across=PERCENT, down=PERCENT, entry=st.integers(0, 14), consents=st.booleans())
def open_context_menu(stage, nth, across, down, entry, consents):
    if widget := stage.pick(nth, stage.seen(*PICTURES, *PRESSED, AxisSlider)):
        stage.answers.decide(entry, consents, file=-1)
        click_at(stage, widget, across, down, Qt.MouseButton.RightButton)
