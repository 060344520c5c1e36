"""Description of the training form as plain records, usable without torch."""

from __future__ import annotations

import types
import typing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latentlab.config import Config, choices

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pydantic.fields import FieldInfo

UNBOUNDED = 1e9


@dataclass(frozen=True, slots=True)
class Field:
    """One editable value.

    Parameters
    ----------
    name, title, help : str
        Recipe key, name on screen, and one sentence of help.
    type : str
        ``int``, ``float``, ``bool``, ``ints``, ``words``, ``text``, ``path`` (a folder), ``file``,
        ``option`` or ``kind``.
    default : object
        Plain value; None for an empty optional field.
    minimum, maximum : float
        Limits of a number.
    excluded : tuple of float
        Limits that are exclusive.
    unit : str
        Unit displayed after a number.
    options : tuple of str
        Values of an ``option``.
    kinds : tuple of Kind
        Alternatives of a ``kind``, each with its fields; the default first.
    optional : bool
        Whether the field may be left empty (None).
    advanced : bool
        Whether the field is hidden until advanced settings are shown.
    """

    name: str
    title: str
    help: str
    type: str
    default: Any = None
    minimum: float = -UNBOUNDED
    maximum: float = UNBOUNDED
    excluded: tuple[float, ...] = ()
    unit: str = ""
    options: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = ()
    optional: bool = False
    advanced: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """One alternative of a choice; a table without alternatives has one with an empty name."""

    name: str
    help: str
    fields: tuple[Field, ...]


def describe(config: type[Config]) -> tuple[Field, ...]:
    """Return the form fields of a config class."""
    return tuple(_field(name, info) for name, info in config.model_fields.items() if name != "kind")


def used_fields(
    fields: Iterable[Field], values: Mapping[str, Any]
) -> Iterator[tuple[str, Field, Any]]:
    """Iterate over the fields that a recipe uses, including those of its selected kinds.

    Parameters
    ----------
    fields : iterable of Field
        The form.
    values : mapping
        Recipe as plain values; missing values take their defaults.

    Yields
    ------
    str, Field, object
        Dotted key such as ``objective.beta``, field, and value.
    """
    for field in fields:
        value = values.get(field.name, field.default)
        if field.type != "kind":
            yield field.name, field, value
            continue
        table = {"kind": value} if isinstance(value, str) else value or {}
        by_name = {kind.name: kind for kind in field.kinds}
        kind = by_name.get(table.get("kind", ""), field.kinds[0])
        for key, inner, inner_value in used_fields(kind.fields, table):
            yield f"{field.name}.{key}", inner, inner_value


def _field(name: str, info: FieldInfo) -> Field:
    title = info.title or name.replace("_", " ").capitalize()
    text = info.description or ""
    default = None if info.is_required() else _plain(info.get_default(call_default_factory=True))
    extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    advanced = bool(extra.get("advanced", False))
    kinds = _kinds(info)
    if kinds:
        return Field(name, title, text, "kind", default, kinds=kinds, advanced=advanced)
    limits: dict[str, Any] = {key: bound for mark in info.metadata for key, bound in _limits(mark)}
    bounds = [getattr(mark, name, None) for mark in info.metadata for name in ("gt", "lt")]
    excluded = tuple(float(bound) for bound in bounds if bound is not None)
    annotation, optional = _without_none(info.annotation)
    kind, options = _type(annotation)
    kind = "file" if kind == "path" and extra.get("file") else kind
    return Field(
        name,
        title,
        text,
        kind,
        default,
        **limits,
        excluded=excluded,
        unit=str(extra.get("unit", "")),
        options=options,
        optional=optional,
        advanced=advanced,
    )


def _kinds(info: FieldInfo) -> tuple[Kind, ...]:
    if isinstance(info.annotation, type) and issubclass(info.annotation, Config):
        configs = choices(info.metadata) or {"": info.annotation}
        return tuple(
            Kind(name, _first_line(config), describe(config)) for name, config in configs.items()
        )
    return ()


def _limits(mark: object) -> list[tuple[str, float]]:
    lower = getattr(mark, "ge", getattr(mark, "gt", None))
    upper = getattr(mark, "le", getattr(mark, "lt", None))
    found = [("minimum", lower), ("maximum", upper)]
    return [(key, float(value)) for key, value in found if value is not None]


def _without_none(annotation: Any) -> tuple[Any, bool]:
    """Return the annotation without None, and whether it allowed None."""
    if not isinstance(annotation, types.UnionType):
        return annotation, False
    parts = typing.get_args(annotation)
    return next(part for part in parts if part is not types.NoneType), types.NoneType in parts


def _type(annotation: Any) -> tuple[str, tuple[str, ...]]:
    origin = typing.get_origin(annotation)
    if origin is typing.Literal:
        return "option", typing.get_args(annotation)
    if origin is tuple:
        return "words" if str in typing.get_args(annotation) else "ints", ()
    names = {bool: "bool", int: "int", float: "float", Path: "path"}
    return names.get(annotation, "text"), ()


def _plain(value: Any) -> Any:
    if isinstance(value, Config):
        return value.model_dump(mode="json")
    return list(value) if isinstance(value, tuple) else value


def _first_line(config: type[Config]) -> str:
    return next(iter((config.__doc__ or "").strip().splitlines()), "")
