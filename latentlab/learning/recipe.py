"""Recipe of a run as TOML: model, data, objective and training."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tomli_w
from pydantic import Field, JsonValue, ValidationInfo, field_validator

from latentlab import __version__
from latentlab.config import FIRST, Choice, Config, Options, parse
from latentlab.data.data_set import DATA, DataConfig
from latentlab.errors import RecipeError
from latentlab.learning.augment import Augmentation
from latentlab.learning.fast.device import missing_devices
from latentlab.learning.objectives.elbo import ELBO
from latentlab.learning.objectives.objective import OBJECTIVES, Objective
from latentlab.learning.optimizers import OPTIMIZERS, Adam, OptimizerConfig
from latentlab.learning.schedules import SCHEDULES, Constant, Schedule
from latentlab.models.base import MODELS, ModelConfig
from latentlab.text_files import read_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

MAX_SEEDS = 100
VERSION_KEY = "latentlab"
"""Key of the latentlab version that wrote a recipe."""
OPTIMIZER: dict[str, JsonValue] = {"group": "Optimizer"}
DATA_GROUP: dict[str, JsonValue] = {"group": "Data"}
DEVICES = {
    "auto": "Automatic",
    "cpu": "CPU",
    "cuda": "NVIDIA GPU (CUDA)",
    "mps": "Apple GPU (Metal)",
}
PRECISIONS = {"auto": "Automatic", "fp32": "32-bit (fp32)", "bf16": "16-bit (bf16)"}
BACKSLASH_ADVICE = "write the path between single quotes, or with /"
"""Advice on backslashes in TOML."""


class TrainingConfig(Config):
    """How long and how fast to learn."""

    epochs: int = Field(
        30,
        ge=1,
        le=100_000,
        description="Passes over all training images.",
        json_schema_extra=FIRST,
    )
    batch_size: int = Field(
        128,
        ge=1,
        le=65_536,
        json_schema_extra={"unit": "images", **OPTIMIZER},
        description="Images per step. A larger batch is faster per image, with fewer steps per "
        "epoch.",
    )
    learning_rate: float = Field(
        1e-3,
        gt=0,
        le=1,
        description="Step size of the optimizer. If it is too large, the loss jumps; if it is too "
        "small, the loss falls slowly.",
        json_schema_extra=OPTIMIZER,
    )
    schedule: Annotated[Schedule, Choice(SCHEDULES)] = Field(
        Constant(),
        title="Rate schedule",
        description="How the learning rate changes during the run.",
        json_schema_extra={"prefix": "Rate", "factor_of": "rate", **OPTIMIZER},
    )
    optimizer: Annotated[OptimizerConfig, Choice(OPTIMIZERS)] = Field(
        Adam(),
        description="Rule that updates the weights from their gradients.",
        json_schema_extra=OPTIMIZER,
    )
    clip: float = Field(
        0.0,
        ge=0,
        title="Clip gradient",
        description="Largest norm of the gradient. Use it if the loss jumps. 0 is off.",
        json_schema_extra=OPTIMIZER,
    )
    average: float = Field(
        0.0,
        ge=0,
        lt=1,
        title="EMA decay",
        description="Decay of a running average (EMA) of the weights, such as 0.999; the average "
        "is shown and saved. 0 is off.",
        json_schema_extra=OPTIMIZER,
    )
    patience: int = Field(
        0,
        ge=0,
        le=100_000,
        title="Early stopping",
        json_schema_extra={"unit": "epochs"},
        description="Stop after this many epochs without a lower validation loss. 0 is off.",
    )
    augment: Augmentation = Field(
        Augmentation(),
        title="Augmentation",
        description="Small random changes of the training images.",
        json_schema_extra=DATA_GROUP,
    )
    missing: float = Field(
        0.0,
        ge=0,
        lt=1,
        title="Hidden pixels",
        description="Share of the pixels of each training image that the model does not see and "
        "the loss does not count. The model learns to fill them in.",
        json_schema_extra=DATA_GROUP,
    )
    seed: int = Field(
        0,
        ge=0,
        lt=2**31,
        description="Start of the random numbers: the same recipe and seed give the same model.",
    )
    seeds: int = Field(
        1,
        ge=1,
        le=MAX_SEEDS,
        title="Repetitions",
        json_schema_extra={"unit": "runs"},
        description="Number of runs, each with the next seed. The library shows "
        "the mean and the standard deviation of their losses.",
    )
    writers: tuple[str, ...] = Field(
        (),
        max_length=5,
        title="Also write",
        description="Programs that also get the losses: tensorboard or mlflow, which need the "
        "package of that name.",
    )
    device: Annotated[Literal["auto", "cpu", "cuda", "mps"], Options(DEVICES, missing_devices)] = (
        Field("auto", description="Processor of the run. Automatic is the GPU if there is one.")
    )
    precision: Annotated[Literal["auto", "fp32", "bf16"], Options(PRECISIONS)] = Field(
        "auto",
        description="Number format of the products in layers; losses are in fp32. Automatic is "
        "bf16 where a step is faster with it, which is measured at the start of a run on the CPU.",
    )
    resident_mb: int = Field(
        4096,
        ge=1,
        title="Memory for images",
        json_schema_extra={"unit": "MB"},
        description="Larger data sets stay on disk and are read during training.",
    )

    @field_validator("schedule")
    @classmethod
    def _learn_to_the_end(cls, schedule: Schedule, info: ValidationInfo) -> Schedule:
        return schedule.lasting(info.data.get("epochs", 0))


class Recipe(Config):
    """Model, data, objective and training, as the tables of a recipe file."""

    model: Annotated[ModelConfig, Choice(MODELS)] = Field(
        description="Network that encodes and decodes images.",
        json_schema_extra={"group": "Network", **FIRST},
    )
    data: Annotated[DataConfig, Choice(DATA)] = Field(
        title="Data set",
        description="Images to learn from.",
        json_schema_extra={"group": "Data", **FIRST},
    )
    objective: Annotated[Objective, Choice(OBJECTIVES)] = Field(
        default_factory=ELBO,
        description="Loss that training minimizes.",
        json_schema_extra={"group": "KL"},
    )
    training: TrainingConfig = Field(
        default_factory=TrainingConfig, json_schema_extra={"group": "Run"}
    )

    def to_dict(self) -> dict[str, Any]:
        """Return plain values without those that are None, which TOML cannot store."""
        return self.model_dump(mode="json", exclude_none=True)

    def to_toml(self) -> str:
        """Return the content of a recipe file."""
        return tomli_w.dumps({VERSION_KEY: __version__, **self.to_dict()})

    def changed(self, key: str, value: Any) -> Recipe:
        """Return the recipe with the value of a dotted key replaced.

        Raises
        ------
        RecipeError
            If the key does not exist, or the value is invalid.
        """
        values = self.to_dict()
        set_value(values, key, value)
        return make_recipe(values)


def read_recipe(path: Path, settings: Iterable[str] = ()) -> Recipe:
    """Read a recipe file and change some of its values.

    Parameters
    ----------
    path : Path
        A TOML file.
    settings : iterable of str
        Changes such as ``"training.epochs=11"``; the value is parsed as TOML, or taken as plain
        text if it is not valid TOML.

    Raises
    ------
    RecipeError
        If the file or a value is invalid.
    """
    return make_recipe(read_values(path, settings))


def read_values(path: Path, settings: Iterable[str] = ()) -> dict[str, Any]:
    """Read the plain values of a recipe file, as `read_recipe` does, without validation.

    Raises
    ------
    RecipeError
        If the file is not TOML, or a setting has another form.
    """
    text = _read(path)
    try:
        values = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise RecipeError({str(path): f"is not TOML: {_parse_problem(error, text)}"}) from None
    for setting in settings:
        key, text = split_setting(setting)
        set_value(values, key, parse_value(key, text))
    if VERSION_KEY not in values:
        # Files written by latentlab are exempt: a folder's name may contain a tab.
        _refuse_control_characters(values)
    return values


def _read(path: Path) -> str:
    if path.is_dir():
        inside = path / "recipe.toml"
        advice = f"use {inside}, or --resume {path}" if inside.exists() else "name a TOML file"
        raise RecipeError({str(path): f"cannot be read, because it is a folder: {advice}"})
    try:
        return read_text(path)
    except OSError as error:
        raise RecipeError({str(path): f"cannot be read ({error.strerror})"}) from error
    except ValueError as error:
        raise RecipeError({str(path): f"is not TOML: {error}"}) from error


def _parse_problem(error: Exception, text: str) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    match = re.search(r"at line (\d+)", str(error))
    line = text.split("\n")[int(match[1]) - 1] if match else ""
    return f"{error}; {BACKSLASH_ADVICE}" if "\\" in line else str(error)


def _refuse_control_characters(values: Mapping[str, Any], prefix: str = "") -> None:
    r"""Refuse strings with control characters, such as a tab from the \t of a Windows path."""
    for name, value in values.items():
        key = f"{prefix}{name}"
        if isinstance(value, dict):
            _refuse_control_characters(value, f"{key}.")
        elif isinstance(value, str) and any(char < " " for char in value):
            raise RecipeError(
                {key: f"a backslash in {value!r} was read as an escape; {BACKSLASH_ADVICE}"}
            )


def make_recipe(values: Mapping[str, Any]) -> Recipe:
    """Return the recipe of plain values.

    Raises
    ------
    RecipeError
        If values are invalid; lists every problem by its key.
    """
    _refuse_invalid_unicode(values)
    missing: dict[str, Any] = {key: {} for key in ("model", "data") if key not in values}
    tables = {key: value for key, value in values.items() if key != VERSION_KEY}
    try:
        return parse(Recipe, {**missing, **tables})
    except RecipeError as error:
        made_by = str(values.get(VERSION_KEY, ""))
        if not _is_newer(made_by):
            raise
        newer = f"made by latentlab {made_by}, newer than this one ({__version__}): update it"
        raise RecipeError({**error.problems, VERSION_KEY: newer}) from None


def _refuse_invalid_unicode(values: Mapping[str, Any], prefix: str = "") -> None:
    """Refuse strings that are not valid Unicode, which TOML and JSON cannot store."""
    for name, value in values.items():
        if isinstance(value, dict):
            _refuse_invalid_unicode(value, f"{prefix}{name}.")
        elif isinstance(value, str) and (shown := _printable(value)) != value:
            problem = f"{shown!r} is not valid Unicode: rename the file or folder"
            raise RecipeError({f"{prefix}{name}": problem})


def _printable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _is_newer(version: str) -> bool:
    numbers = [tuple(map(int, re.findall(r"\d+", text))) for text in (version, __version__)]
    return numbers[0] > numbers[1]


def split_setting(setting: str) -> tuple[str, str]:
    """Return the key and the value of ``TABLE.KEY=VALUE``.

    Raises
    ------
    RecipeError
        If the setting has another form.
    """
    key, equals, text = setting.partition("=")
    if not equals or "." not in key:
        raise RecipeError({setting: "a change is written TABLE.KEY=VALUE, as training.epochs=11"})
    return key.strip(), text


def set_value(values: dict[str, Any], key: str, value: Any) -> None:
    """Set the value of a dotted key; create tables as needed.

    Raises
    ------
    RecipeError
        If a part of the key is a value, not a table.
    """
    *tables, name = key.split(".")
    for table in tables:
        inner = values.setdefault(table, {})
        if isinstance(inner, str):
            # A kind alone is short for a table with that kind.
            inner = values[table] = {"kind": inner}
        if not isinstance(inner, dict):
            raise RecipeError({key: f"{table} is a value, not a table"})
        values = inner
    values[name] = value


def parse_value(key: str, text: str) -> Any:
    """Return a value parsed as TOML, or the plain text if it is not valid TOML.

    Raises
    ------
    RecipeError
        If the value is empty.
    """
    if not text.strip():
        raise RecipeError({key: "has no value"})
    try:
        values = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return text.strip()
    return values["value"] if len(values) == 1 else text.strip()
