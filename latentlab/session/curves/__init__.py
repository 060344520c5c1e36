"""Curves of a run: losses and latent statistics."""
