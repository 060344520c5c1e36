"""Explorer functions of the command line, which write files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from latentlab.data.image_set import TRAIN, VALIDATION
from latentlab.data.own_image.crop import OwnImage, Preprocessing
from latentlab.data.own_image.preprocess import fit_picture, read_source
from latentlab.directories import resources
from latentlab.errors import RunError, one_of
from latentlab.explorer.explorer import Explorer
from latentlab.explorer.interpolation import decode_path
from latentlab.explorer.model import make_manifold
from latentlab.explorer.naming import Label, background_hint, class_index, image_row
from latentlab.latent.elbo_scores import elbo_scores
from latentlab.latent.grid import Spacing, grid_axis
from latentlab.latent.interpolation.curves import PathKind
from latentlab.latent.planes import axes_plane
from latentlab.learning.recipe import make_recipe
from latentlab.runs.image_files import save_tiles
from latentlab.runs.library import compare
from latentlab.runs.recorder import record
from latentlab.runs.terminal import show
from latentlab.session.anomalies import save_scores, with_eta
from latentlab.session.points import GridSettings, LatentPath, Point, SampleSettings, Tiles
from latentlab.work import finish, with_progress

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from latentlab.latent.ranking import Scores
    from latentlab.session.points import ModelCard
    from latentlab.work import Progress

MAX_QUANTILE_SPAN = 8.0
"""Standard deviations beyond which the tail probability vanishes in float64."""
BACKGROUND_SAMPLE = 500
"""Number of images that the background of a user's image is compared with."""
DEMO_RECIPE: dict[str, Any] = {
    "model": {"kind": "vae", "hidden": [256, 128], "latent_dim": 2},
    "data": {"kind": "digits"},
    "training": {"batch_size": 64},
}


class Lab:
    """Open model whose results are written to files.

    Parameters
    ----------
    run : Path
        Run folder, or name of a shipped model.
    """

    def __init__(self, run: Path) -> None:
        shipped = resources() / "models" / run
        self.explorer = Explorer()
        named = not run.exists() and shipped.exists()
        self.card: ModelCard = self.explorer.open(shipped if named else run)
        _, self.ends, _ = self.explorer.start()

    def sample(self, out: Path, count: int, label: Label, seed: int) -> None:
        """Write samples from the prior; without a label the classes alternate."""
        chosen = self._label(label)
        columns = min(count, max(8, round(count**0.5)))
        tiles = self.explorer.samples(SampleSettings(seed, chosen, count), columns)
        self._save(tiles, out, {"seed": seed, "label": chosen, "count": count}, gap=1)

    def manifold(
        self,
        out: Path,
        n: int,
        span: float,
        quantiles: bool,
        plane: tuple[int, int] | None,
        label: Label,
    ) -> None:
        """Write a decoded grid over a plane, or a strip for a model with one dimension.

        `plane` holds dimensions counted from 1; None for the first two.
        """
        size = self.card.latent_dim
        across, up = plane or (1, min(2, size))
        if not all(1 <= dimension <= size for dimension in (across, up)):
            raise RunError(f"--plane {across} {up}: this model has dimensions 1 to {size}.")
        if across == up and size > 1:
            raise RunError(f"--plane {across} {up}: choose two different dimensions.")
        if quantiles and span > MAX_QUANTILE_SPAN:
            raise RunError(f"--span {span:g}: with --quantiles at most {MAX_QUANTILE_SPAN:g}.")
        grid = GridSettings(n, span, Spacing.QUANTILE if quantiles else Spacing.UNIFORM)
        # Through the mean of the prior: the command line has no current z.
        center = self.card.point((0.0,) * size, self._label(label, needed=True))
        if size == 1:
            lines = grid_axis(n, span, grid.spacing)
            tiles = self.explorer.tiles(tuple(center.at((z,)) for z in lines.tolist()), n)
        else:
            frame = axes_plane(across - 1, up - 1, size)
            tiles = finish(make_manifold(self.explorer, center, frame, grid)).tiles
        info = {"plane": (across, up), "span": span, "spacing": grid.spacing}
        self._save(tiles, out, {**info, "label": center.label})

    def interpolate(
        self, out: Path, start: str, end: str, steps: int, way: str = PathKind.STRAIGHT
    ) -> None:
        """Write the path between two images, given by class name, file or row."""
        _ = self.explorer.images  # raises if there are none
        kinds = [kind.value for kind in PathKind]
        if way not in kinds:
            raise RunError(f"--way {way}: choose {one_of(kinds)}.")
        ends = LatentPath(*self._chosen_ends(start, end), steps)
        found = finish(decode_path(self.explorer, ends, PathKind(way)))
        info = {"a": ends.a.z, "b": ends.b.z, "steps": steps, "way": way}
        self._save(found.tiles, out, info, gap=1, steps=True)

    def encode(
        self, picture: Path, label: Label, *, invert: bool = False, center: bool = False
    ) -> tuple[float, ...]:
        """Return the code of an image file after `Preprocessing`."""
        chosen = self._label(label, needed=True)
        own = OwnImage(read_source(picture), Preprocessing(invert=invert, center=center))
        return self.explorer.encode_own(own, chosen).point.z

    def hint(self, picture: Path, *, invert: bool = False) -> str:
        """Return a hint if the background of an image is unlike that of the data; may be empty."""
        if not len(self.explorer.codes):
            return ""
        own = fit_picture(read_source(picture), Preprocessing(invert=invert), self.card.spec)[None]
        return background_hint(own, self.explorer.images[:BACKGROUND_SAMPLE].images, invert=invert)

    def score(self, out: Path, samples: int, count: int | None, seed: int) -> str:
        """Write the scores of all images, or of the first `count`, as CSV.

        Returns
        -------
        str
            Summary of what was scored; empty if interrupted with Ctrl-C.
        """
        found: list[Scores] = []
        _ = self.explorer.images  # raises if there are none

        def work() -> Generator[Progress]:
            if count is None or count > len(self.explorer.codes):
                yield from with_progress(self.explorer.show_all(), "Encoding all images")
            images = self.explorer.images[:count]
            pieces = elbo_scores(self.explorer.model, images, samples, seed)
            found.append((yield from with_eta(pieces, len(images))))

        if not show(work()):
            return ""
        codes, scored = self.explorer.codes, len(found[0])
        save_scores(found[0], out, codes=codes, class_names=self.card.spec.class_names)
        parts = [] if codes.parts is None else codes.parts[:scored].tolist()
        split = f": {parts.count(VALIDATION):,} held out, {parts.count(TRAIN):,} learned from"
        return f"Scored {scored:,} of {self.card.images:,} images{split if parts else ''}."

    def _chosen_ends(self, start: str, end: str) -> tuple[Point, Point]:
        """Return both end points; a missing one is chosen different from the other."""
        a = self._image(start) if start else None
        b = self._image(end) if end else None
        if a and a == b:
            raise RunError(f"{start} and {end} are the same image.", "Choose two different ones.")
        if a is None:
            a = self.ends.a if b != self.ends.a else self.ends.b
        if b is None:
            b = self.ends.b if a != self.ends.b else self.ends.a
        return a, b

    def _image(self, name: str) -> Point:
        return self.explorer.original(image_row(self.explorer, name)).point

    def _label(self, label: Label, *, needed: bool = False) -> int | None:
        return class_index(self.card, label, needed=needed)

    def _save(
        self, tiles: Tiles, out: Path, info: dict[str, Any], gap: int = 0, *, steps: bool = False
    ) -> None:
        about = {"model": self.card.name, "epoch": self.card.epoch, "recipe": self.card.recipe}
        save_tiles(tiles, out, {**about, **info}, gap, steps=steps)


def demonstrate(out: Path, epochs: int) -> Generator[str, None, bool]:
    """Train briefly on the bundled digits and write one image of every kind.

    Yields
    ------
    str
        Lines for the terminal.

    Returns
    -------
    bool
        True if completed; False if interrupted with Ctrl-C.
    """
    from latentlab.runs.figures import draw_map, save_curves

    recipe = {**DEMO_RECIPE, "training": {**DEMO_RECIPE["training"], "epochs": epochs}}
    run = _free(out / "run")
    if not show(record(make_recipe(recipe), run)):
        yield f"Stopped and kept: {run}"
        return False
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
        ("samples.png", "new digits, drawn from the prior"),
        ("interpolation.gif", "a 3 becoming an 8"),
    ):
        yield f"  {name:<18} {text}"
    return True


def _free(folder: Path) -> Path:
    names = [folder, *(folder.with_name(f"{folder.name}-{i}") for i in range(2, 1000))]
    return next(name for name in names if not name.exists())
