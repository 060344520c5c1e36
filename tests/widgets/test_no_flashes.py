"""No little window flashes: nothing but the window itself is shown at start or as forms change."""

import pytest
import toy
from gui_support import Desk
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from latentlab.session.form import Field, Kind
from latentlab.session.runs import Run, TrainingStatus
from latentlab.widgets.kit.form.form import FormWidget
from latentlab.widgets.window.main_window import MainWindow
from latentlab.workers.controller import Controller
from latentlab.workers.lane import Lane
from latentlab.workers.training import Training

NUMBER = Field("size", "Size", "How large.", "int", 3, 0, 9, group="More")
INNER = Field(
    "schedule",
    "Schedule",
    "How.",
    "kind",
    {"kind": "linear"},
    kinds=(Kind("linear", "A.", (NUMBER,)), Kind("cosine", "B.", ())),
)
FORM = (
    Field(
        "model",
        "Model",
        "What.",
        "kind",
        {"kind": "vae"},
        kinds=(Kind("vae", "A.", (INNER, NUMBER)), Kind("cvae", "B.", (NUMBER,))),
    ),
)


class Monitor(QObject):
    """Notes every widget that is shown as a window of its own."""

    def __init__(self):
        super().__init__()
        self.windows = []

    def eventFilter(self, watched, event):
        is_shown = event.type() == QEvent.Type.Show and isinstance(watched, QWidget)
        if is_shown and watched.isWindow() and not isinstance(watched, QMenu):
            name = watched.accessibleName() or watched.objectName()
            self.windows.append(f"{type(watched).__name__} {name}".strip())
        return False


@pytest.fixture
def watch(application):
    watch = Monitor()
    QApplication.instance().installEventFilter(watch)
    yield watch
    QApplication.instance().removeEventFilter(watch)


def test_only_the_window_is_shown(watch, own_place):
    lab = toy.ToyLab()
    window = MainWindow(Controller(Lane(lambda: lab), Training(lambda *_: toy.training())))
    desk = Desk(window)
    try:
        window.show()
        window.controller.start(toy.LIBRARY[0].path)
        desk.settle()
        controller = window.controller
        controller.training.set_draft({"model": {"kind": "cvae", "latent_dim": 4}})
        controller.store.set(
            training=TrainingStatus(
                run=Run(phase="training", epochs=3), queue=({"model": "vae"}, {})
            )
        )
        controller.store.say("Discarded", lambda: None)
        controller.store.refuse("No.", "Try again.")
        for dock in window.docks.values():
            dock.raise_()
        controller.store.set(training=TrainingStatus(run=None, queue=()))
        controller.runs.open(toy.LIBRARY[1].path)
        desk.settle()
    finally:
        desk.clear()
    assert watch.windows == ["MainWindow"]


def test_forms_change_without_a_window(watch, qtbot):
    form = FormWidget(FORM)
    qtbot.addWidget(form)
    form.show()
    model = form.row("model").editor
    for kind in ("cvae", "vae"):
        model.set_value(kind)
    form.row("model.schedule").editor.set_value("cosine")
    form.show_problem(form.row("model.size"), "No.")
    form.search("size")
    assert watch.windows == ["FormWidget"]
