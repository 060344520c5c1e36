"""Context menus: each widget from the cursor up to its panel adds what can be done there.

A widget takes part by a method ``fill_menu(menu, place)``, where `place` is the position in the
widget. Widgets without one leave the menu to the widgets around them.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QAbstractButton, QLabel, QMenu, QToolButton, QWidget

from latentlab.session.abilities import ENCODER_DECODER, why_not
from latentlab.widgets.kit.class_menu import ClassMenu
from latentlab.widgets.kit.labels import literal

if TYPE_CHECKING:
    from latentlab.session.points import ModelCard, Point
    from latentlab.workers.controller import Controller

    Buttons = list[QAbstractButton]

SAVE_ENTRY = "save entry"
"""Property of a button that does the same as the entry of this name."""
PATH_ENDS = {"a": "path start (A)", "b": "path end (B)"}
"""Ends of the path and their names in menus."""
SENTENCE = re.compile(r"(.+?)(?:\s*\([^)]*\))?(?:[.;:]\s.*|\.?)$", re.DOTALL)
"""The first sentence of a tooltip, without the shortcut in parentheses."""


@runtime_checkable
class MenuSource(Protocol):
    """Widget that adds actions to the context menu."""

    def fill_menu(self, menu: QMenu, place: QPoint) -> None:
        """Add the actions for a position in the widget."""


class Exports(Protocol):
    """What adds the actions that copy and save the content of a widget."""

    def fill_menu(self, menu: QMenu) -> None:
        """Add the actions."""


@runtime_checkable
class HasExport(Protocol):
    """Widget whose content can be copied and saved."""

    exporting: Exports


@runtime_checkable
class HasController(Protocol):
    """A panel."""

    controller: Controller


@runtime_checkable
class ShowsPoints(Protocol):
    """Widget with images of points of latent space."""

    def point_shown_at(self, place: QPoint) -> Point | None:
        """Return the point whose image is at a position; None if there is none."""


@runtime_checkable
class ShowsRows(Protocol):
    """Widget with images of the map."""

    def row_shown_at(self, place: QPoint) -> int:
        """Return the row of the image at a position; -1 if there is none."""


def open_context_menu(widget: QWidget, place: QPoint) -> None:
    """Show the context menu of a widget at a position in it."""
    menu = QMenu(widget.window())
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    fill_context_menu(menu, widget, place)
    if not menu.isEmpty():
        menu.popup(widget.mapToGlobal(place))


def fill_context_menu(menu: QMenu, widget: QWidget, place: QPoint) -> None:
    """Add the actions of a widget, and of the widgets around it, from the inside out."""
    source: QWidget | None = widget
    if isinstance(widget, QLabel) and (buddy := widget.buddy()):
        # The label of an editor stands beside it, not around it.
        source = buddy
    _add_image_actions(menu, widget, place)
    while source and not source.isWindow():
        before = len(menu.actions())
        if isinstance(source, HasExport):
            source.exporting.fill_menu(menu)
            menu.addSeparator()
        if isinstance(source, MenuSource):
            source.fill_menu(menu, place)
        if len(menu.actions()) > before:
            menu.addSeparator()
        place, source = source.mapToParent(place), source.parentWidget()


def _add_image_actions(menu: QMenu, widget: QWidget, place: QPoint) -> None:
    """Add the actions that use the image at a position, if there is one."""
    source: QWidget | None = widget
    point, row = None, -1
    while source and not isinstance(source, HasController):
        if isinstance(source, ShowsPoints):
            point = point or source.point_shown_at(place)
        elif isinstance(source, ShowsRows):
            row = max(row, source.row_shown_at(place))
        place, source = source.mapToParent(place), source.parentWidget()
    if not isinstance(source, HasController):
        return
    controller = source.controller
    if isinstance(source, ShowsPoints):
        point = point or source.point_shown_at(place)
    if row >= 0:
        add_row_actions(menu, controller, row)
    elif point:
        add_point_actions(menu, controller, point)
    if not menu.isEmpty():
        menu.addSeparator()


def add_point_actions(menu: QMenu, controller: Controller, point: Point) -> None:
    """Add the actions that use a point of latent space whose image is shown."""
    state = controller.state
    if state.point != point:
        menu.addAction("Set z to this image", partial(controller.point.set, point))
    for end, name in PATH_ENDS.items():
        menu.addAction(f"Set {name} to this image", partial(controller.path.put, end, point))


def add_row_actions(menu: QMenu, controller: Controller, row: int) -> None:
    """Add the actions that use an image of the map by its row."""
    menu.addAction("Set z to this image", partial(controller.point.pick, row))
    for end, name in PATH_ENDS.items():
        text = f"Set {name} to this image"
        menu.addAction(text, partial(controller.point.pick, row, end))
    add_transfer_menu(menu, controller, "this image", row)


def add_transfer_menu(menu: QMenu, controller: Controller, image: str, row: int) -> None:
    """Add a menu that decodes the code of an image as another class, for a conditional model."""
    names = transfer_classes(controller.state.model)
    if not names:
        return
    classes = ClassMenu(f"Set z to {image}, decoded as", menu)
    classes.offer(names)
    classes.chosen.connect(partial(controller.point.transfer, row))
    menu.addMenu(classes)


def transfer_classes(model: ModelCard | None) -> tuple[str, ...]:
    """Return the classes that a code can be decoded as; empty unless the model is of classes."""
    if model is None or not model.conditional or model.spec.conditions:
        return ()
    return () if why_not(ENCODER_DECODER, model) else model.spec.class_names


def add_button_actions(menu: QMenu, buttons: Buttons) -> None:
    """Add an action for each button that can be pressed, named after its text or its tooltip.

    A button that saves what the menu offers to save already is left out.
    """
    known = {action.text() for action in menu.actions()}
    for button in buttons:
        inner = button.menu() if isinstance(button, QToolButton) else None
        if not button.isEnabled() or not button.isVisible():
            continue
        if button.property(SAVE_ENTRY) in known:
            continue
        if inner:
            inner.aboutToShow.emit()
            # Not the menu itself, which would be deleted with this one.
            menu.addMenu(title_of(button)).addActions(inner.actions())
            continue
        action = menu.addAction(title_of(button), button.click)
        action.setCheckable(button.isCheckable())
        action.setChecked(button.isChecked())


def title_of(button: QAbstractButton) -> str:
    """Return the text of a button; if it is short, the first sentence of its tooltip."""
    text = button.text().rstrip(" ▾")
    if " " not in text and button.toolTip():
        # One word, such as Reset, says too little in a menu.
        text = ""
    match = SENTENCE.match(text or literal(button.toolTip() or button.accessibleName()))
    return match[1] if match else ""
