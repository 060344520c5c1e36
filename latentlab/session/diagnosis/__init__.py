"""Checks that find the problems of a run and suggest remedies."""
