"""Drawn faces: the same from the same factors, and each factor changes what it says."""

import threading
import tracemalloc

import numpy as np
import pytest

from latentlab.config import parse
from latentlab.data.data_set import load
from latentlab.data.drawing.faces import draw_faces
from latentlab.data.drawing.factors import FACTORS, HAIR, random_factors
from latentlab.data.drawing.procedural import THREADS
from latentlab.data.sources.synthetic_faces import SyntheticFacesConfig
from latentlab.errors import DataError, RecipeError

SMALL = 0.02  # change of a value, of 0 to 1, that nobody sees
DETAIL = 128


def faces(**values):
    return load(SyntheticFacesConfig(**{"count": 40, **values}))


def whole(splits, name="images"):
    return np.concatenate([getattr(splits.train, name), getattr(splits.validation, name)])


def crowd(count, seed=0):
    return dict(zip(FACTORS, random_factors(0, count, seed).T, strict=True))


def changed(name, low=None, high=None, **others):
    """Return where one factor, driven from end to end, changes a face: a map of 0 to 1."""
    factor = FACTORS[name]
    ends = [factor.low if low is None else low, factor.high if high is None else high]
    images = draw_faces({**others, name: ends}, DETAIL).astype(float) / 255
    return np.abs(images[1] - images[0]).max(0)


def box(left, right, top, bottom):
    """Return a mask in shares of the picture's width and height."""
    mask = np.zeros((DETAIL, DETAIL), bool)
    mask[int(top * DETAIL) : int(bottom * DETAIL), int(left * DETAIL) : int(right * DETAIL)] = True
    return mask


MOUTH = box(0.3, 0.7, 0.6, 0.82)
EYES = box(0.15, 0.85, 0.38, 0.68)
BROWS = box(0.2, 0.8, 0.3, 0.54)
FACE = box(0.2, 0.8, 0.1, 0.85)
HEAD_AND_SHOULDERS = box(0.0, 1.0, 0.1, 1.0)
CORNERS = box(0, 0.1, 0, 0.1) | box(0.9, 1, 0, 0.1)
CLOTHES = box(0, 1, 0.8, 1)


@pytest.mark.parametrize(
    ("name", "where"),
    [
        ("smile", MOUTH),
        ("mouth_open", MOUTH),
        ("eye_size", EYES),
        ("eye_open", EYES),
        ("brow_raise", BROWS),
        ("brow_tilt", BROWS),
        ("glasses", EYES),
        ("clothes", CLOTHES),
        ("skin", box(0.1, 0.9, 0.1, 1)),
        ("hair_light", box(0.1, 0.9, 0.05, 0.65)),
        ("face_width", HEAD_AND_SHOULDERS),
        ("turn", HEAD_AND_SHOULDERS),
        ("light", HEAD_AND_SHOULDERS),
        ("hair", ~CORNERS),
    ],
)
def test_a_factor_changes_its_part_of_the_picture_and_nothing_else(name, where):
    change = changed(name)
    assert change[~where].max() == 0
    assert change[where].max() > 0.2
    assert (change[where] > SMALL).mean() > 0.01


def test_the_background_changes_only_what_is_behind():
    change = changed("background")
    assert change[CORNERS].min() > 0.05
    assert change[box(0.3, 0.7, 0.25, 0.65) | box(0.43, 0.57, 0.65, 1)].max() == 0


@pytest.mark.parametrize("name", FACTORS)
def test_every_step_of_a_factor_shows(name):
    factor = FACTORS[name]
    values = np.linspace(factor.low, factor.high, 6)
    values = np.unique(np.round(values)) if factor.discrete else values
    images = draw_faces({name: values}).astype(int)
    steps = np.abs(np.diff(images, axis=0)).max((1, 2, 3))
    assert steps.min() > 10


def test_skin_and_hair_go_from_light_to_deep_and_from_dark_to_light():
    values = np.linspace(0, 1, 6)
    forehead = draw_faces({"skin": values, "hair": 0}, DETAIL)[:, :, 42:48, 60:68]
    assert (np.diff(forehead.mean((1, 2, 3))) < -8).all()
    crown = draw_faces({"hair_light": values}, DETAIL)[:, :, 22:30, 60:68]
    assert (np.diff(crown.mean((1, 2, 3))) > 8).all()


def test_the_lit_side_of_the_face_is_brighter():
    left, right = draw_faces({"light": [-1, 1]}, DETAIL)[:, :, 75:85].astype(float)
    for lit_left, image in ((True, left), (False, right)):
        brightness = image[:, :, 35:45].mean() - image[:, :, 83:93].mean()
        assert (brightness > 15) == lit_left
        assert abs(brightness) > 15


@pytest.mark.parametrize("hair", ["cropped", "bob"])
def test_turning_left_mirrors_turning_right(hair):
    base = crowd(20) | {"hair": HAIR.index(hair), "glasses": 0}  # the right lens lies on the left
    mirrored = base | {"turn": -base["turn"], "light": -base["light"]}
    difference = draw_faces(base)[..., ::-1].astype(int) - draw_faces(mirrored)
    assert np.abs(difference).max() <= 1


def test_what_is_left_out_is_neutral_and_strangers_are_refused():
    neutral = {name: factor.neutral for name, factor in FACTORS.items()}
    np.testing.assert_array_equal(draw_faces({}), draw_faces(neutral))
    assert draw_faces({"smile": [0, 1]}, 40).shape == (2, 3, 40, 40)
    with pytest.raises(ValueError, match="moustache"):
        draw_faces({"moustache": 1})


def test_a_face_does_not_depend_on_those_drawn_beside_it():
    together = draw_faces(crowd(50))
    alone = {name: column[[17, 33]] for name, column in crowd(50).items()}
    np.testing.assert_array_equal(draw_faces(alone), together[[17, 33]])


@pytest.mark.parametrize("size", [32, 64])
def test_edges_are_smooth(size):
    """A small picture is near the average of a large one, far nearer than single pixels."""
    fine = 256 // size
    large = draw_faces(crowd(40), 256).astype(float)
    averaged = large.reshape(40, 3, size, fine, size, fine).mean((3, 5))
    smooth = np.abs(draw_faces(crowd(40), size) - averaged).mean()
    jagged = np.abs(large[:, :, fine // 2 :: fine, fine // 2 :: fine] - averaged).mean()
    assert smooth < 0.5 * jagged
    assert smooth < 3


@pytest.mark.parametrize("size", [32, 50, 96, 256])
def test_other_sizes_show_the_same_faces(size):
    splits = faces(size=size, count=6)
    assert splits.spec.shape == (3, size, size)
    np.testing.assert_array_equal(
        splits.train.attributes.values, faces(count=6).train.attributes.values
    )
    assert whole(splits).std() > 30


def test_the_same_seed_gives_the_same_faces_and_another_gives_others():
    np.testing.assert_array_equal(whole(faces(seed=3)), whole(faces(seed=3)))
    same = (whole(faces(seed=3)) == whole(faces(seed=4))).all((1, 2, 3))
    assert not same.any()


def test_more_faces_begin_with_the_same_ones():
    few, many = faces(count=150), faces(count=300)
    np.testing.assert_array_equal(whole(few), whole(many)[:150])
    np.testing.assert_array_equal(
        random_factors(1000, 100, 5), random_factors(0, 3000, 5)[1000:1100]
    )


def test_factors_are_spread_evenly_and_independent():
    values = random_factors(0, 20_000, 0)
    for column, factor in zip(values.T, FACTORS.values(), strict=True):
        assert (column.min() >= factor.low) & (column.max() <= factor.high)
        assert column.mean() == pytest.approx((factor.low + factor.high) / 2, abs=0.03)
        assert column.max() - column.min() > 0.99 * (factor.high - factor.low)
        assert (column == np.round(column)).all() == factor.discrete
    others = np.corrcoef(values.T) - np.eye(len(FACTORS))
    assert np.abs(others).max() < 0.03


def test_attributes_are_the_factors_that_drew_the_faces():
    part = faces().validation
    assert part.attributes.names == tuple(FACTORS)
    drawn = draw_faces(dict(zip(FACTORS, part.attributes.values.T, strict=True)))
    np.testing.assert_array_equal(part.images, drawn)


@pytest.mark.parametrize(
    ("classes", "count"), [("hair", 6), ("glasses", 2), ("hair and glasses", 12)]
)
def test_classes_are_what_is_asked_for(classes, count):
    splits = faces(classes=classes, count=200)
    names, known = splits.spec.class_names, splits.train.attributes
    assert len(names) == count
    for label, style, worn in zip(
        splits.train.labels, known.column("hair"), known.column("glasses"), strict=True
    ):
        assert (HAIR[int(style)] in names[label]) == ("hair" in classes)
        if "glasses" in classes:
            assert names[label].endswith(("without glasses", "with glasses")[int(worn)])


def test_the_last_share_is_held_out():
    for share, held_out in ((0.1, 4), (0.5, 20), (0.999, 39), (0.001, 1)):
        assert len(faces(held_out=share).validation) == held_out


@pytest.mark.parametrize(
    ("name", "value"), [("count", 1), ("size", 31), ("size", 257), ("seed", -1)]
)
def test_values_out_of_range_are_refused_by_name(name, value):
    with pytest.raises(RecipeError) as caught:
        parse(SyntheticFacesConfig, {name: value})
    assert name in caught.value.message


def test_more_than_memory_is_refused_before_anything_is_drawn():
    with pytest.raises(DataError) as caught:
        load(SyntheticFacesConfig(count=10_000_000, size=256))
    assert "1966.1 GB" in caught.value.message
    assert "fewer" in caught.value.advice


def test_drawing_needs_little_more_memory_than_the_faces():
    tracemalloc.start()
    images = whole(faces(count=1500))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2.1 * images.nbytes + THREADS * 40e6


def test_loading_tells_progress_often_and_ends_when_nobody_asks():
    before = threading.active_count()
    work = SyntheticFacesConfig(count=2000).load()
    fractions = [next(work).fraction for _ in range(5)]
    assert fractions == sorted(fractions)
    assert 0 < fractions[-1] < 0.5
    work.close()
    assert threading.active_count() == before


def test_others_are_as_many_as_asked_for_and_none_of_these():
    config = SyntheticFacesConfig(count=40, size=32)
    others = config.others(20)
    assert others.count == 20
    assert (others.size, others.classes) == (32, config.classes)
    these = {image.tobytes() for image in load(config).to_explore().images}
    assert not these & {image.tobytes() for image in load(others).to_explore().images}
