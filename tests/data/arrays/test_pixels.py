"""Precision, channels and range of arrays, and what becomes of them in a model and on screen."""

import numpy as np
import pytest

from latentlab.data.data_set import DATA, load
from latentlab.data.image_set import ImageSet, ImageSpec
from latentlab.data.parts import Splits
from latentlab.data.pixels import as_bytes, as_unit
from latentlab.errors import DataError, RecipeError
from latentlab.explorer.answer import answer, find_answers
from latentlab.explorer.explorer import Explorer
from latentlab.learning.events import EpochEnd
from latentlab.learning.fit import fit
from latentlab.learning.recipe import make_recipe
from latentlab.runs.recorder import record
from latentlab.session.model import Decode
from latentlab.session.neighbours import FindNeighbours
from latentlab.work import finish

find_answers()
COUNT = 60


def config(path, **more):
    return DATA.kinds()["arrays"].model_validate({"kind": "arrays", "images": path, **more})


def saved(tmp_path, images, **more):
    np.savez(tmp_path / "x.npz", images=images, **more)
    return tmp_path / "x.npz"


def values(shape, seed=0):
    return np.random.default_rng(seed).random(shape)


def sorted_rows(images):
    flat = np.asarray(images, np.float64).reshape(len(images), -1)
    return flat[np.lexsort(flat.T[::-1])]


@pytest.mark.parametrize(
    ("kept", "black", "white"),
    [
        (lambda x: (x * 65535).astype(np.uint16), 0, 65535),
        (lambda x: (x * 4095).astype(np.int32), 0, 4095),
        (lambda x: x.astype(np.float32), 0, 1),
        (lambda x: 2 * x - 1, -1, 1),
        (lambda x: 4000 * x - 1000, -1000, 3000),
    ],
)
def test_values_keep_their_precision(tmp_path, kept, black, white):
    images = kept(values((COUNT, 5, 6)))
    given = {"value_range": "-1000 3000"} if white == 3000 else {}
    whole = load(config(saved(tmp_path, images), **given)).whole()
    assert whole.images[:].dtype == np.float32
    expected = (images.astype(np.float64) - black) / (white - black)
    np.testing.assert_allclose(sorted_rows(whole.images[:]), sorted_rows(expected), atol=2e-7)


def test_a_wide_inverted_range_keeps_its_precision(tmp_path):
    images = (values((COUNT, 5, 6)) * 4000).astype(np.int32)
    whole = load(config(saved(tmp_path, images), value_range="4000 0")).whole()
    assert whole.images[:].dtype == np.float32
    np.testing.assert_allclose(
        sorted_rows(whole.images[:]), sorted_rows(1 - images / 4000), atol=2e-7
    )


def test_range_that_is_not_known_is_asked_for(tmp_path):
    path = saved(tmp_path, 4000 * values((COUNT, 5, 6)) - 1000)
    with pytest.raises(DataError, match="not a known range") as error:
        load(config(path))
    assert "data.value_range" in error.value.advice
    data = {"kind": "arrays", "images": str(path)}
    for wrong in ("5", "a b", "1 1", "0 inf"):
        with pytest.raises(RecipeError, match="must be two"):
            make_recipe({"data": {**data, "value_range": wrong}})


@pytest.mark.parametrize("channels", [2, 4, 5, 16])
@pytest.mark.parametrize("last", [False, True])
def test_one_to_sixteen_channels(tmp_path, channels, last):
    images = values((COUNT, channels, 20, 24)).astype(np.float32)
    splits = load(config(saved(tmp_path, np.moveaxis(images, 1, -1) if last else images)))
    assert splits.spec.shape == (channels, 20, 24)
    assert str(splits.spec) == f"24×20 {channels}-channel"
    np.testing.assert_array_equal(sorted_rows(splits.whole().images[:]), sorted_rows(images))


@pytest.mark.parametrize("model", ["vae", "conv-vae"])
def test_five_channels_of_floats_are_trained_on_and_explored(tmp_path, model):
    images = values((COUNT, 5, 16, 16)).astype(np.float32)
    path = saved(tmp_path, images, age=np.linspace(1, 90, COUNT))
    network = {"hidden": [8]} if model == "vae" else {"width": 4}
    recipe = make_recipe(
        {
            "model": {"kind": model, "latent_dim": 2, **network},
            "data": {"kind": "arrays", "images": str(path)},
            "training": {"epochs": 1, "batch_size": 20, "device": "cpu"},
        }
    )
    list(record(recipe, tmp_path / "run"))
    explorer = Explorer()
    card = explorer.open(tmp_path / "run")
    assert len(explorer.codes) == COUNT
    point = card.point_of(explorer.codes, 3)
    picture = answer(Decode(point), explorer)
    assert (picture.pixels.shape, picture.pixels.dtype) == ((16, 16, 3), np.uint8)
    near = finish(answer(FindNeighbours(point, 4), explorer))
    assert near.by_code.rows[0] == 3
    shown = explorer.original(3).picture
    expected = np.moveaxis(as_bytes(explorer.images.images[3])[:3], 0, -1)
    np.testing.assert_array_equal(shown, expected)


def test_floats_that_equal_bytes_train_to_the_same_loss():
    images = np.random.default_rng(0).integers(0, 256, (200, 1, 8, 8), np.uint8)
    recipe = make_recipe(
        {
            "model": {"kind": "vae", "hidden": [8], "latent_dim": 2},
            "training": {"epochs": 2, "batch_size": 50, "device": "cpu"},
        }
    )

    def loss(pixels):
        whole = ImageSet(pixels, None, ImageSpec((1, 8, 8)))
        events = fit(recipe, data=done(Splits(whole[:150], whole[150:])))
        return [event.validation for event in events if isinstance(event, EpochEnd)]

    assert loss(images) == loss(as_unit(images))


def done(value):
    """Return a generator that returns a value at once."""
    yield from ()
    return value


def test_classes_are_cut_at_limits(tmp_path):
    age = np.arange(COUNT, dtype=np.float32)
    path = saved(tmp_path, values((COUNT, 5, 6)).astype(np.float32), age=age)
    whole = load(config(path, classes_from=["age: 18 40"])).whole()
    assert whole.spec.class_names == ("age under 18", "age 18 to 40", "age from 40")
    expected = np.digitize(whole.attributes.column("age"), [18, 40])
    np.testing.assert_array_equal(whole.labels, expected)
    with pytest.raises(DataError, match="no ascending limits"):
        load(config(path, classes_from=["age: 40 18"]))


def test_labels_with_decimals_are_an_attribute(tmp_path):
    labels = values(COUNT)
    path = saved(tmp_path, values((COUNT, 5, 6)).astype(np.float32), labels=labels)
    whole = load(config(path)).whole()
    assert whole.labels is None
    np.testing.assert_allclose(
        np.sort(whole.attributes.column("label")), np.sort(labels), rtol=1e-6
    )
