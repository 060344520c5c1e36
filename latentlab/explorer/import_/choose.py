"""Choices that a file leaves open, decided by how well the model reconstructs images.

A trained VAE reconstructs the images that it learned from only if it is computed as in training.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from latentlab.session.import_.model import ImportChoice, Option
from latentlab.work import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from latentlab.explorer.import_.fitting import FittingImages

    type Errors = Callable[[Mapping[str, str], FittingImages], NDArray[np.float64] | None]
    """Squared error of each image per pixel divided by the variance of the images, with shape (N,);
    None if the images cannot be encoded."""

ROUNDS = 3
"""Maximum number of passes over all axes."""
EXPLAINS = 0.9
"""Relative error below which a model is taken to reconstruct images; 1 is a constant image."""
UNSURE = 0.7
"""Relative error above which a person should look at the images, even if it decides."""
SIGNIFICANT = 3.0
"""Standard errors by which the best option must be better than another."""
MAX_RATIO = 20.0
"""Error of an image, relative to the variance, above which it counts no more."""


@dataclass(frozen=True, slots=True)
class Axis:
    """Something that a file does not say.

    Parameters
    ----------
    key, title, help : str
        See `ImportChoice`.
    options : mapping of str to str
        Title of each value; the first is the convention.
    hint, reason : str
        Value that names in the file suggest, and that evidence as a sentence; else empty.
    is_visible : bool
        Whether reconstructed images depend on it.
    starts : tuple of str
        Values that are tried together with those of other axes, because a wrong one hides which
        of the others is right.
    tie : str
        Name of the axes that start with the same value.
    """

    key: str
    title: str
    help: str
    options: Mapping[str, str]
    hint: str = ""
    reason: str = ""
    is_visible: bool = True
    starts: tuple[str, ...] = ()
    tie: str = ""

    @property
    def first(self) -> str:
        """The value that is tried first."""
        return self.hint or next(iter(self.options))


@dataclass
class Decision:
    """Result of `decide`.

    Parameters
    ----------
    values : dict of str to str
        Chosen value of each axis.
    images : FittingImages or None
        Images that are reconstructed best; None if none have the shape and classes of the model.
    error : float
        Their relative error.
    fits : bool
        Whether that is low enough to decide by.
    trials : dict
        Relative errors of the images by axis and value, the other axes as chosen.
    """

    values: dict[str, str]
    images: FittingImages | None = None
    error: float = np.inf
    fits: bool = False
    trials: dict[str, dict[str, NDArray[np.float64]]] = field(default_factory=dict)


def decide(
    axes: Sequence[Axis],
    given: Mapping[str, str],
    errors: Errors,
    images: Sequence[FittingImages],
) -> Generator[Progress, None, Decision]:
    """Choose the value of each axis that reconstructs images best.

    Parameters
    ----------
    axes : sequence of Axis
        What is open.
    given : mapping of str to str
        Values that a person chose, by key.
    errors : callable
        Evaluates a set of values on images.
    images : sequence of FittingImages
        Data sets to try; the one with the lowest error decides.
    """
    start = {axis.key: given.get(axis.key, axis.first) for axis in axes}
    start |= {axis.key: axis.first for axis in axes if start[axis.key] not in axis.options}
    best = Decision(start)
    for each in images:
        found = yield from _descend(axes, given, start, errors, each)
        if found.error < best.error:
            best = found
    best.fits = best.error < EXPLAINS
    return best if best.fits else replace(best, values=start)


def _descend(
    axes: Sequence[Axis],
    given: Mapping[str, str],
    start: Mapping[str, str],
    errors: Errors,
    images: FittingImages,
) -> Generator[Progress, None, Decision]:
    known: dict[tuple[str, ...], NDArray[np.float64] | None] = {}

    def evaluate(values: Mapping[str, str]) -> NDArray[np.float64] | None:
        key = tuple(values.values())
        if key not in known:
            found = errors(values, images)
            finite = None if found is None else np.nan_to_num(found, nan=MAX_RATIO)
            known[key] = None if finite is None else np.minimum(finite, MAX_RATIO)
        return known[key]

    best = Decision(dict(start), images)
    lowest = np.inf
    for values in _starts(axes, given, start):
        yield Progress(f"Comparing on {images.title}")
        ratio = evaluate(values)
        if ratio is not None and ratio.mean() < lowest:
            lowest, best.values = ratio.mean(), dict(values)
    for _ in range(ROUNDS):
        before = dict(best.values)
        for axis in axes:
            if not axis.is_visible or axis.key in given or (axis.hint and axis.reason):
                continue
            trials = {}
            for value in axis.options:
                yield Progress(f"Comparing on {images.title}: {axis.title.lower()}")
                ratio = evaluate({**best.values, axis.key: value})
                if ratio is not None:
                    trials[value] = ratio
            best.trials[axis.key] = trials
            if axis.key not in given and trials:
                best.values[axis.key] = _best(axis, trials)
        if best.values == before:
            break
    last = evaluate(best.values)
    best.error = np.inf if last is None else float(last.mean())
    return best


def _starts(
    axes: Sequence[Axis], given: Mapping[str, str], start: Mapping[str, str]
) -> Iterator[dict[str, str]]:
    """Yield the combinations with which to begin, the most common first."""
    groups: dict[str, list[Axis]] = {}
    for axis in axes:
        if axis.starts and axis.key not in given and not axis.hint:
            groups.setdefault(axis.tie or axis.key, []).append(axis)
    for values in product(*(group[0].starts for group in groups.values())):
        pairs = zip(groups.values(), values, strict=True)
        yield {**start, **{axis.key: value for group, value in pairs for axis in group}}


def _best(axis: Axis, trials: Mapping[str, NDArray[np.float64]]) -> str:
    """Return the best value; the first tried one among those that are equal within noise."""
    best = min(trials, key=lambda value: trials[value].mean())
    first = axis.first
    return first if first in trials and _is_close(trials[first], trials[best]) else best


def _is_close(errors: NDArray[np.float64], best: NDArray[np.float64]) -> bool:
    """Return whether two models differ by no more than noise, image by image."""
    difference = errors - best
    noise = difference.std() / np.sqrt(len(difference))
    return bool(difference.mean() <= SIGNIFICANT * noise)


def choices_of(
    axes: Sequence[Axis], given: Mapping[str, str], decision: Decision, variance: float
) -> tuple[ImportChoice, ...]:
    """Return the choices with their evidence.

    Parameters
    ----------
    axes, given, decision
        As in `decide`.
    variance : float
        Variance of a pixel, by which relative errors become squared errors.
    """
    return tuple(_choice(axis, given, decision, variance) for axis in axes)


def _choice(
    axis: Axis, given: Mapping[str, str], decision: Decision, variance: float
) -> ImportChoice:
    value = decision.values[axis.key]
    trials = decision.trials.get(axis.key, {}) if decision.fits else {}
    options = tuple(
        Option(each, title, float(trials[each].mean()) * variance if each in trials else None)
        for each, title in axis.options.items()
    )
    chosen = trials.get(value)
    close = [
        axis.options[each]
        for each in trials
        if each != value and chosen is not None and _is_close(trials[each], chosen)
    ]
    reason, is_open = _reason(axis, given, options, value, close)
    if chosen is not None and decision.error > UNSURE and axis.key not in given:
        is_open = is_open or not (axis.hint and axis.reason)
    return ImportChoice(axis.key, axis.title, axis.help, options, value, reason, is_open)


def _reason(
    axis: Axis,
    given: Mapping[str, str],
    options: Sequence[Option],
    value: str,
    close: Sequence[str],
) -> tuple[str, bool]:
    title = axis.options[value]
    if axis.key in given:
        return f"{axis.title}: {title}, as you chose.", False
    if axis.reason and value == axis.hint:
        return f"{axis.title}: {title}. {axis.reason}", False
    known = [option for option in options if option.error is not None]
    others = sorted((each.error, each.title) for each in known if each.value != value)
    if not others or not axis.is_visible:
        why = "nothing in the file decides it" if axis.is_visible else "images do not depend on it"
        return f"{axis.title}: {title} is assumed, because {why}.", True
    own = next(each.error for each in known if each.value == value)
    compared = "; ".join(f"{name}: {error:.3g}" for error, name in others[:3])
    text = f"{axis.title}: {title}, with a squared error of {own:.3g} ({compared})."
    if close:
        return f"{text} The difference to {' and '.join(close)} is noise.", True
    return text, False
