"""What the command line asks of the explorer: files instead of a window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from latentlab.errors import RunError
from latentlab.latent.frames import axes_frame
from latentlab.latent.manifold import Spacing
from latentlab.latent.paths import Way
from latentlab.latent.scores import elbo_scores
from latentlab.learning.recipe import make_recipe
from latentlab.paths import resources
from latentlab.pieces import finish
from latentlab.session.decoding import make_manifold
from latentlab.session.explorer import Explorer
from latentlab.session.export import save_tiles
from latentlab.session.progress import show
from latentlab.session.record import record
from latentlab.session.runs import compare
from latentlab.session.scene import Ends, GridSettings, Point, SampleSettings, Tiles
from latentlab.session.scores import save_scores, timed
from latentlab.session.wayfinding import find_way

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from latentlab.data.base import Loading
    from latentlab.latent.ranking import Scores
    from latentlab.session.scene import ModelCard

DEMO_RECIPE: dict[str, Any] = {
    "model": {"kind": "vae", "hidden": [256, 128], "latent_dim": 2},
    "data": {"kind": "digits"},
    "training": {"batch_size": 64},
}


class Lab:
    """An open model that writes files.

    Parameters
    ----------
    run : Path
        A run folder, or the name of a shipped model.
    """

    def __init__(self, run: Path) -> None:
        shipped = resources() / "models" / run
        self.explorer = Explorer()
        named = not run.exists() and shipped.exists()
        self.card: ModelCard = self.explorer.open(shipped if named else run)
        _, self.ends, _ = self.explorer.start()

    def sample(self, out: Path, count: int, label: int | None, seed: int) -> None:
        """Write samples from the prior."""
        self._check_label(label)
        columns = min(count, max(8, round(count**0.5)))
        tiles = self.explorer.samples(SampleSettings(seed, label, count), columns)
        self._save(tiles, out, {"seed": seed, "label": label, "count": count}, gap=1)

    def manifold(
        self,
        out: Path,
        n: int,
        span: float,
        quantiles: bool,
        plane: tuple[int, int],
        label: int | None,
    ) -> None:
        """Write a decoded grid; `plane` counts dimensions from 1."""
        self._check_label(label)
        if not all(1 <= dimension <= self.card.latent_dim for dimension in plane):
            raise RunError(
                f"--plane {plane[0]} {plane[1]}: this model has dimensions 1 to "
                f"{self.card.latent_dim}."
            )
        grid = GridSettings(n, span, Spacing.QUANTILE if quantiles else Spacing.UNIFORM)
        # Through the middle of the bell: a command line has no current z.
        middle = self.card.point((0.0,) * self.card.latent_dim, self._label(label))
        frame = axes_frame(plane[0] - 1, plane[1] - 1, self.card.latent_dim)
        made = finish(make_manifold(self.explorer, middle, frame, grid))
        info = {"plane": plane, "span": span, "spacing": grid.spacing, "label": label}
        self._save(made.tiles, out, info)

    def interpolate(
        self, out: Path, start: str, end: str, steps: int, way: str = Way.STRAIGHT
    ) -> None:
        """Write the way between two images, given by class name or row; PNG or GIF."""
        known = [kind.value for kind in Way]
        if way not in known:
            raise RunError(f"--way {way}: choose {', '.join(known[:-1])} or {known[-1]}.")
        ends = Ends(
            self._image(start) if start else self.ends.a,
            self._image(end) if end else self.ends.b,
            steps,
        )
        found = finish(find_way(self.explorer, ends, Way(way)))
        info = {"a": ends.a.z, "b": ends.b.z, "steps": steps, "way": way}
        self._save(found.tiles, out, info, gap=1)

    def encode(self, picture: Path, label: int | None) -> tuple[float, ...]:
        """Return the code of an image file."""
        self._check_label(label)
        return self.explorer.encode(picture, label).point.z

    def score(self, out: Path, samples: int, count: int | None, seed: int) -> bool:
        """Write the scores of the map's first images as CSV; False where Ctrl-C ended it."""
        images = self.explorer.images[: count or None]
        found: list[Scores] = []

        def work() -> Generator[Loading]:
            pieces = elbo_scores(self.explorer.model, images, samples, seed)
            found.append((yield from timed(pieces, len(images))))

        if not show(work()):
            return False
        save_scores(found[0], out, labels=images.labels, class_names=self.card.spec.class_names)
        return True

    def _image(self, name: str) -> Point:
        codes, names = self.explorer.codes, self.card.spec.class_names
        if name in names:
            return self.explorer.original(codes.typical(names.index(name))).point
        if name.isdecimal() and int(name) < len(codes):
            return self.explorer.original(int(name)).point
        known = f"a class ({', '.join(names)}) or " if names else ""
        raise RunError(f"{name!r} is neither {known}an image row below {len(codes):,}.")

    def _label(self, label: int | None) -> int | None:
        return (label or 0) if self.card.conditional else None

    def _check_label(self, label: int | None) -> None:
        classes = self.card.spec.classes if self.card.conditional else 0
        if label is not None and not 0 <= label < classes:
            wanted = f"choose 0 to {classes - 1}" if classes else "this model takes no label"
            raise RunError(f"--label {label}: {wanted}.")

    def _save(self, tiles: Tiles, out: Path, info: dict[str, Any], gap: int = 0) -> None:
        about = {"model": self.card.name, "epoch": self.card.epoch, "recipe": self.card.recipe}
        save_tiles(tiles, out, {**about, **info}, gap)


def demonstrate(out: Path, epochs: int) -> Iterator[str]:
    """Train briefly on the bundled digits and write every kind of picture.

    Yields
    ------
    str
        One line per thing done.
    """
    from latentlab.session.figures import draw_map, save_curves

    recipe = {**DEMO_RECIPE, "training": {**DEMO_RECIPE["training"], "epochs": epochs}}
    run = _free(out / "run")
    show(record(make_recipe(recipe), run))
    lab = Lab(run)
    save_curves(compare((run,)), out / "curves.png")
    draw_map(lab.explorer.codes, lab.card, out / "map.png")
    lab.manifold(out / "manifold.png", 20, 3.0, quantiles=False, plane=(1, 2), label=None)
    lab.sample(out / "samples.png", 64, None, seed=0)
    lab.interpolate(out / "interpolation.gif", "", "", 24)
    yield f"A VAE was trained on 4,000 handwritten digits. In {out.resolve()}:"
    for name, text in (
        (run.name, "the run: recipe, metrics, checkpoint"),
        ("curves.png", "loss, reconstruction and KL over the epochs"),
        ("map.png", "where each digit lies in the two-dimensional latent space"),
        ("manifold.png", "what a grid of latent points decodes to"),
        ("samples.png", "digits nobody wrote, drawn from the prior"),
        ("interpolation.gif", "a 3 becoming an 8"),
    ):
        yield f"  {name:<18} {text}"


def _free(folder: Path) -> Path:
    names = [folder, *(folder.with_name(f"{folder.name}-{i}") for i in range(2, 1000))]
    return next(name for name in names if not name.exists())
