"""Off-the-map meter: a gauge for the support of z, with text."""

from __future__ import annotations

from typing import TYPE_CHECKING, override

from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from latentlab.session.interpolation import EDGE, OFF, describe_level
from latentlab.widgets.kit.labels import muted
from latentlab.widgets.kit.theme import UNIT, colours, faint

if TYPE_CHECKING:
    from latentlab.session.interpolation import PointSupport

WIDTH, HEIGHT, TRACK = 72, 16, 6
NO_EFFECT_TIP = (
    "Decoding z and encoding the picture leads back from nowhere, wherever z is: the model has not "
    "learned yet, its posteriors have collapsed, or its numbers have diverged."
)
NOT_MEASURED_TIP = "How far the current z is from the data: measured once training rests."


class SupportGauge(QWidget):
    """Gauge and text for the distance of z from the data."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.dial = _Dial()
        self.text = muted()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(UNIT)
        row.addWidget(self.dial)
        row.addWidget(self.text, 1)
        self.show_footing(None)

    def show_footing(self, footing: PointSupport | None) -> None:
        """Show a measurement; None shows that there is none."""
        level = footing.level if footing else None
        self.dial.set_level(level)
        if footing is None:
            text, tip = "", NOT_MEASURED_TIP
        elif footing.is_blind:
            text, tip = "z changes nothing", NO_EFFECT_TIP
        elif level is None:
            text, tip = "no codes to compare with", _drift_text(footing)
        else:
            distance = f" · nearest code {footing.nearest:.3g} ×" if level > EDGE else ""
            text = f"{describe_level(level)}{distance}"
            tip = (
                "<p>How far the current z is from the data: "
                f"<b>{describe_level(level)}</b>, by the worse "
                f"of density and drift. Codes lie here {footing.density:.2g} times as densely as "
                f"is usual where the decoder has learned, and the nearest is "
                f"{footing.nearest:.2f} times as far. {_drift_text(footing)}</p>"
            )
        self.text.setText(text)
        self.setToolTip(tip)
        self.setAccessibleName(f"Off-the-map meter: {text or 'not measured'}")


def _drift_text(footing: PointSupport) -> str:
    return (
        f"Decoding z and encoding the picture moves it by {footing.drift:.2f} standard deviations "
        f"of the posterior per dimension; 9 in 10 samples move by less than "
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
