"""Torch's optimizers, made ready without making anybody wait."""

from importlib import import_module


def load_optimizers() -> None:
    """Import what the first step of an optimizer would otherwise import, in a second or two."""
    import_module("torch._dynamo")
