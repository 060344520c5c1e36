"""The import dialog: what it asks of the lane, what it shows, and what it leaves in the draft."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from stub_controller import StubController, discard

from latentlab.data.data_set import DATA
from latentlab.session.export import DescribeForm
from latentlab.session.form import Field, Kind, describe
from latentlab.session.import_.images import (
    CheckImageFiles,
    ContactSheet,
    HeaderCheck,
    ShowContactSheet,
)
from latentlab.session.runs import Draft
from latentlab.widgets.window.import_images.contact_sheet import CLASSES
from latentlab.widgets.window.import_images.dialog import ImportDialog
from latentlab.work import Progress

LEFT = Qt.MouseButton.LeftButton
FOLDER = Kind("folder", "Your pictures.", describe(DATA.kinds()["folder"]))
FORM = (Field("data", "Data", "Which images.", "kind", {"kind": "folder"}, kinds=(FOLDER,)),)
PICTURES = np.zeros((24, 8, 8, 3), np.uint8)
NAMES = tuple(f"zoo/{i}.png" for i in range(24))


@pytest.fixture
def make(application, own_place):
    made = []

    def show(root=None, **state):
        draft = Draft({"model": {"kind": "vae"}})
        controller = StubController(**{"answers": {DescribeForm: FORM}, "draft": draft, **state})
        dialog = ImportDialog(controller, root)
        dialog.show()
        made.append(dialog)
        return dialog

    yield show
    for dialog in made:
        discard(dialog)


@pytest.fixture
def dialog(make):
    return make(Path("/zoo"))


def asked(dialog, kind):
    """Return every request of a kind so far."""
    asked = [call[1] for call in dialog._controller.asked if call[0] == "ask"]
    return [request for request in asked if isinstance(request, kind)]


def show(dialog, **changes):
    contact = ContactSheet(
        dialog.values(), **{"pictures": PICTURES, "names": NAMES, "count": 24, **changes}
    )
    dialog._controller.show(answers={ShowContactSheet: contact})


def test_pictures_are_looked_at_at_once(dialog):
    (first,) = asked(dialog, ShowContactSheet)
    assert first.values["kind"] == "folder"
    assert first.values["root"] == "/zoo"
    assert first.values["width"] == 64
    assert [request.root for request in asked(dialog, CheckImageFiles)] == [Path("/zoo")]
    assert not dialog.use.isEnabled(), "nothing is known of them yet"


def test_a_change_is_shown_after_a_moment_but_files_are_checked_once(dialog, until):
    dialog.form.set_values({"width": 32})
    dialog.form.set_values({"width": 33, "crop": "none"})
    until(lambda: len(asked(dialog, ShowContactSheet)) == 2)
    last = asked(dialog, ShowContactSheet)[-1].values
    assert (last["width"], last["crop"]) == (33, "none")
    assert len(asked(dialog, CheckImageFiles)) == 1
    dialog.path.line.setText("/park")
    until(lambda: len(asked(dialog, ShowContactSheet)) == 3)
    assert [request.root for request in asked(dialog, CheckImageFiles)] == [
        Path("/zoo"),
        Path("/park"),
    ]


def test_what_is_shown_can_be_used(dialog):
    show(dialog, classes=(("cats & co", 20), ("dogs", 4)), labels=(0,) * 20 + (1,) * 4, count=3204)
    assert dialog.use.isEnabled()
    assert dialog.view.summary.text() == "3,204 images in 2 classes."
    assert "cats&nbsp;&amp;&nbsp;co" in dialog.view.classes.text()
    assert dialog.view.tiles._tiles.pictures is PICTURES
    dialog.view.tiles.hovered.emit(21)
    assert dialog.view.pointed.text() == "zoo/21.png  ·  dogs"
    dialog.view.tiles.hovered.emit(-1)
    assert "zoo" not in dialog.view.pointed.text()


def test_pictures_do_not_claim_to_be_of_the_open_model(dialog):
    show(dialog)
    exporting = dialog.view.tiles.exporting
    content = exporting.offer()
    assert exporting._recorded(content, content.image()).text("latentlab") == ""


def test_many_classes_are_cut_short(dialog):
    classes = tuple((f"c{i}", 1) for i in range(CLASSES + 30))
    show(dialog, classes=classes, labels=tuple(range(24)))
    assert "and 30 more" in dialog.view.classes.text()
    assert f"c{CLASSES}" not in dialog.view.classes.text()
    assert f"c{CLASSES} 1" in dialog.view.classes.toolTip()


def test_answers_to_older_questions_are_passed_over(dialog):
    old = dialog.values()
    dialog.form.set_values({"width": 32})
    dialog._controller.show(
        answers={ShowContactSheet: ContactSheet(old, PICTURES, NAMES, count=24)}
    )
    assert not dialog.use.isEnabled()


def test_a_problem_is_said_in_the_dialog_and_the_pictures_stay(dialog):
    show(dialog)
    dialog.form.set_values({"classes_from": ["hat"]})
    show(dialog, pictures=None, problem="data.classes_from: there is no attribute 'hat'.")
    assert dialog.view.problem.text() == "There is no attribute 'hat'."
    assert not dialog.use.isEnabled()
    assert dialog.view.tiles._tiles.pictures is PICTURES
    dialog.form.set_values({"classes_from": []})
    show(dialog)
    assert dialog.view.problem.isHidden()
    dialog.path.line.setText("/nowhere")
    show(dialog, pictures=None, problem="data.root: there is no folder or ZIP /nowhere.")
    assert dialog.view.tiles._tiles is None, "those are other pictures"


def test_one_picture_is_not_enough(dialog):
    show(dialog, count=1)
    assert not dialog.use.isEnabled()
    assert dialog.view.summary.text() == "1 image, no classes."


def test_unreadable_files_are_counted_and_listed(dialog):
    skipped = (("a.png", "is no image"), ("b.jpg", "image file is truncated"))
    dialog._controller.show(answers={CheckImageFiles: HeaderCheck(Path("/park"), 9, skipped)})
    assert dialog.view.unreadable.isHidden(), "those are other pictures"
    dialog._controller.show(answers={CheckImageFiles: HeaderCheck(Path("/zoo"), 9, skipped)})
    assert dialog.view.unreadable.text().startswith("2 of 9 images could not be read")
    assert dialog.view.list.isHidden()
    QTest.mouseClick(dialog.view.unreadable, LEFT)
    assert dialog.view.list.isVisible()
    assert dialog.view.list.toPlainText().splitlines()[1] == "b.jpg: image file is truncated"


def test_progress_is_shown_while_there_is_any(dialog):
    dialog._controller.show(working={ShowContactSheet: Progress("Reading some images", 0.25)})
    assert dialog.view._progress.isVisible()
    assert dialog.view._progress.value() == 250
    dialog._controller.show(working={})
    assert not dialog.view._progress.isVisible()


def test_attributes_are_ticked_into_classes(dialog, until):
    assert dialog.pick.isHidden()
    show(dialog, table="attributes.csv", attributes=("smiling", "hat", "a", "b", "c", "d"))
    assert dialog.pick.isVisible()
    actions = {action.text(): action for action in dialog.pick.menu().actions()}
    for name in ("hat", "smiling"):
        actions[name].trigger()
    assert dialog.values()["classes_from"] == ["smiling", "hat"]
    until(lambda: asked(dialog, ShowContactSheet)[-1].values["classes_from"] == ["smiling", "hat"])
    dialog.form.set_values({"classes_from": ["a", "b", "c", "d", "hat"]})
    show(dialog, table="attributes.csv", attributes=("smiling", "hat", "a", "b", "c", "d"))
    enabled = {action.text(): action.isEnabled() for action in dialog.pick.menu().actions()}
    assert not enabled["smiling"], "five are the most"
    assert enabled["hat"]


def test_ok_puts_them_into_the_draft_and_leaves_the_rest(dialog):
    dialog.form.set_values({"width": 28, "height": 20, "colour": False})
    show(dialog)
    wanted = dialog.values()
    QTest.mouseClick(dialog.use, LEFT)
    drafts = [call[1] for call in dialog._controller.asked if call[0] == "training.set_draft"]
    assert drafts == [{"model": {"kind": "vae"}, "data": wanted}]
    assert (wanted["root"], wanted["width"], wanted["height"]) == ("/zoo", 28, 20)
    assert not dialog.isVisible()


def test_cancel_leaves_the_draft_and_ends_the_look(dialog):
    dialog.reject()
    called = [call[0] for call in dialog._controller.asked]
    assert "training.set_draft" not in called
    ended = {call[1] for call in dialog._controller.asked if call[0] == "cancel"}
    assert ended == {ShowContactSheet, CheckImageFiles}


def test_the_last_pictures_are_remembered(make, until):
    first = make(Path("/zoo"))
    first.form.set_values({"width": 40, "classes_from": ["hat"]})
    show(first)
    first.accept()
    again = make()
    assert again.path.line.text() == "/zoo"
    assert (again.values()["width"], again.values()["classes_from"]) == (40, ["hat"])
    other = make(Path("/park"))
    assert (other.path.line.text(), other.values()["width"]) == ("/park", 40)
    assert other.values()["classes_from"] == [], "other pictures have other attributes"


def test_it_waits_for_the_form(make):
    dialog = make(Path("/zoo"), answers={DescribeForm: ()})
    assert asked(dialog, ShowContactSheet) == []
    dialog._controller.show(answers={DescribeForm: FORM})
    assert len(asked(dialog, ShowContactSheet)) == 1


def test_nothing_is_asked_of_no_folder(make):
    dialog = make()
    assert asked(dialog, ShowContactSheet) == []
    assert not dialog.use.isEnabled()


@pytest.mark.parametrize("name", ["use", "pick"])
def test_controls_explain_themselves(dialog, name):
    assert getattr(dialog, name).toolTip()
