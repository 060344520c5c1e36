"""Base class and registry of the configs of data sets."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self, override

from pydantic import Field, field_validator, model_validator

from latentlab.config import LAST, Config, Options, Registry
from latentlab.work import finish

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from latentlab.data.image_set import ImageSpec
    from latentlab.data.parts import Outline, Splits
    from latentlab.work import Progress

MAX_CONDITIONS = 16
"""Maximum number of conditions of a model."""
MAX_LEFT_OUT = 1000
"""Maximum number of classes that are left out."""


BINARIZATIONS = {"none": "None", "static": "Static", "dynamic": "Dynamic"}
LEGACY_SPLIT_KEYS = {"held_out": "validation", "split_seed": "seed"}
"""Keys of the table ``split`` by their former names in data configs."""


class DataConfig(Config, ABC):
    """Base class of the configs of data sources."""

    kind: str
    conditions: tuple[str, ...] = Field(
        (),
        max_length=MAX_CONDITIONS,
        title="Conditions",
        description="Attributes that a conditional model is given instead of the class, such as "
        "age, sex; class is the class. Numbers stay continuous, unless limits follow: age: 20 40 "
        "60 makes four classes.",
        json_schema_extra=LAST,
    )
    leave_out: tuple[str, ...] = Field(
        (),
        max_length=MAX_LEFT_OUT,
        title="Leave out",
        description="Classes that the model is not trained on, such as 1, 7, to test whether it "
        "tells them from the others. Their images are all held out, and the losses do not count "
        "them; Anomalies shows the ROC.",
        json_schema_extra=LAST,
    )
    downloads: ClassVar[bool] = False
    """Whether `load` downloads missing images."""
    fixed: ClassVar[bool] = False
    """Whether `load` returns the same images each time, as those that come with the program do."""
    binarize: Annotated[Literal["none", "static", "dynamic"], Options(BINARIZATIONS)] = Field(
        "none",
        title="Binarization",
        description="Makes grey images black and white, as papers do for MNIST: each pixel is "
        "white with the probability of its grey value. Static: one draw for each image. Dynamic: "
        "training draws again in each epoch; all other images get the static draw, also your own.",
        json_schema_extra=LAST,
    )
    binarize_seed: int = Field(
        0,
        ge=0,
        le=2**31 - 1,
        title="Draw seed",
        description="Start of the random numbers of the static draw.",
        json_schema_extra=LAST,
    )

    @model_validator(mode="before")
    @classmethod
    def _convert_legacy_keys(cls, values: Any) -> Any:
        if "split" not in cls.model_fields or not isinstance(values, dict):
            return values
        moved = {new: values[old] for old, new in LEGACY_SPLIT_KEYS.items() if old in values}
        if not moved:
            return values
        kept = {key: value for key, value in values.items() if key not in LEGACY_SPLIT_KEYS}
        split = kept.get("split", {})
        return {**kept, "split": {**dict(split), **moved}}

    @field_validator("leave_out", mode="before")
    @classmethod
    def _read_names(cls, given: Any) -> Any:
        """Accept one class, or names separated by commas, and numbers as names."""
        if isinstance(given, str):
            given = [word.strip() for word in given.split(",") if word.strip()]
        values = given if isinstance(given, list | tuple) else [given]
        return [str(each) if type(each) is int else each for each in values]

    @classmethod
    @override
    def requirement(cls) -> str:
        if (
            any(field.is_required() for field in cls.model_fields.values())
            or cls.model_validate({}).available()
        ):
            return ""
        return "Will be downloaded." if cls.downloads else "Not found: choose its folder."

    def available(self) -> bool:
        """Return whether `load` can read the images without a download."""
        return True

    @classmethod
    def from_path(cls, path: Path, spec: ImageSpec) -> Self | None:
        """Return the config that reads a file or folder; None if it is of another kind.

        Parameters
        ----------
        path : Path
            An existing file or folder.
        spec : ImageSpec
            Size and channels for image files, which can be scaled to any.
        """
        return None

    def others(self, count: int) -> DataConfig | None:
        """Return the config of `count` other images of the same distribution.

        None if they cannot be generated.
        """
        return None

    def outline(self) -> Generator[Progress, None, Outline | None]:
        """Return shape and number of the images without decoding them; None if unknown."""
        yield from ()
        return None

    @abstractmethod
    def load(self) -> Generator[Progress, None, Splits]:
        """Read the images, yielding progress, and return the splits.

        Raises
        ------
        DataError
            If the images cannot be found or read; names the file and what to do.
        """


DATA = Registry[DataConfig](
    "data set", default="digits", package="latentlab.data.sources", plugins="latentlab.data"
)


def config_for(path: Path, spec: ImageSpec) -> DataConfig | None:
    """Return the config of the data set that a file or folder holds; None if it holds none."""
    found = (kind.from_path(path, spec) for kind in DATA.kinds().values())
    return next((config for config in found if config is not None), None)


def load(config: DataConfig) -> Splits:
    """Read a data set without reporting progress."""
    return finish(config.load())
