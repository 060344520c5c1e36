"""Measure the structure of the package: folders, functions, classes and names.

    python tests/architecture/house.py

Prints one JSON object on its last line.
"""

import ast
import json
import re
from collections import Counter
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "latentlab"
PRIVATE = {
    "Feed", "Watch", "Team", "Traced", "Captured", "Portrait", "Past", "Own", "Photo", "Fitting",
    "Usual", "Judged", "Fills", "Filled", "Damaged", "Ends", "Way", "Ways", "Strip", "Footing",
    "Cloud", "Guide", "Twins", "Rebuilt", "Judgement", "Columns", "Second", "Beside", "Joined",
    "Followed", "Easel", "Ranked", "Wall", "Aside", "Loading", "slope", "embed", "embed_pieces",
    "embed_within", "aside", "told", "timed", "weigh", "wider", "weaker", "longer", "attempt",
}  # fmt: skip
"""Former private names of concepts that have a standard term."""
OUTSIDE = {"kinds.py", "data/base.py"}
"""Files that keep old names for plug-ins of earlier versions."""


def sources():
    """Return the syntax tree of each module of the package, by path."""
    return {path: ast.parse(path.read_text()) for path in sorted(PACKAGE.rglob("*.py"))}


def files_per_folder():
    """Return the number of modules in each folder of the package."""
    return Counter(str(path.parent.relative_to(PACKAGE)) for path in PACKAGE.rglob("*.py"))


def function_lines(modules):
    """Return the number of lines of each function, by file and name."""
    return {
        f"{path.relative_to(PACKAGE)}:{node.name}": node.end_lineno - node.lineno + 1
        for path, tree in modules.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def methods(modules):
    """Return the number of methods of each class, with those inherited within the package."""
    classes = {
        node.name: node
        for tree in modules.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }

    def names(name, seen=()):
        node = classes.get(name)
        if node is None or name in seen:
            return set()
        own = {each.name for each in node.body if isinstance(each, ast.FunctionDef)}
        bases = [base.id for base in node.bases if isinstance(base, ast.Name)]
        return own.union(*(names(base, (*seen, name)) for base in bases))

    return {name: len(names(name)) for name in classes}


def private_words(modules):
    """Return the classes and functions with a private name."""
    found = set()
    for path, tree in modules.items():
        place = path.relative_to(PACKAGE).as_posix()
        if place in OUTSIDE:
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name in PRIVATE:
                found.add(f"{place}: {node.name}")
    return found


def single_importers(modules):
    """Return modules of widgets whose single importer is in another folder."""
    modules = {
        ".".join(("latentlab", *path.relative_to(PACKAGE).with_suffix("").parts)): tree
        for path, tree in modules.items()
        if path.name != "__init__.py"
    }
    importers = {name: set() for name in modules}
    for importer, tree in modules.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module:
                for name in (node.module, *(f"{node.module}.{each.name}" for each in node.names)):
                    if name in importers and name != importer:
                        importers[name].add(importer)
    return sorted(
        name
        for name, by in importers.items()
        if len(by) == 1
        and name.startswith("latentlab.widgets.")
        and not min(by).startswith(name.rpartition(".")[0] + ".")
    )


def fields_of_state():
    """Return the number of fields of the state."""
    tree = ast.parse((PACKAGE / "session" / "state.py").read_text())
    (state,) = (
        node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "State"
    )
    return sum(isinstance(node, ast.AnnAssign) for node in state.body)


def lines():
    """Return the number of lines of the package that are neither empty nor comments."""
    count = 0
    for path in PACKAGE.rglob("*.py"):
        count += sum(bool(re.match(r"\s*[^\s#]", line)) for line in path.read_text().splitlines())
    return count


def measure():
    """Return all measurements."""
    modules = sources()
    lengths = sorted(function_lines(modules).values())
    sizes = methods(modules)
    largest = max(sizes, key=sizes.__getitem__)
    return {
        "files": len(modules),
        "lines": lines(),
        "most_files_in_a_folder": files_per_folder().most_common(1)[0],
        "function_lines_p90": lengths[int(0.9 * len(lengths))],
        "function_lines_max": lengths[-1],
        "most_methods": [largest, sizes[largest]],
        "methods_of_the_controller": sizes["Controller"],
        "fields_of_state": fields_of_state(),
        "single_importers_in_widgets": len(single_importers(modules)),
        "private_words": sorted(private_words(modules)),
    }


if __name__ == "__main__":
    print(json.dumps(measure()))
