"""What the window shows, as one frozen record: no torch, no Qt.

``State`` is one snapshot of everything on screen. Only the controller replaces it; panels
render what changed. All arrays are read-only by agreement.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from latentlab.session.directions import Groups
from latentlab.session.map import View, axes_view
from latentlab.session.points import GridSettings, SampleSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from latentlab.latent.codes import Codes
    from latentlab.latent.ranking import Scores
    from latentlab.learning.events import Change, EpochPreview
    from latentlab.session.anomalies import Thumbnails
    from latentlab.session.axes import Importance, Strips
    from latentlab.session.colourings import Measured
    from latentlab.session.comparison import Comparison
    from latentlab.session.curves import Curves
    from latentlab.session.directions import Direction
    from latentlab.session.failure import Failure
    from latentlab.session.form import Field
    from latentlab.session.import_images import Checked, Contact
    from latentlab.session.interpolation import (
        Blend,
        Bookmark,
        DecodedPaths,
        PointSupport,
        Traversal,
    )
    from latentlab.session.latent_curves import LatentCurves
    from latentlab.session.map import Draws, Holes
    from latentlab.session.neighbours import MapPictures, Neighbours
    from latentlab.session.own_image import ImageElbo, Inpaintings, ReferenceElbo
    from latentlab.session.points import (
        LatentPath,
        Manifold,
        ModelCard,
        Original,
        Picture,
        Point,
        Tiles,
    )
    from latentlab.session.request import Request
    from latentlab.session.runs import Compared, Entry, Finding, Message, Run
    from latentlab.session.selection import Selection
    from latentlab.work import Progress


OF_CODES = {"until": "codes"}
"""Marks a part of the state that is emptied when the model has other codes, as in training."""
OF_MODEL = {"until": "model"}
"""Marks one that is emptied when another model is open."""
OF_RUN = {"until": "run"}
"""Marks one that is replaced when another run is shown."""
OF_SESSION = {"until": "session"}
"""Marks one that belongs to no model."""


@dataclass(frozen=True, slots=True)
class State:
    """Everything on screen; see each record.

    ``directions`` are None until those of the model have been read, ``groups`` are what the next
    may be learned from. ``scores`` and ``thumbnails`` are of the images on the map. ``contact``
    and ``checked`` are the first look at pictures to learn from.
    ``own`` is a person's own picture, which stays while z moves on; ``judged``, ``usual`` and
    ``fills`` are what the model says of it. ``kept`` are selections that were given a name,
    ``map_pictures`` some images that the map shows at their points, ``draws`` and ``holes`` what it
    draws from whole posteriors. ``comparison`` is the model beside a second one.
    ``awaited`` are the kinds of requests without an answer as yet: what was answered before no
    longer fits, and is shown dimmed (`widgets.kit.veil`).

    ``curves``, ``changes``, ``latents``, ``portrait`` and ``findings`` belong to the open run, or
    to the one under way while it is followed. ``moments`` are the epochs whose portraits it kept,
    ``moment`` the one looked back at, None for the latest. ``working`` says how far long work is,
    by the kind of its request. ``rhythm`` is the seconds between two pictures of a model under
    training. ``draft_problem`` is what is wrong with what was typed into the form, of which the
    draft then knows nothing. ``message`` is there for a moment only; who shows it keeps it for a
    while.
    """

    model: ModelCard | None = field(default=None, metadata=OF_MODEL)
    opening: str = field(default="", metadata=OF_SESSION)
    codes: Codes | None = field(default=None, metadata=OF_MODEL)
    point: Point | None = field(default=None, metadata=OF_MODEL)
    picture: Picture | None = field(default=None, metadata=OF_MODEL)
    preview: Picture | None = field(default=None, metadata=OF_CODES)
    original: Original | None = field(default=None, metadata=OF_MODEL)
    hovered: Original | None = field(default=None, metadata=OF_CODES)
    view: View = field(default=axes_view(0, 1, 2), metadata=OF_MODEL)
    selection: Selection | None = field(default=None, metadata=OF_MODEL)
    kept: tuple[Selection, ...] = field(default=(), metadata=OF_MODEL)
    measured: Measured | None = field(default=None, metadata=OF_MODEL)
    neighbours: Neighbours | None = field(default=None, metadata=OF_MODEL)
    map_pictures: MapPictures | None = field(default=None, metadata=OF_MODEL)
    draws: Draws | None = field(default=None, metadata=OF_CODES)
    holes: Holes | None = field(default=None, metadata=OF_CODES)
    own: Original | None = field(default=None, metadata=OF_MODEL)
    judged: ImageElbo | None = field(default=None, metadata=OF_MODEL)
    usual: ReferenceElbo | None = field(default=None, metadata=OF_MODEL)
    fills: Inpaintings | None = field(default=None, metadata=OF_MODEL)
    grid: GridSettings = field(default=GridSettings(), metadata=OF_SESSION)
    manifold: Manifold | None = field(default=None, metadata=OF_MODEL)
    ends: LatentPath | None = field(default=None, metadata=OF_MODEL)
    strip: Tiles | None = field(default=None, metadata=OF_MODEL)
    ways: DecodedPaths | None = field(default=None, metadata=OF_CODES)
    geodesic: DecodedPaths | None = field(default=None, metadata=OF_CODES)
    footing: PointSupport | None = field(default=None, metadata=OF_CODES)
    blend: Blend | None = field(default=None, metadata=OF_MODEL)
    traversal: Traversal | None = field(default=None, metadata=OF_MODEL)
    bookmarks: tuple[Bookmark, ...] = field(default=(), metadata=OF_MODEL)
    sampling: SampleSettings = field(default=SampleSettings(), metadata=OF_SESSION)
    samples: Tiles | None = field(default=None, metadata=OF_MODEL)
    scores: Scores | None = field(default=None, metadata=OF_CODES)
    thumbnails: Thumbnails | None = field(default=None, metadata=OF_CODES)
    directions: tuple[Direction, ...] | None = field(default=None, metadata=OF_MODEL)
    groups: Groups = field(default=Groups(), metadata=OF_MODEL)
    importance: Importance | None = field(default=None, metadata=OF_MODEL)
    slider_strips: Strips | None = field(default=None, metadata=OF_MODEL)
    direction_strips: Strips | None = field(default=None, metadata=OF_MODEL)
    curves: Curves = field(default_factory=dict, metadata=OF_RUN)
    changes: tuple[Change, ...] = field(default=(), metadata=OF_RUN)
    latents: LatentCurves | None = field(default=None, metadata=OF_RUN)
    portrait: EpochPreview | None = field(default=None, metadata=OF_RUN)
    moments: tuple[int, ...] = field(default=(), metadata=OF_RUN)
    moment: int | None = field(default=None, metadata=OF_RUN)
    findings: tuple[Finding, ...] = field(default=(), metadata=OF_RUN)
    compared: tuple[Compared, ...] = field(default=(), metadata=OF_SESSION)
    comparison: Comparison | None = field(default=None, metadata=OF_CODES)
    contact: Contact | None = field(default=None, metadata=OF_SESSION)
    checked: Checked | None = field(default=None, metadata=OF_SESSION)
    awaited: frozenset[type[Request]] = field(default=frozenset(), metadata=OF_SESSION)
    working: Mapping[type[Request], Progress] = field(default_factory=dict, metadata=OF_SESSION)
    queue: tuple[Mapping[str, Any], ...] = field(default=(), metadata=OF_SESSION)
    rhythm: float = field(default=1.0, metadata=OF_SESSION)
    library: tuple[Entry, ...] = field(default=(), metadata=OF_SESSION)
    form: tuple[Field, ...] = field(default=(), metadata=OF_SESSION)
    draft: Mapping[str, Any] | None = field(default=None, metadata=OF_SESSION)
    draft_problem: str = field(default="", metadata=OF_SESSION)
    run: Run | None = field(default=None, metadata=OF_SESSION)
    following: bool = field(default=True, metadata=OF_SESSION)
    message: Message | None = field(default=None, metadata=OF_SESSION)
    failure: Failure | None = field(default=None, metadata=OF_SESSION)
    can_undo: bool = field(default=False, metadata=OF_SESSION)
    can_redo: bool = field(default=False, metadata=OF_SESSION)

    @property
    def is_training(self) -> bool:
        """Whether a run is under way.

        Its change is told by this name: ``run`` itself changes many times a second.
        """
        return self.run is not None


def emptied(until: dict[str, str]) -> dict[str, Any]:
    """Return what the parts of the state that are marked so become."""
    return {each.name: each.default for each in fields(State) if each.metadata == until}
