"""While files are dragged over the window, it says what dropping them does."""

import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QApplication

from latentlab.directories import resources
from latentlab.widgets.kit.theme import colours

# Old PySide knows only what new PySide calls old: a place in whole pixels.
pytestmark = pytest.mark.filterwarnings("ignore:Function.*QDrag:DeprecationWarning")

BUILT = ("map", "image", "compare")
COPY, LEFT = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
PLAIN = Qt.KeyboardModifier.NoModifier
RUN = resources() / "models" / "digits-2d"


class Drag:
    """Files dragged over a window, as the window system reports it."""

    def __init__(self, window, *paths):
        self.handle, self.data = window.windowHandle(), QMimeData()
        urls = [path if isinstance(path, QUrl) else QUrl.fromLocalFile(str(path)) for path in paths]
        self.data.setUrls(urls)
        place = QPoint(window.width() // 2, 40)
        QApplication.sendEvent(self.handle, QDragEnterEvent(place, COPY, self.data, LEFT, PLAIN))

    def move(self, widget):
        place = widget.mapTo(widget.window(), widget.rect().center())
        QApplication.sendEvent(self.handle, QDragMoveEvent(place, COPY, self.data, LEFT, PLAIN))

    def leave(self):
        QApplication.sendEvent(self.handle, QDragLeaveEvent())

    def drop(self):
        place = QPointF(self.handle.width() / 2, 40)
        QApplication.sendEvent(self.handle, QDropEvent(place, COPY, self.data, LEFT, PLAIN))


def test_a_drag_shows_it_and_leaving_hides_it(desk, tmp_path):
    overlay = desk.window.drop_overlay
    Image.new("L", (4, 4)).save(tmp_path / "a.png")
    assert overlay.isHidden()
    drag = Drag(desk.window, tmp_path / "a.png", tmp_path / "b.png")
    assert overlay.isVisible()
    assert overlay.size() == desk.window.size()
    desk.until(lambda: overlay.title.text() == "Encode as image")
    assert overlay.note.text() == "a.png\nb.png is not used."
    drag.leave()
    assert overlay.isHidden()


def test_dropping_hides_it(desk):
    overlay = desk.window.drop_overlay
    drag = Drag(desk.window, RUN)
    desk.until(lambda: overlay.title.text() == "Open as run")
    drag.drop()
    assert overlay.isHidden()
    assert desk.state.opening == "digits-2d"
    desk.settle()


def test_what_cannot_be_opened_is_told_at_once(desk, tmp_path):
    overlay = desk.window.drop_overlay
    (tmp_path / "talk.mov").touch()
    drag = Drag(desk.window, tmp_path / "talk.mov")
    desk.until(lambda: overlay.title.text() == "Cannot be opened: .mov")
    assert "ffmpeg" in overlay.note.text()
    edge = overlay.grab().toImage().pixelColor(overlay.width() // 3, 3)
    assert edge.name() == colours().error
    drag.leave()
    drag = Drag(desk.window, QUrl("https://example.org/picture.png"))
    assert overlay.title.text() == "A link cannot be opened"
    drag.leave()


def test_panels_that_take_files_say_what_they_do(desk):
    overlay = desk.window.drop_overlay
    desk.controller.workspaces.go("compare")
    compare = desk.panel("compare")
    drag = Drag(desk.window, RUN)
    assert [area.text for area in overlay._areas] == ["Compare as model B"]
    desk.until(lambda: overlay.title.text() == "Open as run")
    drag.move(compare)
    assert overlay.title.text() == "Compare as model B"
    drag.move(desk.window.workspace_bar)
    assert overlay.title.text() == "Open as run"
    drag.leave()


def test_text_is_no_file(desk):
    overlay = desk.window.drop_overlay
    data = QMimeData()
    data.setText("words")
    enter = QDragEnterEvent(QPoint(9, 9), COPY, data, LEFT, PLAIN)
    QApplication.sendEvent(desk.window.windowHandle(), enter)
    assert overlay.isHidden()
