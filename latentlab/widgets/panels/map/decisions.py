"""Decisions of a classifier on the map: regions of a plane, and the menu of other decisions."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage

from latentlab.session.classifier.requests import ClassifyPlane, OpenClassifier
from latentlab.session.palette import MAX_CLASS_COLOURS, class_colours
from latentlab.widgets.kit.theme import colours

if TYPE_CHECKING:
    from PySide6.QtWidgets import QMenu

    from latentlab.session.classifier.records import PlaneDecisions
    from latentlab.session.state import State
    from latentlab.workers.controller import Controller

MAX_LISTED = 30
"""Maximum number of classes in the menu."""
FAINT, STRONG = 0.08, 0.42
"""Opacity of a region where the decision is uncertain, and where it is certain."""
LINE = 0.85
"""Opacity of the boundary."""


def decision_image(found: PlaneDecisions) -> tuple[QImage, QRectF]:
    """Return regions and boundary as an image, and its rectangle in data coordinates."""
    side, count = len(found.labels), int(found.labels.max()) + 1
    names = class_colours(min(count, MAX_CLASS_COLOURS))
    tints = np.array([list(bytes.fromhex(name[1:])) for name in names], np.uint8)
    pixels = np.empty((side, side, 4), np.uint8)
    pixels[..., :3] = tints[found.labels % len(tints)]
    least = np.float32(min(0.5, 1 / max(2, count)))
    certainty = np.clip((found.confidence - least) / (1 - least), 0, 1)
    pixels[..., 3] = 255 * (FAINT + (STRONG - FAINT) * certainty)
    ink = QColor(colours().text)
    pixels[boundary(found)] = ink.red(), ink.green(), ink.blue(), round(255 * LINE)
    image = QImage(pixels.tobytes(), side, side, 4 * side, QImage.Format.Format_RGBA8888).copy()
    return image, QRectF(-found.reach, -found.reach, 2 * found.reach, 2 * found.reach)


def boundary(found: PlaneDecisions) -> np.ndarray:
    """Return the mask, (n, n), of the cells whose right or lower neighbour is decided otherwise."""
    labels, mask = found.labels, np.zeros(found.labels.shape, bool)
    mask[:, :-1] |= labels[:, :-1] != labels[:, 1:]
    mask[:-1] |= labels[:-1] != labels[1:]
    return mask


def shown_decisions(state: State) -> PlaneDecisions | None:
    """Return the decisions on the plane of the view; None if they are of another plane."""
    found = state.answer(ClassifyPlane)
    fits = found is not None and state.view.is_plane and found.frame == state.view.frame
    return found if fits and state.answer(OpenClassifier) is not None else None


def fill_decision_menu(menu: QMenu, controller: Controller) -> None:
    """Add the search for the nearest z with another decision, if a classifier is open."""
    card = controller.state.answer(OpenClassifier)
    if card is None:
        return
    inner = menu.addMenu("Set z to the nearest that is decided as")
    inner.addAction("Another class", controller.classifier.cross_any)
    inner.addSeparator()
    for index, name in enumerate(card.class_names[:MAX_LISTED]):
        inner.addAction(name, partial(controller.classifier.cross, index))
