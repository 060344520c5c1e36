"""Answers about data sets: found in files, matched to a run, or shown with another model."""
