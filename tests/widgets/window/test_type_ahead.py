"""Letters that are shortcuts of the window still find entries in lists."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView, QComboBox, QLineEdit

KEYS = [Qt.Key.Key_A, Qt.Key.Key_B, Qt.Key.Key_N, Qt.Key.Key_R, Qt.Key.Key_Home]

BUILT = None
"""All panels are built, also those behind others."""


def places(desk):
    state = desk.state
    return state.point.z, state.ends.a.z, state.ends.b.z, state.sampling.seed


@pytest.mark.parametrize("key", KEYS)
def test_no_letter_typed_in_a_list_moves_anything(big, key):
    kinds = (QComboBox, QAbstractItemView, QLineEdit)
    seen = [w for kind in kinds for w in big.window.findChildren(kind)]
    seen = [
        w for w in seen if w.isEnabled() and w.focusPolicy() and not w.visibleRegion().isEmpty()
    ]
    assert {kind for kind in kinds for w in seen if isinstance(w, kind)} == set(kinds)
    big.controller.point.set(big.state.point.along({0: 1.5}))
    before = places(big)
    for widget in seen:
        widget.setFocus()
        big.hand.key(key)
        assert places(big) == before, f"{widget.accessibleName()} in {widget.parent()}"


def test_letters_find_entries(big):
    box = big.panel("samples").label
    box.setFocus()
    big.hand.key(Qt.Key.Key_B)
    assert box.currentText() == "bee"


def test_letters_are_shortcuts_elsewhere(desk):
    desk.controller.point.set(desk.state.point.along({0: 1.5}))
    desk.panel("manifold").spacing.setFocus()
    desk.panel("map").plot.setFocus()
    desk.hand.key(Qt.Key.Key_Home)
    assert desk.state.point.z == pytest.approx((0.0, 0.0), abs=0.2)
