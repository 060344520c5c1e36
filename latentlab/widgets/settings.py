"""What the window remembers between starts."""

from __future__ import annotations

from PySide6.QtCore import QSettings

from latentlab.paths import home

RECENT = "recent"
LIMIT = 10


def settings() -> QSettings:
    """Return the settings file in the user's latentlab folder."""
    return QSettings(str(home() / "settings.ini"), QSettings.Format.IniFormat)


def recent() -> list[str]:
    """Return the models opened last, newest first."""
    value = settings().value(RECENT, [])
    if isinstance(value, str):  # an INI file does not tell one from a list of one
        return [value]
    return [str(path) for path in value] if isinstance(value, list) else []


def remember(path: str) -> None:
    """Put a model at the head of the recent ones."""
    others = [other for other in recent() if other != path]
    settings().setValue(RECENT, [path, *others][:LIMIT])
