"""What the window shows, as one frozen record: no torch, no Qt.

``State`` is one snapshot of everything on screen. Only the controller replaces it; panels
render what changed. All arrays are read-only by agreement.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from latentlab.session.directions import Groups
from latentlab.session.scene import GridSettings, SampleSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from latentlab.data.base import Loading
    from latentlab.latent.codes import Codes
    from latentlab.latent.ranking import Scores
    from latentlab.learning.events import Change, Portrait
    from latentlab.session.axes import Importance, Strips
    from latentlab.session.comparing import Comparison
    from latentlab.session.contact import Checked, Contact
    from latentlab.session.curves import Curves
    from latentlab.session.directions import Direction
    from latentlab.session.failure import Failure
    from latentlab.session.forms import Field
    from latentlab.session.latents import LatentCurves
    from latentlab.session.reports import Compared, Entry, Finding, Run
    from latentlab.session.requests.base import Request
    from latentlab.session.scene import Ends, Manifold, ModelCard, Original, Picture, Point, Tiles
    from latentlab.session.scores import Thumbnails
    from latentlab.session.ways import Blend, Bookmark, Footing, Traversal, Ways
    from latentlab.session.workshop import Fills, Judged, Usual


@dataclass(frozen=True, slots=True)
class State:
    """Everything on screen; see each record.

    ``directions`` are None until those of the model have been read, ``groups`` are what the next
    may be learned from. ``scores`` and ``thumbnails`` are of the images on the map, and go when
    their codes do. ``contact`` and ``checked`` are the first look at pictures to learn from.
    ``own`` is a person's own picture, which stays while z moves on; ``judged``, ``usual`` and
    ``fills`` are what the model says of it. ``comparison`` is the model beside a second one.

    ``curves``, ``changes``, ``latents``, ``portrait`` and ``findings`` belong to the open run, or
    to the one under way while it is followed. ``moments`` are the epochs whose portraits it kept,
    ``moment`` the one looked back at, None for the latest. ``working`` says how far long work is,
    by the kind of its request. ``rhythm`` is the seconds between two pictures of a model under
    training.
    """

    model: ModelCard | None = None
    opening: str = ""
    codes: Codes | None = None
    point: Point | None = None
    picture: Picture | None = None
    preview: Picture | None = None
    original: Original | None = None
    hovered: Original | None = None
    own: Original | None = None
    judged: Judged | None = None
    usual: Usual | None = None
    fills: Fills | None = None
    plane: tuple[int, int] = (0, 1)
    grid: GridSettings = field(default_factory=GridSettings)
    manifold: Manifold | None = None
    ends: Ends | None = None
    strip: Tiles | None = None
    ways: Ways | None = None
    geodesic: Ways | None = None
    footing: Footing | None = None
    blend: Blend | None = None
    traversal: Traversal | None = None
    bookmarks: tuple[Bookmark, ...] = ()
    sampling: SampleSettings = field(default_factory=SampleSettings)
    samples: Tiles | None = None
    scores: Scores | None = None
    thumbnails: Thumbnails | None = None
    directions: tuple[Direction, ...] | None = None
    groups: Groups = field(default_factory=Groups)
    importance: Importance | None = None
    slider_strips: Strips | None = None
    direction_strips: Strips | None = None
    curves: Curves = field(default_factory=dict)
    changes: tuple[Change, ...] = ()
    latents: LatentCurves | None = None
    portrait: Portrait | None = None
    moments: tuple[int, ...] = ()
    moment: int | None = None
    findings: tuple[Finding, ...] = ()
    compared: tuple[Compared, ...] = ()
    comparison: Comparison | None = None
    contact: Contact | None = None
    checked: Checked | None = None
    working: Mapping[type[Request], Loading] = field(default_factory=dict)
    queue: tuple[Mapping[str, Any], ...] = ()
    rhythm: float = 1.0
    library: tuple[Entry, ...] = ()
    form: tuple[Field, ...] = ()
    draft: Mapping[str, Any] | None = None
    run: Run | None = None
    following: bool = True
    message: str = ""
    failure: Failure | None = None
    can_undo: bool = False
    can_redo: bool = False
