"""Records of what the user takes out: figures, films, scenes, and how each was made."""
