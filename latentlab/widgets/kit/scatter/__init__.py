"""Scatter plot of codes."""
