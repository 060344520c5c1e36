"""How a model learns: the one training loop and its parts."""
