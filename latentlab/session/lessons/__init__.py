"""Lessons: their records, their reader, and the checks that they may name."""
