"""A model with two conditions, trained and used through the public API and the command line."""

import json
import sys
from dataclasses import replace

import numpy as np
import pytest

import latentlab
from latentlab import cli
from latentlab.config import parse
from latentlab.data.condition import Condition
from latentlab.data.data_set import DATA
from latentlab.errors import LatentlabError, RecipeError
from latentlab.explorer.answer import answer, find_answers
from latentlab.explorer.bookmarks import read_bookmarks, write_bookmarks
from latentlab.explorer.comparison import ModelB, compare_point, open_model_b
from latentlab.explorer.data.other_data import show_data
from latentlab.explorer.explorer import Explorer
from latentlab.explorer.files.synthetic import SaveDataset
from latentlab.runs.model_export import ModelSource
from latentlab.runs.portraits import preview_epochs, read_epoch_preview
from latentlab.runs.recorder import resume
from latentlab.session.comparison import image_incompatibility, point_incompatibility
from latentlab.session.interpolation import Bookmark
from latentlab.session.model import FetchPseudoInputs
from latentlab.session.points import SampleSettings
from latentlab.session.tour import PlanTour
from latentlab.work import finish

find_answers()
RECIPE = {
    "model": {"kind": "cvae", "hidden": [32], "latent_dim": 2, "likelihood": "bernoulli"},
    "data": {
        "kind": "sprites",
        "count": 300,
        "size": 32,
        "conditions": ["shape: classes", "scale"],
    },
    "training": {"epochs": 25, "batch_size": 30, "device": "cpu", "precision": "fp32"},
}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("conditions") / "run"
    latentlab.fit(RECIPE, folder=folder)
    return folder


@pytest.fixture
def model(run):
    return latentlab.load(run)


def test_the_model_learns_what_the_conditions_mean(model):
    """A larger scale draws a larger shape."""
    z = model.draw(30, seed=1)
    small, large = (model.decode(z, {"shape": "0", "scale": scale}) for scale in (0.55, 0.95))
    assert large.sum() > 1.3 * small.sum()
    shapes = [model.decode(z[:1], {"shape": name, "scale": 0.9}) for name in "012"]
    assert all(not np.array_equal(shapes[0], each) for each in shapes[1:])


def test_all_forms_of_labels_are_equal(model):
    z = model.draw(3)
    first = model.decode(z, {"shape": "2", "scale": 0.75})
    for same in (
        "shape=2, scale=0.75",
        (2, 0.75),
        [("2", 0.75)],
        [[2, 0.75]] * 3,
        {"shape": [2, 2, 2], "scale": 0.75},
    ):
        assert np.array_equal(model.decode(z, same), first)


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (None, "needs a label. Such as: shape=0, scale="),
        ({"shape": "0"}, "has no scale"),
        ({"shape": "0", "size": 1}, "no condition size"),
        ({"shape": ["0", "1"], "scale": 0.6}, "2 labels for 3 images"),
        ({"shape": ["0", "1"], "scale": [0.6, 0.7, 0.8]}, "shape has 2 values"),
        (3, "1 values for 2 conditions"),
    ],
)
def test_labels_that_do_not_fit_are_refused(model, labels, words):
    with pytest.raises(LatentlabError, match=words):
        model.decode(model.draw(3), labels)


def test_images_are_encoded_with_their_conditions(model):
    images = model.explorer.images[:4]
    x = np.asarray(images.images[:])[:, 0]
    mu, _ = model.encode(x, images.y)
    assert np.allclose(mu, model.explorer.codes.mu[:4], atol=1e-5)
    other, _ = model.encode(x, {"shape": "0", "scale": 0.5})
    assert not np.allclose(mu, other)


def test_a_path_changes_numbers_evenly(model):
    labels = [(0, 0.5), (1, 1.0)]
    _, found = model.path([0, 0], [1, 1], 5, labels=labels)
    assert np.allclose(found[:, 1], [0.5, 0.625, 0.75, 0.875, 1])
    assert found[:, 0].tolist() == [0, 0, 0, 1, 1]


def test_samples_and_scores_work_with_conditions(model):
    samples = model.sample(6, seed=3)
    shape, scale = model.spec.conditions
    assert np.array_equal(samples[4], model.decode(model.draw(6, seed=3), (1, scale.mean))[4])
    assert shape.classes == ("0", "1", "2")
    images = model.explorer.images[:3]
    scores = model.score(np.asarray(images.images[:])[:, 0], images.y, draws=2)
    assert np.isfinite(scores.elbo).all()
    assert model.manifold(3, label={"shape": 1, "scale": 0.7}).shape[:2] == (3, 3)
    assert "scale" in str(latentlab.info(model.folder))


def test_other_images_need_the_conditions(model, tmp_path):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 255, (12, 32, 32), np.uint8)
    np.savez(tmp_path / "a.npz", images=images, shape=np.arange(12) % 3, scale=rng.random(12))
    assert len(model.codes(tmp_path / "a.npz")) == 12
    np.savez(tmp_path / "b.npz", images=images, shape=np.arange(12) % 3)
    with pytest.raises(LatentlabError, match="needs scale for each image"):
        model.codes(tmp_path / "b.npz")


def test_points_of_the_explorer_carry_the_conditions(run):
    explorer = Explorer()
    card = explorer.open(run)
    point = explorer.original(5).point
    assert point.label == tuple(explorer.images.y[5].tolist())
    assert card.owns(point)
    drawn = explorer.draw(SampleSettings(0, (2.0, 0.75), 4))
    assert {each.label for each in drawn} == {(2.0, 0.75)}
    assert len({each.label for each in explorer.draw(SampleSettings(0, None, 9))}) == 3


def test_the_mean_of_a_class_has_the_conditions_of_its_images(run):
    explorer = Explorer()
    explorer.open(run)
    codes = explorer.codes
    rows = codes.labels == 1
    point = explorer.card.mean_of(codes, 1)
    np.testing.assert_allclose(point.z, codes.mu[rows].mean(0), rtol=1e-5)
    shape, scale = point.label
    assert shape == 1, "all images of the class have this shape"
    assert scale == pytest.approx(codes.attributes.column("scale")[rows].mean(), rel=1e-5)


def test_replay_has_the_classes_of_its_codes(run):
    preview = read_epoch_preview(run, preview_epochs(run)[-1])
    classes = latentlab.load(run).explorer.images.labels[: len(preview.mu)]
    np.testing.assert_array_equal(preview.labels, classes)


def test_a_resumed_run_keeps_the_conditions(run, tmp_path):
    brief = {**RECIPE, "training": {**RECIPE["training"], "epochs": 1}}
    latentlab.fit(brief, folder=tmp_path / "run")
    model = latentlab.load(tmp_path / "run")
    for _ in resume(tmp_path / "run", epochs=2):
        pass
    again = latentlab.load(tmp_path / "run")
    assert again.card.epoch == 2
    assert again.spec == model.spec


def test_a_data_set_has_a_folder_per_combination(run, tmp_path):
    explorer = Explorer()
    explorer.open(run)
    finish(answer(SaveDataset(tmp_path / "made", 2, 0), explorer))
    assert len([each for each in (tmp_path / "made").iterdir() if each.is_dir()]) == 3


def test_bookmarks_keep_the_conditions(run, tmp_path):
    explorer = Explorer()
    card = explorer.open(run)
    point = card.point((0.5, 1.0), (1.0, 0.1 + 0.7))
    marks = (Bookmark(point, "here", np.zeros((1, 1), np.uint8)),)
    write_bookmarks(tmp_path / "b.json", card, marks)
    assert read_bookmarks(tmp_path / "b.json", card) == [(point, "here")]


def test_the_run_can_be_compared_with_itself_and_not_with_a_model_of_one_class(run, cvae_run):
    explorer = Explorer()
    card = explorer.open(run)
    assert not open_model_b(explorer, run).problem
    point = explorer.original(3).point
    pair = compare_point(explorer, explorer.second, point, point.label)
    assert pair.difference == 0
    digits = ModelB(cvae_run).card
    assert "B is given shape, scale" in point_incompatibility(digits, card)
    same_size = replace(digits, spec=replace(digits.spec, shape=card.spec.shape))
    assert "conditions are not those of A" in image_incompatibility(same_size, card)


def test_the_report_of_a_run_with_conditions(model, tmp_path):

    assert model.report(tmp_path / "report.html").stat().st_size > 10_000
    assert "given shape, scale" in repr(model)


def test_other_images_are_shown_with_their_conditions(run):
    explorer = Explorer()
    explorer.open(run)
    config = parse(DATA.kinds()["sprites"], {"count": 20, "size": 32, "seed": 5})
    finish(show_data(explorer, config, together=True))
    assert explorer.images.y.shape == (len(explorer.images), 2)
    assert explorer.original(len(explorer.images) - 1).point.label[1] >= 0.5


def test_onnx_is_refused_and_safetensors_describe_the_conditions(model, tmp_path):
    with pytest.raises(LatentlabError, match="takes other conditions"):
        model.export(tmp_path / "decoder.onnx")
    source = ModelSource.of(model.name, model.recipe, model.spec, model.network)
    assert ModelSource.from_files(source.to_files()).spec == model.spec
    stored = json.loads(source.metadata()["conditions"])
    assert tuple(map(Condition.of, stored)) == model.spec.conditions


def test_arrays_bring_attributes_by_name(tmp_path):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 255, (40, 8, 8), np.uint8)
    known = {"age": rng.uniform(18, 67, 40), "sex": np.array(["female", "male"] * 20)}
    recipe = {**RECIPE, "data": {"conditions": ["age: 30 50", "sex"]}}
    recipe["training"] = {**RECIPE["training"], "epochs": 1}
    latentlab.fit(recipe, images, known, folder=tmp_path / "run")
    model = latentlab.load(tmp_path / "run")
    assert [len(each.classes) for each in model.spec.conditions] == [3, 2]
    assert model.sample(2, {"age": "age under 30", "sex": "male"}).shape == (2, 8, 8)
    wrong = {**recipe, "data": {"conditions": ["height"]}}
    with pytest.raises(LatentlabError, match=r"no attribute 'height'\. There are age, sex"):
        latentlab.fit(wrong, images, known, folder=tmp_path / "other")


def test_an_unconditional_model_refuses_conditions(tmp_path):
    vae = {**RECIPE, "model": {**RECIPE["model"], "kind": "vae"}}
    with pytest.raises(RecipeError, match=r"data\.conditions"):
        latentlab.fit(vae, folder=tmp_path / "run")


def test_the_command_line_takes_conditions(run, tmp_path, monkeypatch, capsys):
    def command(*words):
        monkeypatch.setattr(sys, "argv", ["latentlab", *map(str, words)])
        return cli.run(), capsys.readouterr().err

    out = tmp_path / "samples.png"
    status, said = command("sample", run, "--out", out, "--label", "shape=1, scale=0.8")
    assert (status, said, out.exists()) == (0, "", True)
    status, said = command("manifold", run, "--out", out, "--label", "shape=7, scale=0.8")
    assert status
    assert "shape cannot be '7'" in said


def test_conditions_without_values_are_refused(model):
    with pytest.raises(LatentlabError, match="shape has no values"):
        model.decode(model.draw(2), {"shape": [], "scale": []})


def test_a_tour_through_classes_has_the_conditions_of_each(run):
    explorer = Explorer()
    explorer.open(run)
    path = finish(answer(PlanTour(explorer.card.point([0, 0])), explorer))
    found = {path.a.label, path.b.label, *(key.point.label for key in path.keys)}
    assert found == {explorer.card.mean_of(explorer.codes, each).label for each in range(3)}
    assert len(found) == 3


def test_pseudo_inputs_have_their_conditions(tmp_path):
    prior = {"kind": "vamp", "pseudo_inputs": 6}
    brief = {**RECIPE["training"], "epochs": 1}
    recipe = {**RECIPE, "model": {**RECIPE["model"], "prior": prior}, "training": brief}
    latentlab.fit(recipe, folder=tmp_path / "run")
    explorer = Explorer()
    explorer.open(tmp_path / "run")
    tiles = answer(FetchPseudoInputs(), explorer)
    _, labels = explorer.model.pseudo_inputs()
    assert [point.label for point in tiles.points] == [tuple(row) for row in labels.tolist()]
    assert len({point.label for point in tiles.points}) > 1
