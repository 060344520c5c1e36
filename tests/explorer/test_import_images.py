"""A first look at pictures: some of them, how many, of which classes, and what is wrong."""

import zipfile

import numpy as np
import pytest
from PIL import Image

from latentlab.data.data_set import load
from latentlab.data.sources.folder import FolderConfig
from latentlab.errors import DataError, RecipeError
from latentlab.explorer.answer import answer, find_answers
from latentlab.explorer.data.contact_sheet import SAMPLE_IMAGES, check_image_headers, contact_sheet
from latentlab.session.import_.images import CheckImageFiles, ShowContactSheet


def finished(work):
    """Return what a generator returns, and how far it said it was on the way."""
    told = []
    while True:
        try:
            told.append(next(work).fraction)
        except StopIteration as done:
            return done.value, [fraction for fraction in told if fraction is not None]


@pytest.fixture
def garden(tmp_path):
    """100 ants, each as bright as its number, and 3 bees; one ant and one bee are broken."""
    root = tmp_path / "garden"
    for name, count in (("ants", 100), ("bees", 3)):
        (root / name).mkdir(parents=True)
        for i in range(count):
            Image.new("L", (20, 10), i if name == "ants" else 250).save(root / name / f"{i}.png")
    for broken in ("ants/7.png", "bees/1.png"):
        (root / broken).write_text("nothing")
    return root


def values(root, **options):
    return {"kind": "folder", "root": str(root), "width": 8, "height": 4, **options}


def test_some_pictures_of_every_class_as_the_model_sees_them(garden):
    contact, fractions = finished(contact_sheet(values(garden, colour=False)))
    assert contact.pictures.shape == (SAMPLE_IMAGES, 4, 8)
    assert contact.classes == (("ants", 100), ("bees", 3))
    assert contact.count == 103
    assert contact.parts == "93 training images, 10 held out"
    assert contact.labels == (0,) * 22 + (1,) * 2, "both bees that can be read are among them"
    for name, label, picture in zip(contact.names, contact.labels, contact.pictures, strict=True):
        number = int(name.split("/")[1].removesuffix(".png"))
        assert (picture == (250 if label else number)).all(), name
    assert fractions == sorted(fractions)
    assert (contact.problem, contact.notes) == ("", ())


def test_colour_has_its_channels_last(garden):
    contact, _ = finished(contact_sheet(values(garden)))
    assert contact.pictures.shape == (SAMPLE_IMAGES, 4, 8, 3)


def test_attributes_beside_them_are_told_and_make_classes(garden):
    rows = "".join(f"ants/{i}.png,{i % 2}\n" for i in range(100))
    (garden / "attributes.csv").write_text(f"file,Wings\n{rows}")
    contact, _ = finished(contact_sheet(values(garden, classes_from=["wings"])))
    assert (contact.table, contact.attributes) == ("attributes.csv", ("wings",))
    assert contact.classes == (("wings", 50), ("no wings", 50), ("wings unknown", 3))


def test_those_that_cannot_be_read_are_found_by_their_heads(garden):
    checked, fractions = finished(check_image_headers(garden))
    assert checked.count == 103
    assert [name for name, _ in checked.skipped] == ["ants/7.png", "bees/1.png"]
    assert fractions[-1] == 1


def test_the_parts_are_counted_before_training(garden):
    split = {"by": "random", "validation": 0.2, "test": 0.1}
    contact, _ = finished(contact_sheet(values(garden, split=split)))
    splits = load(FolderConfig(**values(garden, split=split)))
    told = splits.sizes
    train, held_out, test = (int(part.split()[0]) for part in contact.parts.split(", "))
    assert train + held_out + test == 103
    assert sum(told.values()) == 101, "two cannot be read, which is known only when all are"
    assert max(abs(train - told["train"]), abs(test - told["test"])) <= 2
    with pytest.raises(DataError, match="no column"):
        finished(contact_sheet(values(garden, split={"by": "column", "column": "part"})))


def test_what_is_wrong_is_raised(garden, tmp_path):
    with pytest.raises(DataError, match="no folder or ZIP"):
        finished(contact_sheet(values(tmp_path / "nowhere")))
    with pytest.raises(DataError, match="no attribute 'wings'"):
        finished(contact_sheet(values(garden, classes_from=["wings"])))
    with pytest.raises(RecipeError, match="width"):
        finished(contact_sheet({**values(garden), "width": 0}))
    for file in garden.rglob("*.png"):
        file.write_text("nothing")
    with pytest.raises(DataError, match="None of 96 images"):
        finished(contact_sheet(values(garden)))


def test_the_lane_answers_with_what_is_wrong(tmp_path):
    """So that the dialog can say it, rather than the window behind it."""
    find_answers()
    contact, _ = finished(answer(ShowContactSheet(values(tmp_path / "nowhere")), None))
    assert "no folder or ZIP" in contact.problem
    assert contact.values["root"] == str(tmp_path / "nowhere")
    checked, _ = finished(answer(CheckImageFiles(tmp_path / "nowhere"), None))
    assert checked.skipped == ()


def test_a_look_that_is_given_up_leaves_the_archive_closed(garden, tmp_path, monkeypatch):
    with zipfile.ZipFile(tmp_path / "garden.zip", "w") as archive:
        for file in sorted(garden.rglob("*.png")):
            archive.write(file, file.relative_to(garden))
    closed = []
    close = zipfile.ZipFile.close
    monkeypatch.setattr(zipfile.ZipFile, "close", lambda self: (closed.append(self), close(self)))
    work = contact_sheet(values(tmp_path / "garden.zip"))
    while next(work).message != "Reading some images":
        pass
    closed.clear()
    work.close()
    assert len(closed) == 1


def test_looking_decodes_few_and_keeps_nothing(garden, own_place):
    finished(contact_sheet(values(garden)))
    assert not (own_place / "cache").exists()
    assert np.all([not path.name.endswith(".part") for path in garden.iterdir()])


def test_how_a_set_is_understood_is_told_before_it_is_used(tmp_path, write_set):
    """Table, join, words, parts, classes, and what is not read."""
    contact, _ = finished(contact_sheet(values(write_set, classes_from=["animal"])))
    assert (contact.table, contact.how) == ("labels.csv", "joined by its column 'picture'")
    assert contact.attributes == ("animal",)
    assert contact.classes == (("cat", 4), ("dog", 4))
    assert contact.count == 8
    assert contact.parts == "6 training images, 2 held out"
    notes = " ".join(contact.notes)
    for told in (
        "1 HEIC file is not read: save it as JPEG.",
        "Held out: test (2). Learned from: train (6).",
        "1 file is a stack of 3 pages",
        "Rows that name no image here: 1, such as 'gone.png'.",
        "Columns left out: comment (a different word for each image).",
        "read as 12 bits",
    ):
        assert told in notes


@pytest.fixture
def write_set(tmp_path):
    """Write twelve-bit pictures in train and test, a stack, a table and a photograph."""
    root = tmp_path / "set"
    for folder in ("train", "test"):
        (root / folder).mkdir(parents=True)
    shades = [Image.fromarray(np.full((8, 8), 500 * i, np.uint16)) for i in range(8)]
    for i, shade in enumerate(shades[:5]):
        shade.save(root / ("test" if i < 2 else "train") / f"{i}.png")
    shades[5].save(root / "train" / "s.tif", save_all=True, append_images=shades[6:])
    names = [*(f"{i}.png" for i in range(5)), *(f"s.tif#{i}" for i in (1, 2, 3)), "gone.png"]
    rows = [f"{name};{('cat', 'dog')[i % 2]};c{i}" for i, name in enumerate(names)]
    (root / "labels.csv").write_text("\n".join(["picture;Animal;comment", *rows]))
    (root / "train" / "IMG_1.HEIC").write_bytes(b"photograph")
    return root
