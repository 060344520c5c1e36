"""Draw latentlab's icon and write it in the formats of the three systems.

A latent space on a deep indigo plate: soft clusters of codes that tile the bell of the prior,
the prior's rings behind them, and one crisp point z. Small sizes get fewer and stronger shapes.

Run with the project's Python: ``.venv/bin/python packaging/make_icons.py``.
"""

from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageDraw

ROOT = Path(__file__).resolve().parent.parent
VECTOR = 256  # units a side of the vector picture
SAMPLES = 8  # drawn this many times larger, then averaged

PLATE_TOP, PLATE_BOTTOM = "#3a3788", "#1b1a4b"
MARGIN, CORNER = 0.03, 0.225
RINGS, RING_LINE, RING_ALPHA = (0.20, 0.385), 0.006, "30"
STRENGTH, FALL = 0.92, 0.70  # of a disc: its opacity, and the share of its radius that fades
EDGE = 0.012  # around the cross-hair
WHITE = "#ffffff"


class Disc(NamedTuple):
    """A cluster of codes: centre and radius in units of the icon, colour after Okabe and Ito."""

    x: float
    y: float
    radius: float
    colour: str


class Cross(NamedTuple):
    """The point z: centre, radius of its ring, reach of its arms, width of its lines."""

    x: float
    y: float
    ring: float
    reach: float
    line: float


DISCS = (
    Disc(0.320, 0.345, 0.250, "#56b4e9"),
    Disc(0.680, 0.335, 0.250, "#e69f00"),
    Disc(0.275, 0.640, 0.215, "#009e73"),
    Disc(0.730, 0.635, 0.225, "#d55e00"),
    Disc(0.505, 0.710, 0.225, "#cc79a7"),
    Disc(0.490, 0.480, 0.200, "#f0e442"),
)
SMALL_DISCS = (
    Disc(0.335, 0.335, 0.36, "#56b4e9"),
    Disc(0.680, 0.325, 0.36, "#e69f00"),
    Disc(0.320, 0.680, 0.36, "#009e73"),
    Disc(0.680, 0.680, 0.36, "#cc79a7"),
)
CROSS = Cross(0.580, 0.420, 0.075, 0.165, 0.030)
MEDIUM_CROSS = Cross(0.5625, 0.4375, 0.115, 0.245, 0.050)
SMALL, MEDIUM = 32, 64  # pixels a side, and below


def small_cross(size: int) -> Cross:
    """Return the cross-hair with its arms on whole pixels."""
    line = size // 8 - 1
    odd = (line % 2) / 2
    centre = 0.5 - odd / size
    return Cross(centre, centre, 0.19, (round(0.40 * size) + odd) / size, line / size)


def opacity(distance: float) -> float:
    """Opacity of a disc at this share of its radius: a plateau, then a smooth fall to nothing."""
    share = min(max((1.0 - distance) / FALL, 0.0), 1.0)
    return STRENGTH * share * share * (3.0 - 2.0 * share)


def draw(size: int) -> Image.Image:
    """Return the icon with so many pixels a side, as RGBA."""
    small, medium = size <= SMALL, size <= MEDIUM
    full = size * SAMPLES
    picture = plate_colours(full)
    if not medium:
        picture.alpha_composite(rings(full))
    for disc in SMALL_DISCS if small else DISCS:
        paint_disc(picture, disc)
    paint_cross(picture, small_cross(size) if small else MEDIUM_CROSS if medium else CROSS)
    picture.putalpha(plate_shape(full, 0.0 if medium else MARGIN))
    return picture.resize((size, size), Image.Resampling.BOX)


def plate_colours(full: int) -> Image.Image:
    """Return the background, from light above to dark below."""
    shade = Image.linear_gradient("L").resize((full, full), Image.Resampling.BICUBIC)
    top, bottom = (Image.new("RGBA", shade.size, colour) for colour in (PLATE_TOP, PLATE_BOTTOM))
    return Image.composite(bottom, top, shade)


def plate_shape(full: int, margin: float) -> Image.Image:
    """Return the mask of the rounded square."""
    mask = Image.new("L", (full, full), 0)
    box = (margin * full, margin * full, (1 - margin) * full - 1, (1 - margin) * full - 1)
    ImageDraw.Draw(mask).rounded_rectangle(box, CORNER * full, fill=255)
    return mask


def rings(full: int) -> Image.Image:
    """Return the rings of the prior."""
    layer = Image.new("RGBA", (full, full), WHITE + "00")
    pen = ImageDraw.Draw(layer)
    for radius in RINGS:
        box = [round((0.5 + side * radius) * full) for side in (-1, -1, 1, 1)]
        pen.ellipse(box, outline=WHITE + RING_ALPHA, width=round(RING_LINE * full))
    return layer


def paint_disc(picture: Image.Image, disc: Disc) -> None:
    """Lay one soft disc over the picture."""
    full = picture.width
    side = round(2 * disc.radius * full)
    mask = Image.radial_gradient("L").resize((side, side), Image.Resampling.BICUBIC)
    mask = mask.point([round(255 * opacity(2**0.5 * level / 255)) for level in range(256)])
    corner = round((disc.x - disc.radius) * full), round((disc.y - disc.radius) * full)
    picture.paste(Image.new("RGBA", mask.size, disc.colour), corner, mask)


def paint_cross(picture: Image.Image, cross: Cross) -> None:
    """Draw the point z, with a dark edge that keeps it crisp on any colour."""
    full = picture.width
    pen = ImageDraw.Draw(picture)
    for colour, edge in ((PLATE_BOTTOM, EDGE), (WHITE, 0.0)):
        for x0, y0, x1, y1 in arms(cross):
            first = [(at - edge) * full for at in (x0, y0)]
            last = [(at + edge) * full for at in (x1, y1)]
            pen.rounded_rectangle(
                [*first, *(at - 1 for at in last)], (cross.line / 2 + edge) * full, fill=colour
            )
        outer = cross.ring + cross.line / 2 + edge
        box = [(at + side * outer) * full for side in (-1, 1) for at in (cross.x, cross.y)]
        pen.ellipse(box, outline=colour, width=round((cross.line + 2 * edge) * full))


def arms(cross: Cross) -> list[tuple[float, float, float, float]]:
    """Return the boxes of the cross-hair's arms, which start at its ring."""
    x, y, ring, reach, line = cross
    half = line / 2
    return [
        (x - reach, y - half, x - ring, y + half),
        (x + ring, y - half, x + reach, y + half),
        (x - half, y - reach, x + half, y - ring),
        (x - half, y + ring, x + half, y + reach),
    ]


def units(*values: float) -> list[str]:
    """Return lengths in the units of the vector picture."""
    return [f"{VECTOR * value:.5g}" for value in values]


def circle(x: float, y: float, radius: float, style: str = "") -> str:
    """Return a circle of the vector picture."""
    cx, cy, r = units(x, y, radius)
    return f'<circle cx="{cx}" cy="{cy}" r="{r}"{style}/>\n'


def gradient(name: str, colour: str) -> str:
    """Return the soft paint of a disc."""
    steps = [(step / 10, opacity(step / 10)) for step in range(11)]
    stops = "".join(
        f'<stop offset="{at:g}" stop-color="{colour}" stop-opacity="{alpha:.3f}"/>\n'
        for at, alpha in steps
    )
    return f'<radialGradient id="{name}">\n{stops}</radialGradient>\n'


def vector_cross(colour: str, edge: float) -> str:
    """Return the point z in one colour, grown by an edge."""
    (line,) = units(CROSS.line + 2 * edge)
    half = CROSS.line / 2
    hair = ""
    for x0, y0, x1, y1 in arms(CROSS):
        ends = units(x0 + half, y0 + half, x1 - half, y1 - half)  # round caps add the halves
        hair += "M{} {}L{} {}".format(*ends)
    return (
        f'<g fill="none" stroke="{colour}" stroke-width="{line}" stroke-linecap="round">\n'
        f'{circle(CROSS.x, CROSS.y, CROSS.ring)}<path d="{hair}"/>\n</g>\n'
    )


def vector() -> str:
    """Return the icon as SVG, from the same geometry as the large pictures."""
    margin, side, corner, ring_line = units(MARGIN, 1 - 2 * MARGIN, CORNER, RING_LINE)
    paints = "".join(gradient(f"disc{n}", disc.colour) for n, disc in enumerate(DISCS))
    discs = "".join(
        circle(disc.x, disc.y, disc.radius, f' fill="url(#disc{n})"')
        for n, disc in enumerate(DISCS)
    )
    prior = "".join(circle(0.5, 0.5, radius) for radius in RINGS)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {VECTOR} {VECTOR}">\n'
        "<title>latentlab</title>\n<defs>\n"
        '<linearGradient id="plate" x2="0" y2="1">\n'
        f'<stop stop-color="{PLATE_TOP}"/>\n<stop offset="1" stop-color="{PLATE_BOTTOM}"/>\n'
        f"</linearGradient>\n{paints}</defs>\n"
        f'<rect x="{margin}" y="{margin}" width="{side}" height="{side}" rx="{corner}" '
        'fill="url(#plate)"/>\n'
        f'<g fill="none" stroke="{WHITE}" stroke-opacity="{int(RING_ALPHA, 16) / 255:.2f}" '
        f'stroke-width="{ring_line}">\n{prior}</g>\n'
        f"{discs}{vector_cross(PLATE_BOTTOM, EDGE)}{vector_cross(WHITE, 0.0)}</svg>\n"
    )


def main() -> None:
    """Write every file."""
    shown, packed = ROOT / "resources" / "icons", ROOT / "packaging" / "icons"
    for folder in (shown, packed):
        folder.mkdir(parents=True, exist_ok=True)
    sizes = {size: draw(size) for size in (16, 24, 32, 48, 64, 128, 256, 512, 1024)}
    (shown / "latentlab.svg").write_text(vector(), encoding="utf-8")
    sizes[256].save(shown / "latentlab.png", optimize=True)
    sizes[512].save(packed / "latentlab-512.png", optimize=True)
    windows = [sizes[size] for size in (16, 24, 32, 48, 64, 128)]
    edges = [(size, size) for size in (16, 24, 32, 48, 64, 128, 256)]
    sizes[256].save(packed / "latentlab.ico", sizes=edges, append_images=windows)
    apple = [sizes[size] for size in (16, 32, 64, 128, 256, 512)]
    sizes[1024].save(packed / "latentlab.icns", append_images=apple)


if __name__ == "__main__":
    main()
