"""Advice on optional packages names what pyproject.toml and a stand-alone build know."""

import re
import sys
import tomllib
from pathlib import Path

from latentlab.extras import how_to_install

ROOT = Path(__file__).parents[1]


def test_each_extra_that_is_advised_exists():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    called = re.compile(r"how_to_install\([\"'](\w+)[\"']\)")
    sources = (path.read_text("utf-8") for path in (ROOT / "latentlab").rglob("*.py"))
    advised = {extra for text in sources for extra in called.findall(text)}
    assert len(advised) > 3
    assert advised <= project["optional-dependencies"].keys()


def test_a_stand_alone_build_is_not_advised_to_install_into_itself(monkeypatch):
    assert how_to_install("onnx").startswith('Install it with `pip install "latentlab[onnx]"')
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert "pip install" not in how_to_install("onnx")
