"""A second model, B, beside the open one, A: what both make of the same z or image."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from latentlab.data.base import ImageSet, Loading, told
from latentlab.latent.codes import Codes
from latentlab.latent.embed import decode, embed, to_picture
from latentlab.latent.importance import kl_per_dimension
from latentlab.latent.paired import paired
from latentlab.latent.scores import CHUNK, elbo_scores
from latentlab.learning.checkpoint import folder_of, load_model
from latentlab.learning.events import is_active
from latentlab.session.comparing import Columns, Comparison, Judgement, Rebuilt, Summary, Twins
from latentlab.session.runs import run_name
from latentlab.session.scene import ModelCard, Original, Point
from latentlab.session.scores import timed
from latentlab.session.workshop import channels_first

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from numpy.typing import NDArray

    Posteriors = tuple[NDArray[np.float32], NDArray[np.float32]]

    from latentlab.latent.ranking import Scores
    from latentlab.models.base import Model
    from latentlab.session.explorer import Explorer

BEST = "best"


class Second:
    """A model for comparison; belongs to the explorer's thread.

    Parameters
    ----------
    path : Path
        A run folder or a checkpoint.

    Raises
    ------
    RunError
        Where it cannot be loaded.
    """

    def __init__(self, path: Path) -> None:
        self.path, self._stamp = path, _stamp(path)
        self.model, checkpoint = load_model(path)
        folder, recipe = folder_of(path).resolve(), checkpoint.recipe
        best = f" ({BEST})" if path.stem == BEST else ""
        self.card = ModelCard(
            name=run_name(folder) + best,
            source=folder,
            kind=recipe.model.kind,
            latent_dim=self.model.latent_dim,
            conditional=self.model.conditional,
            spec=checkpoint.spec,
            epoch=checkpoint.epoch,
            recipe=recipe.to_dict(),
        )
        self.known = Comparison(path, self.card)

    def is_at(self, path: Path) -> bool:
        """Say whether it is what `path` still holds, so that it need not be read again."""
        return self.path == path and self._stamp == _stamp(path)


def open_second(explorer: Explorer, path: Path) -> Comparison:
    """Put B beside the open model, with nothing compared as yet.

    Raises
    ------
    RunError
        Where it cannot be loaded; there is no B then.
    """
    before, explorer.second = explorer.second, None
    second = before if before and before.is_at(path) else Second(path)
    second.known = Comparison(path, second.card, held_out=explorer.held_out)
    explorer.second = second
    return second.known


def link_point(explorer: Explorer, second: Second, point: Point, label: int | None) -> Twins:
    """Decode one z with both."""
    a = explorer.decode(point).pixels
    b = _decode(second.model, [point.z], label)[0]
    difference = _squared(a[None], b[None])[0] if a.shape == b.shape else None
    return Twins(point, label, a, b, None if difference is None else float(difference))


def link_image(
    explorer: Explorer, second: Second, original: Original, label: int | None, samples: int
) -> Generator[Loading, None, Judgement]:
    """Encode and rebuild one image with both, and judge them as the Anomalies panel would.

    Parameters
    ----------
    original : Original
        The image.
    label : int or None
        The class of a picture that is not one of the map's.
    samples : int
        Draws of z.
    """
    row, own = original.row, original.point.label
    if row is not None:
        images = explorer.images[row : row + 1]
    else:
        assert explorer.card
        pixels = channels_first(original.picture)[None]
        labels = np.array([(label if own is None else own) or 0])
        images = ImageSet(pixels, labels, explorer.card.spec)
    pieces = _in_turn(
        *(elbo_scores(model, images, samples) for model in (explorer.model, second.model))
    )
    scores = yield from timed(pieces, 1)
    models = (explorer.model, second.model)
    first, last = (_rebuilt(*pair, images) for pair in zip(models, scores, strict=True))
    return Judgement(original, label, first, last)


def columns(explorer: Explorer, second: Second, rows: tuple[int, ...]) -> Columns:
    """Rebuild some images of the map with both."""
    images = explorer.images[np.array(rows, np.int64)]
    pictures = to_picture(images.images)
    made = [_rebuild(model, images) for model in (explorer.model, second.model)]
    errors = np.stack([_squared(pictures, each) for each in made])
    return Columns(rows, pictures, made[0], made[1], errors)


def summarise(
    explorer: Explorer, second: Second, count: int, samples: int, seed: int
) -> Generator[Loading, None, Summary]:
    """Measure both on the same held-out images, under the same draws of noise.

    Parameters
    ----------
    count : int
        N, how many images at most; drawn at random, always the same ones.
    samples : int
        Draws of z for each.
    seed : int
        Of both draws.

    Returns
    -------
    Summary
        See there.
    """
    whole = min(explorer.held_out, len(explorer.images)) or len(explorer.images)
    rows = np.sort(np.random.default_rng(seed).permutation(whole)[:count])
    images = explorer.images[rows]
    models = (explorer.model, second.model)
    pieces = _in_turn(*(elbo_scores(model, images, samples, seed) for model in models))
    a, b = yield from timed(pieces, len(images))
    codes = yield from told(_codes(second.model, images), "Counting active dimensions")
    return Summary(
        len(images),
        samples,
        elbo=paired(a.elbo, b.elbo),
        distortion=paired(a.elbo - a.rate, b.elbo - b.rate),
        rate=paired(a.rate, b.rate),
        error=paired(a.error, b.error),
        active=(_active(explorer.codes.mu[rows], explorer.codes.sigma[rows]), _active(*codes)),
        dimensions=(explorer.model.latent_dim, second.model.latent_dim),
    )


def noted(second: Second, **found: object) -> Comparison:
    """Add what was found to what is known of A beside B."""
    second.known = replace(second.known, **found)  # type: ignore[arg-type]
    return second.known


def _in_turn(
    *works: Generator[float, None, Scores],
) -> Generator[float, None, tuple[Scores, ...]]:
    """Do one work after another, telling the share of all that is done."""
    found = []
    for i, work in enumerate(works):
        while True:
            try:
                share = next(work)
            except StopIteration as done:
                found.append(done.value)
                break
            yield (i + share) / len(works)
    return tuple(found)


def _codes(model: Model, images: ImageSet) -> Generator[float, None, Posteriors]:
    parts = [(np.empty((0, model.latent_dim), np.float32),) * 2]
    for start in range(0, len(images), CHUNK):
        codes = embed(model, images[start : start + CHUNK])
        parts.append((codes.mu, codes.sigma))
        yield start / len(images)
    mu, sigma = (np.concatenate(part) for part in zip(*parts, strict=True))
    return mu, sigma


def _active(mu: NDArray[np.float32], sigma: NDArray[np.float32]) -> int:
    return int(is_active(kl_per_dimension(Codes(mu, sigma, None))).sum())


def _rebuilt(model: Model, scores: Scores, images: ImageSet) -> Rebuilt:
    elbo, rate, error = (float(each[0]) for each in (scores.elbo, scores.rate, scores.error))
    return Rebuilt(_rebuild(model, images)[0], elbo - rate, rate, error)


def _rebuild(model: Model, images: ImageSet) -> NDArray[np.uint8]:
    return decode(model, embed(model, images).mu, images.labels)


def _decode(model: Model, z: list[tuple[float, ...]], label: int | None) -> NDArray[np.uint8]:
    labels = np.full(len(z), label or 0, np.int64)
    return decode(model, np.array(z, np.float32), labels)


def _squared(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the mean squared difference of each of N pairs of pictures, white being 1."""
    away = (a.astype(np.float64) - b) / 255
    return np.square(away).reshape(len(a), -1).mean(1)


def _stamp(path: Path) -> tuple[int, ...]:
    files = sorted(folder_of(path).glob("*.safetensors"))
    return tuple(file.stat().st_mtime_ns for file in files)
