"""Preprocessing of a user's image for a model."""
