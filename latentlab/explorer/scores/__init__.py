"""Answers about scores of images and of models."""
