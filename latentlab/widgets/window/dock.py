"""Dock of a panel: frame, title and help; the content is built later."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, override

from PySide6.QtCore import QEvent, QPoint, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QContextMenuEvent, QWhatsThisClickedEvent
from PySide6.QtWidgets import (
    QDockWidget,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QScrollArea,
    QVBoxLayout,
    QWhatsThis,
    QWidget,
)
from shiboken6 import isValid

from latentlab.glossary import words_in
from latentlab.session.abilities import why_not
from latentlab.widgets.kit.context_menu import open_context_menu
from latentlab.widgets.kit.icons import IconButton
from latentlab.widgets.kit.labels import muted
from latentlab.widgets.kit.theme import UNIT, small

if TYPE_CHECKING:
    from PySide6.QtGui import QCloseEvent, QMouseEvent

    from latentlab.session.state import Changes, State
    from latentlab.widgets.panel import Panel, PanelWidget
    from latentlab.workers.controller import Controller

FLOAT, DOCK = "Show this panel in its own window", "Dock this panel where it was before"
LIFT = 3 * UNIT
MAX_LINKS = 6
_TAG = re.compile(r"<[^>]*>")


class Dock(QDockWidget):
    """Dock widget of one panel.

    Parameters
    ----------
    panel : Panel
        Declaration of the panel.
    controller : Controller
        Passed to the panel when it is built.
    """

    alone = Signal(object)
    """The dock itself, when its title is double-clicked: to be shown alone, or with all others."""

    def __init__(self, panel: Panel, controller: Controller, parent: QWidget) -> None:
        super().__init__(panel.title, parent)
        self.setObjectName(panel.key)
        self.panel = panel
        self._controller = controller
        self._inside: PanelWidget | None = None
        self._content: QWidget | None = None
        self._has_failed = False
        self.setWhatsThis(panel.help)
        self.help = HelpButton(panel)
        frame = QFrame(self)
        frame.setObjectName("panel")
        self._column = QVBoxLayout(frame)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addStretch(1)
        self.setTitleBarWidget(_Title(panel, self))
        self.setWidget(frame)
        action = self.toggleViewAction()
        action.triggered.connect(self._on_toggled)
        self._in_front = True
        self._closed_behind = False
        self.visibilityChanged.connect(self._on_visibility_changed)
        self.topLevelChanged.connect(self._on_floating)
        self.reason = muted(stretch=False)
        self.reason.setWordWrap(True)
        self.reason.setMargin(2 * UNIT)
        self.reason.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.reason.hide()
        if panel.badge or panel.needs:
            controller.watchers.add(self._on_changed, None if panel.badge else frozenset({"model"}))

    @property
    def is_built(self) -> bool:
        """Whether the panel has its content, or failed to make it."""
        return self._inside is not None or self._has_failed

    @property
    def is_seen(self) -> bool:
        """Whether the panel is visible and not behind a tab."""
        return self._in_front and not self.isHidden()

    def build(self) -> PanelWidget:
        """Build the content of the panel on the first call, and return it."""
        if self._inside is None:
            # Set until it is done, so that a panel that fails is not built again and again.
            self._has_failed = True
            self._inside = self.panel.widget(self._controller)
            self._inside.setAccessibleName(self.panel.title)
            self._column.takeAt(0)
            self._inside.set_in_front(self._in_front)
            self._content = _scrolled(self._inside) if self.panel.scrolls else self._inside
            self._column.addWidget(self._content)
            self._column.addWidget(self.reason)
            self._show_reason(self._controller.state)
            self._has_failed = False
        return self._inside

    def fill_menu(self, menu: QMenu, place: QPoint) -> None:
        """Add the actions of the panel as a whole to the context menu."""
        menu.addAction(f"Explain {self.panel.title}", self.help.explain)
        if not self.isFloating():
            menu.addAction("Show alone, or with the others again", partial(self.alone.emit, self))
        floats = not self.isFloating()
        menu.addAction("Show in its own window" if floats else "Dock", self.toggle_floating)
        menu.addAction(f"Hide {self.panel.title}", self.close)

    @override
    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Show the menu of the widget under the cursor, or of the focused one for the menu key."""
        event.accept()
        widget, place = self.childAt(event.pos()) or self, event.globalPos()
        focused = self.focusWidget()
        if event.reason() == QContextMenuEvent.Reason.Keyboard and focused:
            widget, place = focused, focused.mapToGlobal(focused.rect().center())
        open_context_menu(widget, widget.mapFromGlobal(place))

    @Slot()
    def toggle_floating(self) -> None:
        """Show the panel in its own window, or dock it again."""
        floats = not self.isFloating()
        self.setFloating(floats)
        if floats:
            # Without an offset it would look as if it were still docked.
            self.move(self.pos() + QPoint(LIFT, LIFT))

    def set_tabbed(self, tabbed: bool) -> None:
        """Hide the title where a tab shows it."""
        title = self.titleBarWidget()
        assert isinstance(title, _Title)
        title.set_tabbed(tabbed)

    @Slot(bool)
    def _on_floating(self, floating: bool) -> None:
        """Show a frame around a floating panel, and raise a docked one."""
        title, frame = self.titleBarWidget(), self.widget()
        assert isinstance(title, _Title)
        title.show_floating(floating)
        for part in (title, frame):
            part.setProperty("floating", floating)
            part.style().polish(part)
        if not floating and self.isVisible():
            # Qt puts a docked panel behind the tabs of its neighbours after this signal.
            QTimer.singleShot(0, self, self.raise_)

    @Slot(bool)
    def _on_visibility_changed(self, in_front: bool) -> None:
        self._in_front = in_front
        focused = self.window().focusWidget()
        # During the destruction of the window this may be a tab bar that is already deleted.
        is_alive = focused is not None and isValid(focused)
        if is_alive and not in_front and self.isAncestorOf(focused):
            # A hidden widget must not receive key presses.
            focused.clearFocus()
        if self._inside:
            self._inside.set_in_front(in_front)

    @override
    def closeEvent(self, event: QCloseEvent) -> None:
        self._closed_behind = not self._in_front
        super().closeEvent(event)

    @Slot(bool)
    def _on_toggled(self, shown: bool) -> None:
        """Raise the panel if it was shown, or if it was behind another tab instead of visible."""
        if shown or self._closed_behind:
            self.show()
            self.raise_()

    @Slot(object, object)
    def _on_changed(self, state: State, changed: Changes) -> None:
        if "model" in changed and self.is_built:
            self._show_reason(state)
        badge = self.panel.badge(state) if self.panel.badge else ""
        title = f"{self.panel.title} · {badge}" if badge else self.panel.title
        if title != self.windowTitle():
            self.setWindowTitle(title)

    def _show_reason(self, state: State) -> None:
        """Show what the model lacks for this panel instead of its content."""
        why = why_not(self.panel.needs, state.model)
        self.reason.setText(why)
        self.reason.setVisible(bool(why))
        if self._content:
            self._content.setVisible(not why)


def _scrolled(inside: QWidget) -> QScrollArea:
    """Return a scroll area for a tabbed panel, which must not increase the window height."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setMinimumWidth(inside.minimumSizeHint().width())
    area.setWidget(inside)
    return area


class HelpButton(IconButton):
    """Shows the help of a panel, with links to the terms that it uses.

    Parameters
    ----------
    panel : Panel
        The panel to explain.
    """

    asked = Signal(str)
    """Emitted with a term when its link is clicked."""

    def __init__(self, panel: Panel) -> None:
        super().__init__("help", f"Explain {panel.title}: what it shows, and what to try")
        self._text = panel.help
        self.clicked.connect(self.explain)

    @Slot()
    def explain(self) -> None:
        """Show the help below the button."""
        terms = [word.term for word in words_in(_TAG.sub("", self._text))][:MAX_LINKS]
        links = ", ".join(f'<a href="{term}">{term}</a>' for term in terms)
        text = f"<p>{self._text}</p>" + (f"<p>Words: {links}</p>" if links else "")
        QWhatsThis.showText(self.mapToGlobal(QPoint(0, self.height())), text, self)

    @override
    def event(self, event: QEvent) -> bool:
        if isinstance(event, QWhatsThisClickedEvent):
            self.asked.emit(event.href())
            return True
        return super().event(event)


class _Title(QFrame):
    """Title bar. It ignores mouse presses, so that Qt drags the dock by it."""

    def __init__(self, panel: Panel, dock: Dock) -> None:
        super().__init__(dock)
        self.setObjectName("panelHead")
        self.setToolTip("Double-click to show this panel alone, and again to show the others")
        self._dock = dock
        row = QHBoxLayout(self)
        row.setContentsMargins(UNIT, UNIT // 2, UNIT // 2, UNIT // 2)
        row.setSpacing(0)
        self._text = title = QLabel(panel.title.upper(), self)
        title.setObjectName("panelTitle")
        title.setFont(small(title.font()))
        row.addWidget(title)
        row.addStretch(1)
        self._floating = IconButton("float", FLOAT)
        self._floating.clicked.connect(dock.toggle_floating)
        closing = IconButton("close", "Hide this panel. The View menu shows it again.")
        closing.clicked.connect(dock.close)
        for button in (dock.help, self._floating, closing):
            button.setIconSize(QSize(12, 12))
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            row.addWidget(button)

    @override
    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Show the panel alone; Qt docks a floating one."""
        if self._dock.isFloating():
            super().mouseDoubleClickEvent(event)
        else:
            self._dock.alone.emit(self._dock)

    def set_tabbed(self, tabbed: bool) -> None:
        """Hide the title where a tab shows it."""
        self._text.setVisible(not tabbed)

    def show_floating(self, floating: bool) -> None:
        """Switch the button between floating and docking."""
        self._floating.set_icon("dock" if floating else "float")
        self._floating.setToolTip(DOCK if floating else FLOAT)
        self._floating.setAccessibleName(DOCK if floating else FLOAT)
