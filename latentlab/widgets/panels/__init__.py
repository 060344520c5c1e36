"""One file per panel; each declares a ``PANEL``."""
