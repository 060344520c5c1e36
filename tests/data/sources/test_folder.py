"""A person's own pictures, in all the states that such folders are in."""

import os
import shutil
import threading
import time
import zipfile

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin
from training_support import recipe_of, run

from latentlab.data.data_set import load
from latentlab.data.files import decoded_cache as cache
from latentlab.data.files import decoding
from latentlab.data.image_set import ImageSpec
from latentlab.data.sources.folder import FolderConfig
from latentlab.directories import cache as cache_folder
from latentlab.errors import DataError
from latentlab.learning.events import EpochEnd
from latentlab.work import finish

RED, GREEN, BLUE = (250, 20, 30), (10, 240, 20), (20, 30, 250)


def open_folder(root, **options):
    return load(FolderConfig(root=root, **{"width": 8, **options}))


def every(splits):
    """Return all images, those to learn from first."""
    return np.concatenate([splits.train.images, splits.validation.images])


def plain(colour, size=(30, 20)):
    return Image.new("RGB", size, colour)


def entries():
    found = cache_folder() / "pictures"
    return sorted(path.name for path in found.iterdir()) if found.is_dir() else []


@pytest.fixture
def zoo(tmp_path):
    """Two folders, one of them nested, of every mode and size, and what should not be there."""
    root = tmp_path / "zoo"
    cats, dogs = root / "cats" / "house", root / "dogs"
    for folder in (cats, dogs):
        folder.mkdir(parents=True)
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16", "I", "F"):
        Image.effect_mandelbrot((40, 30), (-2, -1, 1, 1), 50).convert("L").convert(
            "L" if mode.startswith("I") or mode == "F" else mode
        ).convert(mode).save(cats / f"{mode.replace(';', '')}.tiff")
    Image.new("CMYK", (90, 17), (10, 200, 30, 0)).save(dogs / "print.jpg")
    plain(GREEN, (333, 41)).save(dogs / "wide.webp")
    plain(RED, (1, 1)).save(dogs / "dot.png")
    frames = [plain(colour, (12, 9)) for colour in (BLUE, RED)]
    frames[0].save(dogs / "film.gif", save_all=True, append_images=frames[1:])
    Image.effect_noise((60, 60), 90).save(dogs / "whole.jpg")
    content = (dogs / "whole.jpg").read_bytes()
    (dogs / "half.jpg").write_bytes(content[: len(content) // 2])
    (dogs / "letter.png").write_text("I am no picture.")
    (dogs / "empty.gif").touch()
    (root / "README.txt").write_text("Pictures of the zoo.")
    (root / ".DS_Store").write_bytes(b"\0")
    return root


BROKEN = {"dogs/half.jpg", "dogs/letter.png", "dogs/empty.gif"}


def test_any_mix_of_pictures_is_imported_and_trained_on(zoo, tmp_path):
    recipe = recipe_of(
        data={"kind": "folder", "root": str(zoo), "width": 12, "height": 9},
        model={"likelihood": "gaussian"},
        epochs=2,
        batch_size=4,
    )
    events = run(recipe)
    (started,) = [event for events in events.values() for event in events if _started(event)]
    splits = started.splits
    assert len(splits.train) + len(splits.validation) == 14
    assert splits.spec.shape == (3, 9, 12)
    assert splits.spec.class_names == ("cats", "dogs")
    losses = [end.validation["loss"] for end in events[EpochEnd]]
    assert len(losses) == 2
    assert np.isfinite(losses).all()
    assert splits.note.startswith("3 of 17 images could not be read")
    report = splits.note.split("; ")[1].split(" lists them.")[0]
    with open(report, encoding="utf-8") as file:
        lines = dict(line.rstrip("\n").split(": ", 1) for line in file)
    assert lines.keys() == BROKEN
    assert lines["dogs/letter.png"] == "is not an image that can be read"
    assert "truncated" in lines["dogs/half.jpg"]


def _started(event):
    return hasattr(event, "splits")


def test_a_conditional_model_learns_from_combined_attributes(tmp_path, write):
    names = [f"{i}.png" for i in range(24)]
    write.pictures(tmp_path / "faces", names)
    write.attributes(tmp_path / "faces" / "attributes.csv", names)
    data = {
        "kind": "folder",
        "root": str(tmp_path / "faces"),
        "width": 6,
        "classes_from": ["Smiling", "Eyeglasses"],
    }
    events = run(recipe_of("cvae", data=data, batch_size=8))
    assert np.isfinite(events[EpochEnd][0].validation["loss"])
    splits = load(FolderConfig(**{key: value for key, value in data.items() if key != "kind"}))
    assert splits.spec.class_names == (
        "smiling, eyeglasses",
        "smiling, no eyeglasses",
        "no smiling, eyeglasses",
        "no smiling, no eyeglasses",
    )
    smiles = splits.train.attributes.column("smiling")
    glasses = splits.train.attributes.column("eyeglasses")
    np.testing.assert_array_equal(splits.train.labels, 2 * (1 - smiles) + (1 - glasses))


@pytest.mark.parametrize("size", [(28, 20), (50, 70), (96, 96), (128, 128), (1, 5)])
@pytest.mark.parametrize("colour", [True, False])
def test_any_size_in_colour_or_grey(tmp_path, write, size, colour):
    write.pictures(tmp_path, ["a.png", "b.jpg", "c.bmp"])
    splits = open_folder(tmp_path, width=size[0], height=size[1], colour=colour)
    assert splits.spec.shape == (3 if colour else 1, size[1], size[0])
    assert splits.train.images.shape == (2, *splits.spec.shape)


def test_images_labels_and_attributes_stay_together(tmp_path, write):
    """Each picture's grey tells its class and its row in the table."""
    lines = ["id;weight"]
    for i in range(60):
        folder = tmp_path / "in" / ("bright" if i % 3 else "dark")
        folder.mkdir(parents=True, exist_ok=True)
        Image.new("L", (9, 9), 4 * i).save(folder / f"{i:03d}.png")
        lines.insert(1, f"{i:03d};{i},5")
    (tmp_path / "in" / "weights.csv").write_text("\n".join(lines))
    splits = open_folder(tmp_path / "in", colour=False)
    for part in (splits.train, splits.validation):
        number = part.images[:, 0, 0, 0] // 4
        np.testing.assert_array_equal(part.labels, (number % 3 == 0).astype(int))
        np.testing.assert_array_equal(part.attributes.column("weight"), number + 0.5)
    assert splits.spec.class_names == ("bright", "dark")
    assert len(splits.validation) == 6


def test_pictures_are_mapped_from_disk_and_cannot_be_changed(tmp_path, write):
    write.pictures(tmp_path, [f"{i}.png" for i in range(5)])
    images = open_folder(tmp_path).train.images
    assert isinstance(images, np.memmap)
    assert not images.flags.writeable


# Classes


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["a.png", "b.png"], ()),
        (["one/a.png", "one/b.png"], ()),
        (["one/a.png", "two/b.png"], ("one", "two")),
        (["zoo/one/a.png", "zoo/two/x/b.png"], ("one", "two")),
        (["one/a.png", "two/b.png", "c.png"], ("one", "two", "other")),
        (["other/a.png", "two/b.png", "c.png"], ("other", "two", "other images")),
        (["one/a.png", "c.png"], ()),
    ],
)
def test_folders_are_classes_where_there_are_two(tmp_path, write, names, expected):
    write.pictures(tmp_path, names)
    splits = open_folder(tmp_path)
    assert splits.spec.class_names == expected
    assert (splits.train.labels is None) == (not expected)


def test_names_in_any_script(tmp_path, write):
    names = ["猫/ねこ.png", "Straße/größe é.png", "Straße/🐈.png"]
    write.pictures(tmp_path / "Bilder ü", names)
    splits = open_folder(tmp_path / "Bilder ü")
    assert splits.spec.class_names == ("Straße", "猫")


@pytest.mark.skipif(os.name != "posix", reason="only there a name can be any bytes")
def test_names_that_are_no_text(tmp_path, write):
    write.pictures(tmp_path, ["a/a.png", "b/b.png", "b/c.png"])
    try:
        os.rename(tmp_path / "b", os.fsencode(tmp_path) + b"/\xff\xfe")
    except OSError:
        pytest.skip("this file system wants text")
    (tmp_path / "b\udcff.png").write_text("no picture")
    splits = open_folder(tmp_path)
    assert splits.spec.class_names == ("??", "a")
    assert splits.note.startswith("1 of 4 ")


def test_hidden_files_are_passed_over(tmp_path, write):
    write.pictures(
        tmp_path,
        ["a/1.png", "b/2.png", ".trash/3.png", "__MACOSX/a/4.png", "a/._1.png", "b/.5.png"],
    )
    splits = open_folder(tmp_path)
    assert len(every(splits)) == 2
    assert splits.spec.class_names == ("a", "b")
    assert splits.note == ""


@pytest.mark.skipif(os.name != "posix", reason="links need rights elsewhere")
def test_links_in_a_circle_end(tmp_path, write):
    write.pictures(tmp_path / "in", ["a/1.png", "b/2.png"])
    (tmp_path / "in" / "a" / "up").symlink_to(tmp_path / "in")
    write.pictures(tmp_path / "far", ["3.png"])
    (tmp_path / "in" / "b" / "far").symlink_to(tmp_path / "far")
    assert len(every(open_folder(tmp_path / "in"))) == 3


# Archives


def test_a_zip_is_as_good_as_its_folder(zoo, tmp_path):
    archive = shutil.make_archive(str(tmp_path / "zoo"), "zip", tmp_path, "zoo")
    inside, outside = open_folder(tmp_path / "zoo.zip"), open_folder(zoo)
    assert archive.endswith("zoo.zip")
    assert inside.spec == outside.spec
    assert inside.note.startswith("3 of 17 ")
    assert sorted(map(bytes, every(inside))) == sorted(map(bytes, every(outside)))


def test_names_that_point_out_of_a_zip_are_only_names(tmp_path, write):
    write.pictures(tmp_path, ["one.png", "two.png", "three.png"])
    names = {
        "../../evil/one.png": "one.png",
        "/etc/two.png": "two.png",
        "..\\..\\evil\\three.png": "three.png",
        "__MACOSX/._one.png": "one.png",
    }
    (tmp_path / "in").mkdir()
    with zipfile.ZipFile(tmp_path / "in" / "bad.zip", "w") as archive:
        for name, file in names.items():
            archive.writestr(name, (tmp_path / file).read_bytes())
    before = sorted(tmp_path.rglob("*"))
    splits = open_folder(tmp_path / "in" / "bad.zip")
    assert len(every(splits)) == 3
    assert splits.spec.class_names == ("etc", "evil")
    new = set(tmp_path.rglob("*")) - set(before)
    assert all(path.is_relative_to(cache_folder().parent) for path in new)


def test_a_damaged_member_is_skipped(tmp_path, write):
    write.pictures(tmp_path, [f"{i}.bmp" for i in range(4)], size=(40, 40))
    with zipfile.ZipFile(tmp_path / "in.zip", "w", zipfile.ZIP_STORED) as archive:
        for i in range(4):
            archive.write(tmp_path / f"{i}.bmp", f"{i}.bmp")
        place = archive.getinfo("2.bmp").header_offset + 200
    content = bytearray((tmp_path / "in.zip").read_bytes())
    content[place : place + 9] = b"corrupted"
    (tmp_path / "in.zip").write_bytes(content)
    splits = open_folder(tmp_path / "in.zip")
    assert len(every(splits)) == 3
    assert splits.note.startswith("1 of 4 ")


def test_names_without_the_mark_of_utf_8_are_decoded(tmp_path, write):
    """As Windows and macOS write them; zipfile takes them all for cp437."""
    write.pictures(tmp_path, ["1.png", "2.png", "3.png"])
    for encoding in ("shift_jis", "utf-8", "cp437"):
        names = ["Äpfel/1.png", "Bäume/2.png"]
        if encoding == "shift_jis":
            names = ["ねこ/1.png", "いぬ/2.png"]
        path = tmp_path / f"{encoding}.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for i, name in enumerate(names):
                archive.write(
                    tmp_path / f"{i + 1}.png", f"{i}{'_' * (len(name.encode(encoding)) - 1)}"
                )
        content = path.read_bytes()
        for i, name in enumerate(names):
            raw = name.encode(encoding)
            content = content.replace(f"{i}{'_' * (len(raw) - 1)}".encode(), raw)
        path.write_bytes(content)
        splits = open_folder(path)
        assert splits.spec.class_names == tuple(sorted(name[:-6] for name in names))
        assert ("read as cp932" in splits.note) == (encoding == "shift_jis")


# Parts


@pytest.mark.parametrize("packed", [False, True])
def test_folders_to_judge_by_are_held_out(tmp_path, write, packed):
    names = [
        f"{part}/{kind}/{i}.png"
        for part in ("train", "valid", "test")
        for kind in "ab"
        for i in "12"
    ]
    write.pictures(tmp_path / "in", names)
    write.pictures(tmp_path / "in", ["unknown/1.png"])
    root = tmp_path / "in"
    if packed:
        root = shutil.make_archive(str(tmp_path / "set"), "zip", tmp_path / "in")
    splits = open_folder(root)
    assert sorted(splits.train.files) == [name for name in names if name.startswith("train")]
    assert sorted(splits.validation.files) == [name for name in names if name.startswith("valid")]
    assert sorted(splits.test.files) == [name for name in names if name.startswith("test")]
    assert splits.spec.class_names == ("a", "b")
    for part in (splits.train, splits.validation):
        assert [part.spec.class_names[i] for i in part.labels] == [
            f.split("/")[1] for f in part.files
        ]
        assert isinstance(part.images, np.memmap), "each part is a slice of the map"
    assert splits.note == (
        "Held out: valid (4). Learned from: train (4) and 1 outside. Test: test (4). Images left "
        "out because they are in no class folder: 1, such as 'unknown/1.png'. Classes: a (6), b "
        "(6)."
    )


def test_held_out_pictures_stay_so_when_others_come_and_go(tmp_path, write):
    names = [f"{kind}/{i}.png" for kind in ("ant", "bee") for i in range(40)]
    write.pictures(tmp_path, names)
    first = open_folder(tmp_path)
    held_out = set(first.validation.files)
    assert len(held_out) == 8
    assert sorted(first.validation.labels.tolist()) == [0] * 4 + [1] * 4
    write.pictures(tmp_path, ["ant/00.png", "bee/a.png"])
    (tmp_path / names[0]).unlink()
    again = open_folder(tmp_path)
    assert len(held_out ^ set(again.validation.files)) <= 3
    for part in (first.train, first.validation, again.train, again.validation):
        assert isinstance(part.images, np.memmap)


# Files of several pictures, of many bits, and of other kinds


def test_each_page_of_a_stack_is_a_picture(tmp_path):
    for name, step in (("one", 10), ("two", 20)):
        pages = [Image.new("L", (8, 8), step * i) for i in range(1, 13)]
        pages[0].save(tmp_path / f"{name}.tif", save_all=True, append_images=pages[1:])
    rows = "".join(f"{name}.tif#{i},{i}\n" for name in ("one", "two") for i in range(1, 13))
    (tmp_path / "depth.csv").write_text(f"file,depth\n{rows}")
    splits = open_folder(tmp_path, colour=False)
    assert len(splits) == 24
    assert "2 files are stacks of 24 pages" in splits.note
    whole = splits.whole()
    for file, image, depth in zip(
        whole.files, whole.images[:], whole.attributes.column("depth"), strict=True
    ):
        name, number = file.split(".tif#")
        assert (image == int(number) * (10 if name == "one" else 20)).all()
        assert depth == int(number)


def test_smaller_copies_in_a_tiff_are_no_pictures(tmp_path, write):
    write.pictures(tmp_path, ["a.png"])
    copy = TiffImagePlugin.ImageFileDirectory_v2()
    copy[254] = 1
    large, small = Image.new("L", (32, 32), 90), Image.new("L", (8, 8), 90)
    small.encoderinfo = {"tiffinfo": copy}
    large.save(tmp_path / "pyramid.tif", save_all=True, append_images=[small])
    assert len(open_folder(tmp_path)) == 2


def test_animations_are_told(tmp_path):
    frames = [plain(colour, (12, 9)) for colour in (BLUE, RED)]
    for ending in ("gif", "webp", "png"):
        frames[0].save(tmp_path / f"a.{ending}", save_all=True, append_images=frames[1:])
    assert "3 files are animations: only the first image is used." in open_folder(tmp_path).note


@pytest.mark.parametrize(("bits", "told"), [(8, True), (12, True), (14, True), (16, False)])
def test_pictures_of_many_bits_have_one_scale_and_others_keep_theirs(tmp_path, bits, told):
    root = tmp_path / "in"
    root.mkdir()
    for i in range(8):
        level = round((i / 7) * (2**bits - 1))
        Image.fromarray(np.full((8, 8), level, np.uint16)).save(root / f"{i}.png")
    Image.new("L", (8, 8), 33).save(root / "8.jpg")
    (root / "9.png").write_text("no picture")
    splits = open_folder(root, colour=False)
    whole = splits.whole()
    found = dict(zip(whole.files, whole.images[:][:, 0, 0, 0].tolist(), strict=True))
    assert [found[f"{i}.png"] for i in range(8)] == pytest.approx(
        [255 * i / 7 for i in range(8)], abs=1
    )
    assert found["8.jpg"] == 33
    assert (f"read as {bits} bits" in splits.note) == told
    assert open_folder(root, colour=False).note == splits.note, "from the cache as well"


@pytest.mark.parametrize("packed", [False, True])
def test_files_of_other_kinds_are_counted_and_told(tmp_path, write, packed):
    root = tmp_path / "in"
    write.pictures(root, ["a.png", "b.png"])
    for name in ("1.HEIC", "2.heic", "3.cr2", "4.mp4", "5.svg", "6.xlsx", "notes.txt", "x.json"):
        (root / name).write_bytes(b"something")
    opened = shutil.make_archive(str(tmp_path / "set"), "zip", root) if packed else root
    note = open_folder(opened).note
    assert "2 HEIC files are not read: save them as JPEG." in note
    for kind in ("raw photograph", "video", "SVG", "spreadsheet"):
        assert f"1 {kind} file is not read" in note
    assert "json" not in note
    for name in ("a.png", "b.png"):
        (root / name).unlink()
    if not packed:
        with pytest.raises(DataError, match=r"holds no images\. 2 HEIC files are not read: save"):
            open_folder(root)


# What cannot be used


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([], "holds no images"),
        (["notes.txt", "a.csv"], "holds no images"),
        (["bad.png"], "None of the 1 images"),
        (["bad.png", "bad2.png", "good.png"], "Only 1 of the 3 images"),
        (["good.png"], "holds 1 image"),
    ],
)
def test_nothing_to_learn_from_is_told(tmp_path, write, names, message):
    root = tmp_path / "in"
    root.mkdir()
    for name in names:
        if name == "good.png":
            write.pictures(root, [name])
        else:
            (root / name).write_text("nothing")
    with pytest.raises(DataError, match=message) as caught:
        open_folder(root)
    assert caught.value.advice
    assert entries() == []


def test_no_such_folder_and_no_such_zip_are_told(tmp_path):
    with pytest.raises(DataError, match="no folder or ZIP"):
        open_folder(tmp_path / "nowhere")
    assert not FolderConfig(root=tmp_path / "nowhere").available()
    (tmp_path / "not.zip").write_text("hello")
    with pytest.raises(DataError, match="not a folder or a readable ZIP"):
        open_folder(tmp_path / "not.zip")


def test_no_room_on_the_disk_is_told_before_decoding(tmp_path, write, monkeypatch):
    write.pictures(tmp_path, ["a.png", "b.png"])
    usage = shutil.disk_usage(tmp_path)._replace(free=100)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(DataError, match="has room for"):
        open_folder(tmp_path)


# The cache


def test_a_second_opening_decodes_nothing(tmp_path, write, monkeypatch):
    write.pictures(tmp_path / "in", [f"{i}.png" for i in range(6)])
    first = open_folder(tmp_path / "in")
    monkeypatch.setattr(decoding, "read_pages", None)
    again = open_folder(tmp_path / "in")
    np.testing.assert_array_equal(every(again), every(first))
    assert len(entries()) == 1


def test_a_changed_file_is_decoded_anew(tmp_path, write):
    root = tmp_path / "in"
    write.pictures(root, [f"{i}.png" for i in range(6)])
    first = every(open_folder(root))
    plain(RED).save(root / "3.png")
    stat = (root / "3.png").stat()
    os.utime(root / "3.png", ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    changed = every(open_folder(root))
    assert sum(not np.array_equal(*pair) for pair in zip(first, changed, strict=True)) == 1
    (root / "4.png").unlink()
    assert len(every(open_folder(root))) == 5
    plain(RED).save(root / "new.png")
    assert len(every(open_folder(root))) == 6


def test_other_options_have_an_entry_of_their_own(tmp_path, write):
    write.pictures(tmp_path / "in", [f"{i}.png" for i in range(6)])
    for options in ({}, {"colour": False}, {"crop": "none"}, {"width": 9}, {"held_out": 0.5}):
        splits = open_folder(tmp_path / "in", **options)
        assert splits.spec.shape[0] == (1 if options.get("colour") is False else 3)
    assert len(entries()) == 4, "the share held out is no reason to decode again"


@pytest.fixture
def slow(monkeypatch):
    """Decode so slowly that nothing is done before somebody gives up."""
    begun, go_on, read = threading.Event(), threading.Event(), decoding.read_pages

    def slowly(*args):
        begun.set()
        go_on.wait(0.2)
        return read(*args)

    monkeypatch.setattr(decoding, "read_pages", slowly)
    return begun


def test_giving_up_leaves_nothing_behind_and_no_thread(tmp_path, write, slow):
    write.pictures(tmp_path / "in", [f"{i}.png" for i in range(200)])
    before = threading.active_count()
    work = FolderConfig(root=tmp_path / "in", width=8).load()
    while not slow.is_set():
        next(work)
    assert len(entries()) == 1
    assert threading.active_count() > before
    work.close()
    assert entries() == []
    assert threading.active_count() == before


def test_one_who_waits_is_told_soon_though_nothing_is_done(tmp_path, write, slow):
    """So that cancelling never has to wait for sixteen large photographs."""
    write.pictures(tmp_path / "in", [f"{i}.png" for i in range(200)])
    work = FolderConfig(root=tmp_path / "in", width=8).load()
    while not slow.is_set():
        next(work)
    assert "0 of 200" in next(work).message
    work.close()


def test_old_entries_make_room_for_new_ones(tmp_path, write, monkeypatch):
    write.pictures(tmp_path / "in", [f"{i}.png" for i in range(6)])
    for age, width in ((300, 20), (100, 21), (200, 22)):
        open_folder(tmp_path / "in", width=width)
        (newest,) = (p for p in (cache_folder() / "pictures").iterdir() if _age(p) < 50)
        os.utime(newest, (newest.stat().st_atime, newest.stat().st_mtime - age))
    kept = {path.name for path in (cache_folder() / "pictures").iterdir() if _age(path) < 150}
    one = 6 * 3 * 22 * 22
    monkeypatch.setattr(cache, "LIMIT", 3 * one)
    open_folder(tmp_path / "in", width=23)
    assert len(entries()) == 2
    assert kept < set(entries()), "the one used longest ago goes first"
    assert len(every(open_folder(tmp_path / "in", width=20))) == 6


def _age(path):
    return time.time() - path.stat().st_mtime


def test_two_who_decode_the_same_at_once_do_not_mind(tmp_path, write):
    """As the processes of a distributed run do."""
    write.pictures(tmp_path / "in", [f"{i}.png" for i in range(60)])
    works = [FolderConfig(root=tmp_path / "in", width=8).load() for _ in range(2)]
    found = {}
    while len(found) < 2:
        for i, work in enumerate(works):
            try:
                next(work)
            except StopIteration as done:
                found.setdefault(i, done.value)
    np.testing.assert_array_equal(every(found[0]), every(found[1]))
    assert len(entries()) == 1


def test_what_a_killed_program_left_is_cleared_away(tmp_path, write):
    write.pictures(tmp_path / "in", [f"{i}.png" for i in range(6)])
    old, new = (cache_folder() / "pictures" / f".latentlab-{name}.part" for name in ("old", "new"))
    for folder in (old, new):
        folder.mkdir(parents=True)
        (folder / "images.npy").touch()
    for path in (old / "images.npy", old):
        os.utime(path, (0, 0))
    open_folder(tmp_path / "in")
    assert not old.exists()
    assert new.exists(), "another program may be at work on it"


@pytest.mark.parametrize("name", ["images.npy", "rows.npy", "about.json"])
def test_a_damaged_entry_is_made_anew(tmp_path, write, name):
    write.pictures(tmp_path / "in", [f"{i}.png" for i in range(6)])
    open_folder(tmp_path / "in")
    (entry,) = (cache_folder() / "pictures").iterdir()
    (entry / name).write_bytes(b"nothing")
    assert len(every(open_folder(tmp_path / "in"))) == 6


# Tables


def test_a_table_that_was_chosen_must_fit(tmp_path, write):
    write.pictures(tmp_path / "in", [f"{i}.png" for i in range(6)])
    (tmp_path / "other.csv").write_text("a,b\n1,2\n3,4\n")
    with pytest.raises(DataError, match=r"data\.attributes: .*other\.csv cannot be used"):
        open_folder(tmp_path / "in", attributes=tmp_path / "other.csv")
    with pytest.raises(DataError, match=r"nowhere\.csv cannot be used"):
        open_folder(tmp_path / "in", attributes=tmp_path / "nowhere.csv")


def test_a_table_that_was_found_but_does_not_fit_is_left_out(tmp_path, write):
    write.pictures(tmp_path / "in", [f"{i}.png" for i in range(6)])
    (tmp_path / "in" / "prices.csv").write_text("a,b\n1,2\n3,4\n")
    splits = open_folder(tmp_path / "in")
    assert splits.train.attributes is None
    assert "prices.csv is not used" in splits.note


def test_an_unknown_attribute_is_told_with_those_there_are(tmp_path, write):
    names = [f"{i}.png" for i in range(6)]
    write.pictures(tmp_path / "in", names)
    with pytest.raises(DataError, match="'hat'") as caught:
        open_folder(tmp_path / "in", classes_from=("Hat",))
    assert "no table" in caught.value.advice
    write.attributes(tmp_path / "in" / "attributes.csv", names)
    with pytest.raises(DataError, match="'hat'") as caught:
        open_folder(tmp_path / "in", classes_from=("Hat",))
    assert "smiling, eyeglasses" in caught.value.advice


def test_of_several_tables_that_which_names_most_pictures_is_used(tmp_path, write):
    names = [f"{i}.png" for i in range(6)]
    write.pictures(tmp_path, names)
    tables = {
        "a.csv": "camera,lens\nx,y\n",
        "b.csv": "name,value\n" + "".join(f"{name},1\n" for name in names[:4]),
        "labels.csv": "name,value\n" + "".join(f"{name},{i}\n" for i, name in enumerate(names)),
        "list.txt": "".join(f"{name} {9 - i}\n" for i, name in enumerate(names)),
        "README.txt": "These are pictures.",
    }
    for name, content in tables.items():
        (tmp_path / name).write_text(content)
    splits = open_folder(tmp_path)
    whole = splits.whole()
    known = dict(zip(whole.files, whole.attributes.column("value").tolist(), strict=True))
    assert known == {name: i for i, name in enumerate(names)}
    assert splits.note.startswith("labels.csv is used, joined by its column 'name'.")
    assert "Other tables, not used: b.csv, list.txt. Choose one by data.attributes." in splits.note
    assert "a.csv is not used: no column names the files, and 1 row " in splits.note
    assert "README" not in splits.note
    chosen = open_folder(tmp_path, attributes=tmp_path / "list.txt").whole()
    assert set(chosen.attributes.column("column 2").tolist()) == {9, 8, 7, 6, 5, 4}


def test_of_several_tables_that_go_by_order_none_is_guessed(tmp_path, write):
    write.pictures(tmp_path, [f"{i}.png" for i in "abc"])
    for name in ("one.csv", "two.csv"):
        (tmp_path / name).write_text("x\n5\n5\n9\n")
    splits = open_folder(tmp_path)
    assert splits.train.attributes is None
    assert "one.csv, two.csv could each describe the images in order: choose one" in splits.note
    assert open_folder(tmp_path, attributes=tmp_path / "two.csv").train.attributes


def test_classes_of_words_are_counted_in_the_note(tmp_path, write):
    names = [f"{i}.png" for i in range(9)]
    write.pictures(tmp_path, names)
    rows = "".join(f"{i},{('cat', 'dog', 'emu')[i % 3]}\n" for i in range(9))
    (tmp_path / "labels.csv").write_text(f"ImageId,Animal\n{rows}")
    splits = open_folder(tmp_path, classes_from=("animal",))
    assert splits.note == "Classes: cat (3), dog (3), emu (3)."
    for part in (splits.train, splits.validation):
        assert part.labels.tolist() == [int(file[0]) % 3 for file in part.files]


def test_a_table_lies_in_a_zip_or_beside_it(tmp_path, write):
    names = [f"{i}.png" for i in range(6)]
    write.pictures(tmp_path / "in", names)
    shutil.make_archive(str(tmp_path / "without" / "faces"), "zip", tmp_path / "in")
    write.attributes(tmp_path / "without" / "of_faces.csv", names)
    write.attributes(tmp_path / "in" / "attributes.csv", names)
    shutil.make_archive(str(tmp_path / "with" / "faces"), "zip", tmp_path / "in")
    (tmp_path / "with" / "other.csv").write_text("a\n1\n")
    for folder in ("with", "without"):
        splits = open_folder(tmp_path / folder / "faces.zip")
        assert splits.train.attributes.names == ("smiling", "eyeglasses"), folder


def test_a_table_of_pandas_is_read(tmp_path, write):
    pytest.importorskip("pyarrow")
    pandas = pytest.importorskip("pandas")
    names = [f"{i}.png" for i in range(6)]
    write.pictures(tmp_path, names)
    frame = pandas.DataFrame({"filename": names, "age": [30.5, None, 40, 50, 60, 70]})
    frame["sex"] = ["f", "m", None] * 2
    frame.to_parquet(tmp_path / "people.parquet")
    splits = open_folder(tmp_path)
    whole = splits.whole()
    assert whole.attributes.names == ("age", "sex")
    ages = dict(zip(whole.files, whole.attributes.column("age"), strict=True))
    assert ages["0.png"] == 30.5
    assert np.isnan(ages["1.png"])
    (tmp_path / "people.parquet").write_bytes(b"PAR1 damaged")
    assert "people.parquet is not used: it cannot be read as Parquet" in open_folder(tmp_path).note


def test_a_form_can_offer_the_attributes_of_a_table(tmp_path, write):
    names = [f"{i}.png" for i in range(6)]
    write.pictures(tmp_path / "in", names)
    config = FolderConfig(root=tmp_path / "in", width=16)
    assert finish(config.outline()).attributes == ()
    write.attributes(tmp_path / "in" / "attributes.csv", names)
    assert finish(config.outline()).attributes == ("smiling", "eyeglasses")
    (tmp_path / "z.csv").write_text("0.5,0.25\n0.5,0.125\n")
    with pytest.raises(DataError, match="cannot be matched"):
        finish(FolderConfig(root=tmp_path / "in", attributes=tmp_path / "z.csv").outline())


def test_codes_beside_their_images_are_no_table_of_attributes(tmp_path, write):
    names = [f"{i}.png" for i in range(6)]
    write.pictures(tmp_path, names)
    for head in ("file,z1,z2", "file;z1;z2", '"file"\t"mu_0"\t"mu_1"'):
        rows = "".join(f"\n{name},0.5,1" for name in names)
        (tmp_path / "codes.csv").write_text(head + rows)
        assert FolderConfig.from_path(tmp_path / "codes.csv", ImageSpec((3, 8, 8))) is None
    (tmp_path / "codes.csv").write_text("file,age,z1" + rows)
    assert FolderConfig.from_path(tmp_path / "codes.csv", ImageSpec((3, 8, 8)))
