"""Words that no text of the program may use, and the literals of the package that users read."""

import ast
import re
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "latentlab"

FORBIDDEN = {
    "picture": "image",
    "pictures": "images",
    "way": "path",
    "ways": "paths",
    "shall": "present tense",
    "whatever": "name it",
    "somebody": "name them",
    "someone": "name them",
    "nobody": "name them",
    "anew": "again",
    "beforehand": "in advance",
    "told": "given",
    "strange": "unusual",
    "stranger": "less likely",
    "strangest": "most unusual",
    "rebuild": "reconstruct",
    "rebuilds": "reconstructs",
    "rebuilt": "reconstructed",
    "judging": "estimating",
    "at hand": "on this machine",
    "by heart": "overfitting",
    "for nothing": "free bits",
    "go there": "set z",
    "off the map": "unsupported by the data",
    "put back": "restore",
    "thrown away": "deleted",
    "under way": "in training",
    "well-trodden": "well supported",
    "what it can": "the cause",
}
"""Words and phrases, each with what to write instead."""
SHORTHAND = re.compile(r"\b[A-Cz] = (?:z|it)\b|\+ key\b")
OPTIONS = re.compile(r"--[\w-]+")
"""Options of the command line keep their names."""
_WORDS = re.compile(rf"(?<![\w./-])(?:{'|'.join(map(re.escape, FORBIDDEN))})(?![\w/-])", re.I)


def forbidden_words(text):
    """Return the forbidden words and the shorthand in a text."""
    text = OPTIONS.sub("", text)
    return [*_WORDS.findall(text), *SHORTHAND.findall(text)]


def visible_literals(tree):
    """Yield line and text of the literals that may be on screen: no docstrings, no types."""
    nodes = list(ast.walk(tree))
    skipped = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    skipped |= {id(node.slice) for node in nodes if isinstance(node, ast.Subscript)}
    for node in nodes:
        if not isinstance(node, ast.Constant) or id(node) in skipped:
            continue
        if isinstance(node.value, str) and (" " in node.value or node.value[:1].isupper()):
            yield node.lineno, node.value


def literals_of_package():
    """Yield place and text of each literal of the package that may be on screen."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for line, text in visible_literals(ast.parse(path.read_text("utf-8"))):
            yield f"{path.relative_to(PACKAGE)}:{line}", text
