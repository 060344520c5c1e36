"""Description of the training form as plain records, usable without torch."""

from __future__ import annotations

import re
import types
import typing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latentlab.config import Config, Options, choices, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pydantic.fields import FieldInfo

UNBOUNDED = 1e9
DOTTED_KEY = re.compile(r"\b(?:model|data|objective|training)(?:\.\w+)+")


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
    kinds : tuple of Kind
        Alternatives of a ``kind``, each with its fields; the default first.
    options : tuple of Kind
        Alternatives of an ``option``, without fields.
    optional : bool
        Whether the field may be left empty (None).
    group : str
        Folded group of the form that shows the field; empty for the fields above all groups.
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
    kinds: tuple[Kind, ...] = ()
    options: tuple[Kind, ...] = ()
    optional: bool = False
    group: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """One alternative of a choice; a table without alternatives has one with an empty name.

    Parameters
    ----------
    name, title, help : str
        Recipe value, name on screen, and one sentence of help.
    fields : tuple of Field
        Fields of the alternative.
    requirement : str
        Sentence on what it needs before it can be used here; empty for nothing.
    unavailable : str
        Reason why this machine cannot use it; empty if it can.
    """

    name: str
    help: str = ""
    fields: tuple[Field, ...] = ()
    title: str = ""
    requirement: str = ""
    unavailable: str = ""

    @property
    def label(self) -> str:
        """Name on screen; the words of the recipe value if there is no title."""
        return self.title or words(self.name)


def describe(config: type[Config]) -> tuple[Field, ...]:
    """Return the form fields of a config class."""
    return _describe(config, Context())


@dataclass(frozen=True, slots=True)
class Context:
    """What fields take from the field of their table.

    Parameters
    ----------
    group : str
        Group of the form.
    prefix : str
        First word of their titles.
    factor_of : str
        Name of the value that factors among them multiply.
    """

    group: str = ""
    prefix: str = ""
    factor_of: str = ""


def _describe(config: type[Config], context: Context) -> tuple[Field, ...]:
    fields = sorted(config.model_fields.items(), key=lambda pair: "last" in _extra(pair[1]))
    return tuple(_field(name, info, context) for name, info in fields if name != "kind")


def _extra(info: FieldInfo) -> Mapping[str, Any]:
    return info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}


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


def texts(field: Field) -> Iterator[str]:
    """Iterate over title and help of a field and of its alternatives."""
    yield from (field.title, field.help)
    for kind in (*field.kinds, *field.options):
        yield from (kind.label, kind.help)


def inner_texts(field: Field) -> Iterator[str]:
    """Iterate over the texts of all fields inside a field, of any kind."""
    for kind in field.kinds:
        for inner in kind.fields:
            yield from texts(inner)
            yield from inner_texts(inner)


def group_names(fields: Iterable[Field]) -> list[str]:
    """Return the groups of a form in the order of their first fields, of any kind."""
    names: dict[str, None] = {}
    for field in fields:
        has_row = field.type != "kind" or len(field.kinds) > 1
        names |= {field.group: None} if field.group and has_row else {}
        names |= dict.fromkeys(each for kind in field.kinds for each in group_names(kind.fields))
    return list(names)


def default_kind(field: Field) -> str:
    """Return the name of the kind that a table has by default."""
    table = {"kind": field.default} if isinstance(field.default, str) else field.default or {}
    return str(table.get("kind", field.kinds[0].name))


def field_titles(fields: Iterable[Field], prefix: str = "") -> dict[str, str]:
    """Return the title of every dotted key of a form; the first kind that has a key decides."""
    titles: dict[str, str] = {}
    for field in fields:
        key = f"{prefix}{field.name}"
        titles.setdefault(key, field.title)
        if field.type == "kind":
            titles.setdefault(f"{key}.kind", field.title)
        for kind in field.kinds:
            titles = {**field_titles(kind.fields, f"{key}."), **titles}
    return titles


def with_titles(text: str, fields: Iterable[Field]) -> str:
    """Return a message with the titles of fields instead of dotted keys such as ``data.root``.

    Parts of a key that have no title, such as the index in ``model.hidden.0``, are left out.
    """
    titles = field_titles(fields)

    def title(match: re.Match[str]) -> str:
        key = match[0]
        while key and key not in titles:
            key = key.rpartition(".")[0]
        return titles[key] if "." in key else match[0]

    return DOTTED_KEY.sub(title, text)


def _field(name: str, info: FieldInfo, context: Context) -> Field:
    extra = _extra(info)
    title = info.title or words(name)
    title = f"{context.prefix} {title.lower()}".strip() if context.prefix else title
    default = None if info.is_required() else _plain(info.get_default(call_default_factory=True))
    group = str(extra.get("group", context.group))
    first = bool(extra.get("first")) or (info.is_required() and not _has_kinds(info))
    plain = Field(
        name, title, info.description or "", "kind", default, group="" if first else group
    )
    if _has_kinds(info):
        inner = Context(group, str(extra.get("prefix", "")), str(extra.get("factor_of", "")))
        return replace(plain, kinds=_kinds(info, inner))
    typed = replace(plain, **_value_type(info, extra))
    is_factor = context.factor_of and extra.get("factor")
    return replace(typed, unit=f"× {context.factor_of}") if is_factor else typed


def _value_type(info: FieldInfo, extra: Mapping[str, Any]) -> dict[str, Any]:
    """Return the attributes of a field that is no table."""
    limits: dict[str, Any] = {key: bound for mark in info.metadata for key, bound in _limits(mark)}
    bounds = [getattr(mark, name, None) for mark in info.metadata for name in ("gt", "lt")]
    annotation, optional = _without_none(info.annotation)
    kind, values = _type(annotation)
    return {
        "type": "file" if kind == "path" and extra.get("file") else kind,
        **limits,
        "excluded": tuple(float(bound) for bound in bounds if bound is not None),
        "unit": str(extra.get("unit", "")),
        "options": _options(values, info.metadata),
        "optional": optional,
    }


def _options(values: Iterable[str], metadata: Iterable[object]) -> tuple[Kind, ...]:
    marks = [mark for mark in metadata if isinstance(mark, Options)]
    titles = marks[0].titles if marks else {}
    missing = marks[0].unavailable() if marks else {}
    return tuple(
        Kind(value, title=titles.get(value, ""), unavailable=missing.get(value, ""))
        for value in values
    )


def _has_kinds(info: FieldInfo) -> bool:
    return isinstance(info.annotation, type) and issubclass(info.annotation, Config)


def _kinds(info: FieldInfo, context: Context) -> tuple[Kind, ...]:
    assert isinstance(info.annotation, type)
    configs = choices(info.metadata) or {"": info.annotation}
    return tuple(_kind(name, config, context) for name, config in configs.items())


def _kind(name: str, config: type[Config], context: Context) -> Kind:
    fields, requirement = _describe(config, context), config.requirement()
    if requirement and not getattr(config, "downloads", False):
        # The folder of a data set that was not found is asked for first.
        fields = tuple(
            replace(field, group="", optional=False) if field.type == "path" else field
            for field in fields
        )
    title = config.model_config.get("title") or words(name)
    return Kind(name, _first_line(config), fields, title, requirement, config.unavailable())


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
