"""Learn a direction from a source: select the contrasted codes and fit the direction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from latentlab.data.tables.columns import groups_of
from latentlab.errors import DataError
from latentlab.latent.contrast import Contrast, by_class, by_rows, by_values
from latentlab.latent.directions import Method, fit_direction
from latentlab.session.directions import Direction, origin_of, unique_name
from latentlab.work import with_progress

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from latentlab.data.image_set import Attributes
    from latentlab.latent.codes import Codes
    from latentlab.session.directions import DirectionSource
    from latentlab.session.points import ModelCard
    from latentlab.work import Progress

THIRDS_TEXT = "top third against the bottom third"


def learn_direction(
    card: ModelCard,
    codes: Codes,
    source: DirectionSource,
    method: Method,
    others: Sequence[Direction] = (),
) -> Generator[Progress, None, Direction]:
    """Learn a direction orthogonal to others.

    Raises
    ------
    DataError
        If there are no examples; the message says what is missing.
    """
    if not len(codes):
        raise DataError(
            "There are no images on the map to learn a direction from.",
            "Open the data set of this model.",
        )
    contrast, words = _contrast(card, codes, source)
    apart_from = np.array([other.vector for other in others]) if others else None
    name = source.title or "direction"
    learned = yield from with_progress(
        fit_direction(codes.mu, contrast, method, apart_from), f"Learning {name}"
    )
    return Direction(
        name=unique_name(name, [other.name for other in others]),
        vector=tuple(learned.vector.tolist()),
        scale=max(learned.scale, 1e-3),
        method=_method_name(method, contrast),
        source=words,
        counts=(len(contrast.high), len(contrast.low)),
        d=learned.d,
        accuracy=learned.accuracy,
        origin=origin_of(card),
        apart_from=tuple(other.name for other in others),
    )


def _method_name(method: Method, contrast: Contrast) -> str:
    regression = method is Method.LINEAR and contrast.values is not None
    return "linear regression" if regression else str(method)


def _contrast(card: ModelCard, codes: Codes, source: DirectionSource) -> tuple[Contrast, str]:
    """Return the contrast of a source and its description."""
    if source.kind == "attribute":
        if codes.attributes is None or source.name not in codes.attributes.names:
            raise DataError(f"The images have no attribute {source.name}.", "Choose another.")
        if source.level or source.name in codes.attributes.levels:
            return _of_level(codes.attributes, source)
        contrast = by_values(codes.attributes.column(source.name))
        how = f": {THIRDS_TEXT}" if contrast.values is not None else ""
        return contrast, f"attribute {source.name}{how}"
    if source.kind == "class":
        if codes.labels is None or source.name not in card.spec.class_names:
            raise DataError(f"The images have no class {source.name}.", "Choose another.")
        contrast = by_class(codes.labels, card.spec.class_names.index(source.name))
        return contrast, f"class {source.name} against the rest"
    a, b = (source.groups.a, source.groups.b) if source.groups else ((), ())
    if any(not 0 <= row < len(codes) for row in (*a, *b)):
        raise DataError("The groups hold images of another data set.", "Clear them.")
    return by_rows(a, b), "two groups of images"


def _of_level(attributes: Attributes, source: DirectionSource) -> tuple[Contrast, str]:
    """Return the contrast of one attribute level with all others; unknown values are excluded."""
    groups = groups_of(attributes, source.name)
    if groups is None or source.level not in groups[1]:
        raise DataError(
            f"The attribute {source.name} is not a number, and none of its values is "
            f"{source.level or 'chosen'}.",
            "Choose one of its values.",
        )
    labels, names = groups
    return by_class(labels, names.index(source.level)), f"{source.title} against the rest"
