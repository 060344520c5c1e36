"""Metrics of a trained model: a number, its error, and what it was computed on."""
