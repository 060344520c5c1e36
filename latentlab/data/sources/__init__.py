"""Data sources, one module each, registered in ``DATA``."""
