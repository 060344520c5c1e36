"""Tables with one image per row, as Kaggle has them."""

import numpy as np
import pytest

import latentlab
from latentlab.data.data_set import config_for, load
from latentlab.data.sources.pixel_table import PixelTableConfig
from latentlab.errors import DataError, LatentlabError

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (30, 28, 28), np.uint8)
LABELS = np.arange(30) % 3


def written(path, head, rows, separator=","):
    lines = [separator.join(map(str, row)) for row in ([head] if head else []) + rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def flat(images=IMAGES):
    return images.reshape(len(images), -1).tolist()


def check(path, images=IMAGES, labels=LABELS, **settings):
    splits = load(PixelTableConfig(table=path, **settings))
    whole = splits.whole()
    known = {image.tobytes(): label for image, label in zip(images, labels, strict=True)}
    names = splits.spec.class_names
    for image, label in zip(whole.images[:], whole.labels, strict=True):
        assert names[label] == str(known[np.squeeze(image).tobytes()])
    assert len(whole) == len(images)
    return splits


def test_kaggle_has_the_label_first(tmp_path):
    head = ["label", *(f"pixel{i}" for i in range(784))]
    path = written(tmp_path / "t.csv", head, [[y, *x] for y, x in zip(LABELS, flat(), strict=True)])
    check(path)
    assert isinstance(config_for(path, latentlab.load("digits-2d").spec), PixelTableConfig)


def test_openml_has_the_class_last_and_words(tmp_path):
    head = [*(f"pixel{i + 1}" for i in range(784)), "class"]
    words = np.array(["cat", "dog", "eel"])[LABELS]
    rows = [[*x, y] for y, x in zip(words, flat(), strict=True)]
    check(written(tmp_path / "t.csv", head, rows, ";"), labels=words)


def test_a_table_without_names_has_its_label_first(tmp_path):
    rows = [[y, *x] for y, x in zip(LABELS, flat(), strict=True)]
    check(written(tmp_path / "mnist_train.csv", None, rows))


def test_a_test_table_has_no_labels(tmp_path):
    path = written(tmp_path / "t.csv", [f"pixel{i}" for i in range(784)], flat())
    splits = load(PixelTableConfig(table=path))
    assert splits.whole().labels is None
    found = {image.tobytes() for image in splits.whole().images[:]}
    assert found == {image.tobytes() for image in IMAGES}


def test_fer_has_all_pixels_in_one_cell_and_parts(tmp_path):
    images = RNG.integers(0, 256, (30, 48, 48), np.uint8)
    parts = ["Training", "PublicTest", "PrivateTest"] * 10
    rows = [
        [y, " ".join(map(str, x)), part]
        for y, x, part in zip(LABELS, flat(images), parts, strict=True)
    ]
    path = written(tmp_path / "fer2013.csv", ["emotion", "pixels", "Usage"], rows)
    splits = check(path, images)
    assert (len(splits.train), len(splits.validation), len(splits.test)) == (10, 10, 10)
    assert {i.tobytes() for i in np.squeeze(splits.train.images[:])} == {
        i.tobytes() for i in images[::3]
    }


def test_a_cell_of_large_images_is_read(tmp_path):
    images = RNG.integers(100, 256, (4, 200, 200), np.uint8)
    rows = [[" ".join(map(str, x)), y] for x, y in zip(flat(images), "abab", strict=True)]
    assert len(rows[0][0]) > 131_072
    path = written(tmp_path / "t.csv", ["pixels", "label"], rows)
    assert load(PixelTableConfig(table=path)).spec.shape == (1, 200, 200)


def test_a_row_that_is_no_csv_is_named(tmp_path):
    rows = [[y, *x] for y, x in zip(LABELS, flat(), strict=True)]
    head = ["label", *(f"p{i}" for i in range(784))]
    rows[3][0] = "0\r1"
    path = tmp_path / "t.csv"
    lines = [",".join(map(str, row)) for row in (head, *rows)]
    path.write_bytes("\n".join(lines).encode())
    with pytest.raises(DataError, match="line 5: is no line of a CSV"):
        load(PixelTableConfig(table=path))
    path.write_bytes("\n".join([lines[0], lines[4]]).encode())
    assert PixelTableConfig.from_path(path, None) is None


def with_usage(path):
    parts = ["Training", "PublicTest", "PrivateTest"] * 10
    rows = [[p, *x] for p, x in zip(parts, flat(), strict=True)]
    return written(path, ["Usage", *(f"pixel{i}" for i in range(784))], rows)


def test_the_column_of_parts_can_be_named(tmp_path):
    path = with_usage(tmp_path / "t.csv")
    splits = load(PixelTableConfig(table=path, split={"by": "column", "column": "Usage"}))
    assert (len(splits.train), len(splits.validation), len(splits.test)) == (10, 10, 10)


@pytest.mark.parametrize(
    ("split", "told"),
    [
        ({"by": "group", "column": "subject"}, "groups"),
        ({"by": "group"}, "groups"),
        ({"by": "column", "column": "subject"}, "Usage"),
    ],
)
def test_a_split_that_the_table_cannot_give_is_refused(tmp_path, split, told):
    path = with_usage(tmp_path / "t.csv")
    with pytest.raises(DataError, match=r"data\.split") as error:
        load(PixelTableConfig(table=path, split=split))
    assert told in str(error.value) + error.value.advice


def test_colours_are_told(tmp_path):
    images = RNG.integers(0, 256, (12, 8, 8, 3), np.uint8)
    head = [*(f"pixel{i:04}" for i in range(192)), "label"]
    rows = [[*x, 0] for x in flat(images)]
    path = written(tmp_path / "hmnist.csv", head, rows)
    splits = load(PixelTableConfig(table=path))
    assert "red, green, blue of each pixel" in splits.note
    found = {np.moveaxis(i, 0, -1).tobytes() for i in splits.whole().images[:]}
    assert found == {image.tobytes() for image in images}
    planes = load(PixelTableConfig(table=path, order="planes")).whole().images[:]
    assert {image.tobytes() for image in planes} == {image.tobytes() for image in images}


def test_images_that_are_not_square_need_their_width(tmp_path):
    images = RNG.integers(0, 256, (9, 6, 10), np.uint8)
    path = written(tmp_path / "t.csv", [f"p{i}" for i in range(60)], flat(images))
    with pytest.raises(DataError, match=r"data\.width"):
        load(PixelTableConfig(table=path))
    splits = load(PixelTableConfig(table=path, width=10))
    assert splits.spec.shape == (1, 6, 10)


@pytest.mark.parametrize(
    ("cell", "told"), [("x", "line 5: does not hold 784"), (None, "line 5: has 700 cells")]
)
def test_a_damaged_row_is_named(tmp_path, cell, told):
    rows = [[y, *x] for y, x in zip(LABELS, flat(), strict=True)]
    if cell:
        rows[3][9] = cell
    else:
        rows[3] = rows[3][:700]
    path = written(tmp_path / "t.csv", ["label", *(f"p{i}" for i in range(784))], rows)
    with pytest.raises(DataError, match=told):
        load(PixelTableConfig(table=path))


def test_other_tables_are_not_taken(tmp_path):
    (tmp_path / "a.csv").write_text("file,age\na.png,3\n", encoding="utf-8")
    (tmp_path / "b.csv").write_text("", encoding="utf-8")
    (tmp_path / "c.csv").write_bytes(b"\xff\xfe\x00\x01" * 100)
    for name in "abc":
        path = tmp_path / f"{name}.csv"
        assert PixelTableConfig.from_path(path, None) is None
        with pytest.raises(LatentlabError):
            load(PixelTableConfig(table=path))


def test_what_people_have_is_recognized(tmp_path, write_idx_folder):
    write_idx_folder(tmp_path / "data")
    np.savez(tmp_path / "x.npz", images=IMAGES, labels=LABELS)
    spec = latentlab.load("digits-2d").spec
    kinds = {
        name: config_for(tmp_path / name, spec).kind
        for name in ("data", "x.npz", "data/t10k-images-idx3-ubyte.gz")
    }
    assert kinds == {
        "data": "mnist",
        "x.npz": "arrays",
        "data/t10k-images-idx3-ubyte.gz": "mnist",
    }
    write_idx_folder(tmp_path / "fashion-mnist")
    assert config_for(tmp_path / "fashion-mnist", spec).kind == "fashion-mnist"
    assert config_for(tmp_path, spec) is None
    found = latentlab.info(tmp_path / "data")
    assert found.facts["parts"] == {"train": 30, "validation": 10}
