"""The scatter plot of codes."""
