"""Classifiers of images from files, and answers about what they decide."""

from latentlab.explorer.classifier.answers import OpenedClassifier

__all__ = ["OpenedClassifier"]
