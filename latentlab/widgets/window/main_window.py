"""Main window: docks of the panels, menus, messages and saved layout."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, override

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QMainWindow, QMessageBox, QToolBar

from latentlab.widgets.kit.labels import muted
from latentlab.widgets.kit.settings import remember, settings
from latentlab.widgets.kit.theme import UNIT
from latentlab.widgets.panel import find_panels
from latentlab.widgets.window.dock import Dock
from latentlab.widgets.window.import_images.dialog import open_import_dialog
from latentlab.widgets.window.layout import apply_default_layout
from latentlab.widgets.window.menus import Menus
from latentlab.widgets.window.messages import FailureBar, MessageBar
from latentlab.widgets.window.run_bar import RunBar
from latentlab.widgets.window.tab_order import move_focus

if TYPE_CHECKING:
    from PySide6.QtCore import QMimeData
    from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent

    from latentlab.session.state import Changes, State
    from latentlab.workers.controller import Controller

LAYOUT_VERSION = 1


class MainWindow(QMainWindow):
    """Main window; it asks before closing during training.

    Parameters
    ----------
    controller : Controller
        Owner of the state; receives the intents.
    """

    built = Signal()
    """Emitted when all panels are built."""

    def __init__(self, controller: Controller) -> None:
        super().__init__()
        self.controller = controller
        self.setWindowTitle("latentlab")
        self.setAcceptDrops(True)
        self.setDockNestingEnabled(True)
        self.docks = {panel.key: Dock(panel, controller, self) for panel in find_panels()}
        self.failure_bar = FailureBar()
        self.run_bar, self.messages = RunBar(controller), MessageBar()
        self._banner = self._make_banner()
        self.model_label = muted(stretch=False)
        self.menus = Menus(self)
        self.statusBar().addPermanentWidget(self.messages, 1)
        self.statusBar().addPermanentWidget(self.run_bar, 1)
        self.statusBar().messageChanged.connect(self.messages.show_tip)
        self.statusBar().setSizeGripEnabled(False)
        self.setContentsMargins(UNIT, 0, UNIT, 0)
        self.resize(1440, 900)
        apply_default_layout(self, list(self.docks.values()))
        self._default_layout = self.saveState(LAYOUT_VERSION)
        self._restore()
        self.failure_bar.dismiss.clicked.connect(controller.store.dismiss_failure)
        controller.changed.connect(self._on_changed)
        # Panels are built one at a time after the window is shown, so that it appears at once.
        self._unbuilt = sorted(self.docks.values(), key=lambda dock: dock.panel.shortcut)
        # Not QTimer.singleShot, which keeps a reference to the window after it is destroyed.
        self._builder = QTimer(self)
        self._builder.timeout.connect(self._build_next)
        self._builder.start()

    def _make_banner(self) -> QToolBar:
        bar = QToolBar("Messages", self)
        bar.setObjectName("messages")
        bar.setMovable(False)
        bar.toggleViewAction().setVisible(False)
        bar.setContentsMargins(0, UNIT // 2, 0, 0)
        bar.addWidget(self.failure_bar)
        self.addToolBar(Qt.ToolBarArea.TopToolBarArea, bar)
        bar.hide()
        return bar

    @Slot()
    def _build_next(self) -> None:
        if not self._unbuilt:
            self._builder.stop()
            self.built.emit()
            return
        self._unbuilt.pop(0).build()

    @Slot(object, object)
    def _on_changed(self, state: State, changed: Changes) -> None:
        if changed & {"model", "opening"}:
            self._show_model(state)
        if changed & {"failure"}:
            self.failure_bar.show_failure(state.failure)
            self._banner.setVisible(state.failure is not None)
        if changed & {"run", "following"}:
            self.run_bar.show_run(state)
        if "message" in changed and state.message:
            self.messages.tell(state.message)
        self.menus.show_state(state, changed)

    def _show_model(self, state: State) -> None:
        model = state.model
        if state.opening:
            self.model_label.setText(f"Opening {state.opening}…")
        elif model:
            epochs = f" · epoch {model.epoch}" if model.epoch else ""
            self.model_label.setText(f"{model.name} · {model.title}{epochs}")
            self.setWindowTitle(f"{model.name} – latentlab")
            if model.source and not state.training.run:
                remember(str(model.source))

    @override
    def focusNextPrevChild(self, forward: bool) -> bool:
        """Move the focus through the visible widgets in reading order."""
        return move_focus(self, forward=forward)

    # Saved layout

    def _restore(self) -> None:
        geometry, layout = (settings().value(key, b"") for key in ("geometry", "layout"))
        if geometry:
            self.restoreGeometry(geometry)
        if layout:
            self.restoreState(layout, LAYOUT_VERSION)
        self._banner.hide()

    @Slot()
    def reset_layout(self) -> None:
        """Restore the default layout."""
        self.restoreState(self._default_layout, LAYOUT_VERSION)
        self._banner.setVisible(self.controller.state.failure is not None)
        apply_default_layout(self, list(self.docks.values()))

    # Drag and drop

    @override
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _first_file(event.mimeData()):
            event.acceptProposedAction()

    @override
    def dropEvent(self, event: QDropEvent) -> None:
        """Open the dropped path: a run, a checkpoint, a recipe, an image or a set of images."""
        # Imported here, because Pillow with all its formats is slow to load.
        from latentlab.data.files.archive import holds_pictures

        if path := _first_file(event.mimeData()):
            event.acceptProposedAction()
            if holds_pictures(path):
                self.use_pictures(path)
            else:
                self.controller.open_path(path)

    def use_pictures(self, path: Path | None = None) -> None:
        """Open the import dialog for a folder or ZIP of images, which sets the draft."""
        dialog = open_import_dialog(self, self.controller, path)
        dialog.accepted.connect(self._show_form)

    @Slot()
    def _show_form(self) -> None:
        dock = self.docks["train"]
        dock.show()
        dock.raise_()
        dock.build().setFocus()

    # Closing

    @override
    def closeEvent(self, event: QCloseEvent) -> None:
        run = self.controller.state.training.run
        if run and run.phase != "stopping" and not self._confirm_stop():
            event.ignore()
            return
        settings().setValue("geometry", bytes(self.saveGeometry().data()))
        settings().setValue("layout", bytes(self.saveState(LAYOUT_VERSION).data()))
        self.controller.close()
        event.accept()

    def _confirm_stop(self) -> bool:
        box = QMessageBox(self)
        box.setIcon(QMessageBox.Icon.Question)
        box.setText("A run is under way.")
        box.setInformativeText("Closing stops it now and keeps what it has learned.")
        stop = box.addButton("Stop, keep and close", QMessageBox.ButtonRole.AcceptRole)
        stay = box.addButton("Go on training", QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(stay)
        box.setEscapeButton(stay)
        box.exec()
        answer = box.clickedButton()
        box.deleteLater()
        return answer is stop


def _first_file(data: QMimeData) -> Path | None:
    return next((Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()), None)
