"""Copy, drag and save for any widget that shows images or a plot.

A widget of the kit creates one `Exporting` and offers its `Content`. From it follow the context
menu, Ctrl+C, dragging an image out of the window, and saving; a panel only names the content.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, override

from PySide6.QtCore import (
    QBuffer,
    QByteArray,
    QEvent,
    QIODevice,
    QMimeData,
    QObject,
    QPointF,
    Qt,
    QTemporaryDir,
    QUrl,
    Slot,
)
from PySide6.QtGui import (
    QActionGroup,
    QDrag,
    QGuiApplication,
    QImageWriter,
    QMouseEvent,
    QPixmap,
)
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget

from latentlab.atomic_write import write_atomically
from latentlab.errors import RunError
from latentlab.session.export import ANIMATIONS, Export, SaveFilm, format_of
from latentlab.session.files.figure import DrawFigure, SaveFigure
from latentlab.session.files.provenance import recipe_of
from latentlab.session.files.script import decoding_script
from latentlab.session.points import Point
from latentlab.widgets.kit.context_menu import SAVE_ENTRY
from latentlab.widgets.kit.dialogs import ask_save_path
from latentlab.widgets.kit.export.content import Content, mime_of, with_recipe
from latentlab.widgets.kit.export.film_dialog import ask_film_options
from latentlab.widgets.kit.settings import settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from PySide6.QtGui import QImage
    from PySide6.QtWidgets import QMenu

    from latentlab.session.files.figure import DrawnFigure
    from latentlab.session.state import State
    from latentlab.workers.controller import Controller
    from latentlab.workers.store import Store

SCALE = "export/scale"
"""Setting with the scale of saved and copied images."""
SCALES = (1, 2, 4, 8)
SCALE_MENU = "Scale of saved images"
DRAGGED_SIDE = 96
"""Maximum width and height of the image beside the cursor, in pixels."""


class Exporting(QObject):
    """Copies, drags out and saves the content of a widget.

    Parameters
    ----------
    widget : QWidget
        Widget that shows the content; its panel has the controller.
    offer : callable
        Returns the content, or None while there is none.
    surface : QWidget, optional
        Widget that receives the mouse events, such as a viewport.
    part : callable, optional
        Returns the content at a position that is dragged; nothing can be dragged without it.
    """

    def __init__(
        self,
        widget: QWidget,
        offer: Callable[[], Content | None],
        *,
        surface: QWidget | None = None,
        part: Callable[[QPointF], Content | None] | None = None,
    ) -> None:
        super().__init__(widget)
        self._widget, self.offer, self._part = widget, offer, part
        self.name = "image"
        self.info: Callable[[], Mapping[str, Any]] = dict
        self.script: Callable[[State], str] | None = None
        self.is_of_model = True
        """Whether the content was made with the open model, whose recipe then goes with it."""
        self._pressed: QPointF | None = None
        (surface or widget).installEventFilter(self)

    def describe(
        self,
        name: str,
        info: Callable[[], Mapping[str, Any]] = dict,
        offer: Callable[[], Content | None] | None = None,
        script: Callable[[State], str] | None = None,
    ) -> None:
        """Name the content.

        Parameters
        ----------
        name : str
            Name in titles and file names.
        info : callable
            Returns the settings that the content was made with.
        offer : callable, optional
            Replaces the content that the widget itself offers.
        script : callable, optional
            Returns a Python script that makes the content again, or an empty text; by default
            one that decodes the points of the images.
        """
        self.name, self.info, self.script = name, info, script
        self.offer = offer or self.offer

    # Actions

    @Slot()
    def copy(self) -> None:
        """Copy the images, or the plot as it is on the screen; Qt encodes it when it is pasted."""
        if content := self.offer():
            image = self._recorded(content, _image_of(content, self._widget))
            QGuiApplication.clipboard().setMimeData(mime_of(image))
            self._controller.store.say(f"Copied the {self.name}")

    @Slot()
    def copy_svg(self) -> None:
        """Copy the plot as SVG and as PNG; the lane draws both."""
        content = self.offer()
        if content and content.figure:
            # Not a method: the widget may be gone when the plot is drawn.
            then = partial(_copy_drawn, self._controller.store, self.name)
            request = DrawFigure(content.figure, self._recipe(content))
            self._controller.files.draw(request, then)

    @Slot()
    def copy_script(self) -> None:
        """Copy a Python script that makes the content again."""
        if script := self._script():
            QGuiApplication.clipboard().setText(script)
            self._controller.store.say(f"Copied Python that makes the {self.name}")

    def _script(self) -> str:
        """Return the script of the panel, else one that decodes the points of the images."""
        content, state = self.offer(), self._controller.state
        if content is None or state.model is None or not self.is_of_model:
            return ""
        if self.script:
            return self.script(state)
        tiles = content.tiles
        points = tiles.points if tiles else ()
        if tiles is None or not points or len(points) != len(tiles.pictures):
            return ""
        if not all(isinstance(each, Point) and state.model.owns(each) for each in points):
            return ""
        return decoding_script(state.model, tiles, self.name, content.gap)

    @Slot()
    def save(self) -> None:
        """Ask for a file, and save the content in the format of its ending."""
        content = self.offer()
        if content is None:
            return
        path = ask_save_path(self._widget, self.name, content.formats)
        if path is None:
            return
        controller, info = self._controller, self._recipe(content)
        scale = settings().value(SCALE, 2)
        if content.figure:
            controller.files.save(SaveFigure(content.figure, path, info, scale))
        elif content.film and format_of(path) in ANIMATIONS:
            frames = content.film.pictures
            options = ask_film_options(self._widget, frames.shape[1:3], content.options)
            if options:
                controller.files.save(SaveFilm(content.film, path, info, options))
        elif content.tiles:
            gap, axes = content.gap, content.axes
            controller.files.save(Export(content.tiles, path, info, gap, scale=scale, axes=axes))

    def fill_menu(self, menu: QMenu) -> None:
        """Add the actions to a menu."""
        content = self.offer()
        copy = menu.addAction(f"Copy {self.name}", self.copy)
        copy.setEnabled(content is not None)
        if content and content.figure:
            menu.addAction("Copy as SVG", self.copy_svg)
        if self._script():
            menu.addAction("Copy as Python", self.copy_script)
        menu.addAction(self.save_title, self.save).setEnabled(content is not None)
        if not any(action.text() == SCALE_MENU for action in menu.actions()):
            _add_scales(menu)

    @property
    def save_title(self) -> str:
        """Name of the entry that saves the content."""
        return f"Save {self.name} as…"

    def serve(self, button: QAbstractButton) -> None:
        """Let a button save the content; a menu with that entry does not list the button too."""
        button.clicked.connect(self.save)
        button.setProperty(SAVE_ENTRY, self.save_title)

    def drag(self, place: QPointF) -> None:
        """Drag the image at a position out of the window, as a file and as an image."""
        content = self._part(place) if self._part else None
        if content is None:
            return
        image = self._recorded(content, _image_of(content, self._widget))
        dragging = QDrag(self._widget)
        dragging.setMimeData(self._file_of(image))
        ratio = Qt.AspectRatioMode.KeepAspectRatio
        shown = image.scaled(DRAGGED_SIDE, DRAGGED_SIDE, ratio)
        dragging.setPixmap(QPixmap.fromImage(shown))
        dragging.exec(Qt.DropAction.CopyAction)

    def _file_of(self, image: QImage) -> QMimeData:
        """Return an image with a temporary PNG file of it, for programs that take files."""
        png = _png(image)
        data = mime_of(image, png)
        folder = QTemporaryDir()
        if folder.isValid():
            # Programs read the file after the drop; the folder is removed at the end.
            _folders.append(folder)
            path = Path(folder.path()) / f"latentlab-{self.name.replace(' ', '-')}.png"
            with suppress(RunError):
                write_atomically(path, png, durable=False)
                data.setUrls([QUrl.fromLocalFile(str(path))])
        return data

    def is_near(self, widget: QWidget) -> bool:
        """Return whether the content is that of `widget`, or visible inside it."""
        return self._widget is widget or (self._widget.isVisible() and bool(self.offer()))

    # Events

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QMouseEvent):
            return self._part is not None and self._is_dragged(event)
        return False

    def _is_dragged(self, event: QMouseEvent) -> bool:
        kind = event.type()
        if kind is QEvent.Type.MouseButtonPress and event.button() is Qt.MouseButton.LeftButton:
            self._pressed = event.position()
        elif kind is QEvent.Type.MouseButtonRelease:
            self._pressed = None
        elif kind is QEvent.Type.MouseMove and self._pressed is not None:
            distance = (event.position() - self._pressed).manhattanLength()
            if distance >= QApplication.startDragDistance():
                pressed, self._pressed = self._pressed, None
                self.drag(pressed)
                return True
        return False

    @property
    def _controller(self) -> Controller:
        """Controller of the panel or the window that contains the widget."""
        above: QObject | None = self._widget
        while above is not None and not hasattr(above, "controller"):
            above = above.parent()
        assert above is not None
        return cast("Controller", above.controller)

    def _recipe(self, content: Content) -> dict[str, Any]:
        if not self.is_of_model:
            return {}
        points = content.tiles.points if content.tiles else ()
        about = {"picture": self.name, **content.info, **self.info()}
        return recipe_of(self._controller.state, about, points[0] if len(points) == 1 else None)

    def _recorded(self, content: Content, image: QImage) -> QImage:
        recipe = self._recipe(content)
        return with_recipe(image, recipe) if recipe else image


_folders: list[QTemporaryDir] = []
"""Folders of dragged images."""


def exporting_near(widget: QWidget | None) -> Exporting | None:
    """Return what copies a widget, else the first visible content in the panel around it."""
    above = widget
    while above is not None:
        for each in above.findChildren(Exporting):
            if each.is_near(above):
                return each
        if hasattr(above, "controller"):
            return None
        above = above.parentWidget()
    return None


def _add_scales(menu: QMenu) -> None:
    scales = menu.addMenu(SCALE_MENU)
    group = QActionGroup(scales)
    for scale in SCALES:
        action = scales.addAction(f"{scale} ×", partial(settings().setValue, SCALE, scale))
        action.setCheckable(True)
        action.setChecked(scale == settings().value(SCALE, 2))
        group.addAction(action)


def _image_of(content: Content, widget: QWidget) -> QImage:
    image = content.image(settings().value(SCALE, 2))
    return widget.grab().toImage() if image is None else image


def _copy_drawn(store: Store, name: str, drawn: DrawnFigure) -> None:
    """Copy a plot that the lane has drawn."""
    image = QPixmap()
    image.loadFromData(drawn.png)
    QGuiApplication.clipboard().setMimeData(mime_of(image.toImage(), drawn.png, drawn.svg))
    store.say(f"Copied the {name} as SVG")


def _png(image: QImage) -> bytes:
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, QByteArray(b"PNG")).write(image)
    return bytes(content.data())
