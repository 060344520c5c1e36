"""Conditions made of attributes and classes: continuous, of classes, and cut by limits."""

from dataclasses import replace

import numpy as np
import pytest

from latentlab.config import parse
from latentlab.data.attributes import classes_from
from latentlab.data.condition import (
    Condition,
    combinations,
    describe_label,
    label_between,
    read_label,
)
from latentlab.data.conditions import make_conditions, read_splits, with_conditions, with_values
from latentlab.data.data_set import DATA
from latentlab.data.image_set import Attributes, ImageSet, ImageSpec
from latentlab.data.parts import Splits
from latentlab.errors import DataError, RunError
from latentlab.work import finish

AGES = np.array([10, 20, 30, 40, 50, 60], np.float32)
SEXES = np.array([0, 1, 1, 0, 1, 0], np.float32)
SMILES = np.array([1, 0, 0, 1, 0, 0], np.float32)
AGE = Condition("age", low=10, high=60, mean=30, scale=10)
SEX = Condition("sex", ("male", "female"))


@pytest.fixture
def splits():
    """Four training and two held-out images with age, sex, smile and a class."""
    values = np.stack([AGES, SEXES, SMILES], 1)
    attributes = Attributes(("age", "sex", "smile"), values, {"sex": ("male", "female")})
    spec = ImageSpec((1, 2, 2), ("cat", "dog"))
    labels = np.array([0, 1, 0, 1, 0, 1])
    images = ImageSet(np.zeros((6, 1, 2, 2), np.uint8), labels, spec, attributes)
    return Splits(images[:4], images[4:])


def conditioned(splits, *chosen):
    return with_conditions(splits, make_conditions(splits, chosen))


def test_a_number_is_continuous_with_statistics_of_the_training_images(splits):
    (age,) = make_conditions(splits, ["age"])
    assert age.continuous
    assert (age.low, age.high, age.mean) == (10, 40, 25)
    assert age.scale == pytest.approx(np.std(AGES[:4]))


def test_several_conditions_are_columns_in_the_chosen_order(splits):
    found = conditioned(splits, "sex", "age", "smile", "class")
    assert [each.name for each in found.spec.conditions] == ["sex", "age", "smile", "class"]
    assert found.spec.conditions[2].classes == ("no smile", "smile")
    assert found.spec.conditions[3].classes == ("cat", "dog")
    wanted = np.stack([SEXES, AGES, SMILES, [0, 1, 0, 1, 0, 1]], 1)
    assert np.array_equal(found.train.y, wanted[:4])
    assert np.array_equal(found.validation.y, wanted[4:])
    assert found.train.y.dtype == np.float32
    assert np.array_equal(found.train.labels, splits.train.labels)


def test_limits_cut_a_number_into_classes(splits):
    found = conditioned(splits, "age: 20 40 60")
    (age,) = found.spec.conditions
    assert age.classes == ("age under 20", "age 20 to 40", "age 40 to 60", "age from 60")
    assert found.whole().y[:, 0].tolist() == [2, 3, 0, 1, 1, 2]


def test_each_number_may_be_a_class(splits):
    found = conditioned(splits, "age: classes")
    assert found.spec.conditions[0].classes == ("10", "20", "30", "40", "50", "60")
    assert found.train.y[:, 0].tolist() == [0, 1, 2, 3]


def test_rows_slices_and_whole_keep_conditions(splits):
    found = conditioned(splits, "age")
    assert found.train[[2, 0]].y[:, 0].tolist() == [30, 10]
    assert found.whole().to_explore(3).y[:, 0].tolist() == [50, 60, 10]


def test_without_conditions_y_is_the_class(splits):
    assert splits.train.y is splits.train.labels


def test_other_images_get_the_conditions_of_a_model(splits):
    model = conditioned(splits, "sex", "age").spec.conditions
    other = Attributes(
        ("sex", "age"), np.array([[0, 33], [1, 70]], np.float32), {"sex": ("female", "male")}
    )
    images = replace(splits.train[:2], attributes=other)
    assert with_values(images, model).y.tolist() == [[1, 33], [0, 70]]


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        (["agee"], ["no attribute 'agee'", "age, sex, smile, class"]),
        (["age", "age: 20"], ["age is chosen twice"]),
        (["sex: 3"], ["sex has words"]),
        (["age: 40 20"], ["no ascending limits", "age: 18 65"]),
    ],
)
def test_what_cannot_be_a_condition_is_refused_with_advice(splits, chosen, words):
    with pytest.raises(DataError) as refused:
        make_conditions(splits, chosen)
    assert all(word in str(refused.value) for word in words)


def test_an_unknown_value_is_refused_with_the_image(splits):
    splits.validation.attributes.values[1, 0] = np.nan
    train = replace(splits.train, files=np.array([f"{i}.png" for i in range(4)], object))
    validation = replace(splits.validation, files=np.array(["4.png", "5.png"], object))
    with pytest.raises(DataError, match=r"age is unknown for 1 of 6 images, such as 5\.png"):
        conditioned(Splits(train, validation), "sex", "age")


def test_a_constant_number_is_refused(splits):
    splits.train.attributes.values[:, 0] = 7
    with pytest.raises(DataError, match="age is 7 for all training images"):
        make_conditions(splits, ["age"])


@pytest.mark.parametrize("chosen", ["smile", "age: classes"])
def test_a_constant_attribute_of_classes_is_refused(splits, chosen):
    splits.train.attributes.values[:, [0, 2]] = 1
    with pytest.raises(DataError, match="is 1 for all training images"):
        make_conditions(splits, [chosen])


def numbered(splits, name, *numbers):
    """Return images that have numbers without words."""
    attributes = Attributes((name,), np.array(numbers, np.float32)[:, None])
    return replace(splits.train[: len(numbers)], attributes=attributes)


@pytest.mark.parametrize("numbers", [(0, 1), (1, 2), (-1, 1), (0.5, 1)])
def test_numbers_where_the_model_has_words_are_refused(splits, numbers):
    """Their order need not be that of the words of the model."""
    with pytest.raises(DataError, match=r"the model knows male, female.*Write the words"):
        with_values(numbered(splits, "sex", *numbers), (SEX,))


@pytest.mark.parametrize("numbers", [(1, 2), (-1, 1), (0.5, 1)])
def test_yes_and_no_are_one_and_zero_also_in_other_images(splits, numbers):
    smile = make_conditions(splits, ["smile"])
    assert with_values(numbered(splits, "smile", 1, 0), smile).y.tolist() == [[1], [0]]
    with pytest.raises(DataError, match="Write 1 for smile and 0 for no smile"):
        with_values(numbered(splits, "smile", *numbers), smile)


def test_a_number_at_a_limit_belongs_to_the_range_above_it(splits):
    splits.train.attributes.values[:, 0] = [0.1, 0.7, 0.8, 0.2]
    found = conditioned(splits, "age: 0.7")
    assert found.train.y[:, 0].tolist() == [0, 1, 1, 0]
    labels, _ = classes_from(splits.train.attributes, ["age: 0.7"])
    assert labels.tolist() == [0, 1, 1, 0]


def test_images_without_a_condition_of_the_model_are_refused(splits):
    bare = replace(splits.train, attributes=None)
    with pytest.raises(DataError, match="needs age for each image"):
        with_values(bare, (AGE,))


def test_images_of_a_class_that_the_model_does_not_have_are_refused(splits):
    other = replace(splits.train.attributes, levels={"sex": ("male", "diverse")})
    with pytest.raises(DataError, match="sex is diverse for some images"):
        with_values(replace(splits.train, attributes=other), (SEX,))


def test_a_config_names_the_conditions():
    values = {"count": 40, "size": 32, "conditions": ["shape: classes", "scale"]}
    config = parse(DATA.kinds()["sprites"], values)
    found = finish(read_splits(config))
    shape, scale = found.spec.conditions
    assert shape.classes == ("0", "1", "2")
    assert 0.5 <= scale.low < scale.high <= 1
    assert found.train.y.shape == (len(found.train), 2)
    plain = finish(read_splits(parse(DATA.kinds()["sprites"], {**values, "conditions": ["class"]})))
    assert not plain.spec.conditions
    assert plain.train.y.dtype == np.int64


def test_a_npz_brings_continuous_labels_and_attributes(tmp_path):
    rng = np.random.default_rng(0)
    ages = rng.uniform(18, 67, 20)
    images = rng.integers(0, 255, (20, 4, 4), np.uint8)
    sex = np.array(["female", "male"])[np.arange(20) % 2]
    np.savez(tmp_path / "faces.npz", images=images, labels=ages, sex=sex)
    config = parse(
        DATA.kinds()["arrays"],
        {"images": tmp_path / "faces.npz", "conditions": ["label", "sex"]},
    )
    found = finish(read_splits(config))
    label, sexes = found.spec.conditions
    assert label.continuous
    assert sexes.classes == ("female", "male")
    assert sorted(found.whole().y[:, 0].tolist()) == sorted(ages.astype(np.float32).tolist())
    assert finish(config.outline()).attributes == ("sex",)


# Labels


def test_a_label_is_read_from_text_mapping_or_sequence():
    conditions = (AGE, SEX)
    for given in ("age=30, sex=female", "sex=Female,age=30", {"sex": 1, "age": "30"}, (30, 1)):
        assert read_label(conditions, given) == (30.0, 1.0)
    assert describe_label(conditions, (30.0, 1.0)) == "age=30, sex=female"


def test_the_name_of_a_class_may_contain_commas():
    hair = Condition("hair", ("short", "long, curly"))
    assert read_label((hair, AGE), "hair=long, curly, age=30") == (1.0, 30.0)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("age=30", "has no sex"),
        ("age=30, sex=female, hair=long", "no condition hair"),
        ("age=old, sex=female", "age cannot be 'old'"),
        ("age=inf, sex=female", "age cannot be 'inf'"),
        ("age=30, sex=cat", "sex cannot be 'cat'. Choose sex from male, female"),
        ((30, 2), "sex cannot be 2"),
        ((30,), "1 values for 2 conditions"),
        ("female", "no condition female"),
    ],
)
def test_a_label_that_cannot_be_is_refused(given, words):
    with pytest.raises(RunError, match=words.replace("(", r"\(")):
        read_label((AGE, SEX), given)


def test_numbers_change_evenly_and_classes_in_the_middle():
    a, b = (20.0, 0.0), (60.0, 1.0)
    found = [label_between((AGE, SEX), a, b, share) for share in (0, 0.25, 0.5, 0.75, 1)]
    assert found == [(20, 0), (30, 0), (40, 0), (50, 1), (60, 1)]
    assert label_between((), 3, 8, 0.6) == 8


def test_labels_in_turn_combine_all_classes_at_the_mean_number():
    spec = ImageSpec((1, 2, 2), (), (SEX, AGE))
    assert spec.labels_in_turn(3).tolist() == [[0, 30], [1, 30], [0, 30]]
    assert ImageSpec((1, 2, 2), ("a", "b")).labels_in_turn(3).tolist() == [0, 1, 0]


def test_few_labels_in_turn_are_spread_over_the_combinations():
    """Six images, but ten combinations: the first six would all be male."""
    digit = Condition("digit", tuple(map(str, range(5))))
    found = ImageSpec((1, 2, 2), (), (SEX, digit)).labels_in_turn(6)
    assert {*found[:, 0]} == {0, 1}
    assert len(np.unique(found, axis=0)) == 6
    many = tuple(replace(SEX, name=str(i)) for i in range(40))
    assert len({each[0] for each in combinations(many)}) == 2


def test_a_number_is_the_name_of_a_class_before_its_index():
    years = Condition("age", ("2", "3", "0.7"))
    assert [years.value_of(x) for x in (2, 2.0, "2", 3, 0.7, "0.7")] == [0, 0, 0, 1, 2, 2]
    assert years.value_of(1) == 1
    with pytest.raises(RunError, match="age cannot be 4"):
        years.value_of(4)


def test_names_of_near_numbers_differ(splits):
    near = np.array([16777214, 16777215, 1, 2], np.float32)
    splits.train.attributes.values[:, 0] = near
    (age,) = make_conditions(splits, ["age: classes"])
    assert len({*age.classes}) == 6
    assert [age.value_of(x) for x in near.tolist()] == [4, 5, 0, 1]


def test_a_spec_knows_its_labels():
    spec = ImageSpec((1, 2, 2), ("a",), (SEX, AGE))
    assert spec.accepts((1.0, 99.0))
    assert not any(map(spec.accepts, [0, (1.0,), (2.0, 30.0), (0.5, 30.0), (1.0, float("nan"))]))
    assert spec.label_array([None, (1.0, 5.0)]).tolist() == [[0, 30], [1, 5]]
