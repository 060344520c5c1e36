"""Main window: docks of the panels, menus, messages and saved layout."""

from __future__ import annotations

from typing import TYPE_CHECKING, override

from PySide6.QtCore import QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMainWindow, QMenu, QMessageBox, QTabBar, QTabWidget, QToolBar

from latentlab.errors import listed
from latentlab.session.codes import ListEmbeddings, ReadCodes
from latentlab.session.export import DescribeForm, SaveFilm, SaveHistoryFilm
from latentlab.session.files.dataset import SaveDataset
from latentlab.session.files.figure import SaveFigure
from latentlab.session.files.model_export import ExportModel
from latentlab.session.files.report import SaveReport
from latentlab.session.import_.model import InspectForeign, ListForeignFormats
from latentlab.session.lessons.lesson import ReadLesson
from latentlab.widgets.kit.clipboard import accept_copy, local_files
from latentlab.widgets.kit.labels import muted
from latentlab.widgets.kit.progress_bar import RequestProgressBar
from latentlab.widgets.kit.settings import remember, settings
from latentlab.widgets.kit.theme import UNIT
from latentlab.widgets.panel import find_panels
from latentlab.widgets.window.codes_dialog import CodesDialog
from latentlab.widgets.window.dock import Dock
from latentlab.widgets.window.drop_overlay import DropOverlay
from latentlab.widgets.window.embedding_dialog import EmbeddingDialog
from latentlab.widgets.window.import_images.dialog import open_import_dialog
from latentlab.widgets.window.import_model.dialog import show_import
from latentlab.widgets.window.lesson_settings import choose_setting
from latentlab.widgets.window.menus import Menus
from latentlab.widgets.window.messages import FailureBar, MessageBar
from latentlab.widgets.window.run_bar import RunBar
from latentlab.widgets.window.tab_order import move_focus, tab_stops
from latentlab.widgets.window.welcome import WelcomePage
from latentlab.widgets.window.workspace_bar import WorkspaceBar
from latentlab.widgets.window.workspaces import Workspaces

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtGui import (
        QCloseEvent,
        QContextMenuEvent,
        QDragEnterEvent,
        QDropEvent,
        QShowEvent,
    )

    from latentlab.session.state import Changes, State
    from latentlab.workers.controller import Controller
    from latentlab.workers.lesson_actions import Setting


SIZE = QSize(1440, 900)
"""Size of a first window, on a screen that has room for it."""
LONG_FILES = (SaveFilm, SaveHistoryFilm, SaveFigure, SaveDataset, SaveReport, ExportModel)
"""Requests whose progress the status bar shows."""


class MainWindow(QMainWindow):
    """Main window; it asks before closing during training.

    Parameters
    ----------
    controller : Controller
        Owner of the state; receives the intents.
    """

    built = Signal()
    """Emitted when all visible panels are built."""

    def __init__(self, controller: Controller) -> None:
        super().__init__()
        self.controller = controller
        self._asks = True
        self.setWindowTitle("latentlab")
        self.setAcceptDrops(True)
        self.setDockNestingEnabled(True)
        # Saved layouts do not hold where the tabs are.
        areas, north = Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North
        self.setTabPosition(areas, north)
        self.docks = {panel.key: Dock(panel, controller, self) for panel in find_panels()}
        self.workspaces = Workspaces(self)
        self.workspace_bar = WorkspaceBar(controller, self.workspaces)
        self.addToolBar(Qt.ToolBarArea.TopToolBarArea, self.workspace_bar)
        self.failure_bar = FailureBar()
        self.run_bar, self.messages = RunBar(controller), MessageBar()
        tip = "Cancel. No file is written."
        self.file_progress = RequestProgressBar(controller, LONG_FILES, tip)
        self.addToolBarBreak(Qt.ToolBarArea.TopToolBarArea)
        self._banner = self._make_banner()
        self.model_label = muted(stretch=False)
        self.drop_overlay = DropOverlay(self)
        self.menus = Menus(self)
        self._fill_status_bar()
        self.setContentsMargins(UNIT, 0, UNIT, 0)
        # Panels are built one at a time after the window is shown, so that it appears at once.
        # Not QTimer.singleShot, which keeps a reference to the window after it is destroyed.
        self._builder = QTimer(self)
        self._builder.timeout.connect(self._build_next)
        self._tidy = QTimer(self, singleShot=True)
        self._tidy.timeout.connect(self._show_titles)
        for dock in self.docks.values():
            dock.visibilityChanged.connect(self._on_arranged)
            dock.dockLocationChanged.connect(self._on_arranged)
            dock.alone.connect(self.workspaces.fill)
        self.resize(self.screen().availableSize().boundedTo(SIZE))
        if geometry := settings().value("geometry", b""):
            self.restoreGeometry(geometry)
        saved = settings().value("workspace", controller.state.workspace)
        controller.workspaces.begin(self.workspaces.known(saved))
        self._show_workspace(controller.state)
        # Otherwise Qt gives the focus to the first button, which then looks chosen.
        self.setFocus()
        self.failure_bar.dismiss.clicked.connect(controller.store.dismiss_failure)
        # Not as a watcher, which may be told later: a message is in the state for a moment only.
        controller.changed.connect(self._on_changed)
        app = QGuiApplication.instance()
        assert isinstance(app, QGuiApplication)
        app.applicationStateChanged.connect(self._on_application_state)
        controller.setting_wanted.connect(self._on_setting)

    def _fill_status_bar(self) -> None:
        bar = self.statusBar()
        bar.addWidget(self.model_label)
        bar.addPermanentWidget(self.messages, 1)
        bar.addPermanentWidget(self.file_progress)
        bar.addPermanentWidget(self.run_bar, 1)
        bar.messageChanged.connect(self.messages.show_tip)
        bar.setSizeGripEnabled(False)

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

    # Building panels

    def unbuilt(self) -> list[Dock]:
        """Return the docks that are seen and have no content yet."""
        return [dock for dock in self.docks.values() if dock.is_seen and not dock.is_built]

    @Slot()
    def _on_arranged(self) -> None:
        self._builder.start()
        self._tidy.start()

    @Slot()
    def _build_next(self) -> None:
        if unbuilt := self.unbuilt():
            unbuilt[0].build()
        else:
            self._builder.stop()
            self.built.emit()

    @Slot()
    def _show_titles(self) -> None:
        for dock in self.docks.values():
            beside = self.tabifiedDockWidgets(dock) if not dock.isFloating() else []
            dock.set_tabbed(any(not other.isHidden() for other in beside))

    # Showing the state

    @Slot(object, object)
    def _on_changed(self, state: State, changed: Changes) -> None:
        if changed & {"model", "opening"}:
            self._show_model(state)
        if changed & {ReadLesson}:
            self._show_step(state)
        if changed & {"workspaces"}:
            self._show_workspace(state)
        if changed & {"failure"}:
            self.failure_bar.show_failure(state.failure, state.answer(DescribeForm) or ())
            self._banner.setVisible(state.failure is not None)
        if changed & {"run", "following", "workspaces"}:
            self.run_bar.show_run(state)
        if "working" in changed:
            self.file_progress.show_state(state)
        if "message" in changed and state.message:
            self.messages.tell(state.message)
        if ReadCodes in changed and (codes := state.answer(ReadCodes)):
            CodesDialog(self.controller, codes, self).open()
        if ListEmbeddings in changed and (several := state.answer(ListEmbeddings)):
            EmbeddingDialog(self.controller, several, self).open()
        if InspectForeign in changed and (found := state.answer(InspectForeign)):
            show_import(self, self.controller, found)
        self.menus.show_state(state, changed)

    def _show_model(self, state: State) -> None:
        model = state.model
        if state.opening:
            self.model_label.setText(f"Opening {state.opening}…")
        elif model:
            # During training the shown weights are older than the run.
            shown = "shown: epoch" if state.is_training and state.training.following else "epoch"
            epochs = f" · {shown} {model.epoch}" if model.epoch else ""
            self.model_label.setText(f"{model.name} · {model.title}{epochs}")
            self.setWindowTitle(f"{model.name} – latentlab")
            if (path := model.source or model.file) and not state.training.run:
                remember(str(path))

    @override
    def focusNextPrevChild(self, forward: bool) -> bool:
        """Move the focus through the visible widgets in reading order."""
        return move_focus(self, forward=forward)

    # Workspaces

    def _show_workspace(self, state: State) -> None:
        self.setUpdatesEnabled(False)
        self.workspaces.show(state.workspace)
        self._show_bars(state)
        self.setUpdatesEnabled(True)
        for dock in self.docks.values():
            # A dock that became a window meanwhile does not follow this one.
            dock.setUpdatesEnabled(True)

    def _show_step(self, state: State) -> None:
        """Show the panels that the present step of the lesson needs."""
        panels = state.lesson.step.panels if state.lesson else ()
        if panels == self.workspaces.step:
            return
        if unknown := [key for key in panels if key not in self.docks]:
            self.controller.store.refuse(
                f"The lesson shows panels that do not exist: {listed(unknown)}."
            )
        self.setUpdatesEnabled(False)
        self.workspaces.show_step(panels)
        self.setUpdatesEnabled(True)

    @Slot(object)
    def _on_setting(self, setting: Setting) -> None:
        choose_setting(self, setting)

    @Slot()
    def reset_workspace(self) -> None:
        """Restore the default arrangement of the present workspace."""
        self.workspaces.reset()
        self._show_bars(self.controller.state)

    def _show_bars(self, state: State) -> None:
        """Show the bars that a saved arrangement may have hidden."""
        self.workspace_bar.show()
        self.workspace_bar.show_state(state)
        self._banner.setVisible(state.failure is not None)
        self._on_arranged()

    @Slot()
    def show_panel_alone(self) -> None:
        """Show the panel that has the focus alone, or all panels again."""
        focused = self.focusWidget()
        docks = [dock for dock in self.docks.values() if focused and dock.isAncestorOf(focused)]
        first = self.workspaces.contents()[:1]
        for dock in docks or [self.docks[key] for key in first]:
            self.workspaces.fill(dock)

    def focus_panel(self, number: int) -> None:
        """Give the focus to a panel of the present workspace, counted in reading order."""
        keys = self.workspaces.contents()
        if number < len(keys):
            self.show_panel(keys[number])

    def show_panel(self, key: str) -> None:
        """Show a panel in the present workspace, in front of others, and give it the focus."""
        dock = self.docks[key]
        dock.show()
        dock.raise_()
        stops = [stop for stop in tab_stops(self) if dock.isAncestorOf(stop)]
        (stops[0] if stops else dock.build()).setFocus(Qt.FocusReason.ShortcutFocusReason)

    @Slot()
    def show_welcome(self) -> None:
        """Show the welcome page over the window."""
        # A page that was left is deleted a moment later.
        if not any(page.isVisible() for page in self.findChildren(WelcomePage)):
            WelcomePage(self)

    @override
    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Show the menu of the panel whose tab is under the cursor, else that of the bars."""
        event.accept()
        bar, menu = self.childAt(event.pos()), QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if isinstance(bar, QTabBar):
            title = bar.tabText(bar.tabAt(bar.mapFrom(self, event.pos())))
            for dock in self.docks.values():
                if dock.windowTitle() == title:
                    dock.fill_menu(menu, event.pos())
        if menu.isEmpty():
            menu.addActions(self.menus.view.menu_actions())
        menu.popup(event.globalPos())

    # Drag and drop

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.drop_overlay.watch()

    @override
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        # An image of this window that is let go over it, as after an unsteady click, stays.
        if event.source() is None and local_files(event.mimeData()):
            accept_copy(event)

    @override
    def dropEvent(self, event: QDropEvent) -> None:
        """Open the dropped path: a run, a checkpoint, a recipe, an image or a set of images."""
        # Imported here, because Pillow with all its formats is slow to load.
        from latentlab.data.files.drops import DropKind, recognize

        if paths := local_files(event.mimeData()):
            accept_copy(event)
            drop = recognize(paths, self.controller.state.answer(ListForeignFormats) or ())
            if drop.kind is DropKind.IMAGES:
                self.use_pictures(drop.path)
            else:
                self.controller.open_path(drop.path)
            if drop.others:
                self.controller.store.say(f"{drop.path.name} is used. {drop.rest}")

    def use_pictures(self, path: Path | None = None) -> None:
        """Open the import dialog for a folder or ZIP of images, which sets the draft."""
        self.controller.store.dismiss_failure()
        dialog = open_import_dialog(self, self.controller, path)
        dialog.accepted.connect(self.show_form)

    @Slot(Qt.ApplicationState)
    def _on_application_state(self, state: Qt.ApplicationState) -> None:
        """List the runs anew: another window or the command line may have trained meanwhile."""
        if state == Qt.ApplicationState.ApplicationActive:
            self.controller.runs.list()

    @Slot()
    def show_form(self) -> None:
        """Show the training form, beside an open lesson if there is one, and give it the focus."""
        self.controller.workspaces.offer("train")
        dock = self.docks["train"]
        dock.show()
        dock.raise_()
        dock.build().setFocus()

    # Closing

    def end(self) -> None:
        """Close without a question, because the system ends the program; a run is kept."""
        self._asks = False
        self.close()

    @override
    def closeEvent(self, event: QCloseEvent) -> None:
        run = self.controller.state.training.run
        asks = self._asks and run is not None and run.phase != "stopping"
        if asks and not self._confirm_stop():
            event.ignore()
            return
        settings().setValue("geometry", bytes(self.saveGeometry().data()))
        settings().setValue("workspace", self.controller.state.workspace)
        self.workspaces.save()
        self.controller.close()
        event.accept()

    def _confirm_stop(self) -> bool:
        box = QMessageBox(self)
        box.setText("A run is in training.")
        box.setInformativeText(
            "Closing the window stops the run. Its weights and its log are kept."
        )
        stop = box.addButton("Stop, keep and close", QMessageBox.ButtonRole.AcceptRole)
        stay = box.addButton("Continue training", QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(stay)
        box.setEscapeButton(stay)
        box.exec()
        answer = box.clickedButton()
        box.deleteLater()
        return answer is stop
