"""Files are written through `latentlab.atomic_write`, so that none is ever half there."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "latentlab"
WRITING = ("write_text", "write_bytes", "rename", "replace", "touch")
NO_PATHS = ("self._history",)
"""What else has a method of such a name."""
EXCEPTIONS = {
    "atomic_write.py": "the one way in which files are written",
    "data/files/decoding.py": "arrays in an incomplete folder",
    "data/files/decoded_cache.py": "descriptions in an incomplete folder",
    "explorer/codes/anndata_child.py": "the answer of a process, in a temporary folder",
    "explorer/import_/state_dict/torch_child.py": "the answer of a process, in a temporary folder",
    "runs/child_process.py": "calls and answers of a process, in a temporary folder",
    "runs/film_files.py": "what the encoder reads, in a temporary folder",
    "runs/library.py": "a folder that is discarded or restored, by one rename",
}


def writes(tree):
    """Return the line and name of each call that writes or renames a file."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        name, first = node.func.attr, next(iter(node.args), None)
        mode = first.value if isinstance(first, ast.Constant) and name == "open" else ""
        # `text.replace(a, b)` and `dataclasses.replace(a, b=c)` have other arguments.
        is_path = name in WRITING[:2] or (len(node.args) <= 1 and not node.keywords)
        is_path = is_path and ast.unparse(node.func.value) not in NO_PATHS
        if (name in WRITING and is_path) or set(mode) & set("wax+"):
            yield node.lineno, name


@pytest.mark.parametrize("file", EXCEPTIONS)
def test_each_exception_is_one(file):
    assert any(writes(ast.parse((PACKAGE / file).read_text("utf-8"))))


def test_no_other_module_writes_files():
    found = []
    for path in PACKAGE.rglob("*.py"):
        name = path.relative_to(PACKAGE).as_posix()
        if name not in EXCEPTIONS:
            lines = writes(ast.parse(path.read_text("utf-8")))
            found += [f"{name}:{line} {call}" for line, call in lines]
    assert found == []
