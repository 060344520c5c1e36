"""Form to learn a direction: source, method, and groups of images."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from latentlab.data.tables.columns import groups_of
from latentlab.latent.directions import Method
from latentlab.session.directions import DirectionSource, Groups, LearnDirection, ReadDirections
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
    """DirectionSource and method, and two groups of images collected by hand."""

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
        self.sides = {side: GroupEditor(side) for side in "ab"}
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
            "What the direction shall stand for: an attribute of the images, a class against the "
            "rest, or two groups that you gather."
        )
        self.learn = QPushButton("Learn")
        self.learn.setToolTip("Learn this direction, and test it on images held out.")
        self.cancel = QPushButton("Cancel")
        self.cancel.setToolTip("Give up learning; the directions there are stay.")
        self.cancel.hide()
        self.method = QComboBox()
        self.method.addItems(list(Method))
        self.method.setAccessibleName("Method")
        self.method.setToolTip(
            "The difference of means follows how the two groups differ, with all that goes with "
            "it; a linear classifier finds what tells them apart, and often moves less."
        )
        # Elide long texts, which would widen the column of panels.
        policy = QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        for box in (self.source, self.method):
            box.setMinimumContentsLength(6)
            box.setSizeAdjustPolicy(policy)
        self.apart = QCheckBox("Leave others")
        self.apart.setToolTip(
            "Leave the other directions as they are: take out what goes with them in the data, "
            "such as glasses from smile. Works best with others learned as linear classifiers."
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
        with QSignalBlocker(self.source):
            self.source.clear()
            kind = None
            for source in sources:
                if kind is not None and source.kind != kind:
                    self.source.insertSeparator(self.source.count())
                self.source.addItem(_source_text(source, sources), source)
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
        self._side = side
        self.count = muted(stretch=False)
        self.count.setMinimumWidth(self.count.fontMetrics().horizontalAdvance("A: 9,999"))
        self.count.setAccessibleName(f"Group {side.upper()}")
        self.add = IconButton("plus", f"Add to {side.upper()}")
        self.clear = IconButton("close", f"Empty group {side.upper()}")
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
        which = "have it" if self._side == "a" else "have it not"
        self.count.setText(f"{self._side.upper()}: {count:,}")
        self.count.setToolTip(f"Group {self._side.upper()}: images that {which}.")
        self.add.setEnabled(can_add and not holds)
        self.clear.setEnabled(count > 0)
        tip = f"Put the image under z into {self._side.upper()}, and take it out of the other."
        if holds:
            tip = "The image under z is there already: choose another on the map."
        elif not can_add:
            tip = "Choose an image on the map first: z is at none of them."
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


def _source_text(source: DirectionSource, others: tuple[DirectionSource, ...] = ()) -> str:
    attribute = source.name
    if source.level:
        attribute = f"{source.title} against the rest"
    elif any(other.level and other.name == source.name for other in others):
        attribute = f"{source.name}, high against low"
    return {
        "attribute": attribute,
        "class": f"class {source.name} against the rest",
        "groups": "two groups gathered by hand",
    }[source.kind]
