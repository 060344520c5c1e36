"""Menu that selects images by class, attribute, range of values, or text."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtWidgets import QDialog, QFormLayout, QInputDialog, QMenu, QWidget

from latentlab.data.tables.columns import groups_of
from latentlab.session.colourings import Colouring, attribute_colouring, values_of
from latentlab.session.selection import by_range, by_text
from latentlab.widgets.kit.class_menu import ClassMenu
from latentlab.widgets.kit.dialogs import ValidatingButtonBox
from latentlab.widgets.kit.labels import literal
from latentlab.widgets.kit.number_box import NumberBox
from latentlab.widgets.kit.scatter.point_colours import value_range
from latentlab.widgets.panels.map.selection_bar import add_saved_selections

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from latentlab.data.image_set import Attributes
    from latentlab.session.state import State
    from latentlab.workers.controller import Controller

BINARY_THRESHOLD = 0.5
"""Value above which a binary attribute is set."""
MAX_LEVELS = 100
"""Maximum number of levels of an attribute in a menu."""


def fill_select_menu(
    menu: QMenu, controller: Controller, colouring: Colouring | None, parent: QWidget
) -> None:
    """Add all selection actions to a menu, except the mouse tools."""
    state = controller.state
    if state.model is None or state.codes is None or not len(state.codes):
        return
    codes, names = state.codes, state.model.spec.class_names
    if codes.labels is not None:
        classes = ClassMenu("Class", menu)
        classes.offer(names)
        classes.chosen.connect(partial(_select_class, controller, codes.labels))
        menu.addMenu(classes)
        menu.addAction("Text in the name of the class…", partial(_ask_text, controller, parent))
    if codes.attributes:
        submenu = menu.addMenu("Attribute")
        for name in codes.attributes.names:
            _add_attribute(submenu, controller, codes.attributes, name, parent)
    _add_colouring(menu, controller, colouring, parent)
    menu.addSeparator()
    menu.addAction("All", partial(controller.selection.select, np.arange(len(codes))))
    menu.addAction("Invert", controller.selection.invert)
    if state.kept:
        menu.addSeparator()
        add_saved_selections(menu, controller)


def _add_attribute(
    menu: QMenu, controller: Controller, attributes: Attributes, name: str, parent: QWidget
) -> None:
    """Add the actions of an attribute: its images, each of its levels, or a range."""
    title, values = literal(name.replace("_", " ")), attributes.column(name)
    if groups := groups_of(attributes, name):
        labels, names = groups
        submenu = menu.addMenu(title)
        for group, label in enumerate(names[:MAX_LEVELS]):
            submenu.addAction(literal(label), partial(_select_mask, controller, labels == group))
    elif set(np.unique(values[np.isfinite(values)]).tolist()) <= {0.0, 1.0}:
        menu.addAction(title, partial(_select_mask, controller, values > BINARY_THRESHOLD))
    else:
        ask = partial(_ask_range, controller, attribute_colouring(attributes, name), parent)
        menu.addAction(f"{title} between…", ask)


def _add_colouring(
    menu: QMenu, controller: Controller, colouring: Colouring | None, parent: QWidget
) -> None:
    """Add the actions of the current colouring: its groups, or a range of values."""
    values = values_of(colouring.key, controller.state) if colouring else None
    if colouring is None or values is None or colouring.key == "class":
        return
    if values.dtype.kind == "f":
        ask = partial(_ask_range, controller, colouring, parent)
        menu.addAction(literal(f"{colouring.title} between…"), ask)
        return
    submenu = menu.addMenu("Group")
    for group in np.unique(values).tolist():
        label = colouring.names[group] if 0 <= group < len(colouring.names) else group_name(group)
        submenu.addAction(literal(label), partial(_select_mask, controller, values == group))


def group_name(group: int) -> str:
    """Return the name of a group; -1 is none."""
    return "none" if group < 0 else f"group {group + 1}"


def _select_class(controller: Controller, labels: NDArray[np.int64], label: int) -> None:
    _select_mask(controller, labels == label)


def _select_mask(controller: Controller, mask: NDArray[np.bool_]) -> None:
    controller.selection.select(np.flatnonzero(mask))


def _ask_text(controller: Controller, parent: QWidget) -> None:
    text, accepted = QInputDialog.getText(
        parent, "Select by text", "Text in the name of the class:"
    )
    if accepted:
        select_by_text(controller, text)


def select_by_text(controller: Controller, text: str) -> None:
    """Select the images whose class name contains a text; report if there are none."""
    state: State = controller.state
    if state.model is None or state.codes is None:
        return
    rows = by_text(text, state.model.spec.class_names, state.codes.labels)
    if len(rows):
        controller.selection.select(rows)
    else:
        classes = ", ".join(state.model.spec.class_names[:12])
        controller.store.refuse(f"No class name contains “{text}”.", f"The classes are {classes}.")


def _ask_range(controller: Controller, colouring: Colouring, parent: QWidget) -> None:
    values = values_of(colouring.key, controller.state)
    if values is None:
        return
    dialog = RangeDialog(colouring, values, parent)
    if dialog.exec() == QDialog.DialogCode.Accepted:
        controller.selection.select(by_range(values, dialog.low.value(), dialog.high.value()))
    dialog.deleteLater()


class RangeDialog(QDialog):
    """Dialog for a range of values, initially that of the colour bar."""

    def __init__(
        self, colouring: Colouring, values: NDArray[np.float32], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Select by {colouring.title}")
        form = QFormLayout(self)
        self.low, self.high = NumberBox(-1e9, 1e9), NumberBox(-1e9, 1e9)
        ends = zip((self.low, self.high), ("From", "To"), value_range(values), strict=True)
        for box, name, value in ends:
            box.setValue(value)
            box.setAccessibleName(name)
            box.setToolTip(f"{name} value of {colouring.title} that is selected, included.")
            if colouring.unit:
                box.setSuffix(f" {colouring.unit}")
            form.addRow(name, box)
        form.addRow(ValidatingButtonBox(self, self.low, self.high))
