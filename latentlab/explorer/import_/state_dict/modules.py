"""Tensors grouped into the modules that they belong to."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from latentlab.explorer.import_.state_dict.tensors import COUNTER, natural

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from numpy.typing import NDArray

    from latentlab.explorer.import_.state_dict.tensors import Tensors

LINEAR, MAP, BATCH_NORM, OTHER = "linear", "map", "batch norm", "other"
"""Kinds of modules; a map is a convolution or its transpose."""
ENCODER, DECODER = "encoder", "decoder"
ROLE_WORDS = {
    ENCODER: re.compile(r"enc|infer|recog|(^|[._])q[._]", re.I),
    DECODER: re.compile(r"dec|generat|(^|[._])(gen|p)[._]", re.I),
}


@dataclass(frozen=True, slots=True, eq=False)
class Module:
    """A layer of a file.

    Parameters
    ----------
    name : str
        Common part of the names of its tensors.
    index : int
        Place in the order of the file.
    arrays : dict of str to ndarray
        Its tensors by the last part of their names.
    """

    name: str
    index: int
    arrays: dict[str, NDArray[np.float32]] = field(repr=False)

    @property
    def kind(self) -> str:
        """Kind of the module, by its tensors."""
        if {"running_mean", "running_var"} <= self.arrays.keys():
            return BATCH_NORM
        weight = self.arrays.get("weight")
        known = {"weight", "bias"} >= self.arrays.keys()
        if weight is None or not known:
            return OTHER
        if weight.ndim == 4 and weight.shape[2] == weight.shape[3]:
            return MAP
        return LINEAR if weight.ndim == 2 else OTHER

    @property
    def is_weighted(self) -> bool:
        """Whether it is a linear layer or a convolution."""
        return self.kind in (LINEAR, MAP)

    @property
    def weight(self) -> NDArray[np.float32]:
        """Its weight."""
        return self.arrays["weight"]

    @property
    def bias(self) -> NDArray[np.float32] | None:
        """Its bias, if any."""
        return self.arrays.get("bias")

    @property
    def role(self) -> str:
        """Part of the model that its name tells; empty if none or both."""
        roles = [role for role, words in ROLE_WORDS.items() if words.search(self.name)]
        return roles[0] if len(roles) == 1 else ""

    @property
    def features(self) -> int:
        """Number of features that a norm normalizes."""
        return len(self.arrays["running_mean"])


def group(tensors: Tensors) -> list[Module]:
    """Return the modules of a file, in its order."""
    found: dict[str, dict[str, NDArray[np.float32]]] = {}
    for name, array in tensors.arrays.items():
        head, _, last = name.rpartition(".")
        if last != COUNTER:
            found.setdefault(head, {})[last] = array
    return [Module(name, index, arrays) for index, (name, arrays) in enumerate(found.items())]


def place_norms(modules: Iterable[Module], *, is_ordered: bool) -> dict[str, Module]:
    """Return the batch norm after each layer, by the name of the layer.

    In the order of the layers a norm follows its layer. Among sorted names, the numbers tell: bn2
    follows conv2.
    """
    modules = list(modules)
    placed: dict[str, Module] = {}
    for norm in (each for each in modules if each.kind == BATCH_NORM):
        free = [
            each
            for each in modules
            if each.is_weighted and each.name not in placed and norm.features in _outputs(each)
        ]
        if not free:
            continue
        rank = _by_order if is_ordered else _by_name
        best = min(free, key=partial(rank, norm))
        if not is_ordered or best.index < norm.index:
            placed[best.name] = norm
    return placed


def _outputs(module: Module) -> tuple[int, ...]:
    """Return the possible numbers of outputs; a convolution may be transposed."""
    return module.weight.shape[:1] if module.kind == LINEAR else module.weight.shape[:2]


def _by_order(norm: Module, module: Module) -> tuple[bool, int]:
    return module.index > norm.index, norm.index - module.index


def _by_name(norm: Module, module: Module) -> tuple[bool, bool, bool, int]:
    mine, its = (natural(each.name) for each in (module, norm))
    numbers = [[part for part in key if part[0] >= 0] for key in (mine, its)]
    parents = [each.name.rpartition(".")[0] for each in (module, norm)]
    # In a Sequential the norm has the next number; elsewhere often the same.
    before = mine < its
    is_next = parents[0] == parents[1] and before and bool(parents[0])
    return (
        module.role != norm.role,
        not is_next and numbers[0] != numbers[1],
        not before,
        abs(module.index - norm.index),
    )
