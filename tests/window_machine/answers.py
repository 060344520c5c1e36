"""What a person answers to the menus, questions and file dialogs that an action opens."""

import re
from contextlib import ExitStack, contextmanager
from pathlib import Path
from unittest.mock import patch

from gui_support import wait
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QMenu, QMessageBox

LATER_MS, TIMES = 20, 5
"""Time after which each is answered, and how many one action may open."""


class Answers:
    """Answers of the present action.

    Parameters
    ----------
    files : list of Path
        Files that may be named.
    folder : Path
        Folder of new files.
    say : callable
        Told what is chosen.
    """

    def __init__(self, files, folder, say):
        self._files, self._folder, self._say = files, folder, say
        self._acting, self._named = None, 0
        self.decide()

    def decide(self, entry=0, consents=False, file=None):
        """Decide the entry of a menu, whether to accept, and the file: -1 is new, None is none."""
        self._entry, self._consents, self._file = entry, consents, file

    @contextmanager
    def given(self):
        """Answer what opens meanwhile, and what is open at the end."""
        self._acting = object()
        self._answer_later(self._acting)
        yield
        for _ in range(TIMES):
            if not (QApplication.activePopupWidget() or QApplication.activeModalWidget()):
                break
            wait(LATER_MS)
        self._acting = None
        self.decide()

    def _answer_later(self, acting):
        # One timer would wait for a dialog that its own answer has opened.
        QTimer.singleShot(LATER_MS, lambda: self._answer(acting))

    def _answer(self, acting):
        if self._acting is not acting:
            return
        self._answer_later(acting)
        popup, dialog = QApplication.activePopupWidget(), QApplication.activeModalWidget()
        if isinstance(popup, QMenu):
            self._choose_entry(popup)
        elif popup:
            popup.close()
        elif isinstance(dialog, QMessageBox) and self._consents:
            dialog.buttons()[0].click()
        elif isinstance(dialog, QDialog):
            dialog.accept() if self._consents else dialog.reject()

    def _choose_entry(self, menu):
        entries = [each for each in menu.actions() if each.isEnabled() and not each.isSeparator()]
        if not entries:
            menu.close()
            return
        chosen = entries[self._entry % len(entries)]
        self._say(chosen.text())
        menu.setActiveAction(chosen)
        if inside := chosen.menu():
            inside.popup(menu.mapToGlobal(QPoint(0, 0)))
        else:
            QTest.keyClick(menu, Qt.Key.Key_Return)

    @contextmanager
    def naming_files(self):
        """Answer file dialogs, which would be those of the platform."""
        with ExitStack() as stack:
            for name in ("getOpenFileName", "getSaveFileName"):
                stack.enter_context(patch.object(QFileDialog, name, self._name_file))
            folder = patch.object(QFileDialog, "getExistingDirectory", self._name_folder)
            stack.enter_context(folder)
            yield

    def _name_file(self, parent=None, title="", start="", kinds="", *_):
        # Named once: a file that is refused is asked for again.
        file, self._file = self._file, None
        if file is None:
            return "", ""
        if file >= 0:
            return str(self._files[file % len(self._files)]), ""
        suffixes = re.findall(r"\*(\.\w+)", kinds) or [""]
        suffix = suffixes[self._entry % len(suffixes)]
        return str(self.new_file(Path(start).with_suffix(suffix).name if start else "saved")), ""

    def new_file(self, name):
        """Return the path of a file or folder that does not exist yet."""
        self._named += 1
        return self._folder / f"{self._named} {name}"

    def _name_folder(self, *_):
        return self._name_file()[0]

    def leave(self):
        """Leave the menus and dialogs that are open above the window."""
        while popup := QApplication.activePopupWidget():
            popup.close()
        for dialog in QApplication.topLevelWidgets():
            if isinstance(dialog, QDialog) and dialog.isVisible():
                dialog.reject()
