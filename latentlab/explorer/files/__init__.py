"""Answers that write or read scenes and generated data sets."""
