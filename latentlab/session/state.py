"""What the window shows, as one frozen record: no torch, no Qt.

``State`` is one snapshot of everything on screen. Only the controller replaces it; panels
render what changed. All arrays are read-only by agreement.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from latentlab.session.directions import Groups
from latentlab.session.scene import GridSettings, SampleSettings
from latentlab.session.views import View, axes_view

if TYPE_CHECKING:
    from collections.abc import Mapping

    from latentlab.data.base import Loading
    from latentlab.latent.codes import Codes
    from latentlab.latent.ranking import Scores
    from latentlab.learning.events import Change, Portrait
    from latentlab.session.axes import Importance, Strips
    from latentlab.session.colourings import Measured
    from latentlab.session.comparing import Comparison
    from latentlab.session.contact import Checked, Contact
    from latentlab.session.curves import Curves
    from latentlab.session.directions import Direction
    from latentlab.session.failure import Failure
    from latentlab.session.forms import Field
    from latentlab.session.latents import LatentCurves
    from latentlab.session.layers import Draws, Holes
    from latentlab.session.reports import Compared, Entry, Finding, Message, Run
    from latentlab.session.requests.base import Request
    from latentlab.session.requests.neighbours import MapPictures, Neighbours
    from latentlab.session.scene import Ends, Manifold, ModelCard, Original, Picture, Point, Tiles
    from latentlab.session.scores import Thumbnails
    from latentlab.session.selections import Selection
    from latentlab.session.ways import Blend, Bookmark, Footing, Traversal, Ways
    from latentlab.session.workshop import Fills, Judged, Usual


OF_MODEL = {"until": "model"}
"""Marks a part of the state that says nothing of another model, and is emptied then."""
OF_CODES = {"until": "codes"}
"""Marks one that is emptied even when the same model has other codes."""


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

    ``curves``, ``changes``, ``latents``, ``portrait`` and ``findings`` belong to the open run, or
    to the one under way while it is followed. ``moments`` are the epochs whose portraits it kept,
    ``moment`` the one looked back at, None for the latest. ``working`` says how far long work is,
    by the kind of its request. ``rhythm`` is the seconds between two pictures of a model under
    training. ``draft_problem`` is what is wrong with what was typed into the form, of which the
    draft then knows nothing. ``message`` is there for a moment only; who shows it keeps it for a
    while.
    """

    model: ModelCard | None = None
    opening: str = ""
    codes: Codes | None = None
    point: Point | None = None
    picture: Picture | None = None
    preview: Picture | None = None
    original: Original | None = None
    hovered: Original | None = None
    view: View = field(default_factory=lambda: axes_view(0, 1, 2))
    selection: Selection | None = field(default=None, metadata=OF_MODEL)
    kept: tuple[Selection, ...] = field(default=(), metadata=OF_MODEL)
    measured: Measured | None = field(default=None, metadata=OF_MODEL)
    neighbours: Neighbours | None = field(default=None, metadata=OF_MODEL)
    map_pictures: MapPictures | None = field(default=None, metadata=OF_MODEL)
    draws: Draws | None = field(default=None, metadata=OF_CODES)
    holes: Holes | None = field(default=None, metadata=OF_CODES)
    own: Original | None = field(default=None, metadata=OF_MODEL)
    judged: Judged | None = field(default=None, metadata=OF_MODEL)
    usual: Usual | None = field(default=None, metadata=OF_MODEL)
    fills: Fills | None = field(default=None, metadata=OF_MODEL)
    grid: GridSettings = field(default_factory=GridSettings)
    manifold: Manifold | None = None
    ends: Ends | None = None
    strip: Tiles | None = None
    ways: Ways | None = field(default=None, metadata=OF_MODEL)
    geodesic: Ways | None = field(default=None, metadata=OF_MODEL)
    footing: Footing | None = field(default=None, metadata=OF_MODEL)
    blend: Blend | None = field(default=None, metadata=OF_MODEL)
    traversal: Traversal | None = field(default=None, metadata=OF_MODEL)
    bookmarks: tuple[Bookmark, ...] = field(default=(), metadata=OF_MODEL)
    sampling: SampleSettings = field(default_factory=SampleSettings)
    samples: Tiles | None = None
    scores: Scores | None = field(default=None, metadata=OF_CODES)
    thumbnails: Thumbnails | None = field(default=None, metadata=OF_CODES)
    directions: tuple[Direction, ...] | None = field(default=None, metadata=OF_MODEL)
    groups: Groups = field(default=Groups(), metadata=OF_MODEL)
    importance: Importance | None = field(default=None, metadata=OF_MODEL)
    slider_strips: Strips | None = field(default=None, metadata=OF_MODEL)
    direction_strips: Strips | None = field(default=None, metadata=OF_MODEL)
    curves: Curves = field(default_factory=dict)
    changes: tuple[Change, ...] = ()
    latents: LatentCurves | None = None
    portrait: Portrait | None = None
    moments: tuple[int, ...] = ()
    moment: int | None = None
    findings: tuple[Finding, ...] = ()
    compared: tuple[Compared, ...] = ()
    comparison: Comparison | None = field(default=None, metadata=OF_CODES)
    contact: Contact | None = None
    checked: Checked | None = None
    working: Mapping[type[Request], Loading] = field(default_factory=dict)
    queue: tuple[Mapping[str, Any], ...] = ()
    rhythm: float = 1.0
    library: tuple[Entry, ...] = ()
    form: tuple[Field, ...] = ()
    draft: Mapping[str, Any] | None = None
    draft_problem: str = ""
    run: Run | None = None
    following: bool = True
    message: Message | None = None
    failure: Failure | None = None
    can_undo: bool = False
    can_redo: bool = False


def emptied(until: dict[str, str]) -> dict[str, Any]:
    """Return what the parts of the state that are marked so become."""
    return {each.name: each.default for each in fields(State) if each.metadata == until}
