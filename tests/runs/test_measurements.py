"""Measurements in a run folder."""

import pytest

from latentlab.errors import RunError
from latentlab.metrics.measurement import ComputedOn, Measurement, Value
from latentlab.runs.measurements import FILE, add_measurements, read_measurements


def measurement(value, k=1, weights="w", images=10):
    return Measurement(
        metric="m",
        title="M",
        group="G",
        settings={"k": k},
        values=(Value(name="M", value=value, error=0.5, unit="nats"),),
        on=ComputedOn(split="test", images=images),
        weights=weights,
    )


def test_equal_settings_replace_and_others_are_kept(tmp_path):
    assert read_measurements(tmp_path) == ()
    add_measurements(tmp_path, [measurement(1.0), measurement(2.0, k=2)])
    add_measurements(tmp_path, [measurement(3.0), measurement(4.0, images=5)])
    assert [each.value for each in read_measurements(tmp_path)] == [2.0, 3.0, 4.0]


def test_measurements_of_other_weights_are_not_read(tmp_path):
    add_measurements(tmp_path, [measurement(1.0, weights="old"), measurement(2.0, k=2)])
    assert [each.value for each in read_measurements(tmp_path, "w")] == [2.0]


@pytest.mark.parametrize("content", [b"{", b'{"measurements": [{"metric": 3}]}', b"[]"])
def test_a_damaged_file_is_refused_and_set_aside_by_the_next_measurement(tmp_path, content):
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(RunError, match="is damaged"):
        read_measurements(tmp_path)
    add_measurements(tmp_path, [measurement(1.0)])
    assert [each.value for each in read_measurements(tmp_path)] == [1.0]
    assert (tmp_path / "measurements.damaged").read_bytes() == content
