"""Workers are tested on toys: no torch, and no window."""

from gui_support import frozen, no_leaks, until

__all__ = ["frozen", "no_leaks", "until"]
