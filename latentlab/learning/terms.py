"""Further terms of the loss. (Placeholder by the lead until developer A's version.)"""

from abc import ABC
from typing import Literal

from latentlab.kinds import Config, Registry


class Term(Config, ABC):
    """A term."""

    kind: str
    weight: float = 0.0

    def value(self, batch):
        return None


TERMS = Registry[Term]("term", default="none")


@TERMS.register
class NoTerm(Term):
    """Nothing more."""

    kind: Literal["none"] = "none"
