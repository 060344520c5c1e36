"""Python scripts on the public API that make a picture again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from latentlab.directories import resources, runs
from latentlab.latent.interpolation.curves import Easing, PathKind
from latentlab.session.points import Loop

if TYPE_CHECKING:
    from collections.abc import Sequence

    from latentlab.data.condition import Label
    from latentlab.data.image_set import ImageSpec
    from latentlab.session.map import MapView
    from latentlab.session.points import (
        GridSettings,
        LatentPath,
        Manifold,
        ModelCard,
        SampleSettings,
        Tiles,
    )

MAX_LINE = 88


def decoding_script(model: ModelCard, tiles: Tiles, name: str, gap: int = 0) -> str:
    """Return a script that decodes the points of images and saves them as a grid."""
    points = tiles.points
    z = [list(point.z) for point in points]
    call = "model.decode(z)"
    lines = ["z = [", *(f"    {_numbers(row)}," for row in z), "]"]
    if len(z) == 1:
        lines = [f"z = {_numbers(z[0])}"]
    if model.conditional:
        labels = [point.label for point in points]
        call = f"model.decode(z, labels={_labels(model, labels)})"
    return _script(model, [*lines, f"images = {call}"], name, tiles.columns, gap)


def sampling_script(model: ModelCard, settings: SampleSettings, columns: int) -> str:
    """Return a script that draws the samples again."""
    label = "" if settings.label is None else f"labels={_labels(model, [settings.label])}, "
    call = f"images = model.sample({settings.count}, {label}seed={settings.seed})"
    return _script(model, [call], "samples", columns, 1)


def manifold_script(model: ModelCard, manifold: Manifold, grid: GridSettings) -> str:
    """Return a script that decodes the grid again, over two dimensions or over any plane."""
    point, frame = manifold.tiles.points[0], manifold.frame
    if frame.dimensions is None or model.latent_dim == 1:
        return _plane_script(model, manifold)
    n = manifold.axes.shape[1]
    options = [f"n={n}", f"span={grid.span}", f'spacing="{grid.spacing.value}"']
    if model.latent_dim > 2:
        options += [f"dimensions={frame.dimensions}", f"center={_numbers(point.z)}"]
    elif frame.dimensions != (0, 1):
        options.append(f"dimensions={frame.dimensions}")
    if model.conditional:
        options.append(f"label={_labels(model, [point.label])}")
    return _script(model, [f"images = model.manifold({', '.join(options)})"], "manifold", None, 0)


def _plane_script(model: ModelCard, manifold: Manifold) -> str:
    """Return a script for a plane that is not one of two dimensions."""
    point, frame = manifold.tiles.points[0], manifold.frame
    rest = frame.rest(point.z).tolist()
    label = f", labels={_labels(model, [point.label])}" if model.conditional else ""
    lines = [
        *(
            f"{name} = np.array({_numbers(axis.tolist())})"
            for name, axis in zip(("across_axis", "up_axis"), manifold.axes, strict=True)
        ),
        f"across = np.array({_numbers(frame.across)})",
        f"up = np.array({_numbers(frame.up)})",
        f"rest = np.array({_numbers(rest)})  # off the plane",
        "x, y = np.meshgrid(across_axis, up_axis[::-1])",
        "z = rest + x[..., None] * across + y[..., None] * up",
    ]
    if frame.across == frame.up:
        lines[-1] = "z = rest + x[..., None] * across"
    lines.append(f"images = model.decode(z.reshape(-1, {len(rest)}){label})")
    return _script(model, lines, "manifold", manifold.axes.shape[1], 0)


def path_script(model: ModelCard, ends: LatentPath, kinds: Sequence[PathKind], film: Tiles) -> str:
    """Return a script that decodes a path again; by its points if it has waypoints."""
    simple = not ends.keys and ends.easing is Easing.LINEAR and ends.loop is not Loop.ROUND
    if not simple or len(kinds) != 1:
        return decoding_script(model, film, "interpolation", 1)
    pair = [ends.a.label, ends.b.label]
    lines = [f"a = {_numbers(ends.a.z)}", f"b = {_numbers(ends.b.z)}"]
    label = f", labels={_labels(model, pair)}" if model.conditional else ""
    path = kinds[0].value
    lines.append(f'images = model.interpolate(a, b, {ends.steps}, path="{path}"{label})')
    return _script(model, lines, "interpolation", film.columns, 1)


def map_script(model: ModelCard, view: MapView) -> str:
    """Return a script that draws the codes over the plane of a view with matplotlib."""
    codes = [_load(model), "table = model.codes()"]
    if model.file is not None:
        chosen = f", obsm={model.obsm!r}" if model.obsm else ""
        codes = [f"table = latentlab.read_codes({str(model.file)!r}{chosen})"]
    lines = [
        *codes,
        f"plane = np.array([{_numbers(view.frame.across)},",
        f"                  {_numbers(view.frame.up)}])",
        "x, y = plane @ table.mu.T",
        "plt.scatter(x, y, c=table.labels, s=3, cmap='tab10')",
        f"plt.xlabel({view.frame.names[0]!r})",
        f"plt.ylabel({view.frame.names[1]!r})",
        "plt.gca().set_aspect('equal')",
        'plt.savefig("map.png", dpi=200)',
    ]
    imports = "import matplotlib.pyplot as plt\nimport numpy as np\n\nimport latentlab"
    return "\n".join([imports, "", *lines, ""])


def _script(model: ModelCard, lines: list[str], name: str, columns: int | None, gap: int) -> str:
    imports = ["import latentlab"]
    if any("np." in line for line in lines):
        imports = ["import numpy as np", "", "import latentlab"]
    options = "".join(
        f", {key}={value}" for key, value in (("columns", columns), ("gap", gap)) if value
    )
    file = name.replace(" ", "-")
    save = f'latentlab.save_images("{file}.png", images{options})'
    return "\n".join([*imports, "", _load(model), *lines, save, ""])


def _load(model: ModelCard) -> str:
    """Return the line that loads a model, by its name if it is in the library."""
    source = model.source
    shipped, own = (resources() / "models").resolve(), runs().resolve()
    if source and source.resolve().parent in (shipped, own):
        return f"model = latentlab.load({source.name!r})"
    return f"model = latentlab.load({str(source or model.name)!r})"


def _numbers(values: Sequence[float]) -> str:
    """Return numbers as a list; those of float32 with as few digits as they need."""
    return f"[{', '.join(_number(value) for value in values)}]"


def _number(value: float) -> str:
    short = f"{value:.9g}"
    return short if any(mark in short for mark in ".en") else f"{short}.0"


def _condition_values(spec: ImageSpec, label: Label) -> str:
    """Return a row of numbers and of names of classes, since a number may be the name of one."""
    assert isinstance(label, tuple)
    pairs = zip(spec.conditions, label, strict=True)
    words = (_number(x) if each.continuous else repr(each.shown(x)) for each, x in pairs)
    return f"({', '.join(words)},)" if len(label) == 1 else f"({', '.join(words)})"


def _labels(model: ModelCard, labels: Sequence[Label | None]) -> str:
    """Return one label for all, or a list of labels: names of classes, or rows of conditions."""
    spec = model.spec
    given = [spec.default_label if label is None else label for label in labels]
    same = len(set(given)) == 1
    if spec.conditions:
        rows = given[:1] if same else given
        return f"[{', '.join(_condition_values(spec, row) for row in rows)}]"
    names = [spec.label_text(label) for label in given]
    return repr(names[0]) if same else repr(names)
