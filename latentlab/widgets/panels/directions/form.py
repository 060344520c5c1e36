"""Form to learn a direction: source, method, and groups of images."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from latentlab.data.tables.columns import groups_of
from latentlab.latent.directions import Method
from latentlab.session.directions import (
    GROUP_NAMES,
    DirectionSource,
    Groups,
    LearnDirection,
    ReadDirections,
)
from latentlab.widgets.kit.icons import IconButton
from latentlab.widgets.kit.labels import muted
from latentlab.widgets.kit.theme import UNIT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from latentlab.session.state import State

MANUAL_GROUPS = DirectionSource("groups")
MAX_LEVELS = 50
"""Maximum number of levels of an attribute in the list of sources."""


class DirectionForm(QWidget):
    """Source and method of a direction, and two groups of images collected by hand."""

    wanted = Signal(object, object, bool)
    """DirectionSource, method, and whether the other directions stay unchanged."""
    cancelled = Signal()
    gathered = Signal(object)
    """The new groups."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._listed: tuple[DirectionSource, ...] = ()
        self._inputs: tuple[object, ...] = (None, None, None)
        self._groups, self._row = Groups(), -1
        self._make_boxes()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(UNIT // 2)
        first = QHBoxLayout()
        first.setSpacing(UNIT // 2)
        first.addWidget(self.source, 1)
        first.addWidget(self.learn)
        first.addWidget(self.cancel)
        second = QHBoxLayout()
        second.setSpacing(UNIT)
        second.addWidget(self.method, 1)
        second.addWidget(self.apart)
        self.sides = {side: GroupEditor(side) for side in GROUP_NAMES}
        self._by_hand = QWidget()
        third = QHBoxLayout(self._by_hand)
        third.setContentsMargins(0, 0, 0, 0)
        third.setSpacing(UNIT)
        for side in self.sides.values():
            third.addWidget(side, 1)
            side.added.connect(self._on_added)
            side.cleared.connect(self._on_cleared)
        for layout in (first, second):
            column.addLayout(layout)
        column.addWidget(self._by_hand)
        self.source.currentIndexChanged.connect(self._show_choice)
        self.learn.clicked.connect(self._on_learn)
        self.cancel.clicked.connect(self.cancelled)

    def _make_boxes(self) -> None:
        self.source = QComboBox()
        self.source.setAccessibleName("Learn from")
        self.source.setToolTip(
            "What the direction separates: the values of an attribute, a class from the rest, or "
            "two groups of images that you collect."
        )
        self.learn = QPushButton("Learn")
        self.learn.setToolTip("Learn this direction, and test it on held-out images.")
        self.cancel = QPushButton("Cancel")
        self.cancel.setToolTip("Stop learning; earlier directions are kept.")
        self.cancel.hide()
        self.method = QComboBox()
        self.method.addItems(list(Method))
        self.method.setAccessibleName("Method")
        self.method.setToolTip(
            "The difference of means follows all differences between the two groups. A linear "
            "classifier finds the direction that separates them best, and often changes less."
        )
        # Elide long texts, which would widen the column of panels.
        policy = QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        for box in (self.source, self.method):
            box.setMinimumContentsLength(6)
            box.setSizeAdjustPolicy(policy)
        self.apart = QCheckBox("Hold others fixed")
        self.apart.setToolTip(
            "Keep the other directions unchanged: remove from this one what correlates with them "
            "in the data, such as glasses from smile. Works best if the others were learned as "
            "linear classifiers."
        )

    def show_choice(self, state: State) -> None:
        """List the sources for the data set of the open model, and show the groups."""
        annotations = (state.codes and state.codes.attributes, state.codes and state.codes.labels)
        names = state.model.spec.class_names if state.model else ()
        if any(a is not b for a, b in zip((*annotations, names), self._inputs, strict=True)):
            # Reading all attributes is slow.
            self._inputs = (*annotations, names)
            sources = _sources(state)
            if sources != self._listed:
                self._list_sources(sources)
        self._groups = state.groups
        original = state.original
        self._row = -1 if original is None or original.row is None else original.row
        for side, rows in zip(self.sides.values(), (state.groups.a, state.groups.b), strict=True):
            side.show_rows(len(rows), can_add=self._row >= 0, holds=self._row in rows)
        busy = LearnDirection in state.working
        # Hide one before showing the other: both at once would widen the panel.
        (self.learn if busy else self.cancel).hide()
        (self.cancel if busy else self.learn).show()
        self.apart.setEnabled(bool(state.answer(ReadDirections)))
        self._show_choice()

    def _list_sources(self, sources: tuple[DirectionSource, ...]) -> None:
        chosen = self.source.currentData()
        with_levels = {source.name for source in sources if source.level}
        with QSignalBlocker(self.source):
            self.source.clear()
            kind = None
            for source in sources:
                if kind is not None and source.kind != kind:
                    self.source.insertSeparator(self.source.count())
                self.source.addItem(_source_text(source, with_levels), source)
                kind = source.kind
            rows = range(self.source.count())
            row = next((row for row in rows if chosen and self.source.itemData(row) == chosen), 0)
            self.source.setCurrentIndex(row if sources else -1)
        self._listed = sources

    @Slot()
    def _show_choice(self) -> None:
        source = self.source.currentData()
        by_hand = source == MANUAL_GROUPS
        self._by_hand.setVisible(by_hand)
        # A separator is not a source.
        ready = bool(self._groups.a and self._groups.b) if by_hand else source is not None
        self.learn.setEnabled(ready)

    @Slot()
    def _on_learn(self) -> None:
        source = self.source.currentData()
        if source is None:
            return
        if source == MANUAL_GROUPS:
            source = DirectionSource("groups", groups=self._groups)
        method = Method(self.method.currentText())
        self.wanted.emit(source, method, self.apart.isChecked() and self.apart.isEnabled())

    @Slot(str)
    def _on_added(self, side: str) -> None:
        self.gathered.emit(self._groups.added(side, self._row))

    @Slot(str)
    def _on_cleared(self, side: str) -> None:
        self.gathered.emit(self._groups.cleared(side))


class GroupEditor(QWidget):
    """One of the two groups: number of images, and buttons to add and clear."""

    added = Signal(str)
    cleared = Signal(str)

    def __init__(self, side: str) -> None:
        super().__init__()
        self._side, self._name = side, GROUP_NAMES[side]
        self.count = muted(stretch=False)
        self.count.setMinimumWidth(self.count.fontMetrics().horizontalAdvance("Without: 9,999"))
        self.count.setAccessibleName(f"Group “{self._name}”")
        self.add = IconButton("plus", f"Add to the group “{self._name}”")
        self.clear = IconButton("close", f"Clear the group “{self._name}”")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(UNIT // 2)
        for widget in (self.count, self.add, self.clear):
            row.addWidget(widget)
        row.addStretch(1)
        self.add.clicked.connect(self._on_add)
        self.clear.clicked.connect(self._on_clear)
        self.show_rows(0, can_add=False, holds=False)

    def show_rows(self, count: int, *, can_add: bool, holds: bool) -> None:
        """Show the number of images; `holds` tells whether the image at z is in the group."""
        self.count.setText(f"{self._name.capitalize()}: {count:,}")
        self.count.setToolTip(f"Images {self._name} the property of the direction.")
        self.add.setEnabled(can_add and not holds)
        self.clear.setEnabled(count > 0)
        tip = f"Add the image at z to the group “{self._name}”; it leaves the other group."
        if holds:
            tip = "The image at z is already in this group: choose another image on the map."
        elif not can_add:
            tip = "Choose an image on the map first: z is not the code of an image."
        self.add.setToolTip(tip)

    @Slot()
    def _on_add(self) -> None:
        self.added.emit(self._side)

    @Slot()
    def _on_clear(self) -> None:
        self.cleared.emit(self._side)


def _sources(state: State) -> tuple[DirectionSource, ...]:
    """Return the sources of directions: attributes, classes, and groups by hand."""
    if state.codes is None or state.model is None or not len(state.codes):
        return ()
    attributes = state.codes.attributes
    classes = state.model.spec.class_names if state.codes.labels is not None else ()
    sources: list[DirectionSource] = []
    for name in attributes.names if attributes else ():
        assert attributes
        groups = groups_of(attributes, name)
        levels = _frequent_levels(*groups) if groups else ()
        sources += [DirectionSource("attribute", name, level=level) for level in levels]
        if name not in attributes.levels:
            sources.append(DirectionSource("attribute", name))
    sources += [DirectionSource("class", name) for name in classes if len(classes) > 1]
    return (*sources, MANUAL_GROUPS)


def _frequent_levels(labels: NDArray[np.int64], names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the most frequent levels, in their original order."""
    counts = np.bincount(labels[labels >= 0], minlength=len(names))
    frequent = sorted(np.argsort(-counts, kind="stable")[:MAX_LEVELS].tolist())
    return tuple(names[i] for i in frequent if counts[i])


def _source_text(source: DirectionSource, with_levels: set[str]) -> str:
    """Return the name of a source; `with_levels` are the attributes that also have levels."""
    attribute = source.name
    if source.level:
        attribute = f"{source.title} against the rest"
    elif source.name in with_levels:
        attribute = f"{source.name}, high against low"
    return {
        "attribute": attribute,
        "class": f"class {source.name} against the rest",
        "groups": "two groups of images",
    }[source.kind]
