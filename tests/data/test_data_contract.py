"""What every data set keeps, whichever it is."""

from typing import NamedTuple

import numpy as np
import pytest

from latentlab.data.data_set import DATA, load
from latentlab.data.image_set import ImageSet, ImageSpec
from latentlab.data.parts import Splits
from latentlab.directories import downloads
from latentlab.work import Progress


class Loaded(NamedTuple):
    splits: Splits
    steps: list[Progress]


def small_arrays(folder, write):
    values = {name: folder / f"{name}.npy" for name in ("images", "labels")}
    rng = np.random.default_rng(0)
    np.save(values["images"], rng.integers(0, 256, (30, 5, 4, 3), np.uint8))
    np.save(values["labels"], rng.choice(["ant", "bee"], 30))
    return values


def small_pixel_table(folder, write):
    rng = np.random.default_rng(0)
    rows = [[f"{i % 2}", *map(str, rng.integers(0, 256, 16))] for i in range(30)]
    head = ["label", *(f"pixel{i}" for i in range(16))]
    lines = "\n".join(",".join(row) for row in [head, *rows])
    (folder / "t.csv").write_text(lines, encoding="utf-8")
    return {"table": folder / "t.csv"}


def small_binarized_mnist(folder, write):
    rng = np.random.default_rng(0)
    for part in ("train", "valid", "test"):
        rows = rng.integers(0, 2, (20, 784))
        np.savetxt(folder / f"binarized_mnist_{part}.amat", rows, "%d")
    return {"root": folder}


def small_folder(folder, write):
    write.pictures(folder, [f"{i % 2}/{i:02d}.png" for i in range(30)])
    write.attributes(folder / "attributes.csv", [f"{i:02d}.png" for i in range(30)])
    return {"root": folder, "width": 5, "height": 4}


def small_celeba(folder, write):
    names = [f"{i:06d}.png" for i in range(1, 31)]
    write.pictures(folder / "celeba" / "img_align_celeba", names)
    write.attributes(folder / "celeba" / "list_attr_celeba.txt", names)
    return {"root": folder, "size": 8, "classes_from": ["smiling", "eyeglasses"]}


def small_olivetti(folder, write):
    images = np.random.default_rng(0).integers(0, 256, (30, 64, 64), np.uint8)
    np.savez(downloads() / "olivetti" / "olivetti.npz", images=images, subject=np.arange(30) % 3)
    return {}


def small_saved(folder, write):
    datasets = pytest.importorskip("datasets")
    write.pictures(folder, names := [f"{i:02d}.png" for i in range(30)])
    columns = {"image": [str(folder / name) for name in names], "label": [0, 1] * 15}
    kinds = datasets.Features(
        {"image": datasets.Image(), "label": datasets.ClassLabel(names=["ant", "bee"])}
    )
    datasets.Dataset.from_dict(columns, kinds).save_to_disk(str(folder / "saved"))
    return {"root": folder / "saved", "size": 8}


SMALL = {
    "arrays": small_arrays,
    "binarized-mnist": small_binarized_mnist,
    "folder": small_folder,
    "celeba": small_celeba,
    "olivetti": small_olivetti,
    "huggingface": small_saved,
    "pixel-table": small_pixel_table,
}
"""What writes a small set of a kind and says where; sets of four IDX files are all alike."""
DESCRIBED = {"folder", "celeba"}
"""Kinds that say more of each image than its class."""
FEW = {"count": 60, "size": 32}
"""What makes a set that is generated small and quick, by the names of its fields."""


def is_generated(kind):
    fields = kind.model_fields.keys()
    return len(fields) > 1 and not {"root", "images"} & fields


@pytest.fixture(params=sorted(DATA.kinds()))
def config(request, write_idx_folder, write, tmp_path):
    """One small data set of each kind, from files where it needs them."""
    kind = DATA.kinds()[request.param]
    if request.param in SMALL:
        (downloads() / request.param).mkdir(parents=True)
        return kind(**SMALL[request.param](tmp_path, write))
    if is_generated(kind):
        return kind(**{name: FEW[name] for name in kind.model_fields.keys() & FEW.keys()})
    write_idx_folder(downloads() / request.param)
    return kind()


@pytest.fixture
def loaded(config):
    assert config.available()
    return read(config)


def read(config):
    steps, work = [], config.load()
    while True:
        try:
            steps.append(next(work))
        except StopIteration as done:
            return Loaded(done.value, steps)


def test_images_are_bytes_of_the_shape_that_the_spec_tells(loaded):
    for part in (loaded.splits.train, loaded.splits.validation):
        assert part.images.dtype == np.uint8
        assert part.images.shape == (len(part), *loaded.splits.spec.shape)
        assert len(part) > 0
        assert part.images[:].max() > 127
        assert part.spec == loaded.splits.spec


def test_labels_are_rows_of_the_class_names(loaded):
    for part in (loaded.splits.train, loaded.splits.validation):
        if not part.spec.classes:
            assert part.labels is None
            continue
        assert part.labels.dtype == np.int64
        assert part.labels.shape == (len(part),)
        assert part.labels.min() >= 0
        assert part.labels.max() < part.spec.classes
        assert len(set(part.spec.class_names)) == part.spec.classes


def test_attributes_are_numbers_for_every_image(loaded, config):
    parts = (loaded.splits.train, loaded.splits.validation, loaded.splits.to_explore(12))
    told = [part.attributes for part in parts]
    assert all(told) or not any(told)
    assert any(told) or config.kind not in DESCRIBED
    for part, attributes in zip(parts, told, strict=True):
        if attributes:
            assert attributes.names == told[0].names
            assert len(set(attributes.names)) == len(attributes.names) > 0
            assert attributes.values.shape == (len(part), len(attributes.names))
            assert attributes.values.dtype == np.float32
            assert not np.isnan(attributes.values).all(0).any()
            some = attributes.column(attributes.names[0])[[2, 0]]
            np.testing.assert_array_equal(part[[2, 0]].attributes.values[:, 0], some)


def test_progress_is_told_and_grows(loaded):
    assert all(isinstance(step, Progress) and step.message for step in loaded.steps)
    fractions = [step.fraction for step in loaded.steps if step.fraction is not None]
    assert fractions == sorted(fractions)
    assert all(0 <= fraction <= 1 for fraction in fractions)


def test_held_out_images_are_not_learned_from(loaded, config):
    train = {image.tobytes() for image in loaded.splits.train.images}
    held_out = [image.tobytes() in train for image in loaded.splits.validation.images]
    assert not all(held_out)
    # A generator with few factors may draw the same picture twice.
    assert is_generated(type(config)) or not any(held_out)


@pytest.mark.parametrize("extra", [-3, 0, 7, 1_000_000])
def test_the_map_shows_held_out_images_first(loaded, extra):
    splits = loaded.splits
    first = [splits.validation, *([splits.test] if splits.test else []), splits.train]
    limit = len(splits.validation) + extra
    shown = splits.to_explore(limit)
    assert len(shown) == min(limit, sum(map(len, first)))
    whole = np.concatenate([part.images[:limit] for part in first])
    np.testing.assert_array_equal(shown.images, whole[: len(shown)])


def test_a_class_that_is_in_one_part_only_is_told(loaded):
    train, held_out = loaded.splits.train, loaded.splits.validation
    if not train.spec.classes:
        return
    first, *others = train.spec.class_names
    without = Splits(train[train.labels != 0], held_out, "A note.")
    assert f"No training image is of class {first}" in without.notes
    assert without.notes.startswith("A note. ")
    alone = Splits(train, held_out[held_out.labels == 0])
    assert "No held-out image is of class" in alone.notes
    assert all(name[:31] in alone.notes for name in others[:6])
    assert f"class {first}:" not in alone.notes


def test_load_without_looking_gives_the_same(loaded, config):
    again = load(config)
    np.testing.assert_array_equal(again.train.images, loaded.splits.train.images)
    np.testing.assert_array_equal(again.validation.labels, loaded.splits.validation.labels)


def unlabelled(count):
    images = np.arange(count * 12, dtype=np.uint8).reshape(count, 3, 2, 2)
    return ImageSet(images, None, ImageSpec((3, 2, 2)))


def test_images_without_labels_stay_without():
    shown = Splits(unlabelled(5), unlabelled(2)).to_explore(4)
    assert shown.labels is None
    np.testing.assert_array_equal(shown.images[2:], unlabelled(5).images[:2])
    assert unlabelled(5)[[3, 1]].labels is None


def test_an_image_set_is_indexed_as_an_array_is():
    whole = ImageSet(unlabelled(5).images, np.arange(5), ImageSpec((3, 2, 2), tuple("abcde")))
    part = whole[[4, 1]]
    assert part.labels.tolist() == [4, 1]
    np.testing.assert_array_equal(part.images, whole.images[[4, 1]])
    assert part.spec == whole.spec


def test_a_spec_counts_and_says_what_it_is():
    spec = ImageSpec((3, 5, 7), ("a", "b"))
    assert (spec.pixels, spec.classes, str(spec)) == (105, 2, "7×5 colour")
    assert str(ImageSpec((1, 28, 28))) == "28×28 grey"
    assert ImageSpec((1, 2, 2)).classes == 0
