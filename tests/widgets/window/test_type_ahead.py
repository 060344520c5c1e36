"""Letters that are shortcuts of the window still find entries in lists."""

import itertools

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView, QComboBox, QLineEdit

KEYS = [Qt.Key.Key_A, Qt.Key.Key_B, Qt.Key.Key_N, Qt.Key.Key_R, Qt.Key.Key_Home]

BUILT = ("map", "image", "manifold")


def places(desk):
    state = desk.state
    return state.point.z, state.ends.a.z, state.ends.b.z, state.sampling.seed


def test_letters_find_entries(old_big):
    box = old_big.panel("samples").label
    box.setFocus()
    old_big.hand.key(Qt.Key.Key_B)
    assert box.currentText() == "bee"


def test_no_letter_typed_in_a_list_moves_anything(old_big):
    big, kinds = old_big, (QComboBox, QAbstractItemView, QLineEdit)
    seen = [w for kind in kinds for w in big.window.findChildren(kind)]
    seen = [
        w for w in seen if w.isEnabled() and w.focusPolicy() and not w.visibleRegion().isEmpty()
    ]
    assert {kind for kind in kinds for w in seen if isinstance(w, kind)} == set(kinds)
    big.controller.point.set(big.state.point.along({0: 1.5}))
    before = places(big)
    for widget, key in itertools.product(seen, KEYS):
        widget.setFocus()
        big.hand.key(key)
        assert places(big) == before, f"{key} in {widget.accessibleName()} of {widget.parent()}"


def test_letters_are_shortcuts_elsewhere(desk):
    desk.controller.point.set(desk.state.point.along({0: 1.5}))
    desk.panel("manifold").spacing.setFocus()
    desk.panel("map").plot.setFocus()
    desk.hand.key(Qt.Key.Key_Home)
    assert desk.state.point.z == pytest.approx((0.0, 0.0), abs=0.2)
