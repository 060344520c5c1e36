"""Answers to questions; see `base`."""
