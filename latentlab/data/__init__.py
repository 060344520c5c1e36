"""Image sets: one file per source."""
