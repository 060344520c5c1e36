"""Faces drawn by the program itself, of which every factor is known."""
