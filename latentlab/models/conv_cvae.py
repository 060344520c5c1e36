"""The convolutional VAE that is told the label; see `latentlab.models.cvae`."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, final

from latentlab.errors import RecipeError
from latentlab.models.base import MODELS, Model
from latentlab.models.conv import ConvConfig, ConvDecoder, ConvEncoder

if TYPE_CHECKING:
    from torch import Tensor
    from torch.distributions import Distribution

    from latentlab.data.base import ImageSpec


@MODELS.register
class ConvCVAEConfig(ConvConfig):
    """A VAE of convolutions told the label at both ends, so it can make the class one asks for."""

    kind: Literal["conv-cvae"] = "conv-cvae"

    def build(self, spec: ImageSpec) -> ConvCVAE:
        """See `ModelConfig.build`; refuses images without labels."""
        if not spec.classes:
            raise RecipeError(
                {"model.kind": "a conv-cvae needs labels, and this data set has none"}
            )
        return ConvCVAE(self, spec)


@final
class ConvCVAE(Model):
    """Convolutional VAE whose first layers, at both ends, shift their values by the label.

    That is what a one-hot label beside z, or as constant channels beside the image, comes to.

    Parameters
    ----------
    config : ConvCVAEConfig
        Layers, sizes and likelihood.
    spec : ImageSpec
        The images it is for; must have classes.
    """

    conditional: ClassVar[bool] = True

    def __init__(self, config: ConvCVAEConfig, spec: ImageSpec) -> None:
        super().__init__()
        self.latent_dim = config.latent_dim
        self.encoder = ConvEncoder(config, spec, spec.classes)
        self.decoder = ConvDecoder(config, spec, spec.classes)

    def encode(self, x: Tensor, y: Tensor | None = None) -> Distribution:
        """See `Model.encode`."""
        return self.encoder(x, y)

    def decode(self, z: Tensor, y: Tensor | None = None) -> Distribution:
        """See `Model.decode`."""
        return self.decoder(z, y)
