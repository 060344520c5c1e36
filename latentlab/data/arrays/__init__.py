"""How NumPy arrays of other programs are understood."""
