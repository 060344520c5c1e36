"""Interpretation of NumPy arrays written by other programs: layout, pixels, labels."""
