"""Former name of `latentlab.data.image_set`, kept for plug-ins of earlier versions."""

from latentlab.data.image_set import (
    DATA,
    Attributes,
    DataConfig,
    ImageSet,
    ImageSpec,
    Splits,
    load,
)
from latentlab.work import Progress as Loading

__all__ = [
    "DATA",
    "Attributes",
    "DataConfig",
    "ImageSet",
    "ImageSpec",
    "Loading",
    "Splits",
    "load",
]
