"""Labels as vectors: one class, as before, or several conditions."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from latentlab.config import parse
from latentlab.data.condition import Condition
from latentlab.data.image_set import ImageSet, ImageSpec
from latentlab.data.parts import Splits
from latentlab.errors import RecipeError
from latentlab.learning.checkpoint import Checkpoint, empty_model, load_model, save_checkpoint
from latentlab.learning.recipe import make_recipe
from latentlab.learning.trainer import Trainer
from latentlab.models.base import MODELS
from latentlab.models.label import LabelVector

SEX = Condition("sex", ("male", "female"))
AGE = Condition("age", low=18, high=67, mean=40, scale=10)
SPEC = ImageSpec((1, 12, 10), ("ant", "bee"), (SEX, AGE))
SMALL = {"hidden": (8,), "width": 4, "latent_dim": 3}
CONDITIONAL = ("conv-cvae", "cvae")


def build(kind, spec=SPEC):
    fields = MODELS.kinds()[kind].model_fields
    values = {name: value for name, value in SMALL.items() if name in fields}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return parse(MODELS.kinds()[kind], values).build(spec).eval()


def test_conditions_are_one_hot_classes_and_standardised_numbers():
    vector = LabelVector(SPEC)
    assert vector.width == 3
    assert vector(torch.tensor([[0.0, 40], [1, 65]])).tolist() == [[1, 0, 0], [0, 1, 2.5]]
    assert not vector.state_dict()


def test_one_class_is_one_hot():
    y = torch.tensor([2, 0])
    vector = LabelVector(ImageSpec((1, 2, 2), ("a", "b", "c")))
    assert torch.equal(vector(y), F.one_hot(y, 3).float())


@pytest.mark.parametrize("kind", CONDITIONAL)
def test_codes_and_images_depend_on_each_condition(kind):
    model = build(kind)
    x, z = torch.rand(1, *SPEC.shape), torch.randn(1, 3)
    labels = [torch.tensor([label]) for label in ([0.0, 30.0], [1.0, 30.0], [0.0, 31.0])]
    with torch.no_grad():
        images = [model.decode(z, y).mean for y in labels]
        codes = [model.encode(x, y).mean for y in labels]
    for found in (images, codes):
        assert not torch.equal(found[0], found[1])
        assert not torch.equal(found[0], found[2])


@pytest.mark.parametrize("kind", CONDITIONAL)
def test_a_label_is_needed(kind):
    with pytest.raises((ValueError, TypeError)):
        build(kind).decode(torch.randn(1, 3))


@pytest.mark.parametrize("kind", CONDITIONAL)
def test_a_checkpoint_keeps_the_conditions(kind, tmp_path):
    model = build(kind)
    fields = MODELS.kinds()[kind].model_fields
    values = {"kind": kind, **{n: list(v) if n == "hidden" else v for n, v in SMALL.items()}}
    values = {name: value for name, value in values.items() if name in fields}
    recipe = make_recipe({"model": values, "data": {"conditions": ["sex", "age"]}})
    weights = {name: value.numpy() for name, value in model.state_dict().items()}
    save_checkpoint(tmp_path, Checkpoint(recipe, SPEC), weights)
    loaded, checkpoint = load_model(tmp_path)
    assert checkpoint.spec == SPEC
    z, y = torch.randn(4, 3), torch.tensor([[1.0, 33.3]]).expand(4, 2)
    with torch.no_grad():
        assert torch.equal(loaded.decode(z, y).mean, model.decode(z, y).mean)


@pytest.mark.parametrize("spec", [SPEC, ImageSpec((1, 12, 10), ("ant", "bee"))])
def test_the_labels_of_pseudo_inputs_are_there_when_a_model_is_opened(spec):
    """They are constants, and not in the file of weights."""
    prior = {"kind": "vamp", "pseudo_inputs": 8}
    values = {"kind": "cvae", "hidden": [8], "latent_dim": 3, "prior": prior}
    recipe = make_recipe({"model": values, "data": "digits"})
    wanted = recipe.model.build(spec).pseudo_inputs()[1]
    for _ in range(5):
        junk = torch.full(wanted.shape, 77, dtype=wanted.dtype)  # for memory that is used again
        del junk
        assert torch.equal(empty_model(recipe, spec).pseudo_inputs()[1], wanted)


def test_a_model_of_layers_refuses_several_conditions():
    layers = {"encoder": ("flatten", "label"), "mean_head": (), "variance_head": (), "decoder": ()}
    config = MODELS.kinds()["sequential"].model_construct(latent_dim=3, **layers)
    with pytest.raises(RecipeError, match="takes one class, and no other conditions"):
        config.build(SPEC)


def test_a_model_without_labels_refuses_conditions():
    images = ImageSet(
        np.zeros((4, *SPEC.shape), np.uint8), None, SPEC, conditions=np.zeros((4, 2), np.float32)
    )
    recipe = make_recipe({"model": "vae", "data": "digits"})
    with pytest.raises(RecipeError, match=r"given no label: .* leave data\.conditions empty"):
        Trainer(recipe, Splits(images, images), torch.device("cpu"))


@pytest.mark.parametrize("kind", CONDITIONAL)
def test_a_conditional_model_needs_classes_or_conditions(kind):
    with pytest.raises(RecipeError, match=r"data\.conditions"):
        build(kind, ImageSpec((1, 12, 10)))
    assert build(kind, ImageSpec((1, 12, 10), (), (AGE,))).conditional
