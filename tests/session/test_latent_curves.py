"""What the latents carry is kept line by line, and runs of earlier versions still open."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest

from latentlab.learning.events import LatentStatistics
from latentlab.session.curves.latent_curves import (
    FILE,
    GEOMETRY,
    LatentLog,
    latents_line,
    latents_of,
    read_latent_lines,
)

WHOLE = LatentStatistics(np.array([3.0, 2.0]), 4.0, 1.0, 90, 0.6, 0.1, 0.85, 1.125)
OLD = '{"epoch": 1, "kl": [3.0, 2.0], "active": 2, "mutual_information": 4.0, "marginal_kl": 1.0, '
OLD += '"images": 90}'


def write(folder, *lines):
    (folder / FILE).write_text("".join(f"{line}\n" for line in lines), "utf-8")
    return latents_of(read_latent_lines(folder).records)


def strict(line):
    def refuse(constant):
        raise ValueError(constant)

    return json.loads(line, parse_constant=refuse)


def test_all_that_was_measured_is_read_back(tmp_path):
    read = write(tmp_path, latents_line(1, WHOLE), latents_line(2, replace(WHOLE, same_class=0.7)))
    log = LatentLog()
    log.add(1, WHOLE)
    log.add(2, replace(WHOLE, same_class=0.7))
    for name, value in asdict(log.view()).items():
        assert np.array_equal(getattr(read, name), value), name
    assert read.same_class.tolist() == [0.6, 0.7]
    assert read.unevenness.tolist() == [1.125, 1.125]
    assert read.images == 90


def test_a_run_of_an_earlier_version_opens(tmp_path):
    read = write(tmp_path, OLD)
    assert read.kl.tolist() == [[3.0, 2.0]]
    for name in GEOMETRY:
        assert np.isnan(getattr(read, name)).all()
        assert getattr(read, name).shape == (1,)


def test_an_earlier_run_that_went_on_knows_what_came_after(tmp_path):
    read = write(tmp_path, OLD, latents_line(2, WHOLE))
    assert read.epochs.tolist() == [1, 2]
    assert np.isnan(read.unevenness[0])
    assert read.unevenness[1] == 1.125


@pytest.mark.parametrize("name", GEOMETRY)
def test_what_is_not_known_is_left_out_of_the_line(tmp_path, name):
    line = latents_line(1, replace(WHOLE, **{name: float("nan")}))
    assert name not in strict(line)
    assert np.isnan(getattr(write(tmp_path, line), name)).all()
