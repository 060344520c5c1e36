"""Answers about what the map draws from whole posteriors."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np

from latentlab.data.base import Loading
from latentlab.latent.holes import CELLS, DRAWS, LIMIT, REACH, draw_posteriors, holes
from latentlab.session.answers.base import answer
from latentlab.session.explorer import Explorer
from latentlab.session.layers import Draws, Holes
from latentlab.session.requests.layers import DrawPosteriors, FindHoles

BLOCK = 500_000
"""Numbers drawn at a time: a few milliseconds."""


@answer.register
def _(request: DrawPosteriors, explorer: Explorer) -> Generator[Loading, None, Draws]:
    codes, frame = explorer.codes, request.frame
    xy = np.empty((len(codes), 2), np.float32)
    rng = np.random.default_rng(0)
    rows = max(1, BLOCK // max(1, codes.mu.shape[1]))
    for start in range(0, len(codes), rows):
        part = slice(start, start + rows)
        xy[part] = frame.place(draw_posteriors(codes.mu[part], codes.sigma[part], rng))
        yield Loading("Drawing from the posteriors", start / len(codes))
    return Draws(frame, xy)


@answer.register
def _(request: FindHoles, explorer: Explorer) -> Generator[Loading, None, Holes]:
    codes, frame = explorer.codes, request.frame
    step = max(1, -(-len(codes) // LIMIT))
    mu, sigma = codes.mu[::step], codes.sigma[::step]
    draws = []
    for seed in range(DRAWS):
        draws.append(frame.place(draw_posteriors(mu, sigma, np.random.default_rng(seed))))
        yield Loading("Looking for holes", seed / DRAWS)
    return Holes(frame, holes(np.concatenate(draws), REACH, CELLS), REACH)
