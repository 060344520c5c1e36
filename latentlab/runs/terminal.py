"""Terminal output of training: a progress bar with losses, speed and time left."""

from __future__ import annotations

import sys
import time
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any, TextIO, cast

from rich.console import Console
from rich.progress import (
    BarColumn,
    ProgressColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.progress import (
    Progress as RichProgress,
)
from rich.table import Column

from latentlab.errors import MOST_NAMES, listed
from latentlab.learning.events import Change, EpochEnd, FinalTest, Losses, Started, Step
from latentlab.learning.fast.distributed import is_main
from latentlab.runs.side_by_side import Ended
from latentlab.runs.stop_signals import noted_signals
from latentlab.session.curves.bits import bits_text
from latentlab.streams import Unfailing
from latentlab.work import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence

BAR_WIDTH = 12
"""Width of the bar in characters; epoch, loss and time left fit into 80 columns with it."""
PRINT_INTERVAL_S = 60.0
"""Seconds between two lines if the output is not a terminal."""


def show(events: Generator[object]) -> bool:
    """Run training, show its progress, and return whether it finished.

    Ctrl-C stops it after the present step, as SIGTERM and SIGHUP do, and keeps what was learned;
    a second one stops it at once.
    """
    if not is_main():
        with closing(events):
            return all(True for _ in events)
    with RichProgress(*progress_columns(), console=_console(), expand=True) as progress:
        teller = ProgressPrinter(progress)
        with noted_signals() as stop, closing(events):
            try:
                for event in events:
                    teller.tell(event)
                    if stop:
                        return False
            except KeyboardInterrupt:
                return False
    return True


def show_several(events: Generator[tuple[int, object]], names: Sequence[str]) -> None:
    """Run training of several runs, and show the progress of each on a line of its own.

    Ctrl-C stops all and keeps what was learned.
    """
    tellers: dict[int, ProgressPrinter] = {}
    with (
        RichProgress(*progress_columns(), console=_console(), expand=True) as progress,
        closing(events),
        suppress(KeyboardInterrupt),
    ):
        for index, event in events:
            if isinstance(event, Ended):
                if index in tellers:
                    tellers.pop(index).close()
                continue
            if index not in tellers:
                tellers[index] = ProgressPrinter(progress, name=names[index])
            tellers[index].tell(event)


def progress_columns() -> tuple[ProgressColumn, ...]:
    """Return the columns of the progress bar; a narrow terminal truncates the last."""
    return (
        TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True)),
        BarColumn(BAR_WIDTH),
        TextColumn("{task.fields[left]}", markup=False, table_column=Column(no_wrap=True)),
        TimeElapsedColumn(table_column=Column(no_wrap=True)),
        TextColumn(
            "{task.fields[news]}",
            markup=False,
            table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis"),
        ),
    )


def _console() -> Console:
    # Standard output may be missing.
    return Console(markup=False, file=cast("TextIO", Unfailing(sys.stdout)) if sys.stdout else None)


class ProgressPrinter:
    """Shows events on the progress bar, or as lines if the output is not a terminal.

    Parameters
    ----------
    progress : Progress
        Progress bar and its console.
    clock : callable
        Returns seconds.
    name : str
        Name of the run, to tell it from others; empty if it trains alone.
    """

    def __init__(
        self,
        progress: RichProgress,
        clock: Callable[[], float] = time.monotonic,
        name: str = "",
    ) -> None:
        self._progress = progress
        self._prefix = f"{name}: " if name else ""
        text = f"{self._prefix}Starting"
        self._task: TaskID = progress.add_task(text, total=None, news="", left="")
        self._epochs = self._per_epoch = 1
        self._recipe: Mapping[str, Any] = {}
        self._pixels = 1
        self._clock = clock
        self._last_print = clock()

    def close(self) -> None:
        """Remove the progress bar."""
        self._progress.remove_task(self._task)

    def tell(self, event: object) -> None:
        """Show one event."""
        match event:
            case Progress():
                self._update(event.message, event.fraction, 1.0)
                share = "" if event.fraction is None else f": {event.fraction:.0%}"
                self._line(f"{event.message}{share}")
            case Started():
                self._tell_start(event)
            case Change():
                self._tell_change(event)
            case Step(losses=losses) if losses:
                self._tell_step(event, losses)
            case FinalTest():
                self._print(f"epoch {event.epoch}  test {self._with_bits(event.losses)}")
                if event.best_losses and event.best_epoch < event.epoch:
                    best = self._with_bits(event.best_losses)
                    self._print(f"epoch {event.best_epoch} (lowest validation loss)  test {best}")
            case EpochEnd():
                self._progress.update(self._task, completed=event.step)
                self._print(
                    f"epoch {event.epoch}/{self._epochs}  train {format_losses(event.train)}  "
                    f"validation {self._with_bits(event.validation)}  {event.seconds:.2f} s"
                )

    def _tell_start(self, event: Started) -> None:
        self._epochs, self._per_epoch = event.epochs, event.steps_per_epoch
        splits = event.splits
        self._recipe, self._pixels = event.recipe, splits.spec.pixels
        how = f"{event.device} in {event.precision}"
        self._print(f"{event.parameters:,} parameters on {how}, {splits.counts}")
        if names := splits.spec.class_names:
            self._print(
                f"{len(names)} class{'es' if len(names) > 1 else ''}: {listed(names, MOST_NAMES)}"
            )
        if splits.notes:
            print(splits.notes, file=sys.stderr)
        self._update(f"Epoch 1/{event.epochs}", event.step, event.epochs * event.steps_per_epoch)

    def _with_bits(self, losses: Losses) -> str:
        bits = bits_text(self._recipe, self._pixels, losses)
        return f"{format_losses(losses)}{f' ({bits})' if bits else ''}"

    def _tell_step(self, event: Step, losses: Losses) -> None:
        news = f"{format_losses(losses)} · {event.images_per_second:,.0f} images/s"
        left = f"{format_duration(event.seconds_left)} left"
        epoch = f"Epoch {event.epoch}/{self._epochs}"
        self._progress.update(
            self._task,
            completed=event.step,
            description=f"{self._prefix}{epoch}",
            news=news,
            left=left,
        )
        self._line(f"{epoch} · {news} · {left}")

    def _tell_change(self, change: Change) -> None:
        what = change.problem or f"{change.key} = {change.value:g}"
        self._print(f"at step {change.step}: {what}")
        if change.key == "training.epochs" and not change.problem:
            self._epochs = int(change.value)
            self._progress.update(self._task, total=self._epochs * self._per_epoch)

    def _update(self, text: str, done: float | None, total: float) -> None:
        limit = total if done is not None else None
        described = f"{self._prefix}{text}"
        self._progress.update(self._task, description=described, completed=done or 0, total=limit)

    def _print(self, text: str) -> None:
        self._last_print = self._clock()
        self._progress.console.print(f"{self._prefix}{text}", highlight=False, soft_wrap=True)

    def _line(self, text: str) -> None:
        """Print a line every `PRINT_INTERVAL_S` seconds if the output is not a terminal."""
        due = self._clock() - self._last_print >= PRINT_INTERVAL_S
        if due and not self._progress.console.is_terminal:
            self._print(text)


def format_losses(losses: Losses) -> str:
    """Format losses as one line, in nats per image."""
    return " ".join(f"{name} {value:.2f}" for name, value in losses.items())


def format_duration(seconds: float) -> str:
    """Format a time as ``0:07``, ``12:34`` or ``1:02:03``."""
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"
