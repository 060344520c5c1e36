"""Training on a terminal: a progress bar with losses, speed and time left."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from latentlab.data.base import Loading
from latentlab.learning.distributed import leads
from latentlab.learning.events import Change, EpochEnd, Losses, Started, Step

if TYPE_CHECKING:
    from collections.abc import Generator


def show(events: Generator[object]) -> bool:
    """Run a training to its end, showing how it goes; say whether it got there.

    Ctrl-C ends it early, with what was learned so far kept.
    """
    if not leads():
        with closing(events):
            return all(True for _ in events)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[news]}"))
    console = Console()
    with Progress(*columns, TimeElapsedColumn(), console=console) as progress:
        teller = _Teller(progress)
        try:
            for event in events:
                teller.tell(event)
        except KeyboardInterrupt:
            return False
        finally:
            events.close()
    return True


class _Teller:
    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task: TaskID = progress.add_task("Starting", total=None, news="")
        self._epochs = self._per_epoch = 1

    def tell(self, event: object) -> None:
        match event:
            case Loading():
                self._update(event.message, event.fraction, 1.0)
            case Started():
                self._epochs, self._per_epoch = event.epochs, event.steps_per_epoch
                total = event.epochs * event.steps_per_epoch
                self._progress.console.print(
                    f"{event.parameters:,} parameters on {event.device}, "
                    f"{len(event.splits.train):,} training images"
                )
                if event.splits.notes:
                    self._progress.console.print(
                        event.splits.notes, highlight=False, soft_wrap=True
                    )
                self._update(f"Epoch 1/{event.epochs}", event.step, total)
            case Change():
                self._tell_change(event)
            case Step(losses=losses) if losses:
                left = f"{event.images_per_second:,.0f} images/s · {event.seconds_left:.0f} s left"
                self._progress.update(
                    self._task,
                    completed=event.step,
                    description=f"Epoch {event.epoch}/{self._epochs}",
                    news=f"{describe(losses)} · {left}",
                )
            case EpochEnd():
                self._progress.update(self._task, completed=event.step)
                self._progress.console.print(
                    f"epoch {event.epoch}/{self._epochs}  train {describe(event.train)}  "
                    f"validation {describe(event.validation)}  {event.seconds:.2f} s",
                    highlight=False,
                    soft_wrap=True,
                )

    def _tell_change(self, change: Change) -> None:
        what = change.problem or f"{change.key} = {change.value:g}"
        self._progress.console.print(f"at step {change.step}: {what}", highlight=False)
        if change.key == "training.epochs" and not change.problem:
            self._epochs = int(change.value)
            self._progress.update(self._task, total=self._epochs * self._per_epoch)

    def _update(self, text: str, done: float | None, total: float) -> None:
        known = total if done is not None else None
        self._progress.update(self._task, description=text, completed=done or 0, total=known)


def describe(losses: Losses) -> str:
    """Return losses in one line, in nats per image."""
    return " ".join(f"{name} {value:.2f}" for name, value in losses.items())
