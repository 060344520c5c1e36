"""Scores of images and of models: anomalies, classes, metrics, rate and distortion."""
