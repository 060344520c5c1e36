"""Bad input: a clear message at its place, nothing lost, the window alive."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from safetensors.numpy import save_file

from latentlab.directories import resources, runs
from latentlab.session.bookmarks import ImportBookmarks, ReadBookmarks
from latentlab.session.directions import ImportDirections, ReadDirections
from latentlab.session.export import DescribeForm
from latentlab.session.form import with_titles
from latentlab.session.model import Decode, DecodePath, MakeSamples
from latentlab.widgets.panels.library.run_model import STATUS

DIGITS_2D = resources() / "models" / "digits-2d"
CVAE = resources() / "models" / "digits-cvae"


def run_folder(tmp_path, name="run", source=DIGITS_2D):
    return shutil.copytree(source, tmp_path / name)


def no_run(tmp_path):
    (tmp_path / "holiday").mkdir()
    return tmp_path / "holiday", "is not a run"


def truncated(tmp_path):
    folder = run_folder(tmp_path)
    weights = folder / "checkpoint.safetensors"
    weights.write_bytes(weights.read_bytes()[:5000])
    return folder, "damaged"


def truncated_file(tmp_path):
    folder, words = truncated(tmp_path)
    return folder / "checkpoint.safetensors", words


def no_weights(tmp_path):
    folder = run_folder(tmp_path)
    (folder / "checkpoint.safetensors").unlink()
    return folder, "checkpoint.safetensors"


def foreign(tmp_path):
    folder = run_folder(tmp_path)
    save_file({"lm_head.weight": np.zeros((2, 2))}, folder / "checkpoint.safetensors")
    return folder, "does not fit"


def stray_safetensors(tmp_path):
    """A weights file of some other program, with no run around it."""
    (tmp_path / "downloads").mkdir()
    file = tmp_path / "downloads" / "model.safetensors"
    save_file({"lm_head.weight": np.zeros((2, 2))}, file)
    return file, "model.safetensors cannot be opened: its tensors are not those of a VAE"


def other_weights(tmp_path):
    """Weights of some other program inside a run folder are not the run's own."""
    file = run_folder(tmp_path) / "encoder.safetensors"
    save_file({"lm_head.weight": np.zeros((2, 2))}, file)
    return file, "encoder.safetensors cannot be opened: its tensors are not those of a VAE"


def model_of_another_program(tmp_path, name="vae.pt"):
    file = tmp_path / name
    file.write_bytes(b"PK no picture")
    return file, f"{name} is damaged, or no file of torch.save"


def graph_of_another_program(tmp_path):
    file, _ = model_of_another_program(tmp_path, "vae.onnx")
    return file, "vae.onnx cannot be opened"


def text(tmp_path):
    file = tmp_path / "notes.txt"
    file.write_text("Dear diary, this is no picture.")
    return file, "notes.txt is not a model, a recipe or an image"


def table(tmp_path):
    file = tmp_path / "labels.tsv"
    file.write_text("name\tage\n1.png\t3\n")
    return file, "z1, z2 and so on. It can be the attribute table of"


def archive(tmp_path):
    file = tmp_path / "pictures.zip"
    file.write_bytes(b"PK")
    return file, "is an archive. It is no model, recipe or image. To train on images in it, use"


def folder_of_runs(tmp_path):
    run_folder(tmp_path)
    return tmp_path, "It holds runs: open one of them, as "


def misfit(tmp_path):
    folder = run_folder(tmp_path)
    shutil.copy(CVAE / "checkpoint.safetensors", folder)
    return folder, "does not fit"


def other_shape(tmp_path):
    folder = run_folder(tmp_path)
    about = folder / "checkpoint.json"
    values = json.loads(about.read_text())
    values["recipe"]["model"]["latent_dim"] = 3
    about.write_text(json.dumps(values))
    return folder, "does not fit"


def half_a_description(tmp_path):
    folder = run_folder(tmp_path)
    about = folder / "checkpoint.json"
    about.write_text(about.read_text()[:100])
    return folder, "damaged"


def nested_description(tmp_path):
    folder = run_folder(tmp_path)
    (folder / "checkpoint.json").write_text('{"format": ' + "[" * 10_000)
    return folder, "damaged"


def long_value(tmp_path):
    folder = run_folder(tmp_path)
    about = folder / "checkpoint.json"
    about.write_text(json.dumps({**json.loads(about.read_text()), "step": "<b>9</b>" * 50_000}))
    return folder, "step: must be a valid integer"


def text_as_png(tmp_path):
    file = tmp_path / "note.png"
    file.write_text("Dear diary, this is no picture.")
    return file, "not an image"


def cut_png(tmp_path):
    file = tmp_path / "cut.png"
    noise = np.random.default_rng(0).integers(0, 255, (200, 200), np.uint8)
    Image.fromarray(noise).save(file)
    file.write_bytes(file.read_bytes()[:9000])
    return file, "cannot be read"


def damaged_png(tmp_path):
    """Pillow raises a SyntaxError at the second chunk of pixels."""
    file = tmp_path / "damaged.png"
    noise = np.random.default_rng(0).integers(0, 255, (200, 200, 3), np.uint8)
    Image.fromarray(noise).save(file)
    content = bytearray(file.read_bytes())
    second = content.find(b"IDAT", content.find(b"IDAT") + 4)
    content[second : second + 4] = b"\x0cbs\x02"
    file.write_bytes(content)
    return file, "cannot be read: broken PNG file"


def missing_picture(tmp_path):
    return tmp_path / "gone.png", "gone.png"


def missing_recipe(tmp_path):
    return tmp_path / "gone.toml", "gone.toml"


def missing_checkpoint(tmp_path):
    return tmp_path / "gone.safetensors", "it does not exist"


def unknown_key(tmp_path):
    file = tmp_path / "recipe.toml"
    file.write_text("[model]\nkind = 'vae'\nlatentdim = 2\n")
    return file, 'did you mean "latent_dim"'


def unknown_kind(tmp_path):
    file = tmp_path / "recipe.toml"
    file.write_text("[model]\nkind = 'vea'\n")
    return file, 'did you mean "vae"'


def no_toml(tmp_path):
    file = tmp_path / "recipe.toml"
    file.write_text("model: vae\n")
    return file, "is not TOML"


BAD = [
    nested_description,
    long_value,
    no_run,
    truncated,
    truncated_file,
    no_weights,
    foreign,
    stray_safetensors,
    other_weights,
    model_of_another_program,
    graph_of_another_program,
    text,
    table,
    archive,
    folder_of_runs,
    misfit,
    other_shape,
    half_a_description,
    text_as_png,
    cut_png,
    damaged_png,
    missing_picture,
    missing_recipe,
    missing_checkpoint,
    unknown_key,
    unknown_kind,
    no_toml,
]


@pytest.mark.parametrize("make", BAD, ids=lambda make: make.__name__)
def test_is_told_and_nothing_is_lost(old_desk, make, tmp_path):
    """All of it into one window, one after the other."""
    desk = old_desk
    path, words = make(tmp_path)
    desk.hand.key(Qt.Key.Key_R)
    desk.settle()
    before = desk.state
    desk.controller.open_path(path)
    desk.settle()
    assert desk.state.workspace == "explore", "what cannot be opened leads nowhere"
    failure, bar = desk.state.failure, desk.window.failure_bar
    assert bar.isVisible()
    assert words in bar.text.text()
    text = f"{failure.title} {failure.advice}".strip()
    # Lines of code in the advice are copied as lines.
    shown = " ".join(text.split())
    assert bar.text.text() == with_titles(shown, desk.state.answer(DescribeForm))
    assert "Traceback" not in bar.text.text()
    assert len(bar.text.text()) < 1000
    assert failure.details == ""
    desk.hand.click(bar._copy)
    assert QGuiApplication.clipboard().text().split("\n")[0] == failure.title
    for name in ("model", "point", "codes", "ends", "log"):
        assert getattr(desk.state, name) is getattr(before, name), name
    for kind in (Decode, DecodePath, MakeSamples):
        assert desk.state.answer(kind) is before.answer(kind), kind
    assert desk.state.opening == ""
    assert desk.window.windowTitle().startswith("digits-2d")
    # The lane, too, still has the model: what it decodes next is right.
    desk.controller.undo.undo()
    desk.settle()
    assert desk.state.answer(Decode).point == desk.state.point
    np.testing.assert_allclose(
        desk.state.answer(Decode).pixels, desk.state.original.reconstruction, atol=1
    )
    desk.hand.click(bar.dismiss)
    assert not bar.isVisible()


@pytest.mark.parametrize("what", [ImportDirections, ImportBookmarks])
@pytest.mark.parametrize(
    "text", ["", "[" * 10_000, '{"format": 1, "bookmarks": [{"z": "far"}]}', "x" * 100_000]
)
def test_a_damaged_file_to_import_is_told_and_adds_nothing(old_desk, tmp_path, what, text):
    desk, file = old_desk, tmp_path / "shared.json"
    file.write_text(text)
    before = ((desk.state.answer(ReadBookmarks) or ()), desk.state.answer(ReadDirections))
    marks = ((desk.state.answer(ReadBookmarks) or ()) or (),) if what is ImportBookmarks else ()
    desk.controller.ask(what(desk.state.model, *marks, file))
    desk.settle()
    message = desk.window.failure_bar.text.text()
    assert desk.window.failure_bar.isVisible()
    assert "shared.json is no" in message
    assert len(message) < 500
    assert ((desk.state.answer(ReadBookmarks) or ()), desk.state.answer(ReadDirections)) == before
    desk.controller.store.dismiss_failure()


def test_a_damaged_run_stands_in_the_library_and_says_why_it_does_not_open(make_desk):
    """Rather than vanish from it."""
    folder, _ = half_a_description(runs())
    folder = folder.rename(runs() / "20260102-030405-vae-digits")
    desk = make_desk()
    rows = desk.panel("library").list
    row = rows.row_of(folder)
    index = rows.model().index(row, 0)
    assert index.data(STATUS) == "damaged"
    assert rows.entry(row).detail.startswith("checkpoint.json is damaged")
    desk.hand.click(rows.viewport(), rows.visualRect(index).center())
    desk.settle()
    assert f"{folder.name}/checkpoint.json is damaged" in desk.window.failure_bar.text.text()
    assert desk.state.model.name == "digits-2d"


def test_next_success_takes_the_message_away(desk, tmp_path):
    desk.controller.open_path(no_run(tmp_path)[0])
    desk.settle()
    assert desk.window.failure_bar.isVisible()
    desk.controller.open_path(CVAE)
    desk.settle()
    assert not desk.window.failure_bar.isVisible()
    assert desk.state.model.name == "digits-cvae"


def test_good_picture_takes_an_old_message_away(desk, tmp_path):
    """A message must not stand beside the success that followed it."""
    desk.controller.open_path(text_as_png(tmp_path)[0])
    desk.settle()
    file = tmp_path / "mine.png"
    Image.fromarray(np.full((40, 40), 200, np.uint8)).save(file)
    desk.controller.open_path(file)
    desk.settle()
    assert desk.state.original.name == "mine.png"
    assert not desk.window.failure_bar.isVisible()


def test_error_nobody_foresaw_offers_its_details(desk, monkeypatch, application):
    """It is told in one sentence; the traceback is for the bug report alone."""

    def explode(self, point):
        raise RuntimeError("the tensors are unhappy")

    monkeypatch.setattr("latentlab.explorer.explorer.Explorer.decode", explode)
    desk.hand.key(Qt.Key.Key_R)
    desk.settle()
    bar = desk.window.failure_bar
    assert bar.isVisible()
    assert "the tensors are unhappy" in bar.text.text()
    assert "Traceback" not in bar.text.text()
    desk.hand.click(bar._copy)
    assert "Traceback" in application.clipboard().text()
    monkeypatch.undo()
    desk.hand.key(Qt.Key.Key_R)
    desk.settle()
    assert desk.state.answer(Decode).point == desk.state.point


def test_markup_in_a_name_is_shown_as_it_is(desk, tmp_path):
    folder = tmp_path / "<b>bold<img src=x>"
    folder.mkdir()
    desk.controller.open_path(folder)
    desk.settle()
    label = desk.window.failure_bar.text
    assert "<b>bold<img src=x>" in label.text()
    assert label.textFormat() == label.textFormat().PlainText
