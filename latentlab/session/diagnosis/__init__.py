"""Checks that say what is wrong with a run, and what to try."""
