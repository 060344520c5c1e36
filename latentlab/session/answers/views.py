"""Answers about how the map is laid out."""

from __future__ import annotations

from collections.abc import Generator

from latentlab.data.base import Loading
from latentlab.errors import RunError
from latentlab.latent.frames import pca_frame
from latentlab.session.answers.base import answer
from latentlab.session.explorer import Explorer
from latentlab.session.requests.views import MakeView
from latentlab.session.view_cache import ViewCache
from latentlab.session.views import Layout, View


@answer.register
def _(request: MakeView, explorer: Explorer) -> View | Generator[Loading, None, View]:
    like, layout, mu = request.like, request.layout, explorer.codes.mu
    if layout is Layout.PCA:
        if len(mu) < 2:
            raise RunError("PCA needs images on the map.", "Open a model whose data set is here.")
        # A new model is looked at along its dimensions until its components are known.
        again = like.layout is layout and not like.frame.dimensions
        return View(layout, pca_frame(mu, like.frame if again else None))
    cache = ViewCache(explorer.card, mu, layout)
    known = cache.read()
    if known:
        return View(layout, like.frame, *known)
    return _projected(request, explorer, cache)


def _projected(
    request: MakeView, explorer: Explorer, cache: ViewCache
) -> Generator[Loading, None, View]:
    # Only here: what finds neighbours takes a while to load.
    from latentlab.latent.projections import project

    like = request.like.xy if request.like.layout is request.layout else None
    xy, anchors = yield from project(explorer.codes.mu, request.layout.value, like)
    cache.write(xy, anchors)
    return View(request.layout, request.like.frame, xy, anchors)
