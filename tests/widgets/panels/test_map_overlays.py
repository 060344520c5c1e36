"""The map's layers: marbles, holes, backdrop, and pictures at their points."""

import numpy as np
import pytest
import toy
from gui_support import wait

from latentlab.session.map import Layout
from latentlab.session.model import Decode, MakeManifold, PickImage
from latentlab.session.points import Point
from latentlab.widgets.kit.images.qimage import to_qimage
from latentlab.widgets.panels.map.overlay_menu import (
    ELLIPSES,
    HOLES,
    IMAGE,
    MANIFOLD_BACKDROP,
    PICTURES,
    SAMPLES,
)
from latentlab.widgets.panels.map.overlays import manifold_image


def switch(layers, name, on=True):
    layers.actions[name].setChecked(on)


def test_marbles_stand_at_the_selected_posteriors(big):
    layers = big.panel("map").layers
    switch(layers, ELLIPSES)
    assert len(layers.marbles) == 90
    assert big.map.cloud.opacity() < 1, "so that marbles stand out"
    big.controller.selection.select([3, 30])
    assert len(layers.marbles) == 2
    codes = big.state.codes
    for (inner, outer, shade), row in zip(layers.marbles._shapes, (3, 30), strict=True):
        place = big.state.view.places(codes)[row]
        middle = inner.boundingRect().center()
        assert (middle.x(), middle.y()) == pytest.approx(place.tolist(), abs=1e-3)
        # One and two standard deviations of 0.1.
        assert inner.boundingRect().width() == pytest.approx(0.2, rel=0.02)
        assert outer.boundingRect().height() == pytest.approx(0.4, rel=0.02)
        paint = big.map.cloud.paint_now
        assert shade.getRgb()[:3] == tuple(paint.palette[paint.index[row]].tolist())
    big.controller.map.lay_out(Layout.TSNE)
    big.settle()
    assert not layers.marbles.isVisible()


def test_undo_leaves_a_layer_on_that_the_model_lacks(big):
    layers, undo = big.panel("map").layers, big.controller.undo
    switch(layers, PICTURES)
    layers.actions[PICTURES].setEnabled(False)
    switch(layers, ELLIPSES)
    switch(layers, HOLES)
    for step in (undo.undo, undo.undo, undo.redo):
        step()
        assert layers.actions[PICTURES].isChecked()
    layers.actions[PICTURES].setEnabled(True)


def test_points_may_be_draws_instead_of_means(big):
    layers = big.panel("map").layers
    means = big.map.cloud._xy.copy()
    switch(layers, SAMPLES)
    big.settle()
    away = big.map.cloud._xy - means
    assert away.std() == pytest.approx(0.1, rel=0.2)
    switch(layers, SAMPLES, on=False)
    assert np.array_equal(big.map.cloud._xy, means)


def test_holes_are_shaded_on_planes_only(big):
    layers = big.panel("map").layers
    assert not layers.holes._place.width()
    switch(layers, HOLES)
    big.settle()
    assert layers.holes.isVisible()
    assert layers.holes.image.width() > 10
    assert layers.legend.isVisible()
    assert "prior expects" in layers.legend.text()
    inside = big.map.getViewBox().sceneBoundingRect().toRect()
    assert inside.contains(layers.legend.geometry())
    big.controller.map.lay_out(Layout.TSNE)
    big.settle()
    assert not layers.holes.isVisible()
    assert not layers.legend.isVisible()


def test_the_backdrop_is_the_manifold_where_it_belongs(big):
    layers = big.panel("map").layers
    switch(layers, MANIFOLD_BACKDROP)
    big.settle()
    assert layers.backdrop.isVisible()
    image, place = manifold_image(big.state.answer(MakeManifold))
    half = 3 / 19
    assert (place.left(), place.width()) == pytest.approx((-3 - half, 6 + 2 * half))
    # The picture of the first tile, top left, is that of the place it covers.
    point = big.state.answer(MakeManifold).tiles.points[0]
    assert (point.z[0], point.z[1]) == pytest.approx((-3, 3))
    assert image.pixelColor(0, 0).red() == big.state.answer(MakeManifold).tiles.pictures[0][0, 0]


def test_the_image_behind_the_points_follows_z_and_the_cursor(big):
    layers = big.panel("map").layers
    switch(layers, MANIFOLD_BACKDROP)
    big.settle()
    switch(layers, IMAGE)
    assert not layers.is_on(MANIFOLD_BACKDROP), "there is one backdrop at most"
    assert not layers.backdrop.isVisible()
    assert layers.image.image == to_qimage(big.state.answer(Decode).pixels)
    here = Point((2.0, -1.0, 0.0, 0.0, 0.0), 1)
    big.controller.point.set(here)
    big.settle()
    assert layers.image.image == to_qimage(toy.picture_of(here))
    under = Point((-3.0, 1.0, 0.0, 0.0, 0.0), 1)
    big.controller.preview.point(under)
    big.settle()
    assert layers.image.image == to_qimage(toy.picture_of(under))
    big.controller.preview.clear()
    assert layers.image.image == to_qimage(toy.picture_of(here))
    switch(layers, IMAGE, on=False)
    assert not layers.image.isVisible()


def test_the_image_fills_the_view_wherever_that_is(big):
    layers = big.panel("map").layers
    switch(layers, IMAGE)
    for x in (0, 4):
        big.map.setRange(xRange=(x - 1, x + 1), yRange=(-1, 1), padding=0)
        view, place = big.map.getViewBox().viewRect(), layers.image.boundingRect()
        assert (place.center().x(), place.center().y()) == pytest.approx((x, 0), abs=1e-6)
        assert place.width() == place.height()
        assert place.height() == pytest.approx(min(view.width(), view.height()))
    # A picture of neighbourhoods has no planes, but z decodes all the same.
    big.controller.map.lay_out(Layout.TSNE)
    big.settle()
    assert layers.image.isVisible()


def test_pictures_stand_at_their_own_points_once_few_are_in_view(big):
    layers = big.panel("map").layers
    codes = big.state.codes
    row = 12
    x, y = big.state.view.places(codes)[row].tolist()
    big.map.setRange(xRange=(x - 0.4, x + 0.4), yRange=(y - 0.4, y + 0.4), padding=0)
    big.until(lambda: row in layers.pictures.drawn)
    view = big.map.getViewBox().viewRect()
    places = big.state.view.places(codes)
    inside = {i for i, (px, py) in enumerate(places.tolist()) if view.contains(px, py)}
    assert set(layers.pictures.drawn) == inside
    for shown, image in layers.pictures.drawn.items():
        # How bright an image is says which one it is.
        expected = big.lab.PickImage(PickImage(shown)).picture[0, 0]
        assert image.pixelColor(0, 0).red() == expected
    for shown, place in layers.pictures._shown:
        assert (place.x(), place.y()) == pytest.approx(places[shown].tolist(), abs=1e-6)
    switch(layers, PICTURES, on=False)
    big.until(lambda: not layers.pictures.drawn)


def test_many_in_view_are_not_pictured(big, monkeypatch):
    layers = big.panel("map").layers
    monkeypatch.setattr("latentlab.widgets.panels.map.overlay_menu.MAX_IMAGES", 20)
    big.map.show_all()
    wait(300)
    assert not layers.pictures.drawn
