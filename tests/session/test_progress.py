"""Training on a terminal: what is told on the way."""

import pytest
from training_support import recipe_of

from latentlab.learning.fit import fit
from latentlab.session.progress import show


@pytest.mark.parametrize("broken", [False, True])
def test_pictures_that_could_not_be_read_are_told(tmp_path, capsys, broken):
    from PIL import Image

    for i in range(6):
        Image.new("L", (9, 9), 40 * i).save(tmp_path / f"{i}.png")
    if broken:
        (tmp_path / "7.png").write_text("no picture")
    data = {"kind": "folder", "root": str(tmp_path), "width": 6}
    assert show(fit(recipe_of(data=data)))
    told = capsys.readouterr().err
    assert ("1 of 7 pictures could not be read" in told) == broken
    assert ("skipped.txt lists them." in told) == broken
