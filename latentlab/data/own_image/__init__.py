"""A single image of the user's own, made to fit a model."""
