"""Networks that return distributions: one file per model family."""
