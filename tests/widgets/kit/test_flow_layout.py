"""The layout that wraps tools into lines."""

import pytest
from PySide6.QtWidgets import QWidget

from latentlab.widgets.kit.flow_layout import FlowLayout


class Block(QWidget):
    """A widget of one size."""

    def __init__(self, width, height=20):
        super().__init__()
        self.setMinimumSize(width, height)
        self.setMaximumHeight(height)

    def sizeHint(self):
        return self.minimumSize()


@pytest.fixture
def make(qtbot, application):
    def make(*blocks):
        holder = QWidget()
        flow = FlowLayout(4, holder)
        for block in blocks:
            if block is None:
                flow.addStretch()
            else:
                flow.addWidget(*block)
        qtbot.addWidget(holder)
        holder.show()
        return holder, flow

    return make


def lefts(holder, flow, width):
    holder.resize(width, flow.heightForWidth(width))
    flow.setGeometry(holder.rect())
    widgets = [flow.itemAt(i).widget() for i in range(flow.count())]
    return [(w.x(), w.y(), w.width()) for w in widgets if w]


def test_what_does_not_fit_goes_to_the_next_line(make):
    holder, flow = make((Block(50),), (Block(60),), (Block(40),))
    assert lefts(holder, flow, 158) == [(0, 0, 50), (54, 0, 60), (118, 0, 40)]
    assert lefts(holder, flow, 157) == [(0, 0, 50), (54, 0, 60), (0, 24, 40)]
    assert flow.heightForWidth(55) == 3 * 20 + 2 * 4
    assert flow.minimumSize().width() == 60


def test_stretches_share_what_a_line_leaves(make):
    holder, flow = make((Block(50),), None, (Block(30),))
    assert lefts(holder, flow, 200) == [(0, 0, 50), (170, 0, 30)]
    holder, flow = make((Block(50), 1), (Block(30),))
    assert lefts(holder, flow, 200) == [(0, 0, 166), (170, 0, 30)]


def test_a_widget_without_width_takes_no_line(make):
    """Such as an empty label that fills the space before the tools."""
    holder, flow = make((Block(0), 1), (Block(100),))
    assert [y for _, y, _ in lefts(holder, flow, 100)] == [0, 0]


def test_hidden_widgets_take_no_space(make):
    holder, flow = make((Block(50),), (Block(60),), (Block(40),))
    flow.itemAt(1).widget().hide()
    assert lefts(holder, flow, 100)[2] == (54, 0, 40)
