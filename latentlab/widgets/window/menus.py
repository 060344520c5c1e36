"""Menus, shortcuts and the corner widget of the menu bar."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QUrl, Slot
from PySide6.QtGui import QAction, QDesktopServices, QKeySequence
from PySide6.QtWidgets import QDialog, QFileDialog, QMenu, QMessageBox, QToolButton, QWhatsThis

from latentlab import __version__
from latentlab.directories import CODE_SUFFIXES, LESSON_SUFFIX, runs
from latentlab.session.abilities import DECODER, ENCODER_DECODER, NOTHING, why_not
from latentlab.session.files.report import REPORTS
from latentlab.session.files.scene import ReadScene
from latentlab.session.import_.model import ListForeignFormats
from latentlab.widgets.kit.clipboard import paste_image
from latentlab.widgets.kit.context_menu import PATH_ENDS
from latentlab.widgets.kit.dialogs import (
    ask_dataset,
    ask_image_file,
    ask_run_folder,
    ask_save_path,
)
from latentlab.widgets.kit.export.exporting import exporting_near
from latentlab.widgets.kit.icons import IconButton
from latentlab.widgets.kit.labels import literal
from latentlab.widgets.kit.model_actions import ModelActions
from latentlab.widgets.kit.settings import recent
from latentlab.widgets.window.command_palette import CommandPalette
from latentlab.widgets.window.export_model import ExportModelDialog
from latentlab.widgets.window.other_data import ask_other_data
from latentlab.widgets.window.problem_dialog import ProblemDialog
from latentlab.widgets.window.scene_menu import SceneMenu
from latentlab.widgets.window.shortcut_sheet import ShortcutSheet
from latentlab.widgets.window.train_menu import TrainMenu
from latentlab.widgets.window.type_ahead import TypeAhead
from latentlab.widgets.window.view_menu import ViewMenu
from latentlab.widgets.window.words import Words

if TYPE_CHECKING:
    from collections.abc import Callable

    from latentlab.session.abilities import Abilities
    from latentlab.session.state import Changes, State
    from latentlab.widgets.window.main_window import MainWindow


class Menus(QObject):
    """Fills the menu bar of a window.

    Parameters
    ----------
    window : MainWindow
        Window with the menu bar.
    """

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._controller = window.controller
        self._actions: list[QAction] = []
        self._model_actions = ModelActions()
        self._type_ahead = TypeAhead(self)
        self.scenes = SceneMenu(window)
        self._file_menu()
        self._edit_menu()
        self._train_menu()
        self._view_menu()
        self._help_menu()
        self._fill_bar()
        for dock in window.docks.values():
            dock.help.asked.connect(self.look_up)

    def show_state(self, state: State, changed: Changes) -> None:
        """Enable the actions that apply to the state."""
        if "steps" in changed:
            self.undo.setEnabled(state.can_undo)
            self.redo.setEnabled(state.can_redo)
            self.undo.setText(_step_text("Undo", state.steps.undo_title))
            self.redo.setText(_step_text("Redo", state.steps.redo_title))
        if ReadScene in changed and (found := state.answer(ReadScene)):
            self.scenes.show_found(found)
        if "model" in changed:
            has_model = state.model is not None and not why_not(ENCODER_DECODER, state.model)
            self._model_actions.show_model(state.model)
            self.report.setEnabled(has_model)
            self.export_model.setEnabled(has_model)
            self._run_data.setEnabled(has_model and bool(state.model and state.model.other))
        self.training.show_state(state, changed)

    def _add(
        self,
        menu: QMenu,
        text: str,
        shortcut: str,
        slot: Callable[[], object],
        tip: str = "",
        needs: Abilities = NOTHING,
    ) -> QAction:
        """Add an action, which is greyed for a model that lacks what it needs."""
        action = menu.addAction(text)
        action.setShortcut(QKeySequence(shortcut))
        action.setStatusTip(tip)
        action.triggered.connect(slot)
        self._model_actions.add(action, needs)
        self._actions.append(action)
        return action

    def _file_menu(self) -> None:
        menu = self._window.menuBar().addMenu("&File")
        self._add(menu, "Open run…", "Ctrl+O", self._open_run, "Open a folder written by training")
        tip = "Open the weights of a model, also of another program, or edit a recipe"
        self._add(menu, "Open model or recipe…", "Ctrl+Shift+O", self._open_file, tip)
        tip = "Show codes of another program: NumPy, CSV, Parquet or AnnData"
        self._add(menu, "Open codes…", "", self._open_codes, tip)
        self._recent = menu.addMenu("Open recent")
        self._recent.aboutToShow.connect(self._fill_recent)
        tip = "Encode an image of your own"
        self._add(menu, "Open image…", "Ctrl+I", self._open_picture, tip, ENCODER_DECODER)
        tip = "Put another data set on the map: a new batch, or images unlike those of the run"
        text = "Show other images with this model…"
        self._add(menu, text, "", self._show_other_data, tip, ENCODER_DECODER)
        tip = "Put the images of the run on the map again"
        self._run_data = self._add(menu, "Show the images of the run", "", self._show_run_data, tip)
        tip = "Show what a classifier decides on the images and between them"
        self._add(menu, "Open classifier…", "", self._open_classifier, tip)
        tip = "Learn from your own images"
        self._add(menu, "Use a folder of images…", "Ctrl+Shift+I", self._use_pictures, tip)
        menu.addSeparator()
        tip = "Restore model, z, view and path from a scene, or from an image or film of latentlab"
        self._add(menu, "Open scene…", "", self.scenes.open, tip)
        tip = "Save model, z, view, path, bookmarks and workspace as a file"
        self._add(menu, "Save scene…", "Ctrl+S", self.scenes.save, tip)
        tip = "Open a lesson of your own: a text file with steps, checks and questions"
        self._add(menu, "Open lesson…", "", self._open_lesson, tip)
        tip = "Write a web page with all figures and numbers of the open model"
        self.report = self._add(menu, "Save report…", "Ctrl+Shift+R", self._save_report, tip)
        tip = "Write images that the model generates as a data set, with a list of their labels"
        text, slot = "Save generated data set…", self._save_dataset
        self.save_dataset = self._add(menu, text, "", slot, tip, DECODER)
        tip = "Write the open model as ONNX or safetensors, for other programs"
        self.export_model = self._add(menu, "Export model…", "", self._export_model, tip)
        for action in (self._run_data, self.report, self.save_dataset, self.export_model):
            # No model is open yet.
            action.setEnabled(False)
        menu.addSeparator()
        tip = "Show the folders that training has written, in the file manager"
        self._add(menu, "Show run folders", "", self._show_runs, tip)
        menu.addSeparator()
        self._add(menu, "Quit", "Ctrl+Q", self._window.close)

    def _edit_menu(self) -> None:
        menu = self._window.menuBar().addMenu("&Edit")
        controller = self._controller
        self.undo = self._add(menu, "Undo", "Ctrl+Z", controller.undo.undo)
        self.redo = self._add(menu, "Redo", "Ctrl+Shift+Z", controller.undo.redo)
        self.undo.setEnabled(False)
        self.redo.setEnabled(False)
        tip = "Copy the image or plot that has the focus, or the first one of its panel"
        self._add(menu, "Copy image", "Ctrl+C", self._copy, tip)
        tip = "Encode the image on the clipboard"
        self._add(menu, "Paste image", "Ctrl+V", self._paste_picture, tip, ENCODER_DECODER)
        menu.addSeparator()
        point, path, samples = controller.point, controller.path, controller.decoding
        self._add(menu, "Random z", "R", point.randomize, "Draw z from the prior", DECODER)
        self._add(menu, "Mean z", "Home", point.go_home, "Set z to the mean of all codes")
        tip, cross = "Set z to the nearest point with another decision", controller.classifier
        self._add(menu, "Nearest other decision", "", cross.cross_any, tip, DECODER)
        starts, ends = "Start the path from A to B at z", "End the path from A to B at z"
        self._add(menu, f"Set {PATH_ENDS['a']} to z", "A", path.put_a, starts, DECODER)
        self._add(menu, f"Set {PATH_ENDS['b']} to z", "B", path.put_b, ends, DECODER)
        tip = "Draw other points of the prior"
        self._add(menu, "New samples", "N", samples.draw_samples, tip, DECODER)

    def _train_menu(self) -> None:
        menu = self._window.menuBar().addMenu("&Train")
        self.training = TrainMenu(self._window, menu, self._controller)
        self.train, self.stop = self.training.train, self.training.stop
        self._actions += self.training.actions

    def _view_menu(self) -> None:
        menu = self._window.menuBar().addMenu("&View")
        self.view = ViewMenu(self._window, menu)
        self._actions += self.view.actions

    def _help_menu(self) -> None:
        menu = self._window.menuBar().addMenu("&Help")
        self._add(menu, "Welcome", "", self._window.show_welcome, "Show the welcome page")
        tip = "Run any command, show any panel, change any setting by its name"
        self.find = self._add(menu, "Find command…", "Ctrl+Shift+P", self.find_command, tip)
        self._add(menu, "What is this?", "Shift+F1", self._explain, "Explain the panel in use")
        self._add(menu, "Keyboard and mouse", "F1", self._show_shortcuts, "Show all shortcuts")
        self._add(menu, "Words", "Ctrl+F1", self._show_words, "Explain the terms of this window")
        menu.addSeparator()
        tip = "Gather versions, recipe, last actions and log in a text to copy; nothing is sent"
        self._add(menu, "Report a problem…", "", self._report_problem, tip)
        self._add(menu, "About latentlab", "", self._show_about)

    def _fill_bar(self) -> None:
        steps = (("search", self.find), ("undo", self.undo), ("redo", self.redo))
        self._window.workspace_bar.add_right(*(_button(name, action) for name, action in steps))

    @Slot()
    def _open_run(self) -> None:
        if folder := ask_run_folder(self._window):
            self._controller.open_path(folder)

    @Slot()
    def _open_file(self) -> None:
        formats = self._controller.state.answer(ListForeignFormats) or ()
        known = [suffix for each in formats if not each.is_refused for suffix in each.suffixes]
        suffixes = dict.fromkeys([".safetensors", ".json", ".toml", *known])
        kinds = f"Models and recipes ({' '.join(f'*{suffix}' for suffix in suffixes)})"
        file, _ = QFileDialog.getOpenFileName(self._window, "Open", str(runs()), kinds)
        if file:
            self._controller.open_path(Path(file))

    @Slot()
    def _open_codes(self) -> None:
        kinds = f"Codes (*{' *'.join(CODE_SUFFIXES)})"
        file, _ = QFileDialog.getOpenFileName(self._window, "Open codes", "", kinds)
        if file:
            self._controller.codes.open(Path(file))

    @Slot()
    def _open_picture(self) -> None:
        if path := ask_image_file(self._window):
            self._controller.open_path(path)

    @Slot()
    def _open_lesson(self) -> None:
        kinds = f"Lessons (*{LESSON_SUFFIX})"
        file, _ = QFileDialog.getOpenFileName(self._window, "Open lesson", "", kinds)
        if file:
            self._controller.open_path(Path(file))

    @Slot()
    def _save_report(self) -> None:
        if path := ask_save_path(self._window, "report", REPORTS):
            self._controller.files.save_report(path)

    @Slot()
    def _show_other_data(self) -> None:
        ask_other_data(self._window, self._controller)

    @Slot()
    def _show_run_data(self) -> None:
        self._controller.model.show_data(None)

    @Slot()
    def _save_dataset(self) -> None:
        model = self._controller.state.model
        if model and (request := ask_dataset(self._window, by_class=model.conditional)):
            self._controller.files.save(request)

    @Slot()
    def _use_pictures(self) -> None:
        self._window.use_pictures()

    @Slot()
    def _copy(self) -> None:
        exporting = exporting_near(self._window.focusWidget())
        if exporting:
            exporting.copy()
        else:
            self._controller.store.say("Click an image or a plot first, then copy it")

    @Slot()
    def _open_classifier(self) -> None:
        kinds = "Classifiers (*.onnx *.safetensors *.pt *.pth)"
        file, _ = QFileDialog.getOpenFileName(self._window, "Open classifier", "", kinds)
        if file:
            self._controller.classifier.open(Path(file))

    @Slot()
    def _export_model(self) -> None:
        if self._controller.state.model:
            ExportModelDialog(self._controller, self._window).open()

    @Slot()
    def _paste_picture(self) -> None:
        paste_image(self._controller)

    @Slot()
    def _fill_recent(self) -> None:
        self._recent.clear()
        for path in recent():
            action = self._recent.addAction(literal(Path(path).name))
            action.setData(path)
            action.setToolTip(path)
            action.triggered.connect(self._open_recent)
        if self._recent.isEmpty():
            self._recent.addAction("Nothing yet").setEnabled(False)

    @Slot()
    def _open_recent(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self._controller.open_path(Path(action.data()))

    @Slot()
    def _show_runs(self) -> None:
        runs().mkdir(parents=True, exist_ok=True)
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(runs())))

    @Slot()
    def find_command(self) -> None:
        """Open the command palette."""
        CommandPalette(self._window).show()

    @Slot()
    def _show_words(self) -> None:
        self._open(Words)

    @Slot(str)
    def look_up(self, term: str) -> None:
        """Open the glossary at a term."""
        self._open(Words).look_up(term)

    @Slot()
    def _show_shortcuts(self) -> None:
        self._open(ShortcutSheet)

    @Slot()
    def _report_problem(self) -> None:
        self._open(ProblemDialog)

    def _open[D: QDialog](self, kind: type[D]) -> D:
        """Show a dialog beside the window, at most one of its kind."""
        dialog = self._window.findChild(kind) or kind(self._window)
        dialog.show()
        dialog.raise_()
        dialog.activateWindow()
        return dialog

    @Slot()
    def _explain(self) -> None:
        """Explain the panel that has the focus; if none has it, the panel that is clicked next."""
        focused = self._window.focusWidget()
        docks = self._window.docks.values()
        dock = next((each for each in docks if focused and each.isAncestorOf(focused)), None)
        if dock and dock.is_seen:
            dock.help.explain()
        else:
            QWhatsThis.enterWhatsThisMode()

    @Slot()
    def _show_about(self) -> None:
        self._show_message(
            "About latentlab",
            f"<h3>latentlab {__version__}</h3><p>A laboratory for the latent spaces of "
            "variational autoencoders.</p><p>MIT licence. Digits: MNIST, Y. LeCun and C. Cortes, "
            "CC BY-SA 3.0.</p>",
        )

    def _show_message(self, title: str, text: str) -> None:
        box = QMessageBox(self._window)
        box.setWindowTitle(title)
        box.setTextFormat(Qt.TextFormat.RichText)
        box.setText(text)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.open()


def _button(name: str, action: QAction) -> QToolButton:
    keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
    button = IconButton(name, f"{action.text()} ({keys})")
    button.setEnabled(action.isEnabled())
    button.clicked.connect(action.trigger)
    action.enabledChanged.connect(button.setEnabled)
    action.changed.connect(lambda: button.setToolTip(f"{action.text()} ({keys})"))
    return button


def _step_text(verb: str, title: str) -> str:
    return f"{verb}: {literal(title)}" if title else verb
