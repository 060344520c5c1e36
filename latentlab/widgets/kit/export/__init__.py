"""Copying, dragging and saving what a widget shows."""
