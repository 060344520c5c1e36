"""No text is cut off: in any workspace, at any size, in both themes."""

import pytest
from gui_support import wait
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QCheckBox, QLabel, QPushButton, QToolButton

from latentlab.widgets.kit import theme
from latentlab.widgets.kit.labels import ElidedLabel, TwoLineLabel
from latentlab.widgets.kit.plot import Plot

BUILT = None
SIZES = [(1024, 640), (1280, 720), (1440, 900), (1920, 1080)]
MARGIN = 8
"""Pixels of a button beside its text, at least."""
ELIDED = ElidedLabel | TwoLineLabel


def is_cut(widget):
    """Return whether a widget has less width than its text, and does not elide it."""
    if isinstance(widget, ELIDED) or not widget.text():
        return False
    if isinstance(widget, QLabel):
        if widget.wordWrap() or "<" in widget.text():
            return False
        needed = max(widget.fontMetrics().horizontalAdvance(x) for x in widget.text().split("\n"))
        return needed > widget.contentsRect().width() + 1
    if isinstance(widget, QCheckBox):
        return widget.sizeHint().width() > widget.width() + 1
    return widget.fontMetrics().horizontalAdvance(widget.text()) + MARGIN > widget.width() + 1


def is_shortened(label):
    """Return whether a label shows only a part of what the program says.

    Names of runs, files and folders may be of any length.
    """
    if isinstance(label, TwoLineLabel):
        return "…" in " ".join(label.shown_lines())
    return label.shown_text not in label.texts


def titles_beyond_their_plot(plot):
    """Yield the titles of a plot and of its axes that are wider than what they belong to."""
    item = plot.getPlotItem()
    title = item.titleLabel
    if title.isVisible() and title.item.boundingRect().width() > plot.width():
        yield title.text
    for side in ("left", "bottom"):
        axis = item.getAxis(side)
        room = axis.size().width() if side == "bottom" else axis.size().height()
        label = axis.label
        if axis.isVisible() and label.isVisible() and label.boundingRect().width() > room + 1:
            yield axis.labelText


def shortened_texts(window):
    labels = [*window.findChildren(ElidedLabel), *window.findChildren(TwoLineLabel)]
    seen = [label for label in labels if not label.visibleRegion().isEmpty() and label.text()]
    plots = [plot for plot in window.findChildren(Plot) if not plot.visibleRegion().isEmpty()]
    wide = {title for plot in plots for title in titles_beyond_their_plot(plot)}
    return {label.text() for label in seen if is_shortened(label)} | wide


def cut_texts(window):
    kinds = (QLabel, QPushButton, QToolButton, QCheckBox)
    widgets = window.findChildren(QLabel) + window.findChildren(QAbstractButton)
    seen = [w for w in widgets if isinstance(w, kinds) and not w.visibleRegion().isEmpty()]
    assert len(seen) > 20
    return {w.text() for w in seen if is_cut(w)}


@pytest.mark.parametrize("scheme", [Qt.ColorScheme.Light, Qt.ColorScheme.Dark])
def test_no_text_is_cut(big, scheme):
    try:
        theme.choose(scheme)
        for size in SIZES:
            big.window.resize(*size)
            for _ in big.tour():
                wait(20)
                found = cut_texts(big.window) | shortened_texts(big.window)
                assert not found, (size, big.state.workspace, found)
    finally:
        theme.choose(Qt.ColorScheme.Unknown)


def test_all_muted_texts_are_equally_small(desk):
    """A text that is measured before it has its font would keep that of the style sheet."""
    labels = [each for each in desk.window.findChildren(ElidedLabel, "muted") if each.isVisible()]
    sizes = {label.text(): label.font().pointSizeF() for label in labels if label.text()}
    assert "reconstruction" in sizes
    assert set(sizes.values()) == {theme.small(desk.window.font()).pointSizeF()}
