"""Configuration by kind: validation and error messages."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import Field, ValidationError

from latentlab.config import Choice, Config, Registry, parse
from latentlab.errors import LatentlabError, RecipeError
from latentlab.learning.recipe import Recipe
from latentlab.models.base import MODELS

TOYS = Registry("toy", default="ball")
PETS = Registry("pet", default="dog")


class Toy(Config):
    """Something to play with."""

    kind: str


@TOYS.register
class Ball(Toy):
    """Rolls."""

    kind: Literal["ball"] = "ball"
    size: float = 1.0


class Pet(Config):
    """An animal."""

    kind: str


@PETS.register
class Cat(Pet):
    """Purrs."""

    kind: Literal["cat"] = "cat"
    lives: int = Field(9, ge=1, le=9)


@PETS.register
class Dog(Pet):
    """Barks."""

    kind: Literal["dog"] = "dog"
    toy: Annotated[Toy, Choice(TOYS)] = Field(Ball())


class Street(Config):
    """Where pets live."""

    number: int = 1


class House(Config):
    """Holds a pet."""

    pet: Annotated[Pet, Choice(PETS)]
    street: Street = Field(Street())
    name: str


def problems(values, config=Recipe):
    with pytest.raises(RecipeError) as caught:
        parse(config, values)
    return caught.value.problems


def recipe(**tables):
    return {"model": {}, "data": {}, **tables}


def only(found):
    [(key, text)] = found.items()
    return key, text


def test_good_values_make_a_config():
    house = parse(House, {"pet": {"kind": "cat", "lives": 3}, "name": "hut"})
    assert house == House(pet=Cat(lives=3), name="hut")


def test_an_unknown_key_is_refused_with_the_nearest():
    key, text = only(problems(recipe(model={"latent_dims": 2})))
    assert key == "model.latent_dims"
    assert text.startswith('unknown key; did you mean "latent_dim"?')
    for known in ("kind", "hidden", "latent_dim", "likelihood"):
        assert known in text.partition("known:")[2]


def test_an_unknown_key_at_the_top_is_refused_with_the_nearest():
    key, text = only(problems(recipe(modell={})))
    assert key == "modell"
    assert 'did you mean "model"?' in text


def test_an_unknown_key_that_resembles_nothing_still_lists_what_is_known():
    key, text = only(problems(recipe(training={"zzz": 1})))
    assert key == "training.zzz"
    assert "did you mean" not in text
    assert "learning_rate" in text


def test_an_unknown_kind_is_refused_with_the_nearest():
    key, text = only(problems(recipe(model={"kind": "cvea"})))
    assert key == "model.kind"
    assert text.startswith("unknown kind 'cvea'; did you mean \"cvae\"?")
    assert "known: vae, conv-cvae, conv-ladder-vae, conv-vae, cvae, ladder-vae" in text


def test_an_unknown_kind_written_as_a_bare_string_is_refused_alike():
    key, text = only(problems(recipe(data="mnits")))
    assert key == "data.kind"
    assert 'did you mean "mnist"?' in text


def test_all_problems_are_told_at_once_with_their_dotted_keys():
    found = problems(
        {
            "model": {"latent_dim": 0, "likelihood": {"kind": "gaussian", "sigma": -1}},
            "data": {"kind": "mnst"},
            "objective": {
                "betta": 1,
                "schedule": {"kind": "linear", "epochs": 0},
            },
            "training": {"epochs": "many", "device": "tpu"},
        }
    )
    assert set(found) == {
        "model.latent_dim",
        "model.likelihood.sigma",
        "data.kind",
        "objective.betta",
        "objective.schedule.epochs",
        "training.epochs",
        "training.device",
    }
    assert found["model.latent_dim"] == "must be greater than or equal to 1 (not 0)"
    assert found["model.likelihood.sigma"] == "must be greater than or equal to 0.0001 (not -1)"
    assert found["objective.schedule.epochs"] == "must be greater than 0 (not 0)"
    assert 'did you mean "beta"?' in found["objective.betta"]
    assert "'auto', 'cpu', 'cuda' or 'mps'" in found["training.device"]


def test_the_message_has_a_line_for_each_problem():
    with pytest.raises(LatentlabError) as caught:
        parse(Recipe, recipe(model={"latent_dim": 0}, training={"seed": -1}))
    assert str(caught.value).splitlines() == [
        "model.latent_dim: must be greater than or equal to 1 (not 0)",
        "training.seed: must be greater than or equal to 0 (not -1)",
    ]


def test_keys_below_the_kind_of_a_kind_are_those_of_that_kind():
    house = {"pet": {"kind": "dog", "toy": {"kind": "ball", "sizes": 1}}, "name": ""}
    key, text = only(problems(house, House))
    assert key == "pet.toy.sizes"
    assert text == 'unknown key; did you mean "size"? (known: kind, size)'


def test_an_unknown_key_in_a_plain_table_is_compared_with_that_table():
    key, text = only(problems({"pet": "cat", "name": "", "street": {"numbr": 2}}, House))
    assert key == "street.numbr"
    assert text == 'unknown key; did you mean "number"? (known: number)'


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("model.hidden.1", recipe(model={"hidden": [8, 0]})),
        ("model.hidden", recipe(model={"hidden": [1] * 9})),
        ("model.latent_dim", recipe(model={"latent_dim": 513})),
        ("training.learning_rate", recipe(training={"learning_rate": float("nan")})),
        ("objective.beta", recipe(objective={"beta": float("inf")})),
        ("model.latent_dim", recipe(model={"latent_dim": "two"})),
        ("model.latent_dim", recipe(model={"latent_dim": 1.5})),
        ("training", recipe(training=3)),
        ("model.hidden", recipe(model={"hidden": 8})),
    ],
)
def test_a_value_out_of_range_or_of_the_wrong_type_is_refused(key, values):
    found, text = only(problems(values))
    assert found == key
    assert "(not " in text


def test_what_has_no_default_is_missing():
    assert problems({"pet": "cat"}, House) == {"name": "missing"}


def test_a_bare_string_is_short_for_a_table():
    short = parse(Recipe, {"model": "cvae", "data": "mnist", "objective": {"schedule": "linear"}})
    long = parse(
        Recipe,
        {
            "model": {"kind": "cvae"},
            "data": {"kind": "mnist"},
            "objective": {"kind": "elbo", "schedule": {"kind": "linear"}},
        },
    )
    assert short == long
    assert short.model.kind == "cvae"


def test_a_table_without_a_kind_is_of_the_default_kind():
    made = parse(Recipe, recipe(model={"latent_dim": 7, "likelihood": {}}))
    assert (made.model.kind, made.data.kind) == ("vae", "digits")
    assert (made.model.latent_dim, made.model.likelihood.kind) == (7, "bernoulli")


def test_a_kind_that_is_no_text_is_refused():
    [key] = problems(recipe(model={"kind": 3}))
    assert key == "model.kind"


def test_configs_are_frozen():
    made = parse(Recipe, recipe())
    for config, name in ((made, "model"), (made.model, "latent_dim"), (made.training, "epochs")):
        with pytest.raises(ValidationError, match="frozen"):
            setattr(config, name, 1)


def test_a_registry_refuses_two_of_one_name():
    registry = Registry("pet", default="cat")
    registry.register(Cat)
    registry.register(Cat)  # registering the same class again is allowed

    class Tiger(Pet):
        kind: Literal["cat"] = "cat"

    with pytest.raises(ValueError, match="two pets are both called 'cat'"):
        registry.register(Tiger)
    assert registry.kinds() == {"cat": Cat}


def test_the_default_kind_comes_first_then_by_name():
    assert list(PETS.kinds()) == ["dog", "cat"]
    assert next(iter(MODELS.kinds())) == "vae"


PLUGIN = '''
from typing import Literal
from latentlab.models.base import MODELS, ModelConfig

@MODELS.register
class FlowConfig(ModelConfig):
    """Flows."""

    kind: Literal["flow"] = "flow"

    def build(self, spec):
        raise NotImplementedError
'''
OLD_PLUGIN = '''
from typing import Literal

import numpy as np
from latentlab.data.base import DATA, DataConfig, ImageSet, ImageSpec, Loading, Splits
from latentlab.kinds import Config
from latentlab.models.base import MODELS, ModelConfig

@DATA.register
class GreyConfig(DataConfig):
    """Grey squares."""

    kind: Literal["grey"] = "grey"

    def load(self):
        yield Loading("Mixing grey", 0.5)
        images = ImageSet(np.full((4, 1, 2, 2), 128, np.uint8), np.arange(4) % 2,
                          ImageSpec((1, 2, 2), ("a", "b")))
        return Splits(images, images)
'''
BROKEN_PLUGINS = {
    "raising": f"raise RuntimeError({'x' * 900!r})",
    "missing": "import no_such_module",
    "leaving": "raise SystemExit(3)",
    "unfinished": PLUGIN.replace("flow", "half").replace("def build", "def other"),
    "thief": PLUGIN.replace("flow", "cvae"),
    "syntax": "def",
}
ASK = """
import sys
from latentlab.cli import run
from latentlab.learning.recipe import make_recipe
from latentlab.models.base import MODELS
print(*MODELS.kinds())
print(make_recipe({"model": "flow"}).model.kind)
loading = make_recipe({"data": "grey"}).data.load()
print(next(loading).message)
try:
    next(loading)
except StopIteration as done:
    print(len(done.value.train))
sys.argv = ["latentlab", "list"]
run()
"""


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """A program beside installed packages of one module and one entry point each."""
    folder = tmp_path_factory.mktemp("packages")
    modules = {"flowers": PLUGIN, "grey": OLD_PLUGIN, **BROKEN_PLUGINS}
    for name, text in modules.items():
        (folder / f"{name}.py").write_text(text)
        info = folder / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[latentlab.models]\n{name} = {name}\n")
    path = os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH"))))
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        env={**os.environ, "PYTHONPATH": path, "LATENTLAB_HOME": str(folder / "home")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done


def test_another_package_adds_a_kind_through_an_entry_point(asked):
    listed, made = asked.stdout.splitlines()[:2]
    assert {"vae", "cvae", "flow"} <= set(listed.split())
    assert made == "flow"


def test_a_plug_in_written_for_an_earlier_version_still_works(asked):
    assert asked.stdout.splitlines()[2:4] == ["Mixing grey", "4"]


def test_plug_ins_that_are_broken_are_named_and_all_else_works(asked):
    """For any exception at import, a missing method, or a name that is already registered."""
    assert "digits-2d" in asked.stdout
    told = asked.stderr.splitlines()
    assert len(told) == len(BROKEN_PLUGINS)
    for name in BROKEN_PLUGINS:
        (line,) = [line for line in told if f"the package {name} could not be" in line]
        assert len(line) < 400
    assert "the model 'half' lacks build" in asked.stderr


class Paths(Config):
    one: Path = Path("x")
    other: Path | None = None


@pytest.mark.parametrize("text", ["~/pics", "~"])
def test_a_tilde_in_any_path_is_the_home(monkeypatch, tmp_path, text):
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))
    config = parse(Paths, {"one": text, "other": text})
    assert config.one == config.other == Path(text.replace("~", str(tmp_path)))


def test_a_tilde_that_is_nobodys_home_stays(tmp_path):
    assert parse(Paths, {"one": "~nobody-here/x"}).one == Path("~nobody-here/x")
    assert parse(Paths, {"one": "a~b"}).one == Path("a~b")


def test_a_path_with_a_null_character_is_refused():
    with pytest.raises(RecipeError) as caught:
        parse(Paths, {"one": "a\0b"})
    assert list(caught.value.problems) == ["one"]


def test_a_kind_may_be_registered_at_any_time_and_again():
    """As in a notebook, whose cells run after the imports and more than once."""
    try:
        for most in (3, 5):

            @PETS.register
            class Fish(Pet):
                kind: Literal["fish"] = "fish"
                lives: int = Field(most, le=most)

            house = parse(House, {"pet": "fish", "name": ""})
            assert house.pet == Fish()
            assert house.pet.lives == most
            found = problems({"pet": {"kind": "fish", "lives": 9, "fins": 2}, "name": ""}, House)
            assert set(found) == {"pet.lives", "pet.fins"}
            assert "known: kind, lives" in found["pet.fins"]
            assert parse(House, house.model_dump()) == house
            assert "fish" in str(House.model_json_schema())
    finally:
        del PETS._kinds["fish"]
    assert "pet.kind" in problems({"pet": "fish", "name": ""}, House)
