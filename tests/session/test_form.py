"""The training form: every value a recipe holds, with its limits and a sentence about it."""

from pathlib import Path
from typing import Annotated, Literal

import pytest
import torch
from pydantic import Field

from latentlab.config import Choice, Config, Registry
from latentlab.data.data_set import DATA
from latentlab.errors import RecipeError
from latentlab.learning.recipe import Recipe, make_recipe
from latentlab.session.form import UNBOUNDED, describe, texts, used_fields, with_titles

FORM = {field.name: field for field in describe(Recipe)}
TYPES = {"int", "float", "bool", "ints", "words", "text", "path", "file", "option", "kind"}


def at(*path):
    """Return a field by its place, such as ("model", "cvae", "hidden")."""
    field = FORM[path[0]]
    for kind, name in zip(path[1::2], path[2::2], strict=True):
        (found,) = (one for one in field.kinds if one.name == kind)
        field = {one.name: one for one in found.fields}[name]
    return field


def leaves(fields):
    for field in fields:
        yield field
        for kind in field.kinds:
            yield from leaves(kind.fields)


def leaf_keys(table, *before):
    """Return every value of a recipe as a dotted key; the names of kinds are no values."""
    for name, value in table.items():
        if isinstance(value, dict):
            yield from leaf_keys(value, *before, name)
        elif name != "kind":
            yield ".".join((*before, name))


def every_kind(fields, *before):
    """Return a recipe for every kind of every choice, all else left alone."""
    for field in fields:
        for kind in field.kinds:
            if kind.name:
                yield nested((*before, field.name), {"kind": kind.name})
            yield from (
                merged(
                    nested((*before, field.name), {"kind": kind.name} if kind.name else {}), more
                )
                for more in every_kind(kind.fields, *before, field.name)
            )


def nested(keys, value):
    for key in reversed(keys):
        value = {key: value}
    return value


def merged(a, b):
    both = {key: merged(a[key], b[key]) for key in a.keys() & b.keys() if isinstance(a[key], dict)}
    return {**a, **b, **both}


NEED_FILES = [
    {"data": {"kind": name}}
    for name, kind in DATA.kinds().items()
    if any(field.is_required() for field in kind.model_fields.values())
]
RECIPES = [values for values in every_kind(FORM.values()) if values not in NEED_FILES]


@pytest.mark.parametrize("values", RECIPES, ids=str)
def test_the_form_has_every_value_of_a_recipe(values):
    dumped = make_recipe(values).model_dump(mode="json")
    assert {key for key, _, _ in used_fields(FORM.values(), values)} == set(leaf_keys(dumped))


def test_kinds_within_kinds_are_gone_through():
    assert {"objective": {"kind": "elbo", "schedule": {"kind": "linear"}}} in RECIPES
    assert len(RECIPES) > 12


def test_every_value_is_explained():
    for field in leaves(describe(Recipe)):
        assert field.type in TYPES
        assert field.title[0].isupper(), field
        assert field.help or field.name in FORM, f"{field.name} has no description"
        if field.help:
            assert field.help.endswith("."), field
        for kind in field.kinds:
            assert kind.help.endswith("."), kind


@pytest.mark.parametrize(
    ("path", "kind", "default", "minimum", "maximum"),
    [
        (("model", "vae", "latent_dim"), "int", 2, 1, 512),
        (("model", "cvae", "hidden"), "ints", [512, 256], -UNBOUNDED, UNBOUNDED),
        (("model", "vae", "likelihood", "gaussian", "sigma"), "float", 0.1, 1e-4, 10),
        (("objective", "elbo", "beta"), "float", 1.0, 0, 1000),
        (("objective", "elbo", "schedule", "linear", "epochs"), "float", 10.0, 0, 100_000),
        (("training", "", "epochs"), "int", 30, 1, 100_000),
        (("training", "", "learning_rate"), "float", 1e-3, 0, 1),
        (("data", "mnist", "root"), "path", None, -UNBOUNDED, UNBOUNDED),
        (("data", "folder", "height"), "int", 0, 0, 2048),
        (("data", "folder", "classes_from"), "words", [], -UNBOUNDED, UNBOUNDED),
    ],
)
def test_types_defaults_and_limits(path, kind, default, minimum, maximum):
    field = at(*path)
    assert (field.type, field.default) == (kind, default)
    assert (field.minimum, field.maximum) == (minimum, maximum)
    assert type(field.default) is type(default)


def test_options_units_and_titles():
    assert at("training", "", "device").type == "option"
    options = at("training", "", "device").options
    assert [option.name for option in options] == ["auto", "cpu", "cuda", "mps"]
    assert [option.title for option in options][1:3] == ["CPU", "NVIDIA GPU (CUDA)"]
    assert not options[0].unavailable
    assert bool(options[2].unavailable) is not torch.cuda.is_available()
    assert at("training", "", "batch_size").unit == "images"
    assert at("training", "", "batch_size").title == "Batch size"
    assert at("objective", "elbo", "schedule", "linear", "epochs").title == "Warm-up over"
    assert at("training", "", "schedule", "linear", "epochs").title == "Rate over"


def test_factors_say_what_they_multiply():
    """“Beta end: 1” below “Beta: 4” could be read as another beta."""
    assert at("objective", "elbo", "schedule").title == "KL warm-up"
    for name, title in (("start", "Warm-up from"), ("end", "Warm-up to")):
        factor = at("objective", "elbo", "schedule", "linear", name)
        assert (factor.title, factor.unit) == (title, "× beta")
    assert at("training", "", "schedule", "cosine", "end").unit == "× rate"
    assert at("objective", "capacity", "schedule", "cosine", "end").unit == "× target"
    assert at("objective", "elbo", "schedule", "linear", "epochs").unit == "epochs"


@pytest.mark.parametrize("word", ["kl warm-up", "annealing", "cyclical"])
def test_the_warm_up_of_the_kl_is_found_by_the_words_of_the_field(word):
    assert word in "\n".join(texts(at("objective", "elbo", "schedule"))).lower()


def test_the_default_kind_comes_first():
    first, *others = [kind.name for kind in FORM["model"].kinds]
    assert first == "vae"
    assert others == sorted(others)
    assert {"conv-cvae", "conv-vae", "cvae", "sequential"} <= {*others}
    first, *others = [kind.name for kind in FORM["data"].kinds]
    assert first == "digits"
    assert others == sorted(others)
    assert {"mnist", "fashion-mnist"} <= set(others)
    assert [kind.name for kind in FORM["training"].kinds] == [""]
    every = {"conditions", "leave_out", "binarize", "binarize_seed"}
    assert {field.name for field in FORM["data"].kinds[0].fields} == every
    assert all(every <= {field.name for field in kind.fields} for kind in FORM["data"].kinds)
    assert at("model", "vae", "likelihood").default == {"kind": "bernoulli"}


def left_alone(fields, kind=""):
    """Return what a form yields whose fields are all left alone."""
    values = {"kind": kind} if kind else {}
    for field in fields:
        if field.type == "kind":
            first = field.kinds[0]
            values[field.name] = left_alone(first.fields, first.name)
        elif field.default is not None:
            values[field.name] = field.default
    return values


def test_a_form_left_alone_is_a_valid_recipe():
    assert make_recipe(left_alone(describe(Recipe))) == make_recipe({})


@pytest.mark.parametrize("model", ["vae", "cvae"])
@pytest.mark.parametrize("data", ["digits", "mnist", "fashion-mnist"])
def test_every_kind_left_alone_is_a_valid_recipe(model, data):
    values = {}
    for name, kind in (("model", model), ("data", data)):
        (found,) = (one for one in FORM[name].kinds if one.name == kind)
        values[name] = left_alone(found.fields, kind)
    assert make_recipe(values) == make_recipe({"model": model, "data": data})


@pytest.mark.parametrize("path", [("latent_dim",), ("likelihood", "sigma")])
def test_the_limits_are_those_of_the_recipe(path):
    field = at(
        "model",
        "vae",
        *(["latent_dim"] if len(path) == 1 else ["likelihood", "gaussian"]),
        *path[1:],
    )
    for value, fits in ((field.maximum, True), (field.maximum + 1, False), (-1, False)):
        number = int(value) if field.type == "int" else value
        model = {path[-1]: number}
        if len(path) > 1:
            model = {"likelihood": {"kind": "gaussian", **model}}
        if fits:
            make_recipe({"model": model})
        else:
            with pytest.raises(RecipeError):
                make_recipe({"model": model})


class Base(Config):
    kind: str


PARTS = Registry[Base]("part", default="plain")


@PARTS.register
class Plain(Base):
    """A plain part.

    More about it.
    """

    kind: Literal["plain"] = "plain"


class Whole(Config):
    needed: int
    path: Path | None = Field(None, title="Where to", description="A place.")
    part: Annotated[Base, Choice(PARTS)] = Plain()
    most: int = Field(3, lt=9, json_schema_extra={"unit": "bits"})
    sure: bool = False
    limit: float | None = Field(None, ge=2, json_schema_extra={"group": "Run"})
    rare: Annotated[Base, Choice(PARTS)] = Field(Plain(), json_schema_extra={"group": "Run"})


def test_any_config_is_described():
    needed, path, part, most, sure, limit, rare = describe(Whole)
    assert (needed.type, needed.default, needed.help) == ("int", None, "")
    assert (path.type, path.title, path.help) == ("path", "Where to", "A place.")
    assert (part.type, part.default) == ("kind", {"kind": "plain"})
    assert [(kind.name, kind.help, kind.fields) for kind in part.kinds] == [
        ("plain", "A plain part.", ())
    ]
    assert (most.maximum, most.minimum, most.unit) == (9, -UNBOUNDED, "bits")
    assert (sure.type, sure.default, sure.optional, sure.group) == ("bool", False, False, "")
    assert (limit.type, limit.default, limit.minimum) == ("float", None, 2)
    assert limit.optional
    assert limit.group == "Run"
    assert (rare.type, rare.group) == ("kind", "Run")


def test_chosen_goes_through_what_a_recipe_makes_use_of():
    values = {"model": {"kind": "cvae", "latent_dim": 7}, "objective": "elbo"}
    found = {
        key: (field.name, value) for key, field, value in used_fields(describe(Recipe), values)
    }
    assert found["model.latent_dim"] == ("latent_dim", 7)
    assert found["objective.beta"] == ("beta", 1.0)
    assert found["training.epochs"] == ("epochs", 30)
    assert not [key for key in found if "sigma" in key]
    gaussian = {"model": {"likelihood": {"kind": "gaussian", "sigma": 0.5}}}
    found = {key: value for key, _, value in used_fields(describe(Recipe), gaussian)}
    assert found["model.likelihood.sigma"] == 0.5


# Words and places

GROUPS = ["Network", "Data", "KL", "Optimizer", "Run"]


def rows(values):
    """Return the keys and fields of the values that a form shows for a recipe."""
    return [(key, field) for key, field, _ in used_fields(describe(Recipe), values)]


@pytest.mark.parametrize("values", RECIPES, ids=str)
def test_no_two_fields_in_sight_have_the_same_title(values):
    titles = [field.title for _, field in rows(values)]
    assert len(titles) == len(set(titles)), titles


def test_few_fields_are_first_and_all_others_in_named_groups():
    first = [key for key, field in rows({}) if not field.group]
    assert first == ["model.latent_dim", "objective.beta", "training.epochs"]
    assert list(dict.fromkeys(f.group for _, f in rows({"data": "sprites"}) if f.group)) == GROUPS
    assert not FORM["model"].group
    assert not FORM["data"].group
    assert at("data", "folder", "root").group == ""


def test_a_kind_that_was_not_found_asks_for_its_folder_first(own_place, monkeypatch):
    monkeypatch.delenv("LATENTLAB_DATA", raising=False)
    data = {field.name: field for field in describe(Recipe)}["data"]
    kinds = {kind.name: kind for kind in data.kinds}
    assert kinds["celeba"].label == "CelebA"
    assert "choose its folder" in kinds["celeba"].requirement
    assert (kinds["celeba"].fields[0].group, kinds["mnist"].fields[0].group) == ("", "Data")
    assert "downloaded" in kinds["mnist"].requirement
    assert kinds["digits"].label == "Digits"


def test_a_kind_that_cannot_work_here_says_why(monkeypatch):
    monkeypatch.setattr("latentlab.data.sources.huggingface.find_spec", lambda name: None)
    data = {field.name: field for field in describe(Recipe)}["data"]
    (kind,) = (kind for kind in data.kinds if kind.name == "huggingface")
    assert "datasets" in kind.unavailable


def test_no_word_of_code_is_shown():
    """Every alternative has a title in words, as have the kinds of plug-ins."""
    for field in leaves(describe(Recipe)):
        for kind in (*field.kinds, *field.options):
            if kind.name:
                assert kind.label[0].isupper() or kind.label[0].isdigit(), kind
                assert kind.label != kind.name
                assert "_" not in kind.label
    assert describe(Whole)[2].kinds[0].label == "Plain"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("model.hidden.0: must be less", "Hidden layers: must be less"),
        ("Try a smaller training.learning_rate.", "Try a smaller Learning rate."),
        ("model.kind: unknown kind", "Model: unknown kind"),
        ("data.root: no folder /a/data.json", "Folder: no folder /a/data.json"),
        ("training.nothing is unknown", "training.nothing is unknown"),
    ],
)
def test_messages_have_titles_instead_of_keys(text, shown):
    assert with_titles(text, describe(Recipe)) == shown
