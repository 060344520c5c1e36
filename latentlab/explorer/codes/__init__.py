"""Files of codes without a model, and the cache and the index of codes."""
