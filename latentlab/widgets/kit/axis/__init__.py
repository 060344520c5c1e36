"""Sliders along latent axes."""
