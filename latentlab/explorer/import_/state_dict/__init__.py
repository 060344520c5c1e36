"""Tensors of PyTorch models, and the architecture that their names and shapes imply."""
