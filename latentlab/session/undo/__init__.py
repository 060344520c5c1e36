"""Undo: the history of snapshots."""
