"""Classifiers of images: records and requests."""
