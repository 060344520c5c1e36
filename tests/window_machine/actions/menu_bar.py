"""The menu bar, and the dialogs that it opens."""

from hypothesis import strategies as st
from PySide6.QtWidgets import QAbstractButton, QApplication, QDialog
from window_machine.actions import action

NTH = st.integers(0, 60)
UNSAFE = {"Quit", "Train", "Add to queue", "Sweep…"}
"""Entries that close the window, or train what the form has."""


def open_dialogs():
    """Return the dialogs above the window that keep nothing from going on, the newest last."""
    tops = QApplication.topLevelWidgets()
    return [each for each in tops if isinstance(each, QDialog) and each.isVisible()]


def buttons_of(dialog):
    return [
        button
        for button in dialog.findChildren(QAbstractButton)
        if button.isVisible() and button.isEnabled()
    ]


@action(
    nth=NTH,
    entry=st.integers(0, 6),
    consents=st.booleans(),
    file=st.none() | st.integers(-1, 30),
    presses=st.lists(NTH, max_size=4),
)
def use_menu_bar(stage, nth, entry, consents, file, presses):
    """Choose an entry, and press buttons of the dialog that it opens.

    Of a menu that opens `entry` is chosen, `consents` says how a question is answered, and `file`
    which file is named: -1 is a new one, None is none.
    """
    entries = [each for each in stage.window.menus._actions if each.isEnabled()]
    entries = [each for each in entries if each.text() not in UNSAFE]
    chosen = entries[nth % len(entries)]
    stage.say(chosen.text())
    stage.answers.decide(entry, consents, file)
    chosen.trigger()
    for press in presses:
        for dialog in open_dialogs()[-1:]:
            if button := stage.pick(press, buttons_of(dialog)):
                stage.answers.decide(entry, consents, file)
                button.click()
