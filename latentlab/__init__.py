"""A desktop laboratory for the latent spaces of variational autoencoders.

The public Python API: numpy arrays in, numpy arrays out. Importing this package imports neither
torch nor Qt; each name is imported when it is first used.

>>> import latentlab
>>> model = latentlab.load("digits-cvae")
>>> sevens = model.sample(16, labels="7", seed=1)
>>> mu, sigma = model.encode(sevens, labels="7")
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from latentlab.api.codes import CodeTable, read_codes
    from latentlab.api.images import Images, read_images, save_images
    from latentlab.api.info import Info, info
    from latentlab.api.model import Model, load
    from latentlab.api.rate_distortion import rate_distortion
    from latentlab.api.training import Run, fit, iter_fit, relink, runs
    from latentlab.errors import LatentlabError

__version__ = "0.1.0"
__all__ = [
    "CodeTable",
    "Images",
    "Info",
    "LatentlabError",
    "Model",
    "Run",
    "fit",
    "info",
    "iter_fit",
    "load",
    "rate_distortion",
    "read_codes",
    "read_images",
    "relink",
    "runs",
    "save_images",
]

_MODULES = {
    "CodeTable": "latentlab.api.codes",
    "Images": "latentlab.api.images",
    "Info": "latentlab.api.info",
    "LatentlabError": "latentlab.errors",
    "Model": "latentlab.api.model",
    "Run": "latentlab.api.training",
    "fit": "latentlab.api.training",
    "info": "latentlab.api.info",
    "iter_fit": "latentlab.api.training",
    "load": "latentlab.api.model",
    "rate_distortion": "latentlab.api.rate_distortion",
    "read_codes": "latentlab.api.codes",
    "read_images": "latentlab.api.images",
    "relink": "latentlab.api.training",
    "runs": "latentlab.api.training",
    "save_images": "latentlab.api.images",
}
"""Module of each public name."""


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'latentlab' has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
