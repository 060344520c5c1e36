"""Configuration by kind, on which recipes, forms and plug-ins are based.

Each component a user can choose (model, data set, likelihood, schedule) is a frozen ``Config``
with a ``kind``, registered in the ``Registry`` of its family. A field that holds a member of a
family is annotated with ``Annotated[Base, Choice(REGISTRY)]``; validation, TOML and the generated
form are derived from the fields.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    JsonValue,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import CoreSchema, ErrorDetails, PydanticCustomError, core_schema

from latentlab.directories import expanded
from latentlab.errors import RecipeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from importlib.metadata import EntryPoint

FIRST: dict[str, JsonValue] = {"first": True}
"""JSON-schema extra of the few fields that forms show above their folded groups."""
LAST: dict[str, JsonValue] = {"last": True}
"""JSON-schema extra of fields of a base class that forms show after those of its subclasses."""
PLAIN_PROBLEMS = {
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), "must be a whole number"),
    **dict.fromkeys(("float_type", "float_parsing"), "must be a number"),
    **dict.fromkeys(("bool_type", "bool_parsing"), "must be true or false"),
    **dict.fromkeys(("string_type",), "must be text"),
}
"""Text of a problem by pydantic's type of error."""


UNKNOWN_KIND = "unknown_kind"
LONGEST_PROBLEM = 200
"""Maximum length of the error text of a plug-in, in characters."""
_BROKEN: list[str] = []
_TITLES: dict[tuple[str, str], str] = {}
"""Title on screen by noun and kind, of all registered kinds that have one."""


def broken_plugins() -> tuple[str, ...]:
    """Return a message for each plug-in that could not be loaded."""
    return tuple(_BROKEN)


class Config(BaseModel):
    """Frozen set of named values; rejects unknown names and expands ``~`` in paths."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    is_listed: ClassVar[bool] = True
    """Whether the kind can be chosen for a run; others exist only in files."""

    @classmethod
    def unavailable(cls) -> str:
        """Return why this machine cannot use the kind; empty if it can."""
        return ""

    @classmethod
    def requirement(cls) -> str:
        """Return a sentence on what the kind needs before it can be used; empty for nothing."""
        return ""

    @field_validator("*")
    @classmethod
    def _expand_home(cls, value: Any) -> Any:
        if not isinstance(value, Path):
            return value
        if "\0" in str(value):
            raise ValueError("a path cannot hold a null character")
        return expanded(value)

    @field_validator("*", mode="before")
    @classmethod
    def _refuse_empty_path(cls, value: Any, info: ValidationInfo) -> Any:
        # An empty path is the working directory: all images in it would be loaded.
        annotation = cls.model_fields[str(info.field_name)].annotation
        if value == "" and Path in (annotation, *get_args(annotation)):
            raise ValueError("must be a path")
        return value


class Registry[C: Config]:
    """Kinds of one family of configs, discovered at the first call of `kinds`.

    Parameters
    ----------
    noun : str
        Name of a family member in messages, such as ``"model"``.
    default : str
        Kind of a table without ``kind``.
    package : str, optional
        Package whose modules are imported to discover kinds.
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
        """Register a config class under the default of its ``kind`` field.

        A class with the same module and name as a registered one replaces it, for example when a
        notebook cell is run again.

        Raises
        ------
        ValueError
            If the kind is taken or abstract methods are not implemented.
        """
        kind = config.model_fields["kind"].default
        if missing := getattr(config, "__abstractmethods__", None):
            raise ValueError(f"the {self.noun} {kind!r} lacks {', '.join(sorted(missing))}")
        old = self._kinds.get(kind, config)
        if (old.__module__, old.__qualname__) != (config.__module__, config.__qualname__):
            raise ValueError(f"two {self.noun}s are both called {kind!r}")
        self._kinds[kind] = config
        if title := config.model_config.get("title"):
            _TITLES[self.noun, kind] = title
        return config

    def kinds(self) -> dict[str, type[C]]:
        """Return the config class of every kind that can be chosen: the default first."""
        found = self._all_kinds().items()
        listed = [(kind, config) for kind, config in found if config.is_listed]
        return dict(sorted(listed, key=lambda item: (item[0] != self.default, item)))

    def find(self, kind: str | None) -> type[C] | None:
        """Return the config class of a kind, also of one that only files have; None if unknown."""
        return None if kind is None else self._all_kinds().get(kind)

    def _all_kinds(self) -> dict[str, type[C]]:
        if not self._discovered:
            self._discovered = True
            self._discover()
        return self._kinds

    def _discover(self) -> None:
        if self._package:
            package = importlib.import_module(self._package)
            for module in pkgutil.iter_modules(package.__path__, f"{self._package}."):
                importlib.import_module(module.name)
        for plugin in entry_points(group=self._plugins) if self._plugins else ():
            _load(plugin, self.noun)


def _load(plugin: EntryPoint, noun: str) -> None:
    """Load a plug-in; record a message for `broken_plugins` if that fails."""
    try:
        plugin.load()
    # An error in third-party code must not stop the program.
    except (Exception, SystemExit) as error:
        maker = plugin.dist.name if plugin.dist else plugin.value
        reason = f"{type(error).__name__}: {error}"[:LONGEST_PROBLEM]
        _BROKEN.append(
            f"The {noun} {plugin.name} of the package {maker} could not be "
            f"loaded and is not used ({reason}). Update or uninstall {maker}."
        )


@dataclass(frozen=True)
class Choice:
    """Annotation of a field that holds one kind of a registry; see the module docstring."""

    registry: Registry[Any]

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Return a schema that selects the class by ``kind`` or by the bare name of a kind."""
        return core_schema.no_info_plain_validator_function(self._validate)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Return the schemas of all registered kinds."""
        kinds = self.registry.kinds().values()
        return {"oneOf": [handler(each.__pydantic_core_schema__) for each in kinds]}

    def _validate(self, value: Any) -> Config:
        # Look the kinds up at validation: more may have been registered in the meantime.
        value = {"kind": value} if isinstance(value, str) else value
        config = self.registry.find(self.kind_of(value))
        if config is None:
            known = list(self.registry.kinds())
            raise PydanticCustomError(UNKNOWN_KIND, "unknown kind", {"known": known})
        return config.model_validate(value)

    def kind_of(self, value: Any) -> Any:
        """Return the kind of a value; the default for a table without ``kind``."""
        if isinstance(value, dict):
            kind = value.get("kind", self.registry.default)
            return kind if isinstance(kind, str) else None
        return value if isinstance(value, str) else getattr(value, "kind", None)


@dataclass(frozen=True)
class Options:
    """Annotation of a field with options: how forms show them.

    Parameters
    ----------
    titles : mapping of str to str
        Name on screen of each option; others show the words of their value.
    unavailable : callable
        Returns the reason for each option that this machine cannot use.
    """

    titles: Mapping[str, str]
    unavailable: Callable[[], Mapping[str, str]] = dict


ABBREVIATIONS = frozenset({"ae", "cvae", "kl", "mlp", "vae"})
"""Words of names that are written in capitals."""


def words(name: str) -> str:
    """Return a name of code as words: ``gaussian-per-pixel`` is ``Gaussian per pixel``."""
    found = name.replace("-", " ").replace("_", " ").split()
    text = " ".join(each.upper() if each in ABBREVIATIONS else each for each in found)
    return text[:1].upper() + text[1:]


def kind_title(noun: str, kind: str) -> str:
    """Return the title of a kind; empty if it has none or is not registered yet.

    Nothing is imported to find it. In the window, the lane registers the kinds before it opens a
    model.
    """
    return _TITLES.get((noun, kind), "")


def parse[T: Config](config: type[T], values: Mapping[str, Any]) -> T:
    """Validate plain values, as read from TOML or a form, and return the config.

    Raises
    ------
    RecipeError
        Lists every unknown key or kind (with the closest match) and every invalid value.
    """
    try:
        return config.model_validate(values)
    except ValidationError as error:
        problems = [_problem(config, values, details) for details in error.errors()]
        raise RecipeError(dict(problems)) from None


def _problem(
    config: type[Config], values: Mapping[str, Any], details: ErrorDetails
) -> tuple[str, str]:
    keys, owner = _locate(config, values, details["loc"])
    where = ".".join(keys)
    match details["type"]:
        case "extra_forbidden":
            return where, "unknown key" + _nearest(keys[-1], owner.model_fields)
        case kind if kind == UNKNOWN_KIND:
            value = details["input"]
            named = value.get("kind") if isinstance(value, dict) else value
            known = details["ctx"]["known"]
            return f"{where}.kind", f"unknown kind {named!r}" + _nearest(str(named), known)
        case "missing":
            return where, "missing"
        case kind if kind in PLAIN_PROBLEMS:
            return where, f"{PLAIN_PROBLEMS[kind]} (not {details['input']!r})"
        case _:
            text = (
                details["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
            )
            return where, f"{text} (not {details['input']!r})"


def _locate(
    config: type[Config], values: Any, loc: tuple[str | int, ...]
) -> tuple[list[str], type[Config]]:
    """Return the keys of an error's location and the config class that owns the last key."""
    for key in loc[:-1]:
        field = config.model_fields.get(str(key))
        values = values.get(key) if isinstance(values, dict) else None
        if field is None:
            continue
        if mark := _choice(field.metadata):
            config = mark.registry.find(mark.kind_of(values or {})) or config
        elif isinstance(field.annotation, type) and issubclass(field.annotation, Config):
            config = field.annotation
    return [str(key) for key in loc], config


def _choice(metadata: Iterable[object]) -> Choice | None:
    return next((mark for mark in metadata if isinstance(mark, Choice)), None)


def choices(metadata: Iterable[object]) -> dict[str, type[Config]]:
    """Return the kinds of the `Choice` in a field's metadata; empty without one."""
    mark = _choice(metadata)
    return mark.registry.kinds() if mark else {}


def _nearest(name: str, known: Iterable[str]) -> str:
    known = list(known)
    close = difflib.get_close_matches(str(name), known, n=1, cutoff=0.5)
    hint = f'; did you mean "{close[0]}"?' if close else ""
    return f"{hint} (known: {', '.join(known)})"
