"""How the map is laid out: the choice of a view, and its axes."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from PySide6.QtCore import Slot
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QWidget

from latentlab.session.views import Layout
from latentlab.widgets.theme import UNIT

if TYPE_CHECKING:
    from latentlab.session.state import State
    from latentlab.workers.controller import Controller

CHOICES = {
    Layout.AXES: ("Dimensions", "Two latent dimensions as they are."),
    Layout.PCA: ("PCA", "The plane in which the codes spread most. Every place decodes exactly."),
    Layout.PLANE: (
        "Plane A, B, z",
        "The plane through A, B and z as they stand now. Every place decodes exactly.",
    ),
    Layout.TSNE: (
        "t-SNE",
        "Neighbours stay neighbours; distances between groups mean little. A place decodes to "
        "the blend of the nearest codes.",
    ),
    Layout.UMAP: (
        "UMAP",
        "Neighbours stay neighbours, and groups keep more of their order. A place decodes to "
        "the blend of the nearest codes.",
    ),
}
AXIS = 7 * UNIT
"""Pixels of the choice of a dimension."""
NO_UMAP = "Not installed. Install it with: pip install 'latentlab[umap]'"


class ViewBar(QWidget):
    """The choice of a view, and of two dimensions where it shows those."""

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._controller = controller
        self.layouts, self.across, self.up = QComboBox(), QComboBox(), QComboBox()
        self.layouts.setToolTip(
            "What the map shows: a plane through latent space, or who is near whom."
        )
        self.layouts.setAccessibleName("View")
        self.layouts.setPlaceholderText("Directions")
        self._fill()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(UNIT // 2)
        row.addWidget(self.layouts)
        for box, text in ((self.across, "to the right"), (self.up, "upwards")):
            box.setToolTip(f"The latent dimension that grows {text}.")
            box.setAccessibleName(f"Dimension {text}")
            box.setFixedWidth(AXIS)
            box.currentIndexChanged.connect(self._on_axes)
            row.addWidget(box)
        self.layouts.activated.connect(self._on_layout)

    def _fill(self) -> None:
        model = self.layouts.model()
        assert isinstance(model, QStandardItemModel)
        for layout, (title, tip) in CHOICES.items():
            self.layouts.addItem(title, layout)
            item = model.item(self.layouts.count() - 1)
            missing = layout is Layout.UMAP and find_spec("umap") is None
            item.setToolTip(NO_UMAP if missing else tip)
            item.setEnabled(not missing)

    def show_view(self, state: State) -> None:
        """Show which view is on."""
        view = state.view
        chosen = view.frame.dimensions if view.layout is Layout.AXES else None
        # Directions are laid out from their own panel: here they are shown, not chosen.
        chosen_here = view.layout in CHOICES
        self.layouts.setCurrentIndex(list(CHOICES).index(view.layout) if chosen_here else -1)
        size = state.model.latent_dim if state.model else 0
        for box, dimension in zip((self.across, self.up), chosen or (0, 0), strict=True):
            box.blockSignals(True)
            if box.count() != size:
                box.clear()
                box.addItems([f"z{d + 1}" for d in range(size)])
            box.setCurrentIndex(dimension)
            box.setVisible(size > 2 and chosen is not None)
            box.blockSignals(False)

    @Slot(int)
    def _on_layout(self, row: int) -> None:
        layout = list(CHOICES)[row]
        if layout is Layout.AXES:
            size = self._controller.state.model.latent_dim if self._controller.state.model else 1
            old = self._controller.state.view.frame.dimensions
            self._controller.set_plane(old or (0, min(1, size - 1)))
        elif layout is Layout.PLANE:
            self._controller.look_through_points()
        else:
            self._controller.lay_out(layout)
        # What is on stays chosen until the new one is there.
        self.show_view(self._controller.state)

    @Slot()
    def _on_axes(self) -> None:
        plane = (self.across.currentIndex(), self.up.currentIndex())
        if min(plane) >= 0:
            self._controller.set_plane(plane)
