"""Loss curves in memory and on disk."""

import json

import numpy as np
import pytest

from latentlab.session.curves.curves import METRICS, CurveLog, metrics_line, read_curves


def values(curves):
    return {key: (x.tolist(), y.tolist()) for key, (x, y) in curves.items()}


def test_curves_are_by_split_and_name():
    log = CurveLog()
    log.add("train", 1.0, {"loss": 5.0, "kl": 1.0})
    log.add("train", 2.0, {"loss": 4.0, "kl": 2.0})
    log.add("running", 0.5, {"loss": 9.0})
    assert values(log.view()) == {
        ("train", "loss"): ([1.0, 2.0], [5.0, 4.0]),
        ("train", "kl"): ([1.0, 2.0], [1.0, 2.0]),
        ("running", "loss"): ([0.5], [9.0]),
    }


def test_what_was_shown_never_changes():
    """Growing past the buffer, at 64 and 128, must not move what a plot holds."""
    log = CurveLog()
    shown = []
    for i in range(300):
        log.add("running", i, {"loss": 1000.0 - i})
        shown.append(log.view())
    for count, view in enumerate(shown, start=1):
        x, y = view["running", "loss"]
        assert x.tolist() == list(range(count))
        assert y.tolist() == [1000.0 - i for i in range(count)]


def test_views_do_not_copy():
    log = CurveLog()
    log.add("running", 1.0, {"loss": 1.0})
    one, two = (log.view()["running", "loss"][1] for _ in range(2))
    assert np.shares_memory(one, two)


def test_a_view_does_not_gain_curves():
    log = CurveLog()
    log.add("train", 1.0, {"loss": 1.0})
    view = log.view()
    log.add("train", 1.0, {"kl": 1.0})
    assert list(view) == [("train", "loss")]


def test_lines_written_are_read_again(tmp_path):
    lines = [
        metrics_line(1, "train", {"loss": 3.25, "kl": 0.5}, 1.23456),
        metrics_line(1, "validation", {"loss": 3.5, "kl": 0.25}, 0.5),
        metrics_line(2, "train", {"loss": 3.0, "kl": 0.75}, 1.0),
    ]
    assert json.loads(lines[0]) == {
        "epoch": 1,
        "split": "train",
        "loss": 3.25,
        "kl": 0.5,
        "seconds": 1.2346,
    }
    (tmp_path / METRICS).write_text("\n".join(lines) + "\n", "utf-8")
    assert values(read_curves(tmp_path)) == {
        ("train", "loss"): ([1.0, 2.0], [3.25, 3.0]),
        ("train", "kl"): ([1.0, 2.0], [0.5, 0.75]),
        ("validation", "loss"): ([1.0], [3.5]),
        ("validation", "kl"): ([1.0], [0.25]),
    }


WHOLE = metrics_line(1, "train", {"loss": 3.25}, 1.0)


@pytest.mark.parametrize("length", range(1, len(WHOLE)))
def test_a_half_written_last_line_is_left_out(tmp_path, length):
    (tmp_path / METRICS).write_text(f"{WHOLE}\n{WHOLE[:length]}", "utf-8")
    assert values(read_curves(tmp_path)) == {("train", "loss"): ([1.0], [3.25])}


@pytest.mark.parametrize(
    "line", ["[]", "7", "null", '{"split": "train"}', '{"epoch": 1, "split": "train", "loss": "x"}']
)
def test_a_line_that_is_none_is_left_out(tmp_path, line):
    (tmp_path / METRICS).write_text(f"{line}\n{WHOLE}\n", "utf-8")
    assert values(read_curves(tmp_path)) == {("train", "loss"): ([1.0], [3.25])}


def test_no_metrics_are_no_curves(tmp_path):
    assert read_curves(tmp_path) == {}
    assert read_curves(tmp_path / "nowhere") == {}
    (tmp_path / METRICS).write_bytes(b"\xff\xfe\x00\x80")
    assert read_curves(tmp_path) == {}
