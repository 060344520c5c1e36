"""The panels; each module or package declares a ``PANEL``."""
