"""Answers about files that are written or read: exports, scenes, models, directions."""
