"""Configuration by kind: the one idea behind recipes, forms and plug-ins.

Each thing a user can choose (a model, a data set, a likelihood, a schedule) is a frozen
``Config`` with a ``kind``, registered in the ``Registry`` of its family. A field that holds
one of a family says so with ``Annotated[Base, Choice(REGISTRY)]``; validation, TOML and the
generated form then follow from the fields alone.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    JsonValue,
    ValidationError,
    field_validator,
)
from pydantic_core import CoreSchema, ErrorDetails, core_schema

from latentlab.errors import RecipeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ADVANCED: dict[str, JsonValue] = {"advanced": True}
"""Extra of a field that a form shows only when asked for more."""


class Config(BaseModel):
    """A frozen set of named values; unknown names are refused, and ``~`` in a path is the home."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @field_validator("*")
    @classmethod
    def _expand_home(cls, value: Any) -> Any:
        if not isinstance(value, Path):
            return value
        if "\0" in str(value):
            raise ValueError("a path cannot hold a null character")
        try:
            return value.expanduser()
        except RuntimeError:
            # There is no such user; the name may still be that of a file.
            return value


class Registry[C: Config]:
    """The known kinds of one family, found when first asked for.

    Parameters
    ----------
    noun : str
        What one of the family is called in messages, such as ``"model"``.
    default : str
        The kind used where a table names none.
    package : str, optional
        Every module of this package is imported to find its kinds.
    plugins : str, optional
        Entry-point group through which other distributions add kinds.
    """

    def __init__(self, noun: str, *, default: str, package: str = "", plugins: str = "") -> None:
        self.noun = noun
        self.default = default
        self._package = package
        self._plugins = plugins
        self._kinds: dict[str, type[C]] = {}
        self._discovered = False

    def register(self, config: type[C]) -> type[C]:
        """Add a config class under the default of its ``kind`` field."""
        kind = config.model_fields["kind"].default
        if self._kinds.setdefault(kind, config) is not config:
            raise ValueError(f"two {self.noun}s are both called {kind!r}")
        return config

    def kinds(self) -> dict[str, type[C]]:
        """Return every known kind, the default first, then by name."""
        if not self._discovered:
            self._discovered = True
            self._discover()
        return dict(sorted(self._kinds.items(), key=lambda item: (item[0] != self.default, item)))

    def _discover(self) -> None:
        if self._package:
            package = importlib.import_module(self._package)
            for module in pkgutil.iter_modules(package.__path__, f"{self._package}."):
                importlib.import_module(module.name)
        for plugin in entry_points(group=self._plugins) if self._plugins else ():
            plugin.load()


@dataclass(frozen=True)
class Choice:
    """Marks a field that holds one kind of a registry (see the module's text)."""

    registry: Registry[Any]

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Tell pydantic to pick the class by its ``kind``; a bare name is short for a table."""
        kinds = self.registry.kinds()
        union = core_schema.tagged_union_schema(
            {kind: handler.generate_schema(config) for kind, config in kinds.items()},
            discriminator=self._kind_of,
        )
        return core_schema.no_info_before_validator_function(
            lambda value: {"kind": value} if isinstance(value, str) else value, union
        )

    def _kind_of(self, value: Any) -> str:
        if isinstance(value, dict):
            return value.get("kind", self.registry.default)
        return getattr(value, "kind", "")


def parse[T: Config](config: type[T], values: Mapping[str, Any]) -> T:
    """Make a config from plain values, as read from TOML or a form.

    Raises
    ------
    RecipeError
        Lists every unknown key or kind (with the nearest known one) and every bad value.
    """
    try:
        return config.model_validate(values)
    except ValidationError as error:
        problems = [_problem(config, details) for details in error.errors()]
        raise RecipeError(dict(problems)) from None


def _problem(config: type[Config], details: ErrorDetails) -> tuple[str, str]:
    keys, owner = _locate(config, details["loc"])
    where = ".".join(keys)
    match details["type"]:
        case "extra_forbidden":
            return where, "unknown key" + _nearest(keys[-1], owner.model_fields)
        case "union_tag_invalid":
            context = details["ctx"]
            known = [tag.strip(" '") for tag in context["expected_tags"].split(",")]
            return f"{where}.kind", f"unknown kind {context['tag']!r}" + _nearest(
                context["tag"], known
            )
        case "missing":
            return where, "missing"
        case _:
            text = (
                details["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
            )
            return where, f"{text} (not {details['input']!r})"


def _locate(config: type[Config], loc: tuple[str | int, ...]) -> tuple[list[str], type[Config]]:
    """Walk an error's location, leaving out the kinds that pydantic puts into it."""
    keys: list[str] = []
    kinds: dict[str, type[Config]] = {}
    for part in map(str, loc):
        if part in kinds:
            config, kinds = kinds[part], {}
            continue
        keys.append(part)
        field = config.model_fields.get(part)
        kinds = choices(field.metadata) if field else {}
        if field and isinstance(field.annotation, type) and issubclass(field.annotation, Config):
            config = field.annotation
    return keys, config


def choices(metadata: Iterable[object]) -> dict[str, type[Config]]:
    """Return the kinds that a field's metadata offers; empty where it offers none."""
    marks = [mark for mark in metadata if isinstance(mark, Choice)]
    return marks[0].registry.kinds() if marks else {}


def _nearest(name: str, known: Iterable[str]) -> str:
    known = list(known)
    close = difflib.get_close_matches(str(name), known, n=1, cutoff=0.5)
    hint = f'; did you mean "{close[0]}"?' if close else ""
    return f"{hint} (known: {', '.join(known)})"
