"""Off-the-map meter: a gauge for the support of z, with text."""

from __future__ import annotations

from typing import TYPE_CHECKING, override

from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from latentlab.session.interpolation import EDGE, OFF, describe_level
from latentlab.widgets.kit.labels import muted_line, wrapped
from latentlab.widgets.kit.theme import UNIT, colours, faint

if TYPE_CHECKING:
    from latentlab.session.interpolation import PointSupport

WIDTH, HEIGHT, TRACK = 72, 16, 6
NO_EFFECT_TIP = (
    "All z decode to the same image. The model is not trained yet, its posteriors have "
    "collapsed, or its training has diverged."
)
NOT_MEASURED_TIP = "The data support of z is measured when the training pauses or ends."


class SupportGauge(QWidget):
    """Gauge and text for the distance of z from the data."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.dial = _Dial()
        self.text = muted_line()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(UNIT)
        row.addWidget(self.dial)
        row.addWidget(self.text, 1)
        self._shown: tuple[PointSupport | None, ...] = ()
        self.show_footing(None)

    def show_footing(self, footing: PointSupport | None) -> None:
        """Show a measurement; None shows that there is none."""
        if self._shown == (footing,):
            return
        self._shown = (footing,)
        level = footing.level if footing else None
        self.dial.set_level(level)
        if footing is None:
            text, tip = "", NOT_MEASURED_TIP
        elif footing.is_blind:
            text, tip = "the decoder ignores z", NO_EFFECT_TIP
        elif level is None:
            text, tip = "no codes to compare with", _drift_text(footing)
        else:
            text = describe_level(level)
            tip = wrapped(
                f"Data support of the current z: {describe_level(level)}. The gauge "
                f"shows the worse of two measures. Density: codes are {footing.density:.2g} times "
                "as dense here as is typical of the data, and the nearest code is "
                f"{footing.nearest:.2f} times as far as is typical. Drift: "
                f"{_drift_text(footing)}"
            )
        self.text.setText(text, text.removesuffix(" by the data"))
        self.setToolTip(tip)
        self.text.setToolTip(tip)
        self.setAccessibleName(f"Data support of z: {text or 'not measured'}")


def _drift_text(footing: PointSupport) -> str:
    return (
        f"decoding z and encoding the image moves z by {footing.drift:.2f} standard deviations of "
        "the posterior per dimension; for 9 of 10 samples it is less than "
        f"{footing.usual_drift:.2f}."
    )


class _Dial(QWidget):
    """Track with three zones and a marker."""

    def __init__(self) -> None:
        super().__init__()
        self.level: float | None = None
        self.setFixedSize(WIDTH, HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    @override
    def sizeHint(self) -> QSize:
        return QSize(WIDTH, HEIGHT)

    def set_level(self, level: float | None) -> None:
        """Move the marker; None hides it."""
        if level != self.level:
            self.level = level
            self.update()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        c, painter = colours(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        track = QRectF(4, (HEIGHT - TRACK) / 2, WIDTH - 8, TRACK)
        shape = QPainterPath()
        shape.addRoundedRect(track, TRACK / 2, TRACK / 2)
        painter.setClipPath(shape)
        for start, end, colour in ((0, EDGE, c.fine), (EDGE, OFF, c.watch), (OFF, 1, c.error)):
            left = track.x() + start * track.width()
            strength = 0.75 if self.level is not None else 0.25
            zone = QRectF(left, track.y(), (end - start) * track.width(), TRACK)
            painter.fillRect(zone, faint(colour, strength))
        painter.setClipping(False)
        if self.level is None:
            return
        x = track.x() + self.level * track.width()
        painter.setPen(QPen(QColor(c.base), 2))
        painter.setBrush(QColor(c.text))
        painter.drawEllipse(QPointF(x, HEIGHT / 2), 5, 5)
