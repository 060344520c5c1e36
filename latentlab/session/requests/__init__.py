"""Questions to the explorer; see `base`."""
