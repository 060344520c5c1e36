"""Toy explorer that answers requests at once, without torch or Qt.

Each image encodes its point: the brightness of the upper half is the first coordinate of z, that
of the lower half the second, and that of the last column the label.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path
from weakref import ref

import numpy as np

from latentlab.data.image_set import ImageSet, ImageSpec
from latentlab.data.own_image.crop import CropBox, OwnImage
from latentlab.data.parts import Splits
from latentlab.errors import RunError
from latentlab.explorer.files.direction_files import read_directions, write_directions
from latentlab.explorer.learn_direction import learn_direction
from latentlab.explorer.route import straight_path_points
from latentlab.latent.codes import Codes
from latentlab.latent.dimensions import (
    kl_per_dimension,
    principal_components,
    prior_range,
    traverse,
)
from latentlab.latent.grid import grid_axis, plane_points
from latentlab.latent.interpolation.curves import PathKind
from latentlab.latent.local_axes import LocalAxes
from latentlab.latent.paired import PairedComparison
from latentlab.latent.pairs import choose_pairs
from latentlab.latent.planes import pca_plane
from latentlab.latent.prior_holes import GRID_RADIUS, draw_posteriors, prior_holes
from latentlab.latent.ranking import Scores
from latentlab.latent.support import Support
from latentlab.learning.events import (
    EpochEnd,
    EpochPreview,
    LatentStatistics,
    Snapshot,
    Started,
    Step,
)
from latentlab.metrics.measurement import ComputedOn, Measurement, Series, Value
from latentlab.session.axes import STRIP_POSITIONS, AxesAtPoint, DimensionStatistics, Strips
from latentlab.session.colourings import Measure, MeasuredValues
from latentlab.session.comparison import (
    CodesMap,
    ComparedMetrics,
    Comparison,
    DecodedPair,
    ImageComparison,
    ImageComparisons,
    Reconstruction,
    Summary,
)
from latentlab.session.contours import Contours
from latentlab.session.directions import merge_directions, replace_direction
from latentlab.session.files.scene import FoundScene
from latentlab.session.form import Field, Kind
from latentlab.session.image_sample import ImageSample
from latentlab.session.interpolation import (
    Blend,
    DecodedPath,
    DecodedPaths,
    PointSupport,
    Traversal,
)
from latentlab.session.library.entries import LibraryEntry, MovedRun
from latentlab.session.map import Draws, Layout, MapView, PriorHoles
from latentlab.session.model import Adopted, AllCodes, Opened, PickImage
from latentlab.session.neighbours import MapImages, NearestImages, Neighbours
from latentlab.session.own_image import ImageElbo, Inpaintings, ReferenceElbo
from latentlab.session.pairs import PairSheet
from latentlab.session.points import (
    LatentPath,
    Manifold,
    ModelCard,
    Original,
    Picture,
    Point,
    Preview,
    Tiles,
)
from latentlab.session.recipes import Estimate, Preset
from latentlab.session.request import Exported
from latentlab.session.runs import RunLog
from latentlab.session.scores.anomalies import Thumbnails
from latentlab.session.scores.metrics import MeasuredMetrics, MetricCard, save_measurements
from latentlab.session.scores.rate_distortion import RateDistortion, RatePoint, save_points
from latentlab.session.tour import tour_path
from latentlab.work import Progress, finish

NAMES = ("ant", "bee", "cat")
SPEC = ImageSpec((1, 4, 4), NAMES)
SIDE = 4
SQUARE = (np.array([(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0), (0.0, 0.0)]),)
"""One contour line."""
KINDS = tuple(PathKind)
LIBRARY = (
    LibraryEntry("toy", "VAE 2-D · toys", Path("/toys/toy"), shipped=True),
    LibraryEntry("big", "CVAE 5-D · toys", Path("/toys/big"), shipped=False),
)
FORM = (
    Field(
        "model",
        "Model",
        "What learns.",
        "kind",
        {"kind": "vae"},
        kinds=(
            Kind(
                "vae",
                "A plain one.",
                (
                    Field("latent_dim", "Latent dim", "How wide z is.", "int", 2, 1, 512),
                    Field("hidden", "Hidden", "Layer sizes.", "ints", [16, 8]),
                    Field("beta", "Beta", "Weight of KL.", "float", 1.0, 0.0),
                ),
            ),
            Kind(
                "cvae",
                "One with labels.",
                (Field("latent_dim", "Latent dim", "How wide z is.", "int", 20, 1, 512),),
            ),
        ),
    ),
    Field(
        "data",
        "Data",
        "What is learned from.",
        "kind",
        {},
        kinds=(Kind("", "", (Field("root", "Folder", "Where the images lie.", "path"),)),),
    ),
    Field(
        "device",
        "Device",
        "Where to compute.",
        "option",
        "auto",
        options=(Kind("auto"), Kind("cpu", title="CPU"), Kind("tpu", unavailable="There is none.")),
    ),
)

PRESETS = (
    Preset("Two", "See all.", {"model": {"kind": "vae", "latent_dim": 2, "beta": 4.0}}, "A"),
    Preset("Labels & all", "Choose.", {"model": {"kind": "cvae", "latent_dim": 9}}),
    Preset("Faces", "Morph.", {"model": {"kind": "vae"}}, unavailable="Faces are not here"),
)


def picture_of(point):
    pixels = np.zeros((SIDE, SIDE), np.uint8)
    bright = [int(min(max(128 + 20 * value, 0), 255)) for value in point.z[:2]]
    pixels[: SIDE // 2], pixels[SIDE // 2 :] = bright[0], bright[-1]
    pixels[:, -1] = 50 * (point.label or 0)
    return pixels


def card(latent_dim=2, conditional=False, name="toy", spec=SPEC, **more):
    kind = "cvae" if conditional else "vae"
    source = Path("/toys") / name
    return ModelCard(name, source, kind, latent_dim, conditional, spec, "toys", 3, **more)


def codes(latent_dim=2, count=90, seed=0):
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % len(NAMES)
    shift = (labels[:, None] - 1) * np.linspace(2, 1, latent_dim)
    mu = (rng.standard_normal((count, latent_dim)) + shift).astype(np.float32)
    return Codes(mu, np.full_like(mu, 0.1), labels.astype(np.int64))


def portrait(epoch):
    pictures = np.zeros((2, 4, 4), np.uint8)
    codes = np.zeros((3, 2), np.float32)
    return EpochPreview(epoch, codes, codes, None, pictures, pictures, pictures)


SEED_FIELD = Field("seed", "Seed", "Seed of the random numbers.", "int", 0, 0, 2**31 - 1)
METRIC_CARDS = (
    MetricCard(
        *("log-likelihood", "Importance-weighted log-likelihood", "Likelihood"),
        "Estimate of -log p(x) from k draws of the posterior, an upper bound that falls with k.",
        ("images",),
        (Field("k", "K", "Draws of z per image.", "int", 200, 1, 5000), SEED_FIELD),
    ),
    MetricCard(
        *("elbo", "ELBO, rate and distortion", "Likelihood"),
        "Bound of -log p(x) that a VAE minimizes: the rate (KL) plus the distortion.",
        ("images",),
        (Field("draws", "Draws", "Draws of z per image.", "int", 10, 1, 5000), SEED_FIELD),
    ),
    MetricCard(
        *("mig", "MIG", "Disentanglement"),
        "Gap between the two dimensions that tell most about a factor.",
        ("factors",),
        (SEED_FIELD,),
        "This needs at least two known factors that vary, which is missing here.",
    ),
)


@dataclass
class ToyLab:
    """Answers and records requests."""

    models: dict = field(
        default_factory=lambda: {
            "toy": card(),
            "big": card(5, conditional=True, name="big"),
            "part": card(name="part", images=400),
        }
    )
    asked: list = field(default_factory=list)
    marks: dict = field(default_factory=dict)
    directions: tuple = ()
    measured: dict = field(default_factory=dict)
    known: Comparison | None = None
    broken: tuple = ()
    run_seconds: float | None = 200.0
    card: ModelCard | None = None

    def __call__(self, request):
        self.asked.append(request)
        return getattr(self, type(request).__name__)(request)

    def ReadEpochPreview(self, request):
        return portrait(request.epoch)

    def Open(self, request):
        if request.path.name not in self.models:
            raise RunError(f"{request.path} is not a run.", "Open another.")
        self.card = self.models[request.path.name].numbered_after(self.card)
        self.codes = codes(self.card.latent_dim)
        return Opened(self.card, self.codes, *self.start(), RunLog(curves()))

    def ListForeignFormats(self, request):
        return ()

    def InspectForeign(self, request):
        return None

    def FindDataset(self, request):
        return None

    def Adopt(self, request):
        card = replace(self.models["toy"], source=request.folder, epoch=request.epoch)
        self.card = card.numbered_after(self.card)
        self.codes = codes(seed=1 + request.epoch)
        return Adopted(self.card, self.codes, *self.start())

    def start(self):
        here, a, b = (self.PickImage(PickImage(row)) for row in (2, 0, 1))
        return here.point, LatentPath(a.point, b.point), here

    def ShowAll(self, request):
        few = self.codes
        self.codes = codes(self.card.latent_dim, self.card.images)
        assert np.array_equal(self.codes.labels[: len(few)], few.labels)
        self.codes.mu[: len(few)] = few.mu
        yield Progress("Encoding all images", 0.5)
        return AllCodes(self.codes)

    def SamplePosteriors(self, request):
        rng = np.random.default_rng(0)
        z = draw_posteriors(self.codes.mu, self.codes.sigma, rng)
        return Draws(request.frame, request.frame.place(z))

    def FindPriorContours(self, request):
        return Contours(request.frame, (SQUARE, SQUARE, SQUARE), label=request.label)

    def FindLikelihoodContours(self, request):
        return Contours(request.frame, (SQUARE,), request.image)

    def FindTruePosterior(self, request):
        return Contours(request.frame, (SQUARE,), request.image, "log p(x) = 0 nats")

    def FindHoles(self, request):
        return PriorHoles(
            request.frame,
            prior_holes(request.frame.place(self.codes.mu), GRID_RADIUS, 20),
            GRID_RADIUS,
        )

    def Decode(self, request):
        return Picture(request.point, picture_of(request.point))

    def SampleImage(self, request):
        """Each seed flips other bits of the image."""
        return ImageSample(request.point, request.seed, picture_of(request.point) ^ request.seed)

    def Hover(self, request):
        near = None if request.row is None else self.PickImage(PickImage(request.row))
        return Preview(request.point, self.Decode(request).pixels, near)

    def PickImage(self, request):
        label = int(self.codes.labels[request.row])
        point = self.card.point(self.codes.mu[request.row].tolist(), label)
        pixels = picture_of(point)
        return Original(f"toys {request.row}", point, 255 - pixels, pixels, request.row)

    def EncodeImageAgain(self, request):
        return self.PickImage(request)

    def EncodeOwnImageAgain(self, request):
        return self.EncodeOwnImage(request)

    def EncodeOwnImage(self, request):
        """The first coordinate is the brightness, the second the epoch of the model."""
        bright = float(request.own.source.pixels.mean()) / 255
        z = (bright, float(self.card.epoch), *[0.0] * (self.card.latent_dim - 2))
        point, fitting = self.card.point(z, request.label), request.own.fitting
        width, height = request.own.source.size
        side = float(min(width, height))
        own = OwnImage(request.own.source, replace(fitting, frame=CropBox(0, 0, side, side)))
        own = request.own if fitting.frame else own
        pixels = np.full((SIDE, SIDE), round(255 * bright), np.uint8)
        name, sigma = request.own.source.name, (0.2,) * self.card.latent_dim
        return Original(name, point, pixels, picture_of(point), sigma=sigma, own=own)

    def EstimateElbo(self, request):
        return ImageElbo(request.original, 80.0, 7.5)

    def EstimateReferenceElbo(self, request):
        return ReferenceElbo(np.arange(100.0), self.codes)

    def Inpaint(self, request):
        points = [replace(request.original.point, z=(0.25,) * self.card.latent_dim)]
        return Inpaintings(request.original, request.hidden, tiles(points, 1), (-1.0,))

    def InpaintSamples(self, request):
        points = [request.original.point.at((0.1 * i,) * self.card.latent_dim) for i in range(6)]
        return Inpaintings(request.original, request.hidden, tiles(points, 6), (-1.0,) * 6)

    def MakeManifold(self, request):
        lines = grid_axis(request.grid.n, request.grid.span, request.grid.spacing)
        z = plane_points(request.point.z, request.frame, lines)
        points = [request.point.at(tuple(row)) for row in z.tolist()]
        return Manifold(tiles(points, request.grid.n), request.frame, np.tile(lines, (2, 1)))

    def MakeView(self, request):
        if request.layout is Layout.PCA:
            again = request.like.layout is Layout.PCA and not request.like.frame.dimensions
            like = request.like.frame if again else None
            return MapView(request.layout, pca_plane(self.codes.mu, like), codes=ref(self.codes))
        # Not a real embedding, but made in several pieces.
        return self.scattered(request)

    def scattered(self, request):
        for i in range(4):
            yield Progress(f"{request.layout}", i / 4)
        xy = np.random.default_rng(7).uniform(-3, 3, (len(self.codes), 2)).astype(np.float32)
        return MapView(request.layout, request.like.frame, xy, np.arange(len(xy)), ref(self.codes))

    def ComputeMeasure(self, request):
        yield Progress(request.measure, 0.5)
        count = len(self.codes)
        values = np.arange(count) % (request.count + 1) - 1
        if request.measure in (Measure.KL, Measure.DENSITY):
            values = np.linspace(-3, 0, count).astype(np.float32)
        return MeasuredValues(request.measure, request.count, values)

    def FindNeighbours(self, request):
        away = np.linalg.norm(self.codes.mu - np.array(request.point.z, np.float32), axis=1)
        rows = np.argsort(away)[: request.count]
        pictures = np.stack([self.PickImage(PickImage(row)).picture for row in rows.tolist()])
        near = NearestImages(rows, away[rows], pictures)
        return Neighbours(
            request.point, near, NearestImages(rows[::-1], away[rows] / 100, pictures[::-1])
        )

    def FetchMapImages(self, request):
        pictures = [self.PickImage(PickImage(row)).picture for row in request.rows]
        return MapImages(np.array(request.rows), np.stack(pictures))

    def ReadScene(self, request):
        return FoundScene(request.path)

    def SaveSelection(self, request):
        return Exported(request.path)

    def DecodePath(self, request):
        return tiles(straight_path_points(request.ends), request.ends.steps)

    def DecodePaths(self, request):
        return DecodedPaths(
            request.ends, tuple(self._way(request.ends, kind) for kind in request.kinds)
        )

    def DecodeGeodesic(self, request):
        """Yield progress several times, as the real one does."""
        for piece in range(3):
            yield Progress("Looking", piece / 3)
        return DecodedPaths(request.ends, (self._way(request.ends, PathKind.GEODESIC),))

    def _way(self, ends, kind):
        """Decode a path; kinds differ in the first coordinate."""
        points = [
            point.along({0: point.z[0] + KINDS.index(kind)}) for point in straight_path_points(ends)
        ]
        level = np.linspace(0, 1, ends.steps)
        near = np.arange(ends.steps)[::-1]
        support = Support(near, np.full(ends.steps, 0.5), 1 / (1 + level), 1 + level, level)
        return DecodedPath(kind, tiles(points, ends.steps), support, 3.0)

    def PlanTour(self, request):
        labels = self.codes.labels
        means = (self.codes.mu[labels == label].mean(0).tolist() for label in range(len(NAMES)))
        return tour_path([self.card.point(z, label) for label, z in enumerate(means)])

    def MakePairs(self, request):
        """Each row repeats its first image."""
        settings, labels = request.settings, self.codes.labels
        rows = choose_pairs(labels, len(labels), settings.kind, settings.count, settings.seed)
        firsts = [self.PickImage(PickImage(a)).point for a, _ in rows]
        sheet = tiles([each for each in firsts for _ in range(settings.steps)], settings.steps)
        names = tuple((NAMES[labels[a]], NAMES[labels[b]]) for a, b in rows)
        return PairSheet(settings, sheet, names)

    def MeasureSupport(self, request):
        """The level grows with the distance from the origin."""
        level = min(1.0, max(map(abs, request.point.z)) / 8)
        return PointSupport(request.point, level, 0.5, 1.5, 0.7, 1.2)

    def MakeBlend(self, request):
        points = [slot if isinstance(slot, Point) else self._slot(slot) for slot in request.slots]
        a, b, c = (np.array(point.z) for point in points)
        z = tuple((request.strength * (a - b) + c).tolist())
        points.append(points[2].at(z))
        return Blend(tuple(points), np.stack([picture_of(point) for point in points]))

    def _slot(self, slot):
        row = slot if isinstance(slot, int) else len(slot.name)
        return self.PickImage(PickImage(row)).point

    def MakeTraversal(self, request):
        settings = request.settings
        dimensions = tuple(reversed(range(self.card.latent_dim)))[: settings.most]
        ranges = prior_range(self.card.latent_dim, settings.span)
        z, values = traverse(request.point.z, dimensions, ranges, settings.columns)
        points = [request.point.at(tuple(row)) for row in z.tolist()]
        kl = tuple(1.0 / (1 + row) for row in range(len(dimensions)))
        sheet = tiles(points, settings.columns)
        return Traversal(sheet, dimensions, kl, values, self.card.latent_dim)

    def ReadBookmarks(self, request):
        marks = self.marks.get(self.card.name, ())
        points = (self.card.point(mark.point.z, mark.point.label) for mark in marks)
        return tuple(replace(mark, point=at) for mark, at in zip(marks, points, strict=True))

    def SaveBookmarks(self, request):
        self.marks[request.card.name] = request.marks
        return request.marks

    def MakeSamples(self, request):
        settings = request.settings
        rng = np.random.default_rng(settings.seed)
        z = rng.standard_normal((settings.count, self.card.latent_dim)).tolist()
        return tiles([self.card.point(row, settings.label) for row in z], 6)

    def FetchPseudoInputs(self, request):
        return tiles([self.card.point((x, -x)) for x in range(4)], 2)

    def DrawPoint(self, request):
        return request.point.at(tuple(request.seed / (d + 1) for d in range(len(request.point.z))))

    def ScoreImages(self, request):
        """Yield progress for each sample; the last image has the highest score."""
        for piece in range(request.samples):
            yield Progress(f"Scoring, piece {piece}", piece / request.samples)
        return scores(len(self.codes), request.samples)

    def DecodeThumbnails(self, request):
        originals = [self.PickImage(PickImage(row)) for row in request.rows]
        both = ("picture", "reconstruction")
        pictures = (np.stack([getattr(one, name) for one in originals]) for name in both)
        return Thumbnails(request.rows, *pictures)

    def SaveScores(self, request):
        request.path.write_text(request.by)
        return Exported(request.path)

    def MeasureDimensions(self, request):
        yield Progress("Measuring")
        components = finish(principal_components(self.codes.mu))
        return DimensionStatistics(self.codes, kl_per_dimension(self.codes), components)

    def MeasureLocalAxes(self, request):
        size = self.card.latent_dim
        found = LocalAxes(np.eye(size)[::-1], np.arange(size, 0.0, -1.0))
        return AxesAtPoint(request.point, request.order, self.codes, found)

    def MakeSliderStrips(self, request):
        along = {}
        for each in request.axes:
            z = [each.moved(request.point.z, mark) for mark in STRIP_POSITIONS]
            along[each.key] = tiles([request.point.at(tuple(at)) for at in z], len(z))
        return Strips(request.point, self.codes, along)

    MakeDirectionStrips = MakeSliderStrips

    def ReadDirections(self, request):
        return self.directions

    def LearnDirection(self, request):
        others = self.directions if request.apart else ()
        learned = yield from learn_direction(
            self.card, self.codes, request.source, request.method, others
        )
        self.directions = merge_directions(self.directions, (learned,))
        return self.directions

    def ReplaceDirection(self, request):
        self.directions = replace_direction(self.directions, request.before, request.after)
        return self.directions

    def SaveDirections(self, request):
        self.directions = request.directions
        return self.directions

    def ImportDirections(self, request):
        new = read_directions(request.path, self.card.latent_dim)
        self.directions = merge_directions(self.directions, new)
        return self.directions

    def ExportDirections(self, request):
        write_directions(request.path, request.directions)
        return Exported(request.path)

    def OpenModelB(self, request):
        name = request.path.name if request.path else ""
        if name in self.models:
            self.known = Comparison(request.path, self.models[name], held_out=30)
            return self.known
        self.known = None
        return Comparison(request.path, problem=f"{name} is no run.") if name else None

    def _note(self, **found):
        self.known = replace(self.known, **found)
        return self.known

    def ComparePoint(self, request):
        """The second model halves the brightness."""
        pixels = picture_of(request.point)
        return self._note(
            twins=DecodedPair(
                request.point, request.label, pixels, pixels // 2, float(pixels[0, 0])
            )
        )

    def CompareImage(self, request):
        yield Progress("Estimating", 0.5)
        picture = request.original.picture
        sides = (Reconstruction(picture // n, 80.0 * n, 7.5, 0.1 * n) for n in (1, 2))
        return self._note(judgement=ImageComparison(request.original, request.label, *sides))

    def CompareImages(self, request):
        pictures = np.stack([self.PickImage(PickImage(row)).picture for row in request.rows])
        errors = np.array([request.rows, request.rows], np.float64) / 100
        columns = ImageComparisons(request.rows, pictures, pictures // 2, pictures // 4, errors)
        return self._note(columns=columns)

    def CompareMaps(self, request):
        """The second model mirrors the plane."""
        return self._note(map=CodesMap(self.codes.mu[: request.count, :2] * [-1, 1], ("z1", "z2")))

    def CompareSummary(self, request):
        """Yield progress for each image."""
        for piece in range(request.images):
            yield Progress(f"Scoring, piece {piece}", piece / request.images)
        return self._note(summary=summary(request.images))

    def CompareMetrics(self, request):
        """The second model is better by a tenth in every number."""
        if request.measure:
            yield Progress("Model A", 0.5)
        a = (measurement("elbo"),) if request.measure else ()
        pairs = tuple((one, one.model_copy(update={"values": lower(one.values)})) for one in a)
        return self._note(metrics=ComparedMetrics(pairs))

    def ListMetrics(self, request):
        return METRIC_CARDS

    def ReadMeasurements(self, request):
        return tuple(self.measured.values())

    def MeasureMetrics(self, request):
        """Yield progress as often as there are images."""
        for piece in range(request.count):
            yield Progress("Drawing codes", piece / request.count)
        found = tuple(measurement(kind, request.count) for kind in request.kinds)
        self.measured |= {each.metric: each for each in found}
        return MeasuredMetrics(found, saved=True)

    def SaveMeasurements(self, request):
        save_measurements(request.path, request.measurements)
        return Exported(request.path)

    def MeasureRateDistortion(self, request):
        for path in request.runs:
            yield Progress(path.name)
        return rate_distortion(request.runs)

    def SaveRateDistortion(self, request):
        save_points(request.path, request.found)
        return Exported(request.path)

    def Discard(self, request):
        return MovedRun("new", request.folder.parent / "discarded" / request.folder.name)

    def Restore(self, request):
        return MovedRun("new", request.folder.parent.parent / request.folder.name)

    def ListLibrary(self, request):
        return LIBRARY

    def CheckPlugins(self, request):
        return self.broken

    def DescribeForm(self, request):
        return FORM

    def ListPresets(self, request):
        return PRESETS

    def TimePresets(self, request):
        return tuple(replace(one, seconds=None if one.unavailable else 100.0) for one in PRESETS)

    def EstimateTime(self, request):
        return Estimate(request.values, self.run_seconds)


def measurement(kind="elbo", images=1000):
    """A measurement with an error, a second number and a curve over k."""
    titles = {card.kind: (card.title, card.group) for card in METRIC_CARDS}
    title, group = titles[kind]
    nats = "nats per image"
    return Measurement(
        metric=kind,
        title=title,
        group=group,
        settings={"k": 200, "seed": 0},
        values=(
            Value(name=title, value=98.7, error=0.42, unit=nats),
            Value(name="Rate", value=17.3, error=0.12, unit=nats),
        ),
        on=ComputedOn(split="test", images=images, k=200, seed=0),
        series=(
            Series(
                name="Bound over k",
                x_name="k",
                y_name="-log p(x), nats per image",
                x=(1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0),
                y=(104.0, 102.5, 101.1, 100.4, 99.8, 99.3, 98.9, 98.7),
            ),
        ),
        notes=("Pixels are binary.",),
    )


def lower(values):
    return tuple(each.model_copy(update={"value": 0.9 * each.value}) for each in values)


def rate_distortion(runs):
    """Points of a sweep over beta, and PCA."""
    points = tuple(
        RatePoint(path.name, 2, *(Value(name=name, value=value, error=0.5) for name, value in each))
        for i, path in enumerate(runs)
        for each in ((("Rate", 5.0 + 6 * i), ("Distortion", 120.0 - 15 * i)),)
    )
    pca = RatePoint(
        "PCA, 2 components",
        2,
        Value(name="Rate", value=6.0, error=0.1),
        Value(name="Distortion", value=150.0, error=1.0),
    )
    return RateDistortion(tuple(runs), points, (pca,), "1,000 images (validation), k = 10, seed 0")


def tiles(points, columns):
    return Tiles(tuple(points), np.stack([picture_of(point) for point in points]), columns)


def summary(images=30):
    """The second model is better by 10 nats, due to its distortion."""
    elbo, distortion = (
        PairedComparison(100.0, 90.0, -10.0, 1.0),
        PairedComparison(95.0, 84.5, -10.5, 1.0),
    )
    rate, error = PairedComparison(5.0, 5.5, 0.5, 0.4), PairedComparison(0.02, 0.01, -0.01, 0.001)
    return Summary(images, 10, elbo, distortion, rate, error, (2, 1), (2, 2))


def scores(count=90, samples=50):
    """Return scores whose negative ELBO grows with the row while the error falls."""
    row = np.arange(count, dtype=np.float64)
    return Scores(100 + row, 0.5 - row / 1000, 5 + row % 7, samples)


def curves(epochs=4):
    x = np.arange(1.0, epochs + 1)
    names = {"loss": 100 / x, "reconstruction": 90 / x, "kl": 10 - 5 / x}
    return {(split, name): (x, y) for split in ("train", "validation") for name, y in names.items()}


def started(folder=None, epochs=2, steps_per_epoch=3):
    images = ImageSet(np.zeros((4, 1, SIDE, SIDE), np.uint8), np.arange(4) % 3, SPEC)
    recipe = {"model": {"kind": "vae"}, "training": {"epochs": epochs, "patience": 0}}
    return Started(recipe, Splits(images, images), "toy", 10, epochs, steps_per_epoch, folder)


def losses(value):
    return {"loss": value, "reconstruction": value - 1, "kl": 1.0}


def training(folder=None, epochs=2, steps_per_epoch=3):
    """Yield the events of a short, successful run."""
    yield started(folder, epochs, steps_per_epoch)
    for epoch in range(1, epochs + 1):
        for step in range((epoch - 1) * steps_per_epoch + 1, epoch * steps_per_epoch + 1):
            yield Step(step, epoch, losses(100 / step), 1000.0, 2.0)
        last = losses(90 / epoch)
        latents = LatentStatistics(np.array([3.0, 2.0]), 4.0, 1.0, 90)
        best = 90 / epoch
        yield EpochEnd(epoch, epoch * steps_per_epoch, last, last, 0.5, 0.25, latents, epoch, best)
        yield Snapshot(epoch * steps_per_epoch, epoch, {"weight": np.full(2, epoch, np.float32)})
