"""The public Python API: numpy arrays in, numpy arrays out."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image

import latentlab
from latentlab.api.files import write_samples
from latentlab.api.metrics import given_images
from latentlab.data.binarize import binarize
from latentlab.learning.events import EpochEnd, Started, Step

TINY = {
    "model": {"kind": "vae", "hidden": [16], "latent_dim": 2},
    "training": {"epochs": 2, "batch_size": 50, "device": "cpu"},
}


@pytest.fixture(scope="module")
def digits():
    return latentlab.load("digits-2d")


@pytest.fixture(scope="module")
def cvae():
    return latentlab.load("digits-cvae")


def pictures(count=60, shape=(8, 8)):
    return np.random.default_rng(0).integers(0, 256, (count, *shape), np.uint8)


def test_import_is_cheap_and_says_what_there_is():
    code = (
        "import sys, latentlab; names = dir(latentlab); "
        "assert 'load' in names and 'fit' in names; "
        "assert not {'torch', 'numpy', 'PySide6', 'pydantic'} & {*sys.modules}; "
        "assert latentlab.runs() == (); import latentlab.runs.library; "
        "assert latentlab.runs() == ()"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
    with pytest.raises(AttributeError, match="no attribute 'nosuch'"):
        _ = latentlab.nosuch
    for name in latentlab.__all__:
        assert getattr(latentlab, name)


def test_encode_and_decode_agree_with_the_network(digits):
    x = digits.sample(5, seed=3)
    assert (x.shape, x.dtype) == ((5, 28, 28), np.float32)
    mu, sigma = digits.encode(x)
    with torch.inference_mode():
        q = digits.network.encode(torch.from_numpy(x[:, None]))
        p = digits.network.decode(q.mean)
    np.testing.assert_allclose(mu, q.mean, atol=1e-6)
    np.testing.assert_allclose(sigma, q.stddev, atol=1e-6)
    np.testing.assert_allclose(digits.decode(mu), p.mean[:, 0], atol=1e-6)
    np.testing.assert_allclose(digits.reconstruct(x), p.mean[:, 0], atol=1e-6)


def test_images_are_taken_in_every_usual_shape_and_range(digits):
    x = digits.sample(3, seed=1)
    mu, _ = digits.encode(x)
    for same in (x[:, None], x[..., None], x.reshape(3, -1), torch.from_numpy(x), list(x)):
        np.testing.assert_allclose(digits.encode(same)[0], mu, atol=1e-6)
    assert digits.encode(x[0])[0].shape == (1, 2)
    as_bytes = np.rint(x * 255).astype(np.uint8)
    np.testing.assert_allclose(
        digits.encode(as_bytes)[0], digits.encode(as_bytes / 255)[0], atol=1e-6
    )
    np.testing.assert_allclose(
        digits.encode(as_bytes.astype(np.int64))[0], digits.encode(as_bytes)[0], atol=1e-6
    )


@pytest.mark.parametrize(
    ("images", "told"),
    [
        (np.zeros((2, 27, 28)), "N×28×28"),
        (np.full((1, 28, 28), 200.0), "images / 255"),
        (np.full((1, 28, 28), -0.5), r"\(images \+ 1\) / 2"),
        (np.full((1, 28, 28), np.nan), "not finite"),
        (np.full((1, 28, 28), 60_000, np.uint16), "Divide"),
        (np.full((1, 28, 28), "a"), "not numbers"),
        (np.eye(28, dtype=np.uint8)[None], "only 0 and 1"),
        (np.eye(28, dtype=int)[None], "only 0 and 1"),
    ],
)
def test_images_that_do_not_fit_are_refused_with_advice(digits, images, told):
    with pytest.raises(latentlab.LatentlabError, match=told):
        digits.encode(images)


def test_labels_are_names_numbers_or_one_for_all(cvae):
    z = cvae.draw(4, seed=0)
    seven = cvae.decode(z, "7")
    for labels in (7, [7] * 4, ["7"] * 4, np.full(4, 7)):
        np.testing.assert_array_equal(cvae.decode(z, labels), seven)
    assert not np.array_equal(cvae.decode(z, [0, 1, 2, 3]), seven)
    for labels, told in ((None, "needs a class label"), (12, "no class 12"), ([1, 2], "2 labels")):
        with pytest.raises(latentlab.LatentlabError, match=told):
            cvae.decode(z, labels)


def test_points_that_do_not_fit_are_refused(digits):
    for z in (np.zeros((2, 3)), np.full((1, 2), np.inf), np.zeros((1, 1, 2))):
        with pytest.raises(latentlab.LatentlabError):
            digits.decode(z)


def test_samples_depend_on_seed_and_prior(digits):
    a, b, c = (digits.sample(6, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(a, b)
    assert not np.array_equal(a, c)
    z = digits.draw(4000, prior="mixture", seed=1)
    codes = digits.codes()
    np.testing.assert_allclose(z.mean(0), codes.mu.mean(0), atol=0.1)
    np.testing.assert_allclose(
        z.std(0), np.sqrt(codes.mu.var(0) + np.square(codes.sigma).mean(0)), rtol=0.1
    )
    with pytest.raises(latentlab.LatentlabError, match="standard or mixture"):
        digits.draw(1, prior="normal")
    with pytest.raises(latentlab.LatentlabError, match="-1 points"):
        digits.sample(-1)


def test_manifold_is_what_its_points_decode_to(digits, cvae):
    grid = digits.manifold(5, 2.0)
    assert grid.shape == (5, 5, 28, 28)
    np.testing.assert_allclose(grid[0, 4], digits.decode([2, 2])[0], atol=1e-6)
    np.testing.assert_allclose(grid[2, 2], digits.decode([0, 0])[0], atol=1e-6)
    center = np.arange(20) / 20
    other = cvae.manifold(3, 1.0, dimensions=(4, 2), center=center, label=3)
    z = center.copy()
    z[[4, 2]] = 1, -1
    np.testing.assert_allclose(other[2, 2], cvae.decode(z, 3)[0], atol=1e-5)
    for wrong in ({"dimensions": (1, 1)}, {"dimensions": (0, 2)}, {"spacing": "log"}):
        with pytest.raises(latentlab.LatentlabError):
            digits.manifold(3, **wrong)


def test_paths_begin_and_end_where_they_should(digits, cvae):
    for path in ("straight", "spherical", "data", "geodesic"):
        images = digits.interpolate([1, 1], [-1, 2], 5, path=path)
        np.testing.assert_allclose(images[0], digits.decode([1, 1])[0], atol=1e-5)
        np.testing.assert_allclose(images[-1], digits.decode([-1, 2])[0], atol=1e-5)
    z, labels = cvae.path("3", "8", 4)
    assert labels.tolist() == [3, 3, 8, 8]
    np.testing.assert_allclose(z[0], cvae.find("3")[0], atol=1e-6)
    with pytest.raises(latentlab.LatentlabError, match="no path 'round'"):
        digits.interpolate([0, 0], [1, 1], path="round")


def test_scores_are_those_of_the_explorer(digits):
    images = digits.explorer.images[:6]
    scores = digits.score(images.images, draws=20)
    assert scores.elbo.shape == (6,)
    assert (scores.elbo > scores.rate).all()
    noise = np.random.default_rng(0).random((2, 28, 28))
    assert digits.score(noise, draws=20).elbo.min() > scores.elbo.max()


def test_codes_name_what_is_known_of_every_image(vae_run, tmp_path):
    table = latentlab.load(vae_run).codes()
    columns = table.columns()
    assert len(table) == 5000
    assert [*columns][:5] == ["row", "part", "label", "z1", "z2"]
    assert {*columns["part"]} == {"train", "validation"}
    text = table.save(tmp_path / "codes.csv").read_text().splitlines()
    assert text[0] == "row,part,label,z1,z2,sigma1,sigma2"
    assert len(text) == 5001
    assert float(text[1].split(",")[3]) == pytest.approx(table.mu[0, 0], rel=1e-5)


def test_other_data_is_encoded(digits, tmp_path):
    for i, name in enumerate(("a", "b", "a", "b")):
        (tmp_path / name).mkdir(exist_ok=True)
        Image.new("L", (40, 40), 60 * i).save(tmp_path / name / f"{i}.png")
    table = digits.codes(tmp_path)
    assert sorted(table.files) == ["a/0.png", "a/2.png", "b/1.png", "b/3.png"]
    assert table.class_names == ("a", "b")
    row = table.files.tolist().index("b/3.png")
    np.testing.assert_allclose(
        table.mu[row], digits.encode(np.full((28, 28), 180, np.uint8))[0][0], atol=1e-5
    )


def test_a_model_shows_itself_in_a_notebook(cvae):
    assert "digits-cvae" in repr(cvae)
    shown = cvae._repr_html_()
    assert shown.count("data:image/png;base64,") == 1


# Training


def test_arrays_are_trained_on_and_kept_with_the_run(tmp_path):
    images, labels = pictures(), np.array(["cat", "dog"] * 30)
    seen = []
    run = latentlab.fit(
        {**TINY, "model": {**TINY["model"], "kind": "cvae"}},
        images,
        labels,
        folder=tmp_path / "run",
        callback=seen.append,
    )
    assert run.folder == tmp_path / "run"
    assert sum(isinstance(event, EpochEnd) for event in seen) == 2
    assert run.history["epoch"].tolist() == [1, 2]
    last = [event for event in seen if isinstance(event, EpochEnd)][-1]
    assert run.history["validation_loss"][-1] == pytest.approx(last.validation["loss"])
    assert run.model.spec.class_names == ("cat", "dog")
    assert run.best.latent_dim == 2
    (tmp_path / "run").rename(tmp_path / "moved")
    moved = latentlab.load(tmp_path / "moved")
    known = {image.tobytes(): label for image, label in zip(images, labels, strict=True)}
    shown = moved.explorer.images
    for row in range(60):
        name = shown.spec.class_names[shown.labels[row]]
        assert known[np.asarray(shown.images[row]).tobytes()] == name
    with pytest.raises(latentlab.LatentlabError, match="already holds a run"):
        latentlab.fit(TINY, images, folder=tmp_path / "moved")


def test_a_callback_can_stop_the_training_and_what_was_learned_is_kept(tmp_path):
    run = latentlab.fit(
        TINY,
        pictures(),
        folder=tmp_path / "run",
        callback=lambda event: not (isinstance(event, Step) and event.step == 2),
    )
    assert run.model.latent_dim == 2
    assert run.history["epoch"].size < 2


def test_training_is_iterated(tmp_path):
    class Data(torch.utils.data.Dataset):
        classes = ("zero", "one")

        def __len__(self):
            return 40

        def __getitem__(self, i):
            return torch.full((3, 6, 5), i / 40), i % 2

    events = [*latentlab.iter_fit(TINY, Data(), folder=tmp_path / "run")]
    assert sum(isinstance(event, Started) for event in events) == 1
    spec = latentlab.load(tmp_path / "run").spec
    assert (spec.shape, spec.class_names) == ((3, 6, 5), ("zero", "one"))


def test_a_folder_and_a_recipe_file_are_trained_on(tmp_path, own_place):
    for i in range(12):
        Image.new("RGB", (9, 9), (20 * i, 0, 0)).save(tmp_path / f"{i}.png")
    (tmp_path / "r.toml").write_text(
        '[model]\nhidden = [8]\nlatent_dim = 2\n[training]\nepochs = 1\ndevice = "cpu"\n'
    )
    assert latentlab.runs() == ()
    run = latentlab.fit(tmp_path / "r.toml", tmp_path)
    assert run.folder.parent == own_place / "runs"
    assert run.model.spec.shape == (3, 64, 64)
    assert [each.folder for each in latentlab.runs()] == [run.folder]
    assert latentlab.load(run.folder.name).latent_dim == 2


def test_what_cannot_be_trained_leaves_nothing(tmp_path):
    several = {**TINY, "training": {"seeds": 2}}
    for recipe, images, labels in (
        (TINY, pictures(1), None),
        (TINY, pictures(), [1, 2]),
        (TINY, None, [1]),
        (several, pictures(), None),
        ({"model": "nosuch"}, pictures(), None),
    ):
        with pytest.raises(latentlab.LatentlabError):
            latentlab.fit(recipe, images, labels, folder=tmp_path / "run")
        assert not (tmp_path / "run").exists()


@pytest.fixture(scope="module")
def odd_names(tmp_path_factory):
    """Model whose class names are numbers, but not their own indices."""
    folder = tmp_path_factory.mktemp("odd")
    values = {"model": {"kind": "cvae", "hidden": [8], "latent_dim": 2}, "training": {"epochs": 1}}
    labels = np.array(["1", "3", "7"])[np.arange(60) % 3]
    return latentlab.fit(values, pictures(), labels, folder=folder / "run").model


def test_labels_and_pixels_of_given_images_are_those_of_the_model(tmp_path):
    """A number is an index also for a model without conditions, and pixels are binarized."""
    values = {"model": {"kind": "vae", "hidden": [8], "latent_dim": 2}, "training": {"epochs": 1}}
    labels = np.array(["1", "3", "7"])[np.arange(60) % 3]
    model = latentlab.fit(values, pictures(), labels, folder=tmp_path / "run").model
    assert given_images(model, pictures()[:3], [0, 1, 2]).labels.tolist() == [0, 1, 2]
    assert given_images(model, pictures()[:2], ["3", "7"]).labels.tolist() == [1, 2]
    values["data"] = {"kind": "digits", "binarize": "static"}
    values["training"]["batch_size"] = 1000
    model = latentlab.fit(values, folder=tmp_path / "binary").model
    grey = np.full((3, 28, 28), 0.5)
    assert set(np.unique(given_images(model, grey, None).images)) == {0, 1}


def test_a_number_is_an_index_and_a_text_is_a_name(odd_names, tmp_path):
    z = odd_names.draw(1)
    by_name = [odd_names.decode(z, name) for name in ("1", "3", "7")]
    for index in range(3):
        np.testing.assert_array_equal(odd_names.decode(z, index), by_name[index])
    with pytest.raises(latentlab.LatentlabError, match="no class 3"):
        odd_names.decode(z, 3)
    write_samples(odd_names, tmp_path / "a.png", 4, "3", 0, "standard")
    with Image.open(tmp_path / "a.png") as file:
        shown = np.asarray(file)[:16:2, :16:2]
    wanted = odd_names.sample(4, "3")[0]
    np.testing.assert_allclose(shown, wanted * 255, atol=1)
    _, labels = odd_names.path("3", "7", 4)
    assert labels.tolist() == [1, 1, 2, 2]


def test_other_data_is_encoded_under_its_class_names(odd_names, tmp_path):
    images = pictures(6)
    names = np.array(["7", "3", "3", "7", "7", "3"])
    np.savez(tmp_path / "d.npz", images=images, labels=names)
    table = odd_names.codes(tmp_path / "d.npz")
    known = {image.tobytes(): name for image, name in zip(images, names, strict=True)}
    read = latentlab.read_images(tmp_path / "d.npz")
    for row in range(6):
        name = known[read.images[row].tobytes()]
        assert table.class_names[table.labels[row]] == name
        np.testing.assert_allclose(
            table.mu[row], odd_names.encode(read.images[row], name)[0][0], atol=1e-6
        )
    np.savez(tmp_path / "bare.npz", images=images)
    with pytest.raises(latentlab.LatentlabError, match="needs a class label"):
        odd_names.codes(tmp_path / "bare.npz")
    np.savez(tmp_path / "other.npz", images=images, labels=["cow"] * 3 + ["7"] * 3)
    with pytest.raises(latentlab.LatentlabError, match="no class 'cow'"):
        odd_names.codes(tmp_path / "other.npz")


def test_more_channels_than_colours_are_shown_as_the_window_shows_them(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (40, 4, 8, 8), np.uint8)
    model = latentlab.fit(TINY, images, folder=tmp_path / "run").model
    assert model.sample(3).shape == (3, 8, 8, 4)
    write_samples(model, tmp_path / "a.png", 8, None, 0, "standard")
    with Image.open(tmp_path / "a.png") as file:
        assert (file.size, file.mode) == ((2 * (8 * 9 - 1), 16), "RGB")
    assert "image/png" in model._repr_html_()


# Files


def test_images_are_read_as_they_are(tmp_path, digits):
    Image.new("RGB", (20, 10), (255, 0, 0)).save(tmp_path / "red.png")
    assert latentlab.read_images(tmp_path / "red.png", size=(4, 6)).images.shape == (1, 4, 6, 3)
    grey = latentlab.read_images(tmp_path / "red.png", spec=digits.spec)
    assert grey.images.shape == (1, 28, 28)
    assert digits.encode(grey.images)[0].shape == (1, 2)
    np.savez(tmp_path / "d.npz", images=pictures(10), labels=np.arange(10) % 2)
    read = latentlab.read_images(tmp_path / "d.npz")
    assert (len(read), read.class_names) == (10, ("0", "1"))
    Image.new("RGB", (20, 10)).save(tmp_path / "black.png")
    (tmp_path / "t.csv").write_text("file,age\nred.png,3\nblack.png,5\n")
    read = latentlab.read_images(tmp_path / "t.csv", size=8)
    ages = dict(zip(read.files, read.attributes["age"], strict=True))
    assert ages == {"red.png": 3, "black.png": 5}
    with pytest.raises(latentlab.LatentlabError):
        latentlab.read_images(tmp_path / "gone.png")


def test_images_are_saved_in_a_grid(tmp_path, digits):
    latentlab.save_images(tmp_path / "a.png", digits.manifold(3), info={"who": "me"})
    with Image.open(tmp_path / "a.png") as file:
        assert file.size == (168, 168)
        assert '"who": "me"' in file.text["latentlab"]
    latentlab.save_images(tmp_path / "b.png", digits.sample(6), columns=6, gap=2)
    with Image.open(tmp_path / "b.png") as file:
        assert file.size == (2 * (6 * 30 - 2), 56)
    with pytest.raises(latentlab.LatentlabError):
        latentlab.save_images(tmp_path / "c.png", np.zeros(5))


def test_info_tells_what_a_path_is(tmp_path, vae_run):
    (tmp_path / "odd.xyz").write_text("?")
    (tmp_path / "r.toml").write_text("[model]\nkind = 3\n")
    np.savez(tmp_path / "d.npz", images=pictures(10), labels=np.arange(10) % 2)
    Image.new("L", (20, 10)).save(tmp_path / "i.png")
    facts = latentlab.info(vae_run).facts
    assert (facts["latent_dim"], facts["epoch"], facts["data"]) == (2, 2, "digits")
    assert latentlab.info("digits-cvae").facts["conditional"] is True
    found = latentlab.info(tmp_path / "d.npz")
    assert found.facts["classes"] == {"0": 5, "1": 5}
    assert "classes: 0 5, 1 5" in str(found)
    assert latentlab.info(tmp_path / "i.png").facts == {"size": "20×10 grey"}
    for name in ("a.svg", "b.scene", "c.pdf"):
        (tmp_path / name).write_text("?")
    for name in ("odd.xyz", "r.toml", "gone", "a.svg", "b.scene", "c.pdf"):
        found = latentlab.info(tmp_path / name)
        assert not found.opens
        assert found.note


@pytest.mark.parametrize("how", ["static", "dynamic"])
def test_images_for_a_model_of_binarized_ones_are_binarized_alike(how, tmp_path):
    """In the API, on the map, and from a file: the same draw of the same image."""
    images = pictures()
    data = {"binarize": how, "binarize_seed": 5}
    np.savez(tmp_path / "x.npz", images=images)
    recipe = {**TINY, "data": {"kind": "arrays", "images": str(tmp_path / "x.npz"), **data}}
    latentlab.fit(recipe, folder=tmp_path / "run")
    model = latentlab.load(tmp_path / "run")
    on_map = model.explorer.images
    assert set(np.unique(on_map.images[:])) == {0, 255}
    drawn = binarize(images[:, None], 5)
    assert {image.tobytes() for image in on_map.images[:]} == {image.tobytes() for image in drawn}
    mu, _ = model.encode(images)
    np.testing.assert_allclose(mu, model.encode(drawn[:, 0])[0], atol=1e-6)
    Image.fromarray(images[3]).save(tmp_path / "own.png")
    own = model.explorer.encode(tmp_path / "own.png")
    np.testing.assert_array_equal(own.pair[0].reshape(8, 8), drawn[3, 0])
    codes = model.codes(tmp_path / "x.npz")
    assert {*map(tuple, np.round(codes.mu, 4))} == {*map(tuple, np.round(mu, 4))}
