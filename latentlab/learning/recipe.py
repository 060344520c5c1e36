"""A recipe: everything that makes a run what it is, as TOML."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tomli_w
from pydantic import Field

from latentlab import __version__
from latentlab.data.base import DATA, DataConfig
from latentlab.errors import RecipeError
from latentlab.kinds import ADVANCED, Choice, Config, parse
from latentlab.learning.augment import Augmentation
from latentlab.learning.objectives import ELBO, OBJECTIVES, Objective
from latentlab.learning.optimizers import OPTIMIZERS, Adam, OptimizerConfig
from latentlab.learning.schedules import SCHEDULES, Constant, Schedule
from latentlab.models.base import MODELS, ModelConfig

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

VERSION = "latentlab"
"""Key of the version that wrote a recipe."""


class TrainingConfig(Config):
    """How long and how fast to learn."""

    epochs: int = Field(30, ge=1, le=100_000, description="How often every training image is seen.")
    batch_size: int = Field(
        128,
        ge=1,
        le=65_536,
        json_schema_extra={"unit": "images"},
        description="Images per step. Larger is faster per image, with fewer steps an epoch.",
    )
    learning_rate: float = Field(
        1e-3,
        gt=0,
        le=1,
        description="Step size of the optimizer. Too large and the loss jumps, too small and it "
        "crawls.",
    )
    schedule: Annotated[Schedule, Choice(SCHEDULES)] = Field(
        Constant(),
        description="How the learning rate changes; cosine from 1 to 0 ends gently.",
        json_schema_extra=ADVANCED,
    )
    optimizer: Annotated[OptimizerConfig, Choice(OPTIMIZERS)] = Field(
        Adam(), description="How gradients move the weights.", json_schema_extra=ADVANCED
    )
    clip: float = Field(
        0.0,
        ge=0,
        description="Longest gradient, as a norm: against a loss that jumps. 0 is off.",
        json_schema_extra=ADVANCED,
    )
    average: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="Show and keep a running average of the weights, such as 0.999: smoother "
        "than the weights themselves. 0 is off.",
        json_schema_extra=ADVANCED,
    )
    patience: int = Field(
        0,
        ge=0,
        le=100_000,
        json_schema_extra={"unit": "epochs", **ADVANCED},
        description="Stop when the validation loss has not improved for so long. 0 is off.",
    )
    augment: Augmentation = Field(
        Augmentation(),
        description="Small random changes of the training images.",
        json_schema_extra=ADVANCED,
    )
    missing: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="Share of each training image's pixels that is hidden from the model, in "
        "what it sees and in what it is judged by: it learns to fill them in.",
        json_schema_extra=ADVANCED,
    )
    seed: int = Field(
        0, ge=0, lt=2**31, description="Same recipe and same seed give the same model."
    )
    device: Literal["auto", "cpu", "cuda", "mps"] = Field(
        "auto", description="Where to compute: auto takes the GPU where there is one."
    )
    precision: Literal["auto", "fp32", "bf16"] = Field(
        "auto",
        description="Number format of the layers' products; losses stay in fp32. auto takes bf16 "
        "where the processor is fast at it, for half the time at the same loss.",
        json_schema_extra=ADVANCED,
    )
    resident_mb: int = Field(
        4096,
        ge=1,
        title="Memory for images",
        json_schema_extra={"unit": "MB", **ADVANCED},
        description="Image sets larger than this stay on disk, and are read as they are needed.",
    )


class Recipe(Config):
    """Model, data, objective and training, as the tables of a recipe file."""

    model: Annotated[ModelConfig, Choice(MODELS)]
    data: Annotated[DataConfig, Choice(DATA)]
    objective: Annotated[Objective, Choice(OBJECTIVES)] = Field(default_factory=ELBO)
    training: TrainingConfig = Field(default_factory=TrainingConfig)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, without those that are None (TOML has no such thing)."""
        return self.model_dump(mode="json", exclude_none=True)

    def to_toml(self) -> str:
        """Return the recipe as it stands in a file."""
        return tomli_w.dumps({VERSION: __version__, **self.to_dict()})

    def changed(self, key: str, value: Any) -> Recipe:
        """Return the recipe with the value of a dotted key replaced.

        Raises
        ------
        RecipeError
            Where there is no such key, or it cannot have that value.
        """
        values = self.to_dict()
        _put(values, key, value)
        return make_recipe(values)


def read_recipe(path: Path, settings: Iterable[str] = ()) -> Recipe:
    """Read a recipe file and change some of its values.

    Parameters
    ----------
    path : Path
        A TOML file.
    settings : iterable of str
        Changes such as ``"training.epochs=11"``; the value is read as TOML, and as plain text
        where it is none.

    Raises
    ------
    RecipeError
        Where the file or a value cannot be used.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RecipeError({str(path): f"cannot be read ({error.strerror})"}) from error
    except (ValueError, RecursionError) as error:
        raise RecipeError({str(path): f"is not TOML: {error}"}) from error
    for setting in settings:
        _set(values, setting)
    return make_recipe(values)


def make_recipe(values: Mapping[str, Any]) -> Recipe:
    """Make a recipe from plain values.

    Raises
    ------
    RecipeError
        Lists every problem by its key.
    """
    missing: dict[str, Any] = {key: {} for key in ("model", "data") if key not in values}
    tables = {key: value for key, value in values.items() if key != VERSION}
    try:
        return parse(Recipe, {**missing, **tables})
    except RecipeError as error:
        made_by = str(values.get(VERSION, ""))
        if not _is_newer(made_by):
            raise
        newer = f"made by latentlab {made_by}, newer than this one ({__version__}): update it"
        raise RecipeError({**error.problems, VERSION: newer}) from None


def _is_newer(version: str) -> bool:
    numbers = [tuple(map(int, re.findall(r"\d+", text))) for text in (version, __version__)]
    return numbers[0] > numbers[1]


def _set(values: dict[str, Any], setting: str) -> None:
    key, equals, text = setting.partition("=")
    if not equals or "." not in key:
        raise RecipeError({setting: "a change is written TABLE.KEY=VALUE, as training.epochs=11"})
    _put(values, key.strip(), setting_value(text))


def _put(values: dict[str, Any], key: str, value: Any) -> None:
    *tables, name = key.split(".")
    for table in tables:
        values = values.setdefault(table, {})
        if not isinstance(values, dict):
            raise RecipeError({key: f"{table} is a value, not a table"})
    values[name] = value


def setting_value(text: str) -> Any:
    """Return a value as TOML reads it, or the plain text where it is none."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text.strip()
