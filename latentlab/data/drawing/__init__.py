"""Procedural images with known factors: drawn faces, and tools shared with the sprites."""
