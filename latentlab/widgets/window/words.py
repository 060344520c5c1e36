"""Page of the glossary, with a search line."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, override

from PySide6.QtCore import QEvent, Qt, QUrl, Slot
from PySide6.QtWidgets import QDialog, QLineEdit, QTextBrowser, QVBoxLayout

from latentlab.glossary import find_words
from latentlab.widgets.kit.theme import UNIT, colours

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from latentlab.glossary import Word

TITLE = "Words"
WIDTH, HEIGHT = 80 * UNIT, 72 * UNIT


class Words(QDialog):
    """Dialog that explains the terms of the window; it may stay open.

    Parameters
    ----------
    parent : QWidget
        The main window.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(TITLE)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(WIDTH, HEIGHT)
        self.search = QLineEdit(clearButtonEnabled=True)
        self.search.setPlaceholderText("Search terms and explanations")
        self.search.setAccessibleName("Search words")
        self.page = QTextBrowser(openLinks=False)
        self.page.setAccessibleName("Explanations")
        self.page.document().setDocumentMargin(2 * UNIT)
        column = QVBoxLayout(self)
        column.setSpacing(UNIT)
        column.addWidget(self.search)
        column.addWidget(self.page)
        self.search.textChanged.connect(self._fill)
        self.page.anchorClicked.connect(self._follow)
        self._fill()

    def look_up(self, term: str) -> None:
        """Show all entries, scrolled to that of a term."""
        self.search.clear()
        self.page.scrollToAnchor(term)

    @Slot()
    def _fill(self) -> None:
        query = self.search.text()
        entries = "".join(map(_entry, find_words(query)))
        self.page.setHtml(entries or f"<p>No entry contains “{escape(query)}”.</p>")

    @Slot(QUrl)
    def _follow(self, link: QUrl) -> None:
        self.look_up(link.fragment())

    @override
    def changeEvent(self, event: QEvent) -> None:
        """Adopt the colours of another scheme."""
        if event.type() == QEvent.Type.PaletteChange:
            self._fill()
        super().changeEvent(event)


def _entry(word: Word) -> str:
    """Return an entry as HTML."""
    faint = f'style="color: {colours().muted}"'
    also = f" <span {faint}>{escape(', '.join(word.also))}</span>" if word.also else ""
    formula = re.sub(r"_(\w+)", r"<sub>\1</sub>", escape(word.formula))
    formula = f"<br><i>{formula}</i>" if formula else ""
    links = ", ".join(f'<a href="#{escape(term)}">{escape(term)}</a>' for term in word.see)
    see = f"<br><span {faint}>See {links}</span>" if links else ""
    name = f'<a name="{escape(word.term)}"></a><b>{escape(word.term)}</b>'
    return f"<p>{name}{also}<br>{escape(word.text)}{formula}{see}</p>"
