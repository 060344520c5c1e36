"""Texts use one word for one thing, and plain words."""

import ast

import pytest
from architecture.words import FORBIDDEN, forbidden_words, literals_of_package, visible_literals

from latentlab.directories import resources

NAMES = ("panels:", "check:", "show:")


def test_no_text_of_the_package_uses_a_forbidden_word():
    found = [f"{place}: {text}" for place, text in literals_of_package() if forbidden_words(text)]
    assert not found, FORBIDDEN


def test_no_lesson_uses_a_forbidden_word():
    files = sorted((resources() / "lessons").glob("*.md"))
    lines = [(file.name, line) for file in files for line in file.read_text("utf-8").split("\n")]
    # Names of panels and of functions are not on screen.
    shown = [(name, text) for name, text in lines if not text.startswith(NAMES)]
    assert not [(name, text) for name, text in shown if forbidden_words(text)], FORBIDDEN


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Save the Picture as PNG", ["Picture"]),
        ("Two ways from A to B", ["ways"]),
        ("A run is under way.", ["under way"]),
        ("A = z", ["A = z"]),
        ("always, by an image of the gateway", []),
        ("--way straight: choose data.", []),
        ("/pictures/7.png", []),
        ("z = 2", []),
    ],
)
def test_forbidden_words_are_found(text, words):
    assert forbidden_words(text) == words


def test_docstrings_are_not_on_screen():
    source = '"""A picture."""\nX = 1\n"""A way."""\nTEXT = f"{X} images of 2"\nKEY = "picture"'
    assert list(visible_literals(ast.parse(source))) == [(4, " images of 2")]
