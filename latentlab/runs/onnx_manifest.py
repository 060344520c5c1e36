"""Manifest of a model in ONNX files, as TOML: the layout of its inputs, outputs and images."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

import tomli_w
from pydantic import Field

from latentlab import __version__
from latentlab.config import Config, parse
from latentlab.data.arrays.shapes import MAX_CHANNELS
from latentlab.data.image_set import ImageSpec
from latentlab.errors import RecipeError, RunError, reading
from latentlab.models.onnx_model import OnnxConfig

if TYPE_CHECKING:
    from pathlib import Path

    from latentlab.models.base import Model

MANIFEST = "model.toml"
"""Name of the file in a folder with encoder and decoder."""
MAX_MANIFEST_BYTES = 1 << 20
Channels = Annotated[int, Field(ge=1, le=MAX_CHANNELS)]
Side = Annotated[int, Field(ge=1, le=8192)]


class ManifestImages(Config):
    """Images of the model."""

    shape: tuple[Channels, Side, Side] = Field(description="Channels, height, width.")
    class_names: tuple[str, ...] = Field((), description="Name of each class.")


class ManifestTables(Config):
    """Content of a manifest."""

    latentlab: str = Field(__version__, description="Version that wrote the file.")
    model: OnnxConfig = Field(description="Layout of inputs and outputs.")
    images: ManifestImages = Field(description="Shape and classes.")


@dataclass(frozen=True, slots=True)
class Manifest:
    """Layout of a model in ONNX files.

    Parameters
    ----------
    config : OnnxConfig
        Layout of inputs and outputs.
    spec : ImageSpec
        Shape and classes of its images.
    """

    config: OnnxConfig
    spec: ImageSpec

    @classmethod
    def of_export(cls, model: Model, spec: ImageSpec) -> Manifest:
        """Return the manifest of a model that latentlab writes as ONNX."""
        label: Literal["index", "none"] = "index" if model.conditional else "none"
        deviation = "sigma" if model.has_posterior else ""
        config = OnnxConfig(latent_dim=model.latent_dim, label=label, deviation=deviation)
        return cls(config, spec)

    def to_toml(self) -> str:
        """Return the content of the file."""
        images = {"shape": list(self.spec.shape), "class_names": list(self.spec.class_names)}
        model = self.config.model_dump(mode="json")
        return tomli_w.dumps({"latentlab": __version__, "model": model, "images": images})


def read_manifest(path: Path) -> Manifest:
    """Read a manifest.

    Raises
    ------
    RunError
        If it is damaged or has invalid values.
    """
    advice = "Correct it, or delete it to be asked for its values."
    with reading(path, advice=advice, fault="is not a manifest"):
        if path.stat().st_size > MAX_MANIFEST_BYTES:
            raise ValueError("it is too large")
        values = tomllib.loads(path.read_text("utf-8-sig"))
    try:
        found = parse(ManifestTables, values)
    except RecipeError as error:
        raise RunError(f"{path} has invalid values: {error.message}.", advice) from error
    return Manifest(found.model, ImageSpec(found.images.shape, found.images.class_names))
