"""Import of models of other programs: one file per format, found by `reader.readers`."""

from latentlab.explorer.import_.answers import open_foreign
from latentlab.explorer.import_.foreign import describe, is_foreign

__all__ = ["describe", "is_foreign", "open_foreign"]
