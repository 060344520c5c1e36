"""Advice on the optional packages of latentlab."""

from __future__ import annotations

import sys


def how_to_install(extra: str) -> str:
    """Return how the packages of an extra of ``pyproject.toml`` are installed, as a sentence.

    A stand-alone build takes no packages.
    """
    if getattr(sys, "frozen", False):
        return (
            "This stand-alone latentlab lacks it: install latentlab as a Python program, with "
            f'`uv tool install "latentlab[{extra}]"`.'
        )
    return f'Install it with `pip install "latentlab[{extra}]"`.'
