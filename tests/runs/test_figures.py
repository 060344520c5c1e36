"""Curves as a picture and as CSV."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from latentlab.errors import RunError
from latentlab.runs.figures import save_curves
from latentlab.runs.library import compare
from latentlab.session.curves.curves import read_curves
from latentlab.session.palette import TRAIN_COLOUR, VALIDATION_COLOUR
from latentlab.session.runs import ComparedRun


def run(name="one", losses=(5.0, 4.0, 3.5), terms=("loss", "kl")):
    epochs = np.arange(1.0, len(losses) + 1)
    curves = {
        (split, term): (epochs, np.array(losses) + i)
        for i, split in enumerate(("train", "validation"))
        for term in terms
    }
    return ComparedRun(name, Path("/runs") / name, curves)


def rows_of(file):
    with file.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def test_csv_has_every_point_of_every_curve(tmp_path):
    runs = (run("beta 1"), run('a "name", with comma', (9.0,), ("loss",)))
    save_curves(runs, tmp_path / "deep" / "curves.csv")
    rows = rows_of(tmp_path / "deep" / "curves.csv")
    assert len(rows) == 3 * 4 + 2
    for each in runs:
        for (split, term), points in each.curves.items():
            mine = [
                r for r in rows if (r["run"], r["split"], r["term"]) == (each.name, split, term)
            ]
            read = [(float(r["epoch"]), float(r["nats_per_image"])) for r in mine]
            assert read == list(zip(*(p.tolist() for p in points), strict=True))


def test_csv_of_a_run_on_disk_is_what_its_metrics_say(tmp_path, vae_run):
    save_curves(compare((vae_run,)), tmp_path / "curves.CSV")
    rows = rows_of(tmp_path / "curves.CSV")
    for (split, term), (epochs, values) in read_curves(vae_run).items():
        mine = [row for row in rows if (row["split"], row["term"]) == (split, term)]
        assert [float(row["epoch"]) for row in mine] == epochs.tolist()
        found = [float(row["nats_per_image"]) for row in mine]
        assert found == pytest.approx(values.tolist(), abs=1e-5)


def colours_of(file):
    with Image.open(file) as picture:
        pixels = np.asarray(picture.convert("RGB")).reshape(-1, 3)
    vivid = pixels[np.ptp(pixels.astype(int), axis=1) > 60]
    return {tuple(colour) for colour in np.unique(vivid // 32, axis=0)}


def has_colour(file, name):
    with Image.open(file) as picture:
        pixels = np.asarray(picture.convert("RGB"))
    return bool((pixels == tuple(bytes.fromhex(name[1:]))).all(-1).any())


def test_a_picture_has_a_panel_for_each_term_and_a_line_for_each_run(tmp_path):
    save_curves((run(),), tmp_path / "one.png")
    save_curves((run(terms=("loss",)),), tmp_path / "narrow.png")
    with Image.open(tmp_path / "one.png") as wide, Image.open(tmp_path / "narrow.png") as narrow:
        assert wide.width == 2 * narrow.width
        assert wide.height == narrow.height > 400
    runs = tuple(run(f"beta {i}", (9.0 - i, 8.0 - i)) for i in range(4))
    save_curves(runs, tmp_path / "many.png")
    for colour in (TRAIN_COLOUR, VALIDATION_COLOUR):
        assert has_colour(tmp_path / "one.png", colour)
    assert not colours_of(tmp_path / "one.png")
    assert len(colours_of(tmp_path / "many.png")) >= 4


@pytest.mark.parametrize("suffix", ["svg", "pdf"])
def test_pictures_for_papers(tmp_path, suffix):
    save_curves((run("beta 1"), run("beta 4")), tmp_path / f"curves.{suffix}")
    content = (tmp_path / f"curves.{suffix}").read_bytes()
    assert content[:5] in (b"<?xml", b"%PDF-")
    assert len(content) > 5000


def test_curves_that_are_not_there_cannot_be_saved(tmp_path):
    for suffix in ("png", "csv"):
        with pytest.raises(RunError, match="no losses to save yet"):
            save_curves((ComparedRun("new", tmp_path, {}),), tmp_path / f"curves.{suffix}")
    assert list(tmp_path.iterdir()) == []


def test_where_nothing_can_be_written_it_is_named(tmp_path):
    (tmp_path / "file").write_text("mine")
    for name in ("file/curves.png", "file/curves.csv", "curves.nosuch"):
        with pytest.raises(RunError, match="cannot be written"):
            save_curves((run(),), tmp_path / name)
