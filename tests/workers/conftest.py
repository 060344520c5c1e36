"""Workers are tested on toys: no torch, and no window."""

from gui_support import frozen, home, no_leaks, until

__all__ = ["frozen", "home", "no_leaks", "until"]
