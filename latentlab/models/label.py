"""Labels of conditional models as vectors: one-hot classes and standardised numbers.

References
----------
Learning Structured Output Representation using Deep Conditional Generative Models, Sohn, Lee &
Yan, 2015.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, override

import torch
from torch import Tensor, nn

from latentlab.errors import RecipeError

if TYPE_CHECKING:
    from latentlab.data.condition import Condition
    from latentlab.data.image_set import ImageSpec


class LabelVector(nn.Module):
    """Vector of a label, to concatenate to an image or to z; it has no weights.

    Parameters
    ----------
    spec : ImageSpec
        Classes or conditions of the images.

    Attributes
    ----------
    width : int
        Length of the vector: one value per class, and one per number.
    """

    def __init__(self, spec: ImageSpec) -> None:
        super().__init__()
        self.classes, self.conditions = spec.classes, spec.conditions
        widths = [max(1, len(each.classes)) for each in spec.conditions]
        self.width = sum(widths) if spec.conditions else spec.classes

    @override
    def forward(self, y: Tensor | None) -> Tensor:
        """Return vectors of shape (B, width).

        Parameters
        ----------
        y : Tensor
            Classes, with shape (B,), or values of the conditions, with shape (B, K).
        """
        if y is None:
            raise ValueError("a conditional model needs labels y")
        if not self.conditions:
            return one_hot(y, self.classes)
        columns = zip(self.conditions, y.unbind(-1), strict=True)
        return torch.cat([_vector(each, column) for each, column in columns], dim=-1)


def _vector(condition: Condition, values: Tensor) -> Tensor:
    if condition.continuous:
        return ((values - condition.mean) / condition.scale)[:, None].float()
    return one_hot(values.long(), len(condition.classes))


def one_hot(y: Tensor, classes: int) -> Tensor:
    """Return one-hot vectors in fp32, with shape (B, classes), for indices of shape (B,)."""
    # torch's one_hot reads its input on the host, which a captured step must not do.
    zeros = torch.zeros(len(y), classes, dtype=torch.float32, device=y.device)
    return zeros.scatter(1, y[:, None], 1)


def label_embedding(spec: ImageSpec, width: int) -> nn.Module:
    """Return a module that embeds labels linearly: an embedding of the class, or of the vector."""
    if not spec.conditions:
        return nn.Embedding(spec.classes, width)
    vector = LabelVector(spec)
    return nn.Sequential(vector, nn.Linear(vector.width, width, bias=False))


def require_labels(spec: ImageSpec) -> None:
    """Raise a `RecipeError` if the images have neither classes nor conditions."""
    if not (spec.classes or spec.conditions):
        raise RecipeError(
            {
                "model.kind": "a conditional model needs labels, and this data set has none: "
                "choose attributes in data.conditions, or another data set"
            }
        )


def refuse_conditions(spec: ImageSpec, *, conditional: bool) -> None:
    """Raise a `RecipeError` for conditions, for a model that is given one class or no label.

    Parameters
    ----------
    spec : ImageSpec
        Conditions of the images.
    conditional : bool
        Whether the model is given one class.
    """
    if spec.conditions:
        problem = (
            "this kind of model takes one class, and no other conditions"
            if conditional
            else "this model is given no label"
        )
        advice = "choose cvae or conv-cvae, or leave data.conditions empty"
        raise RecipeError({"data.conditions": f"{problem}: {advice}"})
