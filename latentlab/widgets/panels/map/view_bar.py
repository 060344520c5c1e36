"""Choice of the view of the map, and of its axes."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Slot
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QWidget

from latentlab.extras import how_to_install
from latentlab.session.directions import ReadDirections
from latentlab.session.map import Layout
from latentlab.widgets.kit.theme import UNIT

if TYPE_CHECKING:
    from latentlab.session.state import State
    from latentlab.workers.controller import Controller

CHOICES = {
    Layout.AXES: ("Dimensions", "Two latent dimensions, unchanged."),
    Layout.PCA: (
        "PCA",
        "The plane of the largest variance of the codes. Every position decodes exactly.",
    ),
    Layout.PLANE: (
        "Plane of A, B, z",
        "The plane through the path start A, the path end B and the current z. Every "
        "position decodes exactly.",
    ),
    Layout.DIRECTIONS: (
        "Directions",
        "The plane of two learned directions. Every position decodes exactly.",
    ),
    Layout.TSNE: (
        "t-SNE",
        "Keeps neighbours together; distances between groups mean little. A position decodes to "
        "a blend of the nearest codes.",
    ),
    Layout.UMAP: (
        "UMAP",
        "Keeps neighbours together, and more of the order of the groups. A position decodes to a "
        "blend of the nearest codes.",
    ),
}
AXIS = 7 * UNIT
"""Width of the box of a dimension, in pixels."""
DIRECTION = 12 * UNIT
"""Width of the box of a direction, in pixels."""
MIN_TITLE_LENGTH = 8
"""Widest letters that fit into the box of the view; the longest title of a view that can be chosen
is as wide."""


class ViewBar(QWidget):
    """Choice of a view, and of two dimensions or directions if the view has them."""

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._controller = controller
        self._awaits_directions = False
        self.layouts, self.across, self.up = QComboBox(), QComboBox(), QComboBox()
        self.layouts.setToolTip(
            "What the map shows: a plane of latent space, or a neighbour embedding."
        )
        self.layouts.setAccessibleName("View")
        self._add_layouts()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(UNIT // 2)
        row.addWidget(self.layouts)
        for box, text in ((self.across, "horizontal"), (self.up, "vertical")):
            box.setToolTip(f"Dimension or direction of the {text} axis.")
            box.setAccessibleName(f"{text.capitalize()} axis")
            box.setFixedWidth(AXIS)
            box.hide()
            box.currentIndexChanged.connect(self._on_axes)
            row.addWidget(box)
        self.layouts.activated.connect(self._on_layout)

    def _add_layouts(self) -> None:
        model = self.layouts.model()
        assert isinstance(model, QStandardItemModel)
        for layout, (title, tip) in CHOICES.items():
            missing = layout is Layout.UMAP and find_spec("umap") is None
            self.layouts.addItem(f"{title} (not installed)" if missing else title, layout)
            item = model.item(self.layouts.count() - 1)
            item.setToolTip(how_to_install("umap") if missing else tip)
            item.setEnabled(not missing)
        # Only its list is as wide as the longest title.
        self.layouts.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.layouts.setMinimumContentsLength(MIN_TITLE_LENGTH)
        view = self.layouts.view()
        view.setMinimumWidth(view.sizeHintForColumn(0) + 2 * UNIT)

    def show_view(self, state: State) -> None:
        """Show the current view."""
        view, size = state.view, state.model.latent_dim if state.model else 0
        self.layouts.setCurrentIndex(list(CHOICES).index(view.layout))
        names: list[str] = []
        if view.layout is Layout.AXES and size > 2:
            names = [f"z{d + 1}" for d in range(size)]
        elif view.layout is Layout.DIRECTIONS:
            names = [direction.name for direction in state.answer(ReadDirections) or ()]
        width = AXIS if view.layout is Layout.AXES else DIRECTION
        for box, chosen in zip((self.across, self.up), view.frame.names, strict=True):
            with QSignalBlocker(box):
                box.setFixedWidth(width)
                box.clear()
                box.addItems(names)
                box.setCurrentIndex(box.findText(chosen))
                box.setVisible(bool(names))
        if self._awaits_directions and state.answer(ReadDirections) is not None:
            self._awaits_directions = False
            self._look_along(0, 1)

    @Slot(int)
    def _on_layout(self, row: int) -> None:
        layout = list(CHOICES)[row]
        if layout is Layout.AXES:
            size = self._controller.state.model.latent_dim if self._controller.state.model else 1
            old = self._controller.state.view.frame.dimensions
            self._controller.map.set_plane(old or (0, min(1, size - 1)))
        elif layout is Layout.PLANE:
            self._controller.map.look_through_points()
        elif layout is Layout.DIRECTIONS and self._controller.state.answer(ReadDirections) is None:
            self._awaits_directions = True
            self._controller.ask(ReadDirections())
        elif layout is Layout.DIRECTIONS:
            self._look_along(0, 1)
        else:
            self._controller.map.lay_out(layout)
        # The current view stays selected until the new one arrives.
        self.show_view(self._controller.state)

    @Slot()
    def _on_axes(self) -> None:
        if self._controller.state.view.layout is Layout.DIRECTIONS:
            self._change_axis()
            return
        plane = (self.across.currentIndex(), self.up.currentIndex())
        if min(plane) >= 0:
            self._controller.map.set_plane(plane)

    def _change_axis(self) -> None:
        """Use the direction that was just chosen as its axis; the other axis stays."""
        state = self._controller.state
        for box, name in zip((self.across, self.up), state.view.frame.names, strict=True):
            if box.currentIndex() >= 0 and box.currentText() != name:
                direction = (state.answer(ReadDirections) or ())[box.currentIndex()]
                up = box is self.up
                self._controller.map.look_towards(direction.vector, direction.name, up=up)
                self.show_view(self._controller.state)
                return

    def _look_along(self, across: int, up: int) -> None:
        directions = self._controller.state.answer(ReadDirections) or ()
        if len(directions) < 2:
            self._controller.store.refuse(
                "A plane of directions needs two learned directions.",
                "Learn them in the Directions panel.",
            )
            return
        first, second = directions[across], directions[up]
        names = (first.name, second.name)
        self._controller.map.look_along(first.vector, second.vector, names)
