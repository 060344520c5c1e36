"""Import of what torch's optimizers need, ahead of their first step."""

from importlib import import_module


def load_optimizers() -> None:
    """Import what the first step of an optimizer would import, which takes a second or two."""
    import_module("torch._dynamo")
