"""Recipes as files: what may be written, what is refused, and what comes back."""

from pathlib import Path

import pytest

from latentlab import __version__
from latentlab.data.image_set import ImageSpec
from latentlab.errors import RecipeError
from latentlab.learning.recipe import make_recipe, read_recipe
from latentlab.session.recipes import recipe_title

TRAINING = Path(__file__).parents[2] / "training"
MNIST = ImageSpec((1, 28, 28), tuple("0123456789"))
SHORT = """
[model]
hidden = [16]
[objective]
beta = 2
[training]
epochs = 3
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "recipe.toml"
    path.write_text(SHORT, encoding="utf-8")
    return path


def problems(path, *settings):
    with pytest.raises(RecipeError) as caught:
        read_recipe(path, settings)
    return caught.value.problems


def test_what_is_not_written_takes_its_default(file):
    recipe = read_recipe(file)
    assert (recipe.model.kind, recipe.data.kind) == ("vae", "digits")
    assert (recipe.model.hidden, recipe.model.latent_dim) == ((16,), 2)
    assert (recipe.objective.beta, recipe.objective.schedule.kind) == (2.0, "constant")
    assert (recipe.training.epochs, recipe.training.batch_size) == (3, 128)


def test_settings_are_read_as_toml(file, tmp_path):
    recipe = read_recipe(
        file,
        [
            "training.epochs=11",
            "training.learning_rate = 2e-4",
            "model.hidden=[8, 4]",
            'training.device="cpu"',
            "model.likelihood.kind=gaussian",
            "model.likelihood.sigma=0.5",
            "data.kind=mnist",
            f"data.root={tmp_path}",
        ],
    )
    assert recipe.training.epochs == 11
    assert recipe.training.learning_rate == 2e-4
    assert recipe.model.hidden == (8, 4)
    assert recipe.training.device == "cpu"
    assert recipe.model.likelihood.sigma == 0.5
    assert recipe.data.root == tmp_path  # no TOML, hence plain text


def test_settings_may_make_tables_and_the_last_one_wins(file):
    recipe = read_recipe(
        file,
        [
            "objective.schedule.kind=linear",
            "objective.schedule.epochs=7",
            "model.kind=cvae",
            "training.epochs=5",
            "training.epochs=6",
        ],
    )
    assert recipe.objective.schedule.kind == "linear"
    assert recipe.objective.schedule.epochs == 7
    assert recipe.model.kind == "cvae"
    assert recipe.training.epochs == 6


@pytest.mark.parametrize("setting", ["training.epochs", "epochs=3", "=3", "training epochs 3"])
def test_a_setting_of_another_form_is_refused_with_an_example(file, setting):
    assert "TABLE.KEY=VALUE" in problems(file, setting)[setting]


def test_a_setting_below_a_value_is_refused(file):
    assert problems(file, "training.epochs.more=3") == {
        "training.epochs.more": "epochs is a value, not a table"
    }


@pytest.mark.parametrize(
    ("setting", "key", "words"),
    [
        ("training.epoch=3", "training.epoch", ["unknown key", '"epochs"']),
        ("trainin.epochs=3", "trainin", ["unknown key", '"training"']),
        ("model.kind=vea", "model.kind", ["unknown kind", "'vea'", '"vae"']),
        ("objective.schedule.kind=liner", "objective.schedule.kind", ['"linear"']),
        ("model.likelihood=gausian", "model.likelihood.kind", ['"gaussian"']),
        ("model.likelihood.sigma=1", "model.likelihood.sigma", ["unknown key"]),
        ("data.root=x", "data.root", ["unknown key"]),
        ("training.epochs=0", "training.epochs", ["greater than or equal to 1", "0"]),
        ("training.epochs=2.5", "training.epochs", ["whole number", "2.5"]),
        ("training.epochs=many", "training.epochs", ["whole number", "many"]),
        ("training.learning_rate=nan", "training.learning_rate", ["nan"]),
        ("training.learning_rate=0", "training.learning_rate", ["greater than 0"]),
        ("training.device=tpu", "training.device", ["'cpu'", "'tpu'"]),
        ("training.seed=-1", "training.seed", ["-1"]),
        ("model.hidden=[0]", "model.hidden.0", ["greater than or equal to 1"]),
        ("model.hidden=300", "model.hidden", ["300"]),
        ("model.latent_dim=513", "model.latent_dim", ["512", "513"]),
        ("objective.beta=-1", "objective.beta", ["greater than or equal to 0"]),
    ],
)
def test_bad_values_are_named_by_their_key(file, setting, key, words):
    found = problems(file, setting)
    assert list(found) == [key]
    assert all(word in found[key] for word in words), found


def test_every_problem_is_listed_at_once(file):
    found = problems(file, "training.epochs=0", "model.latentdim=2", "data.kind=digit")
    assert set(found) == {"training.epochs", "model.latentdim", "data.kind"}
    with pytest.raises(RecipeError) as caught:
        read_recipe(file, ["training.epochs=0", "model.latentdim=2"])
    assert len(str(caught.value).splitlines()) == 2


@pytest.mark.parametrize(
    "content", [b"[model\nkind = 1", b"kind = ", b"\xff\xfe\x00binary", b"\x89PNG\r\n"]
)
def test_a_file_that_is_not_toml_is_named(tmp_path, content):
    path = tmp_path / "broken.toml"
    path.write_bytes(content)
    assert problems(path)[str(path)].startswith("is not TOML")


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    missing = tmp_path / "none.toml"
    assert problems(missing) == {str(missing): "cannot be read (No such file or directory)"}
    assert "cannot be read" in problems(tmp_path)[str(tmp_path)]


@pytest.mark.parametrize("table", ["model = 3", "training = 'fast'", "data = [1]"])
def test_a_value_in_the_place_of_a_table_is_refused(tmp_path, table):
    path = tmp_path / "flat.toml"
    path.write_text(table, encoding="utf-8")
    (key,) = problems(path)
    assert key.split(".")[0] == table.split()[0]


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"model": "cvae"},
        {"data": {"kind": "mnist", "root": "/some where/ü"}},
        {"model": {"likelihood": {"kind": "gaussian", "sigma": 0.25}, "hidden": []}},
        {"objective": {"beta": 0.1, "schedule": {"kind": "linear", "epochs": 2.5}}},
        {"training": {"epochs": 7, "learning_rate": 1e-5, "seed": 2**31 - 1, "precision": "fp32"}},
    ],
)
def test_a_recipe_written_and_read_is_the_same(tmp_path, values):
    recipe = make_recipe(values)
    path = tmp_path / "again.toml"
    path.write_text(recipe.to_toml(), encoding="utf-8")
    assert read_recipe(path) == recipe
    assert make_recipe(recipe.to_dict()) == recipe


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le"])
def test_a_recipe_is_read_as_windows_programs_save_it(tmp_path, encoding):
    path = tmp_path / "recipe.toml"
    path.write_bytes(SHORT.replace("\n", "\r\n").encode(encoding))
    assert read_recipe(path).training.epochs == 3


@pytest.mark.parametrize("root", ["C:\\Users\\me", "C:\\temp\\new", "\\\\server\\pics", "D:\\fax"])
def test_backslashes_in_a_path_are_told_with_what_to_write_instead(tmp_path, root):
    """Some are no TOML, and some are, but of another path: one with a tab in it."""
    path = tmp_path / "recipe.toml"
    path.write_text(f'[data]\nkind = "mnist"\nroot = "{root}"\n', encoding="utf-8")
    (found,) = problems(path).values()
    assert found.endswith("write the path between single quotes, or with /")
    path.write_text(f"[data]\nkind = 'mnist'\nroot = '{root}'\n", encoding="utf-8")
    assert str(read_recipe(path).data.root) == root


@pytest.mark.parametrize(
    "text", ["a = " + "[" * 9_000, "a = " + "9" * 5_000, "a = 2026-13-45", "a = {b = 1"]
)
def test_toml_that_trips_its_reader_is_refused_like_any_other(tmp_path, text):
    path = tmp_path / "recipe.toml"
    path.write_text(text, encoding="utf-8")
    assert problems(path)[str(path)].startswith("is not TOML: ")
    path.write_text(SHORT, encoding="utf-8")
    value = text.removeprefix("a = ")
    (key,) = problems(path, f"training.epochs={value}")
    assert key == "training.epochs"


def test_a_setting_below_the_bare_name_of_a_kind(tmp_path):
    path = tmp_path / "recipe.toml"
    path.write_text('model = "cvae"', encoding="utf-8")
    recipe = read_recipe(path, ["model.latent_dim=3"])
    assert (recipe.model.kind, recipe.model.latent_dim) == ("cvae", 3)


@pytest.mark.parametrize("settings", [["data.root="], ['data.root=""'], ["data.root= "]])
def test_an_empty_path_is_not_the_present_folder(file, settings):
    assert list(problems(file, "data.kind=mnist", *settings)) == ["data.root"]
    assert list(problems(file, "data.kind=folder", *settings)) == ["data.root"]


def test_a_run_folder_in_place_of_its_recipe_is_told(tmp_path):
    (tmp_path / "recipe.toml").touch()
    assert f"--resume {tmp_path}" in problems(tmp_path)[str(tmp_path)]


# Of another version


@pytest.mark.parametrize("version", ["99.0", "99", "1000.2.3rc1"])
def test_what_a_newer_version_wrote_and_this_one_does_not_know_says_so(file, version):
    file.write_text(f'latentlab = "{version}"\n{SHORT}wings = 2\n', encoding="utf-8")
    found = problems(file)
    assert set(found) == {"training.wings", "latentlab"}
    assert f"made by latentlab {version}, newer than this one ({__version__})" in found["latentlab"]
    assert "update" in found["latentlab"]


def test_what_a_newer_version_wrote_is_read_where_it_can_be(file):
    file.write_text(f'latentlab = "99.0"\n{SHORT}', encoding="utf-8")
    assert read_recipe(file).training.epochs == 3


@pytest.mark.parametrize("version", ["0.0.1", __version__, "unknown", ""])
def test_a_mistake_in_a_recipe_of_this_version_is_only_that(file, version):
    file.write_text(f'latentlab = "{version}"\n{SHORT}wings = 2\n', encoding="utf-8")
    assert set(problems(file)) == {"training.wings"}


def test_a_recipe_says_which_version_wrote_it():
    assert f'latentlab = "{__version__}"' in make_recipe({}).to_toml()


# Changed


def test_a_changed_recipe_is_another():
    recipe = make_recipe({})
    changed = recipe.changed("objective.schedule.kind", "linear").changed("objective.beta", 3)
    assert (changed.objective.beta, changed.objective.schedule.kind) == (3.0, "linear")
    assert recipe == make_recipe({})


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("objective.betta", 3, "unknown key"),
        ("objective.beta", -3, "greater than or equal to 0"),
        ("objective.beta.more", 3, "beta is a value, not a table"),
        ("nonsense", 3, "unknown key"),
        ("", 3, "unknown key"),
    ],
)
def test_a_change_that_cannot_be_is_refused_by_its_key(key, value, words):
    with pytest.raises(RecipeError) as caught:
        make_recipe({}).changed(key, value)
    assert list(caught.value.problems) == [key]
    assert words in caught.value.problems[key]


def linear_shapes(network):
    return [tuple(w.shape) for name, w in network.state_dict().items() if name.endswith("weight")]


@pytest.mark.parametrize(
    ("name", "shapes", "epochs"),
    [
        ("cvae-mnist", [(400, 794), (40, 400), (400, 30), (784, 400)], 100),
        ("vae-16d-mnist", [(256, 784), (32, 256), (256, 16), (784, 256)], 30),
        (
            "vae-2d-mnist",
            [(512, 784), (256, 512), (4, 256), (256, 2), (512, 256), (784, 512)],
            30,
        ),
    ],
)
def test_shipped_recipes_have_the_sizes_of_their_architectures(name, shapes, epochs):
    recipe = read_recipe(TRAINING / f"{name}.toml")
    assert linear_shapes(recipe.model.build(MNIST)) == shapes
    assert recipe.model.likelihood.kind == "bernoulli"
    assert recipe.data.kind == "mnist"
    assert (recipe.objective.beta, recipe.training.epochs) == (1.0, epochs)
    annealed = name == "vae-16d-mnist"
    assert recipe.objective.schedule.kind == ("linear" if annealed else "constant")


def test_the_recipe_with_a_variance_per_pixel_has_two_latents_and_one():
    recipe = read_recipe(TRAINING / "vae-per-pixel-mnist.toml")
    assert (recipe.data.kind, recipe.model.latent_dim) == ("mnist", 2)
    assert recipe.model.likelihood.kind == "gaussian-per-pixel"
    shapes = linear_shapes(recipe.model.build(MNIST))
    assert shapes[-1][0] == 2 * 784, "a mean and a deviation of each pixel"


NETWORKS = {
    "faces-celeba-reference": ("celeba", "gaussian", (3, 64, 64), 2_957_251),
    "faces-celeba": ("celeba", "gaussian-learned", (3, 64, 64), 1_835_028),
    "faces": ("synthetic-faces", "gaussian", (3, 64, 64), 1_245_011),
    "sprites": ("sprites", "bernoulli", (1, 64, 64), 293_773),
    "fashion-conv": ("fashion-mnist", "bernoulli", (1, 28, 28), 310_257),
    "ladder": ("mnist", "bernoulli", (1, 28, 28), 1_138_336),
    "vq-digits": ("mnist", "bernoulli", (1, 28, 28), 634_553),
    "vq-faces": ("celeba", "gaussian-learned", (3, 64, 64), 206_172),
}
"""Data, likelihood, image shape and number of weights of each recipe."""


@pytest.mark.parametrize("name", NETWORKS)
def test_other_shipped_recipes_build_what_they_say(name):
    data, likelihood, shape, weights = NETWORKS[name]
    recipe = read_recipe(TRAINING / f"{name}.toml")
    assert (recipe.data.kind, recipe.model.likelihood.kind) == (data, likelihood)
    model = recipe.model.build(ImageSpec(shape, MNIST.class_names))
    assert sum(each.numel() for each in model.parameters()) == weights


BOUNDS_AND_PRIORS = {
    "prior-mixture": ("mixture", "gaussian", "elbo", "none"),
    "prior-vamp": ("vamp", "gaussian", "elbo", "none"),
    "prior-flow": ("flow", "gaussian", "elbo", "none"),
    "posterior-flow": ("standard", "flow", "elbo", "none"),
    "iwae": ("standard", "gaussian", "iwae", "none"),
    "rae": ("standard", "deterministic", "rae", "decoder-norm"),
}
"""Prior, posterior, objective and further term of each recipe, of which only these differ."""


@pytest.mark.parametrize("name", BOUNDS_AND_PRIORS)
def test_recipes_of_bounds_and_priors_change_one_thing_of_the_same_network(name):
    recipe, plain = (read_recipe(TRAINING / f"{each}.toml") for each in (name, "vae-16d-mnist"))
    kinds = (recipe.model.prior.kind, recipe.model.posterior.kind, recipe.objective.kind)
    assert (*kinds, recipe.objective.extra.kind) == BOUNDS_AND_PRIORS[name]
    assert (recipe.model.hidden, recipe.model.latent_dim) == ((256,), 16)
    assert (recipe.data, recipe.training) == (plain.data, plain.training)
    model = recipe.model.build(MNIST)
    recipe.objective.check(model)
    sizes = [shape for shape in linear_shapes(model.decoder) if shape]
    assert sizes == [(256, 16), (784, 256)]


DISENTANGLING = {
    "beta-tc-sprites": "total_correlation",
    "factor-sprites": "factor",
    "dip-sprites": "covariance",
}
MATCHING = {"wae-mmd": "mmd", "aae": "adversarial"}
BINARIZED = {
    "static-mnist": ("static", [(400, 784), (80, 400), (400, 40), (784, 400)], "ReLU", 100),
    "dynamic-mnist": (
        "dynamic",
        [(200, 784), (200, 200), (100, 200), (200, 50), (200, 200), (784, 200)],
        "Tanh",
        20,
    ),
}
"""How the images are binarized, sizes, activation and batch size of each recipe."""


@pytest.mark.parametrize("name", DISENTANGLING)
def test_recipes_that_disentangle_change_the_term_only(name):
    recipe, plain = (read_recipe(TRAINING / f"{each}.toml") for each in (name, "sprites"))
    assert recipe.objective.extra.kind == DISENTANGLING[name]
    assert (recipe.model, recipe.data) == (plain.model, plain.data)
    assert (recipe.training, recipe.objective.beta) == (plain.training, 1.0)
    recipe.objective.check(recipe.model.build(ImageSpec((1, 64, 64))))


@pytest.mark.parametrize("name", MATCHING)
def test_recipes_that_match_codes_to_the_prior_have_no_kl(name):
    recipe, other = (read_recipe(TRAINING / f"{each}.toml") for each in (name, "aae"))
    assert recipe.objective.extra.kind == MATCHING[name]
    assert (recipe.objective.beta, recipe.training.optimizer.beta1) == (0, 0.5)
    assert (recipe.model, recipe.data, recipe.training) == (other.model, other.data, other.training)
    recipe.objective.check(recipe.model.build(MNIST))


@pytest.mark.parametrize("name", BINARIZED)
def test_recipes_of_binarized_digits_are_those_of_the_papers(name):
    how, shapes, activation, batch_size = BINARIZED[name]
    recipe = read_recipe(TRAINING / f"{name}.toml")
    assert (recipe.data.kind, recipe.data.binarize) == ("mnist", how)
    model = recipe.model.build(MNIST)
    assert linear_shapes(model) == shapes
    assert any(type(layer).__name__ == activation for layer in model.modules())
    assert (recipe.training.batch_size, recipe.training.optimizer.kind) == (batch_size, "adam")
    assert (recipe.objective.beta, recipe.model.likelihood.kind) == (1.0, "bernoulli")


def test_the_recipe_with_a_prior_of_each_class_is_the_same_network_given_the_class():
    recipe, other = (
        read_recipe(TRAINING / f"{each}.toml") for each in ("prior-conditional", "prior-mixture")
    )
    assert (recipe.model.kind, recipe.model.prior.kind) == ("cvae", "conditional")
    assert (recipe.data, recipe.training) == (other.data, other.training)
    assert recipe.objective == other.objective
    model = recipe.model.build(MNIST)
    assert linear_shapes(model) == [(32, 10), (256, 794), (32, 256), (256, 26), (784, 256)]


def test_no_recipe_ships_untested():
    assert {path.stem for path in TRAINING.glob("*.toml")} == {
        *NETWORKS,
        *BOUNDS_AND_PRIORS,
        *DISENTANGLING,
        *MATCHING,
        *BINARIZED,
        "cvae-mnist",
        "prior-conditional",
        "vae-16d-mnist",
        "vae-2d-mnist",
        "vae-per-pixel-mnist",
    }


def test_people_read_titles_of_models_and_data_sets():
    recipe = {"model": {"kind": "conv-vae", "latent_dim": 32}, "data": "fashion-mnist"}
    make_recipe(recipe)
    assert recipe_title(recipe) == "Convolutional VAE 32-D · Fashion-MNIST"
