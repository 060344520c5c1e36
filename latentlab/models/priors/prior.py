"""Base classes and registry of the priors."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from torch import nn

from latentlab.config import Config, Registry

if TYPE_CHECKING:
    from torch import Tensor
    from torch.distributions import Distribution

    from latentlab.data.image_set import ImageSpec
    from latentlab.models.base import Model


class Prior(Config, ABC):
    """Base class of the priors that a model can have.

    Attributes
    ----------
    depends_on_label : bool
        Whether it is p(z|y), which only a conditional model can have.
    """

    depends_on_label: ClassVar[bool] = False
    kind: str

    @abstractmethod
    def build(self, latent_dim: int, spec: ImageSpec) -> PriorNetwork | None:
        """Return the part of the model with the parameters of p(z), with new random weights.

        Parameters
        ----------
        latent_dim : int
            D.
        spec : ImageSpec
            Shape and classes of the images.

        Returns
        -------
        PriorNetwork or None
            None for the standard normal, which has no parameters.
        """


class PriorNetwork(nn.Module, ABC):
    """A prior that is learned with the model; its parameters are part of the model's file."""

    @abstractmethod
    def forward(self, model: Model, y: Tensor | None = None) -> Distribution:
        """Return the prior, with event shape (D,), of the model that this is a part of.

        Its `sample` and `log_prob` take no longer than those of a few images; both are in fp32,
        also under autocast.

        Parameters
        ----------
        model : Model
            The whole model.
        y : Tensor, optional
            Labels, with shape (B,) or (B, K). If the prior depends on them, the result is p(z|y)
            with batch shape (B,), and without them p(z) over all labels; other priors ignore them.
        """

    def pseudo_inputs(self, model: Model) -> tuple[Tensor, Tensor | None] | None:
        """Return the images in [0, 1], (K, C, H, W), and labels that define p(z); else None."""
        return None


PRIORS = Registry[Prior]("prior", default="standard", package="latentlab.models.priors")
