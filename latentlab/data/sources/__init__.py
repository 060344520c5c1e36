"""Data sets, one file each, registered in ``DATA``."""
