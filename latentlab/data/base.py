"""Former place of data sets and images, kept for plug-ins of earlier versions."""

from latentlab.data.data_set import DATA, DataConfig, load
from latentlab.data.image_set import Attributes, ImageSet, ImageSpec
from latentlab.data.parts import Splits
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
