"""Answers to requests, computed on the lane's thread; one file per feature."""
