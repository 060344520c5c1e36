"""Training on a terminal: what is told on the way."""

import io
import re
import time
from contextlib import closing

import numpy as np
import pytest
from rich.console import Console
from rich.progress import Progress as RichProgress
from training_support import recipe_of

from latentlab.api.model import load
from latentlab.errors import DataError
from latentlab.learning.events import EpochEnd, LatentStatistics, Started, Step
from latentlab.learning.fit import fit
from latentlab.learning.recipe import make_recipe
from latentlab.runs.recorder import record, resume
from latentlab.runs.terminal import (
    ProgressPrinter,
    format_duration,
    format_losses,
    progress_columns,
    show,
)
from latentlab.session.curves.curves import METRICS
from latentlab.work import Progress


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
    assert ("1 of 7 images could not be read" in told) == broken
    assert ("skipped.txt lists them." in told) == broken


@pytest.fixture
def told(digits_started):
    """Tell of a run on a console of a width; return what is seen."""

    def tell(*events, width=80, terminal=True, clock=time.monotonic):
        text = io.StringIO()
        console = Console(
            file=text, width=width, force_terminal=terminal, color_system=None, markup=False
        )
        with RichProgress(*progress_columns(), console=console, expand=True) as bar:
            teller = ProgressPrinter(bar, clock)
            for event in (digits_started, *events):
                teller.tell(event)
            bar.refresh()
        return text.getvalue()

    return tell


@pytest.fixture(scope="module")
def digits_started():
    events = fit(recipe_of(epochs=100))
    with closing(events):
        return next(event for event in events if isinstance(event, Started))


LOSSES = {"loss": -11586.75, "reconstruction": -11700.25, "kl": 113.5}


@pytest.mark.parametrize("width", [80, 72, 120])
def test_a_narrow_terminal_shows_epoch_bar_and_time_left(told, width):
    seen = told(Step(500, 36, LOSSES, 5.2, 7384.0), width=width)
    seen = next(line for line in seen.splitlines()[::-1] if "Epoch" in line)
    for words in ("Epoch 36/100", "━━━", "2:03:04 left", "loss -11586.75"):
        assert words in seen
    assert ("5 images/s" in seen) == (width > 100)


def test_without_a_terminal_a_line_is_printed_each_minute_and_each_epoch(told):
    seconds = iter(range(0, 100_000, 25))
    steps = [Step(i, 1, LOSSES, 5.2, 600.0) for i in range(1, 9)]
    lines = told(*steps, terminal=False, clock=lambda: next(seconds)).splitlines()
    shown = [line for line in lines if "10:00 left" in line and "━" not in line]
    assert len(shown) in (2, 3)
    assert shown[0].startswith("Epoch 1/100 · loss -11586.75")


def test_names_in_brackets_are_no_markup(told):
    seen = told(Progress("Reading [red]pictures[/blue]", 0.5))
    assert "Reading [red]pictures[/blue]" in seen


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0:00"), (59.6, "1:00"), (754, "12:34"), (3723, "1:02:03")]
)
def test_durations(seconds, text):
    assert format_duration(seconds) == text


# Progress


def small(**training):
    values = {"epochs": 2, "batch_size": 1000, "device": "cpu", **training}
    return make_recipe({"model": {"hidden": [8]}, "training": values})


def test_losses_in_one_line():
    assert format_losses({"loss": 101.456, "kl": 2.0}) == "loss 101.46 kl 2.00"
    assert format_losses({}) == ""


def test_a_terminal_is_told_of_every_epoch(capsys):
    assert show(fit(small())) is True
    out = capsys.readouterr().out
    assert "4,000 training images" in out
    assert re.search(r"[\d,]+ parameters on CPU in fp32, 4,000", out)
    number = r"\d+\.\d\d"
    for epoch in (1, 2):
        losses = f"loss {number} reconstruction {number} kl {number}"
        line = rf"epoch {epoch}/2  train {losses}  validation {losses}  {number} s"
        assert re.search(line, out), out


def test_a_resumed_run_says_how_long_it_will_be(tmp_path, capsys):
    assert show(record(small(), tmp_path))
    assert show(resume(tmp_path, 3))
    out = capsys.readouterr().out
    assert "training.epochs = 3" in out
    assert re.search(r"^epoch 3/3  train", out, re.MULTILINE)
    assert "epoch 3/2" not in out


def test_ctrl_c_keeps_what_was_learned(tmp_path, capsys):
    def interrupted(events):
        try:
            for event in events:
                yield event
                if isinstance(event, Step) and event.step == 6:
                    raise KeyboardInterrupt
        finally:
            events.close()

    assert show(interrupted(record(small(), tmp_path))) is False
    card = load(tmp_path).card
    assert card.epoch == 1
    assert len((tmp_path / METRICS).read_text("utf-8").splitlines()) == 2


def test_an_error_passes_through_and_closes_the_training(capsys):
    closed = []

    def failing():
        try:
            yield Progress("Reading", 0.5)
            yield Step(1, 1)
            raise DataError("The disk is gone.")
        finally:
            closed.append(True)

    with pytest.raises(DataError, match="disk is gone"):
        show(failing())
    assert closed == [True]


def test_a_line_is_not_broken_by_a_narrow_terminal(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "40")
    losses = {"loss": 1.0, "reconstruction": 2.0, "kl": 3.0}
    latents = LatentStatistics(np.ones(2), 1.0, 0.5, 100)
    assert show(e for e in [EpochEnd(1, 1, losses, losses, 1.0, 1.0, latents, 1, 1.0)])
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("epoch 1/1") and line.rstrip().endswith("1.00 s") for line in lines)


def test_losses_of_8_bit_likelihoods_are_also_in_bits_per_dimension(capsys):
    assert show(fit(recipe_of(model={"likelihood": "discretized-logistic"})))
    said = capsys.readouterr().out
    assert re.search(r"validation loss .*\(\d+\.\d{3} bits per dimension\)", said)
