"""The list of licences names every shipped file and every distribution that latentlab needs."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
LIST = (ROOT / "packaging" / "licences.md").read_text("utf-8")


def plain(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_shipped_file_has_a_licence():
    table = (ROOT / "resources" / "README.md").read_text("utf-8")
    rows = [line for line in table.splitlines() if line.startswith("| `")]
    names = [re.findall(r"`([\w/.-]+?)/?`", row)[0].split("/")[0] for row in rows]
    shipped = {path.name for path in (ROOT / "resources").iterdir()}
    assert set(names) == shipped - {"README.md"}
    assert all(row in LIST for row in rows), "run packaging/licences"


def test_every_distribution_has_a_licence():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    needed = {plain(re.match(r"[\w.-]+", each)[0]) for each in project["dependencies"]}
    versions = dict(re.findall(r"^\| ([\w.-]+) +\| ([\w.+-]+)", LIST, re.M))
    listed = {plain(name): version for name, version in versions.items()}
    assert needed <= set(listed), "run packaging/licences"
    tested = (ROOT / "packaging" / "constraints.txt").read_text("utf-8")
    pinned = {plain(name): version for name, version in re.findall(r"^(\S+)==(\S+)", tested, re.M)}
    both = needed & set(pinned)
    assert {name: listed[name] for name in both} == {name: pinned[name] for name in both}
