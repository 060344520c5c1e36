"""Numbers as people type them: what they mean, and what is said of those that cannot be taken."""

import pytest
from PySide6.QtCore import QLocale, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractSpinBox, QDialogButtonBox, QDoubleSpinBox, QSpinBox

from latentlab.widgets.kit.dialogs import IntegerDialog
from latentlab.widgets.kit.number_box import IntegerBox, NumberBox, read_number

TYPED = {
    "0,5": 0.5, "1,5": 1.5, "0,0005": 0.0005, ".25": 0.25, ",25": 0.25, "5.": 5.0, "5,": 5.0,
    "3e-4": 3e-4, "3E\u22124": 3e-4, "2,5e3": 2500.0, "1.234,5": 1234.5, "1,234.5": 1234.5,
    "1 234,5": 1234.5, "1\u202f234.5": 1234.5, "1\u2019234.5": 1234.5, "1.234.567": 1234567.0,
    "\u22122,5": -2.5, "\u20132": -2.0, "- 2": -2.0, "+7": 7.0, " 8 ": 8.0, "1,500": 1.5,
}  # fmt: skip
WHOLE = {
    "12": 12, "1,500": 1500, "1.500": 1500, "1 500": 1500, "1\u00a0500": 1500, "10'000": 10000,
    "1,234,567": 1234567, "1e3": 1000, "3,0": 3, "\u22125": -5,
}  # fmt: skip
NO_NUMBER = ["abc", "1,2,3", "1.2.3", "12,34.5", "1 2", "1,23 456", "0,500,000", "5 apples", "1e",
             "-", "nan", "inf", "1_000", "0x10"]  # fmt: skip


def reading(text, whole):
    """Return what is read of a text: a number, or what is said of it."""
    try:
        return read_number(text, whole=whole)
    except ValueError as error:
        return str(error)


def test_numbers_mean_what_people_write():
    assert {text: reading(text, whole=False) for text in TYPED} == TYPED
    assert {text: reading(text, whole=True) for text in WHOLE} == WHOLE


def test_no_number_is_made_of_what_is_none():
    for whole in (True, False):
        read = {text: reading(text, whole) for text in NO_NUMBER}
        assert {t: r for t, r in read.items() if "not a number" not in str(r)} == {}, whole
    read = {text: reading(text, whole=True) for text in ("0,5", "1.5", "0,005", "2,55", "1e-1")}
    assert {t: r for t, r in read.items() if "not a whole number" not in str(r)} == {}


@pytest.fixture(params=[QLocale.Language.English, QLocale.Language.German])
def make_box(request, qtbot, application):
    """Boxes as they are under a language's own marks."""
    QLocale.setDefault(QLocale(request.param))

    def make(low, high, whole=False, suffix=""):
        box = (IntegerBox if whole else NumberBox)(low, high)
        box.setSuffix(suffix)
        box.values = []
        box.valueChanged.connect(lambda *_: box.values.append(box.value()))
        qtbot.addWidget(box)
        box.show()
        box.activateWindow()
        box.setFocus()
        return box

    yield make
    QLocale.setDefault(QLocale.system())


def enter(box, text, end=Qt.Key.Key_Return):
    """Type over all that stands there, as a hand does."""
    box.setFocus()
    box.lineEdit().selectAll()
    QTest.keyClicks(box, text)
    if end:
        QTest.keyClick(box, end)


@pytest.mark.parametrize("suffix", ["", " nats"])
@pytest.mark.parametrize(("text", "meant"), [("0,5", 0.5), ("0,0005", 0.0005), ("1.234,5", 1234.5)])
def test_typed_numbers_become_the_value(make_box, text, meant, suffix):
    box = make_box(0, 5000, suffix=suffix)
    enter(box, text)
    assert (box.value(), box.problem) == (meant, "")
    assert box.text() == f"{meant:g}{suffix}"


def test_what_a_box_shows_it_reads(make_box):
    """In every language, and Enter changes no number that was not typed."""
    for whole, number in ((True, 1_234_567), (True, 10_000), (False, 1 / 3), (False, 1234567.8)):
        box = make_box(0, 1e9, whole)
        box.setValue(number)
        QTest.keyClick(box, Qt.Key.Key_Return)
        assert (box.value(), box.problem) == (number, "")


@pytest.mark.parametrize("end", [None, Qt.Key.Key_Return, Qt.Key.Key_Tab, "hide"])
@pytest.mark.parametrize(
    ("whole", "text", "problem"),
    [
        (False, "10", "At most 1"),
        (False, "0", "More than 0"),
        (False, "-1", "More than 0"),
        (False, "zero", "Not a number"),
        (False, "", "A number is missing"),
        (True, "100000", "At most 10,000"),
        (True, "0", "At least 1"),
        (True, "2,5", "Not a whole number"),
    ],
)
def test_no_number_is_replaced_by_another(make_box, whole, text, problem, end):
    """It stays, in another colour and with what is wrong with it; the value is none it is not."""
    box = make_box(1 if whole else 0, 10_000 if whole else 1, whole)
    box.exclude(*([] if whole else [0.0]))
    box.setValue(5 if whole else 0.5)
    said = []
    box.refused.connect(said.append)
    enter(box, text, end if end != "hide" else None)
    QTest.keyClick(box, Qt.Key.Key_Backspace) if not text else None
    if end == "hide":
        box.hide()
    box.clearFocus()
    assert box.lineEdit().text() == text
    assert (box.problem, said[-1]) == (problem, problem)
    assert box.property("wrong") is True
    assert all(box.minimum() <= value <= box.maximum() for value in box.values)
    box.show()
    enter(box, "1" if whole else "0,25")
    assert (box.problem, said[-1], box.property("wrong")) == ("", "", False)
    assert box.value() == (1 if whole else 0.25)


BOXES = {"interpolate": "steps", "samples": "seed", "manifold": "count", "neighbours": "count"}


def test_what_is_typed_stays_while_the_panel_shows_its_state(old_desk):
    """Else the comma of 2,5 is gone before the 5 comes, and 25 is what was typed."""
    old_desk.to_front()
    for panel, name in BOXES.items():
        box = getattr(old_desk.panel(panel), name)
        old_desk.window.docks[panel].raise_()
        fraction, too_large = "Not a whole number", f"{box.maximum() * 100:.0f}"
        problems = {"2,5": fraction, "2.5": fraction, too_large: "At most", "7": ""}
        for text, problem in problems.items():
            box.setFocus()
            box.lineEdit().selectAll()
            for letter in text:
                QTest.keyClicks(box, letter)
                old_desk.controller.point.randomize()
                old_desk.settle()
            assert box.lineEdit().text() == f"{box.prefix()}{text}{box.suffix()}"
            assert box.problem.startswith(problem)
            assert bool(box.problem) is bool(problem)


def test_nothing_is_scored_while_the_number_of_draws_is_wrong(desk):
    panel = desk.panel("anomalies")
    desk.window.docks["anomalies"].raise_()
    enter(panel.draws, "100000", None)
    assert not panel.start.isEnabled()
    assert panel.start.toolTip() == "At most 1,000"
    enter(panel.draws, "20", None)
    assert panel.start.isEnabled()


def test_arrows_do_not_step_from_a_wrong_number(make_box):
    box = make_box(0, 1)
    box.setSingleStep(0.1)
    enter(box, "10", None)
    QTest.keyClick(box, Qt.Key.Key_Down)
    assert box.lineEdit().text() == "10"
    enter(box, "0,5", None)
    QTest.keyClick(box, Qt.Key.Key_Down)
    assert (box.value(), box.problem) == (pytest.approx(0.4), "")


def test_tiny_numbers_are_not_rounded_away(make_box):
    box = make_box(0, 1)
    box.setStepType(NumberBox.StepType.AdaptiveDecimalStepType)
    enter(box, "1e-12")
    assert box.value() == 1e-12
    box.stepUp()
    assert box.value() == pytest.approx(1.1e-12)
    box.setValue(0)
    box.stepUp()
    assert box.value() == 0.01


def test_every_box_of_the_window_is_of_this_kind(old_big):
    """Also those that are yet to be shown."""
    boxes = old_big.window.findChildren(QAbstractSpinBox)
    assert len(boxes) > 8
    assert all(isinstance(box, NumberBox) for box in boxes)
    assert not [box for kind in (QSpinBox, QDoubleSpinBox) for box in boxes if type(box) is kind]


def test_a_dialog_takes_no_wrong_number(desk):
    dialog = IntegerDialog("Train more", "How many?", (1, 100), 10, desk.window)
    dialog.show()
    ok = dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Ok)
    enter(dialog.box, "1000", None)
    assert not ok.isEnabled()
    enter(dialog.box, "20", None)
    assert ok.isEnabled()
    assert dialog.box.value() == 20
    dialog.close()
    dialog.deleteLater()


# In the window


def type_into(desk, key, text):
    row = desk.panel("train").form.row(key)
    enter(row.editor.box, text, Qt.Key.Key_Tab)
    return row


def test_nothing_is_trained_while_a_field_is_wrong(desk):
    """Neither by button nor by key, and it is said at the field and at the button."""
    panel, menu = desk.panel("train"), desk.window.menus.training
    row = type_into(desk, "model.latent_dim", "100000")
    assert row._problem.isVisible()
    assert row._problem.text().startswith("At most")
    for button in (panel.start, panel.sweep):
        assert not button.isEnabled()
        assert button.toolTip().startswith("Latent dim: at most")
    assert not menu.train.isEnabled()
    desk.controller.training.start()
    desk.controller.training.enqueue()
    desk.controller.training.sweep("model.latent_dim", (2, 3))
    assert (desk.state.training.run, desk.state.training.queue) == (None, ())
    assert desk.state.failure.title.startswith("Latent dim: at most")
    type_into(desk, "model.latent_dim", "3")
    assert not row._problem.isVisible()
    assert panel.start.isEnabled()
    assert menu.train.isEnabled()
    assert desk.state.draft.values["model"]["latent_dim"] == 3


def test_a_comma_reaches_the_draft(desk):
    type_into(desk, "model.beta", "0,5")
    assert desk.state.draft.values["model"]["beta"] == 0.5
