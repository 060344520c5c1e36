"""What a file or folder is, and how latentlab understands it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, override

import numpy as np

from latentlab.api.codes import read_codes
from latentlab.api.images import DEFAULT_SIDE, data_config
from latentlab.api.model import find_model
from latentlab.data.data_set import config_for
from latentlab.data.files.drops import DropKind, kind_of_path
from latentlab.data.files.other_files import advice_of
from latentlab.data.image_set import ImageSpec
from latentlab.data.own_image.preprocess import read_source
from latentlab.directories import CODE_SUFFIXES, expanded
from latentlab.errors import LatentlabError
from latentlab.explorer.import_ import is_foreign
from latentlab.explorer.import_.foreign import inspect_foreign
from latentlab.learning.checkpoint import run_folder
from latentlab.learning.recipe import read_recipe
from latentlab.runs.onnx_probe import load_probed
from latentlab.runs.run_data import read_run_data
from latentlab.runs.scene_files import find_scene, read_picture_scene
from latentlab.session.recipes import recipe_title
from latentlab.work import finish

if TYPE_CHECKING:
    from collections.abc import Callable
    from os import PathLike

    from latentlab.data.parts import Splits

_ANY_SPEC = ImageSpec((3, DEFAULT_SIDE, DEFAULT_SIDE))
CODES_KIND = "codes without a model"


@dataclass(frozen=True, slots=True)
class Info:
    """Description of a path.

    Parameters
    ----------
    path : str
        The path.
    kind : str
        What it is, such as ``model`` or ``images``.
    opens : bool
        Whether latentlab can open it.
    facts : dict
        What was found, by name, as plain values.
    note : str
        How it was understood and what was left out; or why it cannot be opened, and advice.
    """

    path: str
    kind: str
    opens: bool
    facts: dict[str, Any] = field(default_factory=dict)
    note: str = ""

    @override
    def __str__(self) -> str:
        lines = [f"{self.path}: {self.kind}{'' if self.opens else ', which cannot be opened'}"]
        for name, value in self.facts.items():
            lines.append(f"  {name.replace('_', ' ')}: {_text(value)}")
        return "\n".join([*lines, *([f"  {self.note}"] if self.note else [])])

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "path": self.path,
            "kind": self.kind,
            "opens": self.opens,
            **self.facts,
            "note": self.note,
        }


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_text(each)}" for name, each in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_text, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,.7g}" if isinstance(value, (int, float)) else str(value)


def info(path: str | PathLike[str], *, obsm: str = "") -> Info:
    """Describe a model, run, recipe, image, data set or table without changing anything.

    `obsm` names an embedding of an AnnData file, as in `latentlab.read_codes`.

    Never raises for a path that cannot be opened: ``opens`` is False and ``note`` says why.
    """
    file = find_model(expanded(Path(path)))
    kind = "unknown file"
    try:
        kind, describe = _kind_of(file)
        if obsm:
            kind, describe = CODES_KIND, partial(_describe_codes, obsm=obsm)
        facts, note = describe(file)
    except (LatentlabError, OSError) as error:
        if kind != CODES_KIND and file.suffix.lower() in CODE_SUFFIXES:
            with suppress(LatentlabError):
                facts, note = _describe_codes(file)
                return Info(str(path), CODES_KIND, opens=True, facts=facts, note=note)
        return Info(str(path), kind, opens=False, note=str(error))
    return Info(str(path), kind, opens=True, facts=facts, note=note)


Description = tuple[dict[str, Any], str]


def _kind_of(path: Path) -> tuple[str, Callable[[Path], Description]]:
    """Return what a path is, and the function that describes it."""
    if is_foreign(path):
        return "model of another program", _describe_foreign
    kind = kind_of_path(path)
    if kind in (DropKind.UNKNOWN, DropKind.CODES) and path.exists() and config_for(path, _ANY_SPEC):
        return "data set", _describe_images
    return {
        DropKind.RUN: ("run", _describe_model),
        DropKind.MODEL: ("model", _describe_model),
        DropKind.RECIPE: ("recipe", _describe_recipe),
        DropKind.IMAGES: ("images", _describe_images),
        DropKind.IMAGE: ("image", _describe_image),
        DropKind.CODES: (CODES_KIND, _describe_codes),
        DropKind.SCENE: ("scene", _describe_scene),
        DropKind.UNKNOWN: ("unknown file", _refuse),
    }[kind]


def _describe_model(path: Path) -> Description:
    model, checkpoint = load_probed(path)
    folder = run_folder(path)
    facts: dict[str, Any] = {
        "model": recipe_title(checkpoint.recipe.to_dict()),
        "latent_dim": model.latent_dim,
        "conditional": model.conditional,
        "parameters": sum(weights.numel() for weights in model.parameters()),
        "images": str(checkpoint.spec),
        "class_names": list(checkpoint.spec.class_names),
        "conditions": [str(each) for each in checkpoint.spec.conditions],
        "data": checkpoint.recipe.data.kind,
        "epoch": checkpoint.epoch,
        "epochs": checkpoint.recipe.training.epochs,
        **{f"{split}_nats": dict(losses) for split, losses in checkpoint.metrics.items()},
        "latentlab": checkpoint.version,
    }
    data = read_run_data(folder)
    if data and data.paths:
        facts["data_paths"] = [place.absolute for place in data.paths.values()]
    return {name: value for name, value in facts.items() if value != []}, ""


def _describe_scene(path: Path) -> Description:
    found = find_scene(path)
    if found.scene is None:
        raise LatentlabError("It was not saved by latentlab, so that it carries no scene.")
    facts: dict[str, Any] = {"z": list(found.scene.z or ())}
    if found.scene.model:
        facts["model"] = found.scene.model
    if found.model:
        facts["found_at"] = str(found.model)
    return facts, found.note


def _describe_foreign(path: Path) -> Description:
    found = finish(inspect_foreign(path, {}))
    facts: dict[str, Any] = {
        "format": found.format,
        "model": found.summary,
        **{name: list(layers) for name, layers in found.parts},
        "choices": {choice.key: choice.value for choice in found.choices},
        "open_choices": [choice.key for choice in found.choices if choice.is_open],
        "unused_tensors": list(found.unused),
    }
    return {name: value for name, value in facts.items() if value}, " ".join(found.remarks)


def _describe_recipe(path: Path) -> Description:
    recipe = read_recipe(path).to_dict()
    return {"model": recipe_title(recipe), **recipe}, ""


def _describe_images(path: Path) -> Description:
    config = data_config(path, _ANY_SPEC)
    splits = finish(config.load())
    scaled = f" (scaled to {splits.spec})" if config.kind == "folder" else ""
    facts = {
        "data_set": config.kind,
        "images": len(splits),
        "format": f"{splits.spec}{scaled}",
        "parts": splits.sizes,
        "classes": _class_counts(splits),
    }
    if attributes := splits.train.attributes:
        facts["attributes"] = list(attributes.names)
    return {name: value for name, value in facts.items() if value not in ({}, [])}, splits.notes


def _describe_codes(path: Path, obsm: str = "") -> Description:
    codes = read_codes(path, obsm=obsm)
    facts: dict[str, Any] = {"codes": len(codes), "latent_dim": codes.mu.shape[1]}
    if codes.labels is not None:
        counts = np.bincount(codes.labels, minlength=len(codes.class_names)).tolist()
        facts["classes"] = dict(zip(codes.class_names, counts, strict=True))
    if codes.attributes:
        facts["attributes"] = list(codes.attributes)
    if codes.images is not None:
        _, height, width = codes.images.shape[1:]
        facts["images"] = f"{width}×{height}"
    return facts, codes.note


def _class_counts(splits: Splits) -> dict[str, int]:
    labels = splits.whole().labels
    if labels is None:
        return {}
    counts = np.bincount(labels, minlength=splits.spec.classes).tolist()
    return dict(zip(splits.spec.class_names, counts, strict=True))


def _describe_image(path: Path) -> Description:
    source = read_source(path)
    channels = "grey" if source.pixels.ndim == 2 else "colour"
    facts: dict[str, Any] = {"size": f"{source.size[0]}×{source.size[1]} {channels}"}
    if read_picture_scene(path) is None:
        return facts, ""
    carried, note = _describe_scene(path)
    return facts | carried, note


def _refuse(path: Path) -> Description:
    if not path.exists():
        raise LatentlabError("It does not exist.", "List the models with: latentlab list.")
    if path.is_dir():
        raise LatentlabError("It is neither a run nor a folder of images.")
    raise LatentlabError(f"latentlab does not know {path.suffix} files.", advice_of(path.name))
