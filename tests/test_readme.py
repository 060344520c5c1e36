"""The examples of the README, run as they stand."""

import re
from pathlib import Path

from PIL import Image

from latentlab.models.base import MODELS

README = Path(__file__).parents[1] / "README.md"


def test_the_library_page_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    # The page registers a model; other tests must not see it.
    monkeypatch.setattr(MODELS, "_kinds", MODELS.kinds())
    text = README.read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(blocks) == 4
    names = {"__name__": "readme"}
    for block in blocks:
        exec(compile(block, str(README), "exec"), names)
    assert capsys.readouterr().out.strip().endswith("(4, 28, 28)")
    assert names["older"].shape == (1, 28, 28)
    assert names["morph"].shape == (12, 28, 28)
    assert len((tmp_path / "codes.csv").read_text().splitlines()) == 401
    with Image.open(tmp_path / "sevens.png") as file:
        assert file.size == (2 * (8 * 29 - 1), 2 * (2 * 29 - 1))
