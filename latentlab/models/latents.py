"""Settings of prior and posterior that all models with continuous codes share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field, JsonValue

from latentlab.config import Choice
from latentlab.errors import RecipeError
from latentlab.models.base import ModelConfig
from latentlab.models.posteriors.gaussian import GaussianPosterior
from latentlab.models.posteriors.posterior import POSTERIORS, Posterior
from latentlab.models.priors.prior import PRIORS, Prior
from latentlab.models.priors.standard import StandardPrior

if TYPE_CHECKING:
    from latentlab.data.image_set import ImageSpec
    from latentlab.models.base import Model

GROUP: dict[str, JsonValue] = {"group": "Prior and posterior"}


class ContinuousConfig(ModelConfig):
    """Base class of the settings of models whose prior and posterior can be chosen."""

    prior: Annotated[Prior, Choice(PRIORS)] = Field(
        StandardPrior(),
        description="Distribution that codes should have, and that samples are drawn from.",
        json_schema_extra=GROUP,
    )
    posterior: Annotated[Posterior, Choice(POSTERIORS)] = Field(
        GaussianPosterior(),
        description="Distribution of the codes that the encoder gives to one image.",
        json_schema_extra=GROUP,
    )

    def equip(self, model: Model, spec: ImageSpec) -> None:
        """Give a model of these settings its prior, and what is known of prior and posterior.

        It is called after encoder and decoder are built, so that their initial weights do not
        depend on the prior.

        Raises
        ------
        RecipeError
            If the prior cannot be combined with the other settings.
        """
        if problem := self._problem(conditional=model.conditional):
            raise RecipeError({"model.prior": problem})
        model.prior_network = self.prior.build(model.latent_dim, spec)
        model.has_prior_given_label = self.prior.depends_on_label
        model.has_posterior = self.posterior.has_sigma
        model.has_gaussian_posterior = self.posterior.is_gaussian

    def _problem(self, *, conditional: bool) -> str:
        """Return why the prior cannot be combined with the other settings; empty if it can.

        `conditional` tells whether the model is given labels.
        """
        title = type(self.prior).model_config.get("title", self.prior.kind)
        if self.prior.kind == "standard":
            return ""
        if self.prior.depends_on_label and not conditional:
            return (
                f"the prior {title} needs labels, and this kind of model is given none: choose "
                "cvae or conv-cvae, or another prior"
            )
        if not self.posterior.has_sigma:
            return (
                f"nothing trains the prior {title} if the posterior is deterministic, because the "
                "loss has no KL: choose the standard normal, or the Gaussian posterior"
            )
        if self.prior.kind == "vamp" and not self.posterior.is_gaussian:
            return (
                "a VampPrior needs the density of every posterior at every code, which takes one "
                "pass per dimension with an autoregressive flow: choose the Gaussian posterior"
            )
        if self.prior.kind == "vamp" and getattr(self, "norm", "none") == "batch":
            return (
                "batch normalization would mix the statistics of pseudo-inputs with those of "
                "images: choose another prior, or no normalization"
            )
        return ""
