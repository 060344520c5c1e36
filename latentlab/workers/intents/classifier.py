"""Actions with a classifier of images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from latentlab.session.classifier.requests import FindCounterfactual, OpenClassifier

if TYPE_CHECKING:
    from pathlib import Path

    from latentlab.session.classifier.records import ClassifierCard, Counterfactual
    from latentlab.workers.demand import Demand
    from latentlab.workers.intents.point import PointIntents
    from latentlab.workers.store import Store


class ClassifierIntents:
    """Open a classifier, and move z to another decision.

    Parameters
    ----------
    store, demand : Store, Demand
        Those of the controller.
    point : PointIntents
        Moves z.
    """

    def __init__(self, store: Store, demand: Demand, point: PointIntents) -> None:
        self._store, self._demand, self._point = store, demand, point
        demand.on(OpenClassifier, self._on_opened)
        demand.on(FindCounterfactual, self._on_found)

    def open(self, path: Path) -> None:
        """Open a classifier for the images of the open model."""
        self._store.dismiss_failure()
        self._demand.ask(OpenClassifier(path))

    def cross(self, target: int | None = None) -> None:
        """Move z to the nearest point with another decision, or with decision `target`."""
        card, point = self._store.state.answer(OpenClassifier), self._store.state.point
        if card and point:
            self._demand.ask(FindCounterfactual(card, point, target))

    def cross_any(self) -> None:
        """Move z to the nearest point with any other decision."""
        if self._store.state.answer(OpenClassifier) is None:
            self._store.refuse("No classifier is open.", "Open one with File > Open classifier.")
        self.cross()

    def _on_opened(self, _: OpenClassifier, card: ClassifierCard) -> None:
        self._store.put(OpenClassifier, card)
        self._store.say(f"Opened the classifier {card.name}. {card.note}".strip())

    def _on_found(self, request: FindCounterfactual, found: Counterfactual) -> None:
        if self._store.state.point != request.point:
            return  # z was moved meanwhile, which counts more
        if found.point is None:
            name = "another class"
            if request.target is not None:
                name = request.classifier.class_names[request.target]
            self._store.say(f"No z nearby is decided as {name}; here it is {found.before}")
            return
        self._point.set(found.point)
        distance = f"{found.distance:.2f}"
        self._store.say(f"From {found.before} to {found.after}: z moved by {distance}")
