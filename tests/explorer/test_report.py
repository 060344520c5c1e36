"""Report of a run as one web page."""

import base64
import io
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from latentlab.errors import RunError
from latentlab.explorer.explorer import Explorer
from latentlab.explorer.report import write_report
from latentlab.explorer.report.figures import map_svg
from latentlab.latent.codes import Codes
from latentlab.runs.run_log import read_run_log
from latentlab.work import finish


def written(run, path):
    explorer = Explorer()
    explorer.open(run)
    finish(write_report(explorer, path))
    return explorer, path.read_text(encoding="utf-8")


def images(page):
    found = re.findall(r'<img[^>]*src="data:image/png;base64,([^"]*)"', page)
    return [Image.open(io.BytesIO(base64.b64decode(data))) for data in found]


def test_the_report_shows_the_run_and_links_to_nothing(cvae_run, tmp_path):
    explorer, page = written(cvae_run, tmp_path / "r.html")
    assert not re.search(r"(?:href|src)=\"(?!data:|#)", page)
    sizes = [image.size for image in images(page)]
    # Samples, reconstructions, manifold, paths, pairs of one class, traversals.
    assert sizes[0] == (16 * 29 - 1, 2 * 29 - 1)
    assert sizes[1] == (16 * 29 - 1, 2 * 29 - 1)
    assert sizes[2] == (20 * 28, 20 * 28)
    assert sizes[3] == (11 * 29 - 1, 3 * 29 - 1)
    assert sizes[4] == (9 * 29 - 1, 10 * 29 - 1)
    assert sizes[5] == (9 * 29 - 1, 3 * 29 - 1)
    originals = np.asarray(images(page)[1])[:28, :28]
    np.testing.assert_array_equal(originals, explorer.original(0).picture)
    for text in re.findall(r"<svg.*?</svg>", page, re.DOTALL):
        ElementTree.fromstring(text)
    assert page.count("<svg") == 3
    finding = read_run_log(cvae_run, explorer.card.recipe).findings
    assert all(each.title in page for each in finding)
    assert "200 held-out images, 50 draws of z each" in page
    assert "kind = &#34;cvae&#34;" in page


def test_names_of_the_user_are_escaped(vae_run, tmp_path, monkeypatch):
    monkeypatch.setattr("latentlab.explorer.cards.run_name", lambda _: "<script>alert(1)</script>")
    _, page = written(vae_run, tmp_path / "r.html")
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_a_report_without_the_data_shows_what_needs_none(vae_run, tmp_path, monkeypatch):
    from latentlab.data.sources.digits import DigitsConfig

    monkeypatch.setattr(DigitsConfig, "available", lambda _: False)
    explorer, page = written(vae_run, tmp_path / "r.html")
    assert not len(explorer.codes)
    assert "Samples" in page
    assert "Reconstructions" not in page
    assert explorer.card.note in page


def test_a_report_is_not_written_as_something_else(vae_run, tmp_path):
    with pytest.raises(RunError, match=r"\.html"):
        written(vae_run, tmp_path / "r.pdf")


def test_names_of_classes_are_no_formulas():
    codes = Codes(np.zeros((2, 2), np.float32), np.ones((2, 2), np.float32), np.array([0, 1]))
    drawn = map_svg(codes.mu, codes, ("$1 to $2", "$_$"), ("z1", "z2"))
    assert "$1 to $2" in drawn
