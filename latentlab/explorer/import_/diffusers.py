"""Reader of AutoencoderKL and AutoencoderTiny folders of diffusers: ``config.json`` and weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, override

from pydantic import Field, TypeAdapter, ValidationError

from latentlab.data.image_set import ImageSpec
from latentlab.errors import RunError, shown
from latentlab.explorer.import_.pytorch import read_weights_file
from latentlab.explorer.import_.reader import ImportedModel, Reader, register
from latentlab.json_files import Record, read_json
from latentlab.models.autoencoder_kl import AutoencoderKLConfig
from latentlab.models.autoencoder_tiny import AutoencoderTinyConfig
from latentlab.session.import_.model import ImportChoice, Option

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from latentlab.explorer.import_.fitting import FittingImages
    from latentlab.models.spatial import SpatialConfig
    from latentlab.work import Progress

CONFIG, PIPELINE, VAE = "config.json", "model_index.json", "vae"
WEIGHTS = (
    "diffusion_pytorch_model.safetensors",
    "diffusion_pytorch_model.fp16.safetensors",
    "diffusion_pytorch_model.bin",
)
SIDES = (64, 96, 128)
"""Sides of images in pixels that are offered."""
OLD_NAMES = {
    ".query.": ".to_q.",
    ".key.": ".to_k.",
    ".value.": ".to_v.",
    ".proj_attn.": ".to_out.0.",
}
"""Names of the attention layers before diffusers 0.18."""
CONFIGS: Mapping[str, type[SpatialConfig]] = {
    "AutoencoderKL": AutoencoderKLConfig,
    "AutoencoderTiny": AutoencoderTinyConfig,
}
FIXED: Mapping[str, tuple[object, ...]] = {
    "act_fn": ("silu", "relu", "swish", "gelu", "mish"),
    "upsample_fn": ("nearest",),
    "upsampling_scaling_factor": (2,),
    "norm_type": ("group",),
}
"""Values that are computed, of keys with others."""
BLOCKS = {"down_block_types": "DownEncoderBlock2D", "up_block_types": "UpDecoderBlock2D"}
Side = Annotated[int, Field(ge=1, le=8192)]


class _Config(Record):
    """Content of ``config.json`` that both kinds have."""

    class_name: Annotated[str, Field(alias="_class_name", max_length=80)]
    in_channels: Annotated[int, Field(ge=1, le=4)] = 3
    out_channels: Annotated[int, Field(ge=1, le=4)] = 3
    sample_size: Side | tuple[Side, ...] | None = None


_CONFIG, _VALUES = TypeAdapter(_Config), TypeAdapter(dict[str, Any])


@register
class DiffusersReader(Reader):
    """Autoencoders of diffusers; also those inside the folder of a pipeline."""

    title: ClassVar[str] = "diffusers autoencoder"
    folder_files: ClassVar[tuple[str, ...]] = (CONFIG, PIPELINE)

    @override
    def files(self, path: Path) -> tuple[Path, ...]:
        inner = path / VAE
        return (*super().files(path), *(super().files(inner) if inner.is_dir() else ()))

    @override
    def read(
        self, path: Path, choices: Mapping[str, str], images: tuple[FittingImages, ...]
    ) -> Generator[Progress, None, ImportedModel]:
        folder = path / VAE if (path / VAE / CONFIG).is_file() else path
        if not (folder / CONFIG).is_file():
            raise RunError(f"{path.name} has no autoencoder: there is no {VAE}/{CONFIG}.")
        head, config = _read_config(folder)
        file = next((folder / name for name in WEIGHTS if (folder / name).is_file()), None)
        if file is None:
            raise RunError(f"{path.name} has no weights: there is no {WEIGHTS[0]}.")
        tensors = yield from read_weights_file(file)
        side = _side(head, config, choices, images)
        spec = ImageSpec((head.in_channels, int(side.value), int(side.value)))
        shown_images = _fitting(spec, images)
        if shown_images is not None:
            spec = ImageSpec(spec.shape, shown_images.spec.class_names)
        weights = {_name(name): _weight(name, each) for name, each in tensors.arrays.items()}
        return ImportedModel(
            config, weights, spec, (side,), _remarks(head, config, spec), images=shown_images
        )


def _read_config(folder: Path) -> tuple[_Config, SpatialConfig]:
    """Return the configuration, as it is and as that of a model of latentlab.

    Raises
    ------
    RunError
        If it is of another class, or has layers that are not computed.
    """
    file = folder / CONFIG
    head = read_json(file, _CONFIG, fault="is no configuration of diffusers")
    values = read_json(file, _VALUES, fault="is no configuration of diffusers")
    kind = CONFIGS.get(head.class_name)
    if kind is None:
        raise RunError(
            f"{folder.name} is a model of class {shown(head.class_name, 60)}.",
            f"latentlab opens {' and '.join(CONFIGS)}.",
        )
    if head.in_channels != head.out_channels or head.in_channels not in (1, 3):
        raise RunError(
            f"{folder.name} maps {head.in_channels} channels to {head.out_channels}.",
            "latentlab opens autoencoders of grey or colour images.",
        )
    for key, known in FIXED.items():
        if values.get(key, known[0]) not in known:
            raise _unknown(folder, key, values[key])
    for key, block in BLOCKS.items():
        if any(each != block for each in values.get(key, ())):
            raise _unknown(folder, key, values[key])
    if kind is AutoencoderKLConfig and values.get("act_fn", "silu") not in ("silu", "swish"):
        raise _unknown(folder, "act_fn", values["act_fn"])
    used = {name: values[name] for name in kind.model_fields if name in values and name != "kind"}
    try:
        return head, kind.model_validate(used)
    except ValidationError as error:
        first = error.errors()[0]
        raise _unknown(folder, ".".join(map(str, first["loc"])), first["input"]) from None


def _unknown(folder: Path, key: str, value: object) -> RunError:
    return RunError(
        f"{folder.name} has {shown(key, 60)} = {shown(str(value), 80)}, which is not known here."
    )


def _name(name: str) -> str:
    if ".attentions." in name:
        for old, new in OLD_NAMES.items():
            name = name.replace(old, new)
    return name


def _weight(name: str, values: NDArray[Any]) -> NDArray[Any]:
    """Return a weight; an attention layer may be a convolution of one pixel."""
    is_pixel = ".attentions." in name and values.ndim == 4 and values.shape[2:] == (1, 1)
    return values[:, :, 0, 0] if is_pixel else values


def _side(
    head: _Config,
    config: SpatialConfig,
    choices: Mapping[str, str],
    images: tuple[FittingImages, ...],
) -> ImportChoice:
    """Return the choice of the size of the images, which a convolutional model leaves open."""
    own = head.sample_size if isinstance(head.sample_size, int) else 0
    sides = [side for side in (*SIDES, own) if side % config.factor == 0 and side <= SIDES[-1]]
    sides = sorted({side for side in sides if side > 0}) or [config.factor]
    opened = [each.spec.shape[1] for each in images if each.channels == head.in_channels]
    value = next((side for side in (own, *opened, *sides) if side in sides), sides[0])
    chosen = choices.get("side", "")
    return ImportChoice(
        "side",
        "Image size",
        "Width and height of the images in pixels. The model can take any; its code is larger for "
        "larger images.",
        tuple(Option(str(side), f"{side}×{side}") for side in sides),
        chosen if chosen in map(str, sides) else str(value),
        "The layers do not depend on the size of the images.",
        is_open=len(sides) > 1,
    )


def _fitting(spec: ImageSpec, images: tuple[FittingImages, ...]) -> FittingImages | None:
    channels = spec.shape[0]
    fitting = next((each for each in images if each.channels == channels), None)
    return fitting.of_shape(spec.shape) if fitting else None


def _remarks(head: _Config, config: SpatialConfig, spec: ImageSpec) -> tuple[str, ...]:
    channels, height, width = config.latent_shape(spec)
    spatial = (
        f"The code has {channels} channels of {width}×{height} values, flattened to "
        f"{channels * height * width:,} dimensions."
    )
    if head.class_name == "AutoencoderTiny":
        return spatial, "Its encoder gives no variance, so that there are no posteriors."
    return (spatial,)
